// The kernels for any processor of the architecture.
#include "levels.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#define LEVEL baseline
#define LEVEL_NUMBER CK_SIMD_BASELINE
#define LANES 4
#include "kernels/all.h"
