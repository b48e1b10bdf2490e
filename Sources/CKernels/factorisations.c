#include "kernels/vector.h"
#include "blas.h"

// LAPACK's Fortran interface, as OpenBLAS exports it. Matrices are column-major there: a row-major matrix is its
// transpose.
enum { NO_MEMORY = -1000, NO_LIBRARY = -1001 };

int ck_svd(bool full, int64_t rows, int64_t columns, double *a, double *u, double *s, double *vt) {
    const ck_blas_functions *blas = ck_blas();
    if (!blas) { return NO_LIBRARY; }
    // aᵀ = v s uᵀ: LAPACK's U is our V, stored as our vt, and the other way round.
    int m = (int)columns, n = (int)rows, least = m < n ? m : n, info = 0, query = -1;
    if (least == 0) { return 0; }
    char job = full ? 'A' : 'S';
    int ldvt = full ? n : least;
    size_t integers = sizeof(int) * 8 * (size_t)least;
    int *iwork = ck_allocate(integers);
    if (!iwork) { return NO_MEMORY; }
    double size = 0;
    blas->dgesdd(&job, &m, &n, a, &m, s, vt, &m, u, &ldvt, &size, &query, iwork, &info, 1);
    int length = (int)size;
    size_t bytes = sizeof(double) * (size_t)(length > 0 ? length : 1);
    double *work = info == 0 ? ck_allocate(bytes) : NULL;
    if (work) {
        blas->dgesdd(&job, &m, &n, a, &m, s, vt, &m, u, &ldvt, work, &length, iwork, &info, 1);
        ck_release(work, bytes);
    } else if (info == 0) {
        info = NO_MEMORY;
    }
    ck_release(iwork, integers);
    return info;
}

int ck_eigh(bool upper, int64_t size, double *a, double *w) {
    const ck_blas_functions *blas = ck_blas();
    if (!blas) { return NO_LIBRARY; }
    int n = (int)size, info = 0, query = -1, integers = 0;
    if (n == 0) { return 0; }
    // Row-major upper is column-major lower.
    char job = 'V', uplo = upper ? 'L' : 'U';
    double length = 0;
    blas->dsyevd(&job, &uplo, &n, a, &n, w, &length, &query, &integers, &query, &info, 1, 1);
    if (info != 0) { return info; }
    int lwork = (int)length, liwork = integers;
    size_t bytes = sizeof(double) * (size_t)lwork, ibytes = sizeof(int) * (size_t)liwork;
    double *work = ck_allocate(bytes);
    int *iwork = ck_allocate(ibytes);
    if (work && iwork) {
        blas->dsyevd(&job, &uplo, &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
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
    const ck_blas_functions *blas = ck_blas();
    if (!blas) { return NO_LIBRARY; }
    int n = (int)size, info = 0, lwork = n * 64;
    if (n == 0) { return 0; }
    size_t bytes = sizeof(double) * (size_t)lwork, ibytes = sizeof(int) * (size_t)n;
    double *work = ck_allocate(bytes);
    int *pivots = ck_allocate(ibytes);
    if (work && pivots) {
        blas->dgetrf(&n, &n, a, &n, pivots, &info);
        if (info == 0) { blas->dgetri(&n, a, &n, pivots, work, &lwork, &info); }
    } else {
        info = NO_MEMORY;
    }
    if (work) { ck_release(work, bytes); }
    if (pivots) { ck_release(pivots, ibytes); }
    return info;
}
