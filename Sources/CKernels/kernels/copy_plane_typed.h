// A plane of numbers of type T from one pair of strides to another.

static void NAME(copy_plane)(
    const T *src, T *dst, int64_t rows, int64_t columns, int64_t sr, int64_t sc, int64_t dr, int64_t dc) {
    if (sc == 1 && dc == 1) {
        for (int64_t r = 0; r < rows; r++) { memcpy(dst + r * dr, src + r * sr, (size_t)columns * sizeof(T)); }
        return;
    }
    // Tiles keep both sides of a transposition in cache.
    enum { TILE = 32 };
    for (int64_t r0 = 0; r0 < rows; r0 += TILE) {
        for (int64_t c0 = 0; c0 < columns; c0 += TILE) {
            int64_t r1 = r0 + TILE < rows ? r0 + TILE : rows, c1 = c0 + TILE < columns ? c0 + TILE : columns;
            for (int64_t r = r0; r < r1; r++) {
                for (int64_t c = c0; c < c1; c++) { dst[r * dr + c * dc] = src[r * sr + c * sc]; }
            }
        }
    }
}
