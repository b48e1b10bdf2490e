#include "vector.h"

// Bodies take their options as constants: a branch on a pointer or flag inside the loop would keep it from vectorising.
#define OPTIMIZERS(T, s)                                                                                             \
    CK_CLONES static void sgd_##s(T *p, const T *grad, T lr, T decay, T sign, int64_t n) {                           \
        CK_LOOP { p[i] -= lr * (sign * grad[i] + decay * p[i]); }                                                    \
    }                                                                                                                \
    CK_INLINE void momentum_body_##s(                                                                                \
        T *p, const T *grad, T *buffer, T lr, T momentum, T fresh, T decay, T sign, bool nesterov, bool first,       \
        int64_t n) {                                                                                                 \
        CK_LOOP {                                                                                                    \
            T g = sign * grad[i] + decay * p[i];                                                                     \
            T b = first ? g : momentum * buffer[i] + fresh * g;                                                      \
            buffer[i] = b;                                                                                           \
            p[i] -= lr * (nesterov ? g + momentum * b : b);                                                          \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void momentum_##s(                                                                              \
        T *p, const T *grad, T *buffer, T lr, T momentum, T fresh, T decay, T sign, bool nesterov, bool first,       \
        int64_t n) {                                                                                                 \
        if (first) { momentum_body_##s(p, grad, buffer, lr, nesterov ? momentum : 0, 0, decay, sign, nesterov, true, n); }\
        else if (nesterov) { momentum_body_##s(p, grad, buffer, lr, momentum, fresh, decay, sign, true, false, n); } \
        else { momentum_body_##s(p, grad, buffer, lr, momentum, fresh, decay, sign, false, false, n); }              \
    }                                                                                                                \
    CK_INLINE void adam_body_##s(                                                                                    \
        T *p, const T *grad, T *mean, T *square, T *peak, T rate, T beta1, T beta2, T epsilon, T decay, T shrink,    \
        T scale, T sign, bool peaked, int64_t n) {                                                                   \
        CK_LOOP {                                                                                                    \
            T q = p[i] * shrink, g = sign * grad[i] + decay * q;                                                     \
            T m = mean[i] + (1 - beta1) * (g - mean[i]);                                                             \
            T v = beta2 * square[i] + (1 - beta2) * g * g;                                                           \
            mean[i] = m;                                                                                             \
            square[i] = v;                                                                                           \
            if (peaked) { v = v > peak[i] ? v : peak[i]; peak[i] = v; }                                              \
            p[i] = q - rate * m / (__builtin_elementwise_sqrt(v) * scale + epsilon);                                 \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void adam_##s(                                                                                  \
        T *p, const T *grad, T *mean, T *square, T *peak, T rate, T beta1, T beta2, T epsilon, T decay, T shrink,    \
        T scale, T sign, int64_t n) {                                                                                \
        if (peak) {                                                                                                  \
            adam_body_##s(p, grad, mean, square, peak, rate, beta1, beta2, epsilon, decay, shrink, scale, sign, true, n);\
        } else {                                                                                                     \
            adam_body_##s(p, grad, mean, square, NULL, rate, beta1, beta2, epsilon, decay, shrink, scale, sign, false, n);\
        }                                                                                                            \
    }                                                                                                                \
    CK_INLINE void rmsprop_body_##s(                                                                                 \
        T *p, const T *grad, T *square, T *mean, T *buffer, T lr, T alpha, T epsilon, T decay, T momentum, T sign,   \
        bool centered, bool moving, int64_t n) {                                                                     \
        CK_LOOP {                                                                                                    \
            T g = sign * grad[i] + decay * p[i];                                                                     \
            T v = alpha * square[i] + (1 - alpha) * g * g;                                                           \
            square[i] = v;                                                                                           \
            if (centered) { T m = mean[i] + (1 - alpha) * (g - mean[i]); mean[i] = m; v -= m * m; }                  \
            T step = g / (__builtin_elementwise_sqrt(v) + epsilon);                                                  \
            if (moving) { step = momentum * buffer[i] + step; buffer[i] = step; }                                    \
            p[i] -= lr * step;                                                                                       \
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void rmsprop_##s(                                                                               \
        T *p, const T *grad, T *square, T *mean, T *buffer, T lr, T alpha, T epsilon, T decay, T momentum, T sign,   \
        int64_t n) {                                                                                                 \
        if (mean && buffer) {                                                                                        \
            rmsprop_body_##s(p, grad, square, mean, buffer, lr, alpha, epsilon, decay, momentum, sign, true, true, n);\
        } else if (mean) {                                                                                           \
            rmsprop_body_##s(p, grad, square, mean, NULL, lr, alpha, epsilon, decay, momentum, sign, true, false, n);\
        } else if (buffer) {                                                                                         \
            rmsprop_body_##s(p, grad, square, NULL, buffer, lr, alpha, epsilon, decay, momentum, sign, false, true, n);\
        } else {                                                                                                     \
            rmsprop_body_##s(p, grad, square, NULL, NULL, lr, alpha, epsilon, decay, momentum, sign, false, false, n);\
        }                                                                                                            \
    }                                                                                                                \
    CK_CLONES static void adagrad_##s(T *p, const T *grad, T *sum, T lr, T epsilon, T decay, T sign, int64_t n) {    \
        CK_LOOP {                                                                                                    \
            T g = sign * grad[i] + decay * p[i], v = sum[i] + g * g;                                                 \
            sum[i] = v;                                                                                              \
            p[i] -= lr * g / (__builtin_elementwise_sqrt(v) + epsilon);                                              \
        }                                                                                                            \
    }
OPTIMIZERS(float, f)
OPTIMIZERS(double, d)

// Elements do not depend on each other, so that pieces give the same bits on any number of threads.
enum { SMALLEST = 1 << 15, LARGEST = 1 << 16 };

/// The same number of pieces for every thread, so that none has one more than the others.
static int64_t grain_for(int64_t n) {
    if (n <= SMALLEST) { return n; }
    int64_t threads = ck_threads(), rounds = (n + threads * LARGEST - 1) / (threads * LARGEST);
    return ((n + threads * rounds - 1) / (threads * rounds) + 15) / 16 * 16;
}

typedef struct {
    ck_dtype dtype;
    char *p, *states[3];
    const char *g;
    double lr, momentum, fresh, decay, sign, beta1, beta2, epsilon, shrink, scale;
    bool nesterov, first;
} update;

static void at(const update *u, int64_t from, void **p, const void **g, void **states) {
    int64_t offset = from * (int64_t)ck_item(u->dtype);
    *p = u->p + offset;
    *g = u->g + offset;
    for (int i = 0; i < 3; i++) { states[i] = u->states[i] ? u->states[i] + offset : NULL; }
}

static void sgd_piece(void *context, int64_t from, int64_t to) {
    const update *u = context;
    void *p, *states[3];
    const void *g;
    at(u, from, &p, &g, states);
    int64_t n = to - from;
    if (u->dtype == CK_FLOAT32) {
        if (!states[0]) { sgd_f(p, g, (float)u->lr, (float)u->decay, (float)u->sign, n); }
        else {
            momentum_f(
                p, g, states[0], (float)u->lr, (float)u->momentum, (float)u->fresh, (float)u->decay, (float)u->sign,
                u->nesterov, u->first, n);
        }
    } else {
        if (!states[0]) { sgd_d(p, g, u->lr, u->decay, u->sign, n); }
        else { momentum_d(p, g, states[0], u->lr, u->momentum, u->fresh, u->decay, u->sign, u->nesterov, u->first, n); }
    }
}

void ck_sgd(
    ck_dtype dtype, void *p, const void *g, void *buffer, double lr, double momentum, double dampening,
    double weight_decay, bool nesterov, bool maximize, bool first, int64_t n) {
    update u = {
        .dtype = dtype, .p = p, .states = {buffer}, .g = g, .lr = lr, .momentum = momentum, .fresh = 1 - dampening,
        .decay = weight_decay, .sign = maximize ? -1 : 1, .nesterov = nesterov, .first = first};
    ck_split(n, grain_for(n), sgd_piece, &u);
}

static void adam_piece(void *context, int64_t from, int64_t to) {
    const update *u = context;
    void *p, *states[3];
    const void *g;
    at(u, from, &p, &g, states);
    if (u->dtype == CK_FLOAT32) {
        adam_f(
            p, g, states[0], states[1], states[2], (float)u->lr, (float)u->beta1, (float)u->beta2, (float)u->epsilon,
            (float)u->decay, (float)u->shrink, (float)u->scale, (float)u->sign, to - from);
    } else {
        adam_d(
            p, g, states[0], states[1], states[2], u->lr, u->beta1, u->beta2, u->epsilon, u->decay, u->shrink, u->scale,
            u->sign, to - from);
    }
}

void ck_adam(
    ck_dtype dtype, void *p, const void *g, void *mean, void *square, void *peak, double lr, double beta1, double beta2,
    double epsilon, double weight_decay, bool decoupled, bool maximize, int64_t step, int64_t n) {
    update u = {
        .dtype = dtype, .p = p, .states = {mean, square, peak}, .g = g, .lr = lr / (1 - pow(beta1, (double)step)),
        .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .decay = decoupled ? 0 : weight_decay,
        .shrink = decoupled ? 1 - lr * weight_decay : 1, .scale = 1 / sqrt(1 - pow(beta2, (double)step)),
        .sign = maximize ? -1 : 1};
    ck_split(n, grain_for(n), adam_piece, &u);
}

void ck_rmsprop(
    ck_dtype dtype, void *p, const void *g, void *square, void *mean, void *buffer, double lr, double alpha,
    double epsilon, double weight_decay, double momentum, bool maximize, int64_t n) {
    double sign = maximize ? -1 : 1;
    if (dtype == CK_FLOAT32) {
        rmsprop_f(
            p, g, square, mean, buffer, (float)lr, (float)alpha, (float)epsilon, (float)weight_decay, (float)momentum,
            (float)sign, n);
    } else {
        rmsprop_d(p, g, square, mean, buffer, lr, alpha, epsilon, weight_decay, momentum, sign, n);
    }
}

void ck_adagrad(
    ck_dtype dtype, void *p, const void *g, void *sum, double lr, double epsilon, double weight_decay, bool maximize,
    int64_t n) {
    double sign = maximize ? -1 : 1;
    if (dtype == CK_FLOAT32) { adagrad_f(p, g, sum, (float)lr, (float)epsilon, (float)weight_decay, (float)sign, n); }
    else { adagrad_d(p, g, sum, lr, epsilon, weight_decay, sign, n); }
}
