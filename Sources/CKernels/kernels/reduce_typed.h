// Sums, products and moments of numbers of type T over the middle of [outer, n, inner].

#define VALUE v
#define ROW NAME(row_sum)
#define COLUMN NAME(column_sum)
#define BOTH NAME(reduce_sum)
#include "reduce_sum.h"
#define VALUE (v * v)
#define ROW NAME(row_squares)
#define COLUMN NAME(column_squares)
#define BOTH NAME(reduce_squares)
#include "reduce_sum.h"
#define VALUE NAME(ck_abs)(v)
#define ROW NAME(row_abs)
#define COLUMN NAME(column_abs)
#define BOTH NAME(reduce_abs)
#include "reduce_sum.h"

FOLD(NAME(reduce_prod), T, 1, a * v)

static void NAME(row_moments)(const T *x, T *mean, T *squares, int64_t outer, int64_t n, int64_t inner) {
    NAME(reduce_sum)(x, mean, outer, n, inner);
    for (int64_t k = 0; k < outer * inner; k++) { mean[k] /= (T)n; }
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            #pragma clang fp reassociate(on)
            double total = 0;
            T m = mean[o * inner + i];
            for (int64_t j = 0; j < n; j++) {
                double v = (double)(x[(o * n + j) * inner + i] - m);
                total += v * v;
            }
            squares[o * inner + i] = (T)total;
        }
    }
}
