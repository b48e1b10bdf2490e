// Convolution without oneDNN: float64, and float32 where oneDNN is missing or has no fast kernel. Straight loops over
// channels-last arrays whose innermost index runs along channels.

typedef struct {
    const ck_convolution *c;
    const void *x, *w, *bias, *g;
    void *out;
} plain_job;

/// The window rows k with 0 <= o·stride - pad + k·dilation < size.
static void window_taps(int64_t o, int64_t stride, int64_t pad, int64_t dilation, int64_t size, int64_t k, int64_t *from, int64_t *to) {
    int64_t start = o * stride - pad;
    *from = start < 0 ? (-start + dilation - 1) / dilation : 0;
    int64_t room = size - start;
    *to = room <= 0 ? 0 : (room + dilation - 1) / dilation;
    if (*to > k) { *to = k; }
}

#define TYPED "convolution_plain_typed.h"
#include "for_reals.h"

static bool LEVELLED(conv_plain_forward)(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *w, const void *bias, void *y) {
    ck_count_way(CK_WAY_DIRECT);
    return dtype == CK_FLOAT32 ? plain_forward_f(c, x, w, bias, y) : plain_forward_d(c, x, w, bias, y);
}

static bool LEVELLED(conv_plain_backward_data)(ck_dtype dtype, const ck_convolution *c, const void *g, const void *w, void *out) {
    ck_count_way(CK_WAY_DIRECT);
    return dtype == CK_FLOAT32 ? plain_backward_data_f(c, g, w, out) : plain_backward_data_d(c, g, w, out);
}

static bool LEVELLED(conv_plain_backward_weights)(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *g, void *weights, void *bias) {
    ck_count_way(CK_WAY_DIRECT);
    return dtype == CK_FLOAT32 ? plain_backward_weights_f(c, x, g, weights, bias)
                               : plain_backward_weights_d(c, x, g, weights, bias);
}

static void LEVELLED(conv_finish)(
    ck_dtype dtype, const void *bias, const void *residual, bool relu, void *y, int64_t rows, int64_t channels) {
    if (dtype == CK_FLOAT32) {
        finish_rows_f(bias, residual, relu, y, rows, channels);
    } else {
        finish_rows_d(bias, residual, relu, y, rows, channels);
    }
}
