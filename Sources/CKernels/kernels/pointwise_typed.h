// Functions of one number of type T, their derivatives, and the choice among them.

#define UNARY(name, ...) \
    static void NAME(unary_##name)(const T *in, T *out, T p, T q, int64_t n) { \
        (void)p, (void)q; \
        CK_LOOP { T x = in[i]; out[i] = (T)(__VA_ARGS__); } \
    }
#define DERIVATIVE(name, ...) \
    static void NAME(derivative_##name)(const T *gradient, const T *value, T *out, T p, T q, int64_t n) { \
        (void)p, (void)q; \
        CK_LOOP { T g = gradient[i], v = value[i]; out[i] = (T)(__VA_ARGS__); } \
    }

UNARY(neg, -x)
UNARY(abs, x < 0 ? -x : x == 0 ? (T)0 : x)
UNARY(sign, (T)((x > 0) - (x < 0)))
UNARY(square, x * x)
UNARY(relu, x < 0 ? (T)0 : x)
UNARY(clamp, (x < p ? p : x) > q ? q : (x < p ? p : x))
UNARY(round, __builtin_elementwise_roundeven(x))
UNARY(floor, __builtin_elementwise_floor(x))
UNARY(ceil, __builtin_elementwise_ceil(x))
UNARY(reciprocal, 1 / x)
UNARY(exp, NAME(ck_exp)(x))
UNARY(log, NAME(ck_log)(x))
UNARY(log1p, NAME(ck_log1p)(x))
UNARY(expm1, NAME(ck_expm1)(x))
UNARY(sqrt, __builtin_elementwise_sqrt(x))
UNARY(rsqrt, 1 / __builtin_elementwise_sqrt(x))
UNARY(tanh, NAME(ck_tanh)(x))
UNARY(sigmoid, NAME(ck_sigmoid)(x))
UNARY(leaky, x < 0 ? p * x : x)
UNARY(elu, x < 0 ? p * NAME(ck_expm1)(x) : x)
UNARY(gelut, (T)0.5 * x * (1 + NAME(ck_tanh)((T)gelu_tanh_inner(x))))
UNARY(sin, NAME(ck_sin)(x))
UNARY(cos, NAME(ck_cos)(x))
UNARY(erf, NAME(ck_erf)(x))
UNARY(gelu, x * NAME(ck_normal)(x))
UNARY(silu, x * NAME(ck_sigmoid)(x))
UNARY(softplus, x * p > q ? x : NAME(ck_log1p)(NAME(ck_exp)(x * p > q ? q : x * p)) / p)
DERIVATIVE(abs, v > 0 ? g : v < 0 ? -g : (T)0)
DERIVATIVE(square, 2 * g * v)
DERIVATIVE(relu, v <= 0 ? (T)0 : g)
DERIVATIVE(clamp, v >= p && v <= q ? g : (T)0)
DERIVATIVE(hardtanh, v <= p || v >= q ? (T)0 : g)
DERIVATIVE(recip, -g * v * v)
DERIVATIVE(exp, g * v)
DERIVATIVE(log, g / v)
DERIVATIVE(log1p, g / (1 + v))
DERIVATIVE(expm1, g * (v + 1))
DERIVATIVE(sqrt, g / (2 * v))
DERIVATIVE(rsqrt, (T)-0.5 * g * v * v * v)
DERIVATIVE(tanh, g * (1 - v * v))
DERIVATIVE(sigmoid, g * v * (1 - v))
DERIVATIVE(erf, g * (T)TWO_OVER_SQRT_PI * NAME(ck_exp)(-v * v))
DERIVATIVE(sin, g * NAME(ck_cos)(v))
DERIVATIVE(cos, -g * NAME(ck_sin)(v))
DERIVATIVE(gelu, g * (NAME(ck_normal)(v) + v * (T)INV_SQRT_2PI * NAME(ck_exp)((T)-0.5 * v * v)))
DERIVATIVE(leaky, v > 0 ? g : p * g)
DERIVATIVE(elu, v <= 0 ? g * p * NAME(ck_exp)(v) : g)
static void NAME(derivative_gelut)(const T *gradient, const T *value, T *out, T p, T q, int64_t n) {
    (void)p, (void)q;
    CK_LOOP {
        T v = value[i], t = NAME(ck_tanh)((T)gelu_tanh_inner(v));
        T slope = (T)SQRT_2_OVER_PI * (1 + (T)(3 * 0.044715) * v * v);
        out[i] = gradient[i] * (T)0.5 * (1 + t + v * (1 - t * t) * slope);
    }
}

static void NAME(derivative_silu)(const T *gradient, const T *value, T *out, T p, T q, int64_t n) {
    (void)p, (void)q;
    CK_LOOP {
        T v = value[i], y = NAME(ck_sigmoid)(v);
        out[i] = gradient[i] * y * (1 + v * (1 - y));
    }
}
DERIVATIVE(softplus, v * p > q ? g : g * NAME(ck_sigmoid)(v * p))

#undef UNARY
#undef DERIVATIVE

