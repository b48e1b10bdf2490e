// Winograd's transforms and products for vectors of LANES floats; winograd.h beside winograd.c has what is shared.

enum {
    WINOGRAD_WIDE = 2 * LANES,
    /// Tiles multiplied at once: as many as registers hold the sums of.
    WINOGRAD_ROWS = LANES == 16 ? 12 : 6,
    /// Input channels multiplied at once for the gradient.
    WINOGRAD_GRADIENT_ROWS = LANES == 16 ? 8 : 4,
};

/// G g for one row or column of the filters of some output channels; in double, for it is done once and used often.
CK_INLINE void winograd_filter_points(const double g[3][LANES], double u[WINOGRAD_PATCH][LANES]) {
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

/// Packs one vector of output channels: [outputs / WINOGRAD_WIDE][36][inputs][WINOGRAD_WIDE], the last block narrower.
static void winograd_pack_channels(void *context, int64_t index) {
    const winograd_filters *f = context;
    bool forward = f->pass == CK_CONV_FORWARD;
    int64_t to = index * LANES, block = to / WINOGRAD_WIDE * WINOGRAD_WIDE;
    int64_t width = f->p.co - block < WINOGRAD_WIDE ? f->p.co - block : WINOGRAD_WIDE;
    for (int64_t from = 0; from < f->p.ci; from++) {
        double taps[3][3][LANES], rows[3][WINOGRAD_PATCH][LANES], column[3][LANES], points[WINOGRAD_PATCH][LANES];
        for (int l = 0; l < LANES; l++) {
            int64_t o = forward ? to + l : from, i = forward ? from : to + l;
            const float *filter = f->w + (o * f->c->ci + i) * 9;
            double factor = f->scale ? f->scale[o] : 1.0;
            for (int k = 0; k < 9; k++) { taps[k / 3][k % 3][l] = factor * filter[forward ? k : 8 - k]; }
        }
        for (int y = 0; y < 3; y++) { winograd_filter_points(taps[y], rows[y]); }
        float *base = f->packed + block * WINOGRAD_POINTS * f->p.ci + from * width + to - block;
        for (int x = 0; x < WINOGRAD_PATCH; x++) {
            for (int y = 0; y < 3; y++) { memcpy(column[y], rows[y][x], sizeof column[y]); }
            winograd_filter_points(column, points);
            for (int y = 0; y < WINOGRAD_PATCH; y++) {
                float *out = base + (y * WINOGRAD_PATCH + x) * f->p.ci * width;
                for (int l = 0; l < LANES; l++) { out[l] = (float)points[y][l]; }
            }
        }
    }
}

/// Bᵀ d for six vectors.
CK_INLINE void winograd_patch_points(const lanes d[WINOGRAD_PATCH], lanes v[WINOGRAD_PATCH]) {
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
CK_INLINE void winograd_output_points(const lanes m[WINOGRAD_PATCH], lanes y[WINOGRAD_TILE]) {
    lanes s = m[1] + m[2], d = m[1] - m[2], t = m[3] + m[4], e = m[3] - m[4];
    y[0] = m[0] + s + t;
    y[1] = d * root_half + e * root_two;
    y[2] = s * 0.5f + t * 2.0f;
    y[3] = d * (0.5f * root_half) + e * (2.0f * root_two) + m[5];
}

/// A m for four vectors: the transpose of `output_points`.
CK_INLINE void winograd_gradient_points(const lanes m[WINOGRAD_TILE], lanes y[WINOGRAD_PATCH]) {
    lanes even = m[0] + m[2] * 0.5f, odd = m[1] * root_half + m[3] * (0.5f * root_half);
    lanes far = m[0] + m[2] * 2.0f, away = m[1] * root_two + m[3] * (2.0f * root_two);
    y[0] = m[0];
    y[1] = even + odd;
    y[2] = even - odd;
    y[3] = far + away;
    y[4] = far - away;
    y[5] = m[3];
}

/// out[r, 0 ..< LANES·vectors] = Σ_k a[r, k] b[k, :] for WINOGRAD_ROWS rows.
#define PRODUCT(NAME, VECTORS) \
    static void NAME(const float *a, int64_t sa, const float *b, int64_t depth, float *out, int64_t so) { \
        lanes sum[WINOGRAD_ROWS][VECTORS]; \
        for (int r = 0; r < WINOGRAD_ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { sum[r][v] = (lanes){0}; } \
        } \
        for (int64_t k = 0; k < depth; k++) { \
            lanes row[VECTORS]; \
            for (int v = 0; v < VECTORS; v++) { row[v] = *(const lanes *)(b + (k * VECTORS + v) * LANES); } \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < WINOGRAD_ROWS; r++) { \
                lanes all = a[r * sa + k] - (lanes){0}; \
                for (int v = 0; v < VECTORS; v++) { sum[r][v] = __builtin_elementwise_fma(all, row[v], sum[r][v]); } \
            } \
        } \
        for (int r = 0; r < WINOGRAD_ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { *(lanes *)(out + r * so + v * LANES) = sum[r][v]; } \
        } \
    }
PRODUCT(winograd_product_wide, 2)
PRODUCT(winograd_product_narrow, 1)
#undef PRODUCT

static void winograd_transform_patch(const winograd_plane *p, const float *x, int64_t tile, float *out) {
    int64_t tx = tile % p->tiles_x, ty = tile / p->tiles_x % p->tiles_y, n = tile / (p->tiles_x * p->tiles_y);
    int64_t y0 = ty * WINOGRAD_TILE - p->ph, x0 = tx * WINOGRAD_TILE - p->pw;
    const float *image = x + n * p->ih * p->iw * p->ci;
    bool inside = y0 >= 0 && x0 >= 0 && y0 + WINOGRAD_PATCH <= p->ih && x0 + WINOGRAD_PATCH <= p->iw;
    for (int64_t c = 0; c < p->ci; c += LANES) {
        lanes rows[WINOGRAD_PATCH][WINOGRAD_PATCH], column[WINOGRAD_PATCH], points[WINOGRAD_PATCH];
        for (int i = 0; i < WINOGRAD_PATCH; i++) {
            int64_t yy = y0 + i;
            const float *from = image + (yy * p->iw + x0) * p->ci + c;
            if (inside) {
                for (int j = 0; j < WINOGRAD_PATCH; j++) { column[j] = *(const loose_lanes *)(from + j * p->ci); }
            } else {
                for (int j = 0; j < WINOGRAD_PATCH; j++) {
                    bool there = yy >= 0 && yy < p->ih && x0 + j >= 0 && x0 + j < p->iw;
                    column[j] = there ? *(const loose_lanes *)(from + j * p->ci) : (lanes){0};
                }
            }
            winograd_patch_points(column, rows[i]);
        }
        for (int j = 0; j < WINOGRAD_PATCH; j++) {
            for (int i = 0; i < WINOGRAD_PATCH; i++) { column[i] = rows[i][j]; }
            winograd_patch_points(column, points);
            for (int i = 0; i < WINOGRAD_PATCH; i++) { *(lanes *)(out + (i * WINOGRAD_PATCH + j) * p->ci + c) = points[i]; }
        }
    }
}

/// `stray` becomes nan with the first result that is infinite or none.
static void winograd_transform_output(
    const winograd_job *j, const float *m, int64_t tile, int64_t channel, int64_t width, lanes *stray) {
    const winograd_plane *p = &j->p;
    int64_t tx = tile % p->tiles_x, ty = tile / p->tiles_x % p->tiles_y, n = tile / (p->tiles_x * p->tiles_y);
    int64_t height = p->oh - ty * WINOGRAD_TILE < WINOGRAD_TILE ? p->oh - ty * WINOGRAD_TILE : WINOGRAD_TILE;
    int64_t breadth = p->ow - tx * WINOGRAD_TILE < WINOGRAD_TILE ? p->ow - tx * WINOGRAD_TILE : WINOGRAD_TILE;
    int64_t corner = ((n * p->oh + ty * WINOGRAD_TILE) * p->ow + tx * WINOGRAD_TILE) * p->co + channel;
    const float *bias = j->epilogue->bias, *residual = j->epilogue->residual;
    for (int64_t c = 0; c < width; c += LANES) {
        lanes rows[WINOGRAD_TILE][WINOGRAD_PATCH], column[WINOGRAD_PATCH], out[WINOGRAD_TILE];
        for (int x = 0; x < WINOGRAD_PATCH; x++) {
            for (int y = 0; y < WINOGRAD_PATCH; y++) { column[y] = *(const lanes *)(m + (y * WINOGRAD_PATCH + x) * width + c); }
            winograd_output_points(column, out);
            for (int y = 0; y < WINOGRAD_TILE; y++) { rows[y][x] = out[y]; }
        }
        lanes shift = bias ? *(const loose_lanes *)(bias + channel + c) : (lanes){0};
        for (int64_t y = 0; y < height; y++) {
            winograd_output_points(rows[y], out);
            for (int64_t x = 0; x < breadth; x++) {
                int64_t at = corner + (y * p->ow + x) * p->co + c;
                lanes value = out[x] + shift;
                *stray = __builtin_elementwise_fma(value, (lanes){0}, *stray);
                if (residual) { value += *(const loose_lanes *)(residual + at); }
                if (j->epilogue->relu) { value = (lanes)((lane_mask)value & ~(lane_mask)(value < 0.0f)); }
                *(loose_lanes *)(j->y + at) = value;
            }
        }
    }
}

static void winograd_run_block(void *context, int64_t index) {
    winograd_job *j = context;
    const winograd_plane *p = &j->p;
    int64_t first = index * j->tiles_a_block;
    int64_t count = p->tiles - first < j->tiles_a_block ? p->tiles - first : j->tiles_a_block;
    int64_t rounded = (count + WINOGRAD_ROWS - 1) / WINOGRAD_ROWS * WINOGRAD_ROWS, stride = WINOGRAD_POINTS * p->ci;
    float *points = ck_scratch(CK_SCRATCH_POINTS, (size_t)(rounded * (stride + WINOGRAD_POINTS * WINOGRAD_WIDE)) * sizeof(float));
    if (!points) {
        j->failed = true;
        return;
    }
    lanes stray = {0};
    float *sums = points + rounded * stride;
    for (int64_t t = 0; t < count; t++) { winograd_transform_patch(p, j->x, first + t, points + t * stride); }
    memset(points + count * stride, 0, (size_t)((rounded - count) * stride) * sizeof(float));
    for (int64_t channel = 0; channel < p->co; channel += WINOGRAD_WIDE) {
        int64_t width = p->co - channel < WINOGRAD_WIDE ? p->co - channel : WINOGRAD_WIDE;
        const float *filters = j->packed + channel * WINOGRAD_POINTS * p->ci;
        for (int64_t point = 0; point < WINOGRAD_POINTS; point++) {
            const float *b = filters + point * p->ci * width;
            for (int64_t t = 0; t < rounded; t += WINOGRAD_ROWS) {
                const float *a = points + t * stride + point * p->ci;
                float *out = sums + (t * WINOGRAD_POINTS + point) * width;
                if (width == WINOGRAD_WIDE) {
                    winograd_product_wide(a, stride, b, p->ci, out, WINOGRAD_POINTS * width);
                } else {
                    winograd_product_narrow(a, stride, b, p->ci, out, WINOGRAD_POINTS * width);
                }
            }
        }
        for (int64_t t = 0; t < count; t++) {
            winograd_transform_output(j, sums + t * WINOGRAD_POINTS * width, first + t, channel, width, &stray);
        }
    }
    for (int l = 0; l < LANES; l++) {
        if (stray[l] != 0) { j->strayed = true; }
    }
}

// MARK: Gradient of the filters

/// A dY Aᵀ of one tile: what lies outside the image counts as zero.
static void winograd_transform_gradient(const winograd_plane *p, const float *g, int64_t tile, float *out) {
    int64_t tx = tile % p->tiles_x, ty = tile / p->tiles_x % p->tiles_y, n = tile / (p->tiles_x * p->tiles_y);
    int64_t height = p->oh - ty * WINOGRAD_TILE < WINOGRAD_TILE ? p->oh - ty * WINOGRAD_TILE : WINOGRAD_TILE;
    int64_t breadth = p->ow - tx * WINOGRAD_TILE < WINOGRAD_TILE ? p->ow - tx * WINOGRAD_TILE : WINOGRAD_TILE;
    const float *corner = g + ((n * p->oh + ty * WINOGRAD_TILE) * p->ow + tx * WINOGRAD_TILE) * p->co;
    for (int64_t c = 0; c < p->co; c += LANES) {
        lanes rows[WINOGRAD_TILE][WINOGRAD_PATCH], column[WINOGRAD_TILE], points[WINOGRAD_PATCH];
        for (int y = 0; y < WINOGRAD_TILE; y++) {
            for (int x = 0; x < WINOGRAD_TILE; x++) {
                bool there = y < height && x < breadth;
                column[x] = there ? *(const loose_lanes *)(corner + (y * p->ow + x) * p->co + c) : (lanes){0};
            }
            winograd_gradient_points(column, rows[y]);
        }
        for (int x = 0; x < WINOGRAD_PATCH; x++) {
            for (int y = 0; y < WINOGRAD_TILE; y++) { column[y] = rows[y][x]; }
            winograd_gradient_points(column, points);
            for (int y = 0; y < WINOGRAD_PATCH; y++) { *(lanes *)(out + (y * WINOGRAD_PATCH + x) * p->co + c) = points[y]; }
        }
    }
}

/// sums[r, 0 ..< LANES·vectors] += Σ_t a[t, r] b[t, :] for WINOGRAD_GRADIENT_ROWS rows.
#define PRODUCT(NAME, VECTORS) \
    static void NAME( \
        const float *a, int64_t sa, const float *b, int64_t sb, int64_t tiles, float *out, int64_t so) { \
        lanes sum[WINOGRAD_GRADIENT_ROWS][VECTORS]; \
        for (int r = 0; r < WINOGRAD_GRADIENT_ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { sum[r][v] = *(const lanes *)(out + r * so + v * LANES); } \
        } \
        for (int64_t t = 0; t < tiles; t++) { \
            lanes row[VECTORS]; \
            for (int v = 0; v < VECTORS; v++) { row[v] = *(const lanes *)(b + t * sb + v * LANES); } \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < WINOGRAD_GRADIENT_ROWS; r++) { \
                lanes all = a[t * sa + r] - (lanes){0}; \
                for (int v = 0; v < VECTORS; v++) { sum[r][v] = __builtin_elementwise_fma(all, row[v], sum[r][v]); } \
            } \
        } \
        for (int r = 0; r < WINOGRAD_GRADIENT_ROWS; r++) { \
            for (int v = 0; v < VECTORS; v++) { *(lanes *)(out + r * so + v * LANES) = sum[r][v]; } \
        } \
    }
