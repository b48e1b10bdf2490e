#include "plain.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

void ckp_lstm_cell(
    ck_dtype dtype, void *gates, const void *previous, void *cell, void *hidden, int64_t rows, int64_t h) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < h; i++) {
            int64_t in = r * 4 * h + i, forget = in + h, candidate = in + 2 * h, out = in + 3 * h, at = r * h + i;
            double open = sigmoid(ckp_get(dtype, gates, in)), keep = sigmoid(ckp_get(dtype, gates, forget));
            double fresh = tanh(ckp_get(dtype, gates, candidate)), show = sigmoid(ckp_get(dtype, gates, out));
            double c = keep * ckp_get(dtype, previous, at) + open * fresh;
            ckp_set(dtype, gates, in, open);
            ckp_set(dtype, gates, forget, keep);
            ckp_set(dtype, gates, candidate, fresh);
            ckp_set(dtype, gates, out, show);
            ckp_set(dtype, cell, at, c);
            ckp_set(dtype, hidden, at, show * tanh(c));
        }
    }
}

void ckp_lstm_cell_backward(
    ck_dtype dtype, const void *ghidden, const void *gcell, const void *gates, const void *previous, const void *cell,
    void *ggates, void *gprevious, int64_t rows, int64_t h) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t i = 0; i < h; i++) {
            int64_t in = r * 4 * h + i, forget = in + h, candidate = in + 2 * h, out = in + 3 * h, at = r * h + i;
            double open = ckp_get(dtype, gates, in), keep = ckp_get(dtype, gates, forget);
            double fresh = ckp_get(dtype, gates, candidate), show = ckp_get(dtype, gates, out);
            double before = ckp_get(dtype, previous, at), t = tanh(ckp_get(dtype, cell, at)), gh = ckp_get(dtype, ghidden, at);
            double gc = ckp_get(dtype, gcell, at) + gh * show * (1 - t * t);
            ckp_set(dtype, ggates, in, gc * fresh * open * (1 - open));
            ckp_set(dtype, ggates, forget, gc * before * keep * (1 - keep));
            ckp_set(dtype, ggates, candidate, gc * open * (1 - fresh * fresh));
            ckp_set(dtype, ggates, out, gh * t * show * (1 - show));
            ckp_set(dtype, gprevious, at, gc * keep);
        }
    }
}
