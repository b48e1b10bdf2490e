// Running sums of numbers of type T in WIDER numbers.

static void NAME(cumsum)(bool reverse, const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            WIDER sum = 0;
            for (int64_t k = 0; k < n; k++) {
                int64_t at = (o * n + (reverse ? n - 1 - k : k)) * inner + i;
                sum += (WIDER)x[at];
                out[at] = (T)sum;
            }
        }
    }
}
