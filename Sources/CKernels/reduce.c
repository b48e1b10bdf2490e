#include "vector.h"
#include <stdlib.h>

// Long sums go in blocks: vector accumulation inside a block, double across blocks, so that a million float32 values
// sum to float32 rounding.
enum { BLOCK = 2048, ROWS = 128, LANES = 256 };

#define ROW_SUM(name, T, ...)                                                                                        \
    CK_CLONES static double name(const T *x, int64_t count) {                                                        \
        double total = 0;                                                                                            \
        for (int64_t start = 0; start < count; start += BLOCK) {                                                     \
            int64_t end = start + BLOCK < count ? start + BLOCK : count;                                             \
            T sum = 0;                                                                                               \
            {                                                                                                        \
                _Pragma("clang fp reassociate(on)")                                                                  \
                for (int64_t i = start; i < end; i++) { T v = x[i]; sum += __VA_ARGS__; }                            \
            }                                                                                                        \
            total += (double)sum;                                                                                    \
        }                                                                                                            \
        return total;                                                                                                \
    }
ROW_SUM(row_sum_f, float, v)
ROW_SUM(row_sum_d, double, v)
ROW_SUM(row_squares_f, float, v * v)
ROW_SUM(row_squares_d, double, v * v)
ROW_SUM(row_abs_f, float, __builtin_fabsf(v))
ROW_SUM(row_abs_d, double, __builtin_fabs(v))

#define COLUMN_SUM(name, T, ...)                                                                                     \
    CK_CLONES static void name(const T *x, T *out, int64_t n, int64_t inner) {                                       \
        for (int64_t c0 = 0; c0 < inner; c0 += LANES) {                                                              \
            int64_t width = inner - c0 < LANES ? inner - c0 : LANES;                                                 \
            double total[LANES] = {0};                                                                               \
            for (int64_t r0 = 0; r0 < n; r0 += ROWS) {                                                               \
                int64_t r1 = r0 + ROWS < n ? r0 + ROWS : n;                                                          \
                T sum[LANES] = {0};                                                                                  \
                for (int64_t r = r0; r < r1; r++) {                                                                  \
                    const T *row = x + r * inner + c0;                                                               \
                    for (int64_t i = 0; i < width; i++) { T v = row[i]; sum[i] += __VA_ARGS__; }                     \
                }                                                                                                    \
                for (int64_t i = 0; i < width; i++) { total[i] += (double)sum[i]; }                                  \
            }                                                                                                        \
            for (int64_t i = 0; i < width; i++) { out[c0 + i] = (T)total[i]; }                                       \
        }                                                                                                            \
    }
COLUMN_SUM(column_sum_f, float, v)
COLUMN_SUM(column_sum_d, double, v)
COLUMN_SUM(column_squares_f, float, v * v)
COLUMN_SUM(column_squares_d, double, v * v)
COLUMN_SUM(column_abs_f, float, __builtin_fabsf(v))
COLUMN_SUM(column_abs_d, double, __builtin_fabs(v))

#define SUMS(T, kind, s)                                                                                             \
    static void kind##_##s(const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {                            \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            if (inner == 1) { out[o] = (T)row_##kind##_##s(x + o * n, n); }                                          \
            else { column_##kind##_##s(x + o * n * inner, out + o * inner, n, inner); }                              \
        }                                                                                                            \
    }
SUMS(float, sum, f)
SUMS(double, sum, d)
SUMS(float, squares, f)
SUMS(double, squares, d)
SUMS(float, abs, f)
SUMS(double, abs, d)

#define FOLD(name, T, start, ...)                                                                                    \
    CK_CLONES static void name(const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {                        \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            T *to = out + o * inner;                                                                                 \
            for (int64_t i = 0; i < inner; i++) { to[i] = start; }                                                   \
            for (int64_t j = 0; j < n; j++) {                                                                        \
                const T *row = x + (o * n + j) * inner;                                                              \
                for (int64_t i = 0; i < inner; i++) { T a = to[i], v = row[i]; to[i] = (T)(__VA_ARGS__); }           \
            }                                                                                                        \
        }                                                                                                            \
    }
