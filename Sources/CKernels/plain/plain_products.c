#include "plain.h"
#include "../levels.h"

/// Columns of the result that are summed together, so that a row of B is read along memory.
enum { WIDTH = 64 };

/// c = alpha · op(a) op(b) + beta · c + bias, then relu, for float dtypes.
CKP_INLINE void multiply_typed(
    ck_dtype dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const void *a, const void *b,
    double beta, const void *bias, bool relu, void *c) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t first = 0; first < n; first += WIDTH) {
            int64_t last = first + WIDTH < n ? first + WIDTH : n;
            double sum[WIDTH] = {0};
            for (int64_t p = 0; p < k; p++) {
                double x = ckp_get(dtype, a, ta ? p * m + i : i * k + p);
                for (int64_t j = first; j < last; j++) { sum[j - first] += x * ckp_get(dtype, b, tb ? j * k + p : p * n + j); }
            }
            for (int64_t j = first; j < last; j++) {
                double value = alpha * sum[j - first];
                // What stands there when beta is 0 may be anything, even NaN.
                if (beta != 0) { value += beta * ckp_get(dtype, c, i * n + j); }
                if (bias) { value += ckp_get(dtype, bias, j); }
                ckp_set(dtype, c, i * n + j, relu && value < 0 ? 0 : value);
            }
        }
    }
}

static void multiply(
    ck_dtype dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const void *a, const void *b,
    double beta, const void *bias, bool relu, void *c) {
    if (dtype == CK_FLOAT32) { multiply_typed(CK_FLOAT32, ta, tb, m, n, k, alpha, a, b, beta, bias, relu, c); }
    else { multiply_typed(CK_FLOAT64, ta, tb, m, n, k, alpha, a, b, beta, bias, relu, c); }
}

static void multiply_whole(
    bool ta, bool tb, int64_t m, int64_t n, int64_t k, const int64_t *a, const int64_t *b, double beta, int64_t *c) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            uint64_t sum = beta == 0 ? 0 : (uint64_t)c[i * n + j];
            for (int64_t p = 0; p < k; p++) {
                sum += (uint64_t)a[ta ? p * m + i : i * k + p] * (uint64_t)b[tb ? j * k + p : p * n + j];
            }
            c[i * n + j] = (int64_t)sum;
        }
    }
}

void ckp_gemm(
    ck_dtype dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const void *a, const void *b,
    double beta, void *c) {
    if (ckp_is_real(dtype)) { multiply(dtype, ta, tb, m, n, k, alpha, a, b, beta, NULL, false, c); }
    else { multiply_whole(ta, tb, m, n, k, a, b, beta, c); }
}

void ckp_gemm_batched(
    ck_dtype dtype, bool ta, bool tb, int64_t batch, int64_t m, int64_t n, int64_t k, const void *a, int64_t stride_a,
    const void *b, int64_t stride_b, double beta, void *c) {
    int64_t item = (int64_t)ckp_item(dtype);
    for (int64_t i = 0; i < batch; i++) {
        const char *x = (const char *)a + i * stride_a * item, *y = (const char *)b + i * stride_b * item;
        ckp_gemm(dtype, ta, tb, m, n, k, 1, x, y, beta, (char *)c + i * m * n * item);
    }
}

void ckp_linear(
    ck_dtype dtype, int64_t m, int64_t n, int64_t k, const void *x, const void *w, const void *bias, bool relu,
    void *out) {
    multiply(dtype, false, true, m, n, k, 1, x, w, 0, bias, relu, out);
}

void ckp_relu_bias_backward(
    ck_dtype dtype, const void *g, const void *y, void *out, void *bias, int64_t rows, int64_t columns) {
    for (int64_t j = 0; j < columns; j++) {
        double sum = bias ? ckp_get(dtype, bias, j) : 0;
        for (int64_t r = 0; r < rows; r++) {
            int64_t at = r * columns + j;
            double value = ckp_get(dtype, y, at) <= 0 ? 0 : ckp_get(dtype, g, at);
            ckp_set(dtype, out, at, value);
            sum += value;
        }
        if (bias) { ckp_set(dtype, bias, j, sum); }
    }
}
