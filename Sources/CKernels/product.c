#include "vector.h"
#include "blas.h"
#include "ckernels_networks.h"
#include "panels.h"

// Below this many multiply-adds one thread is faster than two.
static const double parallel_work = 5e5;
// From so many on, another meeting of the threads costs nothing.
static const double large_work = 2e7;

// CBLAS's numbers for row-major storage and for transposition.
enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };

// The product where there is no OpenBLAS: right, and slow.
#define PLAIN(NAME, T) \
    static void NAME( \
        bool ta, bool tb, int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc, double alpha, \
        const T *a, const T *b, double beta, T *c) { \
        for (int64_t i = 0; i < m; i++) { \
            for (int64_t j = 0; j < n; j++) { \
                double sum = 0; \
                for (int64_t l = 0; l < k; l++) { \
                    sum += (double)(ta ? a[l * lda + i] : a[i * lda + l]) * (tb ? b[j * ldb + l] : b[l * ldb + j]); \
                } \
                c[i * ldc + j] = (T)(alpha * sum + (beta == 0 ? 0 : beta * c[i * ldc + j])); \
            } \
        } \
    }
PLAIN(plain_f, float)
PLAIN(plain_d, double)

const char *ck_product_engine(void) {
    if (ck_panels_suit()) { return "panels of AVX2"; }
    return ck_blas() ? "OpenBLAS" : "plain loops";
}

/// Whether panels.c computes a product: it depends on the product alone, so that the same one always gives the same bits.
static bool by_panels(ck_dtype dtype, double alpha, double beta) {
    return dtype == CK_FLOAT32 && ck_panels_suit() && alpha == 1 && (beta == 0 || beta == 1);
}

/// The operands of one product: C[m, n] = alpha · op(A) op(B) + beta · C with the given leading dimensions.
typedef struct {
    ck_dtype dtype;
    bool ta, tb;
    bool by_panels;
    int64_t lda, ldb, ldc, k;
    double alpha, beta;
} product;

