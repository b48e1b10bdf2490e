// The product of float32 matrices for processors with AVX2 and without AVX-512 (panels.c).
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// C[m, n] (+)= Σ_k a[i·ar + k·ak] · b[k·bk + j·bn], then bias, then relu. One of `ar` and `ak` is 1, and one of
/// `bk` and `bn`.
typedef struct {
    const float *a, *b;
    float *c;
    int64_t k, ar, ak, bk, bn, ldc;
    /// One number a column, or NULL.
    const float *bias;
    /// Whether C is added to.
    bool adds;
    bool relu;
} ck_panel_operands;

/// Whether the processor is one for which these products are the fastest.
bool ck_panels_suit(void);
/// Only where they suit; k is at least 1.
void ck_panel_product(const ck_panel_operands *p, int64_t m, int64_t n);
