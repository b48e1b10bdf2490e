// Convolution of images as users see them, [n, c, h, w], and with their channels innermost: every sum as its formula says.
#include "plain.h"

/// The position of the input that tap k of window o reads, or -1 in the padding.
static int64_t tapped(int64_t o, int64_t k, int64_t stride, int64_t padding, int64_t dilation, int64_t size) {
    int64_t at = o * stride - padding + k * dilation;
    return at >= 0 && at < size ? at : -1;
}

/// The window whose tap k reads position `at`, or -1.
static int64_t window(int64_t at, int64_t k, int64_t stride, int64_t padding, int64_t dilation, int64_t count) {
    int64_t start = at + padding - k * dilation;
    return start >= 0 && start % stride == 0 && start / stride < count ? start / stride : -1;
}

/// Where the numbers of images of `channels` lie: those of one channel `pixel` apart, channels `channel` apart.
typedef struct {
    int64_t image, channel, pixel;
} order;

static order order_of(bool channels_last, int64_t channels, int64_t height, int64_t width) {
    int64_t area = height * width;
    return channels_last ? (order){channels * area, 1, channels} : (order){channels * area, area, 1};
}

CKP_INLINE void forward(
    ck_dtype dtype, const ck_convolution *c, order in, order out, const void *x, const void *w, const void *bias, void *y) {
    int64_t ins = c->ci / c->g, outs = c->co / c->g, area = c->kh * c->kw;
    for (int64_t n = 0; n < c->n; n++) {
        for (int64_t o = 0; o < c->co; o++) {
            int64_t first = n * in.image + o / outs * ins * in.channel;
            for (int64_t oy = 0; oy < c->oh; oy++) {
                for (int64_t ox = 0; ox < c->ow; ox++) {
                    double sum = bias ? ckp_get(dtype, bias, o) : 0;
                    for (int64_t ky = 0; ky < c->kh; ky++) {
                        int64_t iy = tapped(oy, ky, c->sh, c->ph, c->dh, c->ih);
                        for (int64_t kx = 0; iy >= 0 && kx < c->kw; kx++) {
                            int64_t ix = tapped(ox, kx, c->sw, c->pw, c->dw, c->iw);
                            if (ix < 0) { continue; }
                            int64_t from = first + (iy * c->iw + ix) * in.pixel, tap = o * ins * area + ky * c->kw + kx;
                            for (int64_t i = 0; i < ins; i++) {
                                sum += ckp_get(dtype, x, from + i * in.channel) * ckp_get(dtype, w, tap + i * area);
                            }
                        }
                    }
                    ckp_set(dtype, y, n * out.image + o * out.channel + (oy * c->ow + ox) * out.pixel, sum);
                }
            }
        }
    }
}

CKP_INLINE void backward_data(
    ck_dtype dtype, const ck_convolution *c, order in, order out, const void *g, const void *w, void *gx) {
    int64_t ins = c->ci / c->g, outs = c->co / c->g, area = c->kh * c->kw;
    for (int64_t n = 0; n < c->n; n++) {
        for (int64_t i = 0; i < c->ci; i++) {
            int64_t first = i / ins * outs;
            for (int64_t iy = 0; iy < c->ih; iy++) {
                for (int64_t ix = 0; ix < c->iw; ix++) {
                    double sum = 0;
                    for (int64_t ky = 0; ky < c->kh; ky++) {
                        int64_t oy = window(iy, ky, c->sh, c->ph, c->dh, c->oh);
                        for (int64_t kx = 0; oy >= 0 && kx < c->kw; kx++) {
                            int64_t ox = window(ix, kx, c->sw, c->pw, c->dw, c->ow);
                            if (ox < 0) { continue; }
                            int64_t from = n * out.image + first * out.channel + (oy * c->ow + ox) * out.pixel;
                            int64_t tap = (first * ins + i % ins) * area + ky * c->kw + kx;
                            for (int64_t o = 0; o < outs; o++) {
                                sum += ckp_get(dtype, g, from + o * out.channel) * ckp_get(dtype, w, tap + o * ins * area);
                            }
                        }
                    }
                    ckp_set(dtype, gx, n * in.image + i * in.channel + (iy * c->iw + ix) * in.pixel, sum);
                }
            }
        }
    }
}

CKP_INLINE void backward_weights(
    ck_dtype dtype, const ck_convolution *c, order in, order out, const void *x, const void *g, void *weights,
    void *bias) {
    int64_t ins = c->ci / c->g, outs = c->co / c->g;
    for (int64_t o = 0; o < c->co; o++) {
        for (int64_t tap = 0; tap < ins * c->kh * c->kw; tap++) {
            int64_t kx = tap % c->kw, ky = tap / c->kw % c->kh, i = o / outs * ins + tap / c->kw / c->kh;
            double sum = 0;
            for (int64_t n = 0; n < c->n; n++) {
                int64_t from = n * in.image + i * in.channel, to = n * out.image + o * out.channel;
                for (int64_t oy = 0; oy < c->oh; oy++) {
                    int64_t iy = tapped(oy, ky, c->sh, c->ph, c->dh, c->ih);
                    for (int64_t ox = 0; iy >= 0 && ox < c->ow; ox++) {
                        int64_t ix = tapped(ox, kx, c->sw, c->pw, c->dw, c->iw);
                        if (ix < 0) { continue; }
                        sum += ckp_get(dtype, x, from + (iy * c->iw + ix) * in.pixel)
                            * ckp_get(dtype, g, to + (oy * c->ow + ox) * out.pixel);
                    }
                }
            }
            ckp_set(dtype, weights, o * ins * c->kh * c->kw + tap, sum);
        }
        if (!bias) { continue; }
        double sum = 0;
        for (int64_t n = 0; n < c->n; n++) {
            for (int64_t at = 0; at < c->oh * c->ow; at++) {
                sum += ckp_get(dtype, g, n * out.image + o * out.channel + at * out.pixel);
            }
        }
        ckp_set(dtype, bias, o, sum);
    }
}

