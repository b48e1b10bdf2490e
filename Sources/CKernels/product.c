#include "blas.h"
#include "counts.h"
#include "kernels/vector.h"
#include "levels.h"
#include "ckernels_plain.h"

// CBLAS's numbers for row-major storage and for transposition.
enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };

// The product where there is no OpenBLAS: right, and slow.
#define TYPED "product_typed.h"
#include "kernels/for_reals.h"

/// The operands of one product: C[m, n] = alpha · op(A) op(B) + beta · C with the given leading dimensions.
typedef struct {
    ck_dtype dtype;
    bool ta, tb;
    ck_way way;
    /// Those of the caller: a worker has a level of its own.
    const ck_kernels *kernels;
    int64_t lda, ldb, ldc, k;
    double alpha, beta;
} product;

/// Whether the kernels of a level compute a product, and not a library or plain loops.
static bool is_own(ck_way way) { return way == CK_WAY_PANELS || way == CK_WAY_DOTS; }

/// By panels or dots, spread over the pool or by the calling thread; without memory for panels by plain loops, which need none.
static void by_kernels(
    const product *p, int64_t m, int64_t n, const void *a, const void *b, void *c, const float *bias, bool relu,
    bool alone) {
    ck_panel_operands operands = {
        .a = a, .b = b, .c = c, .m = m, .n = n, .k = p->k, .ar = p->ta ? 1 : p->lda, .ak = p->ta ? p->lda : 1,
        .bk = p->tb ? 1 : p->ldb, .bn = p->tb ? p->ldb : 1, .ldc = p->ldc, .bias = bias, .adds = p->beta == 1,
        .relu = relu};
    const ck_panel_suite *panels = p->kernels->panels;
    if (p->way == CK_WAY_DOTS) {
        panels->multiply_by_dots(&operands, alone ? 1 : ck_threads());
        return;
    }
    if (alone ? panels->multiply_alone(&operands) : panels->multiply(&operands)) { return; }
    product_by_loops_f(p->ta, p->tb, m, n, p->k, p->lda, p->ldb, p->ldc, p->alpha, a, b, p->beta, c);
    for (int64_t i = 0; i < m * n && (bias || relu); i++) {
        float *y = operands.c + i / n * p->ldc + i % n, value = bias ? *y + bias[i % n] : *y;
        *y = relu && value < 0 ? 0 : value;
    }
}

/// By a library or plain loops, and by the calling thread.
static void gemm_one(const product *p, int64_t m, int64_t n, const void *a, const void *b, void *c) {
    const ck_blas_functions *blas = p->way == CK_WAY_OPENBLAS ? ck_blas() : NULL;
    int x = p->ta ? TRANSPOSED : AS_IT_IS, y = p->tb ? TRANSPOSED : AS_IT_IS;
    if (p->dtype == CK_FLOAT32 && blas) {
        blas->sgemm(
            ROW_MAJOR, x, y, (int)m, (int)n, (int)p->k, (float)p->alpha, a, (int)p->lda, b, (int)p->ldb, (float)p->beta, c,
            (int)p->ldc);
    } else if (blas) {
        blas->dgemm(
            ROW_MAJOR, x, y, (int)m, (int)n, (int)p->k, p->alpha, a, (int)p->lda, b, (int)p->ldb, p->beta, c, (int)p->ldc);
    } else if (p->dtype == CK_FLOAT32) {
        product_by_loops_f(p->ta, p->tb, m, n, p->k, p->lda, p->ldb, p->ldc, p->alpha, a, b, p->beta, c);
    } else {
        product_by_loops_d(p->ta, p->tb, m, n, p->k, p->lda, p->ldb, p->ldc, p->alpha, a, b, p->beta, c);
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
    d.p.way = ck_product_way(p->dtype, p->ta, p->tb, m, n, p->k, p->alpha, p->beta);
    d.p.kernels = ck_level();
    ck_count_way(d.p.way);
    int64_t threads = ck_threads(), length = d.by_columns ? n : m;
    d.grain = length;
    // Of large products every thread gets two pieces, so that one that is held up leaves its second one to another.
    int64_t pieces = work > CK_LARGE_WORK ? 2 * threads : threads;
    if (threads > 1 && work > CK_PARALLEL_WORK && length >= 32) { d.grain = ((length + pieces - 1) / pieces + 15) / 16 * 16; }
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
        gemm_one(p, job->d.m, to - from, job->a, b, job->c + from * item);
    } else {
        const char *a = job->a + from * item * (p->ta ? 1 : p->lda);
        gemm_one(p, to - from, job->d.n, a, job->b, job->c + from * p->ldc * item);
    }
}

