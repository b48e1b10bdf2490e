// Losses of rows of logits with their gradients. Rows are short: their exponentials are taken of whole blocks of rows at once,
// so that they fill vectors whatever the number of classes.

// Numbers in a block of rows; from so many on a row fills vectors by itself.
enum { LOSS_BLOCK = 1024, LONG_ROW = 64 };
// One vector at a time: with ten classes there is no second one.
#define SHORT_LOOP _Pragma("clang loop vectorize(assume_safety) vectorize_width(8) interleave_count(1)")

#define TYPED "losses_typed.h"
#include "for_reals.h"

static int64_t LEVELLED(cross_entropy)(
    ck_dtype dtype, const void *x, const int64_t *y, const void *w, double smoothing, int64_t ignore, void *losses,
    void *weights, void *gradient, int64_t rows, int64_t n) {
    return dtype == CK_FLOAT32
        ? cross_entropy_f(x, y, w, smoothing, ignore, losses, weights, gradient, rows, n)
        : cross_entropy_d(x, y, w, smoothing, ignore, losses, weights, gradient, rows, n);
}

static int64_t LEVELLED(distillation)(
    ck_dtype dtype, const void *s, const void *t, const int64_t *y, double temperature, double soft, double hard,
    double losses[2], void *gradient, int64_t rows, int64_t n) {
    return dtype == CK_FLOAT32
        ? distillation_f(s, t, y, temperature, soft, hard, losses, gradient, rows, n)
        : distillation_d(s, t, y, temperature, soft, hard, losses, gradient, rows, n);
}
