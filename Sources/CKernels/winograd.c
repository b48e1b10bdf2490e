// Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray, 2015): 36 products instead of 144 for 16 outputs.
// The interpolation points 0, ±1/√2, ±√2, ∞ keep the error within twice that of direct summation, where the usual
// 0, ±1, ±2, ∞ lose a decimal digit (Barabasz et al., 2020, on the choice of points).
#include "ckernels_networks.h"
#include <string.h>

enum { TILE = 4, PATCH = 6, POINTS = PATCH * PATCH, ROWS = 12, LANES = 16, WIDE = 2 * LANES };

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f,avx512dq,avx512vl")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))
static bool processor_suits(void) { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"); }
#else
#define AVX512
#define AVX512_INLINE static inline __attribute__((always_inline))
// With fewer or narrower registers the products no longer hide the transforms.
static bool processor_suits(void) { return false; }
#endif

typedef float lanes __attribute__((vector_size(64)));
typedef int32_t mask __attribute__((vector_size(64)));
typedef float loose_lanes __attribute__((vector_size(64), aligned(4)));

static const float root_half = 0.70710678118654752f, root_two = 1.41421356237309505f;

typedef struct {
    int64_t n, ih, iw, oh, ow, ci, co, ph, pw, tiles_y, tiles_x, tiles;
} plane;

/// The pass as a forward convolution: backward for the data is one with the filters turned round.
static plane plane_of(const ck_convolution *c, ck_conv_pass pass) {
    plane p = {.n = c->n};
    if (pass == CK_CONV_FORWARD) {
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

size_t ck_winograd_bytes(const ck_convolution *c, ck_conv_pass pass) {
    bool applies = pass != CK_CONV_BACKWARD_WEIGHTS && c->kh == 3 && c->kw == 3 && c->sh == 1 && c->sw == 1
        && c->dh == 1 && c->dw == 1 && c->g == 1 && c->ci % LANES == 0 && c->co % LANES == 0 && c->ph <= 2
        && c->pw <= 2 && c->oh >= TILE && c->ow >= TILE && c->ih >= TILE && c->iw >= TILE && processor_suits();
    return applies ? (size_t)(POINTS * c->ci * c->co) * sizeof(float) : 0;
}

/// G g for one row or column of the filters of sixteen output channels; in double, for it is done once and used often.
AVX512_INLINE void filter_points(const double g[3][LANES], double u[PATCH][LANES]) {
    const double half = 0.70710678118654752440, two = 1.41421356237309504880;
    for (int l = 0; l < LANES; l++) {
        u[0][l] = g[0][l];
        u[1][l] = -(g[0][l] + half * g[1][l] + 0.5 * g[2][l]) / 1.5;
        u[2][l] = -(g[0][l] - half * g[1][l] + 0.5 * g[2][l]) / 1.5;
        u[3][l] = (g[0][l] + two * g[1][l] + 2.0 * g[2][l]) / 6.0;
        u[4][l] = (g[0][l] - two * g[1][l] + 2.0 * g[2][l]) / 6.0;
        u[5][l] = g[2][l];
    }
}

typedef struct {
    const ck_convolution *c;
    plane p;
    ck_conv_pass pass;
    const float *w, *scale;
    float *packed;
} filters;

/// Packs sixteen output channels: [outputs / 32][36][inputs][32], the last block narrower.
AVX512 static void pack_channels(void *context, int64_t index) {
    const filters *f = context;
    bool forward = f->pass == CK_CONV_FORWARD;
    int64_t to = index * LANES, block = to / WIDE * WIDE, width = f->p.co - block < WIDE ? f->p.co - block : WIDE;
    for (int64_t from = 0; from < f->p.ci; from++) {
        double taps[3][3][LANES], rows[3][PATCH][LANES], column[3][LANES], points[PATCH][LANES];
        for (int l = 0; l < LANES; l++) {
            int64_t o = forward ? to + l : from, i = forward ? from : to + l;
            const float *filter = f->w + (o * f->c->ci + i) * 9;
            double factor = f->scale ? f->scale[o] : 1.0;
            for (int k = 0; k < 9; k++) { taps[k / 3][k % 3][l] = factor * filter[forward ? k : 8 - k]; }
        }
        for (int y = 0; y < 3; y++) { filter_points(taps[y], rows[y]); }
        float *base = f->packed + block * POINTS * f->p.ci + from * width + to - block;
        for (int x = 0; x < PATCH; x++) {
            for (int y = 0; y < 3; y++) { memcpy(column[y], rows[y][x], sizeof column[y]); }
            filter_points(column, points);
            for (int y = 0; y < PATCH; y++) {
                float *out = base + (y * PATCH + x) * f->p.ci * width;
                for (int l = 0; l < LANES; l++) { out[l] = (float)points[y][l]; }
            }
        }
    }
}

void ck_winograd_pack(const ck_convolution *c, ck_conv_pass pass, const float *w, const float *scale, void *packed) {
    filters f = {.c = c, .p = plane_of(c, pass), .pass = pass, .w = w, .scale = scale, .packed = packed};
    ck_parallel(f.p.co / LANES, pack_channels, &f);
}

/// Bᵀ d for six vectors.
AVX512_INLINE void patch_points(const lanes d[PATCH], lanes v[PATCH]) {
    lanes e = d[4] - d[2] * 2.0f, o = (d[3] - d[1] * 2.0f) * root_half;
    lanes f = d[4] - d[2] * 0.5f, q = (d[3] - d[1] * 0.5f) * root_two;
    v[0] = d[0] - d[2] * 2.5f + d[4];
    v[1] = e + o;
    v[2] = e - o;
    v[3] = f + q;
    v[4] = f - q;
    v[5] = d[1] - d[3] * 2.5f + d[5];
}

/// Aᵀ m for six vectors.
AVX512_INLINE void output_points(const lanes m[PATCH], lanes y[TILE]) {
    lanes s = m[1] + m[2], d = m[1] - m[2], t = m[3] + m[4], e = m[3] - m[4];
    y[0] = m[0] + s + t;
    y[1] = d * root_half + e * root_two;
    y[2] = s * 0.5f + t * 2.0f;
    y[3] = d * (0.5f * root_half) + e * (2.0f * root_two) + m[5];
}

/// out[r, 0 ..< 16·vectors] = Σ_k a[r, k] b[k, :] for twelve rows.
#define PRODUCT(NAME, VECTORS) \
    AVX512 static void NAME(const float *a, int64_t sa, const float *b, int64_t depth, float *out, int64_t so) { \
        lanes sum[ROWS][VECTORS]; \
        for (int r = 0; r < ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { sum[r][v] = (lanes){0}; } \
        } \
        for (int64_t k = 0; k < depth; k++) { \
            lanes row[VECTORS]; \
            for (int v = 0; v < VECTORS; v++) { row[v] = *(const lanes *)(b + (k * VECTORS + v) * LANES); } \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) { \
                float one = a[r * sa + k]; \
                lanes all = {one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one}; \
                for (int v = 0; v < VECTORS; v++) { sum[r][v] = __builtin_elementwise_fma(all, row[v], sum[r][v]); } \
            } \
        } \
        for (int r = 0; r < ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { *(lanes *)(out + r * so + v * LANES) = sum[r][v]; } \
        } \
    }
PRODUCT(product_wide, 2)
PRODUCT(product_narrow, 1)

typedef struct {
    plane p;
    const float *x, *packed;
    const ck_conv_epilogue *epilogue;
    float *y;
    int64_t tiles_a_block;
} job;

AVX512 static void transform_patch(const plane *p, const float *x, int64_t tile, float *out) {
    int64_t tx = tile % p->tiles_x, ty = tile / p->tiles_x % p->tiles_y, n = tile / (p->tiles_x * p->tiles_y);
    int64_t y0 = ty * TILE - p->ph, x0 = tx * TILE - p->pw;
    const float *image = x + n * p->ih * p->iw * p->ci;
    bool inside = y0 >= 0 && x0 >= 0 && y0 + PATCH <= p->ih && x0 + PATCH <= p->iw;
    for (int64_t c = 0; c < p->ci; c += LANES) {
        lanes rows[PATCH][PATCH], column[PATCH], points[PATCH];
        for (int i = 0; i < PATCH; i++) {
            for (int j = 0; j < PATCH; j++) {
                int64_t yy = y0 + i, xx = x0 + j;
                bool there = inside || (yy >= 0 && yy < p->ih && xx >= 0 && xx < p->iw);
                column[j] = there ? *(const loose_lanes *)(image + (yy * p->iw + xx) * p->ci + c) : (lanes){0};
            }
            patch_points(column, rows[i]);
        }
        for (int j = 0; j < PATCH; j++) {
            for (int i = 0; i < PATCH; i++) { column[i] = rows[i][j]; }
            patch_points(column, points);
            for (int i = 0; i < PATCH; i++) { *(lanes *)(out + (i * PATCH + j) * p->ci + c) = points[i]; }
        }
    }
}

AVX512 static void transform_output(const job *j, const float *m, int64_t tile, int64_t channel, int64_t width) {
    const plane *p = &j->p;
    int64_t tx = tile % p->tiles_x, ty = tile / p->tiles_x % p->tiles_y, n = tile / (p->tiles_x * p->tiles_y);
    int64_t height = p->oh - ty * TILE < TILE ? p->oh - ty * TILE : TILE;
    int64_t breadth = p->ow - tx * TILE < TILE ? p->ow - tx * TILE : TILE;
    int64_t corner = ((n * p->oh + ty * TILE) * p->ow + tx * TILE) * p->co + channel;
    const float *bias = j->epilogue->bias, *residual = j->epilogue->residual;
    for (int64_t c = 0; c < width; c += LANES) {
        lanes rows[TILE][PATCH], column[PATCH], out[TILE];
        for (int x = 0; x < PATCH; x++) {
            for (int y = 0; y < PATCH; y++) { column[y] = *(const lanes *)(m + (y * PATCH + x) * width + c); }
            output_points(column, out);
            for (int y = 0; y < TILE; y++) { rows[y][x] = out[y]; }
        }
        lanes shift = bias ? *(const loose_lanes *)(bias + channel + c) : (lanes){0};
        for (int64_t y = 0; y < height; y++) {
            output_points(rows[y], out);
            for (int64_t x = 0; x < breadth; x++) {
                int64_t at = corner + (y * p->ow + x) * p->co + c;
                lanes value = out[x] + shift;
                if (residual) { value += *(const loose_lanes *)(residual + at); }
                if (j->epilogue->relu) { value = (lanes)((mask)value & ~(value < 0.0f)); }
                *(loose_lanes *)(j->y + at) = value;
            }
        }
    }
}

AVX512 static void run_block(void *context, int64_t index) {
    const job *j = context;
    const plane *p = &j->p;
    int64_t first = index * j->tiles_a_block;
    int64_t count = p->tiles - first < j->tiles_a_block ? p->tiles - first : j->tiles_a_block;
    int64_t rounded = (count + ROWS - 1) / ROWS * ROWS, stride = POINTS * p->ci;
    float *points = ck_scratch(0, (size_t)(rounded * (stride + POINTS * WIDE)) * sizeof(float));
    float *sums = points + rounded * stride;
    for (int64_t t = 0; t < count; t++) { transform_patch(p, j->x, first + t, points + t * stride); }
    memset(points + count * stride, 0, (size_t)((rounded - count) * stride) * sizeof(float));
    for (int64_t channel = 0; channel < p->co; channel += WIDE) {
        int64_t width = p->co - channel < WIDE ? p->co - channel : WIDE;
        const float *filters = j->packed + channel * POINTS * p->ci;
        for (int64_t point = 0; point < POINTS; point++) {
            const float *b = filters + point * p->ci * width;
            for (int64_t t = 0; t < rounded; t += ROWS) {
                const float *a = points + t * stride + point * p->ci;
                float *out = sums + (t * POINTS + point) * width;
                if (width == WIDE) {
                    product_wide(a, stride, b, p->ci, out, POINTS * width);
                } else {
                    product_narrow(a, stride, b, p->ci, out, POINTS * width);
                }
            }
        }
        for (int64_t t = 0; t < count; t++) { transform_output(j, sums + t * POINTS * width, first + t, channel, width); }
    }
}

void ck_winograd_run(
    const ck_convolution *c, ck_conv_pass pass, const float *x, const void *packed, const ck_conv_epilogue *epilogue,
    float *y) {
    job j = {.p = plane_of(c, pass), .x = x, .packed = packed, .epilogue = epilogue, .y = y};
    // As many tiles as keep their points and sums in the second-level cache.
    int64_t fit = 120000 / (POINTS * (j.p.ci + WIDE)) / ROWS * ROWS;
    j.tiles_a_block = fit < ROWS ? ROWS : fit > 4 * ROWS ? 4 * ROWS : fit;
    ck_parallel((j.p.tiles + j.tiles_a_block - 1) / j.tiles_a_block, run_block, &j);
}
