extension Tensor {
    /// Adds the derivative of this number with respect to every leaf that requires a gradient to that leaf's `gradient`.
    /// - Parameters:
    ///   - gradient: What to start from, with this tensor's shape; 1 for a single number.
    ///   - retainGraph: Whether the graph may be walked again; otherwise it is freed on the way.
    /// - Throws: `TensorError` without history, for several elements without `gradient`, after a graph was freed, and when a
    ///   tensor that a derivative needs has been overwritten.
    public func backward(gradient: Tensor? = nil, retainGraph: Bool = false) throws {
        let start = try startingGradient(gradient, for: "backward")
        guard let operation else {
            try accumulate(start, owned: gradient == nil)
            return
        }
        try Walk(name: "backward", keepsGraph: retainGraph).run(from: operation, start)
    }

    private func startingGradient(_ gradient: Tensor?, for name: String) throws -> Values {
        guard requiresGradient else { throw TensorError.noHistory(function: name) }
        if let gradient {
            guard gradient.shape == shape && gradient.dtype == dtype else {
                throw TensorError.wrongGradient(
                    shape: gradient.shape, dtype: gradient.dtype, expected: shape, expectedDType: dtype)
            }
            return gradient.values
        }
        guard count == 1 else { throw TensorError.backwardFromMany(shape: shape) }
        return try Kernels.filled(shape, dtype, 1)
    }

    /// The derivatives of this number with respect to `inputs`; no tensor's `gradient` changes.
    /// - Throws: as `backward`, and `TensorError.unused` for an input that the result does not depend on.
    public func gradients(_ inputs: [Tensor], retainGraph: Bool = false) throws -> [Tensor] {
        let start = try startingGradient(nil, for: "grad")
        guard let operation else {
            return try inputs.enumerated().map { position, input in
                guard input === self else { throw TensorError.unused(function: "grad", position: position) }
                return Tensor(start)
            }
        }
        let walk = Walk(name: "grad", keepsGraph: retainGraph, wanted: inputs)
        try walk.run(from: operation, start, wantedInterior: inputs.compactMap(\.operation))
        return try inputs.enumerated().map { position, input in
            guard let found = walk.gradient(of: input) else {
                throw TensorError.unused(function: "grad", position: position)
            }
            return Tensor(try found.copied())
        }
    }

    /// Compares `backward` of a function with central finite differences in float64, element by element.
    /// - Parameters:
    ///   - inputs: The points; float tensors are converted to float64, others are passed on as they are.
    ///   - epsilon: The step of the differences.
    ///   - tolerance: Allowed difference, absolute and relative.
    ///   - function: A deterministic function; a result of several elements is weighted by fixed pseudo-random numbers.
    /// - Throws: `TensorError.gradientMismatch` at the first element that differs, and whatever `function` throws.
    public static func checkGradients(
        of inputs: [Tensor], epsilon: Double = 1e-6, tolerance: Double = 1e-5, _ function: ([Tensor]) throws -> Tensor
    ) throws {
        let points = try inputs.map { input in
            let copy = Tensor(try Kernels.cast(input.values, input.dtype.isFloating ? .float64 : input.dtype).copied())
            return input.dtype.isFloating ? try copy.requireGradient() : copy
        }
        let result = try Gradients.enabled { try function(points) }
        guard result.dtype.isFloating else {
            throw TensorError.wrongDType(function: "gradcheck", dtype: result.dtype, expected: "a float result")
        }
        let numbers = (0..<result.count).map { (index: Int) -> Double in 0.5 + Double((index * 7919 + 13) % 101) / 101 }
        let weights = try Tensor(numbers, shape: result.shape.array).to(result.dtype)
        guard result.requiresGradient else { throw TensorError.noHistory(function: "gradcheck") }
        try result.backward(gradient: weights)
        func weighted() throws -> Double {
            try Gradients.disabled { try function(points).to(.float64).mul(weights.to(.float64)).sum().itemDouble() }
        }
        for (position, point) in points.enumerated() where point.requiresGradient {
            let analytic = try point.gradient?.doubles() ?? [Double](repeating: 0, count: point.count)
            let original = point.values
            let elements = try point.doubles()
            for element in elements.indices {
                var shifted = elements
                shifted[element] = elements[element] + epsilon
                try original.write(try Values(shifted, original.shape))
                let above = try weighted()
                shifted[element] = elements[element] - epsilon
                try original.write(try Values(shifted, original.shape))
                let below = try weighted()
                try original.write(try Values(elements, original.shape))
                let numerical = (above - below) / (2 * epsilon)
                let error = (numerical - analytic[element]).magnitude
                guard error <= tolerance * (1 + numerical.magnitude) else {
                    throw TensorError.gradientMismatch(
                        input: position, element: element, analytic: analytic[element], numerical: numerical)
                }
            }
        }
    }
}
