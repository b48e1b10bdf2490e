#include "vector.h"
#include "blas.h"

// Below this many multiply-adds one thread is faster than two.
static const double parallel_work = 5e5;

// CBLAS's numbers for row-major storage and for transposition.
enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };

// The product where there is no OpenBLAS: right, and slow.
#define PLAIN(NAME, T) \
    static void NAME( \
        bool ta, bool tb, int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, double alpha, const T *a, \
        const T *b, double beta, T *c) { \
        for (int64_t i = 0; i < m; i++) { \
            for (int64_t j = 0; j < n; j++) { \
                double sum = 0; \
                for (int64_t l = 0; l < k; l++) { \
                    sum += (double)(ta ? a[l * lda + i] : a[i * lda + l]) * (tb ? b[j * ldb + l] : b[l * ldb + j]); \
                } \
                c[i * n + j] = (T)(alpha * sum + (beta == 0 ? 0 : beta * c[i * n + j])); \
            } \
        } \
    }
PLAIN(plain_f, float)
PLAIN(plain_d, double)

static void gemm_one(
    ck_dtype dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, double alpha,
    const void *a, const void *b, double beta, void *c) {
    const ck_blas_functions *blas = ck_blas();
    int x = ta ? TRANSPOSED : AS_IT_IS, y = tb ? TRANSPOSED : AS_IT_IS;
    if (dtype == CK_FLOAT32 && blas) {
        blas->sgemm(
            ROW_MAJOR, x, y, (int)m, (int)n, (int)k, (float)alpha, a, (int)lda, b, (int)ldb, (float)beta, c, (int)n);
    } else if (blas) {
        blas->dgemm(ROW_MAJOR, x, y, (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)n);
    } else if (dtype == CK_FLOAT32) {
        plain_f(ta, tb, m, n, k, lda, ldb, alpha, a, b, beta, c);
    } else {
        plain_d(ta, tb, m, n, k, lda, ldb, alpha, a, b, beta, c);
    }
}

/// int64 products, by rows so that the inner loop runs along memory.
static void gemm_whole(
    bool ta, bool tb, int64_t m, int64_t n, int64_t k, const int64_t *a, const int64_t *b, double beta, int64_t *c) {
    if (beta == 0) { memset(c, 0, (size_t)(m * n) * sizeof(int64_t)); }
    for (int64_t i = 0; i < m; i++) {
        for (int64_t p = 0; p < k; p++) {
            uint64_t x = (uint64_t)(ta ? a[p * m + i] : a[i * k + p]);
            for (int64_t j = 0; j < n; j++) {
                c[i * n + j] = (int64_t)((uint64_t)c[i * n + j] + x * (uint64_t)(tb ? b[j * k + p] : b[p * n + j]));
            }
        }
    }
}

typedef struct {
    ck_dtype dtype;
    bool ta, tb;
    int64_t m, n, k;
    double alpha, beta;
    const char *a, *b;
    char *c;
} gemm_job;

static void gemm_piece(void *context, int64_t from, int64_t to) {
    const gemm_job *job = context;
    int64_t item = (int64_t)ck_item(job->dtype);
    // Rows of C are rows of op(A).
    const char *a = job->a + from * item * (job->ta ? 1 : job->k);
    gemm_one(
        job->dtype, job->ta, job->tb, to - from, job->n, job->k, job->ta ? job->m : job->k, job->tb ? job->k : job->n,
        job->alpha, a, job->b, job->beta, job->c + from * job->n * item);
}

void ck_gemm(
    ck_dtype dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const void *a, const void *b,
    double beta, void *c) {
    if (m == 0 || n == 0) { return; }
    if (dtype > CK_FLOAT64) {
        gemm_whole(ta, tb, m, n, k, a, b, beta, c);
        return;
    }
    if (k == 0) {
        if (beta == 0) { memset(c, 0, (size_t)(m * n) * ck_item(dtype)); }
        return;
    }
    gemm_job job = {dtype, ta, tb, m, n, k, alpha, beta, a, b, c};
    int64_t threads = ck_threads(), grain = m;
    if (threads > 1 && (double)m * (double)n * (double)k > parallel_work && m >= 32) {
        grain = ((m + threads - 1) / threads + 15) / 16 * 16;
    }
    ck_split(m, grain, gemm_piece, &job);
}

typedef struct {
    ck_dtype dtype;
    bool ta, tb;
    int64_t m, n, k, stride_a, stride_b;
    const char *a, *b;
    double beta;
    char *c;
} batch_job;

