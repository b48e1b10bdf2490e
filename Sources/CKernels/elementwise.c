#include "vector.h"
#include <stdlib.h>

// MARK: Two operands

CK_INLINE float remainder_f(float x, float y) {
    float r = fmodf(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
CK_INLINE double remainder_d(double x, double y) {
    double r = fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
// Floor of the exact quotient where x / y alone would round up across an integer.
CK_INLINE float floor_divide_f(float x, float y) {
    if (y == 0) { return x / y; }
    float r = fmodf(x, y), q = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) { q -= 1; }
    if (q == 0) { return copysignf(0, x / y); }
    float f = floorf(q);
    return q - f > 0.5f ? f + 1 : f;
}
CK_INLINE double floor_divide_d(double x, double y) {
    if (y == 0) { return x / y; }
    double r = fmod(x, y), q = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) { q -= 1; }
    if (q == 0) { return copysign(0, x / y); }
    double f = floor(q);
    return q - f > 0.5 ? f + 1 : f;
}
CK_INLINE int64_t wrap_add(int64_t x, int64_t y) { return (int64_t)((uint64_t)x + (uint64_t)y); }
CK_INLINE int64_t wrap_sub(int64_t x, int64_t y) { return (int64_t)((uint64_t)x - (uint64_t)y); }
CK_INLINE int64_t wrap_mul(int64_t x, int64_t y) { return (int64_t)((uint64_t)x * (uint64_t)y); }
CK_INLINE int64_t floor_divide_i(int64_t x, int64_t y) {
    if (y == -1) { return wrap_sub(0, x); }
    int64_t q = x / y;
    return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;
}
CK_INLINE int64_t remainder_i(int64_t x, int64_t y) {
    if (y == -1) { return 0; }
    int64_t r = x % y;
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
CK_INLINE int64_t power(int64_t x, int64_t y) {
    int64_t result = 1;
    for (; y > 0; y >>= 1) {
        if (y & 1) { result = wrap_mul(result, x); }
        x = wrap_mul(x, x);
    }
    return result;
}

#define BINARY(name, T, ...)                                                                                         \
    CK_CLONES static void name(const T *a, int64_t sa, const T *b, int64_t sb, T *out, int64_t n) {                  \
        if (sa && sb) {                                                                                              \
            CK_LOOP { T x = a[i], y = b[i]; out[i] = (T)(__VA_ARGS__); }                                             \
        } else if (sa) {                                                                                             \
            T y = *b;                                                                                                \
            CK_LOOP { T x = a[i]; out[i] = (T)(__VA_ARGS__); }                                                       \
        } else {                                                                                                     \
            T x = *a;                                                                                                \
            if (sb) { CK_LOOP { T y = b[i]; out[i] = (T)(__VA_ARGS__); } }                                           \
            else { T y = *b; CK_LOOP { out[i] = (T)(__VA_ARGS__); } }                                                \
        }                                                                                                            \
    }
#define REAL_BINARIES(T, s, fn_pow)                                                                                  \
    BINARY(add_##s, T, x + y)                                                                                        \
    BINARY(sub_##s, T, x - y)                                                                                        \
    BINARY(mul_##s, T, x * y)                                                                                        \
    BINARY(div_##s, T, x / y)                                                                                        \
    BINARY(floordiv_##s, T, floor_divide_##s(x, y))                                                                  \
    BINARY(rem_##s, T, remainder_##s(x, y))                                                                          \
    BINARY(pow_##s, T, fn_pow(x, y))                                                                                 \
    BINARY(square_##s, T, (void)y, x * x)                                                                            \
    BINARY(max_##s, T, x != x ? x : y != y ? y : x > y ? x : y)                                                      \
    BINARY(min_##s, T, x != x ? x : y != y ? y : x < y ? x : y)
REAL_BINARIES(float, f, powf)
REAL_BINARIES(double, d, pow)
#define WHOLE_BINARIES(T, s)                                                                                         \
    BINARY(add_##s, T, wrap_add(x, y))                                                                               \
    BINARY(sub_##s, T, wrap_sub(x, y))                                                                               \
    BINARY(mul_##s, T, wrap_mul(x, y))                                                                               \
    BINARY(floordiv_##s, T, floor_divide_i(x, y))                                                                    \
    BINARY(rem_##s, T, remainder_i(x, y))                                                                            \
    BINARY(pow_##s, T, power(x, y))                                                                                  \
    BINARY(max_##s, T, x > y ? x : y)                                                                                \
    BINARY(min_##s, T, x < y ? x : y)                                                                                \
    BINARY(and_##s, T, x & y)                                                                                        \
    BINARY(or_##s, T, x | y)                                                                                         \
    BINARY(xor_##s, T, x ^ y)
WHOLE_BINARIES(int64_t, i)
WHOLE_BINARIES(uint8_t, u)

#define REAL_CASES(T, s)                                                                                             \
    switch (op) {                                                                                                    \
    case CK_ADD: add_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_SUB: sub_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_MUL: mul_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_DIV: div_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_FLOOR_DIVIDE: floordiv_##s(a, sa, b, sb, out, n); break;                                                 \
    case CK_REMAINDER: rem_##s(a, sa, b, sb, out, n); break;                                                         \
    case CK_POW:                                                                                                     \
        if (!sb && *(const T *)b == 2) { square_##s(a, sa, b, sb, out, n); }                                         \
        else { pow_##s(a, sa, b, sb, out, n); }                                                                      \
        break;                                                                                                       \
    case CK_MAXIMUM: max_##s(a, sa, b, sb, out, n); break;                                                           \
    case CK_MINIMUM: min_##s(a, sa, b, sb, out, n); break;                                                           \
    default: break;                                                                                                  \
    }
#define WHOLE_CASES(T, s)                                                                                            \
    switch (op) {                                                                                                    \
    case CK_ADD: add_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_SUB: sub_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_MUL: mul_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_FLOOR_DIVIDE: floordiv_##s(a, sa, b, sb, out, n); break;                                                 \
    case CK_REMAINDER: rem_##s(a, sa, b, sb, out, n); break;                                                         \
    case CK_POW: pow_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_MAXIMUM: max_##s(a, sa, b, sb, out, n); break;                                                           \
    case CK_MINIMUM: min_##s(a, sa, b, sb, out, n); break;                                                           \
    case CK_AND: and_##s(a, sa, b, sb, out, n); break;                                                               \
    case CK_OR: or_##s(a, sa, b, sb, out, n); break;                                                                 \
    case CK_XOR: xor_##s(a, sa, b, sb, out, n); break;                                                               \
    default: break;                                                                                                  \
    }

static ck_status check_divisors(ck_binary_op op, ck_dtype dtype, const void *b, int64_t count) {
    bool divides = op == CK_FLOOR_DIVIDE || op == CK_REMAINDER;
    if (dtype == CK_INT64) {
        const int64_t *y = b;
        for (int64_t i = 0; i < count; i++) {
            if (divides && y[i] == 0) { return CK_ZERO_DIVISOR; }
            if (op == CK_POW && y[i] < 0) { return CK_NEGATIVE_EXPONENT; }
        }
    } else if (divides && count > 0 && memchr(b, 0, (size_t)count)) {
        return CK_ZERO_DIVISOR;
    }
    return CK_OK;
}

static void binary_run(
    ck_binary_op op, ck_dtype dtype, const void *a, int64_t sa, const void *b, int64_t sb, void *out, int64_t n) {
    switch (dtype) {
    case CK_FLOAT32: REAL_CASES(float, f) break;
    case CK_FLOAT64: REAL_CASES(double, d) break;
    case CK_INT64: WHOLE_CASES(int64_t, i) break;
    default: WHOLE_CASES(uint8_t, u) break;
    }
}

typedef struct {
    ck_binary_op op;
    ck_dtype dtype;
    const char *a, *b;
    int64_t sa, sb;
    char *out;
} binary_job;

static void binary_piece(void *context, int64_t from, int64_t to) {
    const binary_job *job = context;
    int64_t item = (int64_t)ck_item(job->dtype);
    binary_run(
        job->op, job->dtype, job->a + from * job->sa * item, job->sa, job->b + from * job->sb * item, job->sb,
        job->out + from * item, to - from);
}

ck_status ck_binary(
    ck_binary_op op, ck_dtype dtype, const void *a, int64_t sa, const void *b, int64_t sb, void *out, int64_t count) {
    if (dtype > CK_FLOAT64 && (op == CK_FLOOR_DIVIDE || op == CK_REMAINDER || op == CK_POW)) {
        ck_status status = check_divisors(op, dtype, b, sb || count == 0 ? count : 1);
        if (status != CK_OK) { return status; }
    }
    binary_job job = {op, dtype, a, b, sa, sb, out};
    ck_split(count, op == CK_POW ? 1 << 13 : 1 << 17, binary_piece, &job);
    return CK_OK;
}

/// Merges dimensions that all operands walk evenly, so that loops are few and long. Returns the new rank (at least 1).
static int collapse(int rank, const int64_t *sizes, int64_t *merged, int operands, int64_t strides[][CK_MAX_RANK + 1]) {
    int kept = 0;
    for (int d = 0; d < rank; d++) {
        if (sizes[d] == 1) { continue; }
        bool even = kept > 0;
        for (int k = 0; k < operands && even; k++) { even = strides[k][kept - 1] == strides[k][d] * sizes[d]; }
        if (even) {
            merged[kept - 1] *= sizes[d];
            for (int k = 0; k < operands; k++) { strides[k][kept - 1] = strides[k][d]; }
        } else {
            merged[kept] = sizes[d];
            for (int k = 0; k < operands; k++) { strides[k][kept] = strides[k][d]; }
            kept++;
        }
    }
    if (kept == 0) {
        merged[0] = 1;
        for (int k = 0; k < operands; k++) { strides[k][0] = 0; }
        kept = 1;
    }
    return kept;
}

// Runs `body` for every innermost run, with `row`, `n` and one offset per operand.
#define FOR_ROWS(operands, ...)                                                                                      \
    int64_t index[CK_MAX_RANK + 1] = {0}, offset[operands] = {0};                                                    \
    int64_t rows = 1, n = merged[kept - 1];                                                                          \
    for (int d = 0; d < kept - 1; d++) { rows *= merged[d]; }                                                        \
    for (int64_t row = 0; row < rows; row++) {                                                                       \
        __VA_ARGS__                                                                                                  \
        for (int d = kept - 2; d >= 0; d--) {                                                                        \
            for (int k = 0; k < operands; k++) { offset[k] += strides[k][d]; }                                       \
            if (++index[d] < merged[d]) { break; }                                                                   \
            for (int k = 0; k < operands; k++) { offset[k] -= strides[k][d] * merged[d]; }                           \
            index[d] = 0;                                                                                            \
        }                                                                                                            \
    }

static void take_strides(int64_t *to, const int64_t *from, int rank) {
    memcpy(to, from, sizeof(int64_t) * (size_t)rank);
}

ck_status ck_binary_broadcast(
    ck_binary_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, void *out,
    int rank, const int64_t *sizes) {
    if (ck_count(rank, sizes) == 0) { return CK_OK; }
    int64_t merged[CK_MAX_RANK + 1], strides[2][CK_MAX_RANK + 1];
    take_strides(strides[0], sa, rank);
    take_strides(strides[1], sb, rank);
    int kept = collapse(rank, sizes, merged, 2, strides);
    int64_t item = (int64_t)ck_item(dtype);
    if (kept == 1) { return ck_binary(op, dtype, a, strides[0][0], b, strides[1][0], out, merged[0]); }
    if (dtype > CK_FLOAT64 && (op == CK_FLOOR_DIVIDE || op == CK_REMAINDER || op == CK_POW)) {
        int64_t whole = 1;
        for (int d = 0; d < kept; d++) { whole *= strides[1][d] ? merged[d] : 1; }
        ck_status status = check_divisors(op, dtype, b, whole);
        if (status != CK_OK) { return status; }
    }
    FOR_ROWS(2, {
        binary_run(
            op, dtype, (const char *)a + offset[0] * item, strides[0][kept - 1], (const char *)b + offset[1] * item,
            strides[1][kept - 1], (char *)out + row * n * item, n);
    })
    return CK_OK;
}

// MARK: Comparisons and choice

#define COMPARE(name, T, expression)                                                                                 \
    CK_CLONES static void name(const T *a, int64_t sa, const T *b, int64_t sb, uint8_t *out, int64_t n) {            \
        CK_LOOP { T x = a[i * sa], y = b[i * sb]; out[i] = expression; }                                             \
    }
#define COMPARES(T, s)                                                                                               \
    COMPARE(eq_##s, T, x == y) COMPARE(ne_##s, T, x != y) COMPARE(lt_##s, T, x < y) COMPARE(le_##s, T, x <= y)       \
    COMPARE(gt_##s, T, x > y) COMPARE(ge_##s, T, x >= y)                                                             \
    static void compare_##s(                                                                                         \
        ck_compare_op op, const T *a, int64_t sa, const T *b, int64_t sb, uint8_t *out, int64_t n) {                 \
        switch (op) {                                                                                                \
        case CK_EQ: eq_##s(a, sa, b, sb, out, n); break;                                                             \
        case CK_NE: ne_##s(a, sa, b, sb, out, n); break;                                                             \
        case CK_LT: lt_##s(a, sa, b, sb, out, n); break;                                                             \
        case CK_LE: le_##s(a, sa, b, sb, out, n); break;                                                             \
        case CK_GT: gt_##s(a, sa, b, sb, out, n); break;                                                             \
        case CK_GE: ge_##s(a, sa, b, sb, out, n); break;                                                             \
        }                                                                                                            \
    }
COMPARES(float, f)
COMPARES(double, d)
COMPARES(int64_t, i)
COMPARES(uint8_t, u)

void ck_compare_broadcast(
    ck_compare_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, uint8_t *out,
    int rank, const int64_t *sizes) {
    if (ck_count(rank, sizes) == 0) { return; }
    int64_t merged[CK_MAX_RANK + 1], strides[2][CK_MAX_RANK + 1];
    take_strides(strides[0], sa, rank);
    take_strides(strides[1], sb, rank);
    int kept = collapse(rank, sizes, merged, 2, strides);
    int64_t item = (int64_t)ck_item(dtype);
    FOR_ROWS(2, {
        const void *x = (const char *)a + offset[0] * item, *y = (const char *)b + offset[1] * item;
        int64_t sx = strides[0][kept - 1], sy = strides[1][kept - 1];
        uint8_t *to = out + row * n;
        switch (dtype) {
        case CK_FLOAT32: compare_f(op, x, sx, y, sy, to, n); break;
        case CK_FLOAT64: compare_d(op, x, sx, y, sy, to, n); break;
        case CK_INT64: compare_i(op, x, sx, y, sy, to, n); break;
        default: compare_u(op, x, sx, y, sy, to, n); break;
        }
    })
}

#define WHERE(name, T)                                                                                               \
    CK_CLONES static void name(                                                                                      \
        const uint8_t *c, int64_t sc, const T *a, int64_t sa, const T *b, int64_t sb, T *out, int64_t n) {           \
        CK_LOOP { T x = a[i * sa], y = b[i * sb]; out[i] = c[i * sc] ? x : y; }                                      \
    }
WHERE(where_1, uint8_t)
WHERE(where_4, uint32_t)
WHERE(where_8, uint64_t)

void ck_where_broadcast(
    size_t item, const uint8_t *condition, const int64_t *sc, const void *a, const int64_t *sa, const void *b,
    const int64_t *sb, void *out, int rank, const int64_t *sizes) {
    if (ck_count(rank, sizes) == 0) { return; }
    int64_t merged[CK_MAX_RANK + 1], strides[3][CK_MAX_RANK + 1];
    take_strides(strides[0], sc, rank);
    take_strides(strides[1], sa, rank);
    take_strides(strides[2], sb, rank);
    int kept = collapse(rank, sizes, merged, 3, strides);
    int64_t size = (int64_t)item;
    FOR_ROWS(3, {
        const uint8_t *c = condition + offset[0];
        const void *x = (const char *)a + offset[1] * size, *y = (const char *)b + offset[2] * size;
        void *to = (char *)out + row * n * size;
        int64_t sx = strides[1][kept - 1], sy = strides[2][kept - 1], s = strides[0][kept - 1];
        switch (item) {
        case 8: where_8(c, s, x, sx, y, sy, to, n); break;
        case 4: where_4(c, s, x, sx, y, sy, to, n); break;
        default: where_1(c, s, x, sx, y, sy, to, n); break;
        }
    })
}

// MARK: Simple passes

#define PASSES(T, s)                                                                                                 \
    CK_CLONES static void axpy_##s(T alpha, const T *x, T *y, int64_t n) { CK_LOOP { y[i] += alpha * x[i]; } }       \
    CK_CLONES static void affine_##s(T alpha, T beta, const T *x, T *out, int64_t n) {                               \
        CK_LOOP { out[i] = alpha * x[i] + beta; }                                                                    \
    }                                                                                                                \
    CK_CLONES static void mul3_##s(const T *g, const T *a, const T *b, T *out, int64_t n) {                          \
        CK_LOOP { out[i] = g[i] * a[i] * b[i]; }                                                                     \
    }
PASSES(float, f)
PASSES(double, d)

void ck_axpy(ck_dtype dtype, double alpha, const void *x, void *y, int64_t n) {
    if (dtype == CK_FLOAT32) {
        axpy_f((float)alpha, x, y, n);
    } else if (dtype == CK_FLOAT64) {
        axpy_d(alpha, x, y, n);
    } else if (dtype == CK_INT64) {
        const int64_t *from = x;
        int64_t *to = y, factor = (int64_t)alpha;
        for (int64_t i = 0; i < n; i++) { to[i] = wrap_add(to[i], wrap_mul(factor, from[i])); }
    } else {
        const uint8_t *from = x;
        uint8_t *to = y, factor = (uint8_t)(int64_t)alpha;
        for (int64_t i = 0; i < n; i++) { to[i] = (uint8_t)(to[i] + factor * from[i]); }
    }
}

void ck_affine(ck_dtype dtype, double alpha, double beta, const void *x, void *out, int64_t n) {
    if (dtype == CK_FLOAT32) { affine_f((float)alpha, (float)beta, x, out, n); }
    if (dtype == CK_FLOAT64) { affine_d(alpha, beta, x, out, n); }
}

void ck_mul3(ck_dtype dtype, const void *g, const void *a, const void *b, void *out, int64_t n) {
    if (dtype == CK_FLOAT32) { mul3_f(g, a, b, out, n); }
    if (dtype == CK_FLOAT64) { mul3_d(g, a, b, out, n); }
}

void ck_fill(ck_dtype dtype, double real, int64_t integer, void *out, int64_t n) {
    switch (dtype) {
    case CK_FLOAT32: for (int64_t i = 0; i < n; i++) { ((float *)out)[i] = (float)real; } break;
    case CK_FLOAT64: for (int64_t i = 0; i < n; i++) { ((double *)out)[i] = real; } break;
    case CK_INT64: for (int64_t i = 0; i < n; i++) { ((int64_t *)out)[i] = integer; } break;
    default: memset(out, (int)(uint8_t)integer, (size_t)n); break;
    }
}

void ck_arange(ck_dtype dtype, double start, double step, int64_t istart, int64_t istep, void *out, int64_t n) {
    switch (dtype) {
    case CK_FLOAT32: for (int64_t i = 0; i < n; i++) { ((float *)out)[i] = (float)(start + (double)i * step); } break;
    case CK_FLOAT64: for (int64_t i = 0; i < n; i++) { ((double *)out)[i] = start + (double)i * step; } break;
    case CK_INT64: for (int64_t i = 0; i < n; i++) { ((int64_t *)out)[i] = wrap_add(istart, wrap_mul(i, istep)); } break;
    default: for (int64_t i = 0; i < n; i++) { ((uint8_t *)out)[i] = (uint8_t)(istart + i * istep); } break;
    }
}

// Out of range and NaN give the smallest int64, which C leaves undefined.
CK_INLINE int64_t whole(double x) { return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN; }

#define CAST(name, F, T, expression)                                                                                 \
    CK_CLONES static void name(const F *from, T *to, int64_t n) { CK_LOOP { F x = from[i]; to[i] = (T)(expression); } }
#define CASTS(F, s, to_whole)                                                                                        \
    CAST(cast_##s##f, F, float, x)                                                                                   \
    CAST(cast_##s##d, F, double, x)                                                                                  \
    CAST(cast_##s##i, F, int64_t, to_whole)                                                                          \
    CAST(cast_##s##u, F, uint8_t, to_whole)                                                                          \
    CAST(cast_##s##b, F, uint8_t, x != 0)                                                                            \
    static void cast_##s(const F *x, ck_dtype to, void *out, int64_t n) {                                            \
        switch (to) {                                                                                                \
        case CK_FLOAT32: cast_##s##f(x, out, n); break;                                                              \
        case CK_FLOAT64: cast_##s##d(x, out, n); break;                                                              \
        case CK_INT64: cast_##s##i(x, out, n); break;                                                                \
        case CK_UINT8: cast_##s##u(x, out, n); break;                                                                \
        case CK_BOOL: cast_##s##b(x, out, n); break;                                                                 \
        }                                                                                                            \
    }
CASTS(float, f, whole((double)x))
CASTS(double, d, whole(x))
CASTS(int64_t, i, x)
CASTS(uint8_t, u, x)

void ck_cast(ck_dtype from, const void *x, ck_dtype to, void *out, int64_t n) {
    switch (from) {
    case CK_FLOAT32: cast_f(x, to, out, n); break;
    case CK_FLOAT64: cast_d(x, to, out, n); break;
    case CK_INT64: cast_i(x, to, out, n); break;
    default: cast_u(x, to, out, n); break;
    }
}

int64_t ck_count_unequal(
    ck_dtype dtype, const void *a, const void *b, double rtol, double atol, bool equal_nan, int64_t n) {
    int64_t unequal = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = dtype == CK_FLOAT32 ? ((const float *)a)[i] : ((const double *)a)[i];
        double y = dtype == CK_FLOAT32 ? ((const float *)b)[i] : ((const double *)b)[i];
        bool close = x == y || (isfinite(x) && isfinite(y) && fabs(x - y) <= atol + rtol * fabs(y))
            || (equal_nan && isnan(x) && isnan(y));
        unequal += !close;
    }
    return unequal;
}
