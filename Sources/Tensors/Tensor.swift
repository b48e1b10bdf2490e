import CKernels

/// An n-dimensional array of numbers, contiguous and row-major, that knows which operation made it.
///
/// Tensors are references: binding and passing never copy. Slices and shape functions give independent tensors (memory is
/// shared underneath until one of them is written). A tensor belongs to the thread that made it.
public final class Tensor {
    @exclusivity(unchecked) private(set) var values: Values
    /// What made the tensor, if gradients are to flow through it.
    @exclusivity(unchecked) private(set) var operation: Operation?
    @exclusivity(unchecked) private(set) var isLeafRequiringGradient = false
    /// Identifies the tensor among those of its thread.
    let number: Int
    @exclusivity(unchecked) private var accumulated: Tensor?
    /// A place in a flat gradient buffer that belongs to this parameter.
    @exclusivity(unchecked) private var gradientPlace: Values?

    init(_ values: Values, _ operation: Operation? = nil) {
        self.values = values
        self.operation = operation
        number = operation?.number ?? Int(ck_next_number())
        values.storage.sharers += 1
    }

    deinit { values.storage.sharers -= 1 }

    /// The sizes of the dimensions.
    public var shape: Shape { values.shape }
    /// The type of the elements.
    public var dtype: DType { values.dtype }
    /// The number of dimensions.
    public var rank: Int { values.shape.rank }
    /// The number of elements.
    public var count: Int { values.count }
    /// Whether gradients flow to or through this tensor.
    public var requiresGradient: Bool { isLeafRequiringGradient || operation != nil }
    /// Whether no operation made this tensor.
    public var isLeaf: Bool { operation == nil }

    /// Asks for a gradient of this leaf, or no longer.
    /// - Throws: `TensorError` for integers, and for tensors that an operation made.
    @discardableResult
    public func requireGradient(_ flag: Bool = true) throws -> Tensor {
        if operation != nil {
            guard flag else { throw TensorError.notALeaf }
            return self
        }
        guard !flag || dtype.isFloating else { throw TensorError.gradientOfIntegers(dtype: dtype) }
        isLeafRequiringGradient = flag
        return self
    }

    /// The gradient that `backward` has summed up for this leaf.
    public var gradient: Tensor? { accumulated }

    /// Replaces the gradient.
    /// - Throws: `TensorError` when shape or dtype are not the tensor's.
    public func setGradient(_ gradient: Tensor?) throws {
        guard let gradient else { return clearGradient() }
        guard gradient.shape == shape && gradient.dtype == dtype else {
            throw TensorError.wrongGradient(
                shape: gradient.shape, dtype: gradient.dtype, expected: shape, expectedDType: dtype)
        }
        if accumulated === gradient { return }
        clearGradient()
        try accumulate(gradient.values, owned: false)
    }

    /// Drops the gradient, as `zero_grad`.
    public func clearGradient() {
        guard gradientPlace != nil else {
            accumulated = nil
            return
        }
        guard var held = accumulated.take() else { return }
        // Somebody keeps the old gradient: it moves out of the place that the next one will be written to.
        if !isKnownUniquelyReferenced(&held), let copy = try? held.values.copied() { held.replaceValues(copy) }
    }

    /// Adds to the gradient. `owned` values belong to nobody else and may become the gradient itself.
    func accumulate(_ gradient: Values, owned: Bool) throws {
        if let accumulated {
            accumulated.values.storage.version += 1
            if accumulated.values.storage.sharers > 1 && !accumulated.values.storage.isPinned {
                accumulated.replaceValues(try accumulated.values.copied())
            }
            try Kernels.add(gradient, to: accumulated.values)
        } else if let gradientPlace {
            try gradientPlace.write(gradient)
            accumulated = Tensor(gradientPlace)
        } else {
            accumulated = Tensor(owned ? gradient : try gradient.copied())
        }
    }

    /// Where a kernel may write or add (`beta` 1) this leaf's gradient directly, if it lives in a flat buffer.
    func gradientTarget() -> (values: Values, beta: Double)? {
        guard isLeafRequiringGradient, let gradientPlace else { return nil }
        if let accumulated {
            guard accumulated.values.storage === gradientPlace.storage else { return nil }
            return (gradientPlace, 1)
        }
        accumulated = Tensor(gradientPlace)
        return (gradientPlace, 0)
    }

    /// Moves parameter and gradient to places in flat buffers.
    func pin(values place: Values, gradient gradientPlace: Values) throws {
        try place.write(values)
        replaceValues(place)
        let old = accumulated.take()
        self.gradientPlace = gradientPlace
        if let old { try accumulate(old.values, owned: false) }
    }

    var isPinned: Bool { gradientPlace != nil }

    private func replaceValues(_ new: Values) {
        values.storage.sharers -= 1
        new.storage.sharers += 1
        values = new
    }

    // MARK: Writing

    /// Makes the memory this tensor's own and marks it as written.
    func prepareToWrite(for name: String) throws {
        Tensor.traced([self], .effect(.writes(function: name)), [operand])
        if isLeafRequiringGradient && Gradients.isEnabled { throw TensorError.writeIntoLeaf(function: name) }
        if values.isChannelsLast || values.storage.sharers > 1 && !values.storage.isPinned {
            values.storage.departed.append(number)
            replaceValues(try values.isChannelsLast ? values.rowMajor() : values.copied())
        }
        values.storage.version += 1
    }

    /// Takes over values and history of a result that replaces this tensor's contents.
    func become(_ result: Tensor, for name: String) throws {
        if isLeafRequiringGradient && Gradients.isEnabled { throw TensorError.writeIntoLeaf(function: name) }
        Tensor.traced([self], .effect(.writes(function: name)), [operand])
        values.storage.departed.append(number)
        values.storage.version += 1
        replaceValues(result.values.storage.isPinned ? try result.values.copied() : result.values)
        operation = result.operation
    }

    /// A tensor with the same elements under another shape and no history.
    func sharing(_ shape: Shape) throws -> Tensor {
        Tensor(values.storage.isPinned ? try values.copied().reshaped(shape) : try values.reshaped(shape))
    }
}
