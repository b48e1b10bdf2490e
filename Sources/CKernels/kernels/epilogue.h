// What precedes and follows products that a library computes: bias and ReLU, and their gradients.

#define TYPED "epilogue_typed.h"
#include "for_reals.h"

/// Copies the bias into every row of out [rows, columns], which lie `stride` apart.
static void LEVELLED(spread)(
    ck_dtype dtype, const void *bias, void *out, int64_t rows, int64_t columns, int64_t stride) {
    if (dtype == CK_FLOAT32) {
        spread_f(bias, out, rows, columns, stride);
    } else {
        spread_d(bias, out, rows, columns, stride);
    }
}

static void LEVELLED(rectify)(ck_dtype dtype, void *out, int64_t rows, int64_t columns, int64_t stride) {
    if (dtype == CK_FLOAT32) {
        rectify_f(out, rows, columns, stride);
    } else {
        rectify_d(out, rows, columns, stride);
    }
}

typedef struct {
    ck_dtype dtype;
    const char *g, *y;
    char *out, *bias;
    int64_t rows, columns;
} relu_bias_job;

static void relu_bias_piece(void *context, int64_t from, int64_t to) {
    const relu_bias_job *j = context;
    int64_t at = from * (int64_t)ck_item(j->dtype);
    const void *g = j->g + at, *y = j->y + at;
    void *out = j->out + at, *bias = j->bias ? j->bias + at : NULL;
    if (j->dtype == CK_FLOAT32) { relu_bias_f(g, y, out, bias, j->rows, to - from, j->columns); }
    else { relu_bias_d(g, y, out, bias, j->rows, to - from, j->columns); }
}

static void LEVELLED(relu_bias_backward)(
    ck_dtype dtype, const void *g, const void *y, void *out, void *bias, int64_t rows, int64_t columns) {
    // By columns, so that every sum runs through the rows in order whatever the number of threads.
    relu_bias_job j = {dtype, g, y, out, bias, rows, columns};
    int64_t threads = ck_threads(), grain = columns;
    if (threads > 1 && rows * columns > 1 << 15) { grain = ((columns + threads - 1) / threads + 15) / 16 * 16; }
    ck_split(columns, grain, relu_bias_piece, &j);
}
