// Batch normalisation works on columns of [rows, channels], whole rows at a time. A handful of channels makes a poor
// vector loop, so rows are taken several at once, as one row of `period` values whose parameters are repeated.
// Sums run in short pieces whose totals are joined in double, in an order that does not depend on threads.
#include "ckernels_networks.h"
#include "vector.h"
#include <stdlib.h>
#include <string.h>

enum { PERIOD = 256, PIECE = 16384, MAX_PERIOD = 2 * PERIOD };

typedef struct {
    const void *g, *x, *y;
    void *out, *masked;
    const double *a, *b, *d, *mean;
    double *first, *second;
    bool relu;
    int64_t rows, c, rows_a_piece;
} job;

/// Rows taken at once: as many as make up about 256 values.
static int64_t rows_at_once(int64_t c) { return c >= PERIOD ? 1 : PERIOD / c; }

#define COLUMNS(T, S) \
    CK_CLONES static void moments_##S(void *context, int64_t piece) { \
        const job *j = context; \
        int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece; \
        to = to < j->rows ? to : j->rows; \
        int64_t period = rows_at_once(c) * c, end = to * c; \
        T *sum = ck_scratch(3, (size_t)(2 * period) * sizeof(T)), *mean = sum + period; \
        double *means = j->first + piece * c, *squares = j->second + piece * c; \
        for (int pass = 0; pass < 2; pass++) { \
            memset(sum, 0, (size_t)period * sizeof(T)); \
            for (int64_t at = from * c; at < end; at += period) { \
                int64_t n = end - at < period ? end - at : period; \
                const T *x = (const T *)j->x + at; \
                if (pass == 0) { \
                    CK_LOOP { sum[i] += x[i]; } \
                } else { \
                    CK_LOOP { sum[i] += (x[i] - mean[i]) * (x[i] - mean[i]); } \
                } \
            } \
            double *totals = pass == 0 ? means : squares; \
            memset(totals, 0, (size_t)c * sizeof(double)); \
            for (int64_t i = 0; i < period; i++) { totals[i % c] += (double)sum[i]; } \
            if (pass == 0) { \
                for (int64_t i = 0; i < c; i++) { means[i] /= (double)(to - from); } \
                for (int64_t i = 0; i < period; i++) { mean[i] = (T)means[i % c]; } \
                /* (The squares below are taken about the rounded mean, and corrected for that.) */ \
            } else { \
                for (int64_t i = 0; i < c; i++) { \
                    double shift = means[i] - (double)mean[i]; \
                    squares[i] -= (double)(to - from) * shift * shift; \
                } \
            } \
        } \
    } \
    CK_CLONES static void products_##S(void *context, int64_t piece) { \
        const job *j = context; \
        int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece; \
        to = to < j->rows ? to : j->rows; \
        int64_t period = rows_at_once(c) * c, end = to * c; \
        T *sum = ck_scratch(3, (size_t)(3 * period) * sizeof(T)), *product = sum + period, *mean = sum + 2 * period; \
        memset(sum, 0, (size_t)(2 * period) * sizeof(T)); \
        for (int64_t i = 0; i < period; i++) { mean[i] = (T)j->a[i % c]; } \
        for (int64_t at = from * c; at < end; at += period) { \
            int64_t n = end - at < period ? end - at : period; \
            const T *x = (const T *)j->x + at, *g = (const T *)j->g + at, *y = j->y ? (const T *)j->y + at : NULL; \
            if (y) { \
                CK_LOOP { \
                    T value = y[i] > 0 ? g[i] : 0; \
                    sum[i] += value; \
                    product[i] += value * (x[i] - mean[i]); \
                } \
            } else { \
                CK_LOOP { \
                    sum[i] += g[i]; \
                    product[i] += g[i] * (x[i] - mean[i]); \
                } \
            } \
        } \
        double *sums = j->first + piece * c, *products = j->second + piece * c; \
        memset(sums, 0, (size_t)c * sizeof(double)); \
        memset(products, 0, (size_t)c * sizeof(double)); \
        for (int64_t i = 0; i < period; i++) { \
            sums[i % c] += (double)sum[i]; \
            products[i % c] += (double)product[i]; \
        } \
    } \
    CK_CLONES static void scale_##S(void *context, int64_t piece) { \
        const job *j = context; \
        int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece; \
        to = to < j->rows ? to : j->rows; \
        int64_t period = rows_at_once(c) * c, end = to * c; \
        T *scale = ck_scratch(3, (size_t)(2 * period) * sizeof(T)), *shift = scale + period; \
        for (int64_t i = 0; i < period; i++) { scale[i] = (T)j->a[i % c]; } \
        for (int64_t i = 0; i < period; i++) { shift[i] = (T)j->b[i % c]; } \
        for (int64_t at = from * c; at < end; at += period) { \
            int64_t n = end - at < period ? end - at : period; \
            const T *x = (const T *)j->x + at, *more = j->y ? (const T *)j->y + at : NULL; \
            T *out = (T *)j->out + at; \
            if (more && j->relu) { \
                CK_LOOP { \
                    T value = x[i] * scale[i] + shift[i] + more[i]; \
                    out[i] = value < 0 ? 0 : value; \
                } \
            } else if (more) { \
                CK_LOOP { out[i] = x[i] * scale[i] + shift[i] + more[i]; } \
            } else if (j->relu) { \
                CK_LOOP { \
                    T value = x[i] * scale[i] + shift[i]; \
                    out[i] = value < 0 ? 0 : value; \
                } \
            } else { \
                CK_LOOP { out[i] = x[i] * scale[i] + shift[i]; } \
            } \
        } \
    } \
    CK_CLONES static void combine_##S(void *context, int64_t piece) { \
        const job *j = context; \
        int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece; \
        to = to < j->rows ? to : j->rows; \
        int64_t period = rows_at_once(c) * c, end = to * c; \
        T *a = ck_scratch(3, (size_t)(4 * period) * sizeof(T)), *b = a + period, *d = b + period, *mean = d + period; \
        for (int64_t i = 0; i < period; i++) { a[i] = (T)j->a[i % c]; } \
        for (int64_t i = 0; i < period; i++) { b[i] = j->x ? (T)j->b[i % c] : 0; } \
        for (int64_t i = 0; i < period; i++) { d[i] = j->x ? (T)j->d[i % c] : 0; } \
        for (int64_t i = 0; i < period; i++) { mean[i] = j->x ? (T)j->mean[i % c] : 0; } \
        for (int64_t at = from * c; at < end; at += period) { \
            int64_t n = end - at < period ? end - at : period; \
            const T *g = (const T *)j->g + at, *x = j->x ? (const T *)j->x + at : NULL; \
            const T *y = j->y ? (const T *)j->y + at : NULL; \
            T *out = (T *)j->out + at, *masked = j->masked ? (T *)j->masked + at : NULL; \
            if (masked) { \
                CK_LOOP { masked[i] = !y || y[i] > 0 ? g[i] : 0; } \
                g = masked; \
                y = NULL; \
            } \
            if (x && y) { \
                CK_LOOP { out[i] = (y[i] > 0 ? g[i] : 0) * a[i] + ((x[i] - mean[i]) * b[i] + d[i]); } \
            } else if (x) { \
                CK_LOOP { out[i] = g[i] * a[i] + ((x[i] - mean[i]) * b[i] + d[i]); } \
            } else if (y) { \
                CK_LOOP { out[i] = (y[i] > 0 ? g[i] : 0) * a[i]; } \
            } else { \
                CK_LOOP { out[i] = g[i] * a[i]; } \
            } \
        } \
    } \
    CK_CLONES static void layer_norm_##S( \
        const T *x, const T *w, const T *b, double epsilon, T *out, T *mean, T *inverse, int64_t from, int64_t to, \
        int64_t n) { \
        for (int64_t r = from; r < to; r++) { \
            const T *row = x + r * n; \
            T *y = out + r * n; \
            double total = 0, squares = 0; \
            _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) { \
                _Pragma("clang fp reassociate(on)") total += (double)row[i]; \
            } \
            total /= (double)n; \
            _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) { \
                _Pragma("clang fp reassociate(on)") squares += ((double)row[i] - total) * ((double)row[i] - total); \
            } \
            double scale = 1 / sqrt(squares / (double)n + epsilon); \
            T m = (T)total, s = (T)scale; \
            mean[r] = m; \
            inverse[r] = s; \
            CK_LOOP { y[i] = (row[i] - m) * s; } \
            if (w) { \
                CK_LOOP { y[i] *= w[i]; } \
            } \
            if (b) { \
                CK_LOOP { y[i] += b[i]; } \
            } \
        } \
    } \
    CK_CLONES static void layer_norm_backward_##S( \
        const T *g, const T *x, const T *w, const T *mean, const T *inverse, T *gx, T *gw, T *gb, int64_t from, \
        int64_t to, int64_t n) { \
        for (int64_t r = from; r < to; r++) { \
            const T *row = x + r * n, *grow = g + r * n; \
            T m = mean[r], s = inverse[r], *out = gx + r * n; \
            double sum = 0, product = 0; \
            if (w) { \
                CK_LOOP { out[i] = grow[i] * w[i]; } \
            } else { \
                memcpy(out, grow, (size_t)n * sizeof(T)); \
            } \
            _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) { \
                _Pragma("clang fp reassociate(on)") sum += (double)out[i]; \
            } \
            _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) { \
                _Pragma("clang fp reassociate(on)") product += (double)(out[i] * (row[i] - m)); \
            } \
            T a = (T)(sum / (double)n), b = (T)(product * (double)s * (double)s / (double)n); \
            CK_LOOP { out[i] = s * (out[i] - a - (row[i] - m) * b); } \
            if (gw) { \
                CK_LOOP { gw[i] += grow[i] * ((row[i] - m) * s); } \
            } \
            if (gb) { \
                CK_LOOP { gb[i] += grow[i]; } \
            } \
        } \
    }
