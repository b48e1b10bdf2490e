#include "vector.h"

#define SQRT1_2 0.70710678118654752440
#define TWO_OVER_SQRT_PI 1.12837916709551257390
#define SQRT_2_OVER_PI 0.79788456080286535588
#define INV_SQRT_2PI 0.39894228040143267794

// erff and sinf stay in libm: exact, and no training loop of this project waits for them.
#define gelu_tanh_inner(x) (SQRT_2_OVER_PI * ((x) + 0.044715 * (x) * (x) * (x)))

#define UNARY(name, T, ...)                                                                                          \
    CK_CLONES static void name(const T *in, T *out, T p, T q, int64_t n) {                                           \
        (void)p, (void)q;                                                                                            \
        CK_LOOP { T x = in[i]; out[i] = (T)(__VA_ARGS__); }                                                          \
    }
#define BACKWARD(name, T, ...)                                                                                       \
    CK_CLONES static void name(const T *gradient, const T *value, T *out, T p, T q, int64_t n) {                     \
        (void)p, (void)q;                                                                                            \
        CK_LOOP { T g = gradient[i], v = value[i]; out[i] = (T)(__VA_ARGS__); }                                      \
    }
#define REALS(T, s, FN)                                                                                              \
    UNARY(neg_##s, T, -x)                                                                                            \
    UNARY(abs_##s, T, x < 0 ? -x : x == 0 ? (T)0 : x)                                                                \
    UNARY(sign_##s, T, (T)((x > 0) - (x < 0)))                                                                       \
    UNARY(square_##s, T, x * x)                                                                                      \
    UNARY(relu_##s, T, x < 0 ? (T)0 : x)                                                                             \
    UNARY(clamp_##s, T, (x < p ? p : x) > q ? q : (x < p ? p : x))                                                   \
    UNARY(round_##s, T, __builtin_elementwise_roundeven(x))                                                          \
    UNARY(floor_##s, T, __builtin_elementwise_floor(x))                                                              \
    UNARY(ceil_##s, T, __builtin_elementwise_ceil(x))                                                                \
    UNARY(reciprocal_##s, T, 1 / x)                                                                                  \
    UNARY(exp_##s, T, ck_exp_##FN(x))                                                                                \
    UNARY(log_##s, T, ck_log_##FN(x))                                                                                \
    UNARY(log1p_##s, T, ck_log1p_##FN(x))                                                                            \
    UNARY(expm1_##s, T, ck_expm1_##FN(x))                                                                            \
    UNARY(sqrt_##s, T, __builtin_elementwise_sqrt(x))                                                                \
    UNARY(rsqrt_##s, T, 1 / __builtin_elementwise_sqrt(x))                                                           \
    UNARY(tanh_##s, T, ck_tanh_##FN(x))                                                                              \
    UNARY(sigmoid_##s, T, ck_sigmoid_##FN(x))                                                                        \
    UNARY(leaky_##s, T, x < 0 ? p * x : x)                                                                           \
    UNARY(elu_##s, T, x < 0 ? p * ck_expm1_##FN(x) : x)                                                              \
    UNARY(gelut_##s, T, (T)0.5 * x * (1 + ck_tanh_##FN((T)gelu_tanh_inner(x))))                                      \
    UNARY(silu_##s, T, x * ck_sigmoid_##FN(x))                                                                       \
    UNARY(softplus_##s, T, x * p > q ? x : ck_log1p_##FN(ck_exp_##FN(x * p > q ? q : x * p)) / p)                    \
    BACKWARD(dabs_##s, T, v > 0 ? g : v < 0 ? -g : (T)0)                                                             \
    BACKWARD(dsquare_##s, T, 2 * g * v)                                                                              \
    BACKWARD(drelu_##s, T, v <= 0 ? (T)0 : g)                                                                        \
    BACKWARD(dclamp_##s, T, v >= p && v <= q ? g : (T)0)                                                             \
    BACKWARD(dhardtanh_##s, T, v > p && v < q ? g : (T)0)                                                            \
    BACKWARD(drecip_##s, T, -g * v * v)                                                                              \
    BACKWARD(dexp_##s, T, g * v)                                                                                     \
    BACKWARD(dlog_##s, T, g / v)                                                                                     \
    BACKWARD(dlog1p_##s, T, g / (1 + v))                                                                             \
    BACKWARD(dexpm1_##s, T, g * (v + 1))                                                                             \
    BACKWARD(dsqrt_##s, T, g / (2 * v))                                                                              \
    BACKWARD(drsqrt_##s, T, (T)-0.5 * g * v * v * v)                                                                 \
    BACKWARD(dtanh_##s, T, g * (1 - v * v))                                                                          \
    BACKWARD(dsigmoid_##s, T, g * v * (1 - v))                                                                       \
    BACKWARD(derf_##s, T, g * (T)TWO_OVER_SQRT_PI * ck_exp_##FN(-v * v))                                             \
    BACKWARD(dleaky_##s, T, v > 0 ? g : p * g)                                                                       \
    BACKWARD(delu_##s, T, v > 0 ? g : g * p * ck_exp_##FN(v))                                                        \
    CK_CLONES static void dgelut_##s(const T *gradient, const T *value, T *out, T p, T q, int64_t n) {               \
        (void)p, (void)q;                                                                                            \
        CK_LOOP {                                                                                                    \
            T v = value[i], t = ck_tanh_##FN((T)gelu_tanh_inner(v));                                                 \
            T slope = (T)SQRT_2_OVER_PI * (1 + (T)(3 * 0.044715) * v * v);                                           \
            out[i] = gradient[i] * (T)0.5 * (1 + t + v * (1 - t * t) * slope);                                       \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void dsilu_##s(const T *gradient, const T *value, T *out, T p, T q, int64_t n) {                \
        (void)p, (void)q;                                                                                            \
        CK_LOOP {                                                                                                    \
            T v = value[i], y = ck_sigmoid_##FN(v);                                                                  \
            out[i] = gradient[i] * y * (1 + v * (1 - y));                                                            \
        }                                                                                                            \
    }                                                                                                                \
    BACKWARD(dsoftplus_##s, T, v * p > q ? g : g * ck_sigmoid_##FN(v * p))
REALS(float, f, f)
REALS(double, d, d)

UNARY(sin_f, float, sinf(x))
UNARY(sin_d, double, sin(x))
UNARY(cos_f, float, cosf(x))
UNARY(cos_d, double, cos(x))
UNARY(erf_f, float, erff(x))
UNARY(erf_d, double, erf(x))
UNARY(gelu_f, float, 0.5f * x * (1 + erff(x * (float)SQRT1_2)))
UNARY(gelu_d, double, 0.5 * x * (1 + erf(x * SQRT1_2)))
BACKWARD(dsin_f, float, g * cosf(v))
BACKWARD(dsin_d, double, g * cos(v))
BACKWARD(dcos_f, float, -g * sinf(v))
BACKWARD(dcos_d, double, -g * sin(v))
BACKWARD(
    dgelu_f, float,
    g * (0.5f * (1 + erff(v * (float)SQRT1_2)) + v * (float)INV_SQRT_2PI * ck_exp_f(-0.5f * v * v)))
BACKWARD(dgelu_d, double, g * (0.5 * (1 + erf(v * SQRT1_2)) + v * INV_SQRT_2PI * exp(-0.5 * v * v)))

#define FORWARD_CASES(T, s)                                                                                          \
    switch (op) {                                                                                                    \
    case CK_NEG: neg_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_ABS: abs_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_SIGN: sign_##s(x, out, (T)p, (T)q, n); break;                                                            \
    case CK_SQUARE: square_##s(x, out, (T)p, (T)q, n); break;                                                        \
    case CK_RELU: relu_##s(x, out, (T)p, (T)q, n); break;                                                            \
    case CK_CLAMP: case CK_HARDTANH: clamp_##s(x, out, (T)p, (T)q, n); break;                                        \
    case CK_ROUND: round_##s(x, out, (T)p, (T)q, n); break;                                                          \
    case CK_FLOOR: floor_##s(x, out, (T)p, (T)q, n); break;                                                          \
    case CK_CEIL: ceil_##s(x, out, (T)p, (T)q, n); break;                                                            \
    case CK_RECIPROCAL: reciprocal_##s(x, out, (T)p, (T)q, n); break;                                                \
    case CK_EXP: exp_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_LOG: log_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_LOG1P: log1p_##s(x, out, (T)p, (T)q, n); break;                                                          \
    case CK_EXPM1: expm1_##s(x, out, (T)p, (T)q, n); break;                                                          \
    case CK_SQRT: sqrt_##s(x, out, (T)p, (T)q, n); break;                                                            \
    case CK_RSQRT: rsqrt_##s(x, out, (T)p, (T)q, n); break;                                                          \
    case CK_SIN: sin_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_COS: cos_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_TANH: tanh_##s(x, out, (T)p, (T)q, n); break;                                                            \
    case CK_SIGMOID: sigmoid_##s(x, out, (T)p, (T)q, n); break;                                                      \
    case CK_ERF: erf_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_LEAKY_RELU: leaky_##s(x, out, (T)p, (T)q, n); break;                                                     \
    case CK_ELU: elu_##s(x, out, (T)p, (T)q, n); break;                                                              \
    case CK_GELU: gelu_##s(x, out, (T)p, (T)q, n); break;                                                            \
    case CK_GELU_TANH: gelut_##s(x, out, (T)p, (T)q, n); break;                                                      \
    case CK_SILU: silu_##s(x, out, (T)p, (T)q, n); break;                                                            \
    case CK_SOFTPLUS: softplus_##s(x, out, (T)p, (T)q, n); break;                                                    \
    }
#define BACKWARD_CASES(T, s)                                                                                         \
    switch (op) {                                                                                                    \
    case CK_NEG: neg_##s(g, out, (T)p, (T)q, n); break;                                                              \
    case CK_ABS: dabs_##s(g, v, out, (T)p, (T)q, n); break;                                                          \
    case CK_SIGN: case CK_ROUND: case CK_FLOOR: case CK_CEIL: memset(out, 0, (size_t)n * sizeof(T)); break;          \
    case CK_SQUARE: dsquare_##s(g, v, out, (T)p, (T)q, n); break;                                                    \
    case CK_RELU: drelu_##s(g, v, out, (T)p, (T)q, n); break;                                                        \
    case CK_CLAMP: dclamp_##s(g, v, out, (T)p, (T)q, n); break;                                                      \
    case CK_HARDTANH: dhardtanh_##s(g, v, out, (T)p, (T)q, n); break;                                                \
    case CK_RECIPROCAL: drecip_##s(g, v, out, (T)p, (T)q, n); break;                                                 \
    case CK_EXP: dexp_##s(g, v, out, (T)p, (T)q, n); break;                                                          \
    case CK_LOG: dlog_##s(g, v, out, (T)p, (T)q, n); break;                                                          \
    case CK_LOG1P: dlog1p_##s(g, v, out, (T)p, (T)q, n); break;                                                      \
    case CK_EXPM1: dexpm1_##s(g, v, out, (T)p, (T)q, n); break;                                                      \
    case CK_SQRT: dsqrt_##s(g, v, out, (T)p, (T)q, n); break;                                                        \
    case CK_RSQRT: drsqrt_##s(g, v, out, (T)p, (T)q, n); break;                                                      \
    case CK_SIN: dsin_##s(g, v, out, (T)p, (T)q, n); break;                                                          \
    case CK_COS: dcos_##s(g, v, out, (T)p, (T)q, n); break;                                                          \
    case CK_TANH: dtanh_##s(g, v, out, (T)p, (T)q, n); break;                                                        \
    case CK_SIGMOID: dsigmoid_##s(g, v, out, (T)p, (T)q, n); break;                                                  \
    case CK_ERF: derf_##s(g, v, out, (T)p, (T)q, n); break;                                                          \
    case CK_LEAKY_RELU: dleaky_##s(g, v, out, (T)p, (T)q, n); break;                                                 \
    case CK_ELU: delu_##s(g, v, out, (T)p, (T)q, n); break;                                                          \
    case CK_GELU: dgelu_##s(g, v, out, (T)p, (T)q, n); break;                                                        \
    case CK_GELU_TANH: dgelut_##s(g, v, out, (T)p, (T)q, n); break;                                                  \
    case CK_SILU: dsilu_##s(g, v, out, (T)p, (T)q, n); break;                                                        \
    case CK_SOFTPLUS: dsoftplus_##s(g, v, out, (T)p, (T)q, n); break;                                                \
    }

static void unary_f(ck_unary_op op, double p, double q, const float *x, float *out, int64_t n) {
    FORWARD_CASES(float, f)
}
static void unary_d(ck_unary_op op, double p, double q, const double *x, double *out, int64_t n) {
    FORWARD_CASES(double, d)
}
static void backward_f(ck_unary_op op, double p, double q, const float *g, const float *v, float *out, int64_t n) {
    BACKWARD_CASES(float, f)
}
static void backward_d(ck_unary_op op, double p, double q, const double *g, const double *v, double *out, int64_t n) {
    BACKWARD_CASES(double, d)
}

static int64_t whole_value(ck_unary_op op, double p, double q, int64_t x) {
    switch (op) {
    case CK_NEG: return (int64_t)(0 - (uint64_t)x);
    case CK_ABS: return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
    case CK_SIGN: return (x > 0) - (x < 0);
    case CK_SQUARE: return (int64_t)((uint64_t)x * (uint64_t)x);
    case CK_RELU: return x < 0 ? 0 : x;
    case CK_CLAMP: case CK_HARDTANH:
        if ((double)x < p) { x = (int64_t)p; }
        return (double)x > q ? (int64_t)q : x;
    default: return x;
    }
}

typedef struct {
    ck_unary_op op;
    ck_dtype dtype;
    double p, q;
    const char *g, *v;
    char *out;
} unary_job;

static void unary_piece(void *context, int64_t from, int64_t to) {
    const unary_job *job = context;
    int64_t n = to - from, at = from * (int64_t)ck_item(job->dtype);
    const char *v = job->v + at;
    char *out = job->out + at;
    switch (job->dtype) {
    case CK_FLOAT32:
        if (job->g) { backward_f(job->op, job->p, job->q, (const float *)(job->g + at), (const float *)v, (float *)out, n); }
        else { unary_f(job->op, job->p, job->q, (const float *)v, (float *)out, n); }
        break;
    case CK_FLOAT64:
        if (job->g) { backward_d(job->op, job->p, job->q, (const double *)(job->g + at), (const double *)v, (double *)out, n); }
        else { unary_d(job->op, job->p, job->q, (const double *)v, (double *)out, n); }
        break;
    case CK_INT64:
        for (int64_t i = 0; i < n; i++) {
            ((int64_t *)out)[i] = whole_value(job->op, job->p, job->q, ((const int64_t *)v)[i]);
        }
        break;
    default:
        for (int64_t i = 0; i < n; i++) {
            out[i] = (char)(uint8_t)whole_value(job->op, job->p, job->q, ((const uint8_t *)v)[i]);
        }
        break;
    }
}

static int64_t grain(ck_unary_op op) { return op < CK_EXP ? 1 << 17 : op < CK_SIN ? 1 << 15 : 1 << 13; }

void ck_unary(ck_unary_op op, ck_dtype dtype, double p, double q, const void *x, void *out, int64_t n) {
    unary_job job = {op, dtype, p, q, NULL, x, out};
    ck_split(n, grain(op), unary_piece, &job);
}

void ck_unary_backward(
    ck_unary_op op, ck_dtype dtype, double p, double q, const void *g, const void *v, void *out, int64_t n) {
    unary_job job = {op, dtype, p, q, g, v, out};
    ck_split(n, grain(op), unary_piece, &job);
}

#define CLASSIFY(T, s)                                                                                               \
    CK_CLONES static void classify_##s(ck_classify_op op, const T *x, uint8_t *out, int64_t n) {                     \
        switch (op) {                                                                                                \
        case CK_ISNAN: CK_LOOP { out[i] = x[i] != x[i]; } break;                                                     \
        case CK_ISINF: CK_LOOP { out[i] = x[i] == (T)INFINITY || x[i] == -(T)INFINITY; } break;                      \
        case CK_ISFINITE: CK_LOOP { out[i] = x[i] - x[i] == 0; } break;                                              \
        }                                                                                                            \
    }
CLASSIFY(float, f)
CLASSIFY(double, d)

void ck_classify(ck_classify_op op, ck_dtype dtype, const void *x, uint8_t *out, int64_t n) {
    if (dtype == CK_FLOAT32) { classify_f(op, x, out, n); }
    else if (dtype == CK_FLOAT64) { classify_d(op, x, out, n); }
    else { memset(out, op == CK_ISFINITE, (size_t)n); }
}
