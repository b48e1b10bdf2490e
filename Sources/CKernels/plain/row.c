// The plain twins as one more row of the table that dispatch.c chooses from: a kernel without a twin does not compile.
#include "plain.h"
#include "../levels.h"

const ck_kernels ck_kernels_plain = {
    .level = CK_SIMD_BASELINE,
#define ENTRY(RESULT, NAME, PARAMETERS, ARGUMENTS) .NAME = ckp_##NAME,
#include "../entries.h"
};
