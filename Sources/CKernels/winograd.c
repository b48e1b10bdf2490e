// Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray, 2015): 36 products instead of 144 for 16 outputs, forward,
// backward for the data, and backward for the filters.
// The interpolation points 0, ±1/√2, ±√2, ∞ keep the error within twice that of direct summation, where the usual
// 0, ±1, ±2, ∞ lose a decimal digit (Barabasz et al., 2020, on the choice of points).
// A tile mixes all its numbers, so that one infinity or nan spoils every result of the tile, those too that have nothing to do
// with it. A pass in which a result is infinite or nan therefore counts as not done, and is left to direct summation (for the
// gradient of the filters convolution.c looks).
#include "levels.h"
#include <string.h>

/// The pass as a forward convolution: backward for the data is one with the filters turned round.
static winograd_plane plane_of(const ck_convolution *c, ck_conv_pass pass) {
    winograd_plane p = {.n = c->n};
    if (pass != CK_CONV_BACKWARD_DATA) {
        p.ih = c->ih; p.iw = c->iw; p.oh = c->oh; p.ow = c->ow; p.ci = c->ci; p.co = c->co; p.ph = c->ph; p.pw = c->pw;
    } else {
        p.ih = c->oh; p.iw = c->ow; p.oh = c->ih; p.ow = c->iw; p.ci = c->co; p.co = c->ci;
        p.ph = 2 - c->ph; p.pw = 2 - c->pw;
    }
    p.tiles_y = (p.oh + WINOGRAD_TILE - 1) / WINOGRAD_TILE;
    p.tiles_x = (p.ow + WINOGRAD_TILE - 1) / WINOGRAD_TILE;
    p.tiles = p.n * p.tiles_y * p.tiles_x;
    return p;
}

/// The kernels for so many channels, or NULL where direct summation is faster: with fewer or narrower registers the
/// products no longer hide the transforms.
static const winograd_suite *suite_for(int64_t ci, int64_t co) {
    const winograd_suite *s = ck_level()->winograd;
    return s && ci % s->lanes == 0 && co % s->lanes == 0 ? s : NULL;
}

static const winograd_suite *suite_of(const ck_convolution *c) {
    bool applies = c->kh == 3 && c->kw == 3 && c->sh == 1 && c->sw == 1 && c->dh == 1 && c->dw == 1 && c->g == 1
        && c->ph <= 2 && c->pw <= 2;
    applies = applies && c->oh >= WINOGRAD_TILE && c->ow >= WINOGRAD_TILE && c->ih >= WINOGRAD_TILE
        && c->iw >= WINOGRAD_TILE;
    return applies ? suite_for(c->ci, c->co) : NULL;
}

size_t ck_winograd_bytes(const ck_convolution *c, ck_conv_pass pass) {
    return suite_of(c) ? (size_t)(WINOGRAD_POINTS * c->ci * c->co) * sizeof(float) : 0;
}

void ck_winograd_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed) {
    const winograd_suite *s = suite_of(c);
    winograd_filters f = {.c = c, .p = plane_of(c, pass), .pass = pass, .w = w, .scale = scale, .packed = packed};
    ck_parallel(f.p.co / s->lanes, s->pack_channels, &f);
}

bool ck_winograd_run(
    const ck_convolution *c, ck_conv_pass pass, const float *x, const void *packed, const ck_conv_epilogue *epilogue,
    float *y) {
    const winograd_suite *s = suite_of(c);
    winograd_job j = {.p = plane_of(c, pass), .x = x, .packed = packed, .epilogue = epilogue, .y = y};
    // As many tiles as keep their points and sums in the second-level cache.
    int64_t fit = s->cache / (WINOGRAD_POINTS * (j.p.ci + 2 * s->lanes)) / s->rows * s->rows;
    j.tiles_a_block = fit < s->rows ? s->rows : fit > 48 ? 48 : fit;
    ck_parallel((j.p.tiles + j.tiles_a_block - 1) / j.tiles_a_block, s->run_block, &j);
    return !j.failed && !j.strayed;
}

/// Gᵀ u for one row or column of sums over tiles.
static void filter_taps(const float u[WINOGRAD_PATCH], float g[3]) {
    float s = -(u[1] + u[2]) / 1.5f, d = -(u[1] - u[2]) / 1.5f, t = (u[3] + u[4]) / 6.0f, e = (u[3] - u[4]) / 6.0f;
    g[0] = u[0] + s + t;
    g[1] = root_half * d + root_two * e;
    g[2] = 0.5f * s + 2.0f * t + u[5];
}

typedef struct {
    const winograd_gradient_job *j;
    int64_t pieces;
    float *out;
} taps_job;

/// The gradient of all filters of one input channel, from the sums of all pieces.
static void write_taps(void *context, int64_t i) {
    const taps_job *t = context;
    const winograd_plane *p = &t->j->p;
    int64_t size = WINOGRAD_POINTS * p->ci * p->co;
    for (int64_t o = 0; o < p->co; o++) {
        float u[WINOGRAD_PATCH][WINOGRAD_PATCH], rows[WINOGRAD_PATCH][3], column[WINOGRAD_PATCH], taps[3];
        for (int point = 0; point < WINOGRAD_POINTS; point++) {
            const float *at = t->j->sums + (point * p->ci + i) * p->co + o;
            float sum = at[0];
            for (int64_t piece = 1; piece < t->pieces; piece++) { sum += at[piece * size]; }
            u[point / WINOGRAD_PATCH][point % WINOGRAD_PATCH] = sum;
        }
        for (int y = 0; y < WINOGRAD_PATCH; y++) { filter_taps(u[y], rows[y]); }
        for (int x = 0; x < 3; x++) {
            for (int y = 0; y < WINOGRAD_PATCH; y++) { column[y] = rows[y][x]; }
            filter_taps(column, taps);
            for (int y = 0; y < 3; y++) { t->out[(o * p->ci + i) * 9 + y * 3 + x] = taps[y]; }
        }
    }
}

bool ck_winograd_gradient(const ck_convolution *c, const float *x, const float *g, float *weights) {
    const winograd_suite *s = suite_of(c);
    if (!s) { return false; }
    winograd_gradient_job j = {.p = plane_of(c, CK_CONV_BACKWARD_WEIGHTS), .x = x, .g = g};
    int64_t fit = s->cache / (WINOGRAD_POINTS * (j.p.ci + j.p.co)), pieces = j.p.tiles >= 64 ? ck_threads() : 1;
    j.tiles_a_block = fit < 8 ? 8 : fit > 48 ? 48 : fit;
    // Cut alike whatever the load, so that results depend on the number of threads only.
    j.tiles_a_piece = (j.p.tiles + pieces - 1) / pieces;
    pieces = (j.p.tiles + j.tiles_a_piece - 1) / j.tiles_a_piece;
    j.sums = ck_scratch(CK_SCRATCH_SUMS, (size_t)(pieces * WINOGRAD_POINTS * j.p.ci * j.p.co) * sizeof(float));
    if (!j.sums) { return false; }
    ck_parallel(pieces, s->run_gradient, &j);
    if (j.failed) { return false; }
    taps_job t = {.j = &j, .pieces = pieces, .out = weights};
    ck_parallel(j.p.ci, write_taps, &t);
    return true;
}
