#include "ckernels_networks.h"
#include <stdlib.h>

enum { SLOTS = 5 };
typedef struct { void *memory; size_t bytes; } buffer;
static _Thread_local buffer buffers[SLOTS];

void *ck_scratch(int slot, size_t bytes) {
    buffer *b = &buffers[slot];
    if (b->bytes < bytes) {
        free(b->memory);
        b->memory = NULL;
        b->bytes = 0;
        if (posix_memalign(&b->memory, 4096, bytes) != 0) { return b->memory = NULL; }
        b->bytes = bytes;
    }
    return b->memory;
}
