#define TWO_OVER_SQRT_PI 1.12837916709551257390
#define SQRT_2_OVER_PI 0.79788456080286535588
#define INV_SQRT_2PI 0.39894228040143267794

#define gelu_tanh_inner(x) (SQRT_2_OVER_PI * ((x) + 0.044715 * (x) * (x) * (x)))

#define TYPED "pointwise_typed.h"
#include "for_reals.h"

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
        if (job->g) { unary_backward_f(job->op, job->p, job->q, (const float *)(job->g + at), (const float *)v, (float *)out, n); }
        else { unary_f(job->op, job->p, job->q, (const float *)v, (float *)out, n); }
        break;
    case CK_FLOAT64:
        if (job->g) { unary_backward_d(job->op, job->p, job->q, (const double *)(job->g + at), (const double *)v, (double *)out, n); }
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

static int64_t unary_grain(ck_unary_op op) { return op < CK_EXP ? 1 << 17 : op < CK_SIN ? 1 << 15 : 1 << 13; }

static void LEVELLED(unary)(ck_unary_op op, ck_dtype dtype, double p, double q, const void *x, void *out, int64_t n) {
    unary_job job = {op, dtype, p, q, NULL, x, out};
    ck_split(n, unary_grain(op), unary_piece, &job);
}

static void LEVELLED(unary_backward)(
    ck_unary_op op, ck_dtype dtype, double p, double q, const void *g, const void *v, void *out, int64_t n) {
    unary_job job = {op, dtype, p, q, g, v, out};
    ck_split(n, unary_grain(op), unary_piece, &job);
}

static void LEVELLED(classify)(ck_classify_op op, ck_dtype dtype, const void *x, uint8_t *out, int64_t n) {
    if (dtype == CK_FLOAT32) { classify_f(op, x, out, n); }
    else if (dtype == CK_FLOAT64) { classify_d(op, x, out, n); }
    else { memset(out, op == CK_ISFINITE, (size_t)n); }
}
