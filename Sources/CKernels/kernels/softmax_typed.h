// The softmax of rows and columns of numbers of type T.

static T NAME(softmax_row_max)(const T *x, int64_t n) {
    return NAME(ck_row_max)(x, n);
}

static T NAME(softmax_row_exp_sum)(const T *x, T peak, int64_t n) {
    #pragma clang fp reassociate(on)
    T sum = 0;
    for (int64_t j = 0; j < n; j++) { sum += NAME(ck_exp)(x[j] - peak); }
    return sum;
}

static T NAME(softmax_row_exp)(const T *x, T peak, T *out, int64_t n) {
    #pragma clang fp reassociate(on)
    T sum = 0;
    for (int64_t j = 0; j < n; j++) { T e = NAME(ck_exp)(x[j] - peak); out[j] = e; sum += e; }
    return sum;
}

static void NAME(softmax_row_scale)(T *x, T factor, int64_t n) { CK_LOOP { x[i] *= factor; } }

/// The largest first: what is left of numbers of any size is small, and so keeps its digits.
static void NAME(softmax_row_shift)(const T *x, T peak, T logarithm, T *out, int64_t n) {
    CK_LOOP { out[i] = (x[i] - peak) - logarithm; }
}

static T NAME(softmax_row_dot)(const T *a, const T *b, int64_t n) {
    #pragma clang fp reassociate(on)
    T sum = 0;
    for (int64_t j = 0; j < n; j++) { sum += a[j] * b[j]; }
    return sum;
}

static T NAME(softmax_row_sum)(const T *a, int64_t n) {
    #pragma clang fp reassociate(on)
    T sum = 0;
    for (int64_t j = 0; j < n; j++) { sum += a[j]; }
    return sum;
}

static void NAME(softmax_row_back)(const T *g, const T *y, T dot, T *out, int64_t n) {
    CK_LOOP { out[i] = y[i] * (g[i] - dot); }
}

static void NAME(softmax_row_log_back)(const T *g, const T *y, T sum, T *out, int64_t n) {
    CK_LOOP { out[i] = g[i] - NAME(ck_exp)(y[i]) * sum; }
}

CK_INLINE T NAME(finite_peak)(T peak) { return peak - peak == 0 ? peak : 0; }

static void NAME(softmax_row)(bool logarithm, const T *x, T *out, int64_t n) {
    T peak = NAME(softmax_row_max)(x, n);
    if (logarithm) {
        NAME(softmax_row_shift)(x, peak, NAME(ck_log)(NAME(softmax_row_exp_sum)(x, peak, n)), out, n);
    } else {
        T sum = NAME(softmax_row_exp)(x, peak, out, n);
        NAME(softmax_row_scale)(out, 1 / sum, n);
    }
}

static void NAME(softmax_columns)(bool logarithm, const T *x, T *out, int64_t n, int64_t inner) {
    enum { WIDTH = 64 };
    for (int64_t c = 0; c < inner; c += WIDTH) {
        int64_t width = inner - c < WIDTH ? inner - c : WIDTH;
        T peak[WIDTH], sum[WIDTH];
        for (int64_t i = 0; i < width; i++) { peak[i] = -(T)INFINITY; sum[i] = 0; }
        for (int64_t j = 0; j < n; j++) {
            const T *row = x + j * inner + c;
            for (int64_t i = 0; i < width; i++) { peak[i] = row[i] > peak[i] ? row[i] : peak[i]; }
        }
        for (int64_t j = 0; j < n; j++) {
            const T *row = x + j * inner + c;
            T *to = out + j * inner + c;
            for (int64_t i = 0; i < width; i++) {
                T e = NAME(ck_exp)(row[i] - peak[i]);
                sum[i] += e;
                to[i] = e;
            }
        }
        for (int64_t i = 0; i < width; i++) { sum[i] = logarithm ? NAME(ck_log)(sum[i]) : 1 / sum[i]; }
        for (int64_t j = 0; j < n; j++) {
            const T *row = x + j * inner + c;
            T *to = out + j * inner + c;
            for (int64_t i = 0; i < width; i++) {
                to[i] = logarithm ? (row[i] - peak[i]) - sum[i] : to[i] * sum[i];
            }
        }
    }
}

static void NAME(columns_back)(bool logarithm, const T *g, const T *y, T *out, int64_t n, int64_t inner) {
    for (int64_t i = 0; i < inner; i++) {
        T sum = 0;
        for (int64_t j = 0; j < n; j++) { sum += logarithm ? g[j * inner + i] : g[j * inner + i] * y[j * inner + i]; }
        for (int64_t j = 0; j < n; j++) {
            int64_t k = j * inner + i;
            out[k] = logarithm ? g[k] - NAME(ck_exp)(y[k]) * sum : y[k] * (g[k] - sum);
        }
    }
}

static void NAME(softmax)(bool logarithm, const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        int64_t at = o * n * inner;
        if (inner == 1) { NAME(softmax_row)(logarithm, x + at, out + at, n); }
        else { NAME(softmax_columns)(logarithm, x + at, out + at, n, inner); }
    }
}

static void NAME(softmax_back)(
    bool logarithm, const T *g, const T *y, T *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        int64_t at = o * n * inner;
        if (inner != 1) { NAME(columns_back)(logarithm, g + at, y + at, out + at, n, inner); }
        else if (logarithm) { NAME(softmax_row_log_back)(g + at, y + at, NAME(softmax_row_sum)(g + at, n), out + at, n); }
        else { NAME(softmax_row_back)(g + at, y + at, NAME(softmax_row_dot)(g + at, y + at, n), out + at, n); }
    }
}

static void NAME(logsumexp)(const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const T *column = x + o * n * inner + i;
            T peak = -(T)INFINITY, sum = 0;
            for (int64_t j = 0; j < n; j++) {
                T v = column[j * inner];
                peak = v > peak || v != v ? v : peak;
            }
            T base = NAME(finite_peak)(peak);
            if (inner == 1) { sum = NAME(softmax_row_exp_sum)(column, base, n); }
            else { for (int64_t j = 0; j < n; j++) { sum += NAME(ck_exp)(column[j * inner] - base); } }
            out[o * inner + i] = base + NAME(ck_log)(sum);
        }
    }
}