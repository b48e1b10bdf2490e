#include "vector.h"

// LAPACK's Fortran interface, as OpenBLAS exports it (Debian ships no C header for it in libopenblas-dev). Matrices are
// column-major there: a row-major matrix is its transpose.
void dgesdd_(
    const char *job, const int *m, const int *n, double *a, const int *lda, double *s, double *u, const int *ldu,
    double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info, size_t job_length);
void dsyevd_(
    const char *job, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
    const int *lwork, int *iwork, const int *liwork, int *info, size_t job_length, size_t uplo_length);
void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *pivots, int *info);
void dgetri_(const int *n, double *a, const int *lda, const int *pivots, double *work, const int *lwork, int *info);

enum { NO_MEMORY = -1000 };

int ck_svd(bool full, int64_t rows, int64_t columns, double *a, double *u, double *s, double *vt) {
    // aᵀ = v s uᵀ: LAPACK's U is our V, stored as our vt, and the other way round.
    int m = (int)columns, n = (int)rows, least = m < n ? m : n, info = 0, query = -1;
    if (least == 0) { return 0; }
    char job = full ? 'A' : 'S';
    int ldvt = full ? n : least;
    size_t integers = sizeof(int) * 8 * (size_t)least;
    int *iwork = ck_allocate(integers);
    if (!iwork) { return NO_MEMORY; }
    double size = 0;
    dgesdd_(&job, &m, &n, a, &m, s, vt, &m, u, &ldvt, &size, &query, iwork, &info, 1);
    int length = (int)size;
    size_t bytes = sizeof(double) * (size_t)(length > 0 ? length : 1);
    double *work = info == 0 ? ck_allocate(bytes) : NULL;
    if (work) {
        dgesdd_(&job, &m, &n, a, &m, s, vt, &m, u, &ldvt, work, &length, iwork, &info, 1);
        ck_release(work, bytes);
    } else if (info == 0) {
        info = NO_MEMORY;
    }
    ck_release(iwork, integers);
    return info;
}

int ck_eigh(bool upper, int64_t size, double *a, double *w) {
    int n = (int)size, info = 0, query = -1, integers = 0;
    if (n == 0) { return 0; }
    // Row-major upper is column-major lower.
    char job = 'V', uplo = upper ? 'L' : 'U';
    double length = 0;
    dsyevd_(&job, &uplo, &n, a, &n, w, &length, &query, &integers, &query, &info, 1, 1);
    if (info != 0) { return info; }
    int lwork = (int)length, liwork = integers;
    size_t bytes = sizeof(double) * (size_t)lwork, ibytes = sizeof(int) * (size_t)liwork;
    double *work = ck_allocate(bytes);
    int *iwork = ck_allocate(ibytes);
    if (work && iwork) {
        dsyevd_(&job, &uplo, &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
    } else {
        info = NO_MEMORY;
    }
    if (work) { ck_release(work, bytes); }
    if (iwork) { ck_release(iwork, ibytes); }
    // Eigenvectors are LAPACK's columns, our rows: transposed into our columns.
    for (int64_t i = 0; i < size; i++) {
        for (int64_t j = i + 1; j < size; j++) {
            double swapped = a[i * size + j];
            a[i * size + j] = a[j * size + i];
            a[j * size + i] = swapped;
        }
    }
    return info;
}

int ck_inverse(int64_t size, double *a) {
    int n = (int)size, info = 0, lwork = n * 64;
    if (n == 0) { return 0; }
    size_t bytes = sizeof(double) * (size_t)lwork, ibytes = sizeof(int) * (size_t)n;
    double *work = ck_allocate(bytes);
    int *pivots = ck_allocate(ibytes);
    if (work && pivots) {
        dgetrf_(&n, &n, a, &n, pivots, &info);
        if (info == 0) { dgetri_(&n, a, &n, pivots, work, &lwork, &info); }
    } else {
        info = NO_MEMORY;
    }
    if (work) { ck_release(work, bytes); }
    if (pivots) { ck_release(pivots, ibytes); }
    return info;
}
