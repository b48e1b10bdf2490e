// Convolution by straight loops on numbers of type T.

// [g][kh][kw][ci / g][co / g], or with the last two turned round
static T *NAME(arrange_filters)(const ck_convolution *c, const T *w, bool turned) {
    int64_t i_n = c->ci / c->g, o_n = c->co / c->g, area = c->kh * c->kw;
    T *out = ck_scratch(CK_SCRATCH_ROWS, (size_t)(c->co * i_n * area) * sizeof(T));
    if (!out) { return NULL; }
    for (int64_t o = 0; o < c->co; o++) {
        for (int64_t i = 0; i < i_n; i++) {
            for (int64_t k = 0; k < area; k++) {
                int64_t block = (o / o_n * area + k) * i_n * o_n, oo = o % o_n;
                out[block + (turned ? oo * i_n + i : i * o_n + oo)] = w[(o * i_n + i) * area + k];
            }
        }
    }
    return out;
}

static void NAME(plain_image)(void *context, int64_t n) {
    const plain_job *j = context;
    const ck_convolution *c = j->c;
    const T *x = (const T *)j->x + n * c->ih * c->iw * c->ci, *w = j->w, *bias = j->bias;
    T *y = (T *)j->out + n * c->oh * c->ow * c->co;
    int64_t i_n = c->ci / c->g, o_n = c->co / c->g;
    for (int64_t oy = 0; oy < c->oh; oy++) {
        int64_t y0, y1;
        window_taps(oy, c->sh, c->ph, c->dh, c->ih, c->kh, &y0, &y1);
        for (int64_t ox = 0; ox < c->ow; ox++) {
            int64_t x0, x1;
            window_taps(ox, c->sw, c->pw, c->dw, c->iw, c->kw, &x0, &x1);
            T *out = y + (oy * c->ow + ox) * c->co;
            for (int64_t o = 0; o < c->co; o++) { out[o] = bias ? bias[o] : 0; }
            for (int64_t ky = y0; ky < y1; ky++) {
                for (int64_t kx = x0; kx < x1; kx++) {
                    int64_t iy = oy * c->sh - c->ph + ky * c->dh, ix = ox * c->sw - c->pw + kx * c->dw;
                    const T *in = x + (iy * c->iw + ix) * c->ci;
                    for (int64_t g = 0; g < c->g; g++) {
                        const T *block = w + ((g * c->kh + ky) * c->kw + kx) * i_n * o_n;
                        T *to = out + g * o_n;
                        for (int64_t i = 0; i < i_n; i++) {
                            T value = in[g * i_n + i];
                            const T *row = block + i * o_n;
                            for (int64_t o = 0; o < o_n; o++) { to[o] += value * row[o]; }
                        }
                    }
                }
            }
        }
    }
}

static void NAME(plain_image_backward)(void *context, int64_t n) {
    const plain_job *j = context;
    const ck_convolution *c = j->c;
    const T *gy = (const T *)j->g + n * c->oh * c->ow * c->co, *w = j->w;
    T *gx = (T *)j->out + n * c->ih * c->iw * c->ci;
    int64_t i_n = c->ci / c->g, o_n = c->co / c->g;
    memset(gx, 0, (size_t)(c->ih * c->iw * c->ci) * sizeof(T));
    for (int64_t oy = 0; oy < c->oh; oy++) {
        int64_t y0, y1;
        window_taps(oy, c->sh, c->ph, c->dh, c->ih, c->kh, &y0, &y1);
        for (int64_t ox = 0; ox < c->ow; ox++) {
            int64_t x0, x1;
            window_taps(ox, c->sw, c->pw, c->dw, c->iw, c->kw, &x0, &x1);
            const T *in = gy + (oy * c->ow + ox) * c->co;
            for (int64_t ky = y0; ky < y1; ky++) {
                for (int64_t kx = x0; kx < x1; kx++) {
                    int64_t iy = oy * c->sh - c->ph + ky * c->dh, ix = ox * c->sw - c->pw + kx * c->dw;
                    T *out = gx + (iy * c->iw + ix) * c->ci;
                    for (int64_t g = 0; g < c->g; g++) {
                        const T *block = w + ((g * c->kh + ky) * c->kw + kx) * i_n * o_n;
                        T *to = out + g * i_n;
                        for (int64_t o = 0; o < o_n; o++) {
                            T value = in[g * o_n + o];
                            const T *row = block + o * i_n;
                            for (int64_t i = 0; i < i_n; i++) { to[i] += value * row[i]; }
                        }
                    }
                }
            }
        }
    }
}

