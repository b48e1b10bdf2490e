#include "plain.h"

// MARK: Two operands

static double floored_remainder(double x, double y) {
    double r = fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

/// The floor of the exact quotient, which x / y alone could round up across an integer.
static double floored_quotient(double x, double y) {
    if (y == 0) { return x / y; }
    double r = fmod(x, y), q = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) { q -= 1; }
    return q == 0 ? copysign(0, x / y) : round(q);
}

static double real(ck_binary_op op, double x, double y) {
    switch (op) {
    case CK_ADD: return x + y;
    case CK_SUB: return x - y;
    case CK_MUL: return x * y;
    case CK_DIV: return x / y;
    case CK_FLOOR_DIVIDE: return floored_quotient(x, y);
    case CK_REMAINDER: return floored_remainder(x, y);
    case CK_POW: return pow(x, y);
    case CK_MAXIMUM: return isnan(x) || isnan(y) ? NAN : x > y ? x : y;
    case CK_MINIMUM: return isnan(x) || isnan(y) ? NAN : x < y ? x : y;
    default: return 0;
    }
}

/// Arithmetic of int64 wraps around, which C leaves undefined for signed numbers.
static int64_t whole(ck_binary_op op, int64_t x, int64_t y) {
    uint64_t a = (uint64_t)x, b = (uint64_t)y, power = 1;
    int64_t r;
    switch (op) {
    case CK_ADD: return (int64_t)(a + b);
    case CK_SUB: return (int64_t)(a - b);
    case CK_MUL: return (int64_t)(a * b);
    case CK_FLOOR_DIVIDE:
        if (y == -1) { return (int64_t)(0 - a); }
        return x / y - (x % y != 0 && (x < 0) != (y < 0));
    case CK_REMAINDER:
        if (y == -1) { return 0; }
        r = x % y;
        return r != 0 && (r < 0) != (y < 0) ? r + y : r;
    case CK_POW:
        // The whole part of the fraction.
        if (y < 0) { return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : -1) : 0; }
        for (; b > 0; b >>= 1, a *= a) {
            if (b & 1) { power *= a; }
        }
        return (int64_t)power;
    case CK_MAXIMUM: return x > y ? x : y;
    case CK_MINIMUM: return x < y ? x : y;
    case CK_AND: return x & y;
    case CK_OR: return x | y;
    case CK_XOR: return x ^ y;
    default: return 0;
    }
}

static ck_status refused(ck_binary_op op, int64_t y) {
    if ((op == CK_FLOOR_DIVIDE || op == CK_REMAINDER) && y == 0) { return CK_ZERO_DIVISOR; }
    return CK_OK;
}

static void combine(ck_binary_op op, ck_dtype dtype, const void *a, int64_t i, const void *b, int64_t j, void *out, int64_t k) {
    if (ckp_is_real(dtype)) { ckp_set(dtype, out, k, real(op, ckp_get(dtype, a, i), ckp_get(dtype, b, j))); }
    else { ckp_set_whole(dtype, out, k, whole(op, ckp_get_whole(dtype, a, i), ckp_get_whole(dtype, b, j))); }
}

ck_status ckp_binary(
    ck_binary_op op, ck_dtype dtype, const void *a, int64_t sa, const void *b, int64_t sb, void *out, int64_t count) {
    if (!ckp_is_real(dtype)) {
        for (int64_t i = 0; i < count; i++) {
            ck_status status = refused(op, ckp_get_whole(dtype, b, i * sb));
            if (status != CK_OK) { return status; }
        }
    }
    for (int64_t i = 0; i < count; i++) { combine(op, dtype, a, i * sa, b, i * sb, out, i); }
    return CK_OK;
}

ck_status ckp_binary_broadcast(
    ck_binary_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, void *out,
    int rank, const int64_t *sizes) {
    int64_t count = ckp_count(rank, sizes);
    if (!ckp_is_real(dtype)) {
        ckp_walk walk = {rank, sizes, {0}};
        for (int64_t i = 0; i < count; i++, ckp_advance(&walk)) {
            ck_status status = refused(op, ckp_get_whole(dtype, b, ckp_place(&walk, sb)));
            if (status != CK_OK) { return status; }
        }
    }
    ckp_walk walk = {rank, sizes, {0}};
    for (int64_t i = 0; i < count; i++, ckp_advance(&walk)) {
        combine(op, dtype, a, ckp_place(&walk, sa), b, ckp_place(&walk, sb), out, i);
    }
    return CK_OK;
}

// MARK: Comparisons and choice

