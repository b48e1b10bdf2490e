// What product.c and the products of every level share (kernels/panels.h, kernels/dots.h).
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Below so many multiply-adds one thread is faster than two; from so many on another meeting of the threads costs nothing.
#define CK_PARALLEL_WORK 5e5
#define CK_LARGE_WORK 2e7

/// C[m, n] (+)= Σ_k a[i·ar + k·ak] · b[k·bk + j·bn], then bias, then relu. One of `ar` and `ak` is 1, and one of
/// `bk` and `bn`; k is at least 1.
typedef struct {
    const float *a, *b;
    float *c;
    int64_t m, n, k, ar, ak, bk, bn, ldc;
    /// One number a column, or NULL.
    const float *bias;
    /// Whether C is added to.
    bool adds;
    bool relu;
} ck_panel_operands;

/// The panels of one vector width. False when memory is short.
typedef struct {
    /// Spread over the pool.
    bool (*multiply)(const ck_panel_operands *p);
    /// By the calling thread.
    bool (*multiply_alone)(const ck_panel_operands *p);
    /// By dot products, spread over so many threads, where `ak` and `bk` are 1; NULL where the level has none.
    void (*multiply_by_dots)(const ck_panel_operands *p, int64_t threads);
} ck_panel_suite;
