// Bias and ReLU of numbers of type T.

static void NAME(spread)(const T *bias, T *out, int64_t rows, int64_t columns, int64_t stride) {
    for (int64_t r = 0; r < rows; r++) { memcpy(out + r * stride, bias, (size_t)columns * sizeof(T)); }
}

static void NAME(rectify)(T *to, int64_t rows, int64_t n, int64_t stride) {
    for (int64_t r = 0; r < rows; r++) {
        T *out = to + r * stride;
        CK_LOOP { out[i] = out[i] < 0 ? 0 : out[i]; }
    }
}

static void NAME(relu_bias)(
    const T *g, const T *y, T *out, T *bias, int64_t rows, int64_t n, int64_t stride) {
    for (int64_t r = 0; r < rows; r++) {
        const T *gr = g + r * stride, *yr = y + r * stride;
        T *to = out + r * stride;
        if (bias) {
            CK_LOOP {
                T v = yr[i] <= 0 ? 0 : gr[i];
                to[i] = v;
                bias[i] += v;
            }
        } else {
            CK_LOOP { to[i] = yr[i] <= 0 ? 0 : gr[i]; }
        }
    }
}
