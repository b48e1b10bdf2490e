import CKernels

extension FlatParameters {
    /// One pass over the parameters that have gradients: `kernel` gets each run of neighbours with its part of the states.
    ///
    /// - Parameter states: At most three, made by ``makeState()``; nil is one that the rule has not.
    /// - Throws: `TensorError` for a state of another size or dtype, and when memory for writing is short.
    public func update(_ states: [Tensor?], _ kernel: (ck_parameters) -> Void) throws {
        for case let state? in states {
            guard state.shape == [count] else {
                throw TensorError.unequalShapes(function: "step", first: Shape(count), second: state.shape)
            }
            guard state.dtype == dtype else {
                throw TensorError.unequalDTypes(function: "step", first: dtype, second: state.dtype)
            }
        }
        try prepareToWrite()
        try Gradients.disabled { for case let state? in states { try state.prepareToWrite(for: "step") } }
        for run in runs() {
            func state(_ index: Int) -> UnsafeMutableRawPointer? {
                guard states.indices.contains(index), let state = states[index] else { return nil }
                return state.values.raw + run.offset * dtype.itemSize
            }
            kernel(
                ck_parameters(
                    dtype: dtype.code, count: Int64(run.length), parameters: run.parameter.raw,
                    gradients: run.gradient.raw, states: (state(0), state(1), state(2))))
        }
    }
}
