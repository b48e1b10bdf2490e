// The sum of VALUE, an expression of v, over the middle of [outer, n, inner]: ROW for inner = 1, COLUMN else, BOTH for either.

static double ROW(const T *x, int64_t count) {
    double total = 0;
    for (int64_t start = 0; start < count; start += SUM_BLOCK) {
        int64_t end = start + SUM_BLOCK < count ? start + SUM_BLOCK : count;
        T sum = 0;
        {
            #pragma clang fp reassociate(on)
            for (int64_t i = start; i < end; i++) {
                T v = x[i];
                sum += VALUE;
            }
        }
        total += (double)sum;
    }
    return total;
}

static void COLUMN(const T *x, T *out, int64_t n, int64_t inner) {
    for (int64_t c0 = 0; c0 < inner; c0 += SUM_LANES) {
        int64_t width = inner - c0 < SUM_LANES ? inner - c0 : SUM_LANES;
        double total[SUM_LANES] = {0};
        for (int64_t r0 = 0; r0 < n; r0 += SUM_ROWS) {
            int64_t r1 = r0 + SUM_ROWS < n ? r0 + SUM_ROWS : n;
            T sum[SUM_LANES] = {0};
            for (int64_t r = r0; r < r1; r++) {
                const T *row = x + r * inner + c0;
                for (int64_t i = 0; i < width; i++) {
                    T v = row[i];
                    sum[i] += VALUE;
                }
            }
            for (int64_t i = 0; i < width; i++) { total[i] += (double)sum[i]; }
        }
        for (int64_t i = 0; i < width; i++) { out[c0 + i] = (T)total[i]; }
    }
}

static void BOTH(const T *x, T *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        if (inner == 1) {
            out[o] = (T)ROW(x + o * n, n);
        } else {
            COLUMN(x + o * n * inner, out + o * inner, n, inner);
        }
    }
}

#undef VALUE
#undef ROW
#undef COLUMN
#undef BOTH