void ckp_compare_broadcast(
    ck_compare_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, uint8_t *out,
    int rank, const int64_t *sizes) {
    int64_t count = ckp_count(rank, sizes);
    ckp_walk walk = {rank, sizes, {0}};
    for (int64_t i = 0; i < count; i++, ckp_advance(&walk)) {
        int64_t left = ckp_place(&walk, sa), right = ckp_place(&walk, sb);
        bool less, same, more;
        if (ckp_is_real(dtype)) {
            double x = ckp_get(dtype, a, left), y = ckp_get(dtype, b, right);
            less = x < y, same = x == y, more = x > y;
        } else {
            int64_t x = ckp_get_whole(dtype, a, left), y = ckp_get_whole(dtype, b, right);
            less = x < y, same = x == y, more = x > y;
        }
        switch (op) {
        case CK_EQ: out[i] = same; break;
        case CK_NE: out[i] = !same; break;
        case CK_LT: out[i] = less; break;
        case CK_LE: out[i] = less || same; break;
        case CK_GT: out[i] = more; break;
        case CK_GE: out[i] = more || same; break;
        }
    }
}

void ckp_where_broadcast(
    size_t item, const uint8_t *condition, const int64_t *sc, const void *a, const int64_t *sa, const void *b,
    const int64_t *sb, void *out, int rank, const int64_t *sizes) {
    int64_t count = ckp_count(rank, sizes);
    ckp_walk walk = {rank, sizes, {0}};
    for (int64_t i = 0; i < count; i++, ckp_advance(&walk)) {
        const char *from = condition[ckp_place(&walk, sc)] ? (const char *)a + ckp_place(&walk, sa) * (int64_t)item
                                                          : (const char *)b + ckp_place(&walk, sb) * (int64_t)item;
        memcpy((char *)out + i * (int64_t)item, from, item);
    }
}

// MARK: Simple passes

void ckp_axpy(ck_dtype dtype, double alpha, const void *x, void *y, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (ckp_is_real(dtype)) {
            ckp_set(dtype, y, i, ckp_get(dtype, y, i) + alpha * ckp_get(dtype, x, i));
        } else {
            int64_t step = whole(CK_MUL, (int64_t)alpha, ckp_get_whole(dtype, x, i));
            ckp_set_whole(dtype, y, i, whole(CK_ADD, ckp_get_whole(dtype, y, i), step));
        }
    }
}

void ckp_affine(ck_dtype dtype, double alpha, double beta, const void *x, void *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) { ckp_set(dtype, out, i, alpha * ckp_get(dtype, x, i) + beta); }
}

void ckp_mul3(ck_dtype dtype, const void *g, const void *a, const void *b, void *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        ckp_set(dtype, out, i, ckp_get(dtype, g, i) * ckp_get(dtype, a, i) * ckp_get(dtype, b, i));
    }
}

void ckp_fill(ck_dtype dtype, double real, int64_t integer, void *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (ckp_is_real(dtype)) { ckp_set(dtype, out, i, real); } else { ckp_set_whole(dtype, out, i, integer); }
    }
}

void ckp_arange(ck_dtype dtype, double start, double step, int64_t istart, int64_t istep, void *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (ckp_is_real(dtype)) { ckp_set(dtype, out, i, start + (double)i * step); }
        else { ckp_set_whole(dtype, out, i, whole(CK_ADD, istart, whole(CK_MUL, i, istep))); }
    }
}

void ckp_cast(ck_dtype from, const void *x, ck_dtype to, void *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (ckp_is_real(from)) {
            double value = ckp_get(from, x, i);
            // What lies outside and NaN become the smallest int64; C leaves them undefined.
            int64_t cut = value >= -0x1p63 && value < 0x1p63 ? (int64_t)value : INT64_MIN;
            if (ckp_is_real(to)) { ckp_set(to, out, i, value); }
            else { ckp_set_whole(to, out, i, to == CK_BOOL ? value != 0 : cut); }
        } else {
            int64_t value = ckp_get_whole(from, x, i);
            if (to == CK_FLOAT32) { ((float *)out)[i] = (float)value; }
            else if (to == CK_FLOAT64) { ((double *)out)[i] = (double)value; }
            else { ckp_set_whole(to, out, i, to == CK_BOOL ? value != 0 : value); }
        }
    }
}

int64_t ckp_count_unequal(
    ck_dtype dtype, const void *a, const void *b, double rtol, double atol, bool equal_nan, int64_t count) {
    int64_t unequal = 0;
    for (int64_t i = 0; i < count; i++) {
        double x = ckp_get(dtype, a, i), y = ckp_get(dtype, b, i);
        if (x == y || (equal_nan && isnan(x) && isnan(y))) { continue; }
        if (isfinite(x) && isfinite(y) && fabs(x - y) <= atol + rtol * fabs(y)) { continue; }
        unequal++;
    }
    return unequal;
}
