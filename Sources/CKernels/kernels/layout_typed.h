// Squares of 16×16 numbers of type T, so that both sides are read and written in whole cache lines.

static void NAME(transpose)(const T *x, T *out, int64_t rows, int64_t columns) {
    for (int64_t r0 = 0; r0 < rows; r0 += TRANSPOSE_EDGE) {
        int64_t r1 = r0 + TRANSPOSE_EDGE < rows ? r0 + TRANSPOSE_EDGE : rows;
        for (int64_t c0 = 0; c0 < columns; c0 += TRANSPOSE_EDGE) {
            int64_t c1 = c0 + TRANSPOSE_EDGE < columns ? c0 + TRANSPOSE_EDGE : columns;
            for (int64_t c = c0; c < c1; c++) {
                for (int64_t r = r0; r < r1; r++) { out[c * rows + r] = x[r * columns + c]; }
            }
        }
    }
}
