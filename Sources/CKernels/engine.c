// Which engine computes a product or a convolution, and how that is told: nowhere else is it decided or worded. README.md has
// the measurements behind it.
#include "blas.h"
#include "levels.h"
#include "onednn.h"
#include <stdio.h>

ck_way ck_product_way(
    ck_dtype dtype, bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha, double beta) {
    bool packs = dtype == CK_FLOAT32 && alpha == 1 && (beta == 0 || beta == 1);
    ck_simd level = ck_simd_in_use();
    bool large = m >= 2048 && n >= 2048 && k >= 2048;
    if (packs && level == CK_SIMD_AVX512) {
        // Few rows, or few columns and a long way along k: nothing is gained by laying out what is read a few times.
        bool few_rows = m <= 4, few_columns = n <= 12 && k >= 400;
        if ((few_rows || few_columns) && !transpose_a && transpose_b) { return CK_WAY_DOTS; }
        if (few_rows && ck_blas_level() >= (int)level) { return CK_WAY_OPENBLAS; }
    }
    // OpenBLAS lays out larger blocks of both operands, which is a twentieth faster where everything is large.
    bool by_library = large && ck_blas_level() >= (int)level;
    if (packs && level > CK_SIMD_BASELINE && !by_library) { return CK_WAY_PANELS; }
    // (At the baseline the library's assembly is faster than ours in C, if there is a library.)
    return ck_blas() ? CK_WAY_OPENBLAS : packs ? CK_WAY_PANELS : CK_WAY_LOOPS;
}

// oneDNN 2.6 gives wrong numbers at AVX-512 where a dilated filter is wider than the image: 64 channels, a filter of 1 x 5 with
// dilation 2 and padding 4 on a width of 7. Plain loops are right, and such layers are rare.
static bool outgrows(const ck_convolution *c) {
    return (c->dh > 1 && (c->kh - 1) * c->dh >= c->ih) || (c->dw > 1 && (c->kw - 1) * c->dw >= c->iw);
}

ck_way ck_convolution_way(const ck_convolution *c, ck_conv_pass pass) {
    if (ck_winograd_bytes(c, pass)) { return CK_WAY_WINOGRAD; }
    if (outgrows(c)) { return CK_WAY_DIRECT; }
    return ck_conv_available() ? CK_WAY_ONEDNN : CK_WAY_DIRECT;
}

static const char *level_in_words(void) {
    static const char *const words[] = {"the baseline", "AVX2", "AVX-512"};
    return words[ck_simd_in_use()];
}

const char *ck_product_engine(void) {
    static _Thread_local char text[64];
    ck_way way = ck_product_way(CK_FLOAT32, false, false, 64, 64, 64, 1, 0);
    if (way != CK_WAY_PANELS) { return way == CK_WAY_OPENBLAS ? "OpenBLAS" : "plain loops"; }
    snprintf(text, sizeof text, "panels of %s", level_in_words());
    return text;
}

const char *ck_conv_engine(void) {
    static _Thread_local char text[128];
    const winograd_suite *winograd = ck_level()->winograd;
    const char *rest = ck_conv_available() ? "oneDNN" : "plain loops";
    if (!winograd) { return rest; }
    snprintf(
        text, sizeof text, "Winograd F(4x4, 3x3) of %s for channels in multiples of %d, else %s", level_in_words(),
        (int)winograd->lanes, rest);
    return text;
}
