extension Tensor {
    /// This result of a function whose derivative for `inputs` is not known: where one of them wants a gradient, one that arrives
    /// here is an error that names the function, and not missing in silence.
    ///
    /// - Parameter function: What the function is called in the message.
    package func withoutDerivative(for inputs: [Tensor], of function: String) -> Tensor {
        let wanting = inputs.filter(\.requiresGradient)
        guard !wanting.isEmpty, Gradients.isEnabled, dtype.isFloating else { return self }
        return Tensor(values, Underivable(wanting, function))
    }
}

/// What no gradient passes.
private final class Underivable: Operation {
    private let function: String
    override class var name: String { "function without a derivative" }

    init(_ inputs: [Tensor], _ function: String) {
        self.function = function
        super.init(nil, others: inputs)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        throw TensorError.noDerivative(function: function)
    }
}
