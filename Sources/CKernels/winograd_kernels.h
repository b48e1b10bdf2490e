// Winograd's transforms and products for one vector width: included once for each, with SUITE(name), VECTOR_TARGET, LANES
// (floats in a vector), ROWS (tiles multiplied at once, as many as registers hold the sums of) and GRADIENT_ROWS (input
// channels multiplied at once) defined.

typedef float SUITE(lanes) __attribute__((vector_size(LANES * 4)));
typedef int32_t SUITE(mask) __attribute__((vector_size(LANES * 4)));
typedef float SUITE(loose) __attribute__((vector_size(LANES * 4), aligned(4)));
#define lanes SUITE(lanes)
#define loose_lanes SUITE(loose)
#define WIDE (2 * LANES)
#define INLINED VECTOR_TARGET static inline __attribute__((always_inline))

/// G g for one row or column of the filters of some output channels; in double, for it is done once and used often.
INLINED void SUITE(filter_points)(const double g[3][LANES], double u[PATCH][LANES]) {
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

/// Packs one vector of output channels: [outputs / WIDE][36][inputs][WIDE], the last block narrower.
VECTOR_TARGET static void SUITE(pack_channels)(void *context, int64_t index) {
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
        for (int y = 0; y < 3; y++) { SUITE(filter_points)(taps[y], rows[y]); }
        float *base = f->packed + block * POINTS * f->p.ci + from * width + to - block;
        for (int x = 0; x < PATCH; x++) {
            for (int y = 0; y < 3; y++) { memcpy(column[y], rows[y][x], sizeof column[y]); }
            SUITE(filter_points)(column, points);
            for (int y = 0; y < PATCH; y++) {
                float *out = base + (y * PATCH + x) * f->p.ci * width;
                for (int l = 0; l < LANES; l++) { out[l] = (float)points[y][l]; }
            }
        }
    }
}

/// Bᵀ d for six vectors.
INLINED void SUITE(patch_points)(const lanes d[PATCH], lanes v[PATCH]) {
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
INLINED void SUITE(output_points)(const lanes m[PATCH], lanes y[TILE]) {
    lanes s = m[1] + m[2], d = m[1] - m[2], t = m[3] + m[4], e = m[3] - m[4];
    y[0] = m[0] + s + t;
    y[1] = d * root_half + e * root_two;
    y[2] = s * 0.5f + t * 2.0f;
    y[3] = d * (0.5f * root_half) + e * (2.0f * root_two) + m[5];
}

/// A m for four vectors: the transpose of `output_points`.
INLINED void SUITE(gradient_points)(const lanes m[TILE], lanes y[PATCH]) {
    lanes even = m[0] + m[2] * 0.5f, odd = m[1] * root_half + m[3] * (0.5f * root_half);
    lanes far = m[0] + m[2] * 2.0f, away = m[1] * root_two + m[3] * (2.0f * root_two);
    y[0] = m[0];
    y[1] = even + odd;
    y[2] = even - odd;
    y[3] = far + away;
    y[4] = far - away;
    y[5] = m[3];
}

/// out[r, 0 ..< LANES·vectors] = Σ_k a[r, k] b[k, :] for ROWS rows.
#define PRODUCT(NAME, VECTORS) \
    VECTOR_TARGET static void NAME(const float *a, int64_t sa, const float *b, int64_t depth, float *out, int64_t so) { \
        lanes sum[ROWS][VECTORS]; \
        for (int r = 0; r < ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { sum[r][v] = (lanes){0}; } \
        } \
        for (int64_t k = 0; k < depth; k++) { \
            lanes row[VECTORS]; \
            for (int v = 0; v < VECTORS; v++) { row[v] = *(const lanes *)(b + (k * VECTORS + v) * LANES); } \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) { \
                lanes all = a[r * sa + k] - (lanes){0}; \
                for (int v = 0; v < VECTORS; v++) { sum[r][v] = __builtin_elementwise_fma(all, row[v], sum[r][v]); } \
            } \
        } \
        for (int r = 0; r < ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { *(lanes *)(out + r * so + v * LANES) = sum[r][v]; } \
        } \
    }
PRODUCT(SUITE(product_wide), 2)
PRODUCT(SUITE(product_narrow), 1)
#undef PRODUCT

