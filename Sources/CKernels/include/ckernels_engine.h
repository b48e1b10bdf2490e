// Which kernels and libraries compute: the level of vector instructions (dispatch.c), the engine of a product or convolution
// (engine.c), the libraries (blas.c, onednn.c), and how often each way was taken (counts.c).
#pragma once
#include "ckernels.h"
#include "ckernels_networks.h"

// MARK: The level of vector instructions

/// Each level has kernels of its own; where the architecture is not x86-64 there is the baseline alone.
typedef enum { CK_SIMD_BASELINE, CK_SIMD_AVX2, CK_SIMD_AVX512 } ck_simd;

/// The widest level that the processor and the system offer.
ck_simd ck_simd_offered(void);
/// The level of the process: the widest, or the lower one that the environment variable DISTILL_SIMD named at the start.
ck_simd ck_simd_of_process(void);
/// The level whose kernels the calling thread uses.
ck_simd ck_simd_in_use(void);
/// "baseline", "avx2" or "avx512": the words of DISTILL_SIMD.
const char *ck_simd_name(ck_simd level);
/// What is wrong with DISTILL_SIMD, or "".
const char *ck_simd_notice(void);
/// The level for a word of DISTILL_SIMD (NULL or "" names none); what is wrong with it goes to `reason`.
ck_simd ck_simd_choose(const char *word, ck_simd offered, char *reason, size_t length);
/// Lets the calling thread use another level, -1 that of the process; false if the processor lacks it. For tests: libraries
/// keep their level, and weights packed at one level must not be used at another.
bool ck_set_thread_simd(int level);

// MARK: Engines

/// What computed something.
typedef enum {
    CK_WAY_BASELINE, CK_WAY_AVX2, CK_WAY_AVX512,
    CK_WAY_PANELS, CK_WAY_DOTS, CK_WAY_OPENBLAS, CK_WAY_LOOPS,
    CK_WAY_WINOGRAD, CK_WAY_ONEDNN, CK_WAY_DIRECT,
    CK_WAYS
} ck_way;

/// The engine of C[m, n] = alpha · op(A) op(B) + beta · C with k steps of summation. It depends on the product alone, so that
/// the same one always gives the same bits.
ck_way ck_product_way(
    ck_dtype dtype, bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha, double beta);
/// The engine of a convolution of float32.
ck_way ck_convolution_way(const ck_convolution *c, ck_conv_pass pass);
/// Multiplications and additions of float32 a second that all threads together can do, measured for some milliseconds; 0 plainly.
double ck_measured_peak(void);
/// What multiplies float32 matrices here, in words.
const char *ck_product_engine(void);
/// What computes convolutions here, in words.
const char *ck_conv_engine(void);

/// How often a way was taken by this process: of kernels the calls, of products and convolutions the wholes.
uint64_t ck_way_count(ck_way way);
/// The way in words.
const char *ck_way_name(ck_way way);
void ck_reset_counts(void);

// MARK: The matrix library (blas.c)

/// The processor generation whose kernels OpenBLAS uses; empty when the library is not there.
const char *ck_blas_core(void);
/// OpenBLAS's version such as "0.3.21"; empty when it does not say.
const char *ck_blas_version(void);
/// The level of a core's kernels by OpenBLAS's name for it (any case), or -1 when the name is unknown.
int ck_blas_core_level(const char *core);
/// The core that OpenBLAS is told for a level: one that 0.3.21 knows. NULL where it is left to itself.
const char *ck_blas_core_for(ck_simd level);
/// Whether the library has been loaded by now: it is when something first needs it.
bool ck_blas_is_loaded(void);
