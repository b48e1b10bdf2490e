// Products of float32 matrices by packed micro-panels (the design of GotoBLAS and BLIS: Goto and van de Geijn, 2008; Van Zee
// and van de Geijn, 2015), for vectors of LANES floats.
//
// Two vectors of columns of op(B) are laid out for some hundred steps of k in the first-level cache (a panel), and a tile of
// some rows of op(A) is multiplied with it at once, its sums in registers. Rows are laid out tile by tile in the second-level
// cache, unless C has few columns. What follows the product (adding to C, bias, ReLU) happens while the sums are there.
// Every number is summed in the order of k, whatever is computed beside it and by whichever thread.
//
// Tiles have as many rows as registers hold the sums of, or a few less, so that all have about the same: with four rows and
// more the multiply-adds are what a tile waits for.

enum {
    PANEL_WIDTH = 2 * LANES,
    /// Never more than LANES: rows are laid out by turning as many.
    PANEL_ROWS = LANES == 16 ? 14 : LANES == 8 ? 6 : 4,
    PANEL_DEPTH = 320,
    /// Floats of laid out rows that stay in the second-level cache while panel after panel passes.
    PANEL_BLOCK = LANES == 16 ? 1 << 18 : 1 << 16,
};

#include "panel_layout.h"

/// What a tile is multiplied with, and what follows.
typedef struct {
    const float *panel;
    int64_t depth, ldc, columns;
    const float *bias;
    bool adds, relu;
} panel_tile;

/// c[rows, vectors · LANES] (+)= rows of A times the panel. `packed` rows are laid out, others lie `ar` apart. To be inlined
/// with numbers, so that `sum` is in registers.
CK_INLINE void multiply_tile(
    const panel_tile *t, const float *a, int64_t ar, float *c, const int rows, const int vectors, const bool packed) {
    lanes sum[PANEL_ROWS][2];
    const int64_t width = vectors * LANES;
    bool whole = t->columns == width;
    float edge[PANEL_ROWS * PANEL_WIDTH] __attribute__((aligned(64)));
    float *to = whole ? c : edge;
    int64_t ldc = whole ? t->ldc : width, k = t->depth;
    if (!whole && t->adds) {
        for (int r = 0; r < rows; r++) {
            for (int64_t j = 0; j < width; j++) { edge[r * width + j] = j < t->columns ? c[r * t->ldc + j] : 0; }
        }
    }
    _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
        _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
            sum[r][v] = (lanes){0};
        }
    }
    const float *b = t->panel;
    if (packed) {
        for (; k >= 4; k -= 4, b += 4 * width, a += 4 * rows) {
            // A line or so ahead: the rows stream from the second-level cache.
            for (int l = 0; l < 4 * rows; l += 16) { __builtin_prefetch(a + 16 * rows + l); }
            _Pragma("clang loop unroll(full)") for (int u = 0; u < 4; u++) {
                lanes x[2];
                _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
                    x[v] = *(const lanes *)(b + u * width + v * LANES);
                }
                _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
                    lanes all = a[u * rows + r] - (lanes){0};
                    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
                        sum[r][v] = all * x[v] + sum[r][v];
                    }
                }
            }
        }
    } else {
        const float *three[(PANEL_ROWS + 2) / 3];
        _Pragma("clang loop unroll(full)") for (int g = 0; g < (rows + 2) / 3; g++) { three[g] = a + 3 * g * ar; }
        for (; k >= 4; k -= 4, b += 4 * width) {
            // The compiler would make one chain of additions of the addresses, which is slower than the sums.
            _Pragma("clang loop unroll(full)") for (int g = 0; g < (rows + 2) / 3; g++) { __asm__("" : "+r"(three[g])); }
            _Pragma("clang loop unroll(full)") for (int u = 0; u < 4; u++) {
                lanes x[2];
                _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
                    x[v] = *(const lanes *)(b + u * width + v * LANES);
                }
                _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
                    lanes all = three[r / 3][r % 3 * ar + u] - (lanes){0};
                    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
                        sum[r][v] = all * x[v] + sum[r][v];
                    }
                }
            }
            _Pragma("clang loop unroll(full)") for (int g = 0; g < (rows + 2) / 3; g++) { three[g] += 4; }
        }
        a = three[0];
    }
    for (; k > 0; k--, b += width, a += packed ? rows : 1) {
        _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
            lanes all = a[packed ? r : r * ar] - (lanes){0};
            _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
                sum[r][v] = all * *(const lanes *)(b + v * LANES) + sum[r][v];
            }
        }
    }
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
        lanes more = t->bias ? *(const loose_lanes *)(t->bias + v * LANES) : (lanes){0};
        _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
            // (C is read last, when the lines that were fetched before the tile began have come.)
            lanes y = t->adds ? sum[r][v] + *(const loose_lanes *)(to + r * ldc + v * LANES) : sum[r][v];
            y = t->bias ? y + more : y;
            // (NaN stays NaN: the comparison is false for it.)
            if (t->relu) { y = (lanes)((lane_mask)y & ~(lane_mask)(y < 0.0f)); }
            *(loose_lanes *)(to + r * ldc + v * LANES) = y;
        }
    }
    if (!whole) {
        for (int r = 0; r < rows; r++) {
            for (int64_t j = 0; j < t->columns; j++) { c[r * t->ldc + j] = edge[r * width + j]; }
        }
    }
}