VECTOR_TARGET static void SUITE(transform_patch)(const plane *p, const float *x, int64_t tile, float *out) {
    int64_t tx = tile % p->tiles_x, ty = tile / p->tiles_x % p->tiles_y, n = tile / (p->tiles_x * p->tiles_y);
    int64_t y0 = ty * TILE - p->ph, x0 = tx * TILE - p->pw;
    const float *image = x + n * p->ih * p->iw * p->ci;
    bool inside = y0 >= 0 && x0 >= 0 && y0 + PATCH <= p->ih && x0 + PATCH <= p->iw;
    for (int64_t c = 0; c < p->ci; c += LANES) {
        lanes rows[PATCH][PATCH], column[PATCH], points[PATCH];
        for (int i = 0; i < PATCH; i++) {
            int64_t yy = y0 + i;
            const float *from = image + (yy * p->iw + x0) * p->ci + c;
            if (inside) {
                for (int j = 0; j < PATCH; j++) { column[j] = *(const loose_lanes *)(from + j * p->ci); }
            } else {
                for (int j = 0; j < PATCH; j++) {
                    bool there = yy >= 0 && yy < p->ih && x0 + j >= 0 && x0 + j < p->iw;
                    column[j] = there ? *(const loose_lanes *)(from + j * p->ci) : (lanes){0};
                }
            }
            SUITE(patch_points)(column, rows[i]);
        }
        for (int j = 0; j < PATCH; j++) {
            for (int i = 0; i < PATCH; i++) { column[i] = rows[i][j]; }
            SUITE(patch_points)(column, points);
            for (int i = 0; i < PATCH; i++) { *(lanes *)(out + (i * PATCH + j) * p->ci + c) = points[i]; }
        }
    }
}

VECTOR_TARGET static void SUITE(transform_output)(
    const job *j, const float *m, int64_t tile, int64_t channel, int64_t width) {
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
            SUITE(output_points)(column, out);
            for (int y = 0; y < TILE; y++) { rows[y][x] = out[y]; }
        }
        lanes shift = bias ? *(const loose_lanes *)(bias + channel + c) : (lanes){0};
        for (int64_t y = 0; y < height; y++) {
            SUITE(output_points)(rows[y], out);
            for (int64_t x = 0; x < breadth; x++) {
                int64_t at = corner + (y * p->ow + x) * p->co + c;
                lanes value = out[x] + shift;
                if (residual) { value += *(const loose_lanes *)(residual + at); }
                if (j->epilogue->relu) { value = (lanes)((SUITE(mask))value & ~(SUITE(mask))(value < 0.0f)); }
                *(loose_lanes *)(j->y + at) = value;
            }
        }
    }
}

VECTOR_TARGET static void SUITE(run_block)(void *context, int64_t index) {
    const job *j = context;
    const plane *p = &j->p;
    int64_t first = index * j->tiles_a_block;
    int64_t count = p->tiles - first < j->tiles_a_block ? p->tiles - first : j->tiles_a_block;
    int64_t rounded = (count + ROWS - 1) / ROWS * ROWS, stride = POINTS * p->ci;
    float *points = ck_scratch(0, (size_t)(rounded * (stride + POINTS * WIDE)) * sizeof(float));
    float *sums = points + rounded * stride;
    for (int64_t t = 0; t < count; t++) { SUITE(transform_patch)(p, j->x, first + t, points + t * stride); }
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
                    SUITE(product_wide)(a, stride, b, p->ci, out, POINTS * width);
                } else {
                    SUITE(product_narrow)(a, stride, b, p->ci, out, POINTS * width);
                }
            }
        }
        for (int64_t t = 0; t < count; t++) {
            SUITE(transform_output)(j, sums + t * POINTS * width, first + t, channel, width);
        }
    }
}

// MARK: Gradient of the filters

