import CKernels

// Functions that write into the tensor. With history in play they replace its contents by a recorded result; else they
// write its memory.
extension Tensor {
    private func update(_ op: ArithmeticOperator, _ other: Operand, _ name: String) throws -> Tensor {
        if Gradients.isEnabled && (requiresGradient || other.tensor?.requiresGradient == true) {
            if isLeafRequiringGradient { throw TensorError.writeIntoLeaf(function: name) }
            let result = try Tensor.arithmetic(op, .tensor(self), other)
            guard result.shape == shape else {
                throw TensorError.notBroadcastable(function: name, left: shape, right: result.shape)
            }
            let converted = try result.to(dtype)
            try become(converted, for: name)
            return traced(.identity(Graph.Identity()), [converted.operand])
        }
        let before = ck_tracing() ? try clone() : self
        let common = Operand.commonDType(.tensor(self), other)
        if op == .subtract, dtype == .bool || other.isBool {
            throw TensorError.wrongDType(function: name, dtype: .bool, expected: "numbers (use ^ or ~ on bool tensors)")
        }
        guard dtype.isFloating || (!common.isFloating && (dtype != .bool || common == .bool)),
            dtype.isFloating || op != .divide
        else {
            throw TensorError.unequalDTypes(function: name, first: dtype, second: op == .divide ? .float32 : common)
        }
        if !dtype.isFloating {
            // Computed in the dtype of both, whose kind this one has, and cut down to it.
            let result = try Tensor.arithmetic(op, .tensor(self), other)
            guard result.shape == shape else {
                throw TensorError.notBroadcastable(function: name, left: shape, right: result.shape)
            }
            try prepareToWrite(for: name)
            try values.write(try Kernels.cast(result.values, dtype))
            return traced(.arithmetic(Graph.Arithmetic(op)), [before.operand, other])
        }
        switch other {
        case .scalar(let scalar):
            try prepareToWrite(for: name)
            _ = try Kernels.binary(op.code, values, scalar: scalar, into: values, name: name)
        case .tensor(let tensor):
            guard try Shape.broadcast(shape, tensor.shape, for: name) == shape else {
                throw TensorError.notBroadcastable(function: name, left: shape, right: tensor.shape)
            }
            let converted = try Kernels.cast(tensor.values, dtype)
            // Overlapping parts of one memory must not be read after they are written.
            let source = tensor !== self && converted.storage === values.storage ? try converted.copied() : converted
            try prepareToWrite(for: name)
            try Kernels.binary(op.code, values, source, into: values, name: name)
        }
        return traced(.arithmetic(Graph.Arithmetic(op)), [before.operand, other])
    }

    /// x += y
    @discardableResult public func add_(_ other: Tensor) throws -> Tensor { try update(.add, .tensor(other), "+=") }
    /// x += y
    @discardableResult public func add_(_ other: Scalar) throws -> Tensor { try update(.add, .scalar(other), "+=") }
    /// x -= y
    @discardableResult public func sub_(_ other: Tensor) throws -> Tensor {
        try update(.subtract, .tensor(other), "-=")
    }
    /// x -= y
    @discardableResult public func sub_(_ other: Scalar) throws -> Tensor {
        try update(.subtract, .scalar(other), "-=")
    }
    /// x *= y
    @discardableResult public func mul_(_ other: Tensor) throws -> Tensor {
        try update(.multiply, .tensor(other), "*=")
    }
    /// x *= y
    @discardableResult public func mul_(_ other: Scalar) throws -> Tensor {
        try update(.multiply, .scalar(other), "*=")
    }
    /// x /= y
    @discardableResult public func div_(_ other: Tensor) throws -> Tensor { try update(.divide, .tensor(other), "/=") }
    /// x /= y
    @discardableResult public func div_(_ other: Scalar) throws -> Tensor { try update(.divide, .scalar(other), "/=") }

    /// Any arithmetic in place, as the language's `x += y`.
    @discardableResult
    public func arithmetic_(_ op: ArithmeticOperator, _ other: Operand) throws -> Tensor {
        try update(op, other, op.rawValue + "=")
    }

    /// x += alpha · y, in one pass and without history.
    /// - Throws: `TensorError` for unequal shapes or dtypes, and for a leaf that requires a gradient outside `no_grad`.
    @discardableResult
    public func addScaled_(_ other: Tensor, _ alpha: Double) throws -> Tensor {
        guard other.shape == shape else {
            throw TensorError.unequalShapes(function: "add_", first: shape, second: other.shape)
        }
        guard other.dtype == dtype else {
            throw TensorError.unequalDTypes(function: "add_", first: dtype, second: other.dtype)
        }
        try prepareToWrite(for: "add_")
        try Kernels.add(other.values, times: alpha, to: values)
        return self
    }

    /// Copies the elements of a tensor that broadcasts to this one, converted to this dtype.
    @discardableResult
    public func copy_(_ other: Tensor) throws -> Tensor {
        guard try Shape.broadcast(shape, other.shape, for: "copy_") == shape else {
            throw TensorError.notBroadcastable(function: "copy_", left: shape, right: other.shape)
        }
        if Gradients.isEnabled && other.requiresGradient {
            try become(try other.to(dtype).expanded(to: shape).clone(), for: "copy_")
            return self
        }
        let source = try Kernels.expand(try Kernels.cast(other.values, dtype), shape)
        if isLeafRequiringGradient && Gradients.isEnabled { throw TensorError.writeIntoLeaf(function: "copy_") }
        if source.storage === values.storage { return self }
        try prepareToWrite(for: "copy_")
        try values.write(source)
        return self
    }

    /// Sets every element to 0.
    @discardableResult public func zero_() throws -> Tensor { try fill_(0) }

    /// Sets every element to one value.
    @discardableResult
    public func fill_(_ value: Scalar) throws -> Tensor {
        try dtype.check(holds: value, for: "fill_", argument: "value")
        if operation != nil && Gradients.isEnabled {
            try become(try fullLike(value), for: "fill_")
            return self
        }
        try prepareToWrite(for: "fill_")
        Kernels.fill(values, value)
        return self
    }
}
