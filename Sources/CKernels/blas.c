#define _GNU_SOURCE
#include "blas.h"
#include "ckernels.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static ck_blas_functions functions;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    // Read by OpenBLAS when it is loaded: the pool of CKernels splits the work, and a second one would only wait.
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_LOCAL);
    if (!library) { return; }
    *(void **)&functions.sgemm = dlsym(library, "cblas_sgemm");
    *(void **)&functions.dgemm = dlsym(library, "cblas_dgemm");
    *(void **)&functions.dgesdd = dlsym(library, "dgesdd_");
    *(void **)&functions.dsyevd = dlsym(library, "dsyevd_");
    *(void **)&functions.dgetrf = dlsym(library, "dgetrf_");
    *(void **)&functions.dgetri = dlsym(library, "dgetri_");
    *(void **)&functions.corename = dlsym(library, "openblas_get_corename");
    *(void **)&functions.configuration = dlsym(library, "openblas_get_config");
    loaded = functions.sgemm && functions.dgemm && functions.dgesdd && functions.dsyevd && functions.dgetrf
        && functions.dgetri;
}

const ck_blas_functions *ck_blas(void) {
    pthread_once(&once, load);
    return loaded ? &functions : NULL;
}

const char *ck_blas_core(void) {
    const ck_blas_functions *blas = ck_blas();
    return blas && blas->corename ? blas->corename() : "";
}

const char *ck_blas_version(void) {
    static _Thread_local char text[32];
    const ck_blas_functions *blas = ck_blas();
    // "OpenBLAS 0.3.21 NO_AFFINITY …"
    if (!blas || !blas->configuration || sscanf(blas->configuration(), "OpenBLAS %31s", text) != 1) { return ""; }
    return text;
}

int ck_simd_level(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) { return 3; }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) { return 2; }
    return __builtin_cpu_supports("avx") ? 1 : 0;
#else
    return 0;
#endif
}
