// Long sums go in blocks: vector accumulation inside a block, double across blocks, so that a million float32 values
// sum to float32 rounding.
enum { SUM_BLOCK = 2048, SUM_ROWS = 128, SUM_LANES = 256 };

#define FOLD(name, T, start, ...) \
    static void name(const T *x, T *out, int64_t outer, int64_t n, int64_t inner) { \
        for (int64_t o = 0; o < outer; o++) { \
            T *to = out + o * inner; \
            for (int64_t i = 0; i < inner; i++) { to[i] = start; } \
            for (int64_t j = 0; j < n; j++) { \
                const T *row = x + (o * n + j) * inner; \
                for (int64_t i = 0; i < inner; i++) { T a = to[i], v = row[i]; to[i] = (T)(__VA_ARGS__); } \
            } \
        } \
    }

#define TYPED "reduce_typed.h"
#include "for_reals.h"
FOLD(reduce_prod_i, int64_t, 1, (uint64_t)a * (uint64_t)v)
FOLD(reduce_sum_i, int64_t, 0, (uint64_t)a + (uint64_t)v)
FOLD(reduce_any, uint8_t, 0, a | (v != 0))
FOLD(reduce_all, uint8_t, 1, a & (v != 0))

#define TYPED "order_typed.h"
#include "for_numbers.h"

#define WIDER double
#define TYPED "cumsum_typed.h"
#include "for_reals.h"
#undef WIDER
#define WIDER uint64_t
#define T int64_t
#define NAME(name) name##_i
#include "cumsum_typed.h"
#undef WIDER
#undef T
#undef NAME

static void LEVELLED(extreme)(
    bool maximum, ck_dtype dtype, const void *x, void *out, int64_t *where, int64_t outer, int64_t n, int64_t inner) {
    switch (dtype) {
    case CK_FLOAT32: extreme_f(maximum, x, out, where, outer, n, inner); break;
    case CK_FLOAT64: extreme_d(maximum, x, out, where, outer, n, inner); break;
    case CK_INT64: extreme_i(maximum, x, out, where, outer, n, inner); break;
    default: extreme_u(maximum, x, out, where, outer, n, inner); break;
    }
}

static void LEVELLED(reduce)(ck_reduce_op op, ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    switch (op) {
    case CK_SUM:
        if (dtype == CK_FLOAT32) { reduce_sum_f(x, out, outer, n, inner); }
        else if (dtype == CK_FLOAT64) { reduce_sum_d(x, out, outer, n, inner); }
        else { reduce_sum_i(x, out, outer, n, inner); }
        break;
    case CK_SUM_SQUARES:
        if (dtype == CK_FLOAT32) { reduce_squares_f(x, out, outer, n, inner); } else { reduce_squares_d(x, out, outer, n, inner); }
        break;
    case CK_SUM_ABS:
        if (dtype == CK_FLOAT32) { reduce_abs_f(x, out, outer, n, inner); } else { reduce_abs_d(x, out, outer, n, inner); }
        break;
    case CK_PROD:
        if (dtype == CK_FLOAT32) { reduce_prod_f(x, out, outer, n, inner); }
        else if (dtype == CK_FLOAT64) { reduce_prod_d(x, out, outer, n, inner); }
        else { reduce_prod_i(x, out, outer, n, inner); }
        break;
    case CK_ANY: reduce_any(x, out, outer, n, inner); break;
    case CK_ALL: reduce_all(x, out, outer, n, inner); break;
    case CK_MAX: case CK_MIN: LEVELLED(extreme)(op == CK_MAX, dtype, x, out, NULL, outer, n, inner); break;
    }
}

static void LEVELLED(cumsum)(ck_dtype dtype, bool reverse, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    switch (dtype) {
    case CK_FLOAT32: cumsum_f(reverse, x, out, outer, n, inner); break;
    case CK_FLOAT64: cumsum_d(reverse, x, out, outer, n, inner); break;
    default: cumsum_i(reverse, x, out, outer, n, inner); break;
    }
}

static void LEVELLED(moments)(ck_dtype dtype, const void *x, void *mean, void *squares, int64_t outer, int64_t n, int64_t inner) {
    if (dtype == CK_FLOAT32) { row_moments_f(x, mean, squares, outer, n, inner); }
    else { row_moments_d(x, mean, squares, outer, n, inner); }
}

static bool LEVELLED(sort)(ck_dtype dtype, bool descending, const void *x, void *out, int64_t *where, int64_t outer, int64_t n) {
    if (n == 0 || outer == 0) { return true; }
    size_t bytes = (size_t)n * sizeof(int64_t);
    int64_t *spare = ck_allocate(bytes);
    if (!spare) { return false; }
    for (int64_t o = 0; o < outer; o++) {
        int64_t at = o * n;
        switch (dtype) {
        case CK_FLOAT32: sort_f(descending, (const float *)x + at, (float *)out + at, where + at, spare, n); break;
        case CK_FLOAT64: sort_d(descending, (const double *)x + at, (double *)out + at, where + at, spare, n); break;
        case CK_INT64: sort_i(descending, (const int64_t *)x + at, (int64_t *)out + at, where + at, spare, n); break;
        default: sort_u(descending, (const uint8_t *)x + at, (uint8_t *)out + at, where + at, spare, n); break;
        }
    }
    ck_release(spare, bytes);
    return true;
}