FOLD(prod_f, float, 1, a * v)
FOLD(prod_d, double, 1, a * v)
FOLD(prod_i, int64_t, 1, (uint64_t)a * (uint64_t)v)
FOLD(sum_i, int64_t, 0, (uint64_t)a + (uint64_t)v)
FOLD(any_u, uint8_t, 0, a | (v != 0))
FOLD(all_u, uint8_t, 1, a & (v != 0))

void ck_reduce(ck_reduce_op op, ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    switch (op) {
    case CK_SUM:
        if (dtype == CK_FLOAT32) { sum_f(x, out, outer, n, inner); }
        else if (dtype == CK_FLOAT64) { sum_d(x, out, outer, n, inner); }
        else { sum_i(x, out, outer, n, inner); }
        break;
    case CK_SUM_SQUARES:
        if (dtype == CK_FLOAT32) { squares_f(x, out, outer, n, inner); } else { squares_d(x, out, outer, n, inner); }
        break;
    case CK_SUM_ABS:
        if (dtype == CK_FLOAT32) { abs_f(x, out, outer, n, inner); } else { abs_d(x, out, outer, n, inner); }
        break;
    case CK_PROD:
        if (dtype == CK_FLOAT32) { prod_f(x, out, outer, n, inner); }
        else if (dtype == CK_FLOAT64) { prod_d(x, out, outer, n, inner); }
        else { prod_i(x, out, outer, n, inner); }
        break;
    case CK_ANY: any_u(x, out, outer, n, inner); break;
    case CK_ALL: all_u(x, out, outer, n, inner); break;
    case CK_MAX: case CK_MIN: ck_extreme(op == CK_MAX, dtype, x, out, NULL, outer, n, inner); break;
    }
}

#define EXTREME(T, s)                                                                                                \
    CK_INLINE bool beats_##s(bool maximum, T v, T best) {                                                            \
        return best == best && (v != v || (maximum ? v > best : v < best));                                          \
    }                                                                                                                \
    CK_CLONES static void extreme_##s(                                                                               \
        bool maximum, const T *x, T *out, int64_t *where, int64_t outer, int64_t n, int64_t inner) {                 \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            const T *rows = x + o * n * inner;                                                                       \
            for (int64_t i = 0; i < inner; i++) {                                                                    \
                T best = rows[i];                                                                                    \
                int64_t at = 0;                                                                                      \
                for (int64_t j = 1; j < n; j++) {                                                                    \
                    T v = rows[j * inner + i];                                                                       \
                    if (beats_##s(maximum, v, best)) { best = v; at = j; }                                           \
                }                                                                                                    \
                if (out) { out[o * inner + i] = best; }                                                              \
                if (where) { where[o * inner + i] = at; }                                                            \
            }                                                                                                        \
        }                                                                                                            \
    }
EXTREME(float, f)
EXTREME(double, d)
EXTREME(int64_t, i)
EXTREME(uint8_t, u)

void ck_extreme(
    bool maximum, ck_dtype dtype, const void *x, void *out, int64_t *where, int64_t outer, int64_t n, int64_t inner) {
    switch (dtype) {
    case CK_FLOAT32: extreme_f(maximum, x, out, where, outer, n, inner); break;
    case CK_FLOAT64: extreme_d(maximum, x, out, where, outer, n, inner); break;
    case CK_INT64: extreme_i(maximum, x, out, where, outer, n, inner); break;
    default: extreme_u(maximum, x, out, where, outer, n, inner); break;
    }
}

#define CUMSUM(T, W, s)                                                                                              \
    static void cumsum_##s(bool reverse, const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {              \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            for (int64_t i = 0; i < inner; i++) {                                                                    \
                W sum = 0;                                                                                           \
                for (int64_t k = 0; k < n; k++) {                                                                    \
                    int64_t at = (o * n + (reverse ? n - 1 - k : k)) * inner + i;                                    \
                    sum += (W)x[at];                                                                                 \
                    out[at] = (T)sum;                                                                                \
                }                                                                                                    \
            }                                                                                                        \
        }                                                                                                            \
    }
