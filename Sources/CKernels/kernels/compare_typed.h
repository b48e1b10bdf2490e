// Comparisons of two numbers of type T.

#define COMPARE(name, ...) \
    static void NAME(compare_##name)(const T *a, int64_t sa, const T *b, int64_t sb, uint8_t *out, int64_t n) { \
        CK_LOOP { T x = a[i * sa], y = b[i * sb]; out[i] = __VA_ARGS__; } \
    }
COMPARE(eq, x == y)
COMPARE(ne, x != y)
COMPARE(lt, x < y)
COMPARE(le, x <= y)
COMPARE(gt, x > y)
COMPARE(ge, x >= y)
#undef COMPARE

static void NAME(compare)(
    ck_compare_op op, const T *a, int64_t sa, const T *b, int64_t sb, uint8_t *out, int64_t n) {
    switch (op) {
    case CK_EQ: NAME(compare_eq)(a, sa, b, sb, out, n); break;
    case CK_NE: NAME(compare_ne)(a, sa, b, sb, out, n); break;
    case CK_LT: NAME(compare_lt)(a, sa, b, sb, out, n); break;
    case CK_LE: NAME(compare_le)(a, sa, b, sb, out, n); break;
    case CK_GT: NAME(compare_gt)(a, sa, b, sb, out, n); break;
    case CK_GE: NAME(compare_ge)(a, sa, b, sb, out, n); break;
    }
}
