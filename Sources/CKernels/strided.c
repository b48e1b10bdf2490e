#include "vector.h"

/// Drops dimensions of size 1 and merges those that both sides walk evenly; returns the new rank, at least 1.
static int merge(int rank, const int64_t *sizes, const int64_t *ss, const int64_t *sd, int64_t *n, int64_t *s, int64_t *d) {
    int kept = 0;
    for (int i = 0; i < rank; i++) {
        if (sizes[i] == 1) { continue; }
        if (kept && s[kept - 1] == ss[i] * sizes[i] && d[kept - 1] == sd[i] * sizes[i]) {
            n[kept - 1] *= sizes[i];
            s[kept - 1] = ss[i];
            d[kept - 1] = sd[i];
        } else {
            n[kept] = sizes[i];
            s[kept] = ss[i];
            d[kept] = sd[i];
            kept++;
        }
    }
    if (kept == 0) { n[0] = 1, s[0] = 1, d[0] = 1, kept = 1; }
    return kept;
}

#define COPY_PLANE(name, T)                                                                                          \
    CK_CLONES static void name(                                                                                      \
        const T *src, T *dst, int64_t rows, int64_t columns, int64_t sr, int64_t sc, int64_t dr, int64_t dc) {       \
        if (sc == 1 && dc == 1) {                                                                                    \
            for (int64_t r = 0; r < rows; r++) { memcpy(dst + r * dr, src + r * sr, (size_t)columns * sizeof(T)); }  \
            return;                                                                                                  \
        }                                                                                                            \
        /* Tiles keep both sides of a transposition in cache. */                                                     \
        enum { TILE = 32 };                                                                                          \
        for (int64_t r0 = 0; r0 < rows; r0 += TILE) {                                                                \
            for (int64_t c0 = 0; c0 < columns; c0 += TILE) {                                                         \
                int64_t r1 = r0 + TILE < rows ? r0 + TILE : rows, c1 = c0 + TILE < columns ? c0 + TILE : columns;    \
                for (int64_t r = r0; r < r1; r++) {                                                                  \
                    for (int64_t c = c0; c < c1; c++) { dst[r * dr + c * dc] = src[r * sr + c * sc]; }               \
                }                                                                                                    \
            }                                                                                                        \
        }                                                                                                            \
    }
COPY_PLANE(plane_1, uint8_t)
COPY_PLANE(plane_4, uint32_t)
COPY_PLANE(plane_8, uint64_t)

#define FOR_PLANES(...)                                                                                              \
    int64_t index[CK_MAX_RANK + 1] = {0}, from = 0, to = 0, planes = 1;                                              \
    for (int i = 0; i < kept - 2; i++) { planes *= n[i]; }                                                           \
    int64_t rows = kept > 1 ? n[kept - 2] : 1, columns = n[kept - 1];                                                \
    int64_t sr = kept > 1 ? s[kept - 2] : 0, sc = s[kept - 1], dr = kept > 1 ? d[kept - 2] : 0, dc = d[kept - 1];    \
    for (int64_t plane = 0; plane < planes; plane++) {                                                               \
        __VA_ARGS__                                                                                                  \
        for (int i = kept - 3; i >= 0; i--) {                                                                        \
            from += s[i];                                                                                            \
            to += d[i];                                                                                              \
            if (++index[i] < n[i]) { break; }                                                                        \
            from -= s[i] * n[i];                                                                                     \
            to -= d[i] * n[i];                                                                                       \
            index[i] = 0;                                                                                            \
        }                                                                                                            \
    }

void ck_copy(
    size_t item, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd) {
    if (ck_count(rank, sizes) == 0) { return; }
    int64_t n[CK_MAX_RANK + 1], s[CK_MAX_RANK + 1], d[CK_MAX_RANK + 1];
    int kept = merge(rank, sizes, ss, sd, n, s, d);
    FOR_PLANES({
        const char *x = (const char *)src + from * (int64_t)item;
        char *y = (char *)dst + to * (int64_t)item;
        switch (item) {
        case 4: plane_4((const uint32_t *)x, (uint32_t *)y, rows, columns, sr, sc, dr, dc); break;
        case 8: plane_8((const uint64_t *)x, (uint64_t *)y, rows, columns, sr, sc, dr, dc); break;
        default: plane_1((const uint8_t *)x, (uint8_t *)y, rows, columns, sr, sc, dr, dc); break;
        }
    })
}

#define ADD_PLANE(name, T)                                                                                           \
    CK_CLONES static void name(                                                                                      \
        const T *src, T *dst, int64_t rows, int64_t columns, int64_t sr, int64_t sc, int64_t dr, int64_t dc) {       \
        for (int64_t r = 0; r < rows; r++) {                                                                         \
            for (int64_t c = 0; c < columns; c++) { dst[r * dr + c * dc] += src[r * sr + c * sc]; }                  \
        }                                                                                                            \
    }
