// Products of float32 matrices of few rows or few columns, whose operands both lie along k: dot products, LANES partial sums
// each. Nothing is laid out, for each number is read once or a few times only.
// How an element is summed depends on k alone.

enum { DOT_ROWS = 4, DOT_COLUMNS = 6 };

/// The sum of the lanes, halves first.
CK_INLINE float sum_of_lanes(lanes v) {
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) { v[i] += v[i + half]; }
    }
    return v[0];
}

/// As many numbers as there are left, the rest zero.
CK_INLINE lanes load_rest(const float *x, int64_t left) {
    lanes v = (lanes){0};
    memcpy(&v, x, (size_t)left * sizeof(float));
    return v;
}

/// Rows × columns elements of C at (i, j). To be inlined with numbers, so that `sum` is in registers.
CK_INLINE void multiply_dots(const ck_panel_operands *p, int64_t i, int64_t j, const int rows, const int columns) {
    lanes sum[DOT_ROWS][DOT_COLUMNS];
    const float *a = p->a + i * p->ar, *b = p->b + j * p->bn;
    _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
        _Pragma("clang loop unroll(full)") for (int c = 0; c < columns; c++) { sum[r][c] = (lanes){0}; }
    }
    int64_t k = 0;
    for (; k + LANES <= p->k; k += LANES) {
        lanes x[DOT_ROWS];
        _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
            x[r] = *(const loose_lanes *)(a + r * p->ar + k);
        }
        _Pragma("clang loop unroll(full)") for (int c = 0; c < columns; c++) {
            lanes y = *(const loose_lanes *)(b + c * p->bn + k);
            _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) { sum[r][c] = x[r] * y + sum[r][c]; }
        }
    }
    if (k < p->k) {
        for (int r = 0; r < rows; r++) {
            lanes x = load_rest(a + r * p->ar + k, p->k - k);
            for (int c = 0; c < columns; c++) { sum[r][c] = x * load_rest(b + c * p->bn + k, p->k - k) + sum[r][c]; }
        }
    }
    _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {
        float *to = p->c + (i + r) * p->ldc + j;
        _Pragma("clang loop unroll(full)") for (int c = 0; c < columns; c++) {
            float y = sum_of_lanes(sum[r][c]);
            if (p->adds) { y += to[c]; }
            if (p->bias) { y += p->bias[j + c]; }
            to[c] = p->relu && y < 0 ? 0 : y;
        }
    }
}

#define DOTS(ROWS, COLUMNS) \
    static void dots_##ROWS##_##COLUMNS(const ck_panel_operands *p, int64_t i, int64_t j) { \
        multiply_dots(p, i, j, ROWS, COLUMNS); \
    }
#define DOTS_OF(ROWS) DOTS(ROWS, 1) DOTS(ROWS, 2) DOTS(ROWS, 3) DOTS(ROWS, 4) DOTS(ROWS, 5) DOTS(ROWS, 6)
DOTS_OF(1)
DOTS_OF(2)
DOTS_OF(3)
DOTS_OF(4)
#define DOT_NAMES(ROWS) \
    {NULL, dots_##ROWS##_1, dots_##ROWS##_2, dots_##ROWS##_3, dots_##ROWS##_4, dots_##ROWS##_5, dots_##ROWS##_6}
static void (*const dot_tiles[DOT_ROWS + 1][DOT_COLUMNS + 1])(const ck_panel_operands *p, int64_t i, int64_t j) = {
    {NULL}, DOT_NAMES(1), DOT_NAMES(2), DOT_NAMES(3), DOT_NAMES(4)};

static void dot_columns(void *context, int64_t from, int64_t to) {
    const ck_panel_operands *p = context;
    for (int64_t j = from; j < to;) {
        // (Ten columns are five and five rather than six and four.)
        int64_t left = to - j, most = left > DOT_COLUMNS ? (left + 1) / 2 : left;
        int64_t columns = most < DOT_COLUMNS ? most : DOT_COLUMNS;
        for (int64_t i = 0; i < p->m; i += DOT_ROWS) {
            int64_t rows = p->m - i < DOT_ROWS ? p->m - i : DOT_ROWS;
            dot_tiles[rows][columns](p, i, j);
        }
        j += columns;
    }
}

static void dot_rows(void *context, int64_t from, int64_t to) {
    ck_panel_operands part = *(const ck_panel_operands *)context;
    part.a += from * part.ar;
    part.c += from * part.ldc;
    part.m = to - from;
    dot_columns(&part, 0, part.n);
}

/// A part of `all` rows or columns for each thread, in whole tiles.
CK_INLINE int64_t dots_a_piece(int64_t all, int64_t threads, int64_t tile) {
    return ((all + threads - 1) / threads + tile - 1) / tile * tile;
}

/// The whole product, spread over `threads` threads.
static void multiply_by_dots(const ck_panel_operands *p, int64_t threads) {
    if ((double)p->m * (double)p->n * (double)p->k <= CK_PARALLEL_WORK) { threads = 1; }
    if (p->n > p->m) {
        ck_split(p->n, dots_a_piece(p->n, threads, DOT_COLUMNS), dot_columns, (void *)p);
    } else {
        ck_split(p->m, dots_a_piece(p->m, threads, DOT_ROWS), dot_rows, (void *)p);
    }
}
