#include "ckernels_networks.h"
#include <stdatomic.h>

typedef struct { void *memory; size_t bytes; } buffer;
static _Thread_local buffer buffers[CK_SCRATCH_SLOTS];
// Growing beyond this is checked against the memory that is left: it happens seldom, and the question costs microseconds.
static const size_t checked_size = (size_t)1 << 20;
static atomic_size_t refused;

void *ck_scratch(int slot, size_t bytes) {
    buffer *b = &buffers[slot];
    if (bytes == 0) { bytes = 1; }
    if (b->bytes < bytes) {
        if (b->memory) { ck_release(b->memory, b->bytes); }
        *b = (buffer){NULL, 0};
        if (bytes >= checked_size && bytes > ck_available_memory()) { ck_trim(); }
        bool refuses = bytes >= checked_size && bytes > ck_available_memory();
        void *memory = refuses ? NULL : ck_allocate(bytes);
        if (memory) {
            *b = (buffer){memory, bytes};
        } else {
            atomic_store_explicit(&refused, bytes, memory_order_relaxed);
        }
    }
    return b->memory;
}

size_t ck_refused_scratch(void) { return atomic_load_explicit(&refused, memory_order_relaxed); }
