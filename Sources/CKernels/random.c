#include "kernels/vector.h"

// The same seed must give the same bits on every processor: no fused multiply-adds, no clones.
#pragma STDC FP_CONTRACT OFF

typedef struct { uint32_t v[4]; } block;

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
CK_INLINE block philox(uint64_t seed, uint32_t stream, uint64_t counter) {
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32), c2 = stream, c3 = 0;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (block){{c0, c1, c2, c3}};
}

CK_INLINE uint64_t wide(const block *b, int i) { return (uint64_t)b->v[2 * i] << 32 | b->v[2 * i + 1]; }
CK_INLINE float unit_f(uint32_t bits) { return (float)(bits >> 8) * 0x1p-24f; }
CK_INLINE double unit_d(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

uint64_t ck_random_cost(ck_dtype dtype, int64_t count) {
    int64_t lanes = dtype == CK_FLOAT32 ? 4 : 2;
    return (uint64_t)((count + lanes - 1) / lanes);
}

uint64_t ck_random_bits(uint64_t seed, uint32_t stream, uint64_t counter) {
    block b = philox(seed, stream, counter);
    return wide(&b, 0);
}

typedef struct {
    ck_dtype dtype;
    uint64_t seed, counter;
    uint32_t stream;
    bool normal;
    void *out;
    int64_t count;
} fill_job;

static void fill_f(const fill_job *job, int64_t from, int64_t to) {
    float *out = job->out;
    for (int64_t c = from; c < to; c++) {
        block b = philox(job->seed, job->stream, job->counter + (uint64_t)c);
        float lane[4];
        if (job->normal) {
            for (int i = 0; i < 2; i++) {
                // 1 - u is in (0, 1], so the logarithm is finite.
                double radius = sqrt(-2 * log(1 - (double)unit_f(b.v[2 * i])));
                double angle = 6.283185307179586477 * (double)unit_f(b.v[2 * i + 1]);
                lane[2 * i] = (float)(radius * cos(angle));
                lane[2 * i + 1] = (float)(radius * sin(angle));
            }
        } else {
            for (int i = 0; i < 4; i++) { lane[i] = unit_f(b.v[i]); }
        }
        for (int64_t i = 0; i < 4 && c * 4 + i < job->count; i++) { out[c * 4 + i] = lane[i]; }
    }
}

static void fill_d(const fill_job *job, int64_t from, int64_t to) {
    double *out = job->out;
    for (int64_t c = from; c < to; c++) {
        block b = philox(job->seed, job->stream, job->counter + (uint64_t)c);
        double u = unit_d(wide(&b, 0)), v = unit_d(wide(&b, 1)), lane[2] = {u, v};
        if (job->normal) {
            double radius = sqrt(-2 * log(1 - u)), angle = 6.283185307179586477 * v;
            lane[0] = radius * cos(angle);
            lane[1] = radius * sin(angle);
        }
        for (int64_t i = 0; i < 2 && c * 2 + i < job->count; i++) { out[c * 2 + i] = lane[i]; }
    }
}

static void fill_piece(void *context, int64_t from, int64_t to) {
    const fill_job *job = context;
    if (job->dtype == CK_FLOAT32) { fill_f(job, from, to); } else { fill_d(job, from, to); }
}

static void fill(ck_dtype dtype, bool normal, uint64_t seed, uint32_t stream, uint64_t counter, void *out, int64_t count) {
    fill_job job = {dtype, seed, counter, stream, normal, out, count};
    ck_split((int64_t)ck_random_cost(dtype, count), 1 << 12, fill_piece, &job);
}

void ck_random_uniform(ck_dtype dtype, uint64_t seed, uint32_t stream, uint64_t counter, void *out, int64_t count) {
    fill(dtype, false, seed, stream, counter, out, count);
}

void ck_random_normal(ck_dtype dtype, uint64_t seed, uint32_t stream, uint64_t counter, void *out, int64_t count) {
    fill(dtype, true, seed, stream, counter, out, count);
}

/// bits scaled to 0 ..< range by the high half of the product: the bias is below range / 2^64.
CK_INLINE uint64_t below(uint64_t bits, uint64_t range) {
    return (uint64_t)(((unsigned __int128)bits * range) >> 64);
}

void ck_random_integers(
    uint64_t seed, uint32_t stream, uint64_t counter, int64_t low, int64_t high, int64_t *out, int64_t count) {
    uint64_t range = (uint64_t)high - (uint64_t)low;
    for (int64_t i = 0; i < count; i++) {
        block b = philox(seed, stream, counter + (uint64_t)(i / 2));
        out[i] = (int64_t)((uint64_t)low + below(wide(&b, (int)(i & 1)), range));
    }
}

void ck_random_permutation(uint64_t seed, uint32_t stream, uint64_t counter, int64_t *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) { out[i] = i; }
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = (int64_t)below(ck_random_bits(seed, stream, counter + (uint64_t)i), (uint64_t)i + 1);
        int64_t swapped = out[i];
        out[i] = out[j];
        out[j] = swapped;
    }
}

typedef struct {
    ck_dtype dtype;
    uint64_t seed, counter;
    uint32_t stream;
    double p;
    const void *x;
    void *out;
    uint8_t *mask;
    int64_t count;
} dropout_job;

static void dropout_piece(void *context, int64_t from, int64_t to) {
    const dropout_job *job = context;
    double scale = job->p < 1 ? 1 / (1 - job->p) : 0;
    for (int64_t c = from; c < to; c++) {
        block b = philox(job->seed, job->stream, job->counter + (uint64_t)c);
        for (int64_t lane = 0; lane < 4 && c * 4 + lane < job->count; lane++) {
            int64_t i = c * 4 + lane;
            bool keep = (double)unit_f(b.v[lane]) >= job->p;
            job->mask[i] = keep;
            if (job->dtype == CK_FLOAT32) {
                ((float *)job->out)[i] = keep ? ((const float *)job->x)[i] * (float)scale : 0;
            } else {
                ((double *)job->out)[i] = keep ? ((const double *)job->x)[i] * scale : 0;
            }
        }
    }
}

void ck_dropout(
    ck_dtype dtype, uint64_t seed, uint32_t stream, uint64_t counter, double p, const void *x, void *out, uint8_t *mask,
    int64_t count) {
    dropout_job job = {dtype, seed, counter, stream, p, x, out, mask, count};
    ck_split((count + 3) / 4, 1 << 13, dropout_piece, &job);
}
