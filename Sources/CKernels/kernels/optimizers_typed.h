// Updates of parameters of type T. Complements (1 - β) come rounded from double, as PyTorch's do: 1 - 0.999f is wrong in the
// fifth digit. Bodies take their options as constants: a branch on a pointer or flag inside the loop would keep it from
// vectorising.

static void NAME(sgd)(T *p, const T *grad, T lr, T decay, T sign, int64_t n) {
    CK_LOOP { p[i] -= lr * (sign * grad[i] + decay * p[i]); }
}

CK_INLINE void NAME(momentum_body)(
    T *p, const T *grad, T *buffer, T lr, T momentum, T fresh, T decay, T sign, bool nesterov, bool first, int64_t n) {
    CK_LOOP {
        T g = sign * grad[i] + decay * p[i];
        T b = first ? g : momentum * buffer[i] + fresh * g;
        buffer[i] = b;
        p[i] -= lr * (nesterov ? g + momentum * b : b);
    }
}

static void NAME(momentum)(
    T *p, const T *grad, T *buffer, T lr, T momentum, T fresh, T decay, T sign, bool nesterov, bool first, int64_t n) {
    if (first) { NAME(momentum_body)(p, grad, buffer, lr, nesterov ? momentum : 0, 0, decay, sign, nesterov, true, n); }
    else if (nesterov) { NAME(momentum_body)(p, grad, buffer, lr, momentum, fresh, decay, sign, true, false, n); }
    else { NAME(momentum_body)(p, grad, buffer, lr, momentum, fresh, decay, sign, false, false, n); }
}

/// `rate` is lr / (1 - β₁ᵗ), `scale` 1 / √(1 - β₂ᵗ).
CK_INLINE void NAME(adam_body)(
    T *p, const T *grad, T *mean, T *square, T *peak, T rate, T fresh1, T beta2, T fresh2, T epsilon, T decay, T shrink,
    T scale, T sign, bool peaked, int64_t n) {
    CK_LOOP {
        T q = p[i] * shrink, g = sign * grad[i] + decay * q;
        T m = mean[i] + fresh1 * (g - mean[i]);
        T v = beta2 * square[i] + fresh2 * g * g;
        mean[i] = m;
        square[i] = v;
        if (peaked) { v = v > peak[i] ? v : peak[i]; peak[i] = v; }
        p[i] = q - rate * m / (__builtin_elementwise_sqrt(v) * scale + epsilon);
    }
}

static void NAME(adam)(
    T *p, const T *grad, T *mean, T *square, T *peak, T rate, T fresh1, T beta2, T fresh2, T epsilon, T decay, T shrink,
    T scale, T sign, int64_t n) {
    if (peak) {
        NAME(adam_body)(p, grad, mean, square, peak, rate, fresh1, beta2, fresh2, epsilon, decay, shrink, scale, sign, true, n);
    } else {
        NAME(adam_body)(p, grad, mean, square, NULL, rate, fresh1, beta2, fresh2, epsilon, decay, shrink, scale, sign, false, n);
    }
}

CK_INLINE void NAME(adaptive_body)(
    T *p, const T *grad, T *mean, T *square, T fresh1, T beta2, T fresh2, T epsilon, T decay, T shrink, T sign,
    T of_gradient, T of_mean, T scale, bool scaled, int64_t n) {
    CK_LOOP {
        T q = p[i] * shrink, g = sign * grad[i] + decay * q;
        T m = mean[i] + fresh1 * (g - mean[i]);
        T v = beta2 * square[i] + fresh2 * g * g;
        mean[i] = m;
        square[i] = v;
        T step = of_gradient * g + of_mean * m;
        p[i] = q - (scaled ? step / (__builtin_elementwise_sqrt(v) * scale + epsilon) : step);
    }
}

static void NAME(adaptive)(
    T *p, const T *grad, T *mean, T *square, T fresh1, T beta2, T fresh2, T epsilon, T decay, T shrink, T sign,
    T of_gradient, T of_mean, T scale, int64_t n) {
    if (scale > 0) {
        NAME(adaptive_body)(
            p, grad, mean, square, fresh1, beta2, fresh2, epsilon, decay, shrink, sign, of_gradient, of_mean, scale, true, n);
    } else {
        NAME(adaptive_body)(
            p, grad, mean, square, fresh1, beta2, fresh2, epsilon, decay, shrink, sign, of_gradient, of_mean, scale, false, n);
    }
}

CK_INLINE void NAME(rmsprop_body)(
    T *p, const T *grad, T *square, T *mean, T *buffer, T lr, T alpha, T fresh, T epsilon, T decay, T momentum, T sign,
    bool centered, bool moving, int64_t n) {
    CK_LOOP {
        T g = sign * grad[i] + decay * p[i];
        T v = alpha * square[i] + fresh * g * g;
        square[i] = v;
        if (centered) { T m = mean[i] + fresh * (g - mean[i]); mean[i] = m; v -= m * m; }
        T step = g / (__builtin_elementwise_sqrt(v) + epsilon);
        if (moving) { step = momentum * buffer[i] + step; buffer[i] = step; }
        p[i] -= lr * step;
    }
}

static void NAME(rmsprop)(
    T *p, const T *grad, T *square, T *mean, T *buffer, T lr, T alpha, T fresh, T epsilon, T decay, T momentum, T sign,
    int64_t n) {
    if (mean && buffer) {
        NAME(rmsprop_body)(p, grad, square, mean, buffer, lr, alpha, fresh, epsilon, decay, momentum, sign, true, true, n);
    } else if (mean) {
        NAME(rmsprop_body)(p, grad, square, mean, NULL, lr, alpha, fresh, epsilon, decay, momentum, sign, true, false, n);
    } else if (buffer) {
        NAME(rmsprop_body)(p, grad, square, NULL, buffer, lr, alpha, fresh, epsilon, decay, momentum, sign, false, true, n);
    } else {
        NAME(rmsprop_body)(p, grad, square, NULL, NULL, lr, alpha, fresh, epsilon, decay, momentum, sign, false, false, n);
    }
}

static void NAME(adagrad)(T *p, const T *grad, T *sum, T lr, T epsilon, T decay, T sign, int64_t n) {
    CK_LOOP {
        T g = sign * grad[i] + decay * p[i], v = sum[i] + g * g;
        sum[i] = v;
        p[i] -= lr * g / (__builtin_elementwise_sqrt(v) + epsilon);
    }
}

static void NAME(adadelta)(
    T *p, const T *grad, T *square, T *moved, T lr, T rho, T fresh, T epsilon, T decay, T sign, int64_t n) {
    CK_LOOP {
        T g = sign * grad[i] + decay * p[i];
        T v = rho * square[i] + fresh * g * g, d = moved[i];
        T step = __builtin_elementwise_sqrt(d + epsilon) / __builtin_elementwise_sqrt(v + epsilon) * g;
        square[i] = v;
        moved[i] = rho * d + fresh * step * step;
        p[i] -= lr * step;
    }
}

static void NAME(lion)(
    T *p, const T *grad, T *mean, T lr, T fresh1, T fresh2, T shrink, T sign, int64_t n) {
    CK_LOOP {
        T g = sign * grad[i], m = mean[i], c = m + fresh1 * (g - m);
        // Sums of comparisons keep the loop free of branches; sign(nan) is nan, as everywhere.
        T direction = c != c ? c : (T)(c > 0) - (T)(c < 0);
        p[i] = p[i] * shrink - lr * direction;
        mean[i] = m + fresh2 * (g - m);
    }
}