void ckp_convolution_forward(
    ck_dtype dtype, bool channels_last, const ck_convolution *c, const void *x, const void *w, const void *bias, void *y) {
    order in = order_of(channels_last, c->ci, c->ih, c->iw), out = order_of(channels_last, c->co, c->oh, c->ow);
    if (dtype == CK_FLOAT32) { forward(CK_FLOAT32, c, in, out, x, w, bias, y); }
    else { forward(CK_FLOAT64, c, in, out, x, w, bias, y); }
}

void ckp_convolution_backward_data(
    ck_dtype dtype, bool channels_last, const ck_convolution *c, const void *g, const void *w, void *gx) {
    order in = order_of(channels_last, c->ci, c->ih, c->iw), out = order_of(channels_last, c->co, c->oh, c->ow);
    if (dtype == CK_FLOAT32) { backward_data(CK_FLOAT32, c, in, out, g, w, gx); }
    else { backward_data(CK_FLOAT64, c, in, out, g, w, gx); }
}

void ckp_convolution_backward_weights(
    ck_dtype dtype, bool channels_last, const ck_convolution *c, const void *x, const void *g, void *weights,
    void *bias) {
    order in = order_of(channels_last, c->ci, c->ih, c->iw), out = order_of(channels_last, c->co, c->oh, c->ow);
    if (dtype == CK_FLOAT32) { backward_weights(CK_FLOAT32, c, in, out, x, g, weights, bias); }
    else { backward_weights(CK_FLOAT64, c, in, out, x, g, weights, bias); }
}

// The twins of the loops that the quick kernels fall back on, with channels innermost as those have them.

bool ckp_conv_plain_forward(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *w, const void *bias, void *y) {
    ckp_convolution_forward(dtype, true, c, x, w, bias, y);
    return true;
}

bool ckp_conv_plain_backward_data(ck_dtype dtype, const ck_convolution *c, const void *g, const void *w, void *out) {
    ckp_convolution_backward_data(dtype, true, c, g, w, out);
    return true;
}

bool ckp_conv_plain_backward_weights(
    ck_dtype dtype, const ck_convolution *c, const void *x, const void *g, void *weights, void *bias) {
    ckp_convolution_backward_weights(dtype, true, c, x, g, weights, bias);
    return true;
}

void ckp_conv_finish(
    ck_dtype dtype, const void *bias, const void *residual, bool relu, void *y, int64_t rows, int64_t channels) {
    for (int64_t i = 0; i < rows * channels; i++) {
        double value = ckp_get(dtype, y, i);
        if (bias) { value += ckp_get(dtype, bias, i % channels); }
        if (residual) { value += ckp_get(dtype, residual, i); }
        ckp_set(dtype, y, i, relu && value < 0 ? 0 : value);
    }
}

// MARK: Patches

void ckp_unfold(ck_dtype dtype, const ck_convolution *c, const void *x, void *out) {
    int64_t to = 0;
    for (int64_t plane = 0; plane < c->n * c->ci; plane++) {
        for (int64_t ky = 0; ky < c->kh; ky++) {
            for (int64_t kx = 0; kx < c->kw; kx++) {
                for (int64_t oy = 0; oy < c->oh; oy++) {
                    int64_t iy = tapped(oy, ky, c->sh, c->ph, c->dh, c->ih);
                    for (int64_t ox = 0; ox < c->ow; ox++) {
                        int64_t ix = tapped(ox, kx, c->sw, c->pw, c->dw, c->iw);
                        double value = iy < 0 || ix < 0 ? 0 : ckp_get(dtype, x, (plane * c->ih + iy) * c->iw + ix);
                        ckp_set(dtype, out, to++, value);
                    }
                }
            }
        }
    }
}

void ckp_fold(ck_dtype dtype, const ck_convolution *c, const void *g, void *out) {
    for (int64_t plane = 0; plane < c->n * c->ci; plane++) {
        for (int64_t iy = 0; iy < c->ih; iy++) {
            for (int64_t ix = 0; ix < c->iw; ix++) {
                double sum = 0;
                for (int64_t ky = 0; ky < c->kh; ky++) {
                    int64_t oy = window(iy, ky, c->sh, c->ph, c->dh, c->oh);
                    for (int64_t kx = 0; oy >= 0 && kx < c->kw; kx++) {
                        int64_t ox = window(ix, kx, c->sw, c->pw, c->dw, c->ow);
                        if (ox < 0) { continue; }
                        sum += ckp_get(dtype, g, (((plane * c->kh + ky) * c->kw + kx) * c->oh + oy) * c->ow + ox);
                    }
                }
                ckp_set(dtype, out, (plane * c->ih + iy) * c->iw + ix, sum);
            }
        }
    }
}
