// All kernels of one level. Included once for each, with LEVEL (the suffix of its functions), LEVEL_NUMBER and LANES (floats in
// a vector) defined.

#define LEVELLED_AS(name, level) name##_##level
#define LEVELLED_FOR(name, level) LEVELLED_AS(name, level)
/// The function `name` of this level.
#define LEVELLED(name) LEVELLED_FOR(name, LEVEL)

typedef float lanes __attribute__((vector_size(LANES * 4)));
typedef int32_t lane_mask __attribute__((vector_size(LANES * 4)));
typedef float loose_lanes __attribute__((vector_size(LANES * 4), aligned(4)));

#include "../counts.h"
#include "vector.h"

#include "elementwise.h"
#include "pointwise.h"
#include "strided.h"
#include "reduce.h"
#include "epilogue.h"
#include "softmax.h"
#include "losses.h"
#include "optimizers.h"
#include "normalization.h"
#include "pooling.h"
#include "resampling.h"
#include "lstm.h"
#include "convolution_plain.h"
#include "embedding.h"
#include "batches.h"
#if LANES >= 8
#include "winograd.h"
#endif
#if LANES == 16
#include "dots.h"
#endif
#include "panels.h"
#include "peak.h"

const ck_kernels LEVELLED(ck_kernels) = {
    .level = LEVEL_NUMBER,
#define ENTRY(RESULT, NAME, PARAMETERS, ARGUMENTS) .NAME = LEVELLED(NAME),
#include "../entries.h"
    .spread = LEVELLED(spread),
    .rectify = LEVELLED(rectify),
    .add_noise = LEVELLED(add_noise),
    .mix = LEVELLED(mix),
    .from_bytes = LEVELLED(from_bytes),
    .standardise = LEVELLED(standardise),
#if LANES >= 8
    .winograd = &LEVELLED(winograd),
#endif
    .panels = &LEVELLED(panels),
    .lanes = LANES,
    .peak = LEVELLED(peak),
};
