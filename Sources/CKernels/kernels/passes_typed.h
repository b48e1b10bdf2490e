// Simple passes over numbers of type T.

static void NAME(axpy)(T alpha, const T *x, T *y, int64_t n) { CK_LOOP { y[i] += alpha * x[i]; } }

static void NAME(affine)(T alpha, T beta, const T *x, T *out, int64_t n) {
    CK_LOOP { out[i] = alpha * x[i] + beta; }
}

static void NAME(mul3)(const T *g, const T *a, const T *b, T *out, int64_t n) {
    CK_LOOP { out[i] = g[i] * a[i] * b[i]; }
}
