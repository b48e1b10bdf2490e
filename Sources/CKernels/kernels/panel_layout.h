// How panels.h lays out rows and columns for its products.

/// r[i][j] and r[j][i] change places.
CK_INLINE void turn_lanes(lanes r[LANES]) {
    lanes s[LANES];
#if LANES == 16
    for (int i = 0; i < 16; i += 2) {
        s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    for (int i = 0; i < 16; i += 4) {
        for (int h = 0; h < 2; h++) {
            lanes x = s[i + h], y = s[i + 2 + h];
            r[i + 2 * h] = __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
            r[i + 2 * h + 1] = __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
    }
    // Now r[4·q + i] holds, in quarter p, element 4·p + i of rows 4·q ..< 4·q + 4.
    for (int i = 0; i < 4; i++) {
        for (int h = 0; h < 2; h++) {
            lanes x = r[8 * h + i], y = r[8 * h + 4 + i];
            s[8 * h + i] = __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
            s[8 * h + 4 + i] = __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        }
    }
    for (int i = 0; i < 4; i++) {
        for (int h = 0; h < 2; h++) {
            lanes x = s[4 * h + i], y = s[8 + 4 * h + i];
            r[4 * h + i] = __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
            r[8 + 4 * h + i] = __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        }
    }
#elif LANES == 8
    for (int i = 0; i < 8; i += 2) {
        s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int h = 0; h < 2; h++) {
            r[i + 2 * h] = __builtin_shufflevector(s[i + h], s[i + 2 + h], 0, 1, 8, 9, 4, 5, 12, 13);
            r[i + 2 * h + 1] = __builtin_shufflevector(s[i + h], s[i + 2 + h], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (int i = 0; i < 4; i++) {
        lanes x = r[i], y = r[4 + i];
        r[i] = __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11);
        r[4 + i] = __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15);
    }
#else
    for (int i = 0; i < 4; i += 2) {
        s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 4, 1, 5);
        s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 6, 3, 7);
    }
    for (int h = 0; h < 2; h++) {
        r[2 * h] = __builtin_shufflevector(s[h], s[2 + h], 0, 1, 4, 5);
        r[2 * h + 1] = __builtin_shufflevector(s[h], s[2 + h], 2, 3, 6, 7);
    }
#endif
}

/// out[k, 0 ..< width] = b[k·bk + j·bn] for `columns` columns, the rest zero.
static void lay_out_panel(
    const float *b, int64_t bk, int64_t bn, int64_t columns, int64_t depth, int64_t width, float *out) {
    int64_t done = 0;
    if (bn == 1) {
        if (columns == PANEL_WIDTH) {
            for (int64_t k = 0; k < depth; k++) {
                const loose_lanes *from = (const loose_lanes *)(b + k * bk);
                lanes *to = (lanes *)(out + k * PANEL_WIDTH);
                to[0] = from[0];
                to[1] = from[1];
            }
            return;
        }
    } else if (bk == 1) {
        for (; done + LANES <= depth; done += LANES) {
            for (int64_t j = 0; j < width; j += LANES) {
                lanes r[LANES];
                for (int i = 0; i < LANES; i++) {
                    // (What lies beyond the last column comes from it, and is not looked at.)
                    int64_t column = j + i < columns ? j + i : columns - 1;
                    r[i] = *(const loose_lanes *)(b + column * bn + done);
                }
                turn_lanes(r);
                for (int i = 0; i < LANES; i++) { *(lanes *)(out + (done + i) * width + j) = r[i]; }
            }
        }
    }
    for (int64_t k = done; k < depth; k++) {
        for (int64_t j = 0; j < columns; j++) { out[k * width + j] = b[k * bk + j * bn]; }
        for (int64_t j = columns; j < width; j++) { out[k * width + j] = 0; }
    }
}

/// out[k, 0 ..< rows] = a[r·ar + k·ak] for `rows` rows, which are LANES at most; from `a` on there are `left` rows. `out` has
/// room for LANES more behind.
static void lay_out_rows(
    const float *a, int64_t ar, int64_t ak, int64_t rows, int64_t left, int64_t depth, float *out) {
    int64_t done = 0;
    // What is written beyond a row is written over by the next.
    if (ak == 1) {
        for (; done + LANES <= depth; done += LANES) {
            lanes r[LANES];
            for (int i = 0; i < LANES; i++) { r[i] = *(const loose_lanes *)(a + (i < rows ? i : rows - 1) * ar + done); }
            turn_lanes(r);
            for (int i = 0; i < LANES; i++) { *(loose_lanes *)(out + (done + i) * rows) = r[i]; }
        }
    } else if (ar == 1 && left >= LANES) {
        for (; done < depth; done++) { *(loose_lanes *)(out + done * rows) = *(const loose_lanes *)(a + done * ak); }
    }
    for (int64_t k = done; k < depth; k++) {
        for (int64_t r = 0; r < rows; r++) { out[k * rows + r] = a[r * ar + k * ak]; }
    }
}