COLUMNS(float, f)
COLUMNS(double, d)

static int64_t cut(job *j) {
    j->rows_a_piece = PIECE / j->c < 1 ? 1 : PIECE / j->c;
    int64_t unit = rows_at_once(j->c);
    j->rows_a_piece = (j->rows_a_piece + unit - 1) / unit * unit;
    return (j->rows + j->rows_a_piece - 1) / j->rows_a_piece;
}

void ck_column_moments(ck_dtype dtype, const void *x, int64_t rows, int64_t c, double *mean, double *squares) {
    job j = {.x = x, .rows = rows, .c = c};
    int64_t pieces = cut(&j);
    j.first = ck_scratch(2, (size_t)(2 * pieces * c) * sizeof(double));
    j.second = j.first + pieces * c;
    ck_parallel(pieces, dtype == CK_FLOAT32 ? moments_f : moments_d, &j);
    memset(mean, 0, (size_t)c * sizeof(double));
    memset(squares, 0, (size_t)c * sizeof(double));
    // Chan, Golub and LeVeque, 1979: means and squares of two sets give those of both.
    double before = 0;
    for (int64_t p = 0; p < pieces; p++) {
        int64_t left = rows - p * j.rows_a_piece;
        double count = (double)(left < j.rows_a_piece ? left : j.rows_a_piece), all = before + count;
        for (int64_t i = 0; i < c; i++) {
            double step = j.first[p * c + i] - mean[i];
            mean[i] += step * count / all;
            squares[i] += j.second[p * c + i] + step * step * before * count / all;
        }
        before = all;
    }
}

