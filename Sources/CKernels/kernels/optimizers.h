// Complements (1 - β) are taken in double: see optimizers_typed.h.
#define TYPED "optimizers_typed.h"
#include "for_reals.h"

// Elements do not depend on each other, so that pieces give the same bits on any number of threads.
enum { SMALLEST_UPDATE = 1 << 15, LARGEST_UPDATE = 1 << 16 };

/// The same number of pieces for every thread, so that none has one more than the others.
static int64_t update_grain(int64_t n) {
    if (n <= SMALLEST_UPDATE) { return n; }
    int64_t threads = ck_threads(), rounds = (n + threads * LARGEST_UPDATE - 1) / (threads * LARGEST_UPDATE);
    return ((n + threads * rounds - 1) / (threads * rounds) + 15) / 16 * 16;
}

/// An update in pieces: what there is to update, and the options that the rule reads.
typedef struct {
    ck_parameters run;
    double lr, momentum, beta1, beta2, epsilon, decay, shrink, scale, sign, of_gradient, of_mean;
    bool nesterov, first;
} parameter_update;

/// Where a piece begins.
static ck_parameters update_at(const parameter_update *u, int64_t from) {
    ck_parameters run = u->run;
    int64_t offset = from * (int64_t)ck_item(run.dtype);
    run.parameters = (char *)run.parameters + offset;
    run.gradients = (const char *)run.gradients + offset;
    for (int i = 0; i < 3; i++) { run.states[i] = run.states[i] ? (char *)run.states[i] + offset : NULL; }
    return run;
}

static void split_update(parameter_update *u, void (*piece)(void *context, int64_t from, int64_t to)) {
    ck_split(u->run.count, update_grain(u->run.count), piece, u);
}

/// Declares the work of a rule on one piece, `CALL` written once for both types.
#define UPDATE_PIECE(name, CALL)                                                                                            \
    static void name##_piece(void *context, int64_t from, int64_t to) {                                              \
        const parameter_update *u = context;                                                                                   \
        ck_parameters r = update_at(u, from);                                                                               \
        int64_t n = to - from;                                                                                       \
        if (r.dtype == CK_FLOAT32) { typedef float real; CALL(f); } else { typedef double real; CALL(d); }           \
    }
#define UPDATED r.parameters, r.gradients
#define OPTION(value) (real)(u->value)

#define SGD_UPDATE(s) \
    if (!r.states[0]) { sgd_##s(UPDATED, OPTION(lr), OPTION(decay), OPTION(sign), n); } \
    else { momentum_##s(UPDATED, r.states[0], OPTION(lr), OPTION(momentum), OPTION(scale), OPTION(decay), OPTION(sign), u->nesterov, u->first, n); }
UPDATE_PIECE(sgd, SGD_UPDATE)
#undef SGD_UPDATE

static void LEVELLED(sgd)(
    ck_parameters run, double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize,
    bool first) {
    parameter_update u = {
        .run = run, .lr = lr, .momentum = momentum, .scale = 1 - dampening, .decay = weight_decay,
        .sign = maximize ? -1 : 1, .nesterov = nesterov, .first = first};
    split_update(&u, sgd_piece);
}

#define ADAM_UPDATE(s) \
    adam_##s(UPDATED, r.states[0], r.states[1], r.states[2], OPTION(lr), (real)(1 - u->beta1), OPTION(beta2), (real)(1 - u->beta2), \
             OPTION(epsilon), OPTION(decay), OPTION(shrink), OPTION(scale), OPTION(sign), n)
UPDATE_PIECE(adam, ADAM_UPDATE)
#undef ADAM_UPDATE

static void LEVELLED(adam)(
    ck_parameters run, double lr, double beta1, double beta2, double epsilon, double weight_decay, bool decoupled,
    bool maximize, int64_t step) {
    parameter_update u = {
        .run = run, .lr = lr / (1 - pow(beta1, (double)step)), .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon,
        .decay = decoupled ? 0 : weight_decay, .shrink = decoupled ? 1 - lr * weight_decay : 1,
        .scale = 1 / sqrt(1 - pow(beta2, (double)step)), .sign = maximize ? -1 : 1};
    split_update(&u, adam_piece);
}

#define ADAPTIVE_UPDATE(s) \
    adaptive_##s(UPDATED, r.states[0], r.states[1], (real)(1 - u->beta1), OPTION(beta2), (real)(1 - u->beta2), OPTION(epsilon), OPTION(decay), \
                OPTION(shrink), OPTION(sign), OPTION(of_gradient), OPTION(of_mean), OPTION(scale), n)
