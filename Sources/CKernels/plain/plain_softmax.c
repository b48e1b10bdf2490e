// Softmax and the losses of rows. The largest number is subtracted first, so that the digits of the others survive; a
// difference of two logits is exact whatever their size, and so no noise is added to what is read.
#include "plain.h"

typedef struct {
    double peak, sum;
} row;

/// Of x / temperature along one row: the largest number, and Σ exp(x / temperature - the largest). NaN makes the sum NaN.
static row measure(ck_dtype dtype, const void *x, int64_t start, int64_t n, int64_t step, double temperature) {
    row r = {-INFINITY, 0};
    for (int64_t j = 0; j < n; j++) {
        double v = ckp_get_exact(dtype, x, start + j * step);
        if (v > r.peak) { r.peak = v; }
    }
    for (int64_t j = 0; j < n; j++) { r.sum += exp((ckp_get_exact(dtype, x, start + j * step) - r.peak) / temperature); }
    // The logarithm of a sum that is nearly 1 is what its last digits say.
    if (ck_plain_noise) { r.sum = ckp_noisy(dtype, r.sum); }
    return r;
}

static double log_share(row r, double x, double temperature) { return (x - r.peak) / temperature - log(r.sum); }
static double share(row r, double x, double temperature) { return exp((x - r.peak) / temperature) / r.sum; }

void ckp_softmax(ck_dtype dtype, bool logarithm, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            int64_t start = o * n * inner + i;
            row r = measure(dtype, x, start, n, inner, 1);
            for (int64_t j = 0; j < n; j++) {
                double v = ckp_get_exact(dtype, x, start + j * inner);
                ckp_set(dtype, out, start + j * inner, logarithm ? log_share(r, v, 1) : share(r, v, 1));
            }
        }
    }
}

void ckp_softmax_backward(
    ck_dtype dtype, bool logarithm, const void *g, const void *y, void *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            int64_t start = o * n * inner + i;
            double sum = 0;
            for (int64_t j = 0; j < n; j++) {
                double v = ckp_get(dtype, g, start + j * inner);
                sum += logarithm ? v : v * ckp_get(dtype, y, start + j * inner);
            }
            for (int64_t j = 0; j < n; j++) {
                int64_t at = start + j * inner;
                double v = ckp_get(dtype, g, at), p = ckp_get(dtype, y, at);
                ckp_set(dtype, out, at, logarithm ? v - exp(p) * sum : p * (v - sum));
            }
        }
    }
}

void ckp_logsumexp(ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            int64_t start = o * n * inner + i;
            double peak = -INFINITY, sum = 0;
            for (int64_t j = 0; j < n; j++) {
                double v = ckp_get_exact(dtype, x, start + j * inner);
                if (v > peak) { peak = v; }
            }
            double base = isfinite(peak) ? peak : 0;
            for (int64_t j = 0; j < n; j++) { sum += exp(ckp_get_exact(dtype, x, start + j * inner) - base); }
            ckp_set(dtype, out, o * inner + i, base + log(sum));
        }
    }
}

int64_t ckp_cross_entropy(
    ck_dtype dtype, const void *x, const int64_t *y, const void *w, double smoothing, int64_t ignore, void *losses,
    void *weights, void *gradient, int64_t rows, int64_t n) {
    double spread = smoothing / (double)n, keep = 1 - smoothing;
    for (int64_t r = 0; r < rows; r++) {
        int64_t start = r * n, label = y[r];
        if (label == ignore) {
            ckp_set(dtype, losses, r, 0);
            ckp_set(dtype, weights, r, 0);
            for (int64_t j = 0; gradient && j < n; j++) { ckp_set(dtype, gradient, start + j, 0); }
            continue;
        }
        if (label < 0 || label >= n) { return r; }
        row all = measure(dtype, x, start, n, 1, 1);
        double weight = w ? ckp_get_exact(dtype, w, label) : 1, mass = keep * weight;
        double loss = mass * -log_share(all, ckp_get_exact(dtype, x, start + label), 1);
        for (int64_t j = 0; spread != 0 && j < n; j++) {
            double part = spread * (w ? ckp_get_exact(dtype, w, j) : 1);
            loss += part * -log_share(all, ckp_get_exact(dtype, x, start + j), 1);
            mass += part;
        }
        ckp_set(dtype, losses, r, loss);
        ckp_set(dtype, weights, r, weight);
        for (int64_t j = 0; gradient && j < n; j++) {
            double slope = mass * share(all, ckp_get_exact(dtype, x, start + j), 1) - spread * (w ? ckp_get_exact(dtype, w, j) : 1);
            if (j == label) { slope -= keep * weight; }
            ckp_set(dtype, gradient, start + j, slope);
        }
    }
    return -1;
}

int64_t ckp_distillation(
    ck_dtype dtype, const void *s, const void *t, const int64_t *y, double temperature, double soft, double hard,
    double losses[2], void *gradient, int64_t rows, int64_t n) {
    losses[0] = 0;
    losses[1] = 0;
    for (int64_t r = 0; r < rows; r++) {
        int64_t start = r * n;
        row student = measure(dtype, s, start, n, 1, temperature), teacher = measure(dtype, t, start, n, 1, temperature);
        row labels = measure(dtype, s, start, n, 1, 1);
        if (y && (y[r] < 0 || y[r] >= n)) { return r; }
        for (int64_t j = 0; j < n; j++) {
            double a = ckp_get_exact(dtype, s, start + j), b = ckp_get_exact(dtype, t, start + j);
            double p = share(teacher, b, temperature);
            // 0 · log 0 = 0, where the probability is 0 as a number of the dtype.
            if (ckp_stored(dtype, p) > 0 || isnan(p)) {
                losses[0] += p * (log_share(teacher, b, temperature) - log_share(student, a, temperature));
            }
            double slope = soft / temperature * (share(student, a, temperature) - p);
            if (y) { slope += hard * (share(labels, a, 1) - (j == y[r] ? 1 : 0)); }
            ckp_set(dtype, gradient, start + j, slope);
        }
        if (y) { losses[1] -= log_share(labels, ckp_get_exact(dtype, s, start + y[r]), 1); }
    }
    return -1;
}