#define PACKED_TILE(ROWS) \
    static void packed_tile_##ROWS(const panel_tile *t, const float *a, int64_t ar, float *c) { \
        multiply_tile(t, a, ar, c, ROWS, 2, true); \
    } \
    static void packed_half_##ROWS(const panel_tile *t, const float *a, int64_t ar, float *c) { \
        multiply_tile(t, a, ar, c, ROWS, 1, true); \
    } \
    static void tile_in_place_##ROWS(const panel_tile *t, const float *a, int64_t ar, float *c) { \
        multiply_tile(t, a, ar, c, ROWS, 2, false); \
    } \
    static void half_in_place_##ROWS(const panel_tile *t, const float *a, int64_t ar, float *c) { \
        multiply_tile(t, a, ar, c, ROWS, 1, false); \
    }
#define TILES_OF(ROWS) {half_in_place_##ROWS, tile_in_place_##ROWS, packed_half_##ROWS, packed_tile_##ROWS}
PACKED_TILE(1)
PACKED_TILE(2)
PACKED_TILE(3)
PACKED_TILE(4)
#if LANES >= 8
PACKED_TILE(5)
PACKED_TILE(6)
#endif
#if LANES == 16
PACKED_TILE(7)
PACKED_TILE(8)
PACKED_TILE(9)
PACKED_TILE(10)
PACKED_TILE(11)
PACKED_TILE(12)
PACKED_TILE(13)
PACKED_TILE(14)
#endif

/// By rows, packed or not, and vectors.
static void (*const panel_tiles[PANEL_ROWS + 1][4])(const panel_tile *t, const float *a, int64_t ar, float *c) = {
    {NULL}, TILES_OF(1), TILES_OF(2), TILES_OF(3), TILES_OF(4),
#if LANES >= 8
    TILES_OF(5), TILES_OF(6),
#endif
#if LANES == 16
    TILES_OF(7), TILES_OF(8), TILES_OF(9), TILES_OF(10), TILES_OF(11), TILES_OF(12), TILES_OF(13), TILES_OF(14),
#endif
};

/// How rows are cut into tiles: the first `larger` tiles have `rows`, the others one less.
typedef struct { int64_t tiles, rows, larger; } tile_cut;
static tile_cut cut_rows_into_tiles(int64_t m) {
    int64_t tiles = (m + PANEL_ROWS - 1) / PANEL_ROWS, rows = (m + tiles - 1) / tiles;
    return (tile_cut){tiles, rows, m - (rows - 1) * tiles};
}

/// A part of a product: `depth` steps of k from `k` on, rows top ..< top + m of C.
typedef struct {
    const ck_panel_operands *p;
    int64_t k, depth, top;
    tile_cut cut;
    /// Whether B and C are too large to be in the second-level cache.
    bool far_b, far_c;
    /// The rows laid out tile by tile, or NULL.
    const float *rows;
} panel_slab;

/// Rows before tile number `tile`.
CK_INLINE int64_t first_row(const tile_cut *cut, int64_t tile) {
    return tile * (cut->rows - 1) + (tile < cut->larger ? tile : cut->larger);
}

/// Rows of tile number `tile`.
CK_INLINE int64_t tile_rows(const tile_cut *cut, int64_t tile) { return cut->rows - (tile < cut->larger ? 0 : 1); }
/// Floats of a tile that is laid out, with what is written beyond its end.
CK_INLINE int64_t tile_room(const tile_cut *cut, int64_t depth) { return cut->rows * depth + LANES; }

