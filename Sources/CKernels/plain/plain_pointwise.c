// Functions of one operand, in double with libm.
#include "plain.h"

static const double sqrt_half = 0.70710678118654752440, sqrt_2_over_pi = 0.79788456080286535588;
static const double two_over_sqrt_pi = 1.12837916709551257390, one_over_sqrt_2pi = 0.39894228040143267794;
static const double gelu_cube = 0.044715;

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double gelu_inner(double x) { return sqrt_2_over_pi * (x + gelu_cube * x * x * x); }

static double value(ck_unary_op op, double p, double q, double x) {
    switch (op) {
    case CK_NEG: return -x;
    case CK_ABS: return fabs(x);
    case CK_SIGN: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case CK_SQUARE: return x * x;
    case CK_RELU: return x < 0 ? 0 : x;
    case CK_CLAMP: case CK_HARDTANH:
        if (x < p) { x = p; }
        return x > q ? q : x;
    case CK_ROUND: return nearbyint(x);
    case CK_FLOOR: return floor(x);
    case CK_CEIL: return ceil(x);
    case CK_RECIPROCAL: return 1 / x;
    case CK_EXP: return exp(x);
    case CK_LOG: return log(x);
    case CK_LOG1P: return log1p(x);
    case CK_EXPM1: return expm1(x);
    case CK_SQRT: return sqrt(x);
    case CK_RSQRT: return 1 / sqrt(x);
    case CK_SIN: return sin(x);
    case CK_COS: return cos(x);
    case CK_TANH: return tanh(x);
    case CK_SIGMOID: return sigmoid(x);
    case CK_ERF: return erf(x);
    case CK_LEAKY_RELU: return x < 0 ? p * x : x;
    case CK_ELU: return x < 0 ? p * expm1(x) : x;
    case CK_GELU: return 0.5 * x * erfc(-x * sqrt_half);
    case CK_GELU_TANH: return 0.5 * x * (1 + tanh(gelu_inner(x)));
    case CK_SILU: return x * sigmoid(x);
    case CK_SOFTPLUS: return x * p > q ? x : log1p(exp(x * p)) / p;
    }
    return 0;
}

/// g · f'(v), v being the function's result where its derivative is had from that.
static double derivative(ck_unary_op op, double p, double q, double g, double v) {
    double t;
    switch (op) {
    case CK_NEG: return -g;
    case CK_ABS: return v > 0 ? g : v < 0 ? -g : 0;
    case CK_SIGN: case CK_ROUND: case CK_FLOOR: case CK_CEIL: return 0;
    case CK_SQUARE: return 2 * g * v;
    case CK_RELU: return v <= 0 ? 0 : g;
    case CK_CLAMP: return v >= p && v <= q ? g : 0;
    case CK_HARDTANH: return v > p && v < q ? g : 0;
    case CK_RECIPROCAL: return -g * v * v;
    case CK_EXP: return g * v;
    case CK_LOG: return g / v;
    case CK_LOG1P: return g / (1 + v);
    case CK_EXPM1: return g * (v + 1);
    case CK_SQRT: return g / (2 * v);
    case CK_RSQRT: return -0.5 * g * v * v * v;
    case CK_SIN: return g * cos(v);
    case CK_COS: return -g * sin(v);
    case CK_TANH: return g * (1 - v * v);
    case CK_SIGMOID: return g * v * (1 - v);
    case CK_ERF: return g * two_over_sqrt_pi * exp(-v * v);
    case CK_LEAKY_RELU: return v > 0 ? g : p * g;
    case CK_ELU: return v <= 0 ? g * p * exp(v) : g;
    case CK_GELU: return g * (0.5 * erfc(-v * sqrt_half) + v * one_over_sqrt_2pi * exp(-0.5 * v * v));
    case CK_GELU_TANH:
        t = tanh(gelu_inner(v));
        return g * 0.5 * (1 + t + v * (1 - t * t) * sqrt_2_over_pi * (1 + 3 * gelu_cube * v * v));
    case CK_SILU:
        t = sigmoid(v);
        return g * t * (1 + v * (1 - t));
    case CK_SOFTPLUS: return v * p > q ? g : g * sigmoid(v * p);
    }
    return 0;
}

static int64_t whole_value(ck_unary_op op, double p, double q, int64_t x) {
    uint64_t bits = (uint64_t)x;
    switch (op) {
    case CK_NEG: return (int64_t)(0 - bits);
    case CK_ABS: return x < 0 ? (int64_t)(0 - bits) : x;
    case CK_SIGN: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case CK_SQUARE: return (int64_t)(bits * bits);
    case CK_RELU: return x < 0 ? 0 : x;
    case CK_CLAMP: case CK_HARDTANH:
        if ((double)x < p) { x = (int64_t)p; }
        return (double)x > q ? (int64_t)q : x;
    default: return x;
    }
}

void ckp_unary(ck_unary_op op, ck_dtype dtype, double p, double q, const void *x, void *out, int64_t count) {
    bool real = ckp_is_real(dtype);
    // A bound is the number of the tensor's dtype that is nearest to it.
    if (real) { p = ckp_stored(dtype, p), q = ckp_stored(dtype, q); }
    for (int64_t i = 0; i < count; i++) {
        if (real) { ckp_set(dtype, out, i, value(op, p, q, ckp_get(dtype, x, i))); }
        else { ckp_set_whole(dtype, out, i, whole_value(op, p, q, ckp_get_whole(dtype, x, i))); }
    }
}

void ckp_unary_backward(
    ck_unary_op op, ck_dtype dtype, double p, double q, const void *g, const void *v, void *out, int64_t count) {
    p = ckp_stored(dtype, p), q = ckp_stored(dtype, q);
    for (int64_t i = 0; i < count; i++) {
        ckp_set(dtype, out, i, derivative(op, p, q, ckp_get(dtype, g, i), ckp_get(dtype, v, i)));
    }
}

void ckp_classify(ck_classify_op op, ck_dtype dtype, const void *x, uint8_t *out, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        double v = ckp_is_real(dtype) ? ckp_get(dtype, x, i) : 0;
        out[i] = op == CK_ISNAN ? isnan(v) != 0 : op == CK_ISINF ? isinf(v) != 0 : isfinite(v) != 0;
    }
}
