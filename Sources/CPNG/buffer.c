#include "CPNG.h"
#include <stdlib.h>
#include <string.h>

struct cpng_buffer {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
};

cpng_buffer *cpng_buffer_create(void) { return calloc(1, sizeof(cpng_buffer)); }

int cpng_buffer_append(cpng_buffer *buffer, const void *bytes, size_t count) {
    if (count > SIZE_MAX / 2 - buffer->count) return 0;
    if (buffer->count + count > buffer->capacity) {
        size_t capacity = buffer->capacity < 4096 ? 4096 : buffer->capacity * 2;
        while (capacity < buffer->count + count) capacity *= 2;
        uint8_t *grown = realloc(buffer->bytes, capacity);
        if (grown == NULL) return 0;
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    if (count > 0) memcpy(buffer->bytes + buffer->count, bytes, count);
    buffer->count += count;
    return 1;
}

void *cpng_buffer_stream(cpng_buffer *buffer) { return buffer; }

int cpng_stream_append(void *stream, const void *bytes, size_t count) {
    return cpng_buffer_append(stream, bytes, count);
}

size_t cpng_buffer_count(const cpng_buffer *buffer) { return buffer->count; }

void cpng_buffer_copy(const cpng_buffer *buffer, uint8_t *destination) {
    if (buffer->count > 0) memcpy(destination, buffer->bytes, buffer->count);
}

void cpng_buffer_destroy(cpng_buffer *buffer) {
    if (buffer == NULL) return;
    free(buffer->bytes);
    free(buffer);
}