UPDATE_PIECE(adaptive, ADAPTIVE_UPDATE)
#undef ADAPTIVE_UPDATE

static void LEVELLED(adaptive)(
    ck_parameters run, double beta1, double beta2, double epsilon, double weight_decay, double shrink, bool maximize,
    double of_gradient, double of_mean, double scale) {
    parameter_update u = {
        .run = run, .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .decay = weight_decay, .shrink = shrink,
        .scale = scale, .sign = maximize ? -1 : 1, .of_gradient = of_gradient, .of_mean = of_mean};
    split_update(&u, adaptive_piece);
}

#define RMSPROP_UPDATE(s) \
    rmsprop_##s(UPDATED, r.states[0], r.states[1], r.states[2], OPTION(lr), OPTION(beta2), (real)(1 - u->beta2), OPTION(epsilon), OPTION(decay), \
                OPTION(momentum), OPTION(sign), n)
UPDATE_PIECE(rmsprop, RMSPROP_UPDATE)
#undef RMSPROP_UPDATE

static void LEVELLED(rmsprop)(
    ck_parameters run, double lr, double alpha, double epsilon, double weight_decay, double momentum, bool maximize) {
    parameter_update u = {
        .run = run, .lr = lr, .beta2 = alpha, .epsilon = epsilon, .decay = weight_decay, .momentum = momentum,
        .sign = maximize ? -1 : 1};
    split_update(&u, rmsprop_piece);
}

#define ADAGRAD_UPDATE(s) adagrad_##s(UPDATED, r.states[0], OPTION(lr), OPTION(epsilon), OPTION(decay), OPTION(sign), n)
UPDATE_PIECE(adagrad, ADAGRAD_UPDATE)
#undef ADAGRAD_UPDATE

static void LEVELLED(adagrad)(ck_parameters run, double lr, double epsilon, double weight_decay, bool maximize) {
    parameter_update u = {.run = run, .lr = lr, .epsilon = epsilon, .decay = weight_decay, .sign = maximize ? -1 : 1};
    split_update(&u, adagrad_piece);
}

#define ADADELTA_UPDATE(s) \
    adadelta_##s(UPDATED, r.states[0], r.states[1], OPTION(lr), OPTION(beta2), (real)(1 - u->beta2), OPTION(epsilon), OPTION(decay), OPTION(sign), n)
UPDATE_PIECE(adadelta, ADADELTA_UPDATE)
#undef ADADELTA_UPDATE

static void LEVELLED(adadelta)(
    ck_parameters run, double lr, double rho, double epsilon, double weight_decay, bool maximize) {
    parameter_update u = {
        .run = run, .lr = lr, .beta2 = rho, .epsilon = epsilon, .decay = weight_decay, .sign = maximize ? -1 : 1};
    split_update(&u, adadelta_piece);
}

#define LION_UPDATE(s) \
    lion_##s(UPDATED, r.states[0], OPTION(lr), (real)(1 - u->beta1), (real)(1 - u->beta2), OPTION(shrink), OPTION(sign), n)
UPDATE_PIECE(lion, LION_UPDATE)
#undef LION_UPDATE

static void LEVELLED(lion)(ck_parameters run, double lr, double beta1, double beta2, double weight_decay, bool maximize) {
    parameter_update u = {
        .run = run, .lr = lr, .beta1 = beta1, .beta2 = beta2, .shrink = 1 - lr * weight_decay,
        .sign = maximize ? -1 : 1};
    split_update(&u, lion_piece);
}
#undef UPDATE_PIECE
#undef UPDATED
#undef OPTION
