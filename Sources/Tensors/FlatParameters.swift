import CKernels

/// Parameters moved into one block of memory, and their gradients into another, so that an optimizer updates them all in
/// one pass. The parameters stay the same tensors; they are written in place from then on. `clearGradient` of each costs
/// nothing, and the next `backward` writes its gradient straight into the block.
public final class FlatParameters {
    /// The parameters, in order.
    public let parameters: [Tensor]
    /// The number of elements of all parameters.
    public let count: Int
    /// The dtype of all of them.
    public let dtype: DType
    private let offsets: [Int]

    /// Moves parameters together. Those that an earlier `FlatParameters` holds stay where they are.
    /// - Throws: `TensorError` for an empty list, mixed dtypes, a tensor that appears twice or that an operation made.
    public init(_ parameters: [Tensor]) throws {
        guard let first = parameters.first else { throw TensorError.noTensors(function: "optimizer") }
        var seen: Set<ObjectIdentifier> = []
        var offsets: [Int] = [], total = 0
        for parameter in parameters {
            guard parameter.dtype.isFloating else { throw TensorError.gradientOfIntegers(dtype: parameter.dtype) }
            guard parameter.dtype == first.dtype else {
                throw TensorError.unequalDTypes(function: "optimizer", first: first.dtype, second: parameter.dtype)
            }
            guard parameter.isLeaf else { throw TensorError.notALeaf }
            guard seen.insert(ObjectIdentifier(parameter)).inserted else {
                throw TensorError.wrongValue(
                    function: "optimizer", argument: "parameters", value: "a tensor twice", expected: "all different")
            }
            offsets.append(total)
            total += parameter.count
        }
        self.parameters = parameters
        self.offsets = offsets
        count = total
        dtype = first.dtype
        let movable = parameters.filter { !$0.isPinned }
        let size = movable.reduce(0) { $0 + $1.count }
        guard size > 0 else { return }
        let values = try Kernels.filled(Shape(size), dtype, 0), gradients = try Kernels.filled(Shape(size), dtype, 0)
        values.storage.isPinned = true
        gradients.storage.isPinned = true
        var start = 0
        for parameter in movable {
            try parameter.pin(
                values: values.part(at: start, parameter.shape), gradient: gradients.part(at: start, parameter.shape))
            start += parameter.count
        }
    }

    /// Zeros with one element for each of the parameters': what an optimizer remembers.
    public func makeState() throws -> Tensor { Tensor(try Kernels.filled(Shape(count), dtype, 0)) }

    /// The part of a state that belongs to one parameter, copied.
    public func state(_ state: Tensor, of index: Int) throws -> Tensor {
        guard parameters.indices.contains(index) else {
            throw TensorError.indexOutOfRange(function: "optimizer", index: index, size: parameters.count, dim: 0)
        }
        return try state.narrow(dim: 0, start: offsets[index], length: parameters[index].count)
            .reshaped(to: parameters[index].shape)
    }

    /// Drops all gradients.
    public func clearGradients() { for parameter in parameters { parameter.clearGradient() } }

    /// √Σ g² over all gradients present.
    public func gradientNorm() throws -> Double {
        var total = 0.0
        for run in runs() where run.length > 0 {
            let part = run.gradient.part(at: 0, Shape(run.length))
            total += try part.reduced(CK_SUM_SQUARES, dims: [0]).scalar(at: 0).double
        }
        return total.squareRoot()
    }

    /// Scales all gradients so that their common norm is at most `limit`, and gives the norm before (as `clip_grad_norm`,
    /// with its 1e-6 in the denominator).
    @discardableResult
    public func clipGradientNorm(_ limit: Double) throws -> Double {
        let norm = try gradientNorm()
        let factor = limit / (norm + 1e-6)
        if factor < 1 {
            for run in runs() {
                let part = run.gradient.part(at: 0, Shape(run.length))
                _ = try Kernels.binary(CK_MUL, part, scalar: .float(factor), into: part, name: "clip_grad_norm")
            }
        }
        return norm
    }

    /// Neighbouring parameters with neighbouring gradients and states, as long as possible.
    struct Run {
        let parameter: Values, gradient: Values
        let offset: Int
        var length: Int
    }

    func runs() -> [Run] {
        var result: [Run] = []
        for (parameter, offset) in zip(parameters, offsets) {
            guard let gradient = parameter.gradient?.values else { continue }
            let values = parameter.values
            if let last = result.last, last.offset + last.length == offset, last.parameter.storage === values.storage,
                last.gradient.storage === gradient.storage, last.parameter.offset + last.length == values.offset,
                last.gradient.offset + last.length == gradient.offset
            {
                result[result.count - 1].length += values.count
            } else {
                result.append(Run(parameter: values, gradient: gradient, offset: offset, length: values.count))
            }
        }
        return result
    }

    /// Marks the memory of every parameter that is about to be written; memory shared outside a block is copied first.
    func prepareToWrite() throws {
        try Gradients.disabled {
            var last: Storage?
            for parameter in parameters where parameter.gradient != nil {
                let storage = parameter.values.storage
                if storage.isPinned && storage === last { continue }
                try parameter.prepareToWrite(for: "step")
                last = storage
            }
        }
    }
}
