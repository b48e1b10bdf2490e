import CKernels

// One pass over the parameters that have gradients. States come from `makeState`; rates are per call, so that schedules
// and groups are the caller's.
extension FlatParameters {
    private func forEachRun(_ states: [Tensor?], _ body: (Run, [UnsafeMutableRawPointer?]) -> Void) throws {
        for state in states {
            guard let state else { continue }
            guard state.shape == [count] else { throw TensorError.unequalShapes("step", Shape(count), state.shape) }
            guard state.dtype == dtype else { throw TensorError.unequalDTypes("step", dtype, state.dtype) }
        }
        try prepareToWrite()
        try Gradients.disabled { for case let state? in states { try state.prepareToWrite(for: "step") } }
        for run in runs() {
            body(run, states.map { state in state.map { $0.values.raw + run.offset * dtype.itemSize } })
        }
    }

    /// Stochastic gradient descent: g += wd·p; b = momentum·b + (1 - dampening)·g (b = g at first); p -= lr·(nesterov ?
    /// g + momentum·b : b).
    /// - Parameter buffer: State of the momentum; nil without.
    /// - Parameter isFirst: Whether the buffer is filled for the first time.
    public func updateSGD(
        lr: Double, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false,
        maximize: Bool = false, buffer: Tensor? = nil, isFirst: Bool = false
    ) throws {
        try forEachRun([buffer]) { run, states in
            ck_sgd(
                dtype.code, run.parameter.raw, run.gradient.raw, states[0], lr, momentum, dampening, weightDecay,
                nesterov, maximize, isFirst, Int64(run.length))
        }
    }

    /// Adam, and AdamW when `decoupled`: m and v are running means of g and g²; p -= lr·m̂ / (√v̂ + eps).
    /// - Parameters:
    ///   - mean: State m.
    ///   - square: State v.
    ///   - peak: State of the largest v (amsgrad); nil without.
    ///   - step: The number of this step, from 1.
    ///   - decoupled: Whether weight decay shrinks the parameter (AdamW) instead of joining the gradient.
    /// - Source: Kingma, Ba, 2015; Loshchilov, Hutter, 2019; Reddi et al., 2018.
    public func updateAdam(
        lr: Double, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0,
        decoupled: Bool = false, maximize: Bool = false, mean: Tensor, square: Tensor, peak: Tensor? = nil, step: Int
    ) throws {
        guard step >= 1 else {
            throw TensorError.wrongValue("step", argument: "step", value: "\(step)", expected: "at least 1")
        }
        try forEachRun([mean, square, peak]) { run, states in
            ck_adam(
                dtype.code, run.parameter.raw, run.gradient.raw, states[0], states[1], states[2], lr, betas.0, betas.1,
                epsilon, weightDecay, decoupled, maximize, Int64(step), Int64(run.length))
        }
    }

    /// RMSprop: v = α·v + (1 - α)·g²; p -= lr·g / (√v + eps), with v - m² when centered and a momentum buffer if given.
    /// - Parameters:
    ///   - square: State v.
    ///   - mean: State m of `centered`; nil without.
    ///   - buffer: State of the momentum; nil without.
    public func updateRMSprop(
        lr: Double, alpha: Double = 0.99, epsilon: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0,
        maximize: Bool = false, square: Tensor, mean: Tensor? = nil, buffer: Tensor? = nil
    ) throws {
        try forEachRun([square, mean, buffer]) { run, states in
            ck_rmsprop(
                dtype.code, run.parameter.raw, run.gradient.raw, states[0], states[1], states[2], lr, alpha, epsilon,
                weightDecay, momentum, maximize, Int64(run.length))
        }
    }

    /// Adagrad: s += g²; p -= lr·g / (√s + eps). The decay of the rate, lr / (1 + (step - 1)·lr_decay), is the caller's.
    /// - Parameter sum: State s.
    public func updateAdagrad(
        lr: Double, epsilon: Double = 1e-10, weightDecay: Double = 0, maximize: Bool = false, sum: Tensor
    ) throws {
        try forEachRun([sum]) { run, states in
            ck_adagrad(
                dtype.code, run.parameter.raw, run.gradient.raw, states[0], lr, epsilon, weightDecay, maximize,
                Int64(run.length))
        }
    }
}