void ck_column_products(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, int64_t rows, int64_t c,
    double *sum, double *product) {
    job j = {.g = g, .x = x, .y = y, .a = mean, .rows = rows, .c = c};
    int64_t pieces = cut(&j);
    j.first = ck_scratch(2, (size_t)(2 * pieces * c) * sizeof(double));
    j.second = j.first + pieces * c;
    ck_parallel(pieces, dtype == CK_FLOAT32 ? products_f : products_d, &j);
    memset(sum, 0, (size_t)c * sizeof(double));
    memset(product, 0, (size_t)c * sizeof(double));
    for (int64_t p = 0; p < pieces; p++) {
        for (int64_t i = 0; i < c; i++) {
            sum[i] += j.first[p * c + i];
            product[i] += j.second[p * c + i];
        }
    }
}

void ck_scale_columns(
    ck_dtype dtype, const void *x, const double *scale, const double *shift, const void *residual, bool relu, void *out,
    int64_t rows, int64_t c) {
    job j = {.x = x, .a = scale, .b = shift, .y = residual, .relu = relu, .out = out, .rows = rows, .c = c};
    ck_parallel(cut(&j), dtype == CK_FLOAT32 ? scale_f : scale_d, &j);
}

void ck_combine_columns(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, const double *a, const double *b,
    const double *d, void *out, void *masked, int64_t rows, int64_t c) {
    job j = {.g = g, .x = x, .y = y, .mean = mean, .a = a, .b = b, .d = d, .out = out, .masked = masked, .rows = rows, .c = c};
    ck_parallel(cut(&j), dtype == CK_FLOAT32 ? combine_f : combine_d, &j);
}

