// The pairs of points of t-SNE, in double.
#include "plain.h"

void ckp_affinities(const float *distances, int64_t n, double perplexity, float *p) {
    for (int64_t row = 0; row < n; row++) {
        const float *d = distances + row * n;
        double least = INFINITY, beta = 1, low = -INFINITY, high = INFINITY, sum = 0;
        for (int64_t j = 0; j < n; j++) {
            if (j != row && d[j] < least) { least = d[j]; }
        }
        double used = beta;
        for (int step = 0; step < 200; step++) {
            double weighted = 0;
            sum = 0;
            used = beta;
            for (int64_t j = 0; j < n; j++) {
                if (j == row) { continue; }
                double e = exp(-(d[j] - least) * beta);
                sum += e;
                weighted += e * (d[j] - least);
            }
            double difference = log(sum) + beta * weighted / sum - log(perplexity);
            if (fabs(difference) < 1e-5) { break; }
            if (difference > 0) {
                low = beta;
                beta = isinf(high) ? beta * 2 : (beta + high) / 2;
            } else {
                high = beta;
                beta = isinf(low) ? beta / 2 : (beta + low) / 2;
            }
        }
        for (int64_t j = 0; j < n; j++) { p[row * n + j] = j == row ? 0 : (float)(exp(-(d[j] - least) * used) / sum); }
    }
}

static double squared_distance(const float *y, int64_t n, int dimensions, int64_t i, int64_t j) {
    double square = 0;
    for (int k = 0; k < dimensions; k++) {
        double d = (double)y[k * n + i] - (double)y[k * n + j];
        square += d * d;
    }
    return square;
}

double ckp_tsne_forces(
    const float *p, const float *y, int64_t n, int dimensions, float *attraction, float *repulsion, double *scratch) {
    (void)scratch;
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < dimensions; k++) {
            double pull = 0, push = 0;
            for (int64_t j = 0; j < n; j++) {
                double w = 1 / (1 + squared_distance(y, n, dimensions, i, j)), d = (double)y[k * n + i] - (double)y[k * n + j];
                pull += p[i * n + j] * w * d;
                push += w * w * d;
                if (k == 0 && j != i) { total += w; }
            }
            attraction[k * n + i] = (float)pull;
            repulsion[k * n + i] = (float)push;
        }
    }
    return total;
}

double ckp_tsne_divergence(const float *p, const float *y, int64_t n, int dimensions, double normalizer, double *scratch) {
    (void)scratch;
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            double share = p[i * n + j];
            if (j == i || share <= 0) { continue; }
            total += share * (log(share) + log1p(squared_distance(y, n, dimensions, i, j)) + log(normalizer));
        }
    }
    return total;
}
