// Products of float32 matrices for AVX2: panels of sixteen columns of op(B) are laid out in the first-level cache, and every
// six rows of op(A) are multiplied with a panel at once, their 96 sums in registers. What follows the product (adding to C,
// bias, ReLU) happens while the sums are there. OpenBLAS lays out both operands and works on C in passes of its own, which
// costs a fifth of the time where networks are small; oneDNN needs 20 ms to generate its code first.
#include "panels.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))

enum { WIDTH = 16, ROWS = 6, DEPTH = 320 };

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

/// One tile of COUNT rows and sixteen columns.
#define TILE(COUNT) \
    AVX2 static void tile_##COUNT(const tile *t, const float *a, float *c) { \
        __m256 sum[COUNT][2]; \
        float edge[COUNT * WIDTH] __attribute__((aligned(32))); \
        bool whole = t->columns == WIDTH; \
        float *to = whole ? c : edge; \
        int64_t ldc = whole ? t->ldc : WIDTH, ar = t->ar, ak = t->ak; \
        if (!whole) { \
            for (int r = 0; r < COUNT; r++) { \
                for (int64_t j = 0; j < WIDTH; j++) { edge[r * WIDTH + j] = j < t->columns && t->adds ? c[r * t->ldc + j] : 0; } \
            } \
        } \
        for (int r = 0; r < COUNT; r++) { \
            for (int v = 0; v < 2; v++) { \
                sum[r][v] = t->adds ? _mm256_loadu_ps(to + r * ldc + 8 * v) : _mm256_setzero_ps(); \
                if (t->bias) { sum[r][v] = _mm256_add_ps(sum[r][v], _mm256_loadu_ps(t->bias + 8 * v)); } \
            } \
        } \
        const float *b = t->panel, *at = a; \
        for (int64_t k = 0; k < t->depth; k++, b += WIDTH, at += ak) { \
            __m256 left = _mm256_load_ps(b), right = _mm256_load_ps(b + 8); \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < COUNT; r++) { \
                __m256 all = _mm256_broadcast_ss(at + r * ar); \
                sum[r][0] = _mm256_fmadd_ps(all, left, sum[r][0]); \
                sum[r][1] = _mm256_fmadd_ps(all, right, sum[r][1]); \
            } \
        } \
        for (int r = 0; r < COUNT; r++) { \
            for (int v = 0; v < 2; v++) { \
                /* (NaN stays NaN: the comparison is false for it.) */ \
                __m256 cut = _mm256_andnot_ps(_mm256_cmp_ps(sum[r][v], _mm256_setzero_ps(), _CMP_LT_OQ), sum[r][v]); \
                _mm256_storeu_ps(to + r * ldc + 8 * v, t->relu ? cut : sum[r][v]); \
            } \
        } \
        if (!whole) { \
            for (int r = 0; r < COUNT; r++) { \
                for (int64_t j = 0; j < t->columns; j++) { c[r * t->ldc + j] = edge[r * WIDTH + j]; } \
            } \
        } \
    }
TILE(6)
TILE(4)
TILE(2)
TILE(1)

AVX2 void ck_panel_product(const ck_panel_operands *p, int64_t m, int64_t n) {
    float panel[DEPTH * WIDTH] __attribute__((aligned(64)));
    float bias[WIDTH];
    for (int64_t k = 0; k < p->k; k += DEPTH) {
        int64_t depth = p->k - k < DEPTH ? p->k - k : DEPTH;
        bool first = k == 0, last = k + depth == p->k;
        for (int64_t j = 0; j < n; j += WIDTH) {
            int64_t columns = n - j < WIDTH ? n - j : WIDTH;
            lay_out(p->b + k * p->bk + j * p->bn, p->bk, p->bn, columns, depth, panel);
            tile t = {panel, p->ar, p->ak, depth, p->ldc, columns, NULL, p->adds || !first, p->relu && last};
            if (p->bias && first) {
                for (int64_t i = 0; i < WIDTH; i++) { bias[i] = i < columns ? p->bias[j + i] : 0; }
                t.bias = bias;
            }
            const float *a = p->a + k * p->ak;
            float *c = p->c + j;
            int64_t i = 0;
            for (; i + ROWS <= m; i += ROWS) { tile_6(&t, a + i * p->ar, c + i * p->ldc); }
            if (i + 4 <= m) {
                tile_4(&t, a + i * p->ar, c + i * p->ldc);
                i += 4;
            }
            if (i + 2 <= m) {
                tile_2(&t, a + i * p->ar, c + i * p->ldc);
                i += 2;
            }
            if (i < m) { tile_1(&t, a + i * p->ar, c + i * p->ldc); }
        }
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
