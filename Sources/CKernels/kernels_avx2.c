// The kernels for AVX2 with fused multiply-adds: Intel since Haswell (2013), AMD since Excavator and Zen.
#include "levels.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define LEVEL avx2
#define LEVEL_NUMBER CK_SIMD_AVX2
#define LANES 8
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c"))), apply_to = function)
#include "kernels/all.h"
#pragma clang attribute pop
#endif