static void batch_piece(void *context, int64_t from, int64_t to) {
    const batch_job *job = context;
    int64_t item = (int64_t)ck_item(job->dtype);
    for (int64_t i = from; i < to; i++) {
        const char *a = job->a + i * job->stride_a * item, *b = job->b + i * job->stride_b * item;
        char *c = job->c + i * job->m * job->n * item;
        if (job->dtype > CK_FLOAT64) {
            gemm_whole(
                job->ta, job->tb, job->m, job->n, job->k, (const int64_t *)(const void *)a,
                (const int64_t *)(const void *)b, job->beta, (int64_t *)(void *)c);
        } else {
            gemm_one(
                job->dtype, job->ta, job->tb, job->m, job->n, job->k, job->ta ? job->m : job->k,
                job->tb ? job->k : job->n, 1, a, b, job->beta, c);
        }
    }
}

void ck_gemm_batched(
    ck_dtype dtype, bool ta, bool tb, int64_t batch, int64_t m, int64_t n, int64_t k, const void *a, int64_t stride_a,
    const void *b, int64_t stride_b, double beta, void *c) {
    if (m == 0 || n == 0 || batch == 0) { return; }
    if (k == 0) {
        if (beta == 0) { memset(c, 0, (size_t)(batch * m * n) * ck_item(dtype)); }
        return;
    }
    batch_job job = {dtype, ta, tb, m, n, k, stride_a, stride_b, a, b, beta, c};
    double work = (double)batch * (double)m * (double)n * (double)k;
    int64_t grain = work > parallel_work ? (batch + ck_threads() - 1) / ck_threads() : batch;
    ck_split(batch, grain, batch_piece, &job);
}

#define EPILOGUE(T, s)                                                                                               \
    CK_CLONES static void spread_##s(const T *bias, T *out, int64_t rows, int64_t columns) {                         \
        for (int64_t r = 0; r < rows; r++) { memcpy(out + r * columns, bias, (size_t)columns * sizeof(T)); }         \
    }                                                                                                                \
    CK_CLONES static void rectify_##s(T *out, int64_t n) { CK_LOOP { out[i] = out[i] < 0 ? 0 : out[i]; } }           \
    CK_CLONES static void relu_bias_##s(const T *g, const T *y, T *out, T *bias, int64_t rows, int64_t n) {          \
        for (int64_t r = 0; r < rows; r++) {                                                                         \
            const T *gr = g + r * n, *yr = y + r * n;                                                                \
            T *to = out + r * n;                                                                                     \
            if (bias) { CK_LOOP { T v = yr[i] <= 0 ? 0 : gr[i]; to[i] = v; bias[i] += v; } }                         \
            else { CK_LOOP { to[i] = yr[i] <= 0 ? 0 : gr[i]; } }                                                     \
        }                                                                                                            \
    }
EPILOGUE(float, f)
EPILOGUE(double, d)

typedef struct {
    ck_dtype dtype;
    bool relu;
    int64_t n, k;
    const char *x, *w, *bias;
    char *out;
} linear_job;

static void linear_piece(void *context, int64_t from, int64_t to) {
    const linear_job *job = context;
    int64_t item = (int64_t)ck_item(job->dtype), rows = to - from;
    char *out = job->out + from * job->n * item;
    bool single = job->dtype == CK_FLOAT32;
    if (job->bias) {
        if (single) { spread_f((const float *)(const void *)job->bias, (float *)(void *)out, rows, job->n); }
        else { spread_d((const double *)(const void *)job->bias, (double *)(void *)out, rows, job->n); }
    }
    if (job->k > 0) {
        gemm_one(
            job->dtype, false, true, rows, job->n, job->k, job->k, job->k, 1, job->x + from * job->k * item, job->w,
            job->bias ? 1 : 0, out);
    } else if (!job->bias) {
        memset(out, 0, (size_t)(rows * job->n * item));
    }
    if (job->relu) {
        if (single) { rectify_f((float *)(void *)out, rows * job->n); }
        else { rectify_d((double *)(void *)out, rows * job->n); }
    }
}

void ck_linear(
    ck_dtype dtype, int64_t m, int64_t n, int64_t k, const void *x, const void *w, const void *bias, bool relu,
    void *out) {
    if (m == 0 || n == 0) { return; }
    linear_job job = {dtype, relu, n, k, x, w, bias, out};
    int64_t threads = ck_threads(), grain = m;
    if (threads > 1 && (double)m * (double)n * (double)k > parallel_work && m >= 32) {
        grain = ((m + threads - 1) / threads + 15) / 16 * 16;
    }
    ck_split(m, grain, linear_piece, &job);
}

void ck_relu_bias_backward(
    ck_dtype dtype, const void *g, const void *y, void *out, void *bias, int64_t rows, int64_t columns) {
    if (dtype == CK_FLOAT32) { relu_bias_f(g, y, out, bias, rows, columns); }
    else { relu_bias_d(g, y, out, bias, rows, columns); }
}
