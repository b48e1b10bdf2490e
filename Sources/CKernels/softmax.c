#include "vector.h"
#include <stdlib.h>

// Rows are split over the pool when there is enough work for it; `row` works on one row of n with the given stride.
#define FAMILY(T, s, FN)                                                                                             \
    CK_CLONES static T row_max_##s(const T *x, int64_t n) {                                                          \
        return ck_row_max_##FN(x, n);                                                                                \
    }                                                                                                                \
    CK_CLONES static T row_exp_sum_##s(const T *x, T peak, int64_t n) {                                              \
        _Pragma("clang fp reassociate(on)")                                                                          \
        T sum = 0;                                                                                                   \
        for (int64_t j = 0; j < n; j++) { sum += ck_exp_##FN(x[j] - peak); }                                         \
        return sum;                                                                                                  \
    }                                                                                                                \
    CK_CLONES static T row_exp_##s(const T *x, T peak, T *out, int64_t n) {                                          \
        _Pragma("clang fp reassociate(on)")                                                                          \
        T sum = 0;                                                                                                   \
        for (int64_t j = 0; j < n; j++) { T e = ck_exp_##FN(x[j] - peak); out[j] = e; sum += e; }                    \
        return sum;                                                                                                  \
    }                                                                                                                \
    CK_CLONES static void row_scale_##s(T *x, T factor, int64_t n) { CK_LOOP { x[i] *= factor; } }                   \
    CK_CLONES static void row_shift_##s(const T *x, T shift, T *out, int64_t n) { CK_LOOP { out[i] = x[i] - shift; } } \
    CK_CLONES static T row_dot_##s(const T *a, const T *b, int64_t n) {                                              \
        _Pragma("clang fp reassociate(on)")                                                                          \
        T sum = 0;                                                                                                   \
        for (int64_t j = 0; j < n; j++) { sum += a[j] * b[j]; }                                                      \
        return sum;                                                                                                  \
    }                                                                                                                \
    CK_CLONES static T row_sum_##s(const T *a, int64_t n) {                                                          \
        _Pragma("clang fp reassociate(on)")                                                                          \
        T sum = 0;                                                                                                   \
        for (int64_t j = 0; j < n; j++) { sum += a[j]; }                                                             \
        return sum;                                                                                                  \
    }                                                                                                                \
    CK_CLONES static void row_softmax_back_##s(const T *g, const T *y, T dot, T *out, int64_t n) {                   \
        CK_LOOP { out[i] = y[i] * (g[i] - dot); }                                                                    \
    }                                                                                                                \
    CK_CLONES static void row_log_back_##s(const T *g, const T *y, T sum, T *out, int64_t n) {                       \
        CK_LOOP { out[i] = g[i] - ck_exp_##FN(y[i]) * sum; }                                                         \
    }                                                                                                                \
    CK_INLINE T finite_peak_##s(T peak) { return peak - peak == 0 ? peak : 0; }                                      \
    static void softmax_row_##s(bool logarithm, const T *x, T *out, int64_t n) {                                     \
        T peak = row_max_##s(x, n);                                                                                  \
        if (logarithm) {                                                                                             \
            row_shift_##s(x, peak + ck_log_##FN(row_exp_sum_##s(x, peak, n)), out, n);                               \
        } else {                                                                                                     \
            T sum = row_exp_##s(x, peak, out, n);                                                                    \
            row_scale_##s(out, 1 / sum, n);                                                                          \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void softmax_columns_##s(bool logarithm, const T *x, T *out, int64_t n, int64_t inner) {        \
        enum { WIDTH = 64 };                                                                                         \
        for (int64_t c = 0; c < inner; c += WIDTH) {                                                                 \
            int64_t width = inner - c < WIDTH ? inner - c : WIDTH;                                                   \
            T peak[WIDTH], sum[WIDTH];                                                                               \
            for (int64_t i = 0; i < width; i++) { peak[i] = -(T)INFINITY; sum[i] = 0; }                              \
            for (int64_t j = 0; j < n; j++) {                                                                        \
                const T *row = x + j * inner + c;                                                                    \
                for (int64_t i = 0; i < width; i++) { peak[i] = row[i] > peak[i] ? row[i] : peak[i]; }               \
            }                                                                                                        \
            for (int64_t j = 0; j < n; j++) {                                                                        \
                const T *row = x + j * inner + c;                                                                    \
                T *to = out + j * inner + c;                                                                         \
                for (int64_t i = 0; i < width; i++) {                                                                \
                    T e = ck_exp_##FN(row[i] - peak[i]);                                                             \
                    sum[i] += e;                                                                                     \
                    to[i] = e;                                                                                       \
                }                                                                                                    \
            }                                                                                                        \
            for (int64_t i = 0; i < width; i++) { sum[i] = logarithm ? peak[i] + ck_log_##FN(sum[i]) : 1 / sum[i]; } \
            for (int64_t j = 0; j < n; j++) {                                                                        \
                const T *row = x + j * inner + c;                                                                    \
                T *to = out + j * inner + c;                                                                         \
                for (int64_t i = 0; i < width; i++) { to[i] = logarithm ? row[i] - sum[i] : to[i] * sum[i]; }        \
            }                                                                                                        \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void columns_back_##s(bool logarithm, const T *g, const T *y, T *out, int64_t n, int64_t inner) { \
        for (int64_t i = 0; i < inner; i++) {                                                                        \
            T sum = 0;                                                                                               \
            for (int64_t j = 0; j < n; j++) { sum += logarithm ? g[j * inner + i] : g[j * inner + i] * y[j * inner + i]; } \
            for (int64_t j = 0; j < n; j++) {                                                                        \
                int64_t k = j * inner + i;                                                                           \
                out[k] = logarithm ? g[k] - ck_exp_##FN(y[k]) * sum : y[k] * (g[k] - sum);                           \
            }                                                                                                        \
        }                                                                                                            \
    }                                                                                                                \
    static void softmax_##s(bool logarithm, const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {           \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            int64_t at = o * n * inner;                                                                              \
            if (inner == 1) { softmax_row_##s(logarithm, x + at, out + at, n); }                                     \
            else { softmax_columns_##s(logarithm, x + at, out + at, n, inner); }                                     \
        }                                                                                                            \
    }                                                                                                                \
    static void softmax_back_##s(                                                                                    \
        bool logarithm, const T *g, const T *y, T *out, int64_t outer, int64_t n, int64_t inner) {                   \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            int64_t at = o * n * inner;                                                                              \
            if (inner != 1) { columns_back_##s(logarithm, g + at, y + at, out + at, n, inner); }                     \
            else if (logarithm) { row_log_back_##s(g + at, y + at, row_sum_##s(g + at, n), out + at, n); }           \
            else { row_softmax_back_##s(g + at, y + at, row_dot_##s(g + at, y + at, n), out + at, n); }              \
        }                                                                                                            \
    }                                                                                                                \
    static void logsumexp_##s(const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {                         \
        for (int64_t o = 0; o < outer; o++) {                                                                        \
            for (int64_t i = 0; i < inner; i++) {                                                                    \
                const T *column = x + o * n * inner + i;                                                             \
                T peak = -(T)INFINITY, sum = 0;                                                                      \
                for (int64_t j = 0; j < n; j++) {                                                                    \
                    T v = column[j * inner];                                                                         \
                    peak = v > peak || v != v ? v : peak;                                                            \
                }                                                                                                    \
                T base = finite_peak_##s(peak);                                                                      \
                if (inner == 1) { sum = row_exp_sum_##s(column, base, n); }                                          \
                else { for (int64_t j = 0; j < n; j++) { sum += ck_exp_##FN(column[j * inner] - base); } }           \
                out[o * inner + i] = base + ck_log_##FN(sum);                                                        \
            }                                                                                                        \
        }                                                                                                            \
    }
FAMILY(float, f, f)
FAMILY(double, d, d)

typedef struct {
    ck_dtype dtype;
    bool logarithm, backward;
    const char *x, *y;
    char *out;
    int64_t n, inner;
} softmax_job;

static void softmax_piece(void *context, int64_t from, int64_t to) {
    const softmax_job *job = context;
    int64_t at = from * job->n * job->inner * (int64_t)ck_item(job->dtype), outer = to - from;
    const void *x = job->x + at, *y = job->y + at;
    void *out = job->out + at;
    if (job->dtype == CK_FLOAT32) {
        if (job->backward) { softmax_back_f(job->logarithm, x, y, out, outer, job->n, job->inner); }
        else { softmax_f(job->logarithm, x, out, outer, job->n, job->inner); }
    } else {
        if (job->backward) { softmax_back_d(job->logarithm, x, y, out, outer, job->n, job->inner); }
        else { softmax_d(job->logarithm, x, out, outer, job->n, job->inner); }
    }
}

static void softmax_split(const softmax_job *job, int64_t outer) {
    int64_t row = job->n * job->inner;
    if (row == 0 || outer == 0) { return; }
    int64_t grain = (1 << 15) / row;
    ck_split(outer, grain < 1 ? 1 : grain, softmax_piece, (void *)job);
}

void ck_softmax(ck_dtype dtype, bool logarithm, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    softmax_job job = {dtype, logarithm, false, x, x, out, n, inner};
    softmax_split(&job, outer);
}

void ck_softmax_backward(
    ck_dtype dtype, bool logarithm, const void *g, const void *y, void *out, int64_t outer, int64_t n, int64_t inner) {
    softmax_job job = {dtype, logarithm, true, g, y, out, n, inner};
    softmax_split(&job, outer);
}

void ck_logsumexp(ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    if (dtype == CK_FLOAT32) { logsumexp_f(x, out, outer, n, inner); } else { logsumexp_d(x, out, outer, n, inner); }
}