static void NAME(unary)(ck_unary_op op, double p, double q, const T *x, T *out, int64_t n) {
    switch (op) {
    case CK_NEG: NAME(unary_neg)(x, out, (T)p, (T)q, n); break;
    case CK_ABS: NAME(unary_abs)(x, out, (T)p, (T)q, n); break;
    case CK_SIGN: NAME(unary_sign)(x, out, (T)p, (T)q, n); break;
    case CK_SQUARE: NAME(unary_square)(x, out, (T)p, (T)q, n); break;
    case CK_RELU: NAME(unary_relu)(x, out, (T)p, (T)q, n); break;
    case CK_CLAMP: case CK_HARDTANH: NAME(unary_clamp)(x, out, (T)p, (T)q, n); break;
    case CK_ROUND: NAME(unary_round)(x, out, (T)p, (T)q, n); break;
    case CK_FLOOR: NAME(unary_floor)(x, out, (T)p, (T)q, n); break;
    case CK_CEIL: NAME(unary_ceil)(x, out, (T)p, (T)q, n); break;
    case CK_RECIPROCAL: NAME(unary_reciprocal)(x, out, (T)p, (T)q, n); break;
    case CK_EXP: NAME(unary_exp)(x, out, (T)p, (T)q, n); break;
    case CK_LOG: NAME(unary_log)(x, out, (T)p, (T)q, n); break;
    case CK_LOG1P: NAME(unary_log1p)(x, out, (T)p, (T)q, n); break;
    case CK_EXPM1: NAME(unary_expm1)(x, out, (T)p, (T)q, n); break;
    case CK_SQRT: NAME(unary_sqrt)(x, out, (T)p, (T)q, n); break;
    case CK_RSQRT: NAME(unary_rsqrt)(x, out, (T)p, (T)q, n); break;
    case CK_SIN: NAME(unary_sin)(x, out, (T)p, (T)q, n); break;
    case CK_COS: NAME(unary_cos)(x, out, (T)p, (T)q, n); break;
    case CK_TANH: NAME(unary_tanh)(x, out, (T)p, (T)q, n); break;
    case CK_SIGMOID: NAME(unary_sigmoid)(x, out, (T)p, (T)q, n); break;
    case CK_ERF: NAME(unary_erf)(x, out, (T)p, (T)q, n); break;
    case CK_LEAKY_RELU: NAME(unary_leaky)(x, out, (T)p, (T)q, n); break;
    case CK_ELU: NAME(unary_elu)(x, out, (T)p, (T)q, n); break;
    case CK_GELU: NAME(unary_gelu)(x, out, (T)p, (T)q, n); break;
    case CK_GELU_TANH: NAME(unary_gelut)(x, out, (T)p, (T)q, n); break;
    case CK_SILU: NAME(unary_silu)(x, out, (T)p, (T)q, n); break;
    case CK_SOFTPLUS: NAME(unary_softplus)(x, out, (T)p, (T)q, n); break;
    }
}

static void NAME(unary_backward)(ck_unary_op op, double p, double q, const T *g, const T *v, T *out, int64_t n) {
    switch (op) {
    case CK_NEG: NAME(unary_neg)(g, out, (T)p, (T)q, n); break;
    case CK_ABS: NAME(derivative_abs)(g, v, out, (T)p, (T)q, n); break;
    case CK_SIGN: case CK_ROUND: case CK_FLOOR: case CK_CEIL: memset(out, 0, (size_t)n * sizeof(T)); break;
    case CK_SQUARE: NAME(derivative_square)(g, v, out, (T)p, (T)q, n); break;
    case CK_RELU: NAME(derivative_relu)(g, v, out, (T)p, (T)q, n); break;
    case CK_CLAMP: NAME(derivative_clamp)(g, v, out, (T)p, (T)q, n); break;
    case CK_HARDTANH: NAME(derivative_hardtanh)(g, v, out, (T)p, (T)q, n); break;
    case CK_RECIPROCAL: NAME(derivative_recip)(g, v, out, (T)p, (T)q, n); break;
    case CK_EXP: NAME(derivative_exp)(g, v, out, (T)p, (T)q, n); break;
    case CK_LOG: NAME(derivative_log)(g, v, out, (T)p, (T)q, n); break;
    case CK_LOG1P: NAME(derivative_log1p)(g, v, out, (T)p, (T)q, n); break;
    case CK_EXPM1: NAME(derivative_expm1)(g, v, out, (T)p, (T)q, n); break;
    case CK_SQRT: NAME(derivative_sqrt)(g, v, out, (T)p, (T)q, n); break;
    case CK_RSQRT: NAME(derivative_rsqrt)(g, v, out, (T)p, (T)q, n); break;
    case CK_SIN: NAME(derivative_sin)(g, v, out, (T)p, (T)q, n); break;
    case CK_COS: NAME(derivative_cos)(g, v, out, (T)p, (T)q, n); break;
    case CK_TANH: NAME(derivative_tanh)(g, v, out, (T)p, (T)q, n); break;
    case CK_SIGMOID: NAME(derivative_sigmoid)(g, v, out, (T)p, (T)q, n); break;
    case CK_ERF: NAME(derivative_erf)(g, v, out, (T)p, (T)q, n); break;
    case CK_LEAKY_RELU: NAME(derivative_leaky)(g, v, out, (T)p, (T)q, n); break;
    case CK_ELU: NAME(derivative_elu)(g, v, out, (T)p, (T)q, n); break;
    case CK_GELU: NAME(derivative_gelu)(g, v, out, (T)p, (T)q, n); break;
    case CK_GELU_TANH: NAME(derivative_gelut)(g, v, out, (T)p, (T)q, n); break;
    case CK_SILU: NAME(derivative_silu)(g, v, out, (T)p, (T)q, n); break;
    case CK_SOFTPLUS: NAME(derivative_softplus)(g, v, out, (T)p, (T)q, n); break;
    }
}

static void NAME(classify)(ck_classify_op op, const T *x, uint8_t *out, int64_t n) {
    switch (op) {
    case CK_ISNAN: CK_LOOP { out[i] = x[i] != x[i]; } break;
    case CK_ISINF: CK_LOOP { out[i] = x[i] == (T)INFINITY || x[i] == -(T)INFINITY; } break;
    case CK_ISFINITE: CK_LOOP { out[i] = x[i] - x[i] == 0; } break;
    }
}