/// A dY Aᵀ of one tile: what lies outside the image counts as zero.
VECTOR_TARGET static void SUITE(transform_gradient)(const plane *p, const float *g, int64_t tile, float *out) {
    int64_t tx = tile % p->tiles_x, ty = tile / p->tiles_x % p->tiles_y, n = tile / (p->tiles_x * p->tiles_y);
    int64_t height = p->oh - ty * TILE < TILE ? p->oh - ty * TILE : TILE;
    int64_t breadth = p->ow - tx * TILE < TILE ? p->ow - tx * TILE : TILE;
    const float *corner = g + ((n * p->oh + ty * TILE) * p->ow + tx * TILE) * p->co;
    for (int64_t c = 0; c < p->co; c += LANES) {
        lanes rows[TILE][PATCH], column[TILE], points[PATCH];
        for (int y = 0; y < TILE; y++) {
            for (int x = 0; x < TILE; x++) {
                bool there = y < height && x < breadth;
                column[x] = there ? *(const loose_lanes *)(corner + (y * p->ow + x) * p->co + c) : (lanes){0};
            }
            SUITE(gradient_points)(column, rows[y]);
        }
        for (int x = 0; x < PATCH; x++) {
            for (int y = 0; y < TILE; y++) { column[y] = rows[y][x]; }
            SUITE(gradient_points)(column, points);
            for (int y = 0; y < PATCH; y++) { *(lanes *)(out + (y * PATCH + x) * p->co + c) = points[y]; }
        }
    }
}

/// sums[r, 0 ..< LANES·vectors] += Σ_t a[t, r] b[t, :] for GRADIENT_ROWS rows.
#define PRODUCT(NAME, VECTORS) \
    VECTOR_TARGET static void NAME( \
        const float *a, int64_t sa, const float *b, int64_t sb, int64_t tiles, float *out, int64_t so) { \
        lanes sum[GRADIENT_ROWS][VECTORS]; \
        for (int r = 0; r < GRADIENT_ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { sum[r][v] = *(const lanes *)(out + r * so + v * LANES); } \
        } \
        for (int64_t t = 0; t < tiles; t++) { \
            lanes row[VECTORS]; \
            for (int v = 0; v < VECTORS; v++) { row[v] = *(const lanes *)(b + t * sb + v * LANES); } \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < GRADIENT_ROWS; r++) { \
                lanes all = a[t * sa + r] - (lanes){0}; \
                for (int v = 0; v < VECTORS; v++) { sum[r][v] = __builtin_elementwise_fma(all, row[v], sum[r][v]); } \
            } \
        } \
        for (int r = 0; r < GRADIENT_ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { *(lanes *)(out + r * so + v * LANES) = sum[r][v]; } \
        } \
    }
PRODUCT(SUITE(gradient_wide), 2)
PRODUCT(SUITE(gradient_narrow), 1)
#undef PRODUCT

/// Adds the products of the tiles of one piece to its sums [36][inputs][outputs].
VECTOR_TARGET static void SUITE(run_gradient)(void *context, int64_t index) {
    const gradient_job *j = context;
    const plane *p = &j->p;
    int64_t from = index * j->tiles_a_piece, to = from + j->tiles_a_piece < p->tiles ? from + j->tiles_a_piece : p->tiles;
    int64_t sx = POINTS * p->ci, sg = POINTS * p->co;
    float *x = ck_scratch(0, (size_t)(j->tiles_a_block * (sx + sg)) * sizeof(float)), *g = x + j->tiles_a_block * sx;
    float *sums = j->sums + index * POINTS * p->ci * p->co;
    memset(sums, 0, (size_t)(POINTS * p->ci * p->co) * sizeof(float));
    for (int64_t first = from; first < to; first += j->tiles_a_block) {
        int64_t count = to - first < j->tiles_a_block ? to - first : j->tiles_a_block;
        for (int64_t t = 0; t < count; t++) {
            SUITE(transform_patch)(p, j->x, first + t, x + t * sx);
            SUITE(transform_gradient)(p, j->g, first + t, g + t * sg);
        }
        for (int64_t point = 0; point < POINTS; point++) {
            for (int64_t i = 0; i < p->ci; i += GRADIENT_ROWS) {
                const float *a = x + point * p->ci + i;
                float *out = sums + (point * p->ci + i) * p->co;
                int64_t o = 0;
                for (; o + WIDE <= p->co; o += WIDE) {
                    SUITE(gradient_wide)(a, sx, g + point * p->co + o, sg, count, out + o, p->co);
                }
                for (; o < p->co; o += LANES) {
                    SUITE(gradient_narrow)(a, sx, g + point * p->co + o, sg, count, out + o, p->co);
                }
            }
        }
    }
}

#undef lanes
#undef loose_lanes
#undef WIDE
#undef INLINED
