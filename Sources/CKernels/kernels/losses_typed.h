// Losses of rows of numbers of type T with their gradients.

/// e = exp of (x - the row's maximum) · inverse, which `shifted` holds unless NULL; `sums` those of the rows.
static void NAME(exp_rows)(
    const T *x, T inverse, T *shifted, T *e, T *peaks, T *sums, int64_t rows, int64_t columns) {
    if (columns >= LONG_ROW) {
        for (int64_t r = 0; r < rows; r++) {
            #pragma clang fp reassociate(on)
            const T *row = x + r * columns;
            T peak = NAME(ck_row_max)(row, columns), sum = 0, *to = e + r * columns;
            T *also = shifted ? shifted + r * columns : NULL;
            if (also) {
                for (int64_t j = 0; j < columns; j++) {
                    T v = (row[j] - peak) * inverse, y = NAME(ck_exp)(v);
                    also[j] = v;
                    to[j] = y;
                    sum += y;
                }
            } else {
                for (int64_t j = 0; j < columns; j++) {
                    T y = NAME(ck_exp)((row[j] - peak) * inverse);
                    to[j] = y;
                    sum += y;
                }
            }
            peaks[r] = peak;
            sums[r] = sum;
        }
        return;
    }
    T *scaled = shifted ? shifted : e;
    for (int64_t r = 0; r < rows; r++) {
        const T *row = x + r * columns;
        T peak = NAME(ck_row_max)(row, columns), *to = scaled + r * columns;
        SHORT_LOOP for (int64_t j = 0; j < columns; j++) { to[j] = (row[j] - peak) * inverse; }
        peaks[r] = peak;
    }
    int64_t n = rows * columns;
    CK_LOOP { e[i] = NAME(ck_exp)(scaled[i]); }
    for (int64_t r = 0; r < rows; r++) {
        #pragma clang fp reassociate(on)
        const T *row = e + r * columns;
        T sum = 0;
        SHORT_LOOP for (int64_t j = 0; j < columns; j++) { sum += row[j]; }
        sums[r] = sum;
    }
}

static void NAME(log_row)(const T *x, T *out, int64_t n) { CK_LOOP { out[i] = NAME(ck_log)(x[i]); } }

static void NAME(scale_row)(T *x, T factor, int64_t n) {
    SHORT_LOOP for (int64_t i = 0; i < n; i++) { x[i] *= factor; }
}

/// What a smoothed label leaves to all classes: Σ w (log sum - (x - peak)), and Σ w.
static void NAME(spread_label)(const T *x, const T *w, T peak, T logarithm, int64_t n, T *weighted, T *total) {
    for (int64_t j = 0; j < n; j++) {
        T u = w ? w[j] : 1;
        *weighted += u * (logarithm - (x[j] - peak));
        *total += u;
    }
}

static int64_t NAME(cross_entropy)(
    const T *x, const int64_t *y, const T *w, double smoothing, int64_t ignore, T *losses, T *weights,
    T *gradient, int64_t rows, int64_t n) {
    T spread = (T)(smoothing / (double)n), keep = (T)(1 - smoothing);
    T room[LOSS_BLOCK], peaks[LOSS_BLOCK], sums[LOSS_BLOCK], logs[LOSS_BLOCK];
    int64_t block = n >= LOSS_BLOCK ? 1 : LOSS_BLOCK / (n > 0 ? n : 1);
    T *wide = !gradient && n > LOSS_BLOCK ? ck_scratch(CK_SCRATCH_ROWS, (size_t)n * sizeof(T)) : room;
    if (!wide) { return CK_NO_MEMORY; }
    for (int64_t r0 = 0; r0 < rows; r0 += block) {
        int64_t count = rows - r0 < block ? rows - r0 : block;
        T *e = gradient ? gradient + r0 * n : wide;
        NAME(exp_rows)(x + r0 * n, 1, NULL, e, peaks, sums, count, n);
        NAME(log_row)(sums, logs, count);
        for (int64_t i = 0; i < count; i++) {
            const T *row = x + (r0 + i) * n;
            T *grad = e + i * n;
            int64_t label = y[r0 + i];
            if (label == ignore) {
                losses[r0 + i] = 0;
                weights[r0 + i] = 0;
                if (gradient) { memset(grad, 0, (size_t)n * sizeof(T)); }
                continue;
            }
            if (label < 0 || label >= n) { return r0 + i; }
            T weight = w ? w[label] : 1;
            T own = keep * weight, weighted = 0, total = 0;
            T loss = own * (logs[i] - (row[label] - peaks[i]));
            if (spread != 0) {
                NAME(spread_label)(row, w, peaks[i], logs[i], n, &weighted, &total);
                loss += spread * weighted;
            }
            losses[r0 + i] = loss;
            weights[r0 + i] = weight;
            if (!gradient) { continue; }
            NAME(scale_row)(grad, (spread == 0 ? own : 1) / sums[i], n);
            // Each part is 0 by itself where it ought to be, with a single class above all.
            for (int64_t j = 0; spread != 0 && j < n; j++) {
                grad[j] = own * grad[j] + spread * (total * grad[j] - (w ? w[j] : 1));
            }
            grad[label] -= own;
        }
    }
    return -1;
}

