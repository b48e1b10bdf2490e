// What the views of photographs have in common.
#pragma once
#include "ckernels_batches.h"
#include "kernels/vector.h"

/// Random numbers of one view of one example, any number of them.
typedef struct {
    uint64_t key, counter;
} ck_draws;

CK_INLINE double ck_uniform(ck_draws *draw, double low, double high) {
    uint64_t bits = ck_random_bits(draw->key, 0, draw->counter++);
    return low + (high - low) * ((double)(bits >> 11) * 0x1p-53);
}

CK_INLINE int64_t ck_whole(ck_draws *draw, int64_t range) {
    return (int64_t)(((unsigned __int128)ck_random_bits(draw->key, 0, draw->counter++) * (uint64_t)range) >> 64);
}

CK_INLINE float ck_between(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

void ck_brighten(float *x, int64_t n, float factor);
void ck_contrast(float *x, int64_t channels, int64_t plane, float factor);
void ck_saturate(float *x, int64_t plane, float factor);
