#include "plain.h"

static double real_sum(ck_reduce_op op, ck_dtype dtype, const void *x, int64_t start, int64_t n, int64_t step) {
    double total = op == CK_PROD ? 1 : 0;
    for (int64_t j = 0; j < n; j++) {
        double v = ckp_get(dtype, x, start + j * step);
        switch (op) {
        case CK_SUM: total += v; break;
        case CK_SUM_SQUARES: total += v * v; break;
        case CK_SUM_ABS: total += fabs(v); break;
        // A product leaves the numbers of its dtype on the way, as it would without double.
        case CK_PROD: total = ckp_stored(dtype, total * v); break;
        default: break;
        }
    }
    return total;
}

static int64_t whole_sum(ck_reduce_op op, ck_dtype dtype, const void *x, int64_t start, int64_t n, int64_t step) {
    uint64_t total = op == CK_PROD || op == CK_ALL;
    for (int64_t j = 0; j < n; j++) {
        uint64_t v = (uint64_t)ckp_get_whole(dtype, x, start + j * step);
        switch (op) {
        case CK_SUM: total += v; break;
        case CK_PROD: total *= v; break;
        case CK_ANY: total = total || v; break;
        case CK_ALL: total = total && v; break;
        default: break;
        }
    }
    return (int64_t)total;
}

void ckp_reduce(ck_reduce_op op, ck_dtype dtype, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    if (op == CK_MAX || op == CK_MIN) {
        ckp_extreme(op == CK_MAX, dtype, x, out, NULL, outer, n, inner);
        return;
    }
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            int64_t start = o * n * inner + i, to = o * inner + i;
            if (ckp_is_real(dtype)) { ckp_set(dtype, out, to, real_sum(op, dtype, x, start, n, inner)); }
            else { ckp_set_whole(dtype, out, to, whole_sum(op, dtype, x, start, n, inner)); }
        }
    }
}

void ckp_extreme(
    bool maximum, ck_dtype dtype, const void *x, void *out, int64_t *where, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            int64_t start = o * n * inner + i, to = o * inner + i, at = 0;
            for (int64_t j = 1; j < n; j++) {
                bool better;
                if (ckp_is_real(dtype)) {
                    double v = ckp_get(dtype, x, start + j * inner), best = ckp_get(dtype, x, start + at * inner);
                    better = !isnan(best) && (isnan(v) || (maximum ? v > best : v < best));
                } else {
                    int64_t v = ckp_get_whole(dtype, x, start + j * inner), best = ckp_get_whole(dtype, x, start + at * inner);
                    better = maximum ? v > best : v < best;
                }
                if (better) { at = j; }
            }
            if (out && ckp_is_real(dtype)) { ckp_set(dtype, out, to, ckp_get(dtype, x, start + at * inner)); }
            else if (out) { ckp_set_whole(dtype, out, to, ckp_get_whole(dtype, x, start + at * inner)); }
            if (where) { where[to] = at; }
        }
    }
}

void ckp_cumsum(ck_dtype dtype, bool reverse, const void *x, void *out, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            double sum = 0;
            uint64_t whole = 0;
            for (int64_t k = 0; k < n; k++) {
                int64_t at = (o * n + (reverse ? n - 1 - k : k)) * inner + i;
                if (ckp_is_real(dtype)) {
                    sum += ckp_get(dtype, x, at);
                    ckp_set(dtype, out, at, sum);
                } else {
                    whole += (uint64_t)ckp_get_whole(dtype, x, at);
                    ckp_set_whole(dtype, out, at, (int64_t)whole);
                }
            }
        }
    }
}

void ckp_moments(ck_dtype dtype, const void *x, void *mean, void *squares, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            int64_t start = o * n * inner + i;
            double sum = 0, total = 0;
            for (int64_t j = 0; j < n; j++) { sum += ckp_get(dtype, x, start + j * inner); }
            double m = sum / (double)n;
            for (int64_t j = 0; j < n; j++) {
                double v = ckp_get(dtype, x, start + j * inner) - m;
                total += v * v;
            }
            ckp_set(dtype, mean, o * inner + i, m);
            ckp_set(dtype, squares, o * inner + i, total);
        }
    }
}

/// Whether the number at a comes before that at b; NaN is larger than all.
static bool before(bool descending, ck_dtype dtype, const void *x, int64_t a, int64_t b) {
    if (!ckp_is_real(dtype)) {
        int64_t v = ckp_get_whole(dtype, x, a), w = ckp_get_whole(dtype, x, b);
        return descending ? v > w : v < w;
    }
    double v = ckp_get(dtype, x, a), w = ckp_get(dtype, x, b);
    if (isnan(v) || isnan(w)) { return isnan(v) != isnan(w) && (descending ? isnan(v) : isnan(w)); }
    return descending ? v > w : v < w;
}

/// Sorts positions from ..< to of a row: both halves, then what comes first of the two, the left one when equal.
static void sort_part(
    bool descending, ck_dtype dtype, const void *x, int64_t row, int64_t *where, int64_t *spare, int64_t from, int64_t to) {
    if (to - from < 2) { return; }
    int64_t middle = from + (to - from) / 2, left = from, right = middle;
    sort_part(descending, dtype, x, row, where, spare, from, middle);
    sort_part(descending, dtype, x, row, where, spare, middle, to);
    for (int64_t k = from; k < to; k++) {
        bool take_right = left == middle
            || (right < to && before(descending, dtype, x, row + where[right], row + where[left]));
        spare[k] = where[take_right ? right++ : left++];
    }
    for (int64_t k = from; k < to; k++) { where[k] = spare[k]; }
}

bool ckp_sort(ck_dtype dtype, bool descending, const void *x, void *out, int64_t *where, int64_t outer, int64_t n) {
    if (n == 0 || outer == 0) { return true; }
    size_t bytes = (size_t)n * sizeof(int64_t), item = ckp_item(dtype);
    int64_t *spare = ck_allocate(bytes);
    if (!spare) { return false; }
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < n; i++) { where[o * n + i] = i; }
        sort_part(descending, dtype, x, o * n, where + o * n, spare, 0, n);
        for (int64_t i = 0; i < n; i++) {
            memcpy((char *)out + (size_t)(o * n + i) * item, (const char *)x + (size_t)(o * n + where[o * n + i]) * item, item);
        }
    }
    ck_release(spare, bytes);
    return true;
}
