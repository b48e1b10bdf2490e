// Convolution without oneDNN: float64, and float32 where oneDNN is missing or has no fast kernel. Straight loops over
// channels-last arrays whose innermost index runs along channels.
#include "ckernels_networks.h"
#include "vector.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const ck_convolution *c;
    const void *x, *w, *bias, *g;
    void *out;
} job;

/// The window rows k with 0 <= o·stride - pad + k·dilation < size.
static void taps(int64_t o, int64_t stride, int64_t pad, int64_t dilation, int64_t size, int64_t k, int64_t *from, int64_t *to) {
    int64_t start = o * stride - pad;
    *from = start < 0 ? (-start + dilation - 1) / dilation : 0;
    int64_t room = size - start;
    *to = room <= 0 ? 0 : (room + dilation - 1) / dilation;
    if (*to > k) { *to = k; }
}

#define PLAIN(T, S) \
    /* [g][kh][kw][ci / g][co / g], or with the last two turned round */ \
    static T *arrange_##S(const ck_convolution *c, const T *w, bool turned) { \
        int64_t i_n = c->ci / c->g, o_n = c->co / c->g, area = c->kh * c->kw; \
        T *out = ck_scratch(3, (size_t)(c->co * i_n * area) * sizeof(T)); \
        if (!out) { return NULL; } \
        for (int64_t o = 0; o < c->co; o++) { \
            for (int64_t i = 0; i < i_n; i++) { \
                for (int64_t k = 0; k < area; k++) { \
                    int64_t block = (o / o_n * area + k) * i_n * o_n, oo = o % o_n; \
                    out[block + (turned ? oo * i_n + i : i * o_n + oo)] = w[(o * i_n + i) * area + k]; \
                } \
            } \
        } \
        return out; \
    } \
    CK_CLONES static void forward_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_convolution *c = j->c; \
        const T *x = (const T *)j->x + n * c->ih * c->iw * c->ci, *w = j->w, *bias = j->bias; \
        T *y = (T *)j->out + n * c->oh * c->ow * c->co; \
        int64_t i_n = c->ci / c->g, o_n = c->co / c->g; \
        for (int64_t oy = 0; oy < c->oh; oy++) { \
            int64_t y0, y1; \
            taps(oy, c->sh, c->ph, c->dh, c->ih, c->kh, &y0, &y1); \
            for (int64_t ox = 0; ox < c->ow; ox++) { \
                int64_t x0, x1; \
                taps(ox, c->sw, c->pw, c->dw, c->iw, c->kw, &x0, &x1); \
                T *out = y + (oy * c->ow + ox) * c->co; \
                for (int64_t o = 0; o < c->co; o++) { out[o] = bias ? bias[o] : 0; } \
                for (int64_t ky = y0; ky < y1; ky++) { \
                    for (int64_t kx = x0; kx < x1; kx++) { \
                        int64_t iy = oy * c->sh - c->ph + ky * c->dh, ix = ox * c->sw - c->pw + kx * c->dw; \
                        const T *in = x + (iy * c->iw + ix) * c->ci; \
                        for (int64_t g = 0; g < c->g; g++) { \
                            const T *block = w + ((g * c->kh + ky) * c->kw + kx) * i_n * o_n; \
                            T *to = out + g * o_n; \
                            for (int64_t i = 0; i < i_n; i++) { \
                                T value = in[g * i_n + i]; \
                                const T *row = block + i * o_n; \
                                for (int64_t o = 0; o < o_n; o++) { to[o] += value * row[o]; } \
                            } \
                        } \
                    } \
                } \
            } \
        } \
    } \
    CK_CLONES static void backward_data_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_convolution *c = j->c; \
        const T *gy = (const T *)j->g + n * c->oh * c->ow * c->co, *w = j->w; \
        T *gx = (T *)j->out + n * c->ih * c->iw * c->ci; \
        int64_t i_n = c->ci / c->g, o_n = c->co / c->g; \
        memset(gx, 0, (size_t)(c->ih * c->iw * c->ci) * sizeof(T)); \
        for (int64_t oy = 0; oy < c->oh; oy++) { \
            int64_t y0, y1; \
            taps(oy, c->sh, c->ph, c->dh, c->ih, c->kh, &y0, &y1); \
            for (int64_t ox = 0; ox < c->ow; ox++) { \
                int64_t x0, x1; \
                taps(ox, c->sw, c->pw, c->dw, c->iw, c->kw, &x0, &x1); \
                const T *in = gy + (oy * c->ow + ox) * c->co; \
                for (int64_t ky = y0; ky < y1; ky++) { \
                    for (int64_t kx = x0; kx < x1; kx++) { \
                        int64_t iy = oy * c->sh - c->ph + ky * c->dh, ix = ox * c->sw - c->pw + kx * c->dw; \
                        T *out = gx + (iy * c->iw + ix) * c->ci; \
                        for (int64_t g = 0; g < c->g; g++) { \
                            const T *block = w + ((g * c->kh + ky) * c->kw + kx) * i_n * o_n; \
                            T *to = out + g * i_n; \
                            for (int64_t o = 0; o < o_n; o++) { \
                                T value = in[g * o_n + o]; \
                                const T *row = block + o * i_n; \
                                for (int64_t i = 0; i < i_n; i++) { to[i] += value * row[i]; } \
                            } \
                        } \
                    } \
                } \
            } \
        } \
    } \
    CK_CLONES static void backward_weights_##S(void *context, int64_t index) { \
        const job *j = context; \
        const ck_convolution *c = j->c; \
        int64_t i_n = c->ci / c->g, o_n = c->co / c->g, kx = index % c->kw, ky = index / c->kw % c->kh; \
        int64_t g = index / (c->kw * c->kh); \
        T *sums = (T *)j->out + index * i_n * o_n; \
        memset(sums, 0, (size_t)(i_n * o_n) * sizeof(T)); \
        for (int64_t n = 0; n < c->n; n++) { \
            for (int64_t oy = 0; oy < c->oh; oy++) { \
                int64_t iy = oy * c->sh - c->ph + ky * c->dh; \
                if (iy < 0 || iy >= c->ih) { continue; } \
                for (int64_t ox = 0; ox < c->ow; ox++) { \
                    int64_t ix = ox * c->sw - c->pw + kx * c->dw; \
                    if (ix < 0 || ix >= c->iw) { continue; } \
                    const T *in = (const T *)j->x + ((n * c->ih + iy) * c->iw + ix) * c->ci + g * i_n; \
                    const T *gy = (const T *)j->g + ((n * c->oh + oy) * c->ow + ox) * c->co + g * o_n; \
                    for (int64_t i = 0; i < i_n; i++) { \
                        T value = in[i]; \
                        T *row = sums + i * o_n; \
                        for (int64_t o = 0; o < o_n; o++) { row[o] += value * gy[o]; } \
                    } \
                } \
            } \
        } \
    } \
    static bool plain_forward_##S(const ck_convolution *c, const T *x, const T *w, const T *bias, T *y) { \
        T *arranged = arrange_##S(c, w, false); \
        if (!arranged) { return false; } \
        job j = {.c = c, .x = x, .w = arranged, .bias = bias, .out = y}; \
        ck_parallel(c->n, forward_##S, &j); \
        return true; \
    } \
    static bool plain_backward_data_##S(const ck_convolution *c, const T *g, const T *w, T *out) { \
        T *arranged = arrange_##S(c, w, true); \
        if (!arranged) { return false; } \
        job j = {.c = c, .g = g, .w = arranged, .out = out}; \
        ck_parallel(c->n, backward_data_##S, &j); \
        return true; \
    } \
    static bool plain_backward_weights_##S( \
        const ck_convolution *c, const T *x, const T *g, T *weights, T *bias) { \
        int64_t i_n = c->ci / c->g, o_n = c->co / c->g, area = c->kh * c->kw; \
        T *sums = ck_scratch(3, (size_t)(c->co * i_n * area) * sizeof(T)); \
        if (!sums) { return false; } \
        job j = {.c = c, .x = x, .g = g, .out = sums}; \
        ck_parallel(c->g * area, backward_weights_##S, &j); \
        for (int64_t o = 0; o < c->co; o++) { \
            for (int64_t i = 0; i < i_n; i++) { \
                for (int64_t k = 0; k < area; k++) { \
                    weights[(o * i_n + i) * area + k] = sums[((o / o_n * area + k) * i_n + i) * o_n + o % o_n]; \
                } \
            } \
        } \
        if (bias) { \
            memset(bias, 0, (size_t)c->co * sizeof(T)); \
            for (int64_t r = 0; r < c->n * c->oh * c->ow; r++) { \
                for (int64_t o = 0; o < c->co; o++) { bias[o] += g[r * c->co + o]; } \
            } \
        } \
        return true; \
    } \
    CK_CLONES static void finish_##S( \
        const T *bias, const T *residual, bool relu, T *y, int64_t rows, int64_t channels) { \
        for (int64_t r = 0; r < rows; r++) { \
            T *row = y + r * channels; \
            const T *more = residual ? residual + r * channels : NULL; \
            if (bias) { \
                for (int64_t i = 0; i < channels; i++) { row[i] += bias[i]; } \
            } \
            if (more) { \
                for (int64_t i = 0; i < channels; i++) { row[i] += more[i]; } \
            } \
            if (relu) { \
                for (int64_t i = 0; i < channels; i++) { row[i] = row[i] < 0 ? 0 : row[i]; } \
            } \
        } \
    }
PLAIN(float, f)
PLAIN(double, d)

bool ck_conv_plain_forward(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *w, const void *bias, void *y) {
    return dtype == CK_FLOAT32 ? plain_forward_f(c, x, w, bias, y) : plain_forward_d(c, x, w, bias, y);
}

bool ck_conv_plain_backward_data(ck_dtype dtype, const ck_convolution *c, const void *g, const void *w, void *out) {
    return dtype == CK_FLOAT32 ? plain_backward_data_f(c, g, w, out) : plain_backward_data_d(c, g, w, out);
}

bool ck_conv_plain_backward_weights(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *g, void *weights, void *bias) {
    return dtype == CK_FLOAT32 ? plain_backward_weights_f(c, x, g, weights, bias)
                               : plain_backward_weights_d(c, x, g, weights, bias);
}

void ck_conv_finish(
    ck_dtype dtype, const void *bias, const void *residual, bool relu, void *y, int64_t rows, int64_t channels) {
    if (dtype == CK_FLOAT32) {
        finish_f(bias, residual, relu, y, rows, channels);
    } else {
        finish_d(bias, residual, relu, y, rows, channels);
    }
}
