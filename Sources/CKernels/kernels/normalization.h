// Batch normalisation works on columns of [rows, channels], whole rows at a time. A handful of channels makes a poor
// vector loop, so rows are taken several at once, as one row of `period` values whose parameters are repeated.
// Sums run in short pieces whose totals are joined in double, in an order that does not depend on threads.

enum { COLUMN_PERIOD = 256, COLUMN_PIECE = 16384, MAX_COLUMN_PERIOD = 2 * COLUMN_PERIOD };

typedef struct {
    const void *g, *x, *y;
    void *out, *masked;
    const double *a, *b, *d, *mean;
    double *first, *second;
    bool relu;
    int64_t rows, c, rows_a_piece;
    /// Whether a piece found no memory.
    atomic_bool failed;
} columns_job;

/// Rows taken at once: as many as make up about 256 values.
static int64_t rows_at_once(int64_t c) { return c >= COLUMN_PERIOD ? 1 : COLUMN_PERIOD / c; }

#define TYPED "normalization_typed.h"
#include "for_reals.h"

static int64_t cut_columns(columns_job *j) {
    j->rows_a_piece = COLUMN_PIECE / j->c < 1 ? 1 : COLUMN_PIECE / j->c;
    int64_t unit = rows_at_once(j->c);
    j->rows_a_piece = (j->rows_a_piece + unit - 1) / unit * unit;
    return (j->rows + j->rows_a_piece - 1) / j->rows_a_piece;
}

static bool LEVELLED(column_moments)(ck_dtype dtype, const void *x, int64_t rows, int64_t c, double *mean, double *squares) {
    columns_job j = {.x = x, .rows = rows, .c = c};
    int64_t pieces = cut_columns(&j);
    j.first = ck_scratch(CK_SCRATCH_SUMS, (size_t)(2 * pieces * c) * sizeof(double));
    if (!j.first) { return false; }
    j.second = j.first + pieces * c;
    ck_parallel(pieces, dtype == CK_FLOAT32 ? columns_moments_f : columns_moments_d, &j);
    if (j.failed) { return false; }
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
    return true;
}

static bool LEVELLED(column_products)(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, int64_t rows, int64_t c,
    double *sum, double *product) {
    columns_job j = {.g = g, .x = x, .y = y, .a = mean, .rows = rows, .c = c};
    int64_t pieces = cut_columns(&j);
    j.first = ck_scratch(CK_SCRATCH_SUMS, (size_t)(2 * pieces * c) * sizeof(double));
    if (!j.first) { return false; }
    j.second = j.first + pieces * c;
    ck_parallel(pieces, dtype == CK_FLOAT32 ? columns_products_f : columns_products_d, &j);
    if (j.failed) { return false; }
    memset(sum, 0, (size_t)c * sizeof(double));
    memset(product, 0, (size_t)c * sizeof(double));
    for (int64_t p = 0; p < pieces; p++) {
        for (int64_t i = 0; i < c; i++) {
            sum[i] += j.first[p * c + i];
            product[i] += j.second[p * c + i];
        }
    }
    return true;
}

static bool LEVELLED(scale_columns)(
    ck_dtype dtype, const void *x, const double *scale, const double *shift, const void *residual, bool relu, void *out,
    int64_t rows, int64_t c) {
    columns_job j = {.x = x, .a = scale, .b = shift, .y = residual, .relu = relu, .out = out, .rows = rows, .c = c};
    ck_parallel(cut_columns(&j), dtype == CK_FLOAT32 ? columns_scale_f : columns_scale_d, &j);
    return !j.failed;
}

static bool LEVELLED(combine_columns)(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, const double *a, const double *b,
    const double *d, void *out, void *masked, int64_t rows, int64_t c) {
    columns_job j = {.g = g, .x = x, .y = y, .mean = mean, .a = a, .b = b, .d = d, .out = out, .masked = masked, .rows = rows, .c = c};
    ck_parallel(cut_columns(&j), dtype == CK_FLOAT32 ? columns_combine_f : columns_combine_d, &j);
    return !j.failed;
}

// MARK: Rows

typedef struct {
    ck_dtype dtype;
    const void *g, *x, *w, *b, *mean, *inverse;
    void *out, *kept_mean, *kept_inverse, *gw, *gb;
    double epsilon;
    int64_t rows, n, rows_a_piece;
} rows_job;

static void rows_forward(void *context, int64_t piece) {
    const rows_job *j = context;
    int64_t from = piece * j->rows_a_piece, to = from + j->rows_a_piece;
    to = to < j->rows ? to : j->rows;
    if (j->dtype == CK_FLOAT32) {
        layer_norm_f(j->x, j->w, j->b, j->epsilon, j->out, j->kept_mean, j->kept_inverse, from, to, j->n);
    } else {
        layer_norm_d(j->x, j->w, j->b, j->epsilon, j->out, j->kept_mean, j->kept_inverse, from, to, j->n);
    }
}

static void rows_backward(void *context, int64_t piece) {
    const rows_job *j = context;
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

static int64_t cut_rows(rows_job *j) {
    j->rows_a_piece = COLUMN_PIECE / (j->n > 0 ? j->n : 1);
    if (j->rows_a_piece < 16) { j->rows_a_piece = 16; }
    return (j->rows + j->rows_a_piece - 1) / j->rows_a_piece;
}

static void LEVELLED(layer_norm)(
    ck_dtype dtype, const void *x, const void *w, const void *b, double epsilon, void *out, void *mean, void *inverse,
    int64_t rows, int64_t n) {
    rows_job j = {
        .dtype = dtype, .x = x, .w = w, .b = b, .epsilon = epsilon, .out = out, .kept_mean = mean,
        .kept_inverse = inverse, .rows = rows, .n = n};
    ck_parallel(cut_rows(&j), rows_forward, &j);
}

static bool LEVELLED(layer_norm_backward)(
    ck_dtype dtype, const void *g, const void *x, const void *w, const void *mean, const void *inverse, void *gx,
    void *gw, void *gb, int64_t rows, int64_t n) {
    rows_job j = {
        .dtype = dtype, .g = g, .x = x, .w = w, .mean = mean, .inverse = inverse, .out = gx, .rows = rows, .n = n};
    int64_t pieces = cut_rows(&j);
    size_t item = dtype == CK_FLOAT32 ? sizeof(float) : sizeof(double), bytes = (size_t)(pieces * n) * item;
    char *sums = NULL;
    if (gw || gb) {
        sums = ck_scratch(CK_SCRATCH_SUMS, 2 * bytes);
        if (!sums) { return false; }
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
    return true;
}
