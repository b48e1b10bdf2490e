// What the kernels share: loops, and functions written so that compilers vectorise them.
#pragma once
// Not every loop can be vectorised at every level (libm calls, the baseline instruction set), and that is fine.
#pragma clang diagnostic ignored "-Wpass-failed"
// Comparing a number with itself is how NaN shows; kernels for any type do it to whole numbers as well.
#pragma clang diagnostic ignored "-Wtautological-compare"
#include "ckernels.h"
#include <math.h>
#include <string.h>

#define CK_INLINE static inline __attribute__((always_inline))
// Operands are either the same array or do not overlap, which the compiler cannot know.
#define CK_LOOP _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++)
#define CK_CHANNELS _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < c; i++)

CK_INLINE float ck_from_bits(int32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
CK_INLINE int32_t ck_to_bits(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// exp by range reduction to |r| <= ln2/2 and a degree-6 polynomial; 2 ulp; correct at overflow, underflow and NaN.
CK_INLINE float ck_exp_f(float x) {
    float c = x > 88.7228f ? 88.7228f : x;
    c = c < -87.3365f ? -87.3365f : c;
    float k = __builtin_floorf(c * 1.44269504f + 0.5f);
    float r = (c - k * 0.693359375f) + k * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = (p * r) * r + r + 1.0f;
    // In two factors, because 2^128 has no bits of its own.
    int32_t e = (int32_t)k, half = e >> 1;
    float y = p * ck_from_bits((half + 127) << 23) * ck_from_bits((e - half + 127) << 23);
    y = x > 88.7228f ? (float)INFINITY : y;
    y = x < -87.3365f ? 0.0f : y;
    return x != x ? x : y;
}

/// exp(x) - 1, accurate near zero.
CK_INLINE float ck_expm1_f(float x) {
    float c = x > 88.0f ? 88.0f : x;
    c = c < -30.0f ? -30.0f : c;
    float k = __builtin_floorf(c * 1.44269504f + 0.5f);
    float r = (c - k * 0.693359375f) + k * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = (p * r) * r + r;
    float scale = ck_from_bits(((int32_t)k + 127) << 23);
    float y = scale * p + (scale - 1.0f);
    y = x > 88.0f ? ck_exp_f(x) : y;
    return x != x ? x : y;
}

/// log by splitting off the exponent; 1 ulp or so; log(0) = -inf, log(negative) = NaN.
CK_INLINE float ck_log_f(float x) {
    float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
    float shift = x < 1.17549435e-38f ? -23.0f : 0.0f;
    int32_t bits = ck_to_bits(scaled);
    int32_t e = (bits - 0x3f3504f3) >> 23;
    float m = ck_from_bits(bits - e * (1 << 23));
    float f = m - 1.0f, s = f / (2.0f + f), z = s * s, w = z * z;
    float t1 = w * (0.40000972152f + w * 0.24279078841f), t2 = z * (0.66666662693f + w * 0.28498786688f);
    float h = 0.5f * f * f, k = (float)e + shift;
    float y = k * 0.693359375f + (f - (h - (s * (h + t1 + t2) - k * 2.12194440e-4f)));
    y = x == 0.0f ? -(float)INFINITY : y;
    y = x == (float)INFINITY ? x : y;
    y = x < 0.0f ? (float)NAN : y;
    return x != x ? x : y;
}

CK_INLINE float ck_log1p_f(float x) {
    float u = 1.0f + x, correction = (x - (u - 1.0f)) / u;
    float y = ck_log_f(u) + (u > 0.0f && u < 1e30f ? correction : 0.0f);
    return x == 0.0f ? x : y;
}

CK_INLINE float ck_tanh_f(float x) {
    float a = __builtin_fabsf(x);
    float e = ck_expm1_f(2.0f * (a > 10.0f ? 10.0f : a));
    float y = e / (e + 2.0f);
    y = x < 0.0f ? -y : y;
    y = x == 0.0f ? x : y;
    return x != x ? x : y;
}

CK_INLINE float ck_sigmoid_f(float x) { return 1.0f / (1.0f + ck_exp_f(-x)); }

CK_INLINE double ck_exp_d(double x) { return exp(x); }
CK_INLINE double ck_expm1_d(double x) { return expm1(x); }
CK_INLINE double ck_log_d(double x) { return log(x); }
CK_INLINE double ck_log1p_d(double x) { return log1p(x); }
CK_INLINE double ck_tanh_d(double x) { return tanh(x); }
CK_INLINE double ck_sigmoid_d(double x) { return 1.0 / (1.0 + exp(-x)); }

/// The standard normal distribution function Φ(x) = erfc(-x/√2)/2, accurate to its last digits far below 0 too, where
/// (1 + erf)/2 keeps none: erfc(z) exp(z²) (1 + 0.4 z) is a polynomial of degree 10 in 1 - 2/(1 + 0.4 z), to 7e-9.
CK_INLINE float ck_normal_f(float x) {
    float q = 1.0f / (1.0f + 0.28284271f * __builtin_fabsf(x)), u = 1.0f - 2.0f * q;
    float p = -1.440743767e-5f;
    p = p * u + 5.474078635e-6f;
    p = p * u + 1.327863495e-4f;
    p = p * u - 8.294739366e-5f;
    p = p * u - 9.602728358e-4f;
    p = p * u + 1.676747102e-3f;
    p = p * u + 5.671615710e-3f;
    p = p * u - 3.424993061e-2f;
    p = p * u + 9.078287112e-2f;
    p = p * u - 1.609303833e-1f;
    p = p * u + 2.108063636e-1f;
    float tail = p * q * ck_exp_f(-0.5f * x * x);
    return x < 0 ? tail : 1.0f - tail;
}

// erff and sinf stay in libm: exact, and no training loop of this project waits for them.
CK_INLINE float ck_erf_f(float x) { return erff(x); }
CK_INLINE float ck_sin_f(float x) { return sinf(x); }
CK_INLINE float ck_cos_f(float x) { return cosf(x); }
CK_INLINE float ck_pow_f(float x, float y) { return powf(x, y); }
CK_INLINE float ck_abs_f(float x) { return __builtin_fabsf(x); }
CK_INLINE double ck_erf_d(double x) { return erf(x); }
CK_INLINE double ck_normal_d(double x) { return 0.5 * erfc(-0.70710678118654752440 * x); }
CK_INLINE double ck_sin_d(double x) { return sin(x); }
CK_INLINE double ck_cos_d(double x) { return cos(x); }
CK_INLINE double ck_pow_d(double x, double y) { return pow(x, y); }
CK_INLINE double ck_abs_d(double x) { return __builtin_fabs(x); }

#define TYPED "vector_typed.h"
#include "for_reals.h"

/// Splits 0 ..< count into pieces of `grain` over the pool when there is more than one piece.
typedef struct {
    void (*body)(void *context, int64_t from, int64_t to);
    void *context;
    int64_t count, grain;
} ck_pieces;
void ck_run_piece(void *pieces, int64_t index);
CK_INLINE void ck_split(
    int64_t count, int64_t grain, void (*body)(void *context, int64_t from, int64_t to), void *context) {
    if (count <= grain) {
        body(context, 0, count);
    } else {
        ck_pieces pieces = {body, context, count, grain};
        ck_parallel((count + grain - 1) / grain, ck_run_piece, &pieces);
    }
}

CK_INLINE size_t ck_item(ck_dtype dtype) {
    return dtype == CK_FLOAT64 || dtype == CK_INT64 ? 8 : dtype == CK_FLOAT32 ? 4 : 1;
}
CK_INLINE int64_t ck_count(int rank, const int64_t *sizes) {
    int64_t count = 1;
    for (int i = 0; i < rank; i++) { count *= sizes[i]; }
    return count;
}
