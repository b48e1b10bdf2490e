// The functions that callers call, and the level of vector instructions whose kernels compute them.
#include "levels.h"
#include "counts.h"
#include "ckernels_plain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const ck_kernels *ck_process_kernels = &ck_kernels_baseline;
_Thread_local const ck_kernels *ck_thread_kernels;

static const ck_kernels *of_level(ck_simd level) {
#if defined(__x86_64__)
    if (level == CK_SIMD_AVX512) { return &ck_kernels_avx512; }
    if (level == CK_SIMD_AVX2) { return &ck_kernels_avx2; }
#endif
    return &ck_kernels_baseline;
}

ck_simd ck_simd_offered(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
    bool narrow = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    return narrow ? wide ? CK_SIMD_AVX512 : CK_SIMD_AVX2 : CK_SIMD_BASELINE;
#else
    return CK_SIMD_BASELINE;
#endif
}

const char *ck_simd_name(ck_simd level) {
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    return names[level];
}

ck_simd ck_simd_choose(const char *word, ck_simd offered, char *reason, size_t length) {
    if (length > 0) { reason[0] = 0; }
    if (!word || !*word) { return offered; }
    for (ck_simd level = CK_SIMD_BASELINE; level <= CK_SIMD_AVX512; level++) {
        if (strcmp(word, ck_simd_name(level)) != 0) { continue; }
        if (level <= offered) { return level; }
        snprintf(
            reason, length, "DISTILL_SIMD=%s: this processor offers %s at most, which is used", word, ck_simd_name(offered));
        return offered;
    }
    snprintf(
        reason, length, "DISTILL_SIMD=%.40s is none of avx512, avx2 and baseline; %s is used", word,
        ck_simd_name(offered));
    return offered;
}

static char notice[160];

/// Before anything computes, and after the address sanitizer is ready.
__attribute__((constructor)) static void choose(void) {
    ck_process_kernels = of_level(ck_simd_choose(getenv("DISTILL_SIMD"), ck_simd_offered(), notice, sizeof notice));
}

const char *ck_simd_notice(void) { return notice; }
ck_simd ck_simd_of_process(void) { return ck_process_kernels->level; }
ck_simd ck_simd_in_use(void) { return ck_level()->level; }

bool ck_set_thread_simd(int level) {
    if (level > (int)ck_simd_offered()) { return false; }
    ck_thread_kernels = level < 0 ? NULL : of_level((ck_simd)level);
    return true;
}

// MARK: Entries

static inline const ck_kernels *counted(void) {
    if (ck_plain()) { return &ck_kernels_plain; }
    const ck_kernels *kernels = ck_level();
    ck_count_way((ck_way)(CK_WAY_BASELINE + kernels->level));
    return kernels;
}

#define ENTRY(RESULT, NAME, PARAMETERS, ARGUMENTS) RESULT ck_##NAME PARAMETERS { return counted()->NAME ARGUMENTS; }
#include "entries.h"
