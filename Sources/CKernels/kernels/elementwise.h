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
/// The whole part of a power: of a negative one 0, except for 1 and -1.
CK_INLINE int64_t power(int64_t x, int64_t y) {
    if (y < 0) { return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0; }
    int64_t result = 1;
    for (; y > 0; y >>= 1) {
        if (y & 1) { result = wrap_mul(result, x); }
        x = wrap_mul(x, x);
    }
    return result;
}

#define BINARY(name, ...) \
    static void NAME(binary_##name)(const T *a, int64_t sa, const T *b, int64_t sb, T *out, int64_t n) { \
        if (sa && sb) { \
            CK_LOOP { T x = a[i], y = b[i]; out[i] = (T)(__VA_ARGS__); } \
        } else if (sa) { \
            T y = *b; \
            CK_LOOP { T x = a[i]; out[i] = (T)(__VA_ARGS__); } \
        } else if (sb) { \
            T x = *a; \
            CK_LOOP { T y = b[i]; out[i] = (T)(__VA_ARGS__); } \
        } else { \
            T x = *a, y = *b; \
            CK_LOOP { out[i] = (T)(__VA_ARGS__); } \
        } \
    }
#define TYPED "binary_reals_typed.h"
#include "for_reals.h"
#define TYPED "binary_wholes_typed.h"
#include "for_wholes.h"
#undef BINARY

static ck_status check_divisors(ck_dtype dtype, const void *b, int64_t count) {
    if (dtype == CK_INT64) {
        const int64_t *y = b;
        for (int64_t i = 0; i < count; i++) {
            if (y[i] == 0) { return CK_ZERO_DIVISOR; }
        }
    } else if (count > 0 && memchr(b, 0, (size_t)count)) {
        return CK_ZERO_DIVISOR;
    }
    return CK_OK;
}

