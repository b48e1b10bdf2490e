// Normalisation of columns and rows of numbers of type T.

static void NAME(columns_moments)(void *context, int64_t piece) {
    columns_job *j = context;
    int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece;
    to = to < j->rows ? to : j->rows;
    int64_t period = rows_at_once(c) * c, end = to * c;
    T *sum = ck_scratch(CK_SCRATCH_ROWS, (size_t)(2 * period) * sizeof(T));
    if (!sum) {
        j->failed = true;
        return;
    }
    T *mean = sum + period;
    double *means = j->first + piece * c, *squares = j->second + piece * c;
    for (int pass = 0; pass < 2; pass++) {
        memset(sum, 0, (size_t)period * sizeof(T));
        for (int64_t at = from * c; at < end; at += period) {
            int64_t n = end - at < period ? end - at : period;
            const T *x = (const T *)j->x + at;
            if (pass == 0) {
                CK_LOOP { sum[i] += x[i]; }
            } else {
                CK_LOOP { sum[i] += (x[i] - mean[i]) * (x[i] - mean[i]); }
            }
        }
        double *totals = pass == 0 ? means : squares;
        memset(totals, 0, (size_t)c * sizeof(double));
        for (int64_t i = 0; i < period; i++) { totals[i % c] += (double)sum[i]; }
        if (pass == 0) {
            for (int64_t i = 0; i < c; i++) { means[i] /= (double)(to - from); }
            for (int64_t i = 0; i < period; i++) { mean[i] = (T)means[i % c]; }
            // (The squares below are taken about the rounded mean, and corrected for that.)
        } else {
            for (int64_t i = 0; i < c; i++) {
                double shift = means[i] - (double)mean[i];
                squares[i] -= (double)(to - from) * shift * shift;
            }
        }
    }
}

static void NAME(columns_products)(void *context, int64_t piece) {
    columns_job *j = context;
    int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece;
    to = to < j->rows ? to : j->rows;
    int64_t period = rows_at_once(c) * c, end = to * c;
    T *sum = ck_scratch(CK_SCRATCH_ROWS, (size_t)(3 * period) * sizeof(T));
    if (!sum) {
        j->failed = true;
        return;
    }
    T *product = sum + period, *mean = sum + 2 * period;
    memset(sum, 0, (size_t)(2 * period) * sizeof(T));
    for (int64_t i = 0; i < period; i++) { mean[i] = (T)j->a[i % c]; }
    for (int64_t at = from * c; at < end; at += period) {
        int64_t n = end - at < period ? end - at : period;
        const T *x = (const T *)j->x + at, *g = (const T *)j->g + at, *y = j->y ? (const T *)j->y + at : NULL;
        if (y) {
            CK_LOOP {
                T value = y[i] <= 0 ? 0 : g[i];
                sum[i] += value;
                product[i] += value * (x[i] - mean[i]);
            }
        } else {
            CK_LOOP {
                sum[i] += g[i];
                product[i] += g[i] * (x[i] - mean[i]);
            }
        }
    }
    double *sums = j->first + piece * c, *products = j->second + piece * c;
    memset(sums, 0, (size_t)c * sizeof(double));
    memset(products, 0, (size_t)c * sizeof(double));
    for (int64_t i = 0; i < period; i++) {
        sums[i % c] += (double)sum[i];
        products[i % c] += (double)product[i];
    }
}

static void NAME(columns_scale)(void *context, int64_t piece) {
    columns_job *j = context;
    int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece;
    to = to < j->rows ? to : j->rows;
    int64_t period = rows_at_once(c) * c, end = to * c;
    T *scale = ck_scratch(CK_SCRATCH_ROWS, (size_t)(2 * period) * sizeof(T));
    if (!scale) {
        j->failed = true;
        return;
    }
    T *shift = scale + period;
    for (int64_t i = 0; i < period; i++) { scale[i] = (T)j->a[i % c]; }
    for (int64_t i = 0; i < period; i++) { shift[i] = (T)j->b[i % c]; }
    for (int64_t at = from * c; at < end; at += period) {
        int64_t n = end - at < period ? end - at : period;
        const T *x = (const T *)j->x + at, *more = j->y ? (const T *)j->y + at : NULL;
        T *out = (T *)j->out + at;
        if (more && j->relu) {
            CK_LOOP {
                T value = x[i] * scale[i] + shift[i] + more[i];
                out[i] = value < 0 ? 0 : value;
            }
        } else if (more) {
            CK_LOOP { out[i] = x[i] * scale[i] + shift[i] + more[i]; }
        } else if (j->relu) {
            CK_LOOP {
                T value = x[i] * scale[i] + shift[i];
                out[i] = value < 0 ? 0 : value;
            }
        } else {
            CK_LOOP { out[i] = x[i] * scale[i] + shift[i]; }
        }
    }
}