/// Of one row with q = eq / sq and p = ep / sp: KL(p || q), and factor · (q - p) into `grad`.
static T NAME(row_divergence)(
    const T *lq, const T *eq, T sq, T log_q, const T *lp, const T *ep, T sp, T log_p, T factor, T *grad,
    int64_t n) {
    #pragma clang fp reassociate(on)
    T sum = 0, to_q = 1 / sq, to_p = 1 / sp;
    SHORT_LOOP for (int64_t j = 0; j < n; j++) {
        T p = ep[j] * to_p;
        /// What never happens adds nothing, however unlikely q says it is; NaN is no 0.
        sum += p == 0 ? 0 : p * ((lp[j] - log_p) - (lq[j] - log_q));
        grad[j] = factor * (eq[j] * to_q - p);
    }
    return sum;
}

static void NAME(add_scaled_row)(const T *x, T factor, T *to, int64_t n) {
    SHORT_LOOP for (int64_t i = 0; i < n; i++) { to[i] += factor * x[i]; }
}

static int64_t NAME(distillation)(
    const T *s, const T *t, const int64_t *y, double temperature, double soft, double hard, double *losses,
    T *gradient, int64_t rows, int64_t n) {
    enum { PARTS = 4 };
    T room[PARTS * LOSS_BLOCK], peaks[LOSS_BLOCK], sums_q[LOSS_BLOCK], logs_q[LOSS_BLOCK], sums_p[LOSS_BLOCK], logs_p[LOSS_BLOCK];
    T inverse = (T)(1 / temperature), factor = (T)(soft / temperature);
    int64_t block = n >= LOSS_BLOCK ? 1 : LOSS_BLOCK / (n > 0 ? n : 1), width = block * n;
    T *lq = n > LOSS_BLOCK ? ck_scratch(CK_SCRATCH_ROWS, (size_t)(PARTS * n) * sizeof(T)) : room;
    if (!lq) { return CK_NO_MEMORY; }
    T *eq = lq + width, *lp = eq + width, *ep = lp + width;
    losses[0] = 0;
    losses[1] = 0;
    for (int64_t r0 = 0; r0 < rows; r0 += block) {
        int64_t count = rows - r0 < block ? rows - r0 : block;
        const T *a = s + r0 * n;
        T *grad = gradient + r0 * n;
        NAME(exp_rows)(a, inverse, lq, eq, peaks, sums_q, count, n);
        NAME(exp_rows)(t + r0 * n, inverse, lp, ep, peaks, sums_p, count, n);
        NAME(log_row)(sums_q, logs_q, count);
        NAME(log_row)(sums_p, logs_p, count);
        for (int64_t i = 0; i < count; i++) {
            int64_t at = i * n;
            losses[0] += (double)NAME(row_divergence)(
                lq + at, eq + at, sums_q[i], logs_q[i], lp + at, ep + at, sums_p[i], logs_p[i], factor, grad + at, n);
        }
        if (!y) { continue; }
        NAME(exp_rows)(a, 1, NULL, eq, peaks, sums_q, count, n);
        NAME(log_row)(sums_q, logs_q, count);
        for (int64_t i = 0; i < count; i++) {
            int64_t label = y[r0 + i];
            if (label < 0 || label >= n) { return r0 + i; }
            losses[1] += (double)(logs_q[i] - (a[i * n + label] - peaks[i]));
            NAME(add_scaled_row)(eq + i * n, (T)hard / sums_q[i], grad + i * n, n);
            grad[i * n + label] -= (T)hard;
        }
    }
    return -1;
}