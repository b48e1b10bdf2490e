// Pooling of channels-last arrays: the innermost loop runs along channels, images are spread over the threads.
#include "ckernels_networks.h"
#include "vector.h"
#include <string.h>

typedef struct {
    const ck_windows *rows, *columns;
    int64_t c, override;
    const void *x;
    void *out;
    int32_t *tap;
    const int32_t *taken;
} job;

#define CHANNELS _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < c; i++)

/// Windows that neither overlap nor leave anything out, so that every input is written once.
static bool tiles(const ck_windows *w) {
    int64_t at = 0;
    for (int64_t o = 0; o < w->out; o++) {
        if (w->step != 1 || w->first[o] != at) { return false; }
        at = w->last[o];
    }
    return at == w->in;
}

#define POOLING(T, S) \
    CK_CLONES static void max_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_windows *h = j->rows, *w = j->columns; \
        int64_t c = j->c; \
        const T *x = (const T *)j->x + n * h->in * w->in * c; \
        for (int64_t oy = 0; oy < h->out; oy++) { \
            for (int64_t ox = 0; ox < w->out; ox++) { \
                int64_t to = ((n * h->out + oy) * w->out + ox) * c; \
                T *out = (T *)j->out + to; \
                int32_t *tap = j->tap ? j->tap + to : NULL, number = 0; \
                for (int64_t y = h->first[oy]; y < h->last[oy]; y += h->step) { \
                    for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx += w->step) { \
                        const T *in = x + (y * w->in + xx) * c; \
                        if (number == 0) { \
                            memcpy(out, in, (size_t)c * sizeof(T)); \
                            if (tap) { memset(tap, 0, (size_t)c * sizeof *tap); } \
                        } else if (tap) { \
                            CHANNELS { \
                                bool more = (in[i] > out[i]) | (in[i] != in[i]); \
                                out[i] = more ? in[i] : out[i]; \
                                tap[i] = more ? number : tap[i]; \
                            } \
                        } else { \
                            CHANNELS { out[i] = ((in[i] > out[i]) | (in[i] != in[i])) ? in[i] : out[i]; } \
                        } \
                        number++; \
                    } \
                } \
            } \
        } \
    } \
    CK_CLONES static void max_backward_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_windows *h = j->rows, *w = j->columns; \
        int64_t c = j->c; \
        T *gx = (T *)j->out + n * h->in * w->in * c; \
        bool once = tiles(h) && tiles(w); \
        if (!once) { memset(gx, 0, (size_t)(h->in * w->in * c) * sizeof(T)); } \
        for (int64_t oy = 0; oy < h->out; oy++) { \
            for (int64_t ox = 0; ox < w->out; ox++) { \
                int64_t from = ((n * h->out + oy) * w->out + ox) * c; \
                const T *g = (const T *)j->x + from; \
                const int32_t *tap = j->taken + from; \
                int32_t number = 0; \
                for (int64_t y = h->first[oy]; y < h->last[oy]; y += h->step) { \
                    for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx += w->step) { \
                        T *to = gx + (y * w->in + xx) * c; \
                        if (once) { \
                            CHANNELS { to[i] = tap[i] == number ? g[i] : 0; } \
                        } else { \
                            CHANNELS { to[i] += tap[i] == number ? g[i] : 0; } \
                        } \
                        number++; \
                    } \
                } \
            } \
        } \
    } \
    CK_CLONES static void avg_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_windows *h = j->rows, *w = j->columns; \
        int64_t c = j->c; \
        const T *x = (const T *)j->x + n * h->in * w->in * c; \
        for (int64_t oy = 0; oy < h->out; oy++) { \
            for (int64_t ox = 0; ox < w->out; ox++) { \
                T *out = (T *)j->out + ((n * h->out + oy) * w->out + ox) * c; \
                memset(out, 0, (size_t)c * sizeof(T)); \
                for (int64_t y = h->first[oy]; y < h->last[oy]; y++) { \
                    for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx++) { \
                        const T *in = x + (y * w->in + xx) * c; \
                        CHANNELS { out[i] += in[i]; } \
                    } \
                } \
                T divisor = (T)(j->override ? j->override : h->divisor[oy] * w->divisor[ox]); \
                CHANNELS { out[i] /= divisor; } \
            } \
        } \
    } \
    CK_CLONES static void avg_backward_##S(void *context, int64_t n) { \
        const job *j = context; \
        const ck_windows *h = j->rows, *w = j->columns; \
        int64_t c = j->c; \
        T *gx = (T *)j->out + n * h->in * w->in * c; \
        memset(gx, 0, (size_t)(h->in * w->in * c) * sizeof(T)); \
        for (int64_t oy = 0; oy < h->out; oy++) { \
            for (int64_t ox = 0; ox < w->out; ox++) { \
                const T *g = (const T *)j->x + ((n * h->out + oy) * w->out + ox) * c; \
                T divisor = (T)(j->override ? j->override : h->divisor[oy] * w->divisor[ox]); \
                for (int64_t y = h->first[oy]; y < h->last[oy]; y++) { \
                    for (int64_t xx = w->first[ox]; xx < w->last[ox]; xx++) { \
                        T *to = gx + (y * w->in + xx) * c; \
                        CHANNELS { to[i] += g[i] / divisor; } \
                    } \
                } \
            } \
        } \
    }
POOLING(float, f)
POOLING(double, d)

static void run(int64_t n, void (*body)(void *, int64_t), job *j) {
    int64_t work = n * j->c * (j->rows->in * j->columns->in + j->rows->out * j->columns->out);
    if (work < 1 << 15) {
        for (int64_t i = 0; i < n; i++) { body(j, i); }
    } else {
        ck_parallel(n, body, j);
    }
}

void ck_max_pool(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *x, void *out,
    int32_t *tap) {
    job j = {.rows = rows, .columns = columns, .c = c, .x = x, .out = out, .tap = tap};
    run(n, dtype == CK_FLOAT32 ? max_f : max_d, &j);
}

void ck_max_pool_backward(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *g,
    const int32_t *tap, void *out) {
    job j = {.rows = rows, .columns = columns, .c = c, .x = g, .out = out, .taken = tap};
    run(n, dtype == CK_FLOAT32 ? max_backward_f : max_backward_d, &j);
}

void ck_avg_pool(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *x, void *out) {
    job j = {.rows = rows, .columns = columns, .c = c, .override = override, .x = x, .out = out};
    run(n, dtype == CK_FLOAT32 ? avg_f : avg_d, &j);
}

void ck_avg_pool_backward(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *g, void *out) {
    job j = {.rows = rows, .columns = columns, .c = c, .override = override, .x = g, .out = out};
    run(n, dtype == CK_FLOAT32 ? avg_backward_f : avg_backward_d, &j);
}
