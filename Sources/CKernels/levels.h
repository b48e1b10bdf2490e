// One copy of the kernels for each level of vector instructions, and which of them is used.
//
// kernels_baseline.c, kernels_avx2.c and kernels_avx512.c compile the same sources (kernels/) for their level and fill one
// table each. The table is chosen when the program starts: the widest that the processor offers, or a lower one that
// DISTILL_SIMD names. (Clones that the loader picks would be chosen before the environment can be read, and the address
// sanitizer compiles them away.)
#pragma once
#include "ckernels.h"
#include "ckernels_engine.h"
#include "ckernels_networks.h"
#include "panels_shared.h"
#include "winograd_shared.h"

typedef struct {
    ck_simd level;
#define ENTRY(RESULT, NAME, PARAMETERS, ARGUMENTS) RESULT(*NAME) PARAMETERS;
#include "entries.h"

    // What only CKernels calls: around products (epilogue.h), of batches (batches.h), and what has no plain form.
    void (*spread)(ck_dtype dtype, const void *bias, void *out, int64_t rows, int64_t columns, int64_t stride);
    void (*rectify)(ck_dtype dtype, void *out, int64_t rows, int64_t columns, int64_t stride);
    void (*add_noise)(float *x, const float *noise, float scale, int64_t n);
    void (*mix)(const float *x, const float *y, float *out, float share, int64_t n);
    void (*from_bytes)(const uint8_t *x, float *out, int64_t n);
    void (*standardise)(const float *x, float *out, float mean, float std, int64_t n);
    /// NULL where the level has none.
    const winograd_suite *winograd;
    const ck_panel_suite *panels;
    /// Floats in a vector, and so many rounds of twelve sums of vectors; NULL plainly.
    int lanes;
    float (*peak)(int64_t rounds);
} ck_kernels;

extern const ck_kernels ck_kernels_baseline;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2, ck_kernels_avx512;
#endif

/// The plain twins (plain/), without what only CKernels calls.
extern const ck_kernels ck_kernels_plain;
/// Those of the products, which are no row of a table: product.c chooses among engines.
__typeof__(ck_gemm) ckp_gemm;
__typeof__(ck_gemm_batched) ckp_gemm_batched;
__typeof__(ck_linear) ckp_linear;

/// The level of the process, and that of the calling thread where a test has set one.
extern const ck_kernels *ck_process_kernels;
extern _Thread_local const ck_kernels *ck_thread_kernels;
static inline const ck_kernels *ck_level(void) { return ck_thread_kernels ? ck_thread_kernels : ck_process_kernels; }