static void NAME(columns_combine)(void *context, int64_t piece) {
    columns_job *j = context;
    int64_t c = j->c, from = piece * j->rows_a_piece, to = from + j->rows_a_piece;
    to = to < j->rows ? to : j->rows;
    int64_t period = rows_at_once(c) * c, end = to * c;
    T *a = ck_scratch(CK_SCRATCH_ROWS, (size_t)(4 * period) * sizeof(T));
    if (!a) {
        j->failed = true;
        return;
    }
    T *b = a + period, *d = b + period, *mean = d + period;
    for (int64_t i = 0; i < period; i++) { a[i] = (T)j->a[i % c]; }
    for (int64_t i = 0; i < period; i++) { b[i] = j->x ? (T)j->b[i % c] : 0; }
    for (int64_t i = 0; i < period; i++) { d[i] = j->x ? (T)j->d[i % c] : 0; }
    for (int64_t i = 0; i < period; i++) { mean[i] = j->x ? (T)j->mean[i % c] : 0; }
    for (int64_t at = from * c; at < end; at += period) {
        int64_t n = end - at < period ? end - at : period;
        const T *g = (const T *)j->g + at, *x = j->x ? (const T *)j->x + at : NULL;
        const T *y = j->y ? (const T *)j->y + at : NULL;
        T *out = (T *)j->out + at, *masked = j->masked ? (T *)j->masked + at : NULL;
        if (masked) {
            CK_LOOP { masked[i] = y && y[i] <= 0 ? 0 : g[i]; }
            g = masked;
            y = NULL;
        }
        if (x && y) {
            CK_LOOP { out[i] = (y[i] <= 0 ? 0 : g[i]) * a[i] + ((x[i] - mean[i]) * b[i] + d[i]); }
        } else if (x) {
            CK_LOOP { out[i] = g[i] * a[i] + ((x[i] - mean[i]) * b[i] + d[i]); }
        } else if (y) {
            CK_LOOP { out[i] = (y[i] <= 0 ? 0 : g[i]) * a[i]; }
        } else {
            CK_LOOP { out[i] = g[i] * a[i]; }
        }
    }
}

static void NAME(layer_norm)(
    const T *x, const T *w, const T *b, double epsilon, T *out, T *mean, T *inverse, int64_t from, int64_t to,
    int64_t n) {
    for (int64_t r = from; r < to; r++) {
        const T *row = x + r * n;
        T *y = out + r * n;
        double total = 0, squares = 0;
        _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) {
            _Pragma("clang fp reassociate(on)") total += (double)row[i];
        }
        total /= (double)n;
        _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) {
            _Pragma("clang fp reassociate(on)") squares += ((double)row[i] - total) * ((double)row[i] - total);
        }
        double scale = 1 / sqrt(squares / (double)n + epsilon);
        T m = (T)total, s = (T)scale;
        mean[r] = m;
        inverse[r] = s;
        CK_LOOP { y[i] = (row[i] - m) * s; }
        if (w) {
            CK_LOOP { y[i] *= w[i]; }
        }
        if (b) {
            CK_LOOP { y[i] += b[i]; }
        }
    }
}

static void NAME(layer_norm_backward)(
    const T *g, const T *x, const T *w, const T *mean, const T *inverse, T *gx, T *gw, T *gb, int64_t from,
    int64_t to, int64_t n) {
    for (int64_t r = from; r < to; r++) {
        const T *row = x + r * n, *grow = g + r * n;
        T m = mean[r], s = inverse[r], *out = gx + r * n;
        double sum = 0, product = 0;
        if (w) {
            CK_LOOP { out[i] = grow[i] * w[i]; }
        } else {
            memcpy(out, grow, (size_t)n * sizeof(T));
        }
        _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) {
            _Pragma("clang fp reassociate(on)") sum += (double)out[i];
        }
        _Pragma("clang loop vectorize(enable)") for (int64_t i = 0; i < n; i++) {
            _Pragma("clang fp reassociate(on)") product += (double)(out[i] * (row[i] - m));
        }
        T a = (T)(sum / (double)n), b = (T)(product * (double)s * (double)s / (double)n);
        CK_LOOP { out[i] = s * (out[i] - a - (row[i] - m) * b); }
        if (gw) {
            CK_LOOP { gw[i] += grow[i] * ((row[i] - m) * s); }
        }
        if (gb) {
            CK_LOOP { gb[i] += grow[i]; }
        }
    }
}
