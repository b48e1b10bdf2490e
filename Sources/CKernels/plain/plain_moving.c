#include "plain.h"

static void add(ck_dtype dtype, void *to, int64_t i, const void *from, int64_t j) {
    if (ckp_is_real(dtype)) { ckp_set(dtype, to, i, ckp_get(dtype, to, i) + ckp_get(dtype, from, j)); }
    else {
        uint64_t sum = (uint64_t)ckp_get_whole(dtype, to, i) + (uint64_t)ckp_get_whole(dtype, from, j);
        ckp_set_whole(dtype, to, i, (int64_t)sum);
    }
}

void ckp_copy(
    size_t item, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd) {
    int64_t count = ckp_count(rank, sizes), size = (int64_t)item;
    ckp_walk walk = {rank, sizes, {0}};
    for (int64_t i = 0; i < count; i++, ckp_advance(&walk)) {
        memcpy((char *)dst + ckp_place(&walk, sd) * size, (const char *)src + ckp_place(&walk, ss) * size, item);
    }
}

/// Dimensions along which the target stands still come last, so that each number of it gets one sum in double.
void ckp_add_strided(
    ck_dtype dtype, int rank, const int64_t *sizes, const void *src, const int64_t *ss, void *dst, const int64_t *sd) {
    int64_t outer[CK_MAX_RANK], inner[CK_MAX_RANK], from[CK_MAX_RANK], to[CK_MAX_RANK], along[CK_MAX_RANK];
    int moving = 0, still = 0;
    for (int d = 0; d < rank; d++) {
        if (sd[d] != 0) { outer[moving] = sizes[d], from[moving] = ss[d], to[moving++] = sd[d]; }
        else { inner[still] = sizes[d], along[still++] = ss[d]; }
    }
    int64_t places = ckp_count(moving, outer), terms = ckp_count(still, inner);
    if (places == 0 || terms == 0) { return; }
    ckp_walk walk = {moving, outer, {0}};
    for (int64_t i = 0; i < places; i++, ckp_advance(&walk)) {
        int64_t start = ckp_place(&walk, from), target = ckp_place(&walk, to);
        ckp_walk sum = {still, inner, {0}};
        if (!ckp_is_real(dtype)) {
            for (int64_t j = 0; j < terms; j++, ckp_advance(&sum)) {
                add(dtype, dst, target, src, start + ckp_place(&sum, along));
            }
            continue;
        }
        double total = ckp_get(dtype, dst, target);
        for (int64_t j = 0; j < terms; j++, ckp_advance(&sum)) { total += ckp_get(dtype, src, start + ckp_place(&sum, along)); }
        ckp_set(dtype, dst, target, total);
    }
}

void ckp_take(
    size_t item, int64_t outer, int64_t n, int64_t inner, const void *x, const int64_t *index, int64_t count, void *out) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            for (int64_t i = 0; i < inner; i++) {
                memcpy((char *)out + (size_t)((o * count + j) * inner + i) * item,
                       (const char *)x + (size_t)((o * n + index[j]) * inner + i) * item, item);
            }
        }
    }
}

void ckp_put(
    size_t item, int64_t outer, int64_t n, int64_t inner, void *x, const int64_t *index, int64_t count, const void *src) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < count; j++) {
            for (int64_t i = 0; i < inner; i++) {
                memcpy((char *)x + (size_t)((o * n + index[j]) * inner + i) * item,
                       (const char *)src + (size_t)((o * count + j) * inner + i) * item, item);
            }
        }
    }
}

/// Adds src[k] to out[places[k]] for k < count, in double while all the sums fit into memory.
static void add_to_places(
    ck_dtype dtype, const void *src, void *out, int64_t size, int64_t count, int64_t (*place)(const void *, int64_t),
    const void *context) {
    size_t bytes = (size_t)size * sizeof(double);
    double *sums = ckp_is_real(dtype) && count > 0 ? ck_allocate(bytes) : NULL;
    if (!sums) {
        for (int64_t k = 0; k < count; k++) { add(dtype, out, place(context, k), src, k); }
        return;
    }
    for (int64_t i = 0; i < size; i++) { sums[i] = ckp_get(dtype, out, i); }
    for (int64_t k = 0; k < count; k++) { sums[place(context, k)] += ckp_get(dtype, src, k); }
    for (int64_t i = 0; i < size; i++) { ckp_set(dtype, out, i, sums[i]); }
    ck_release(sums, bytes);
}

typedef struct {
    int64_t n, m, inner;
    const int64_t *index;
} places;

static int64_t place_of_row(const void *context, int64_t k) {
    const places *p = context;
    return (k / (p->m * p->inner) * p->n + p->index[k / p->inner % p->m]) * p->inner + k % p->inner;
}

static int64_t place_of_element(const void *context, int64_t k) {
    const places *p = context;
    return (k / (p->m * p->inner) * p->n + p->index[k]) * p->inner + k % p->inner;
}

void ckp_take_add(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t inner, const void *g, const int64_t *index, int64_t count,
    void *out) {
    places p = {n, count, inner, index};
    add_to_places(dtype, g, out, outer * n * inner, outer * count * inner, place_of_row, &p);
}

void ckp_scatter_add(
    ck_dtype dtype, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index,
    void *out) {
    places p = {n, m, inner, index};
    add_to_places(dtype, src, out, outer * n * inner, outer * m * inner, place_of_element, &p);
}

void ckp_gather(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *x, const int64_t *index, void *out) {
    places p = {n, m, inner, index};
    for (int64_t k = 0; k < outer * m * inner; k++) {
        memcpy((char *)out + (size_t)k * item, (const char *)x + (size_t)place_of_element(&p, k) * item, item);
    }
}

void ckp_scatter(
    size_t item, int64_t outer, int64_t n, int64_t m, int64_t inner, const void *src, const int64_t *index, void *out) {
    places p = {n, m, inner, index};
    for (int64_t k = 0; k < outer * m * inner; k++) {
        memcpy((char *)out + (size_t)place_of_element(&p, k) * item, (const char *)src + (size_t)k * item, item);
    }
}

int64_t ckp_wrap_indices(const int64_t *index, int64_t limit, int64_t *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (index[i] < -limit || index[i] >= limit) { return i; }
        out[i] = index[i] < 0 ? index[i] + limit : index[i];
    }
    return -1;
}

int64_t ckp_positions(const uint8_t *mask, int64_t *out, int64_t count) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        if (mask[i] == 0) { continue; }
        if (out) { out[found] = i; }
        found++;
    }
    return found;
}
