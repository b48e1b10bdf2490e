extension Tensor {
    /// Zeros.
    public static func zeros(_ shape: [Int], dtype: DType = .float32) throws -> Tensor {
        Tensor(try Kernels.filled(try Shape(shape, for: "zeros"), dtype, 0)).tracedAsConstant()
    }

    /// Ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32) throws -> Tensor {
        Tensor(try Kernels.filled(try Shape(shape, for: "ones"), dtype, 1)).tracedAsConstant()
    }

    /// One value everywhere; its kind decides the dtype unless `dtype` does.
    public static func full(_ shape: [Int], _ value: Scalar, dtype: DType? = nil) throws -> Tensor {
        let dtype = dtype ?? value.dtype
        try dtype.check(holds: value, for: "full", argument: "fill_value")
        return Tensor(try Kernels.filled(try Shape(shape, for: "full"), dtype, value)).tracedAsConstant()
    }

    /// The identity matrix of n rows and m columns (n without it).
    public static func eye(_ n: Int, _ m: Int? = nil, dtype: DType = .float32) throws -> Tensor {
        let shape = try Shape([n, m ?? n], for: "eye")
        let out = try Kernels.filled(shape, dtype, 0)
        let diagonal = Shape(Swift.min(shape[0], shape[1]))
        var strides = InlineArray<8, Int>(repeating: 0)
        strides[0] = shape[1] + 1
        let one = try Kernels.filled(.scalar, dtype, 1)
        try Kernels.copy(diagonal, from: one, InlineArray(repeating: 0), to: out, strides)
        return Tensor(out).tracedAsConstant()
    }

    /// start, start + step, … below end (above, for a negative step); integers give int64, any float gives float32.
    /// - Throws: `TensorError` for a step of 0 or one that leads away from `end`.
    public static func arange(_ start: Scalar, _ end: Scalar, step: Scalar = 1, dtype: DType? = nil) throws -> Tensor {
        var integral = true
        for case .float in [start, end, step] { integral = false }
        guard step.double != 0, step.double.isFinite else {
            throw TensorError.wrongValue(
                function: "arange", argument: "step", value: "\(step)", expected: "finite and not 0")
        }
        guard start.double.isFinite, end.double.isFinite else {
            throw TensorError.wrongValue(
                function: "arange", argument: "bounds", value: "\(start), \(end)", expected: "finite")
        }
        guard (end.double - start.double) / step.double >= 0 else {
            throw TensorError.wrongValue(
                function: "arange", argument: "step", value: "\(step)",
                expected: "of the sign that leads from \(start) to \(end)"
            )
        }
        let length = ((end.double - start.double) / step.double).rounded(.up)
        guard length <= Double(Shape.maximumCount) else {
            throw TensorError.tooLarge(function: "arange", sizes: [Int.max])
        }
        return Tensor(
            try Kernels.arange(Int(length), dtype ?? (integral ? .int64 : .float32), start: start, step: step)
        ).tracedAsConstant()
    }

    /// 0, 1, … below end.
    public static func arange(_ end: Scalar, dtype: DType? = nil) throws -> Tensor {
        try arange(0, end, dtype: dtype)
    }

    /// `steps` numbers from start to end, both included.
    public static func linspace(_ start: Double, _ end: Double, steps: Int, dtype: DType = .float32) throws -> Tensor {
        guard steps >= 0 else {
            throw TensorError.wrongValue(
                function: "linspace", argument: "steps", value: "\(steps)", expected: "at least 0")
        }
        let length = try Shape([steps], for: "linspace").elementCount
        let step = steps > 1 ? (end - start) / Double(steps - 1) : 0
        return try Trace.unlisted {
            let numbers = Tensor(try Kernels.arange(length, .float64, start: .float(start), step: .float(step)))
            // Rounding must not keep the last number from being the end.
            if steps > 1 { try numbers.setIndex([.integer(-1)], .scalar(.float(end))) }
            return try numbers.to(dtype)
        }.tracedAsConstant()
    }

    /// Uniform in [0, 1).
    public static func rand(_ shape: [Int], dtype: DType = .float32, stream: Randomness.Stream = .sampling) throws
        -> Tensor
    {
        try checkFloating(dtype, "rand")
        return Tensor(try Kernels.uniform(try Shape(shape, for: "rand"), dtype, stream))
    }

    /// Standard normal.
    public static func randn(_ shape: [Int], dtype: DType = .float32, stream: Randomness.Stream = .sampling) throws
        -> Tensor
    {
        try checkFloating(dtype, "randn")
        return Tensor(try Kernels.normal(try Shape(shape, for: "randn"), dtype, stream))
    }

    /// Integers uniform in low ..< high.
    public static func randint(low: Int = 0, high: Int, _ shape: [Int], dtype: DType = .int64) throws -> Tensor {
        guard low < high else {
            throw TensorError.wrongValue(
                function: "randint", argument: "high", value: "\(high)", expected: "above low, \(low)")
        }
        return Tensor(
            try Kernels.cast(try Kernels.integers(try Shape(shape, for: "randint"), low: low, high: high), dtype))
    }

    /// A random order of 0 ..< n, from the stream `shuffling`.
    public static func randperm(_ n: Int) throws -> Tensor {
        let shape = try Shape([n], for: "randperm")
        // Memory that cannot be had is found out here.
        _ = try Values(shape, .int64)
        return Tensor(try Values(Randomness.permutation(n), shape))
    }

    /// Zeros of this tensor's shape and dtype.
    public func zerosLike(dtype: DType? = nil) throws -> Tensor {
        Tensor(try Kernels.filled(shape, dtype ?? self.dtype, 0)).tracedAsConstant()
    }

    /// Ones of this tensor's shape and dtype.
    public func onesLike(dtype: DType? = nil) throws -> Tensor {
        Tensor(try Kernels.filled(shape, dtype ?? self.dtype, 1)).tracedAsConstant()
    }

    /// One value, of this tensor's shape and dtype.
    public func fullLike(_ value: Scalar, dtype: DType? = nil) throws -> Tensor {
        let dtype = dtype ?? self.dtype
        try dtype.check(holds: value, for: "full_like", argument: "fill_value")
        return Tensor(try Kernels.filled(shape, dtype, value)).tracedAsConstant()
    }

    /// Uniform in [0, 1), of this tensor's shape and dtype.
    public func randLike() throws -> Tensor {
        try Tensor.checkFloating(dtype, "rand_like")
        return Tensor(try Kernels.uniform(shape, dtype, .sampling))
    }

    /// Standard normal, of this tensor's shape and dtype.
    public func randnLike() throws -> Tensor {
        try Tensor.checkFloating(dtype, "randn_like")
        return Tensor(try Kernels.normal(shape, dtype, .sampling))
    }

    static func checkFloating(_ dtype: DType, _ name: String) throws {
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float dtype")
        }
    }

    /// Class indices [..] as rows of zeros with a one: int64 [.., classes]; the classes are those present unless given.
    /// - Throws: `TensorError` for floats and for classes outside 0 ..< classes.
    public func oneHot(_ classes: Int? = nil) throws -> Tensor {
        guard !dtype.isFloating, dtype != .bool else {
            throw TensorError.wrongDType(function: "one_hot", dtype: dtype, expected: "class indices (int64)")
        }
        let labels = try integers()
        // A class so large has no successor; the check below refuses it.
        let width = classes ?? labels.max().map { $0 == .max ? $0 : $0 + 1 } ?? 0
        if classes == nil && labels.isEmpty { throw TensorError.emptyReduction(function: "one_hot", shape: shape) }
        for (row, label) in labels.enumerated() where label < 0 || label >= width {
            throw TensorError.classOutOfRange(function: "one_hot", label: label, row: row, classes: Swift.max(width, 0))
        }
        let target = try Shape(shape.array + [width], for: "one_hot")
        let out = try Kernels.filled(target, .int64, 0)
        let ones = try Kernels.filled(shape, .int64, 1)
        let places = try Values(labels.enumerated().map { row, label in row * width + label }, Shape(labels.count))
        try Kernels.put(ones, places, outer: 1, n: out.count, inner: 1, into: out)
        return Tensor(out)
    }
}
