// Operations on two floating-point numbers of type T.

BINARY(add, x + y)
BINARY(sub, x - y)
BINARY(mul, x * y)
BINARY(div, x / y)
BINARY(floordiv, NAME(floor_divide)(x, y))
BINARY(rem, NAME(remainder)(x, y))
BINARY(pow, NAME(ck_pow)(x, y))
BINARY(square, (void)y, x * x)
BINARY(max, x != x ? x : y != y ? y : x > y ? x : y)
BINARY(min, x != x ? x : y != y ? y : x < y ? x : y)

static void NAME(binary)(
    ck_binary_op op, const T *a, int64_t sa, const T *b, int64_t sb, T *out, int64_t n) {
    switch (op) {
    case CK_ADD: NAME(binary_add)(a, sa, b, sb, out, n); break;
    case CK_SUB: NAME(binary_sub)(a, sa, b, sb, out, n); break;
    case CK_MUL: NAME(binary_mul)(a, sa, b, sb, out, n); break;
    case CK_DIV: NAME(binary_div)(a, sa, b, sb, out, n); break;
    case CK_FLOOR_DIVIDE: NAME(binary_floordiv)(a, sa, b, sb, out, n); break;
    case CK_REMAINDER: NAME(binary_rem)(a, sa, b, sb, out, n); break;
    case CK_POW:
        if (!sb && *(const T *)b == 2) { NAME(binary_square)(a, sa, b, sb, out, n); }
        else { NAME(binary_pow)(a, sa, b, sb, out, n); }
        break;
    case CK_MAXIMUM: NAME(binary_max)(a, sa, b, sb, out, n); break;
    case CK_MINIMUM: NAME(binary_min)(a, sa, b, sb, out, n); break;
    default: break;
    }
}
