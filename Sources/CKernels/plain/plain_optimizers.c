// The updates, one parameter after the other. Rates and their complements are doubles, as are all numbers on the way.
#include "plain.h"

/// A parameter and its gradient, with the weight decay in it.
typedef struct {
    double value, slope;
} place;

static place read(ck_parameters run, int64_t i, double weight_decay, bool maximize) {
    double value = ckp_get(run.dtype, run.parameters, i), slope = ckp_get(run.dtype, run.gradients, i);
    return (place){value, (maximize ? -slope : slope) + weight_decay * value};
}

static double state(ck_parameters run, int number, int64_t i) { return ckp_get(run.dtype, run.states[number], i); }

static void keep(ck_parameters run, int number, int64_t i, double value) {
    ckp_set(run.dtype, run.states[number], i, value);
}

static void write(ck_parameters run, int64_t i, double value) { ckp_set(run.dtype, run.parameters, i, value); }

void ckp_sgd(
    ck_parameters run, double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize,
    bool first) {
    for (int64_t i = 0; i < run.count; i++) {
        place p = read(run, i, weight_decay, maximize);
        double step = p.slope;
        if (run.states[0]) {
            double moved = first ? p.slope : momentum * state(run, 0, i) + (1 - dampening) * p.slope;
            keep(run, 0, i, moved);
            step = nesterov ? p.slope + momentum * moved : moved;
        }
        write(run, i, p.value - lr * step);
    }
}

void ckp_adam(
    ck_parameters run, double lr, double beta1, double beta2, double epsilon, double weight_decay, bool decoupled,
    bool maximize, int64_t step) {
    double rate = lr / (1 - pow(beta1, (double)step)), scale = sqrt(1 - pow(beta2, (double)step));
    for (int64_t i = 0; i < run.count; i++) {
        place p = read(run, i, decoupled ? 0 : weight_decay, maximize);
        if (decoupled) { p.value -= lr * weight_decay * p.value; }
        double m = state(run, 0, i), v = beta2 * state(run, 1, i) + (1 - beta2) * p.slope * p.slope;
        m += (1 - beta1) * (p.slope - m);
        keep(run, 0, i, m);
        keep(run, 1, i, v);
        if (run.states[2]) {
            double most = state(run, 2, i);
            v = v > most ? v : most;
            keep(run, 2, i, v);
        }
        write(run, i, p.value - rate * m / (sqrt(v) / scale + epsilon));
    }
}

void ckp_adaptive(
    ck_parameters run, double beta1, double beta2, double epsilon, double weight_decay, double shrink, bool maximize,
    double of_gradient, double of_mean, double scale) {
    for (int64_t i = 0; i < run.count; i++) {
        place p = read(run, i, 0, maximize);
        p.value *= shrink;
        p.slope += weight_decay * p.value;
        double m = state(run, 0, i), v = beta2 * state(run, 1, i) + (1 - beta2) * p.slope * p.slope;
        m += (1 - beta1) * (p.slope - m);
        keep(run, 0, i, m);
        keep(run, 1, i, v);
        double step = of_gradient * p.slope + of_mean * m;
        write(run, i, p.value - (scale > 0 ? step / (sqrt(v) * scale + epsilon) : step));
    }
}

void ckp_rmsprop(
    ck_parameters run, double lr, double alpha, double epsilon, double weight_decay, double momentum, bool maximize) {
    for (int64_t i = 0; i < run.count; i++) {
        place p = read(run, i, weight_decay, maximize);
        double v = alpha * state(run, 0, i) + (1 - alpha) * p.slope * p.slope;
        keep(run, 0, i, v);
        if (run.states[1]) {
            double m = state(run, 1, i);
            m += (1 - alpha) * (p.slope - m);
            keep(run, 1, i, m);
            // As numbers of the dtype: v may have vanished in it where the square of m has not yet in double.
            m = ckp_stored(run.dtype, m);
            v = ckp_stored(run.dtype, v) - ckp_stored(run.dtype, m * m);
        }
        double step = p.slope / (sqrt(v) + epsilon);
        if (run.states[2]) {
            step += momentum * state(run, 2, i);
            keep(run, 2, i, step);
        }
        write(run, i, p.value - lr * step);
    }
}

void ckp_adagrad(ck_parameters run, double lr, double epsilon, double weight_decay, bool maximize) {
    for (int64_t i = 0; i < run.count; i++) {
        place p = read(run, i, weight_decay, maximize);
        double total = state(run, 0, i) + p.slope * p.slope;
        keep(run, 0, i, total);
        write(run, i, p.value - lr * p.slope / (sqrt(total) + epsilon));
    }
}

void ckp_adadelta(ck_parameters run, double lr, double rho, double epsilon, double weight_decay, bool maximize) {
    for (int64_t i = 0; i < run.count; i++) {
        place p = read(run, i, weight_decay, maximize);
        double v = rho * state(run, 0, i) + (1 - rho) * p.slope * p.slope, d = state(run, 1, i);
        double step = sqrt(d + epsilon) / sqrt(v + epsilon) * p.slope;
        keep(run, 0, i, v);
        keep(run, 1, i, rho * d + (1 - rho) * step * step);
        write(run, i, p.value - lr * step);
    }
}

void ckp_lion(ck_parameters run, double lr, double beta1, double beta2, double weight_decay, bool maximize) {
    for (int64_t i = 0; i < run.count; i++) {
        place p = read(run, i, 0, maximize);
        double m = state(run, 0, i), c = m + (1 - beta1) * (p.slope - m);
        // The sign of NaN is NaN.
        double direction = isnan(c) ? c : c > 0 ? 1 : c < 0 ? -1 : 0;
        write(run, i, p.value * (1 - lr * weight_decay) - lr * direction);
        keep(run, 0, i, m + (1 - beta2) * (p.slope - m));
    }
}
