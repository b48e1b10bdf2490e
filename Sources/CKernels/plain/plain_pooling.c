// Pooling and interpolation of [n, h, w, c]; images as users see them, [n, c, h, w], are n · c images of one channel.
// On the way back every input collects what comes to it, so that it is one sum in double.
#include "plain.h"

static int64_t input_place(const ck_windows *rows, const ck_windows *columns, int64_t c, int64_t n, int64_t y, int64_t x) {
    return ((n * rows->in + y) * columns->in + x) * c;
}

static int64_t output_place(const ck_windows *rows, const ck_windows *columns, int64_t c, int64_t n, int64_t y, int64_t x) {
    return ((n * rows->out + y) * columns->out + x) * c;
}

/// Which tap of window o position `at` is, or -1.
static int64_t tap_at(const ck_windows *w, int64_t o, int64_t at) {
    int64_t way = at - w->first[o];
    return way >= 0 && at < w->last[o] && way % w->step == 0 ? way / w->step : -1;
}

static int64_t taps(const ck_windows *w, int64_t o) { return (w->last[o] - w->first[o] + w->step - 1) / w->step; }

void ckp_max_pool(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *x, void *out,
    int32_t *tap) {
    for (int64_t image = 0; image < n; image++) {
        for (int64_t oy = 0; oy < rows->out; oy++) {
            for (int64_t ox = 0; ox < columns->out; ox++) {
                for (int64_t k = 0; k < c; k++) {
                    double best = -INFINITY;
                    int32_t number = 0, taken = 0;
                    for (int64_t y = rows->first[oy]; y < rows->last[oy]; y += rows->step) {
                        for (int64_t i = columns->first[ox]; i < columns->last[ox]; i += columns->step, number++) {
                            double v = ckp_get(dtype, x, input_place(rows, columns, c, image, y, i) + k);
                            if (number == 0 || v > best || isnan(v)) { best = v, taken = number; }
                        }
                    }
                    int64_t to = output_place(rows, columns, c, image, oy, ox) + k;
                    ckp_set(dtype, out, to, best);
                    if (tap) { tap[to] = taken; }
                }
            }
        }
    }
}

void ckp_max_pool_backward(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *g,
    const int32_t *tap, void *out) {
    for (int64_t at = 0; at < n * rows->in * columns->in * c; at++) {
        int64_t k = at % c, x = at / c % columns->in, y = at / c / columns->in % rows->in;
        int64_t image = at / c / columns->in / rows->in;
        double sum = 0;
        for (int64_t oy = 0; oy < rows->out; oy++) {
            int64_t ty = tap_at(rows, oy, y);
            for (int64_t ox = 0; ty >= 0 && ox < columns->out; ox++) {
                int64_t tx = tap_at(columns, ox, x), from = output_place(rows, columns, c, image, oy, ox) + k;
                if (tx >= 0 && tap[from] == ty * taps(columns, ox) + tx) { sum += ckp_get(dtype, g, from); }
            }
        }
        ckp_set(dtype, out, at, sum);
    }
}

static double divisor(const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t oy, int64_t ox) {
    return (double)(override != 0 ? override : rows->divisor[oy] * columns->divisor[ox]);
}

void ckp_avg_pool(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *x, void *out) {
    for (int64_t image = 0; image < n; image++) {
        for (int64_t oy = 0; oy < rows->out; oy++) {
            for (int64_t ox = 0; ox < columns->out; ox++) {
                for (int64_t k = 0; k < c; k++) {
                    double sum = 0;
                    for (int64_t y = rows->first[oy]; y < rows->last[oy]; y++) {
                        for (int64_t i = columns->first[ox]; i < columns->last[ox]; i++) {
                            sum += ckp_get(dtype, x, input_place(rows, columns, c, image, y, i) + k);
                        }
                    }
                    ckp_set(
                        dtype, out, output_place(rows, columns, c, image, oy, ox) + k,
                        sum / divisor(rows, columns, override, oy, ox));
                }
            }
        }
    }
}

void ckp_avg_pool_backward(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *g, void *out) {
    for (int64_t at = 0; at < n * rows->in * columns->in * c; at++) {
        int64_t k = at % c, x = at / c % columns->in, y = at / c / columns->in % rows->in;
        int64_t image = at / c / columns->in / rows->in;
        double sum = 0;
        for (int64_t oy = 0; oy < rows->out; oy++) {
            if (y < rows->first[oy] || y >= rows->last[oy]) { continue; }
            for (int64_t ox = 0; ox < columns->out; ox++) {
                if (x < columns->first[ox] || x >= columns->last[ox]) { continue; }
                sum += ckp_get(dtype, g, output_place(rows, columns, c, image, oy, ox) + k)
                    / divisor(rows, columns, override, oy, ox);
            }
        }
        ckp_set(dtype, out, at, sum);
    }
}

// MARK: Interpolation

void ckp_interpolate(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *x, void *out) {
    for (int64_t at = 0; at < n * rows->out * columns->out * c; at++) {
        int64_t k = at % c, ox = at / c % columns->out, oy = at / c / columns->out % rows->out;
        int64_t start = at / c / columns->out / rows->out * rows->in * columns->in;
        int64_t top = start + rows->low[oy] * columns->in, bottom = start + rows->high[oy] * columns->in;
        int64_t left = columns->low[ox], right = columns->high[ox];
        double value = ckp_get(dtype, x, (top + left) * c + k);
        if (linear) {
            double b = rows->weight[oy], v = columns->weight[ox];
            double upper = (1 - v) * value + v * ckp_get(dtype, x, (top + right) * c + k);
            double lower = (1 - v) * ckp_get(dtype, x, (bottom + left) * c + k)
                + v * ckp_get(dtype, x, (bottom + right) * c + k);
            value = (1 - b) * upper + b * lower;
        }
        ckp_set(dtype, out, at, value);
    }
}

/// What output o takes from input `at`.
static double share(const ck_resampling *r, bool linear, int64_t o, int64_t at) {
    double weight = linear ? r->weight[o] : 0;
    return (r->low[o] == at ? 1 - weight : 0) + (r->high[o] == at ? weight : 0);
}

void ckp_interpolate_backward(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *g, void *out) {
    for (int64_t at = 0; at < n * rows->in * columns->in * c; at++) {
        int64_t k = at % c, x = at / c % columns->in, y = at / c / columns->in % rows->in;
        int64_t image = at / c / columns->in / rows->in;
        double sum = 0;
        for (int64_t oy = 0; oy < rows->out; oy++) {
            if (rows->low[oy] != y && rows->high[oy] != y) { continue; }
            for (int64_t ox = 0; ox < columns->out; ox++) {
                if (columns->low[ox] != x && columns->high[ox] != x) { continue; }
                int64_t from = ((image * rows->out + oy) * columns->out + ox) * c + k;
                sum += share(rows, linear, oy, y) * share(columns, linear, ox, x) * ckp_get(dtype, g, from);
            }
        }
        ckp_set(dtype, out, at, sum);
    }
}
