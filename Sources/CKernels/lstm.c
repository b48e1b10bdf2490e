#include "ckernels_networks.h"
#include "vector.h"

#define LSTM(T, S) \
    CK_CLONES static void cell_##S(T *gates, const T *previous, T *cell, T *hidden, int64_t rows, int64_t n) { \
        for (int64_t r = 0; r < rows; r++) { \
            T *in = gates + r * 4 * n, *forget = in + n, *candidate = in + 2 * n, *out = in + 3 * n; \
            const T *before = previous + r * n; \
            T *c = cell + r * n, *h = hidden + r * n; \
            CK_LOOP { in[i] = ck_sigmoid_##S(in[i]); } \
            CK_LOOP { forget[i] = ck_sigmoid_##S(forget[i]); } \
            CK_LOOP { candidate[i] = ck_tanh_##S(candidate[i]); } \
            CK_LOOP { out[i] = ck_sigmoid_##S(out[i]); } \
            CK_LOOP { c[i] = forget[i] * before[i] + in[i] * candidate[i]; } \
            CK_LOOP { h[i] = out[i] * ck_tanh_##S(c[i]); } \
        } \
    } \
    CK_CLONES static void cell_backward_##S( \
        const T *ghidden, const T *gcell, const T *gates, const T *previous, const T *cell, T *ggates, T *gprevious, \
        int64_t rows, int64_t n) { \
        for (int64_t r = 0; r < rows; r++) { \
            const T *in = gates + r * 4 * n, *forget = in + n, *candidate = in + 2 * n, *out = in + 3 * n; \
            T *gin = ggates + r * 4 * n, *gforget = gin + n, *gcandidate = gin + 2 * n, *gout = gin + 3 * n; \
            const T *before = previous + r * n, *c = cell + r * n, *gh = ghidden + r * n, *gc = gcell + r * n; \
            T *gb = gprevious + r * n; \
            CK_LOOP { \
                T t = ck_tanh_##S(c[i]), g = gc[i] + gh[i] * out[i] * (1 - t * t); \
                gin[i] = g * candidate[i] * in[i] * (1 - in[i]); \
                gforget[i] = g * before[i] * forget[i] * (1 - forget[i]); \
                gcandidate[i] = g * in[i] * (1 - candidate[i] * candidate[i]); \
                gout[i] = gh[i] * t * out[i] * (1 - out[i]); \
                gb[i] = g * forget[i]; \
            } \
        } \
    }
LSTM(float, f)
LSTM(double, d)

void ck_lstm_cell(
    ck_dtype dtype, void *gates, const void *previous, void *cell, void *hidden, int64_t rows, int64_t h) {
    if (dtype == CK_FLOAT32) {
        cell_f(gates, previous, cell, hidden, rows, h);
    } else {
        cell_d(gates, previous, cell, hidden, rows, h);
    }
}

void ck_lstm_cell_backward(
    ck_dtype dtype, const void *ghidden, const void *gcell, const void *gates, const void *previous, const void *cell,
    void *ggates, void *gprevious, int64_t rows, int64_t h) {
    if (dtype == CK_FLOAT32) {
        cell_backward_f(ghidden, gcell, gates, previous, cell, ggates, gprevious, rows, h);
    } else {
        cell_backward_d(ghidden, gcell, gates, previous, cell, ggates, gprevious, rows, h);
    }
}