// MARK: Rows

typedef struct {
    ck_dtype dtype;
    const void *g, *x, *w, *b, *mean, *inverse;
    void *out, *kept_mean, *kept_inverse, *gw, *gb;
    double epsilon;
    int64_t rows, n, rows_a_piece;
} row_job;

static void rows_forward(void *context, int64_t piece) {
    const row_job *j = context;
    int64_t from = piece * j->rows_a_piece, to = from + j->rows_a_piece;
    to = to < j->rows ? to : j->rows;
    if (j->dtype == CK_FLOAT32) {
        layer_norm_f(j->x, j->w, j->b, j->epsilon, j->out, j->kept_mean, j->kept_inverse, from, to, j->n);
    } else {
        layer_norm_d(j->x, j->w, j->b, j->epsilon, j->out, j->kept_mean, j->kept_inverse, from, to, j->n);
    }
}

static void rows_backward(void *context, int64_t piece) {
    const row_job *j = context;
    int64_t from = piece * j->rows_a_piece, to = from + j->rows_a_piece, at = piece * j->n;
    to = to < j->rows ? to : j->rows;
    if (j->dtype == CK_FLOAT32) {
        layer_norm_backward_f(
            j->g, j->x, j->w, j->mean, j->inverse, j->out, j->gw ? (float *)j->gw + at : NULL,
            j->gb ? (float *)j->gb + at : NULL, from, to, j->n);
    } else {
        layer_norm_backward_d(
            j->g, j->x, j->w, j->mean, j->inverse, j->out, j->gw ? (double *)j->gw + at : NULL,
            j->gb ? (double *)j->gb + at : NULL, from, to, j->n);
    }
}

static int64_t cut_rows(row_job *j) {
    j->rows_a_piece = PIECE / (j->n > 0 ? j->n : 1);
    if (j->rows_a_piece < 16) { j->rows_a_piece = 16; }
    return (j->rows + j->rows_a_piece - 1) / j->rows_a_piece;
}

void ck_layer_norm(
    ck_dtype dtype, const void *x, const void *w, const void *b, double epsilon, void *out, void *mean, void *inverse,
    int64_t rows, int64_t n) {
    row_job j = {
        .dtype = dtype, .x = x, .w = w, .b = b, .epsilon = epsilon, .out = out, .kept_mean = mean,
        .kept_inverse = inverse, .rows = rows, .n = n};
    ck_parallel(cut_rows(&j), rows_forward, &j);
}

void ck_layer_norm_backward(
    ck_dtype dtype, const void *g, const void *x, const void *w, const void *mean, const void *inverse, void *gx,
    void *gw, void *gb, int64_t rows, int64_t n) {
    row_job j = {
        .dtype = dtype, .g = g, .x = x, .w = w, .mean = mean, .inverse = inverse, .out = gx, .rows = rows, .n = n};
    int64_t pieces = cut_rows(&j);
    size_t item = dtype == CK_FLOAT32 ? sizeof(float) : sizeof(double), bytes = (size_t)(pieces * n) * item;
    char *sums = NULL;
    if (gw || gb) {
        sums = ck_scratch(2, 2 * bytes);
        memset(sums, 0, 2 * bytes);
        j.gw = gw ? sums : NULL;
        j.gb = gb ? sums + bytes : NULL;
    }
    ck_parallel(pieces, rows_backward, &j);
    void *targets[2] = {gw, gb};
    for (int t = 0; t < 2; t++) {
        if (!targets[t]) { continue; }
        for (int64_t i = 0; i < n; i++) {
            double total = 0;
            for (int64_t p = 0; p < pieces; p++) {
                total += item == 4 ? (double)((float *)(sums + (size_t)t * bytes))[p * n + i]
                                   : ((double *)(sums + (size_t)t * bytes))[p * n + i];
            }
            if (item == 4) {
                ((float *)targets[t])[i] = (float)total;
            } else {
                ((double *)targets[t])[i] = total;
            }
        }
    }
}
