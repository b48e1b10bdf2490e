// Operations on two whole numbers of type T.

BINARY(add, wrap_add(x, y))
BINARY(sub, wrap_sub(x, y))
BINARY(mul, wrap_mul(x, y))
BINARY(floordiv, floor_divide_i(x, y))
BINARY(rem, remainder_i(x, y))
BINARY(pow, power(x, y))
BINARY(max, x > y ? x : y)
BINARY(min, x < y ? x : y)
BINARY(and, x & y)
BINARY(or, x | y)
BINARY(xor, x ^ y)

static void NAME(binary)(
    ck_binary_op op, const T *a, int64_t sa, const T *b, int64_t sb, T *out, int64_t n) {
    switch (op) {
    case CK_ADD: NAME(binary_add)(a, sa, b, sb, out, n); break;
    case CK_SUB: NAME(binary_sub)(a, sa, b, sb, out, n); break;
    case CK_MUL: NAME(binary_mul)(a, sa, b, sb, out, n); break;
    case CK_FLOOR_DIVIDE: NAME(binary_floordiv)(a, sa, b, sb, out, n); break;
    case CK_REMAINDER: NAME(binary_rem)(a, sa, b, sb, out, n); break;
    case CK_POW: NAME(binary_pow)(a, sa, b, sb, out, n); break;
    case CK_MAXIMUM: NAME(binary_max)(a, sa, b, sb, out, n); break;
    case CK_MINIMUM: NAME(binary_min)(a, sa, b, sb, out, n); break;
    case CK_AND: NAME(binary_and)(a, sa, b, sb, out, n); break;
    case CK_OR: NAME(binary_or)(a, sa, b, sb, out, n); break;
    case CK_XOR: NAME(binary_xor)(a, sa, b, sb, out, n); break;
    default: break;
    }
}
