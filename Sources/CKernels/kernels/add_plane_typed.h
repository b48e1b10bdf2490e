// A plane of numbers of type T added to another.

static void NAME(add_plane)(
    const T *src, T *dst, int64_t rows, int64_t columns, int64_t sr, int64_t sc, int64_t dr, int64_t dc) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < columns; c++) { dst[r * dr + c * dc] += src[r * sr + c * sc]; }
    }
}