static void NAME(plain_filters_backward)(void *context, int64_t index) {
    const plain_job *j = context;
    const ck_convolution *c = j->c;
    int64_t i_n = c->ci / c->g, o_n = c->co / c->g, kx = index % c->kw, ky = index / c->kw % c->kh;
    int64_t g = index / (c->kw * c->kh);
    T *sums = (T *)j->out + index * i_n * o_n;
    memset(sums, 0, (size_t)(i_n * o_n) * sizeof(T));
    for (int64_t n = 0; n < c->n; n++) {
        for (int64_t oy = 0; oy < c->oh; oy++) {
            int64_t iy = oy * c->sh - c->ph + ky * c->dh;
            if (iy < 0 || iy >= c->ih) { continue; }
            for (int64_t ox = 0; ox < c->ow; ox++) {
                int64_t ix = ox * c->sw - c->pw + kx * c->dw;
                if (ix < 0 || ix >= c->iw) { continue; }
                const T *in = (const T *)j->x + ((n * c->ih + iy) * c->iw + ix) * c->ci + g * i_n;
                const T *gy = (const T *)j->g + ((n * c->oh + oy) * c->ow + ox) * c->co + g * o_n;
                for (int64_t i = 0; i < i_n; i++) {
                    T value = in[i];
                    T *row = sums + i * o_n;
                    for (int64_t o = 0; o < o_n; o++) { row[o] += value * gy[o]; }
                }
            }
        }
    }
}

static bool NAME(plain_forward)(const ck_convolution *c, const T *x, const T *w, const T *bias, T *y) {
    T *arranged = NAME(arrange_filters)(c, w, false);
    if (!arranged) { return false; }
    plain_job j = {.c = c, .x = x, .w = arranged, .bias = bias, .out = y};
    ck_parallel(c->n, NAME(plain_image), &j);
    return true;
}

static bool NAME(plain_backward_data)(const ck_convolution *c, const T *g, const T *w, T *out) {
    T *arranged = NAME(arrange_filters)(c, w, true);
    if (!arranged) { return false; }
    plain_job j = {.c = c, .g = g, .w = arranged, .out = out};
    ck_parallel(c->n, NAME(plain_image_backward), &j);
    return true;
}

static bool NAME(plain_backward_weights)(
    const ck_convolution *c, const T *x, const T *g, T *weights, T *bias) {
    int64_t i_n = c->ci / c->g, o_n = c->co / c->g, area = c->kh * c->kw;
    T *sums = ck_scratch(CK_SCRATCH_ROWS, (size_t)(c->co * i_n * area) * sizeof(T));
    if (!sums) { return false; }
    plain_job j = {.c = c, .x = x, .g = g, .out = sums};
    ck_parallel(c->g * area, NAME(plain_filters_backward), &j);
    for (int64_t o = 0; o < c->co; o++) {
        for (int64_t i = 0; i < i_n; i++) {
            for (int64_t k = 0; k < area; k++) {
                weights[(o * i_n + i) * area + k] = sums[((o / o_n * area + k) * i_n + i) * o_n + o % o_n];
            }
        }
    }
    if (bias) {
        memset(bias, 0, (size_t)c->co * sizeof(T));
        for (int64_t r = 0; r < c->n * c->oh * c->ow; r++) {
            for (int64_t o = 0; o < c->co; o++) { bias[o] += g[r * c->co + o]; }
        }
    }
    return true;
}

static void NAME(finish_rows)(
    const T *bias, const T *residual, bool relu, T *y, int64_t rows, int64_t channels) {
    for (int64_t r = 0; r < rows; r++) {
        T *row = y + r * channels;
        const T *more = residual ? residual + r * channels : NULL;
        if (bias) {
            for (int64_t i = 0; i < channels; i++) { row[i] += bias[i]; }
        }
        if (more) {
            for (int64_t i = 0; i < channels; i++) { row[i] += more[i]; }
        }
        if (relu) {
            for (int64_t i = 0; i < channels; i++) { row[i] = row[i] < 0 ? 0 : row[i]; }
        }
    }
}
