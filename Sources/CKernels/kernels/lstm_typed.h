// A step of an LSTM on numbers of type T.

static void NAME(lstm_cell)(T *gates, const T *previous, T *cell, T *hidden, int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++) {
        T *in = gates + r * 4 * n, *forget = in + n, *candidate = in + 2 * n, *out = in + 3 * n;
        const T *before = previous + r * n;
        T *c = cell + r * n, *h = hidden + r * n;
        CK_LOOP { in[i] = NAME(ck_sigmoid)(in[i]); }
        CK_LOOP { forget[i] = NAME(ck_sigmoid)(forget[i]); }
        CK_LOOP { candidate[i] = NAME(ck_tanh)(candidate[i]); }
        CK_LOOP { out[i] = NAME(ck_sigmoid)(out[i]); }
        CK_LOOP { c[i] = forget[i] * before[i] + in[i] * candidate[i]; }
        CK_LOOP { h[i] = out[i] * NAME(ck_tanh)(c[i]); }
    }
}

static void NAME(lstm_cell_backward)(
    const T *ghidden, const T *gcell, const T *gates, const T *previous, const T *cell, T *ggates, T *gprevious,
    int64_t rows, int64_t n) {
    for (int64_t r = 0; r < rows; r++) {
        const T *in = gates + r * 4 * n, *forget = in + n, *candidate = in + 2 * n, *out = in + 3 * n;
        T *gin = ggates + r * 4 * n, *gforget = gin + n, *gcandidate = gin + 2 * n, *gout = gin + 3 * n;
        const T *before = previous + r * n, *c = cell + r * n, *gh = ghidden + r * n, *gc = gcell + r * n;
        T *gb = gprevious + r * n;
        CK_LOOP {
            T t = NAME(ck_tanh)(c[i]), g = gc[i] + gh[i] * out[i] * (1 - t * t);
            gin[i] = g * candidate[i] * in[i] * (1 - in[i]);
            gforget[i] = g * before[i] * forget[i] * (1 - forget[i]);
            gcandidate[i] = g * in[i] * (1 - candidate[i] * candidate[i]);
            gout[i] = gh[i] * t * out[i] * (1 - out[i]);
            gb[i] = g * forget[i];
        }
    }
}
