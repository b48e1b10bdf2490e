// Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray, 2015): 36 products instead of 144 for 16 outputs, forward,
// backward for the data, and backward for the filters.
// The interpolation points 0, ±1/√2, ±√2, ∞ keep the error within twice that of direct summation, where the usual
// 0, ±1, ±2, ∞ lose a decimal digit (Barabasz et al., 2020, on the choice of points).
#include "ckernels_networks.h"
#include <string.h>

enum { TILE = 4, PATCH = 6, POINTS = PATCH * PATCH };

static const float root_half = 0.70710678118654752f, root_two = 1.41421356237309505f;

typedef struct {
    int64_t n, ih, iw, oh, ow, ci, co, ph, pw, tiles_y, tiles_x, tiles;
} plane;

/// The pass as a forward convolution: backward for the data is one with the filters turned round.
static plane plane_of(const ck_convolution *c, ck_conv_pass pass) {
    plane p = {.n = c->n};
    if (pass != CK_CONV_BACKWARD_DATA) {
        p.ih = c->ih; p.iw = c->iw; p.oh = c->oh; p.ow = c->ow; p.ci = c->ci; p.co = c->co; p.ph = c->ph; p.pw = c->pw;
    } else {
        p.ih = c->oh; p.iw = c->ow; p.oh = c->ih; p.ow = c->iw; p.ci = c->co; p.co = c->ci;
        p.ph = 2 - c->ph; p.pw = 2 - c->pw;
    }
    p.tiles_y = (p.oh + TILE - 1) / TILE;
    p.tiles_x = (p.ow + TILE - 1) / TILE;
    p.tiles = p.n * p.tiles_y * p.tiles_x;
    return p;
}

typedef struct {
    const ck_convolution *c;
    plane p;
    ck_conv_pass pass;
    const float *w, *scale;
    float *packed;
} filters;

typedef struct {
    plane p;
    const float *x, *packed;
    const ck_conv_epilogue *epilogue;
    float *y;
    int64_t tiles_a_block;
} job;

typedef struct {
    plane p;
    const float *x, *g;
    float *sums;
    int64_t tiles_a_piece, tiles_a_block;
} gradient_job;

/// The kernels of one vector width.
typedef struct {
    int64_t lanes, rows;
    /// Floats that fit into the part of the second-level cache that a block's points and sums may take.
    int64_t cache;
    void (*pack_channels)(void *filters, int64_t index);
    void (*run_block)(void *job, int64_t index);
    void (*run_gradient)(void *gradient_job, int64_t index);
} suite;

#if defined(__x86_64__)
#define SUITE(name) name##_512
#define VECTOR_TARGET __attribute__((target("avx512f,avx512dq,avx512vl")))
#define LANES 16
#define ROWS 12
#define GRADIENT_ROWS 8
#include "winograd_kernels.h"
#undef SUITE
#undef VECTOR_TARGET
#undef LANES
#undef ROWS
#undef GRADIENT_ROWS

#define SUITE(name) name##_256
#define VECTOR_TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define ROWS 6
#define GRADIENT_ROWS 4
#include "winograd_kernels.h"

/// The kernels for so many channels, or NULL where direct summation is faster: with fewer or narrower registers the
/// products no longer hide the transforms.
static const suite *suite_for(int64_t ci, int64_t co) {
    static const suite wide = {16, 12, 120000, pack_channels_512, run_block_512, run_gradient_512};
    static const suite narrow = {8, 6, 80000, pack_channels_256, run_block_256, run_gradient_256};
    if (ci % 8 != 0 || co % 8 != 0) { return NULL; }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
        return ci % 16 == 0 && co % 16 == 0 ? &wide : NULL;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &narrow : NULL;
}
#else
static const suite *suite_for(int64_t ci, int64_t co) { return NULL; }
#endif

static const suite *suite_of(const ck_convolution *c) {
    bool applies = c->kh == 3 && c->kw == 3 && c->sh == 1 && c->sw == 1 && c->dh == 1 && c->dw == 1 && c->g == 1
        && c->ph <= 2 && c->pw <= 2 && c->oh >= TILE && c->ow >= TILE && c->ih >= TILE && c->iw >= TILE;
    return applies ? suite_for(c->ci, c->co) : NULL;
}

