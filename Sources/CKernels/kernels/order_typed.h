// Extreme values and sorting of numbers of type T, which may be NaN.

CK_INLINE bool NAME(beats)(bool maximum, T v, T best) {
    return best == best && (v != v || (maximum ? v > best : v < best));
}

static void NAME(extreme)(
    bool maximum, const T *x, T *out, int64_t *where, int64_t outer, int64_t n, int64_t inner) {
    for (int64_t o = 0; o < outer; o++) {
        const T *rows = x + o * n * inner;
        for (int64_t i = 0; i < inner; i++) {
            T best = rows[i];
            int64_t at = 0;
            for (int64_t j = 1; j < n; j++) {
                T v = rows[j * inner + i];
                if (NAME(beats)(maximum, v, best)) { best = v; at = j; }
            }
            if (out) { out[o * inner + i] = best; }
            if (where) { where[o * inner + i] = at; }
        }
    }
}

// Merge sort of positions: stable, and comparisons know about NaN.
static bool NAME(before)(T a, T b, bool descending) {
    if (a != a || b != b) { return descending ? a != a && b == b : a == a && b != b; }
    return descending ? a > b : a < b;
}

static void NAME(sort)(bool descending, const T *x, T *out, int64_t *where, int64_t *spare, int64_t n) {
    int64_t *from = where, *to = spare;
    for (int64_t i = 0; i < n; i++) { from[i] = i; }
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t start = 0; start < n; start += 2 * width) {
            int64_t middle = start + width < n ? start + width : n;
            int64_t end = start + 2 * width < n ? start + 2 * width : n;
            int64_t a = start, b = middle;
            for (int64_t k = start; k < end; k++) {
                bool right = a >= middle || (b < end && NAME(before)(x[from[b]], x[from[a]], descending));
                to[k] = from[right ? b++ : a++];
            }
        }
        int64_t *other = from;
        from = to;
        to = other;
    }
    if (from != where) { memcpy(where, from, (size_t)n * sizeof(int64_t)); }
    for (int64_t i = 0; i < n; i++) { out[i] = x[where[i]]; }
}
