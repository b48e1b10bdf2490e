// A product of matrices of type T by straight loops.

static void NAME(product_by_loops)(
    bool ta, bool tb, int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, double alpha,
    const T *a, const T *b, double beta, T *c) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++) {
                sum += (double)(ta ? a[l * lda + i] : a[i * lda + l]) * (tb ? b[j * ldb + l] : b[l * ldb + j]);
            }
            c[i * ldc + j] = (T)(alpha * sum + (beta == 0 ? 0 : beta * c[i * ldc + j]));
        }
    }
}