size_t ck_winograd_bytes(const ck_convolution *c, ck_conv_pass pass) {
    return suite_of(c) ? (size_t)(POINTS * c->ci * c->co) * sizeof(float) : 0;
}

void ck_winograd_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed) {
    const suite *s = suite_of(c);
    filters f = {.c = c, .p = plane_of(c, pass), .pass = pass, .w = w, .scale = scale, .packed = packed};
    ck_parallel(f.p.co / s->lanes, s->pack_channels, &f);
}

void ck_winograd_run(
    const ck_convolution *c, ck_conv_pass pass, const float *x, const void *packed, const ck_conv_epilogue *epilogue,
    float *y) {
    const suite *s = suite_of(c);
    job j = {.p = plane_of(c, pass), .x = x, .packed = packed, .epilogue = epilogue, .y = y};
    // As many tiles as keep their points and sums in the second-level cache.
    int64_t fit = s->cache / (POINTS * (j.p.ci + 2 * s->lanes)) / s->rows * s->rows;
    j.tiles_a_block = fit < s->rows ? s->rows : fit > 48 ? 48 : fit;
    ck_parallel((j.p.tiles + j.tiles_a_block - 1) / j.tiles_a_block, s->run_block, &j);
}

/// Gᵀ u for one row or column of sums over tiles.
static void filter_taps(const float u[PATCH], float g[3]) {
    float s = -(u[1] + u[2]) / 1.5f, d = -(u[1] - u[2]) / 1.5f, t = (u[3] + u[4]) / 6.0f, e = (u[3] - u[4]) / 6.0f;
    g[0] = u[0] + s + t;
    g[1] = root_half * d + root_two * e;
    g[2] = 0.5f * s + 2.0f * t + u[5];
}

typedef struct {
    const gradient_job *j;
    int64_t pieces;
    float *out;
} taps_job;

/// The gradient of all filters of one input channel, from the sums of all pieces.
static void write_taps(void *context, int64_t i) {
    const taps_job *t = context;
    const plane *p = &t->j->p;
    int64_t size = POINTS * p->ci * p->co;
    for (int64_t o = 0; o < p->co; o++) {
        float u[PATCH][PATCH], rows[PATCH][3], column[PATCH], taps[3];
        for (int point = 0; point < POINTS; point++) {
            const float *at = t->j->sums + (point * p->ci + i) * p->co + o;
            float sum = at[0];
            for (int64_t piece = 1; piece < t->pieces; piece++) { sum += at[piece * size]; }
            u[point / PATCH][point % PATCH] = sum;
        }
        for (int y = 0; y < PATCH; y++) { filter_taps(u[y], rows[y]); }
        for (int x = 0; x < 3; x++) {
            for (int y = 0; y < PATCH; y++) { column[y] = rows[y][x]; }
            filter_taps(column, taps);
            for (int y = 0; y < 3; y++) { t->out[(o * p->ci + i) * 9 + y * 3 + x] = taps[y]; }
        }
    }
}

bool ck_winograd_gradient(const ck_convolution *c, const float *x, const float *g, float *weights) {
    const suite *s = suite_of(c);
    if (!s) { return false; }
    gradient_job j = {.p = plane_of(c, CK_CONV_BACKWARD_WEIGHTS), .x = x, .g = g};
    int64_t fit = s->cache / (POINTS * (j.p.ci + j.p.co)), pieces = j.p.tiles >= 64 ? ck_threads() : 1;
    j.tiles_a_block = fit < 8 ? 8 : fit > 48 ? 48 : fit;
    // Cut alike whatever the load, so that results depend on the number of threads only.
    j.tiles_a_piece = (j.p.tiles + pieces - 1) / pieces;
    pieces = (j.p.tiles + j.tiles_a_piece - 1) / j.tiles_a_piece;
    j.sums = ck_scratch(2, (size_t)(pieces * POINTS * j.p.ci * j.p.co) * sizeof(float));
    if (!j.sums) { return false; }
    ck_parallel(pieces, s->run_gradient, &j);
    taps_job t = {&j, pieces, weights};
    ck_parallel(j.p.ci, write_taps, &t);
    return true;
}
