#pragma once
// One include, so that Swift sees CBLAS and OpenBLAS's own questions (openblas_get_corename, thread count) together.
#include <cblas.h>