void ck_gemm(
    ck_dtype dtype, bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const void *a, const void *b,
    double beta, void *c) {
    if (ck_plain()) {
        ckp_gemm(dtype, ta, tb, m, n, k, alpha, a, b, beta, c);
        return;
    }
    if (m == 0 || n == 0) { return; }
    if (dtype > CK_FLOAT64) {
        ck_count_way(CK_WAY_LOOPS);
        gemm_whole(ta, tb, m, n, k, a, b, beta, c);
        return;
    }
    if (k == 0) {
        if (beta == 0) { memset(c, 0, (size_t)(m * n) * ck_item(dtype)); }
        return;
    }
    product p = {dtype, ta, tb, CK_WAY_LOOPS, NULL, ta ? m : k, tb ? k : n, n, k, alpha, beta};
    gemm_job job = {divide(&p, m, n), a, b, c};
    if (is_own(job.d.p.way)) {
        by_kernels(&job.d.p, m, n, a, b, c, NULL, false, false);
        return;
    }
    ck_split(job.d.by_columns ? n : m, job.d.grain, gemm_piece, &job);
}

typedef struct {
    ck_dtype dtype;
    bool ta, tb;
    ck_way way;
    const ck_kernels *kernels;
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
                job->dtype, job->ta, job->tb, job->way, job->kernels, job->ta ? job->m : job->k,
                job->tb ? job->k : job->n, job->n, job->k, 1, job->beta};
            if (is_own(p.way)) {
                by_kernels(&p, job->m, job->n, a, b, c, NULL, false, true);
            } else {
                gemm_one(&p, job->m, job->n, a, b, c);
            }
        }
    }
}

void ck_gemm_batched(
    ck_dtype dtype, bool ta, bool tb, int64_t batch, int64_t m, int64_t n, int64_t k, const void *a, int64_t stride_a,
    const void *b, int64_t stride_b, double beta, void *c) {
    if (ck_plain()) {
        ckp_gemm_batched(dtype, ta, tb, batch, m, n, k, a, stride_a, b, stride_b, beta, c);
        return;
    }
    if (m == 0 || n == 0 || batch == 0) { return; }
    if (k == 0) {
        if (beta == 0) { memset(c, 0, (size_t)(batch * m * n) * ck_item(dtype)); }
        return;
    }
    ck_way way = dtype > CK_FLOAT64 ? CK_WAY_LOOPS : ck_product_way(dtype, ta, tb, m, n, k, 1, beta);
    ck_count_way(way);
    batch_job job = {dtype, ta, tb, way, ck_level(), m, n, k, stride_a, stride_b, a, b, beta, c};
    double work = (double)batch * (double)m * (double)n * (double)k;
    int64_t grain = work > CK_PARALLEL_WORK ? (batch + ck_threads() - 1) / ck_threads() : batch;
    ck_split(batch, grain, batch_piece, &job);
}

typedef struct {
    division d;
    bool relu;
    const char *x, *w, *bias;
    char *out;
} linear_job;

static void linear_piece(void *context, int64_t from, int64_t to) {
    const linear_job *job = context;
    const product *p = &job->d.p;
    bool by_columns = job->d.by_columns;
    int64_t item = (int64_t)ck_item(p->dtype), rows = by_columns ? job->d.m : to - from;
    int64_t columns = by_columns ? to - from : job->d.n;
    char *out = job->out + from * (by_columns ? 1 : p->ldc) * item;
    const char *x = job->x + (by_columns ? 0 : from * p->lda * item), *w = job->w + (by_columns ? from * p->ldb * item : 0);
    const char *bias = job->bias ? job->bias + (by_columns ? from * item : 0) : NULL;
    if (bias) { p->kernels->spread(p->dtype, bias, out, rows, columns, p->ldc); }
    if (p->k > 0) {
        gemm_one(p, rows, columns, x, w, out);
    } else if (!job->bias) {
        for (int64_t r = 0; r < rows; r++) { memset(out + r * p->ldc * item, 0, (size_t)(columns * item)); }
    }
    if (job->relu) { p->kernels->rectify(p->dtype, out, rows, columns, p->ldc); }
}

void ck_linear(
    ck_dtype dtype, int64_t m, int64_t n, int64_t k, const void *x, const void *w, const void *bias, bool relu,
    void *out) {
    if (ck_plain()) {
        ckp_linear(dtype, m, n, k, x, w, bias, relu, out);
        return;
    }
    if (m == 0 || n == 0) { return; }
    product p = {dtype, false, true, CK_WAY_LOOPS, NULL, k, k, n, k, 1, bias ? 1 : 0};
    linear_job job = {divide(&p, m, n), relu, x, w, bias, out};
    if (is_own(job.d.p.way) && k > 0) {
        job.d.p.beta = 0;
        by_kernels(&job.d.p, m, n, x, w, out, bias, relu, false);
        return;
    }
    ck_split(job.d.by_columns ? n : m, job.d.grain, linear_piece, &job);
}