ADD_PLANE(add_f, float)
ADD_PLANE(add_d, double)
ADD_PLANE(add_i, uint64_t)
ADD_PLANE(add_u, uint8_t)

void ck_add_strided(
    ck_dtype dtype, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd) {
    if (ck_count(rank, sizes) == 0) { return; }
    int64_t n[CK_MAX_RANK + 1], s[CK_MAX_RANK + 1], d[CK_MAX_RANK + 1];
    int kept = merge(rank, sizes, ss, sd, n, s, d);
    int64_t item = (int64_t)ck_item(dtype);
    FOR_PLANES({
        const void *x = (const char *)src + from * item;
        void *y = (char *)dst + to * item;
        switch (dtype) {
        case CK_FLOAT32: add_f(x, y, rows, columns, sr, sc, dr, dc); break;
        case CK_FLOAT64: add_d(x, y, rows, columns, sr, sc, dr, dc); break;
        case CK_INT64: add_i(x, y, rows, columns, sr, sc, dr, dc); break;
        default: add_u(x, y, rows, columns, sr, sc, dr, dc); break;
        }
    })
}

void ck_take(
    size_t item, int64_t outer, int64_t n, int64_t inner, const void *x, const int64_t *index, int64_t count, void *out) {
    size_t row = item * (size_t)inner;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            memcpy((char *)out + (size_t)(o * count + j) * row, (const char *)x + (size_t)(o * n + index[j]) * row, row);
        }
    }
}

void ck_put(
    size_t item, int64_t outer, int64_t n, int64_t inner, void *x, const int64_t *index, int64_t count, const void *src) {
    size_t row = item * (size_t)inner;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            memcpy((char *)x + (size_t)(o * n + index[j]) * row, (const char *)src + (size_t)(o * count + j) * row, row);
        }
    }
}

void ck_take_add(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *g, const int64_t *index, int64_t count,
    void *out) {
    size_t row = ck_item(dtype) * (size_t)inner;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            ck_axpy(
                dtype, 1, (const char *)g + (size_t)(o * count + j) * row, (char *)out + (size_t)(o * n + index[j]) * row,
                inner);
        }
    }
}

int64_t ck_wrap_indices(const int64_t *index, int64_t limit, int64_t *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        int64_t value = index[i];
        if (value < -limit || value >= limit) { return i; }
        out[i] = value < 0 ? value + limit : value;
    }
    return -1;
}

int64_t ck_positions(const uint8_t *mask, int64_t *out, int64_t count) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        if (mask[i]) {
            if (out) { out[found] = i; }
            found++;
        }
    }
    return found;
}

#define FOR_INDEXED(body)                                                                                            \
    for (int64_t o = 0; o < outer; o++) {                                                                            \
        for (int64_t j = 0; j < m; j++) {                                                                            \
            for (int64_t i = 0; i < inner; i++) {                                                                    \
                int64_t at = (o * m + j) * inner + i;                                                                \
                int64_t other = (o * n + index[at]) * inner + i;                                                     \
                body                                                                                                 \
            }                                                                                                        \
        }                                                                                                            \
    }

void ck_gather(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *x, const int64_t *index, void *out) {
    switch (item) {
    case 4: FOR_INDEXED(((uint32_t *)out)[at] = ((const uint32_t *)x)[other];) break;
    case 8: FOR_INDEXED(((uint64_t *)out)[at] = ((const uint64_t *)x)[other];) break;
    default: FOR_INDEXED(((uint8_t *)out)[at] = ((const uint8_t *)x)[other];) break;
    }
}

void ck_scatter(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index, void *out) {
    switch (item) {
    case 4: FOR_INDEXED(((uint32_t *)out)[other] = ((const uint32_t *)src)[at];) break;
    case 8: FOR_INDEXED(((uint64_t *)out)[other] = ((const uint64_t *)src)[at];) break;
    default: FOR_INDEXED(((uint8_t *)out)[other] = ((const uint8_t *)src)[at];) break;
    }
}

void ck_scatter_add(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index,
    void *out) {
    switch (dtype) {
    case CK_FLOAT32: FOR_INDEXED(((float *)out)[other] += ((const float *)src)[at];) break;
    case CK_FLOAT64: FOR_INDEXED(((double *)out)[other] += ((const double *)src)[at];) break;
    case CK_INT64: FOR_INDEXED(((uint64_t *)out)[other] += ((const uint64_t *)src)[at];) break;
    default: FOR_INDEXED(((uint8_t *)out)[other] += ((const uint8_t *)src)[at];) break;
    }
}