/// Brings lines of the panel at column j closer, those that tile number `at` has time for.
static void fetch_panel(const panel_slab *s, int64_t j, int64_t at) {
    const ck_panel_operands *p = s->p;
    const float *b = p->b + s->k * p->bk + j * p->bn;
    if (p->bk == 1) {
        // All tiles together bring all lines of all columns.
        int64_t lines = (s->depth + 15) / 16, all = lines * PANEL_WIDTH, each = (all + s->cut.tiles - 1) / s->cut.tiles;
        int64_t end = (at + 1) * each < all ? (at + 1) * each : all;
        for (int64_t line = at * each; line < end; line++) {
            __builtin_prefetch(b + line / lines * p->bn + line % lines * 16);
        }
    } else {
        int64_t each = (s->depth + s->cut.tiles - 1) / s->cut.tiles, end = (at + 1) * each;
        for (int64_t r = at * each; r < end && r < s->depth; r++) {
            for (int64_t l = 0; l < PANEL_WIDTH; l += 16) { __builtin_prefetch(b + r * p->bk + l); }
        }
    }
}

/// Columns from ..< to of C, panel by panel.
static void multiply_columns(const panel_slab *s, int64_t from, int64_t to) {
    float panel[PANEL_DEPTH * PANEL_WIDTH] __attribute__((aligned(64)));
    float bias[PANEL_WIDTH];
    const ck_panel_operands *p = s->p;
    const float *a = p->a + s->k * p->ak + s->top * p->ar;
    for (int64_t j = from; j < to; j += PANEL_WIDTH) {
        int64_t columns = to - j < PANEL_WIDTH ? to - j : PANEL_WIDTH, wide = columns > LANES;
        lay_out_panel(
            p->b + s->k * p->bk + j * p->bn, p->bk, p->bn, columns, s->depth, wide ? PANEL_WIDTH : LANES, panel);
        bool last = s->k + s->depth == p->k;
        panel_tile t = {panel, s->depth, p->ldc, columns, NULL, p->adds || s->k > 0, p->relu && last};
        if (p->bias && last) {
            for (int64_t i = 0; i < PANEL_WIDTH; i++) { bias[i] = i < columns ? p->bias[j + i] : 0; }
            t.bias = bias;
        }
        bool looks_ahead = s->far_b && j + 2 * PANEL_WIDTH <= to;
        for (int64_t i = 0; i < s->cut.tiles; i++) {
            int64_t row = first_row(&s->cut, i), rows = tile_rows(&s->cut, i);
            float *c = p->c + (s->top + row) * p->ldc + j;
            if (looks_ahead) { fetch_panel(s, j + PANEL_WIDTH, i); }
            for (int64_t r = 0; s->far_c && r < rows; r++) {
                for (int64_t l = 0; l < columns; l += 16) { __builtin_prefetch(c + r * p->ldc + l, 1); }
            }
            if (s->rows) {
                panel_tiles[rows][2 + wide](&t, s->rows + i * tile_room(&s->cut, s->depth), 0, c);
            } else {
                panel_tiles[rows][wide](&t, a + row * p->ar, p->ar, c);
            }
        }
    }
}

// MARK: Whole products

/// Steps of k in a panel: about the same for all, whatever the rest of the product.
CK_INLINE int64_t panel_depth(int64_t k) {
    int64_t panels = (k + PANEL_DEPTH - 1) / PANEL_DEPTH;
    return ((k + panels - 1) / panels + LANES - 1) / LANES * LANES;
}

/// Whether rows are worth being laid out: where they do not lie along memory every step of k would be one into another page,
/// and where C has more than a few columns they are read so often that they should lie side by side.
CK_INLINE bool packs_rows(const ck_panel_operands *p) { return p->ak != 1 || p->n > 3 * PANEL_WIDTH; }

/// Rows top ..< top + m of a product for some panels' depth of k.
typedef struct {
    const ck_panel_operands *p;
    int64_t depth, k, k_end, top;
    tile_cut cut;
    float *rows;
} panel_job;

