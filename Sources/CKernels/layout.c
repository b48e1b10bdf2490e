#include "ckernels_networks.h"

enum { TRANSPOSE_EDGE = 16 };
typedef struct {
    size_t item;
    const void *x;
    void *out;
    int64_t rows, columns;
} job;

#define TYPED "layout_typed.h"
#include "kernels/for_widths.h"

static void transpose_image(void *context, int64_t n) {
    const job *j = context;
    int64_t count = j->rows * j->columns;
    switch (j->item) {
    case 1: transpose_1((const uint8_t *)j->x + n * count, (uint8_t *)j->out + n * count, j->rows, j->columns); break;
    case 4: transpose_4((const uint32_t *)j->x + n * count, (uint32_t *)j->out + n * count, j->rows, j->columns); break;
    default: transpose_8((const uint64_t *)j->x + n * count, (uint64_t *)j->out + n * count, j->rows, j->columns);
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
