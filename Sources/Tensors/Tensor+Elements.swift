extension Tensor {
    /// A float32 tensor of one dimension, or of `shape`.
    public convenience init(_ elements: [Float], shape: [Int]? = nil) throws {
        self.init(try Values(elements, try Tensor.shape(shape, of: elements.count)))
        _ = tracedAsConstant()
    }

    /// A float64 tensor of one dimension, or of `shape`.
    public convenience init(_ elements: [Double], shape: [Int]? = nil) throws {
        self.init(try Values(elements, try Tensor.shape(shape, of: elements.count)))
        _ = tracedAsConstant()
    }

    /// An int64 tensor of one dimension, or of `shape`.
    public convenience init(_ elements: [Int], shape: [Int]? = nil) throws {
        self.init(try Values(elements, try Tensor.shape(shape, of: elements.count)))
        _ = tracedAsConstant()
    }

    /// A uint8 tensor of one dimension, or of `shape`.
    public convenience init(_ elements: [UInt8], shape: [Int]? = nil) throws {
        self.init(try Values(elements, try Tensor.shape(shape, of: elements.count)))
        _ = tracedAsConstant()
    }

    /// A bool tensor of one dimension, or of `shape`.
    public convenience init(_ elements: [Bool], shape: [Int]? = nil) throws {
        self.init(try Values(elements, try Tensor.shape(shape, of: elements.count)))
        _ = tracedAsConstant()
    }

    /// A 0-d tensor: int64, float32 or bool unless `dtype` says otherwise.
    public convenience init(_ scalar: Scalar, dtype: DType? = nil) throws {
        self.init(try Kernels.filled(.scalar, dtype ?? scalar.dtype, scalar))
        _ = tracedAsConstant()
    }

    /// A tensor from bytes in the machine's order.
    /// - Throws: `TensorError` when the bytes are not as many as shape and dtype ask for.
    public convenience init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) throws {
        let sizes = try Shape(shape)
        guard bytes.count == sizes.elementCount * dtype.itemSize else {
            throw TensorError.wrongValue(
                function: "tensor", argument: "bytes", value: "\(bytes.count)",
                expected: "\(sizes.elementCount * dtype.itemSize) for \(dtype) \(sizes)")
        }
        self.init(try Values(bytes: bytes, sizes, dtype))
        _ = tracedAsConstant()
    }

    private static func shape(_ shape: [Int]?, of count: Int) throws -> Shape {
        guard let shape else { return Shape(count) }
        let sizes = try Shape(shape)
        guard sizes.elementCount == count else {
            throw TensorError.wrongCount(function: "tensor", shape: Shape(count), sizes: shape)
        }
        return sizes
    }

    /// The elements as `Float`, whatever the dtype.
    public func floats() throws -> [Float] {
        Trace.note(.reads)
        let converted = try Kernels.cast(values, .float32)
        return converted.array(of: Float.self)
    }

    /// The elements as `Double`, whatever the dtype.
    public func doubles() throws -> [Double] {
        Trace.note(.reads)
        let converted = try Kernels.cast(values, .float64)
        return converted.array(of: Double.self)
    }

    /// The elements as integers, truncated.
    public func integers() throws -> [Int] {
        Trace.note(.reads)
        let converted = try Kernels.cast(values, .int64)
        return converted.array(of: Int.self)
    }

    /// The elements as truth values: whether they differ from zero.
    public func booleans() throws -> [Bool] {
        Trace.note(.reads)
        let converted = try Kernels.cast(values, .bool)
        return converted.array(of: UInt8.self).map { $0 != 0 }
    }

    /// The elements as bytes in the machine's order.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        Trace.note(.reads)
        return try values.withBytes(body)
    }

    /// The only element.
    /// - Throws: `TensorError.notOneElement`.
    public func item() throws -> Scalar {
        guard count == 1 else { throw TensorError.notOneElement(function: "item", shape: shape) }
        Trace.note(.reads, self)
        return values.scalar(at: 0)
    }

    /// The only element as a float.
    /// - Throws: `TensorError.notOneElement`.
    public func itemDouble() throws -> Double { try item().double }

    /// The element at a flat position, without a copy of the rest.
    /// - Throws: `TensorError.indexOutOfRange`.
    public func element(_ position: Int) throws -> Scalar {
        guard position >= 0 && position < count else {
            throw TensorError.indexOutOfRange(function: "item", index: position, size: count, dim: 0)
        }
        Trace.note(.reads)
        return values.scalar(at: position)
    }

    /// A tensor of the same elements in memory of its own, with history.
    public func clone() throws -> Tensor {
        let copy = try values.copied()
        return (isRecorded ? Tensor(copy, Identity(self)) : Tensor(copy)).traced(.identity(Graph.Identity()), [operand])
    }

    /// The same elements without history.
    public func detach() throws -> Tensor { try sharing(shape).traced(.identity(Graph.Identity()), [operand]) }

    /// The same elements as another dtype; gradients flow between float dtypes. Gives `self` when nothing changes.
    public func to(_ dtype: DType) throws -> Tensor {
        if dtype == self.dtype { return self }
        let converted = try Kernels.cast(values, dtype)
        return (isRecorded && dtype.isFloating ? Tensor(converted, Conversion(self)) : Tensor(converted))
            .traced(.conversion(Graph.Conversion(dtype)), [operand])
    }
}

/// y = x
final class Identity: Operation {
    override class var name: String { "clone" }
    override func backward(_ gradient: Values, _ walk: Walk) throws { try send(gradient, to: 0, walk) }
}

/// y = x in another dtype.
private final class Conversion: Operation {
    private let dtype: DType
    override class var name: String { "to" }

    init(_ x: Tensor) {
        dtype = x.dtype
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        try send(try Kernels.cast(gradient, dtype), to: 0, walk)
    }
}
