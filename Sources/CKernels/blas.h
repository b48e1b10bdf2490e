// OpenBLAS, found when the first product needs it: linking it costs five milliseconds of every start, most of them for
// threads that are never used.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
    void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
    void (*dgesdd)(
        const char *, const int *, const int *, double *, const int *, double *, double *, const int *, double *,
        const int *, double *, const int *, int *, int *, size_t);
    void (*dsyevd)(
        const char *, const char *, const int *, double *, const int *, double *, double *, const int *, int *,
        const int *, int *, size_t, size_t);
    void (*dgetrf)(const int *, const int *, double *, const int *, int *, int *);
    void (*dgetri)(const int *, double *, const int *, const int *, double *, const int *, int *);
    char *(*corename)(void);
    char *(*configuration)(void);
} ck_blas_functions;

/// The level of the kernels that OpenBLAS chose, or -1 without the library.
int ck_blas_level(void);
/// The functions of OpenBLAS, held to one thread; NULL when the library is not installed.
const ck_blas_functions *ck_blas(void);
