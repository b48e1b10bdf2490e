// Products of float32 matrices for AVX2: panels of sixteen columns of op(B) are laid out in the first-level cache, and every
// six rows of op(A) are multiplied with a panel at once, their 96 sums in registers. What follows the product (adding to C,
// bias, ReLU) happens while the sums are there. Every number is summed in the order of k, whatever is computed beside it.
//
// The inner loop is unrolled and addresses are kept from being computed one from the other: a processor that shares its core
// with another runs out of instructions before it runs out of multiply-adds. OpenBLAS lays out both operands and works on C
// in passes of its own, which costs a fifth of the time where networks are small; oneDNN generates its code first, and loses
// half of its speed where rows lie a power of two apart.
#include "panels.h"
#include "ckernels_networks.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))

enum { WIDTH = 16, ROWS = 6, DEPTH = 320, BLOCK = 1 << 16, PANEL_SLOT = 4 };

/// Rows k of a panel from columns that lie along k: eight at a time, transposed in registers.
AVX2 static void turn_eight(const float *b, int64_t bn, float *out) {
    __m256 r[8], s[8];
    for (int i = 0; i < 8; i++) { r[i] = _mm256_loadu_ps(b + i * bn); }
    for (int i = 0; i < 4; i++) {
        s[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        s[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        r[4 * i] = _mm256_shuffle_ps(s[4 * i], s[4 * i + 2], 0x44);
        r[4 * i + 1] = _mm256_shuffle_ps(s[4 * i], s[4 * i + 2], 0xee);
        r[4 * i + 2] = _mm256_shuffle_ps(s[4 * i + 1], s[4 * i + 3], 0x44);
        r[4 * i + 3] = _mm256_shuffle_ps(s[4 * i + 1], s[4 * i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        _mm256_store_ps(out + i * WIDTH, _mm256_permute2f128_ps(r[i], r[4 + i], 0x20));
        _mm256_store_ps(out + (4 + i) * WIDTH, _mm256_permute2f128_ps(r[i], r[4 + i], 0x31));
    }
}

/// out[k, 0 ..< 16] = b[k·bk + j·bn] for `columns` columns, the rest zero.
AVX2 static void lay_out(const float *b, int64_t bk, int64_t bn, int64_t columns, int64_t depth, float *out) {
    if (bn == 1 && columns == WIDTH) {
        for (int64_t k = 0; k < depth; k++) {
            _mm256_store_ps(out + k * WIDTH, _mm256_loadu_ps(b + k * bk));
            _mm256_store_ps(out + k * WIDTH + 8, _mm256_loadu_ps(b + k * bk + 8));
        }
        return;
    }
    if (columns < WIDTH) { memset(out, 0, (size_t)(depth * WIDTH) * sizeof(float)); }
    int64_t done = 0;
    if (bk == 1) {
        for (; done + 8 <= depth; done += 8) {
            for (int64_t j = 0; j + 8 <= columns; j += 8) { turn_eight(b + j * bn + done, bn, out + done * WIDTH + j); }
            for (int64_t j = columns / 8 * 8; j < columns; j++) {
                for (int64_t k = done; k < done + 8; k++) { out[k * WIDTH + j] = b[k + j * bn]; }
            }
        }
    }
    for (int64_t k = done; k < depth; k++) {
        for (int64_t j = 0; j < columns; j++) { out[k * WIDTH + j] = b[k * bk + j * bn]; }
    }
}

typedef struct {
    const float *panel;
    int64_t ar, ak, depth, ldc, columns;
    const float *bias;
    bool adds, relu;
} tile;

/// One row of op(B) and one column of op(A): 2 · COUNT multiply-adds.
#define STEP(COUNT, B, AT) \
    do { \
        __m256 left = _mm256_load_ps(B), right = _mm256_load_ps((B) + 8); \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < COUNT; r++) { \
            __m256 all = _mm256_broadcast_ss(AT); \
            sum[r][0] = _mm256_fmadd_ps(all, left, sum[r][0]); \
            sum[r][1] = _mm256_fmadd_ps(all, right, sum[r][1]); \
        } \
    } while (0)
// The compiler would make one chain of additions of the addresses, which is slower than the sums.
#define KEEP(X, Y) __asm__("" : "+r"(X), "+r"(Y))

/// One tile of COUNT rows and sixteen columns.
#define TILE(COUNT) \
    AVX2 static void tile_##COUNT(const tile *t, const float *a, float *c) { \
        __m256 sum[COUNT][2]; \
        float edge[COUNT * WIDTH] __attribute__((aligned(32))); \
        bool whole = t->columns == WIDTH; \
        float *to = whole ? c : edge; \
        int64_t ldc = whole ? t->ldc : WIDTH, ar = t->ar, ak = t->ak, k = t->depth; \
        if (!whole && t->adds) { \
            for (int r = 0; r < COUNT; r++) { \
                for (int64_t j = 0; j < WIDTH; j++) { edge[r * WIDTH + j] = j < t->columns ? c[r * t->ldc + j] : 0; } \
            } \
        } \
        for (int r = 0; r < COUNT; r++) { \
            for (int v = 0; v < 2; v++) { \
                sum[r][v] = t->adds ? _mm256_loadu_ps(to + r * ldc + 8 * v) : _mm256_setzero_ps(); \
                if (t->bias) { sum[r][v] = _mm256_add_ps(sum[r][v], _mm256_loadu_ps(t->bias + 8 * v)); } \
            } \
        } \
        const float *b = t->panel; \
        if (ak == 1) { \
            const float *low = a, *high = a + 3 * ar; \
            for (; k >= 4; k -= 4, b += 4 * WIDTH, low += 4, high += 4) { \
                KEEP(low, high); \
                _Pragma("clang loop unroll(full)") for (int u = 0; u < 4; u++) { \
                    STEP(COUNT, b + u * WIDTH, (r < 3 ? low + r * ar : high + (r - 3) * ar) + u); \
                } \
            } \
            a = low; \
        } else { \
            const float *low = a, *high = a + 2 * ak; \
            for (; k >= 4; k -= 4, b += 4 * WIDTH, low += 4 * ak, high += 4 * ak) { \
                KEEP(low, high); \
                _Pragma("clang loop unroll(full)") for (int u = 0; u < 4; u++) { \
                    STEP(COUNT, b + u * WIDTH, (u < 2 ? low + u * ak : high + (u - 2) * ak) + r); \
                } \
            } \
            a = low; \
        } \
        for (; k > 0; k--, b += WIDTH, a += ak) { STEP(COUNT, b, a + r * ar); } \
        if (t->relu) { \
            for (int r = 0; r < COUNT; r++) { \
                for (int v = 0; v < 2; v++) { \
                    /* (NaN stays NaN: the comparison is false for it.) */ \
                    __m256 cut = _mm256_cmp_ps(sum[r][v], _mm256_setzero_ps(), _CMP_LT_OQ); \
                    sum[r][v] = _mm256_andnot_ps(cut, sum[r][v]); \
                } \
            } \
        } \
        for (int r = 0; r < COUNT; r++) { \
            _mm256_storeu_ps(to + r * ldc, sum[r][0]); \
            _mm256_storeu_ps(to + r * ldc + 8, sum[r][1]); \
        } \
        if (!whole) { \
            for (int r = 0; r < COUNT; r++) { \
                for (int64_t j = 0; j < t->columns; j++) { c[r * t->ldc + j] = edge[r * WIDTH + j]; } \
            } \
        } \
    }
TILE(6)
TILE(5)
TILE(4)
TILE(3)
TILE(2)
TILE(1)

/// Columns of A, which lie along i, in sixes: out[i / 6, k, 0 ..< 6].
AVX2 static void lay_out_rows(const float *a, int64_t ak, int64_t rows, int64_t depth, float *out) {
    for (int64_t i = 0; i < rows; i += ROWS) {
        for (int64_t k = 0; k < depth; k++, out += ROWS) { memcpy(out, a + i + k * ak, ROWS * sizeof(float)); }
    }
}

/// A part of a product: `depth` steps of k from `k` on.
typedef struct {
    const ck_panel_operands *p;
    int64_t k, depth, n;
    bool first, last;
    /// Whether B and C are too large to be in the second-level cache.
    bool far_b, far_c;
    /// Room for the rows of a block laid out, or NULL.
    float *room;
} slab;

/// Brings lines of the panel at column j closer, those that tile number `at` has time for.
AVX2 static void fetch(const slab *s, int64_t j, int64_t at) {
    const ck_panel_operands *p = s->p;
    const float *b = p->b + s->k * p->bk + j * p->bn;
    int64_t from = at * WIDTH;
    if (from >= s->depth) { return; }
    if (p->bk == 1) {
        for (int r = 0; r < WIDTH; r++) { __builtin_prefetch(b + r * p->bn + from); }
    } else {
        for (int64_t r = from; r < from + WIDTH && r < s->depth; r++) { __builtin_prefetch(b + r * p->bk); }
    }
}

/// Fewer than six rows, or seven or eight: two tiles of four are faster than one of six and one of two.
AVX2 static void remaining_rows(const tile *t, const float *a, float *c, int64_t rows) {
    while (rows > 0) {
        int64_t done = 1;
        switch (rows) {
        case 8: case 7: case 4: tile_4(t, a, c); done = 4; break;
        case 5: tile_5(t, a, c); done = 5; break;
        case 3: tile_3(t, a, c); done = 3; break;
        case 2: tile_2(t, a, c); done = 2; break;
        default: tile_1(t, a, c); break;
        }
        a += done * t->ar;
        c += done * t->ldc;
        rows -= done;
    }
}

/// Rows top ..< top + m of C.
AVX2 static void multiply_block(const slab *s, int64_t top, int64_t m) {
    float panel[DEPTH * WIDTH] __attribute__((aligned(64)));
    float bias[WIDTH];
    const ck_panel_operands *p = s->p;
    const float *a = p->a + s->k * p->ak + top * p->ar;
    int64_t sixes = m % ROWS == 1 || m % ROWS == 2 ? m / ROWS - 1 : m / ROWS;
    if (sixes < 0) { sixes = 0; }
    if (s->room) { lay_out_rows(a, p->ak, sixes * ROWS, s->depth, s->room); }
    for (int64_t j = 0; j < s->n; j += WIDTH) {
        int64_t columns = s->n - j < WIDTH ? s->n - j : WIDTH;
        lay_out(p->b + s->k * p->bk + j * p->bn, p->bk, p->bn, columns, s->depth, panel);
        tile t = {panel, p->ar, p->ak, s->depth, p->ldc, columns, NULL, p->adds || !s->first, p->relu && s->last};
        if (p->bias && s->first) {
            for (int64_t i = 0; i < WIDTH; i++) { bias[i] = i < columns ? p->bias[j + i] : 0; }
            t.bias = bias;
        }
        tile six = t;
        if (s->room) { six.ar = 1, six.ak = ROWS; }
        float *c = p->c + top * p->ldc + j;
        bool looks_ahead = s->far_b && j + 2 * WIDTH <= s->n;
        for (int64_t i = 0; i < sixes; i++, c += ROWS * p->ldc) {
            if (looks_ahead) { fetch(s, j + WIDTH, i); }
            for (int r = 0; s->far_c && r < ROWS; r++) { __builtin_prefetch(c + r * p->ldc, 1); }
            tile_6(&six, s->room ? s->room + i * ROWS * s->depth : a + i * ROWS * p->ar, c);
        }
        remaining_rows(&t, a + sixes * ROWS * p->ar, c, m - sixes * ROWS);
    }
}

void ck_panel_product(const ck_panel_operands *p, int64_t m, int64_t n) {
    // Where rows of op(A) do not lie along memory, every column of it would be a step into another page.
    bool lays_out = p->ar == 1 && p->ak != 1 && n >= 4 * WIDTH && m >= 2 * ROWS;
    for (int64_t k = 0; k < p->k; k += DEPTH) {
        int64_t depth = p->k - k < DEPTH ? p->k - k : DEPTH;
        // Rows that stay in the second-level cache while panel after panel passes (256 kB).
        int64_t block = BLOCK / depth / ROWS * ROWS;
        if (block > m) { block = m; }
        slab s = {p, k, depth, n, k == 0, k + depth == p->k, p->k * n > BLOCK, m * n > BLOCK, NULL};
        if (lays_out) { s.room = ck_scratch(PANEL_SLOT, (size_t)(block * depth) * sizeof(float)); }
        for (int64_t top = 0; top < m; top += block) { multiply_block(&s, top, m - top < block ? m - top : block); }
    }
}

bool ck_panels_suit(void) {
    // With AVX-512 OpenBLAS's kernels have twice the width.
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !__builtin_cpu_supports("avx512f");
}
#else
void ck_panel_product(const ck_panel_operands *p, int64_t m, int64_t n) {}
bool ck_panels_suit(void) { return false; }
#endif
