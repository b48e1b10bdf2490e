// The largest of n numbers of type T; NaN is passed over.

CK_INLINE T NAME(ck_row_max)(const T *x, int64_t n) {
    enum { MAX_LANES = 16 };
    T best[MAX_LANES];
    for (int l = 0; l < MAX_LANES; l++) { best[l] = -(T)INFINITY; }
    int64_t j = 0;
    for (; j + MAX_LANES <= n; j += MAX_LANES) {
        for (int l = 0; l < MAX_LANES; l++) { best[l] = x[j + l] > best[l] ? x[j + l] : best[l]; }
    }
    T most = -(T)INFINITY;
    for (; j < n; j++) { most = x[j] > most ? x[j] : most; }
    if (n >= MAX_LANES) {
        for (int l = 0; l < MAX_LANES; l++) { most = best[l] > most ? best[l] : most; }
    }
    return most;
}
