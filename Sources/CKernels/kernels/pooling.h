// Pooling of channels-last arrays: the innermost loop runs along channels, images are spread over the threads.

typedef struct {
    const ck_windows *rows, *columns;
    int64_t c, override;
    const void *x;
    void *out;
    int32_t *tap;
    const int32_t *taken;
} pooling_job;

/// Windows that neither overlap nor leave anything out, so that every input is written once.
static bool windows_tile(const ck_windows *w) {
    int64_t at = 0;
    for (int64_t o = 0; o < w->out; o++) {
        if (w->step != 1 || w->first[o] != at) { return false; }
        at = w->last[o];
    }
    return at == w->in;
}

#define TYPED "pooling_typed.h"
#include "for_reals.h"

static void pool_images(int64_t n, void (*body)(void *, int64_t), pooling_job *j) {
    int64_t work = n * j->c * (j->rows->in * j->columns->in + j->rows->out * j->columns->out);
    if (work < 1 << 15) {
        for (int64_t i = 0; i < n; i++) { body(j, i); }
    } else {
        ck_parallel(n, body, j);
    }
}

static void LEVELLED(max_pool)(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *x, void *out,
    int32_t *tap) {
    pooling_job j = {.rows = rows, .columns = columns, .c = c, .x = x, .out = out, .tap = tap};
    pool_images(n, dtype == CK_FLOAT32 ? max_pool_f : max_pool_d, &j);
}

static void LEVELLED(max_pool_backward)(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t n, int64_t c, const void *g,
    const int32_t *tap, void *out) {
    pooling_job j = {.rows = rows, .columns = columns, .c = c, .x = g, .out = out, .taken = tap};
    pool_images(n, dtype == CK_FLOAT32 ? max_pool_backward_f : max_pool_backward_d, &j);
}

static void LEVELLED(avg_pool)(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *x, void *out) {
    pooling_job j = {.rows = rows, .columns = columns, .c = c, .override = override, .x = x, .out = out};
    pool_images(n, dtype == CK_FLOAT32 ? avg_pool_f : avg_pool_d, &j);
}

static void LEVELLED(avg_pool_backward)(
    ck_dtype dtype, const ck_windows *rows, const ck_windows *columns, int64_t override, int64_t n, int64_t c,
    const void *g, void *out) {
    pooling_job j = {.rows = rows, .columns = columns, .c = c, .override = override, .x = g, .out = out};
    pool_images(n, dtype == CK_FLOAT32 ? avg_pool_backward_f : avg_pool_backward_d, &j);
}