/// `bias` (one number a column, or NULL) and `relu` are for panels, which bring them along.
static void gemm_one(
    const product *p, int64_t m, int64_t n, const void *a, const void *b, void *c, const float *bias, bool relu) {
    if (p->by_panels) {
        ck_panel_operands operands = {
            a, b, c, p->k, p->ta ? 1 : p->lda, p->ta ? p->lda : 1, p->tb ? 1 : p->ldb, p->tb ? p->ldb : 1, p->ldc, bias,
            p->beta == 1, relu};
        ck_panel_product(&operands, m, n);
        return;
    }
    const ck_blas_functions *blas = ck_blas();
    int x = p->ta ? TRANSPOSED : AS_IT_IS, y = p->tb ? TRANSPOSED : AS_IT_IS;
    if (p->dtype == CK_FLOAT32 && blas) {
        blas->sgemm(
            ROW_MAJOR, x, y, (int)m, (int)n, (int)p->k, (float)p->alpha, a, (int)p->lda, b, (int)p->ldb, (float)p->beta, c,
            (int)p->ldc);
    } else if (blas) {
        blas->dgemm(
            ROW_MAJOR, x, y, (int)m, (int)n, (int)p->k, p->alpha, a, (int)p->lda, b, (int)p->ldb, p->beta, c, (int)p->ldc);
    } else if (p->dtype == CK_FLOAT32) {
        plain_f(p->ta, p->tb, m, n, p->k, p->lda, p->ldb, p->ldc, p->alpha, a, b, p->beta, c);
    } else {
        plain_d(p->ta, p->tb, m, n, p->k, p->lda, p->ldb, p->ldc, p->alpha, a, b, p->beta, c);
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

/// Pieces of a product: of the rows of C, or of its columns where these are more, so that every thread prepares only its
/// part of the larger operand. They depend on the sizes and the number of threads only.
typedef struct {
    product p;
    int64_t m, n;
    bool by_columns;
    int64_t grain;
} division;

static division divide(const product *p, int64_t m, int64_t n) {
    division d = {*p, m, n, n > m, 0};
    double work = (double)m * (double)n * (double)p->k;
    d.p.by_panels = by_panels(p->dtype, p->alpha, p->beta);
    int64_t threads = ck_threads(), length = d.by_columns ? n : m;
    d.grain = length;
    // Of large products every thread gets two pieces, so that one that is held up leaves its second one to another.
    int64_t pieces = work > large_work ? 2 * threads : threads;
    if (threads > 1 && work > parallel_work && length >= 32) { d.grain = ((length + pieces - 1) / pieces + 15) / 16 * 16; }
    return d;
}

typedef struct {
    division d;
    const char *a, *b;
    char *c;
} gemm_job;

static void gemm_piece(void *context, int64_t from, int64_t to) {
    const gemm_job *job = context;
    const product *p = &job->d.p;
    int64_t item = (int64_t)ck_item(p->dtype);
    if (job->d.by_columns) {
        const char *b = job->b + from * item * (p->tb ? p->ldb : 1);
        gemm_one(p, job->d.m, to - from, job->a, b, job->c + from * item, NULL, false);
    } else {
        const char *a = job->a + from * item * (p->ta ? 1 : p->lda);
        gemm_one(p, to - from, job->d.n, a, job->b, job->c + from * p->ldc * item, NULL, false);
    }
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
    product p = {dtype, ta, tb, false, ta ? m : k, tb ? k : n, n, k, alpha, beta};
    gemm_job job = {divide(&p, m, n), a, b, c};
    ck_split(job.d.by_columns ? n : m, job.d.grain, gemm_piece, &job);
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
            product p = {
                job->dtype, job->ta, job->tb, by_panels(job->dtype, 1, job->beta), job->ta ? job->m : job->k,
                job->tb ? job->k : job->n, job->n, job->k, 1, job->beta};
            gemm_one(&p, job->m, job->n, a, b, c, NULL, false);
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
    CK_CLONES static void spread_##s(const T *bias, T *out, int64_t rows, int64_t columns, int64_t stride) {         \
        for (int64_t r = 0; r < rows; r++) { memcpy(out + r * stride, bias, (size_t)columns * sizeof(T)); }          \
    }                                                                                                                \
    CK_CLONES static void rectify_##s(T *to, int64_t rows, int64_t n, int64_t stride) {                              \
        for (int64_t r = 0; r < rows; r++) {                                                                         \
            T *out = to + r * stride;                                                                                \
            CK_LOOP { out[i] = out[i] < 0 ? 0 : out[i]; }                                                            \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void relu_bias_##s(                                                                             \
        const T *g, const T *y, T *out, T *bias, int64_t rows, int64_t n, int64_t stride) {                          \
        for (int64_t r = 0; r < rows; r++) {                                                                         \
            const T *gr = g + r * stride, *yr = y + r * stride;                                                      \
            T *to = out + r * stride;                                                                                \
            if (bias) { CK_LOOP { T v = yr[i] <= 0 ? 0 : gr[i]; to[i] = v; bias[i] += v; } }                         \
            else { CK_LOOP { to[i] = yr[i] <= 0 ? 0 : gr[i]; } }                                                     \
        }                                                                                                            \
    }
EPILOGUE(float, f)
EPILOGUE(double, d)

typedef struct {
    division d;
    bool relu;
    const char *x, *w, *bias;
    char *out;
} linear_job;

static void linear_piece(void *context, int64_t from, int64_t to) {
    const linear_job *job = context;
    const product *p = &job->d.p;
    bool by_columns = job->d.by_columns, single = p->dtype == CK_FLOAT32;
    int64_t item = (int64_t)ck_item(p->dtype), rows = by_columns ? job->d.m : to - from;
    int64_t columns = by_columns ? to - from : job->d.n;
    char *out = job->out + from * (by_columns ? 1 : p->ldc) * item;
    const char *x = job->x + (by_columns ? 0 : from * p->lda * item), *w = job->w + (by_columns ? from * p->ldb * item : 0);
    const char *bias = job->bias ? job->bias + (by_columns ? from * item : 0) : NULL;
    if (p->by_panels && p->k > 0) {
        product fresh = *p;
        fresh.beta = 0;
        gemm_one(&fresh, rows, columns, x, w, out, (const float *)(const void *)bias, job->relu);
        return;
    }
    if (bias) {
        if (single) { spread_f((const float *)(const void *)bias, (float *)(void *)out, rows, columns, p->ldc); }
        else { spread_d((const double *)(const void *)bias, (double *)(void *)out, rows, columns, p->ldc); }
    }
    if (p->k > 0) {
        gemm_one(p, rows, columns, x, w, out, NULL, false);
    } else if (!job->bias) {
        for (int64_t r = 0; r < rows; r++) { memset(out + r * p->ldc * item, 0, (size_t)(columns * item)); }
    }
    if (job->relu) {
        if (single) { rectify_f((float *)(void *)out, rows, columns, p->ldc); }
        else { rectify_d((double *)(void *)out, rows, columns, p->ldc); }
    }
}

void ck_linear(
    ck_dtype dtype, int64_t m, int64_t n, int64_t k, const void *x, const void *w, const void *bias, bool relu,
    void *out) {
    if (m == 0 || n == 0) { return; }
    product p = {dtype, false, true, false, k, k, n, k, 1, bias ? 1 : 0};
    linear_job job = {divide(&p, m, n), relu, x, w, bias, out};
    ck_split(job.d.by_columns ? n : m, job.d.grain, linear_piece, &job);
}

typedef struct {
    ck_dtype dtype;
    const char *g, *y;
    char *out, *bias;
    int64_t rows, columns;
} relu_job;

static void relu_piece(void *context, int64_t from, int64_t to) {
    const relu_job *j = context;
    int64_t at = from * (int64_t)ck_item(j->dtype);
    const void *g = j->g + at, *y = j->y + at;
    void *out = j->out + at, *bias = j->bias ? j->bias + at : NULL;
    if (j->dtype == CK_FLOAT32) { relu_bias_f(g, y, out, bias, j->rows, to - from, j->columns); }
    else { relu_bias_d(g, y, out, bias, j->rows, to - from, j->columns); }
}

void ck_relu_bias_backward(
    ck_dtype dtype, const void *g, const void *y, void *out, void *bias, int64_t rows, int64_t columns) {
    // By columns, so that every sum runs through the rows in order whatever the number of threads.
    relu_job j = {dtype, g, y, out, bias, rows, columns};
    int64_t threads = ck_threads(), grain = columns;
    if (threads > 1 && rows * columns > 1 << 15) { grain = ((columns + threads - 1) / threads + 15) / 16 * 16; }
    ck_split(columns, grain, relu_piece, &j);
}
