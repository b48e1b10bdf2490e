#include "ckernels_networks.h"
#include "vector.h"
#include <string.h>

typedef struct {
    const ck_resampling *rows, *columns;
    const ck_convolution *patches;
    bool linear;
    int64_t c;
    const void *x;
    void *out;
} job;

#define CHANNELS _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < c; i++)
#define RESAMPLING(T, S) \
    CK_CLONES static void interpolate_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_resampling *h = j->rows, *w = j->columns; \
        int64_t c = j->c; \
        const T *x = (const T *)j->x + n * h->in * w->in * c; \
        T *out = (T *)j->out + n * h->out * w->out * c; \
        for (int64_t oy = 0; oy < h->out; oy++) { \
            for (int64_t ox = 0; ox < w->out; ox++, out += c) { \
                const T *p = x + (h->low[oy] * w->in + w->low[ox]) * c, *q = x + (h->low[oy] * w->in + w->high[ox]) * c; \
                const T *r = x + (h->high[oy] * w->in + w->low[ox]) * c, *s = x + (h->high[oy] * w->in + w->high[ox]) * c; \
                T b = (T)h->weight[oy], a = 1 - b, v = (T)w->weight[ox], u = 1 - v; \
                if (j->linear) { \
                    CHANNELS { out[i] = a * (u * p[i] + v * q[i]) + b * (u * r[i] + v * s[i]); } \
                } else { \
                    memcpy(out, p, (size_t)c * sizeof(T)); \
                } \
            } \
        } \
    } \
    CK_CLONES static void interpolate_backward_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_resampling *h = j->rows, *w = j->columns; \
        int64_t c = j->c; \
        T *gx = (T *)j->out + n * h->in * w->in * c; \
        const T *g = (const T *)j->x + n * h->out * w->out * c; \
        memset(gx, 0, (size_t)(h->in * w->in * c) * sizeof(T)); \
        for (int64_t oy = 0; oy < h->out; oy++) { \
            for (int64_t ox = 0; ox < w->out; ox++, g += c) { \
                T *p = gx + (h->low[oy] * w->in + w->low[ox]) * c, *q = gx + (h->low[oy] * w->in + w->high[ox]) * c; \
                T *r = gx + (h->high[oy] * w->in + w->low[ox]) * c, *s = gx + (h->high[oy] * w->in + w->high[ox]) * c; \
                T b = (T)h->weight[oy], a = 1 - b, v = (T)w->weight[ox], u = 1 - v; \
                if (j->linear) { \
                    CHANNELS { p[i] += a * u * g[i]; } \
                    CHANNELS { q[i] += a * v * g[i]; } \
                    CHANNELS { r[i] += b * u * g[i]; } \
                    CHANNELS { s[i] += b * v * g[i]; } \
                } else { \
                    CHANNELS { p[i] += g[i]; } \
                } \
            } \
        } \
    } \
    CK_CLONES static void unfold_##S(void *context, int64_t index) { \
        const job *j = context; \
        const ck_convolution *c = j->patches; \
        const T *x = (const T *)j->x + index * c->ih * c->iw; \
        T *out = (T *)j->out + index * c->kh * c->kw * c->oh * c->ow; \
        for (int64_t ky = 0; ky < c->kh; ky++) { \
            for (int64_t kx = 0; kx < c->kw; kx++) { \
                for (int64_t oy = 0; oy < c->oh; oy++) { \
                    int64_t y = oy * c->sh - c->ph + ky * c->dh; \
                    for (int64_t ox = 0; ox < c->ow; ox++) { \
                        int64_t xx = ox * c->sw - c->pw + kx * c->dw; \
                        bool there = y >= 0 && y < c->ih && xx >= 0 && xx < c->iw; \
                        *out++ = there ? x[y * c->iw + xx] : 0; \
                    } \
                } \
            } \
        } \
    } \
    CK_CLONES static void fold_##S(void *context, int64_t index) { \
        const job *j = context; \
        const ck_convolution *c = j->patches; \
        T *out = (T *)j->out + index * c->ih * c->iw; \
        const T *g = (const T *)j->x + index * c->kh * c->kw * c->oh * c->ow; \
        memset(out, 0, (size_t)(c->ih * c->iw) * sizeof(T)); \
        for (int64_t ky = 0; ky < c->kh; ky++) { \
            for (int64_t kx = 0; kx < c->kw; kx++) { \
                for (int64_t oy = 0; oy < c->oh; oy++) { \
                    int64_t y = oy * c->sh - c->ph + ky * c->dh; \
                    for (int64_t ox = 0; ox < c->ow; ox++, g++) { \
                        int64_t xx = ox * c->sw - c->pw + kx * c->dw; \
                        if (y >= 0 && y < c->ih && xx >= 0 && xx < c->iw) { out[y * c->iw + xx] += *g; } \
                    } \
                } \
            } \
        } \
    }
RESAMPLING(float, f)
RESAMPLING(double, d)

void ck_interpolate(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *x, void *out) {
    job j = {.rows = rows, .columns = columns, .linear = linear, .c = c, .x = x, .out = out};
    ck_parallel(n, dtype == CK_FLOAT32 ? interpolate_f : interpolate_d, &j);
}

void ck_interpolate_backward(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *g, void *out) {
    job j = {.rows = rows, .columns = columns, .linear = linear, .c = c, .x = g, .out = out};
    ck_parallel(n, dtype == CK_FLOAT32 ? interpolate_backward_f : interpolate_backward_d, &j);
}

void ck_unfold(ck_dtype dtype, const ck_convolution *c, const void *x, void *out) {
    job j = {.patches = c, .x = x, .out = out};
    ck_parallel(c->n * c->ci, dtype == CK_FLOAT32 ? unfold_f : unfold_d, &j);
}

void ck_fold(ck_dtype dtype, const ck_convolution *c, const void *g, void *out) {
    job j = {.patches = c, .x = g, .out = out};
    ck_parallel(c->n * c->ci, dtype == CK_FLOAT32 ? fold_f : fold_d, &j);
}