CUMSUM(float, double, f)
CUMSUM(double, double, d)
CUMSUM(int64_t, uint64_t, i)

void ck_cumsum(ck_dtype dtype, bool reverse, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    switch (dtype) {
    case CK_FLOAT32: cumsum_f(reverse, x, out, outer, n, inner); break;
    case CK_FLOAT64: cumsum_d(reverse, x, out, outer, n, inner); break;
    default: cumsum_i(reverse, x, out, outer, n, inner); break;
    }
}

#define MOMENTS(T, s)                                                                                                \
    CK_CLONES static void moments_##s(const T *x, T *mean, T *squares, int64_t outer, int64_t n, int64_t inner) {    \
        sum_##s(x, mean, outer, n, inner);                                                                           \
        for (int64_t k = 0; k < outer * inner; k++) { mean[k] /= (T)n; }                                             \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            for (int64_t i = 0; i < inner; i++) {                                                                    \
                _Pragma("clang fp reassociate(on)")                                                                  \
                double total = 0;                                                                                    \
                T m = mean[o * inner + i];                                                                           \
                for (int64_t j = 0; j < n; j++) {                                                                    \
                    double v = (double)(x[(o * n + j) * inner + i] - m);                                             \
                    total += v * v;                                                                                  \
                }                                                                                                    \
                squares[o * inner + i] = (T)total;                                                                   \
            }                                                                                                        \
        }                                                                                                            \
    }
MOMENTS(float, f)
MOMENTS(double, d)

void ck_moments(ck_dtype dtype, const void *x, void *mean, void *squares, int64_t outer, int64_t n, int64_t inner) {
    if (dtype == CK_FLOAT32) { moments_f(x, mean, squares, outer, n, inner); }
    else { moments_d(x, mean, squares, outer, n, inner); }
}

// Merge sort of positions: stable, and comparisons know about NaN.
#define SORT(T, s)                                                                                                   \
    static bool before_##s(T a, T b, bool descending) {                                                              \
        if (a != a || b != b) { return descending ? a != a && b == b : a == a && b != b; }                           \
        return descending ? a > b : a < b;                                                                           \
    }                                                                                                                \
    static void sort_##s(bool descending, const T *x, T *out, int64_t *where, int64_t *spare, int64_t n) {           \
        int64_t *from = where, *to = spare;                                                                          \
        for (int64_t i = 0; i < n; i++) { from[i] = i; }                                                             \
        for (int64_t width = 1; width < n; width *= 2) {                                                             \
            for (int64_t start = 0; start < n; start += 2 * width) {                                                 \
                int64_t middle = start + width < n ? start + width : n;                                              \
                int64_t end = start + 2 * width < n ? start + 2 * width : n;                                         \
                int64_t a = start, b = middle;                                                                       \
                for (int64_t k = start; k < end; k++) {                                                              \
                    bool right = a >= middle || (b < end && before_##s(x[from[b]], x[from[a]], descending));         \
                    to[k] = from[right ? b++ : a++];                                                                 \
                }                                                                                                    \
            }                                                                                                        \
            int64_t *other = from;                                                                                   \
            from = to;                                                                                               \
            to = other;                                                                                              \
        }                                                                                                            \
        if (from != where) { memcpy(where, from, (size_t)n * sizeof(int64_t)); }                                     \
        for (int64_t i = 0; i < n; i++) { out[i] = x[where[i]]; }                                                    \
    }
SORT(float, f)
SORT(double, d)
SORT(int64_t, i)
SORT(uint8_t, u)

void ck_sort(ck_dtype dtype, bool descending, const void *x, void *out, int64_t *where, int64_t outer, int64_t n) {
    if (n == 0 || outer == 0) { return; }
    size_t bytes = (size_t)n * sizeof(int64_t);
    int64_t *spare = ck_allocate(bytes);
    if (!spare) { return; }
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
}
