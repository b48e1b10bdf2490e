// How often each way to compute was taken (dispatch.c, product.c, convolution.c).
#pragma once
#include "ckernels_engine.h"
#include <stdatomic.h>

extern _Atomic uint64_t ck_counts[CK_WAYS];
static inline void ck_count_way(ck_way way) {
    // Each is counted once; the order among threads tells nothing.
    atomic_fetch_add_explicit(&ck_counts[way], 1, memory_order_relaxed);
}
