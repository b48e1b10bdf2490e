// What winograd.c and the kernels of every level share.
#pragma once
#include "ckernels_networks.h"
#include <stdatomic.h>

enum { WINOGRAD_TILE = 4, WINOGRAD_PATCH = 6, WINOGRAD_POINTS = WINOGRAD_PATCH * WINOGRAD_PATCH };

static const float root_half = 0.70710678118654752f, root_two = 1.41421356237309505f;

typedef struct {
    int64_t n, ih, iw, oh, ow, ci, co, ph, pw, tiles_y, tiles_x, tiles;
} winograd_plane;

typedef struct {
    const ck_convolution *c;
    winograd_plane p;
    ck_conv_pass pass;
    const float *w, *scale;
    float *packed;
} winograd_filters;

typedef struct {
    winograd_plane p;
    const float *x, *packed;
    const ck_conv_epilogue *epilogue;
    float *y;
    int64_t tiles_a_block;
    /// Whether a block found no memory, and whether a result was infinite or none.
    atomic_bool failed, strayed;
} winograd_job;

typedef struct {
    winograd_plane p;
    const float *x, *g;
    float *sums;
    int64_t tiles_a_piece, tiles_a_block;
    atomic_bool failed;
} winograd_gradient_job;

/// The kernels of one vector width.
typedef struct {
    int64_t lanes, rows;
    /// Floats that fit into the part of the second-level cache that a block's points and sums may take.
    int64_t cache;
    void (*pack_channels)(void *filters, int64_t index);
    void (*run_block)(void *job, int64_t index);
    void (*run_gradient)(void *gradient_job, int64_t index);
} winograd_suite;

