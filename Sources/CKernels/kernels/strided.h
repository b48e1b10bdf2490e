/// Drops dimensions of size 1 and merges those that both sides walk evenly; returns the new rank, at least 1.
static int merge_dimensions(int rank, const int64_t *sizes, const int64_t *ss, const int64_t *sd, int64_t *n, int64_t *s, int64_t *d) {
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

#define TYPED "copy_plane_typed.h"
#include "for_widths.h"

#define FOR_PLANES(...) \
    int64_t index[CK_MAX_RANK + 1] = {0}, from = 0, to = 0, planes = 1; \
    for (int i = 0; i < kept - 2; i++) { planes *= n[i]; } \
    int64_t rows = kept > 1 ? n[kept - 2] : 1, columns = n[kept - 1]; \
    int64_t sr = kept > 1 ? s[kept - 2] : 0, sc = s[kept - 1], dr = kept > 1 ? d[kept - 2] : 0, dc = d[kept - 1]; \
    for (int64_t plane = 0; plane < planes; plane++) { \
        __VA_ARGS__ \
        for (int i = kept - 3; i >= 0; i--) { \
            from += s[i]; \
            to += d[i]; \
            if (++index[i] < n[i]) { break; } \
            from -= s[i] * n[i]; \
            to -= d[i] * n[i]; \
            index[i] = 0; \
        } \
    }

static void LEVELLED(copy)(
    size_t item, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd) {
    if (ck_count(rank, sizes) == 0) { return; }
    int64_t n[CK_MAX_RANK + 1], s[CK_MAX_RANK + 1], d[CK_MAX_RANK + 1];
    int kept = merge_dimensions(rank, sizes, ss, sd, n, s, d);
    FOR_PLANES({
        const char *x = (const char *)src + from * (int64_t)item;
        char *y = (char *)dst + to * (int64_t)item;
        switch (item) {
        case 4: copy_plane_4((const uint32_t *)x, (uint32_t *)y, rows, columns, sr, sc, dr, dc); break;
        case 8: copy_plane_8((const uint64_t *)x, (uint64_t *)y, rows, columns, sr, sc, dr, dc); break;
        default: copy_plane_1((const uint8_t *)x, (uint8_t *)y, rows, columns, sr, sc, dr, dc); break;
        }
    })
}

#define TYPED "add_plane_typed.h"
#include "for_numbers.h"

static void LEVELLED(add_strided)(
    ck_dtype dtype, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd) {
    if (ck_count(rank, sizes) == 0) { return; }
    int64_t n[CK_MAX_RANK + 1], s[CK_MAX_RANK + 1], d[CK_MAX_RANK + 1];
    int kept = merge_dimensions(rank, sizes, ss, sd, n, s, d);
    int64_t item = (int64_t)ck_item(dtype);
    FOR_PLANES({
        const void *x = (const char *)src + from * item;
        void *y = (char *)dst + to * item;
        switch (dtype) {
        case CK_FLOAT32: add_plane_f(x, y, rows, columns, sr, sc, dr, dc); break;
        case CK_FLOAT64: add_plane_d(x, y, rows, columns, sr, sc, dr, dc); break;
        case CK_INT64: add_plane_i(x, y, rows, columns, sr, sc, dr, dc); break;
        default: add_plane_u(x, y, rows, columns, sr, sc, dr, dc); break;
        }
    })
}

static void LEVELLED(take)(
    size_t item, int64_t outer, int64_t n, int64_t inner, const void *x, const int64_t *index, int64_t count, void *out) {
    size_t row = item * (size_t)inner;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            memcpy((char *)out + (size_t)(o * count + j) * row, (const char *)x + (size_t)(o * n + index[j]) * row, row);
        }
    }
}

static void LEVELLED(put)(
    size_t item, int64_t outer, int64_t n, int64_t inner, void *x, const int64_t *index, int64_t count, const void *src) {
    size_t row = item * (size_t)inner;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            memcpy((char *)x + (size_t)(o * n + index[j]) * row, (const char *)src + (size_t)(o * count + j) * row, row);
        }
    }
}

static void LEVELLED(take_add)(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *g, const int64_t *index, int64_t count,
    void *out) {
    size_t row = ck_item(dtype) * (size_t)inner;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            LEVELLED(axpy)(
                dtype, 1, (const char *)g + (size_t)(o * count + j) * row, (char *)out + (size_t)(o * n + index[j]) * row,
                inner);
        }
    }
}

static int64_t LEVELLED(wrap_indices)(const int64_t *index, int64_t limit, int64_t *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        int64_t value = index[i];
        if (value < -limit || value >= limit) { return i; }
        out[i] = value < 0 ? value + limit : value;
    }
    return -1;
}

static int64_t LEVELLED(positions)(const uint8_t *mask, int64_t *out, int64_t count) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        if (mask[i]) {
            if (out) { out[found] = i; }
            found++;
        }
    }
    return found;
}

#define FOR_INDEXED(body) \
    for (int64_t o = 0; o < outer; o++) { \
        for (int64_t j = 0; j < m; j++) { \
            for (int64_t i = 0; i < inner; i++) { \
                int64_t at = (o * m + j) * inner + i; \
                int64_t other = (o * n + index[at]) * inner + i; \
                body \
            } \
        } \
    }

static void LEVELLED(gather)(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *x, const int64_t *index, void *out) {
    switch (item) {
    case 4: FOR_INDEXED(((uint32_t *)out)[at] = ((const uint32_t *)x)[other];) break;
    case 8: FOR_INDEXED(((uint64_t *)out)[at] = ((const uint64_t *)x)[other];) break;
    default: FOR_INDEXED(((uint8_t *)out)[at] = ((const uint8_t *)x)[other];) break;
    }
}

static void LEVELLED(scatter)(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index, void *out) {
    switch (item) {
    case 4: FOR_INDEXED(((uint32_t *)out)[other] = ((const uint32_t *)src)[at];) break;
    case 8: FOR_INDEXED(((uint64_t *)out)[other] = ((const uint64_t *)src)[at];) break;
    default: FOR_INDEXED(((uint8_t *)out)[other] = ((const uint8_t *)src)[at];) break;
    }
}

static void LEVELLED(scatter_add)(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index,
    void *out) {
    switch (dtype) {
    case CK_FLOAT32: FOR_INDEXED(((float *)out)[other] += ((const float *)src)[at];) break;
    case CK_FLOAT64: FOR_INDEXED(((double *)out)[other] += ((const double *)src)[at];) break;
    case CK_INT64: FOR_INDEXED(((uint64_t *)out)[other] += ((const uint64_t *)src)[at];) break;
    default: FOR_INDEXED(((uint8_t *)out)[other] += ((const uint8_t *)src)[at];) break;
    }
}
