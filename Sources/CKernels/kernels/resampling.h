typedef struct {
    const ck_resampling *rows, *columns;
    const ck_convolution *patches;
    bool linear;
    int64_t c;
    const void *x;
    void *out;
} resampling_job;

#define TYPED "resampling_typed.h"
#include "for_reals.h"

static void LEVELLED(interpolate)(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *x, void *out) {
    resampling_job j = {.rows = rows, .columns = columns, .linear = linear, .c = c, .x = x, .out = out};
    ck_parallel(n, dtype == CK_FLOAT32 ? interpolate_f : interpolate_d, &j);
}

static void LEVELLED(interpolate_backward)(
    ck_dtype dtype, bool linear, const ck_resampling *rows, const ck_resampling *columns, int64_t n, int64_t c,
    const void *g, void *out) {
    resampling_job j = {.rows = rows, .columns = columns, .linear = linear, .c = c, .x = g, .out = out};
    ck_parallel(n, dtype == CK_FLOAT32 ? interpolate_backward_f : interpolate_backward_d, &j);
}

static void LEVELLED(unfold)(ck_dtype dtype, const ck_convolution *c, const void *x, void *out) {
    resampling_job j = {.patches = c, .x = x, .out = out};
    ck_parallel(c->n * c->ci, dtype == CK_FLOAT32 ? unfold_f : unfold_d, &j);
}

static void LEVELLED(fold)(ck_dtype dtype, const ck_convolution *c, const void *g, void *out) {
    resampling_job j = {.patches = c, .x = g, .out = out};
    ck_parallel(c->n * c->ci, dtype == CK_FLOAT32 ? fold_f : fold_d, &j);
}