static void binary_run(
    ck_binary_op op, ck_dtype dtype, const void *a, int64_t sa, const void *b, int64_t sb, void *out, int64_t n) {
    switch (dtype) {
    case CK_FLOAT32: binary_f(op, a, sa, b, sb, out, n); break;
    case CK_FLOAT64: binary_d(op, a, sa, b, sb, out, n); break;
    case CK_INT64: binary_i(op, a, sa, b, sb, out, n); break;
    default: binary_u(op, a, sa, b, sb, out, n); break;
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

static ck_status LEVELLED(binary)(
    ck_binary_op op, ck_dtype dtype, const void *a, int64_t sa, const void *b, int64_t sb, void *out, int64_t count) {
    if (dtype > CK_FLOAT64 && (op == CK_FLOOR_DIVIDE || op == CK_REMAINDER)) {
        ck_status status = check_divisors(dtype, b, sb || count == 0 ? count : 1);
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
#define FOR_ROWS(operands, ...) \
    int64_t index[CK_MAX_RANK + 1] = {0}, offset[operands] = {0}; \
    int64_t rows = 1, n = merged[kept - 1]; \
    for (int d = 0; d < kept - 1; d++) { rows *= merged[d]; } \
    for (int64_t row = 0; row < rows; row++) { \
        __VA_ARGS__ \
        for (int d = kept - 2; d >= 0; d--) { \
            for (int k = 0; k < operands; k++) { offset[k] += strides[k][d]; } \
            if (++index[d] < merged[d]) { break; } \
            for (int k = 0; k < operands; k++) { offset[k] -= strides[k][d] * merged[d]; } \
            index[d] = 0; \
        } \
    }

static void take_strides(int64_t *to, const int64_t *from, int rank) {
    memcpy(to, from, sizeof(int64_t) * (size_t)rank);
}

static ck_status LEVELLED(binary_broadcast)(
    ck_binary_op op, ck_dtype dtype, const void *a, const int64_t *sa, const void *b, const int64_t *sb, void *out,
    int rank, const int64_t *sizes) {
    if (ck_count(rank, sizes) == 0) { return CK_OK; }
    int64_t merged[CK_MAX_RANK + 1], strides[2][CK_MAX_RANK + 1];
    take_strides(strides[0], sa, rank);
    take_strides(strides[1], sb, rank);
    int kept = collapse(rank, sizes, merged, 2, strides);
    int64_t item = (int64_t)ck_item(dtype);
    if (kept == 1) { return LEVELLED(binary)(op, dtype, a, strides[0][0], b, strides[1][0], out, merged[0]); }
    if (dtype > CK_FLOAT64 && (op == CK_FLOOR_DIVIDE || op == CK_REMAINDER)) {
        int64_t whole = 1;
        for (int d = 0; d < kept; d++) { whole *= strides[1][d] ? merged[d] : 1; }
        ck_status status = check_divisors(dtype, b, whole);
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

#define TYPED "compare_typed.h"
#include "for_numbers.h"

static void LEVELLED(compare_broadcast)(
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

#define WHERE(name, T) \
    static void name( \
        const uint8_t *c, int64_t sc, const T *a, int64_t sa, const T *b, int64_t sb, T *out, int64_t n) { \
        CK_LOOP { T x = a[i * sa], y = b[i * sb]; out[i] = c[i * sc] ? x : y; } \
    }
WHERE(where_1, uint8_t)
WHERE(where_4, uint32_t)
WHERE(where_8, uint64_t)

static void LEVELLED(where_broadcast)(
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

#define TYPED "passes_typed.h"
#include "for_reals.h"

static void LEVELLED(axpy)(ck_dtype dtype, double alpha, const void *x, void *y, int64_t n) {
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

static void LEVELLED(affine)(ck_dtype dtype, double alpha, double beta, const void *x, void *out, int64_t n) {
    if (dtype == CK_FLOAT32) { affine_f((float)alpha, (float)beta, x, out, n); }
    if (dtype == CK_FLOAT64) { affine_d(alpha, beta, x, out, n); }
}

static void LEVELLED(mul3)(ck_dtype dtype, const void *g, const void *a, const void *b, void *out, int64_t n) {
    if (dtype == CK_FLOAT32) { mul3_f(g, a, b, out, n); }
    if (dtype == CK_FLOAT64) { mul3_d(g, a, b, out, n); }
}

static void LEVELLED(fill)(ck_dtype dtype, double real, int64_t integer, void *out, int64_t n) {
    switch (dtype) {
    case CK_FLOAT32: for (int64_t i = 0; i < n; i++) { ((float *)out)[i] = (float)real; } break;
    case CK_FLOAT64: for (int64_t i = 0; i < n; i++) { ((double *)out)[i] = real; } break;
    case CK_INT64: for (int64_t i = 0; i < n; i++) { ((int64_t *)out)[i] = integer; } break;
    default: memset(out, (int)(uint8_t)integer, (size_t)n); break;
    }
}

static void LEVELLED(arange)(ck_dtype dtype, double start, double step, int64_t istart, int64_t istep, void *out, int64_t n) {
    switch (dtype) {
    case CK_FLOAT32: for (int64_t i = 0; i < n; i++) { ((float *)out)[i] = (float)(start + (double)i * step); } break;
    case CK_FLOAT64: for (int64_t i = 0; i < n; i++) { ((double *)out)[i] = start + (double)i * step; } break;
    case CK_INT64: for (int64_t i = 0; i < n; i++) { ((int64_t *)out)[i] = wrap_add(istart, wrap_mul(i, istep)); } break;
    default: for (int64_t i = 0; i < n; i++) { ((uint8_t *)out)[i] = (uint8_t)(istart + i * istep); } break;
    }
}

// Out of range and NaN give the smallest int64, which C leaves undefined.
CK_INLINE int64_t whole(double x) { return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN; }

#define TO_WHOLE(x) whole((double)x)
#define TYPED "cast_typed.h"
#include "for_reals.h"
#undef TO_WHOLE
#define TO_WHOLE(x) x
#define TYPED "cast_typed.h"
#include "for_wholes.h"
#undef TO_WHOLE

static void LEVELLED(cast)(ck_dtype from, const void *x, ck_dtype to, void *out, int64_t n) {
    switch (from) {
    case CK_FLOAT32: cast_f(x, to, out, n); break;
    case CK_FLOAT64: cast_d(x, to, out, n); break;
    case CK_INT64: cast_i(x, to, out, n); break;
    default: cast_u(x, to, out, n); break;
    }
}

static int64_t LEVELLED(count_unequal)(
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