static void pack_tiles(void *context, int64_t from, int64_t to) {
    const panel_job *j = context;
    const ck_panel_operands *p = j->p;
    float *out = j->rows;
    for (int64_t k = j->k; k < j->k_end; k += j->depth) {
        int64_t depth = j->k_end - k < j->depth ? j->k_end - k : j->depth, room = tile_room(&j->cut, depth);
        for (int64_t i = from; i < to; i++) {
            int64_t row = j->top + first_row(&j->cut, i);
            lay_out_rows(
                p->a + k * p->ak + row * p->ar, p->ar, p->ak, tile_rows(&j->cut, i), p->m - row, depth, out + i * room);
        }
        out += j->cut.tiles * room;
    }
}

static void multiply_panels(void *context, int64_t from, int64_t to) {
    const panel_job *j = context;
    const ck_panel_operands *p = j->p;
    const float *rows = j->rows;
    for (int64_t k = j->k; k < j->k_end; k += j->depth) {
        int64_t depth = j->k_end - k < j->depth ? j->k_end - k : j->depth;
        panel_slab s = {p, k, depth, j->top, j->cut, p->k * p->n > PANEL_BLOCK, p->m * p->n > PANEL_BLOCK, rows};
        multiply_columns(&s, from, to);
        if (rows) { rows += j->cut.tiles * tile_room(&j->cut, depth); }
    }
}

/// Columns that a thread takes at once: two pieces for each where there is much to do, so that one that is held up leaves its
/// second one to another.
static int64_t columns_a_piece(const ck_panel_operands *p, int64_t threads) {
    double work = (double)p->m * (double)p->n * (double)p->k;
    int64_t pieces = work > CK_LARGE_WORK ? 2 * threads : threads;
    return ((p->n + pieces - 1) / pieces + LANES - 1) / LANES * LANES;
}

/// All of a product, its columns spread over `threads` threads; false when memory is short.
static bool multiply_spread(const ck_panel_operands *p, int64_t threads) {
    bool packs = packs_rows(p);
    int64_t depth = panel_depth(p->k), panels = (p->k + depth - 1) / depth;
    int64_t grain = threads > 1 ? columns_a_piece(p, threads) : p->n;
    // As many rows, or as many panels' depth of all rows, as stay in the second-level cache.
    int64_t block = packs && p->m * depth > PANEL_BLOCK ? PANEL_BLOCK / depth / PANEL_ROWS * PANEL_ROWS : p->m;
    int64_t group = packs ? PANEL_BLOCK / (block * depth) : panels;
    if (group < 1) { group = 1; }
    for (int64_t k = 0; k < p->k; k += group * depth) {
        int64_t k_end = k + group * depth < p->k ? k + group * depth : p->k, blocks = (k_end - k + depth - 1) / depth;
        for (int64_t top = 0; top < p->m; top += block) {
            panel_job j = {p, depth, k, k_end, top, cut_rows_into_tiles(p->m - top < block ? p->m - top : block), NULL};
            if (packs) {
                int64_t room = blocks * j.cut.tiles * tile_room(&j.cut, depth);
                j.rows = ck_scratch(CK_SCRATCH_PANEL, (size_t)room * sizeof(float));
                if (!j.rows) { return false; }
                ck_split(j.cut.tiles, (j.cut.tiles + threads - 1) / threads, pack_tiles, &j);
            }
            ck_split(p->n, grain, multiply_panels, &j);
        }
    }
    return true;
}

/// Rows from ..< to of a product of few columns.
static void multiply_rows(void *context, int64_t from, int64_t to) {
    ck_panel_operands part = *(const ck_panel_operands *)context;
    part.a += from * part.ar;
    part.c += from * part.ldc;
    part.m = to - from;
    // (Rows in place need no memory.)
    multiply_spread(&part, 1);
}

static bool panel_multiply_alone(const ck_panel_operands *p) { return multiply_spread(p, 1); }

static bool panel_multiply(const ck_panel_operands *p) {
    int64_t threads = ck_threads();
    if (threads == 1 || (double)p->m * (double)p->n * (double)p->k <= CK_PARALLEL_WORK) { return multiply_spread(p, 1); }
    if (p->n >= threads * PANEL_WIDTH || packs_rows(p)) { return multiply_spread(p, threads); }
    ck_split(p->m, (p->m + threads - 1) / threads, multiply_rows, (void *)p);
    return true;
}

static const ck_panel_suite LEVELLED(panels) = {
    panel_multiply, panel_multiply_alone,
#if LANES == 16
    multiply_by_dots,
#endif
};
