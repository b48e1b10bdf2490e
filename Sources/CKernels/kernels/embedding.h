// What an exact t-SNE spends its time in: all pairs of points, row by row.

#define MOST_DIMENSIONS 3

typedef struct {
    const float *distances;
    float *p;
    int64_t n;
    double entropy;
} affinity_job;

/// Adds exp(-beta (d - least)), and the same weighted by the distances, to the sums.
static void affinity_sums(const float *d, float least, float beta, float *p, int64_t n, double *sums) {
    #pragma clang fp reassociate(on)
    double sum = 0, weighted = 0;
    for (int64_t j = 0; j < n; j++) {
        float e = ck_exp_f(-(d[j] - least) * beta);
        p[j] = e;
        sum += e;
        weighted += e * (d[j] - least);
    }
    sums[0] += sum;
    sums[1] += weighted;
}

static void affinity_row(void *context, int64_t row) {
    affinity_job *job = context;
    int64_t n = job->n;
    const float *d = job->distances + row * n;
    float *p = job->p + row * n;
    float least = INFINITY;
    for (int64_t j = 0; j < n; j++) { if (j != row && d[j] < least) { least = d[j]; } }
    double beta = 1, low = -INFINITY, high = INFINITY, sums[2] = {0, 0};
    for (int step = 0; step < 200; step++) {
        // Not the point itself: nearer than the nearest, it would overflow.
        sums[0] = 0;
        sums[1] = 0;
        affinity_sums(d, least, (float)beta, p, row, sums);
        affinity_sums(d + row + 1, least, (float)beta, p + row + 1, n - row - 1, sums);
        p[row] = 0;
        double difference = log(sums[0]) + beta * sums[1] / sums[0] - job->entropy;
        if (fabs(difference) < 1e-5) { break; }
        if (difference > 0) {
            low = beta;
            beta = high == INFINITY ? beta * 2 : (beta + high) / 2;
        } else {
            high = beta;
            beta = low == -INFINITY ? beta / 2 : (beta + low) / 2;
        }
    }
    float scale = (float)(1 / sums[0]);
    for (int64_t j = 0; j < n; j++) { p[j] *= scale; }
}

static void LEVELLED(affinities)(const float *distances, int64_t n, double perplexity, float *p) {
    affinity_job job = {distances, p, n, log(perplexity)};
    ck_parallel(n, affinity_row, &job);
}

typedef struct {
    const float *p, *y;
    float *attraction, *repulsion;
    double *normalizer, *divergence;
    int64_t n;
    int dimensions;
    double total;
} force_job;

static double force_row(
    const float *p, const float *y, int64_t row, int64_t n, int dimensions, float *attraction, float *repulsion) {
    #pragma clang fp reassociate(on)
    float sum = 0, ax = 0, ay = 0, az = 0, rx = 0, ry = 0, rz = 0;
    const float *x0 = y, *x1 = y + n, *x2 = dimensions > 2 ? y + 2 * n : y;
    float third = dimensions > 2 ? 1 : 0, second = dimensions > 1 ? 1 : 0;
    if (dimensions < 2) { x1 = y; }
    float c0 = x0[row], c1 = x1[row], c2 = x2[row];
    for (int64_t j = 0; j < n; j++) {
        float d0 = c0 - x0[j], d1 = (c1 - x1[j]) * second, d2 = (c2 - x2[j]) * third;
        float w = 1 / (1 + d0 * d0 + d1 * d1 + d2 * d2);
        float a = p[j] * w, r = w * w;
        sum += w;
        ax += a * d0; ay += a * d1; az += a * d2;
        rx += r * d0; ry += r * d1; rz += r * d2;
    }
    float own_a[MOST_DIMENSIONS] = {ax, ay, az}, own_r[MOST_DIMENSIONS] = {rx, ry, rz};
    for (int k = 0; k < dimensions; k++) {
        attraction[k * n + row] = own_a[k];
        repulsion[k * n + row] = own_r[k];
    }
    // The point itself is at distance 0 from itself.
    return (double)sum - 1;
}

static void force_task(void *context, int64_t row) {
    force_job *job = context;
    job->normalizer[row] = force_row(
        job->p + row * job->n, job->y, row, job->n, job->dimensions, job->attraction, job->repulsion);
}

static double LEVELLED(tsne_forces)(
    const float *p, const float *y, int64_t n, int dimensions, float *attraction, float *repulsion, double *scratch) {
    force_job job = {p, y, attraction, repulsion, scratch, NULL, n, dimensions, 0};
    ck_parallel(n, force_task, &job);
    double total = 0;
    for (int64_t i = 0; i < n; i++) { total += scratch[i]; }
    return total;
}

static void divergence_task(void *context, int64_t row) {
    force_job *job = context;
    const float *p = job->p + row * job->n;
    double sum = 0;
    for (int64_t j = 0; j < job->n; j++) {
        if (j == row || p[j] <= 0) { continue; }
        double square = 0;
        for (int k = 0; k < job->dimensions; k++) {
            double d = job->y[k * job->n + row] - job->y[k * job->n + j];
            square += d * d;
        }
        sum += p[j] * (log(p[j]) + log1p(square) + log(job->total));
    }
    job->divergence[row] = sum;
}

static double LEVELLED(tsne_divergence)(const float *p, const float *y, int64_t n, int dimensions, double normalizer, double *scratch) {
    force_job job = {p, y, NULL, NULL, NULL, scratch, n, dimensions, normalizer};
    ck_parallel(n, divergence_task, &job);
    double total = 0;
    for (int64_t i = 0; i < n; i++) { total += scratch[i]; }
    return total;
}

