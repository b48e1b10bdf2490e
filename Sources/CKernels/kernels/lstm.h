#define TYPED "lstm_typed.h"
#include "for_reals.h"

static void LEVELLED(lstm_cell)(
    ck_dtype dtype, void *gates, const void *previous, void *cell, void *hidden, int64_t rows, int64_t h) {
    if (dtype == CK_FLOAT32) {
        lstm_cell_f(gates, previous, cell, hidden, rows, h);
    } else {
        lstm_cell_d(gates, previous, cell, hidden, rows, h);
    }
}

static void LEVELLED(lstm_cell_backward)(
    ck_dtype dtype, const void *ghidden, const void *gcell, const void *gates, const void *previous, const void *cell,
    void *ggates, void *gprevious, int64_t rows, int64_t h) {
    if (dtype == CK_FLOAT32) {
        lstm_cell_backward_f(ghidden, gcell, gates, previous, cell, ggates, gprevious, rows, h);
    } else {
        lstm_cell_backward_d(ghidden, gcell, gates, previous, cell, ggates, gprevious, rows, h);
    }
}
