#define _GNU_SOURCE
#include "blas.h"
#include "levels.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static ck_blas_functions functions;
static bool loaded;
static int core_level = -1;
static atomic_bool asked;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    // Read by OpenBLAS when it is loaded: the pool of CKernels splits the work, and a second one would only wait.
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    // A processor newer than the library is unknown to it, and gets the kernels of 2004 without a word: a quarter of the speed.
    const char *core = getenv("OPENBLAS_CORETYPE") ? NULL : ck_blas_core_for(ck_simd_of_process());
    if (core) { setenv("OPENBLAS_CORETYPE", core, 1); }
    void *library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_LOCAL);
    // (Processes that this one starts choose for themselves.)
    if (core) { unsetenv("OPENBLAS_CORETYPE"); }
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
    if (loaded && functions.corename) { core_level = ck_blas_core_level(functions.corename()); }
}

const ck_blas_functions *ck_blas(void) {
    pthread_once(&once, load);
    atomic_store_explicit(&asked, true, memory_order_relaxed);
    return loaded ? &functions : NULL;
}

int ck_blas_level(void) { return ck_blas() ? core_level : -1; }

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

bool ck_blas_is_loaded(void) { return atomic_load_explicit(&asked, memory_order_relaxed) && loaded; }

const char *ck_blas_core_for(ck_simd level) {
    if (level == CK_SIMD_AVX512) { return "SkylakeX"; }
    if (level == CK_SIMD_AVX2) { return "Haswell"; }
    // A processor of the baseline is left to the library, which has known all of them for long.
    return ck_simd_offered() == CK_SIMD_BASELINE ? NULL : "Prescott";
}

int ck_blas_core_level(const char *core) {
    // The names of cpuid_x86.c and dynamic.c by what their kernels use.
    static const struct { const char *core; ck_simd level; } cores[] = {
        {"Katmai", CK_SIMD_BASELINE}, {"Coppermine", CK_SIMD_BASELINE}, {"Northwood", CK_SIMD_BASELINE},
        {"Prescott", CK_SIMD_BASELINE}, {"Banias", CK_SIMD_BASELINE}, {"Atom", CK_SIMD_BASELINE},
        {"Core2", CK_SIMD_BASELINE}, {"Penryn", CK_SIMD_BASELINE}, {"Dunnington", CK_SIMD_BASELINE},
        {"Nehalem", CK_SIMD_BASELINE}, {"Athlon", CK_SIMD_BASELINE}, {"Opteron", CK_SIMD_BASELINE},
        {"Opteron_SSE3", CK_SIMD_BASELINE}, {"Barcelona", CK_SIMD_BASELINE}, {"Nano", CK_SIMD_BASELINE},
        {"Bobcat", CK_SIMD_BASELINE}, {"Bulldozer", CK_SIMD_BASELINE}, {"Piledriver", CK_SIMD_BASELINE},
        {"Steamroller", CK_SIMD_BASELINE}, {"Sandybridge", CK_SIMD_BASELINE}, {"Excavator", CK_SIMD_AVX2},
        {"Haswell", CK_SIMD_AVX2}, {"Zen", CK_SIMD_AVX2}, {"SkylakeX", CK_SIMD_AVX512},
        {"Cooperlake", CK_SIMD_AVX512}, {"SapphireRapids", CK_SIMD_AVX512},
    };
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) {
        if (strcasecmp(core, cores[i].core) == 0) { return (int)cores[i].level; }
    }
    return -1;
}
