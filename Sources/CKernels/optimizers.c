#include "vector.h"

#define T float
#define OF(name) name##_f
#include "optimizers_kernels.h"
#undef T
#undef OF
#define T double
#define OF(name) name##_d
#include "optimizers_kernels.h"
#undef T
#undef OF

// Elements do not depend on each other, so that pieces give the same bits on any number of threads.
enum { SMALLEST = 1 << 15, LARGEST = 1 << 16 };

/// The same number of pieces for every thread, so that none has one more than the others.
static int64_t grain_for(int64_t n) {
    if (n <= SMALLEST) { return n; }
    int64_t threads = ck_threads(), rounds = (n + threads * LARGEST - 1) / (threads * LARGEST);
    return ((n + threads * rounds - 1) / (threads * rounds) + 15) / 16 * 16;
}

/// An update in pieces: what there is to update, and the options that the rule reads.
typedef struct {
    ck_parameters run;
    double lr, momentum, beta1, beta2, epsilon, decay, shrink, scale, sign, of_gradient, of_mean;
    bool nesterov, first;
} update;

/// Where a piece begins.
static ck_parameters at(const update *u, int64_t from) {
    ck_parameters run = u->run;
    int64_t offset = from * (int64_t)ck_item(run.dtype);
    run.parameters = (char *)run.parameters + offset;
    run.gradients = (const char *)run.gradients + offset;
    for (int i = 0; i < 3; i++) { run.states[i] = run.states[i] ? (char *)run.states[i] + offset : NULL; }
    return run;
}

static void split(update *u, void (*piece)(void *context, int64_t from, int64_t to)) {
    ck_split(u->run.count, grain_for(u->run.count), piece, u);
}

/// Declares the work of a rule on one piece, `CALL` written once for both types.
#define PIECE(name, CALL)                                                                                            \
    static void name##_piece(void *context, int64_t from, int64_t to) {                                              \
        const update *u = context;                                                                                   \
        ck_parameters r = at(u, from);                                                                               \
        int64_t n = to - from;                                                                                       \
        if (r.dtype == CK_FLOAT32) { typedef float real; CALL(f); } else { typedef double real; CALL(d); }           \
    }
#define P r.parameters, r.gradients
#define R(value) (real)(u->value)

#define SGD(s) \
    if (!r.states[0]) { sgd_##s(P, R(lr), R(decay), R(sign), n); } \
    else { momentum_##s(P, r.states[0], R(lr), R(momentum), R(scale), R(decay), R(sign), u->nesterov, u->first, n); }
PIECE(sgd, SGD)

void ck_sgd(
    ck_parameters run, double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize,
    bool first) {
    update u = {
        .run = run, .lr = lr, .momentum = momentum, .scale = 1 - dampening, .decay = weight_decay,
        .sign = maximize ? -1 : 1, .nesterov = nesterov, .first = first};
    split(&u, sgd_piece);
}

#define ADAM(s) \
    adam_##s(P, r.states[0], r.states[1], r.states[2], R(lr), (real)(1 - u->beta1), R(beta2), (real)(1 - u->beta2), \
             R(epsilon), R(decay), R(shrink), R(scale), R(sign), n)
PIECE(adam, ADAM)

void ck_adam(
    ck_parameters run, double lr, double beta1, double beta2, double epsilon, double weight_decay, bool decoupled,
    bool maximize, int64_t step) {
    update u = {
        .run = run, .lr = lr / (1 - pow(beta1, (double)step)), .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon,
        .decay = decoupled ? 0 : weight_decay, .shrink = decoupled ? 1 - lr * weight_decay : 1,
        .scale = 1 / sqrt(1 - pow(beta2, (double)step)), .sign = maximize ? -1 : 1};
    split(&u, adam_piece);
}

#define ADAPTIVE(s) \
    adaptive_##s(P, r.states[0], r.states[1], (real)(1 - u->beta1), R(beta2), (real)(1 - u->beta2), R(epsilon), R(decay), \
                R(shrink), R(sign), R(of_gradient), R(of_mean), R(scale), n)
PIECE(adaptive, ADAPTIVE)

void ck_adaptive(
    ck_parameters run, double beta1, double beta2, double epsilon, double weight_decay, double shrink, bool maximize,
    double of_gradient, double of_mean, double scale) {
    update u = {
        .run = run, .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .decay = weight_decay, .shrink = shrink,
        .scale = scale, .sign = maximize ? -1 : 1, .of_gradient = of_gradient, .of_mean = of_mean};
    split(&u, adaptive_piece);
}

#define RMSPROP(s) \
    rmsprop_##s(P, r.states[0], r.states[1], r.states[2], R(lr), R(beta2), (real)(1 - u->beta2), R(epsilon), R(decay), \
                R(momentum), R(sign), n)
PIECE(rmsprop, RMSPROP)

void ck_rmsprop(
    ck_parameters run, double lr, double alpha, double epsilon, double weight_decay, double momentum, bool maximize) {
    update u = {
        .run = run, .lr = lr, .beta2 = alpha, .epsilon = epsilon, .decay = weight_decay, .momentum = momentum,
        .sign = maximize ? -1 : 1};
    split(&u, rmsprop_piece);
}

#define ADAGRAD(s) adagrad_##s(P, r.states[0], R(lr), R(epsilon), R(decay), R(sign), n)
PIECE(adagrad, ADAGRAD)

void ck_adagrad(ck_parameters run, double lr, double epsilon, double weight_decay, bool maximize) {
    update u = {.run = run, .lr = lr, .epsilon = epsilon, .decay = weight_decay, .sign = maximize ? -1 : 1};
    split(&u, adagrad_piece);
}

#define ADADELTA(s) \
    adadelta_##s(P, r.states[0], r.states[1], R(lr), R(beta2), (real)(1 - u->beta2), R(epsilon), R(decay), R(sign), n)
PIECE(adadelta, ADADELTA)

void ck_adadelta(
    ck_parameters run, double lr, double rho, double epsilon, double weight_decay, bool maximize) {
    update u = {
        .run = run, .lr = lr, .beta2 = rho, .epsilon = epsilon, .decay = weight_decay, .sign = maximize ? -1 : 1};
    split(&u, adadelta_piece);
}

#define LION(s) \
    lion_##s(P, r.states[0], R(lr), (real)(1 - u->beta1), (real)(1 - u->beta2), R(shrink), R(sign), n)
PIECE(lion, LION)

void ck_lion(ck_parameters run, double lr, double beta1, double beta2, double weight_decay, bool maximize) {
    update u = {
        .run = run, .lr = lr, .beta1 = beta1, .beta2 = beta2, .shrink = 1 - lr * weight_decay,
        .sign = maximize ? -1 : 1};
    split(&u, lion_piece);
}
