// The kernels for AVX-512 with F, BW, DQ and VL: Intel's servers since Skylake (2017), AMD since Zen 4.
#include "levels.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define LEVEL avx512
#define LEVEL_NUMBER CK_SIMD_AVX512
#define LANES 16
// (Named feature by feature: with arch=x86-64-v4 the compiler would prefer vectors of half the width.)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c"))), \
    apply_to = function)
#include "kernels/all.h"
#pragma clang attribute pop
#endif
