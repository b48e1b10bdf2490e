// Statistics of the channels of [n, c, inner] and of rows.
#include "plain.h"

void ckp_channel_moments(
    ck_dtype dtype, const void *x, int64_t n, int64_t c, int64_t inner, double *mean, double *squares) {
    for (int64_t k = 0; k < c; k++) {
        double sum = 0, total = 0;
        for (int64_t r = 0; r < n; r++) {
            for (int64_t i = 0; i < inner; i++) { sum += ckp_get(dtype, x, (r * c + k) * inner + i); }
        }
        mean[k] = sum / (double)(n * inner);
        for (int64_t r = 0; r < n; r++) {
            for (int64_t i = 0; i < inner; i++) {
                double v = ckp_get(dtype, x, (r * c + k) * inner + i) - mean[k];
                total += v * v;
            }
        }
        squares[k] = total;
    }
}

void ckp_scale_channels(
    ck_dtype dtype, const void *x, const double *scale, const double *shift, const void *residual, bool relu, void *out,
    int64_t n, int64_t c, int64_t inner) {
    for (int64_t at = 0; at < n * c * inner; at++) {
        int64_t k = at / inner % c;
        double value = ckp_get(dtype, x, at) * scale[k] + shift[k];
        if (residual) { value += ckp_get(dtype, residual, at); }
        ckp_set(dtype, out, at, relu && value < 0 ? 0 : value);
    }
}

void ckp_channel_products(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, int64_t n, int64_t c,
    int64_t inner, double *sum, double *product) {
    for (int64_t k = 0; k < c; k++) {
        sum[k] = 0;
        product[k] = 0;
        for (int64_t r = 0; r < n; r++) {
            for (int64_t i = 0; i < inner; i++) {
                int64_t at = (r * c + k) * inner + i;
                if (y && !(ckp_get(dtype, y, at) > 0)) { continue; }
                sum[k] += ckp_get(dtype, g, at);
                product[k] += ckp_get(dtype, g, at) * (ckp_get(dtype, x, at) - mean[k]);
            }
        }
    }
}

void ckp_combine_channels(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, const double *a, const double *b,
    const double *d, void *out, void *masked, int64_t n, int64_t c, int64_t inner) {
    for (int64_t at = 0; at < n * c * inner; at++) {
        int64_t k = at / inner % c;
        double slope = y && !(ckp_get(dtype, y, at) > 0) ? 0 : ckp_get(dtype, g, at);
        if (masked) { ckp_set(dtype, masked, at, slope); }
        double value = slope * a[k];
        if (x) { value += (ckp_get(dtype, x, at) - mean[k]) * b[k] + d[k]; }
        ckp_set(dtype, out, at, value);
    }
}

// Columns of [rows, c] are channels with one number a row.

bool ckp_column_moments(ck_dtype dtype, const void *x, int64_t rows, int64_t c, double *mean, double *squares) {
    ckp_channel_moments(dtype, x, rows, c, 1, mean, squares);
    return true;
}

bool ckp_scale_columns(
    ck_dtype dtype, const void *x, const double *scale, const double *shift, const void *residual, bool relu, void *out,
    int64_t rows, int64_t c) {
    ckp_scale_channels(dtype, x, scale, shift, residual, relu, out, rows, c, 1);
    return true;
}

bool ckp_column_products(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, int64_t rows, int64_t c,
    double *sum, double *product) {
    ckp_channel_products(dtype, g, x, y, mean, rows, c, 1, sum, product);
    return true;
}

bool ckp_combine_columns(
    ck_dtype dtype, const void *g, const void *x, const void *y, const double *mean, const double *a, const double *b,
    const double *d, void *out, void *masked, int64_t rows, int64_t c) {
    ckp_combine_channels(dtype, g, x, y, mean, a, b, d, out, masked, rows, c, 1);
    return true;
}

// MARK: Rows

void ckp_layer_norm(
    ck_dtype dtype, const void *x, const void *w, const void *b, double epsilon, void *out, void *mean, void *inverse,
    int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) { sum += ckp_get(dtype, x, r * n + i); }
        double m = sum / (double)n;
        for (int64_t i = 0; i < n; i++) {
            double v = ckp_get(dtype, x, r * n + i) - m;
            squares += v * v;
        }
        double s = 1 / sqrt(squares / (double)n + epsilon);
        ckp_set(dtype, mean, r, m);
        ckp_set(dtype, inverse, r, s);
        for (int64_t i = 0; i < n; i++) {
            double value = (ckp_get(dtype, x, r * n + i) - m) * s;
            if (w) { value *= ckp_get(dtype, w, i); }
            if (b) { value += ckp_get(dtype, b, i); }
            ckp_set(dtype, out, r * n + i, value);
        }
    }
}

bool ckp_layer_norm_backward(
    ck_dtype dtype, const void *g, const void *x, const void *w, const void *mean, const void *inverse, void *gx,
    void *gw, void *gb, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++) {
        double m = ckp_get(dtype, mean, r), s = ckp_get(dtype, inverse, r), sum = 0, product = 0;
        for (int64_t i = 0; i < n; i++) {
            double slope = ckp_get(dtype, g, r * n + i) * (w ? ckp_get(dtype, w, i) : 1);
            sum += slope;
            product += slope * (ckp_get(dtype, x, r * n + i) - m);
        }
        for (int64_t i = 0; i < n; i++) {
            double slope = ckp_get(dtype, g, r * n + i) * (w ? ckp_get(dtype, w, i) : 1);
            double along = (ckp_get(dtype, x, r * n + i) - m) * product * s * s / (double)n;
            ckp_set(dtype, gx, r * n + i, s * (slope - sum / (double)n - along));
        }
    }
    for (int64_t i = 0; i < n; i++) {
        double weights = 0, biases = 0;
        for (int64_t r = 0; r < rows; r++) {
            double slope = ckp_get(dtype, g, r * n + i);
            weights += slope * (ckp_get(dtype, x, r * n + i) - ckp_get(dtype, mean, r)) * ckp_get(dtype, inverse, r);
            biases += slope;
        }
        if (gw) { ckp_set(dtype, gw, i, weights); }
        if (gb) { ckp_set(dtype, gb, i, biases); }
    }
    return true;
}
