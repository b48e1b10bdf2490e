#include "counts.h"

_Atomic uint64_t ck_counts[CK_WAYS];

uint64_t ck_way_count(ck_way way) { return atomic_load_explicit(&ck_counts[way], memory_order_relaxed); }

const char *ck_way_name(ck_way way) {
    switch (way) {
    case CK_WAY_BASELINE: return "kernels baseline";
    case CK_WAY_AVX2: return "kernels avx2";
    case CK_WAY_AVX512: return "kernels avx512";
    case CK_WAY_PANELS: return "products by panels";
    case CK_WAY_DOTS: return "products by dots";
    case CK_WAY_OPENBLAS: return "products by OpenBLAS";
    case CK_WAY_LOOPS: return "products by plain loops";
    case CK_WAY_WINOGRAD: return "convolutions by Winograd";
    case CK_WAY_ONEDNN: return "convolutions by oneDNN";
    case CK_WAY_DIRECT: return "convolutions by plain loops";
    case CK_WAYS: break;
    }
    return "";
}

void ck_reset_counts(void) {
    for (int way = 0; way < CK_WAYS; way++) { atomic_store_explicit(&ck_counts[way], 0, memory_order_relaxed); }
}
