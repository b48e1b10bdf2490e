// The updates, one parameter after the other. Rates and their complements are doubles, as are all numbers on the way.
#include "plain.h"

void ckp_sgd(
    ck_dtype dtype, void *p, const void *g, void *buffer, double lr, double momentum, double dampening,
    double weight_decay, bool nesterov, bool maximize, bool first, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        double value = ckp_get(dtype, p, i), slope = ckp_get(dtype, g, i);
        if (maximize) { slope = -slope; }
        slope += weight_decay * value;
        double step = slope;
        if (buffer) {
            double moved = first ? slope : momentum * ckp_get(dtype, buffer, i) + (1 - dampening) * slope;
            ckp_set(dtype, buffer, i, moved);
            step = nesterov ? slope + momentum * moved : moved;
        }
        ckp_set(dtype, p, i, value - lr * step);
    }
}

void ckp_adam(
    ck_dtype dtype, void *p, const void *g, void *mean, void *square, void *peak, double lr, double beta1, double beta2,
    double epsilon, double weight_decay, bool decoupled, bool maximize, int64_t step, int64_t count) {
    double rate = lr / (1 - pow(beta1, (double)step)), scale = sqrt(1 - pow(beta2, (double)step));
    for (int64_t i = 0; i < count; i++) {
        double value = ckp_get(dtype, p, i), slope = ckp_get(dtype, g, i);
        if (maximize) { slope = -slope; }
        if (decoupled) { value -= lr * weight_decay * value; } else { slope += weight_decay * value; }
        double m = ckp_get(dtype, mean, i), v = ckp_get(dtype, square, i);
        m += (1 - beta1) * (slope - m);
        v = beta2 * v + (1 - beta2) * slope * slope;
        ckp_set(dtype, mean, i, m);
        ckp_set(dtype, square, i, v);
        if (peak) {
            double most = ckp_get(dtype, peak, i);
            v = v > most ? v : most;
            ckp_set(dtype, peak, i, v);
        }
        ckp_set(dtype, p, i, value - rate * m / (sqrt(v) / scale + epsilon));
    }
}

void ckp_rmsprop(
    ck_dtype dtype, void *p, const void *g, void *square, void *mean, void *buffer, double lr, double alpha,
    double epsilon, double weight_decay, double momentum, bool maximize, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        double value = ckp_get(dtype, p, i), slope = ckp_get(dtype, g, i);
        if (maximize) { slope = -slope; }
        slope += weight_decay * value;
        double v = alpha * ckp_get(dtype, square, i) + (1 - alpha) * slope * slope;
        ckp_set(dtype, square, i, v);
        if (mean) {
            double m = ckp_get(dtype, mean, i);
            m += (1 - alpha) * (slope - m);
            ckp_set(dtype, mean, i, m);
            // As numbers of the dtype: v may have vanished in it where the square of m has not yet in double.
            v = ckp_stored(dtype, v) - ckp_stored(dtype, ckp_stored(dtype, m) * ckp_stored(dtype, m));
        }
        double step = slope / (sqrt(v) + epsilon);
        if (buffer) {
            step += momentum * ckp_get(dtype, buffer, i);
            ckp_set(dtype, buffer, i, step);
        }
        ckp_set(dtype, p, i, value - lr * step);
    }
}

void ckp_adagrad(
    ck_dtype dtype, void *p, const void *g, void *sum, double lr, double epsilon, double weight_decay, bool maximize,
    int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        double value = ckp_get(dtype, p, i), slope = ckp_get(dtype, g, i);
        if (maximize) { slope = -slope; }
        slope += weight_decay * value;
        double total = ckp_get(dtype, sum, i) + slope * slope;
        ckp_set(dtype, sum, i, total);
        ckp_set(dtype, p, i, value - lr * slope / (sqrt(total) + epsilon));
    }
}
