#include "ckernels_networks.h"

enum { EDGE = 16 };
typedef struct {
    size_t item;
    const void *x;
    void *out;
    int64_t rows, columns;
} job;

// Squares of 16×16, so that both sides are read and written in whole cache lines.
#define TRANSPOSE(T) \
    static void transpose_##T(const T *x, T *out, int64_t rows, int64_t columns) { \
        for (int64_t r0 = 0; r0 < rows; r0 += EDGE) { \
            int64_t r1 = r0 + EDGE < rows ? r0 + EDGE : rows; \
            for (int64_t c0 = 0; c0 < columns; c0 += EDGE) { \
                int64_t c1 = c0 + EDGE < columns ? c0 + EDGE : columns; \
                for (int64_t c = c0; c < c1; c++) { \
                    for (int64_t r = r0; r < r1; r++) { out[c * rows + r] = x[r * columns + c]; } \
                } \
            } \
        } \
    }
TRANSPOSE(uint8_t)
TRANSPOSE(uint32_t)
TRANSPOSE(uint64_t)

static void transpose_image(void *context, int64_t n) {
    const job *j = context;
    int64_t count = j->rows * j->columns;
    switch (j->item) {
    case 1: transpose_uint8_t((const uint8_t *)j->x + n * count, (uint8_t *)j->out + n * count, j->rows, j->columns); break;
    case 4: transpose_uint32_t((const uint32_t *)j->x + n * count, (uint32_t *)j->out + n * count, j->rows, j->columns); break;
    default: transpose_uint64_t((const uint64_t *)j->x + n * count, (uint64_t *)j->out + n * count, j->rows, j->columns);
    }
}

static void transpose(size_t item, const void *x, void *out, int64_t n, int64_t rows, int64_t columns) {
    job j = {.item = item, .x = x, .out = out, .rows = rows, .columns = columns};
    if (n * rows * columns < 1 << 15) {
        for (int64_t i = 0; i < n; i++) { transpose_image(&j, i); }
    } else {
        ck_parallel(n, transpose_image, &j);
    }
}

void ck_channels_last(size_t item, const void *x, void *out, int64_t n, int64_t c, int64_t s) {
    transpose(item, x, out, n, c, s);
}

void ck_channels_first(size_t item, const void *x, void *out, int64_t n, int64_t c, int64_t s) {
    transpose(item, x, out, n, s, c);
}