PRODUCT(winograd_gradient_wide, 2)
PRODUCT(winograd_gradient_narrow, 1)
#undef PRODUCT

/// Adds the products of the tiles of one piece to its sums [36][inputs][outputs].
static void winograd_run_gradient(void *context, int64_t index) {
    winograd_gradient_job *j = context;
    const winograd_plane *p = &j->p;
    int64_t from = index * j->tiles_a_piece, to = from + j->tiles_a_piece < p->tiles ? from + j->tiles_a_piece : p->tiles;
    int64_t sx = WINOGRAD_POINTS * p->ci, sg = WINOGRAD_POINTS * p->co;
    float *x = ck_scratch(CK_SCRATCH_POINTS, (size_t)(j->tiles_a_block * (sx + sg)) * sizeof(float));
    if (!x) {
        j->failed = true;
        return;
    }
    float *g = x + j->tiles_a_block * sx;
    float *sums = j->sums + index * WINOGRAD_POINTS * p->ci * p->co;
    memset(sums, 0, (size_t)(WINOGRAD_POINTS * p->ci * p->co) * sizeof(float));
    for (int64_t first = from; first < to; first += j->tiles_a_block) {
        int64_t count = to - first < j->tiles_a_block ? to - first : j->tiles_a_block;
        for (int64_t t = 0; t < count; t++) {
            winograd_transform_patch(p, j->x, first + t, x + t * sx);
            winograd_transform_gradient(p, j->g, first + t, g + t * sg);
        }
        for (int64_t point = 0; point < WINOGRAD_POINTS; point++) {
            for (int64_t i = 0; i < p->ci; i += WINOGRAD_GRADIENT_ROWS) {
                const float *a = x + point * p->ci + i;
                float *out = sums + (point * p->ci + i) * p->co;
                int64_t o = 0;
                for (; o + WINOGRAD_WIDE <= p->co; o += WINOGRAD_WIDE) {
                    winograd_gradient_wide(a, sx, g + point * p->co + o, sg, count, out + o, p->co);
                }
                for (; o < p->co; o += LANES) {
                    winograd_gradient_narrow(a, sx, g + point * p->co + o, sg, count, out + o, p->co);
                }
            }
        }
    }
}

static const winograd_suite LEVELLED(winograd) = {
    LANES, WINOGRAD_ROWS, LANES == 16 ? 120000 : 80000, winograd_pack_channels, winograd_run_block, winograd_run_gradient};
