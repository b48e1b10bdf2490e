// What the plain kernels share. They take the types of the public headers and the list of signatures (entries.h) and nothing
// else from the vector kernels, so that a mistake there cannot be made here too. Every number goes through double, whatever it is
// stored as; sums run in order, in double; nothing is contracted into fused multiply-adds.
#pragma once
#include "ckernels_plain.h"
#include <math.h>
#include <string.h>
#pragma STDC FP_CONTRACT OFF

#define CKP_INLINE static inline __attribute__((always_inline))

/// The number a few units in the last place off: at random (xorshift64*, Vigna 2016), or, for the first seeds, on a grid so
/// coarse that numbers meet which differ by rounding alone.
static double ckp_noisy(ck_dtype dtype, double value) {
    if (ck_plain_noise <= CK_PLAIN_GRIDS) {
        // So many binary digits stay: of float32 22 and 20 of 24, of float64 51 and 49 of 53.
        int lost = (dtype == CK_FLOAT32 ? 29 : 0) + 2 * (int)ck_plain_noise;
        uint64_t bits, half = (uint64_t)1 << (lost - 1);
        memcpy(&bits, &value, sizeof bits);
        bits = (bits + half) & ~(2 * half - 1);
        if (isfinite(value)) { memcpy(&value, &bits, sizeof value); }
        return value;
    }
    ck_plain_noise ^= ck_plain_noise >> 12;
    ck_plain_noise ^= ck_plain_noise << 25;
    ck_plain_noise ^= ck_plain_noise >> 27;
    double share = (double)(int64_t)(ck_plain_noise * 0x2545F4914F6CDD1Du) * 0x1p-63;
    return value * (1 + share * (dtype == CK_FLOAT32 ? 1e-6 : 3e-15));
}

CKP_INLINE double ckp_get_exact(ck_dtype dtype, const void *x, int64_t i) {
    return dtype == CK_FLOAT32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

CKP_INLINE double ckp_get(ck_dtype dtype, const void *x, int64_t i) {
    double value = ckp_get_exact(dtype, x, i);
    return ck_plain_noise ? ckp_noisy(dtype, value) : value;
}

CKP_INLINE void ckp_set(ck_dtype dtype, void *x, int64_t i, double value) {
    if (ck_plain_noise) { value = ckp_noisy(dtype, value); }
    if (dtype == CK_FLOAT32) { ((float *)x)[i] = (float)value; } else { ((double *)x)[i] = value; }
}

/// The number as it is once stored.
CKP_INLINE double ckp_stored(ck_dtype dtype, double value) { return dtype == CK_FLOAT32 ? (double)(float)value : value; }

CKP_INLINE bool ckp_is_real(ck_dtype dtype) { return dtype == CK_FLOAT32 || dtype == CK_FLOAT64; }

CKP_INLINE int64_t ckp_get_whole(ck_dtype dtype, const void *x, int64_t i) {
    return dtype == CK_INT64 ? ((const int64_t *)x)[i] : ((const uint8_t *)x)[i];
}

CKP_INLINE void ckp_set_whole(ck_dtype dtype, void *x, int64_t i, int64_t value) {
    if (dtype == CK_INT64) { ((int64_t *)x)[i] = value; } else { ((uint8_t *)x)[i] = (uint8_t)value; }
}

CKP_INLINE size_t ckp_item(ck_dtype dtype) {
    return dtype == CK_FLOAT32 ? 4 : dtype == CK_FLOAT64 || dtype == CK_INT64 ? 8 : 1;
}

/// Walks all indices of some sizes, the last fastest.
typedef struct {
    int rank;
    const int64_t *sizes;
    int64_t index[CK_MAX_RANK];
} ckp_walk;

CKP_INLINE int64_t ckp_count(int rank, const int64_t *sizes) {
    int64_t count = 1;
    for (int d = 0; d < rank; d++) { count *= sizes[d]; }
    return count;
}

CKP_INLINE int64_t ckp_place(const ckp_walk *walk, const int64_t *strides) {
    int64_t place = 0;
    for (int d = 0; d < walk->rank; d++) { place += walk->index[d] * strides[d]; }
    return place;
}

CKP_INLINE void ckp_advance(ckp_walk *walk) {
    for (int d = walk->rank - 1; d >= 0; d--) {
        if (++walk->index[d] < walk->sizes[d]) { return; }
        walk->index[d] = 0;
    }
}

// MARK: The twins, with the signatures of the kernels whose place they take

#define ENTRY(RESULT, NAME, PARAMETERS, ARGUMENTS) RESULT ckp_##NAME PARAMETERS;
#include "../entries.h"
