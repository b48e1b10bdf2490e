// Losses of rows of logits with their gradients. Rows are short: their exponentials are taken of whole blocks of rows at once,
// so that they fill vectors whatever the number of classes.
#include "vector.h"
#include "ckernels_networks.h"

// Numbers in a block of rows; from so many on a row fills vectors by itself.
enum { BLOCK = 1024, LONG = 64 };
// One vector at a time: with ten classes there is no second one.
#define SHORT_LOOP _Pragma("clang loop vectorize(assume_safety) vectorize_width(8) interleave_count(1)")

#define LOSSES(T, s, FN)                                                                                             \
    /* e = exp of (x - the row's maximum) · inverse, which `shifted` holds unless NULL; `sums` those of the rows. */ \
    CK_CLONES static void exp_rows_##s(                                                                              \
        const T *x, T inverse, T *shifted, T *e, T *peaks, T *sums, int64_t rows, int64_t columns) {                 \
        if (columns >= LONG) {                                                                                       \
            for (int64_t r = 0; r < rows; r++) {                                                                     \
                _Pragma("clang fp reassociate(on)")                                                                  \
                const T *row = x + r * columns;                                                                      \
                T peak = ck_row_max_##FN(row, columns), sum = 0, *to = e + r * columns;                              \
                T *also = shifted ? shifted + r * columns : NULL;                                                    \
                if (also) {                                                                                          \
                    for (int64_t j = 0; j < columns; j++) {                                                          \
                        T v = (row[j] - peak) * inverse, y = ck_exp_##FN(v);                                         \
                        also[j] = v;                                                                                 \
                        to[j] = y;                                                                                   \
                        sum += y;                                                                                    \
                    }                                                                                                \
                } else {                                                                                             \
                    for (int64_t j = 0; j < columns; j++) {                                                          \
                        T y = ck_exp_##FN((row[j] - peak) * inverse);                                                \
                        to[j] = y;                                                                                   \
                        sum += y;                                                                                    \
                    }                                                                                                \
                }                                                                                                    \
                peaks[r] = peak;                                                                                     \
                sums[r] = sum;                                                                                       \
            }                                                                                                        \
            return;                                                                                                  \
        }                                                                                                            \
        T *scaled = shifted ? shifted : e;                                                                           \
        for (int64_t r = 0; r < rows; r++) {                                                                         \
            const T *row = x + r * columns;                                                                          \
            T peak = ck_row_max_##FN(row, columns), *to = scaled + r * columns;                                      \
            SHORT_LOOP for (int64_t j = 0; j < columns; j++) { to[j] = (row[j] - peak) * inverse; }                  \
            peaks[r] = peak;                                                                                         \
        }                                                                                                            \
        int64_t n = rows * columns;                                                                                  \
        CK_LOOP { e[i] = ck_exp_##FN(scaled[i]); }                                                                   \
        for (int64_t r = 0; r < rows; r++) {                                                                         \
            _Pragma("clang fp reassociate(on)")                                                                      \
            const T *row = e + r * columns;                                                                          \
            T sum = 0;                                                                                               \
            SHORT_LOOP for (int64_t j = 0; j < columns; j++) { sum += row[j]; }                                      \
            sums[r] = sum;                                                                                           \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void log_##s(const T *x, T *out, int64_t n) { CK_LOOP { out[i] = ck_log_##FN(x[i]); } }         \
    CK_CLONES static void scale_##s(T *x, T factor, int64_t n) {                                                     \
        SHORT_LOOP for (int64_t i = 0; i < n; i++) { x[i] *= factor; }                                               \
    }                                                                                                                \
    /* What a smoothed label leaves to all classes: Σ w (base - x), and Σ w. */                                      \
    static void spread_##s(const T *x, const T *w, T base, int64_t n, T *weighted, T *total) {                       \
        for (int64_t j = 0; j < n; j++) {                                                                            \
            T u = w ? w[j] : 1;                                                                                      \
            *weighted += u * (base - x[j]);                                                                          \
            *total += u;                                                                                             \
        }                                                                                                            \
    }                                                                                                                \
    static int64_t cross_entropy_##s(                                                                                \
        const T *x, const int64_t *y, const T *w, double smoothing, int64_t ignore, T *losses, T *weights,           \
        T *gradient, int64_t rows, int64_t n) {                                                                      \
        T spread = (T)(smoothing / (double)n), keep = (T)(1 - smoothing);                                            \
        T room[BLOCK], peaks[BLOCK], sums[BLOCK], logs[BLOCK];                                                       \
        int64_t block = n >= BLOCK ? 1 : BLOCK / (n > 0 ? n : 1);                                                    \
        T *wide = !gradient && n > BLOCK ? ck_scratch(3, (size_t)n * sizeof(T)) : room;                              \
        if (!wide) { return CK_NO_MEMORY; }                                                                          \
        for (int64_t r0 = 0; r0 < rows; r0 += block) {                                                               \
            int64_t count = rows - r0 < block ? rows - r0 : block;                                                   \
            T *e = gradient ? gradient + r0 * n : wide;                                                              \
            exp_rows_##s(x + r0 * n, 1, NULL, e, peaks, sums, count, n);                                             \
            log_##s(sums, logs, count);                                                                              \
            for (int64_t i = 0; i < count; i++) {                                                                    \
                const T *row = x + (r0 + i) * n;                                                                     \
                T *grad = e + i * n;                                                                                 \
                int64_t label = y[r0 + i];                                                                           \
                if (label == ignore) {                                                                               \
                    losses[r0 + i] = 0;                                                                              \
                    weights[r0 + i] = 0;                                                                             \
                    if (gradient) { memset(grad, 0, (size_t)n * sizeof(T)); }                                        \
                    continue;                                                                                        \
                }                                                                                                    \
                if (label < 0 || label >= n) { return r0 + i; }                                                      \
                T base = peaks[i] + logs[i], weight = w ? w[label] : 1;                                              \
                T loss = keep * weight * (base - row[label]), mass = keep * weight;                                  \
                if (spread != 0) {                                                                                   \
                    T weighted = 0, total = 0;                                                                       \
                    spread_##s(row, w, base, n, &weighted, &total);                                                  \
                    loss += spread * weighted;                                                                       \
                    mass += spread * total;                                                                          \
                }                                                                                                    \
                losses[r0 + i] = loss;                                                                               \
                weights[r0 + i] = weight;                                                                            \
                if (!gradient) { continue; }                                                                         \
                scale_##s(grad, mass / sums[i], n);                                                                  \
                grad[label] -= keep * weight;                                                                        \
                if (spread != 0) { for (int64_t j = 0; j < n; j++) { grad[j] -= spread * (w ? w[j] : 1); } }         \
            }                                                                                                        \
        }                                                                                                            \
        return -1;                                                                                                   \
    }                                                                                                                \
    /* Of one row with q = eq / sq and p = ep / sp: KL(p || q), and factor · (q - p) into `grad`. */                 \
    CK_CLONES static T divergence_##s(                                                                               \
        const T *lq, const T *eq, T sq, T log_q, const T *lp, const T *ep, T sp, T log_p, T factor, T *grad,         \
        int64_t n) {                                                                                                 \
        _Pragma("clang fp reassociate(on)")                                                                          \
        T sum = 0, to_q = 1 / sq, to_p = 1 / sp;                                                                     \
        SHORT_LOOP for (int64_t j = 0; j < n; j++) {                                                                 \
            T p = ep[j] * to_p;                                                                                      \
            sum += p > 0 ? p * ((lp[j] - log_p) - (lq[j] - log_q)) : 0;                                              \
            grad[j] = factor * (eq[j] * to_q - p);                                                                   \
        }                                                                                                            \
        return sum;                                                                                                  \
    }                                                                                                                \
    CK_CLONES static void add_##s(const T *x, T factor, T *to, int64_t n) {                                          \
        SHORT_LOOP for (int64_t i = 0; i < n; i++) { to[i] += factor * x[i]; }                                       \
    }                                                                                                                \
    static int64_t distillation_##s(                                                                                 \
        const T *s, const T *t, const int64_t *y, double temperature, double soft, double hard, double *losses,      \
        T *gradient, int64_t rows, int64_t n) {                                                                      \
        enum { PARTS = 4 };                                                                                          \
        T room[PARTS * BLOCK], peaks[BLOCK], sums_q[BLOCK], logs_q[BLOCK], sums_p[BLOCK], logs_p[BLOCK];             \
        T inverse = (T)(1 / temperature), factor = (T)(soft / temperature);                                          \
        int64_t block = n >= BLOCK ? 1 : BLOCK / (n > 0 ? n : 1), width = block * n;                                 \
        T *lq = n > BLOCK ? ck_scratch(3, (size_t)(PARTS * n) * sizeof(T)) : room;                                   \
        if (!lq) { return CK_NO_MEMORY; }                                                                            \
        T *eq = lq + width, *lp = eq + width, *ep = lp + width;                                                      \
        losses[0] = 0;                                                                                               \
        losses[1] = 0;                                                                                               \
        for (int64_t r0 = 0; r0 < rows; r0 += block) {                                                               \
            int64_t count = rows - r0 < block ? rows - r0 : block;                                                   \
            const T *a = s + r0 * n;                                                                                 \
            T *grad = gradient + r0 * n;                                                                             \
            exp_rows_##s(a, inverse, lq, eq, peaks, sums_q, count, n);                                               \
            exp_rows_##s(t + r0 * n, inverse, lp, ep, peaks, sums_p, count, n);                                      \
            log_##s(sums_q, logs_q, count);                                                                          \
            log_##s(sums_p, logs_p, count);                                                                          \
            for (int64_t i = 0; i < count; i++) {                                                                    \
                int64_t at = i * n;                                                                                  \
                losses[0] += (double)divergence_##s(                                                                 \
                    lq + at, eq + at, sums_q[i], logs_q[i], lp + at, ep + at, sums_p[i], logs_p[i], factor, grad + at, n); \
            }                                                                                                        \
            if (!y) { continue; }                                                                                    \
            exp_rows_##s(a, 1, NULL, eq, peaks, sums_q, count, n);                                                   \
            log_##s(sums_q, logs_q, count);                                                                          \
            for (int64_t i = 0; i < count; i++) {                                                                    \
                int64_t label = y[r0 + i];                                                                           \
                if (label < 0 || label >= n) { return r0 + i; }                                                      \
                losses[1] += (double)(peaks[i] + logs_q[i] - a[i * n + label]);                                      \
                add_##s(eq + i * n, (T)hard / sums_q[i], grad + i * n, n);                                           \
                grad[i * n + label] -= (T)hard;                                                                      \
            }                                                                                                        \
        }                                                                                                            \
        return -1;                                                                                                   \
    }
LOSSES(float, f, f)
LOSSES(double, d, d)

int64_t ck_cross_entropy(
    ck_dtype dtype, const void *x, const int64_t *y, const void *w, double smoothing, int64_t ignore, void *losses,
    void *weights, void *gradient, int64_t rows, int64_t n) {
    return dtype == CK_FLOAT32
        ? cross_entropy_f(x, y, w, smoothing, ignore, losses, weights, gradient, rows, n)
        : cross_entropy_d(x, y, w, smoothing, ignore, losses, weights, gradient, rows, n);
}

int64_t ck_distillation(
    ck_dtype dtype, const void *s, const void *t, const int64_t *y, double temperature, double soft, double hard,
    double losses[2], void *gradient, int64_t rows, int64_t n) {
    return dtype == CK_FLOAT32
        ? distillation_f(s, t, y, temperature, soft, hard, losses, gradient, rows, n)
        : distillation_d(s, t, y, temperature, soft, hard, losses, gradient, rows, n);
}
