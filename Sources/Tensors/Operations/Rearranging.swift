import CKernels

extension Tensor {
    /// In reverse order along dimensions.
    public func flip(dims: [Int]) throws -> Tensor {
        let flipped = try shape.dimensions(dims, for: "flip")
        if rank == 0 { return try clone() }
        return try index((0..<rank).map { flipped.contains($0) ? .slice(start: nil, stop: nil, step: -1) : .all })
    }

    /// Shifted by `shifts` along `dims`, what falls out comes back in on the other side; without `dims`, of the flattened.
    public func roll(shifts: [Int], dims: [Int]? = nil) throws -> Tensor {
        guard let dims else {
            guard shifts.count == 1 else {
                throw TensorError.wrongValue(
                    function: "roll", argument: "shifts", value: "\(shifts)", expected: "one without dims")
            }
            return try reshape([count]).roll(shifts: shifts, dims: [0]).reshaped(to: shape)
        }
        guard shifts.count == dims.count else {
            throw TensorError.wrongValue(
                function: "roll", argument: "shifts", value: "\(shifts)", expected: "as many as dims, \(dims.count)")
        }
        var result = self
        for (shift, dim) in zip(shifts, dims) {
            guard rank > 0 else {
                throw TensorError.wrongShape(
                    function: "roll", shape: shape, expected: "at least 1 dimension", argument: 0)
            }
            let d = try shape.dimension(dim, for: "roll")
            guard shape[d] > 0 else { continue }
            let n = shape[d], offset = ((shift % n) + n) % n
            if offset == 0 { continue }
            result = try Tensor.cat(
                [
                    try result.narrow(dim: d, start: n - offset, length: offset),
                    try result.narrow(dim: d, start: 0, length: n - offset),
                ], dim: d)
        }
        return result === self ? try clone() : result
    }

    /// The tensor repeated along each dimension.
    public func `repeat`(_ counts: [Int]) throws -> Tensor {
        guard counts.count >= rank else {
            throw TensorError.wrongValue(
                function: "repeat", argument: "sizes", value: "\(counts)",
                expected: "at least \(rank) numbers for shape \(shape)"
            )
        }
        for size in counts where size < 0 { throw TensorError.negativeSize(function: "repeat", sizes: counts) }
        for size in counts where size > 1 << 20 { throw TensorError.tooLarge(function: "repeat", sizes: counts) }
        let padded = [Int](repeating: 1, count: counts.count - rank) + shape.array
        var result = try reshape(padded)
        for (d, times) in counts.enumerated() where times != 1 {
            result =
                times == 0
                ? try result.narrow(dim: d, start: 0, length: 0)
                : try Tensor.cat([Tensor](repeating: result, count: times), dim: d)
        }
        return result === self ? try clone() : result
    }

    /// Pieces of `size` along a dimension; the last may be smaller.
    public func split(_ size: Int, dim: Int = 0) throws -> [Tensor] {
        let d = try shape.dimension(dim, for: "split")
        guard size > 0, rank > 0 else {
            throw TensorError.wrongValue(
                function: "split", argument: "split_size", value: "\(size)", expected: "above 0")
        }
        if shape[d] == 0 { return [try clone()] }
        return try stride(from: 0, to: shape[d], by: size).map {
            try narrow(dim: d, start: $0, length: Swift.min(size, shape[d] - $0))
        }
    }

    /// Pieces of the given sizes along a dimension, which they must fill.
    public func split(sizes: [Int], dim: Int = 0) throws -> [Tensor] {
        let d = try shape.dimension(dim, for: "split")
        var total = 0
        for size in sizes {
            guard size >= 0 else { throw TensorError.negativeSize(function: "split", sizes: sizes) }
            total = total.addingReportingOverflow(size).overflow ? Int.max : total + size
        }
        guard rank > 0, total == shape[d] else {
            throw TensorError.wrongValue(
                function: "split", argument: "split_sizes", value: "\(sizes)",
                expected: "of sum \(rank > 0 ? shape[d] : 1), the size of dim \(dim)")
        }
        var start = 0
        return try sizes.map { size in
            defer { start += size }
            return try narrow(dim: d, start: start, length: size)
        }
    }

    /// At most `chunks` pieces of equal size along a dimension; the last may be smaller.
    public func chunk(_ chunks: Int, dim: Int = 0) throws -> [Tensor] {
        let d = try shape.dimension(dim, for: "chunk")
        guard chunks > 0, chunks <= 1 << 20, rank > 0 else {
            throw TensorError.wrongValue(
                function: "chunk", argument: "chunks", value: "\(chunks)", expected: "in 1 … 1048576")
        }
        if shape[d] == 0 { return try (0..<chunks).map { _ in try clone() } }
        return try split((shape[d] - 1) / chunks + 1, dim: d)
    }

    /// The tensor with a border.
    /// - Parameters:
    ///   - padding: Pairs (before, after) from the last dimension on; negative ones cut off.
    ///   - mode: `constant`, `reflect`, `replicate` or `circular`.
    ///   - value: What `constant` fills with.
    public func pad(_ padding: [Int], mode: String = "constant", value: Double = 0) throws -> Tensor {
        guard padding.count % 2 == 0, padding.count / 2 <= rank else {
            throw TensorError.wrongValue(
                function: "pad", argument: "pad", value: "\(padding)", expected: "pairs for at most \(rank) dimensions")
        }
        guard ["constant", "reflect", "replicate", "circular"].contains(mode) else {
            throw TensorError.wrongValue(
                function: "pad", argument: "mode", value: "\"\(mode)\"",
                expected: "\"constant\", \"reflect\", \"replicate\" or \"circular\"")
        }
        if mode == "constant" { try dtype.check(holds: .float(value), for: "pad", argument: "value") }
        var result = self
        for pair in 0..<padding.count / 2 {
            let d = rank - 1 - pair, before = padding[2 * pair], after = padding[2 * pair + 1]
            if before == 0 && after == 0 { continue }
            result = try result.padded(d, before, after, mode, value)
        }
        return result === self ? try clone() : result
    }

    private func padded(_ d: Int, _ before: Int, _ after: Int, _ mode: String, _ value: Double) throws -> Tensor {
        let n = shape[d]
        let size = n.addingReportingOverflow(before)
        let whole = size.partialValue.addingReportingOverflow(after)
        guard !size.overflow, !whole.overflow, whole.partialValue >= 0,
            Swift.max(before.magnitude, after.magnitude) < 1 << 40
        else {
            throw TensorError.wrongValue(
                function: "pad", argument: "pad", value: "\(before), \(after)",
                expected: "such that dim \(d) of \(shape) keeps a size")
        }
        if mode == "constant" {
            let target = try Shape(shape.replacing(d, with: whole.partialValue), for: "pad")
            let base = Tensor(try Kernels.filled(target, dtype, .float(value)))
            let low = Swift.max(-before, 0), high = n - Swift.max(-after, 0)
            // Nothing is left inside, and nothing flows back but the shape.
            guard high > low else {
                return isRecorded
                    ? try Trace.unlisted { try base.add(maskedFill(.ones([], dtype: .bool), 0).sum()) }
                    : base.tracedAsConstant()
            }
            let start = Swift.max(before, 0)
            try Trace.unlisted {
                let inside = try narrow(dim: d, start: low, length: high - low)
                try base.setIndex(
                    [Index](repeating: .all, count: d) + [.slice(start: start, stop: start + high - low, step: 1)],
                    .tensor(inside))
            }
            return base.traced(
                .padding(Graph.Padding(dim: d, before: before, after: after, value: value)), [operand])
        }
        let limit = mode == "reflect" ? n - 1 : mode == "circular" ? n : 1 << 24
        guard n > 0, before <= limit, after <= limit else {
            throw TensorError.wrongValue(
                function: "pad", argument: "pad", value: "\(before), \(after)",
                expected: "at most \(limit) for dim \(d) of \(shape)")
        }
        let positions = (-before..<n + after).map { position -> Int in
            switch mode {
            case "reflect": position < 0 ? -position : position >= n ? 2 * (n - 1) - position : position
            case "replicate": Swift.min(Swift.max(position, 0), n - 1)
            default: ((position % n) + n) % n
            }
        }
        return try indexSelect(dim: d, index: try Tensor(positions))
    }

    private func triangle(_ diagonal: Int, lower: Bool, _ name: String) throws -> Tensor {
        guard rank >= 2 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "a matrix or several", argument: 0)
        }
        let rows = shape[rank - 2], columns = shape[rank - 1]
        let limit = Swift.max(Swift.min(diagonal, columns + 1), -rows - 1)
        let difference = try Tensor.arange(.int(columns)).sub(try Tensor.arange(.int(rows)).reshape([rows, 1]))
        let outside = lower ? try difference.gt(.int(limit)) : try difference.lt(.int(limit))
        return try Trace.unlisted {
            try maskedFill(outside, dtype.isFloating ? 0.0 : dtype == .bool ? false : 0)
        }
        .traced(.triangle(Graph.Triangle(upper: !lower, diagonal: diagonal)), [operand])
    }

    /// The matrix with zeros above a diagonal.
    public func tril(diagonal: Int = 0) throws -> Tensor { try triangle(diagonal, lower: true, "tril") }
    /// The matrix with zeros below a diagonal.
    public func triu(diagonal: Int = 0) throws -> Tensor { try triangle(diagonal, lower: false, "triu") }

    /// A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector.
    public func diag(diagonal: Int = 0) throws -> Tensor {
        guard rank == 1 || rank == 2 else {
            throw TensorError.wrongShape(function: "diag", shape: shape, expected: "a vector or a matrix", argument: 0)
        }
        let limit = 1 << 20
        guard diagonal.magnitude < limit else {
            throw TensorError.wrongValue(
                function: "diag", argument: "diagonal", value: "\(diagonal)", expected: "within ±\(limit)")
        }
        let shift = Int(diagonal.magnitude)
        if rank == 1 {
            let size = count + shift
            let target = try Shape([size, size], for: "diag")
            let base = Tensor(try Kernels.filled(target, dtype, 0))
            let rows = (0..<count).map { $0 + (diagonal < 0 ? shift : 0) }
            let columns = (0..<count).map { $0 + (diagonal > 0 ? shift : 0) }
            try base.setIndex([.tensor(try Tensor(rows)), .tensor(try Tensor(columns))], .tensor(self))
            return base
        }
        let length = Swift.max(
            0, Swift.min(shape[0] - (diagonal < 0 ? shift : 0), shape[1] - (diagonal > 0 ? shift : 0)))
        let rows = (0..<length).map { $0 + (diagonal < 0 ? shift : 0) }
        let columns = (0..<length).map { $0 + (diagonal > 0 ? shift : 0) }
        return try index([.tensor(try Tensor(rows)), .tensor(try Tensor(columns))])
    }

    /// The positions of the elements that are not 0, one row each: [found, dimensions].
    public func nonzero() throws -> Tensor {
        Trace.note(.reads)
        let flat = try Kernels.positions(try Kernels.cast(values, .bool)).array(of: Int.self)
        var out: [Int] = []
        out.reserveCapacity(flat.count * rank)
        let strides = shape.strides
        for position in flat {
            var rest = position
            for d in 0..<rank {
                out.append(rest / strides[d])
                rest %= strides[d]
            }
        }
        return try Tensor(out, shape: [flat.count, rank])
    }

    /// The different elements in order, the position of each element among them, and how often each occurs.
    public func unique() throws -> (values: Tensor, inverse: Tensor, counts: Tensor) {
        let flat = try detach().reshape([count])
        let (sorted, order) = try flat.sort()
        let numbers = try sorted.to(dtype.isFloating ? .float64 : .int64)
        let places = try order.integers()
        var firsts: [Int] = [], inverse = [Int](repeating: 0, count: count), counts: [Int] = []
        let reals = dtype.isFloating ? try numbers.doubles() : [],
            wholes = dtype.isFloating ? [] : try numbers.integers()
        for i in 0..<count {
            let isNew = i == 0 || (dtype.isFloating ? reals[i] != reals[i - 1] : wholes[i] != wholes[i - 1])
            if isNew {
                firsts.append(i)
                counts.append(0)
            }
            counts[counts.count - 1] += 1
            inverse[places[i]] = counts.count - 1
        }
        let found = try sorted.indexSelect(dim: 0, index: try Tensor(firsts))
        return (found, try Tensor(inverse, shape: shape.array), try Tensor(counts))
    }

    /// How often each of 0, 1, … occurs in a vector, or the sum of the weights of those.
    public func bincount(weights: Tensor? = nil, minlength: Int = 0) throws -> Tensor {
        guard rank == 1 else {
            throw TensorError.wrongShape(function: "bincount", shape: shape, expected: "a vector", argument: 0)
        }
        guard !dtype.isFloating, dtype != .bool else {
            throw TensorError.wrongDType(function: "bincount", dtype: dtype, expected: "integers (int64)")
        }
        guard minlength >= 0 else {
            throw TensorError.wrongValue(
                function: "bincount", argument: "minlength", value: "\(minlength)", expected: "at least 0")
        }
        if let weights, weights.shape != shape {
            throw TensorError.unequalShapes(function: "bincount", first: shape, second: weights.shape)
        }
        let numbers = try integers()
        for (row, number) in numbers.enumerated() where number < 0 {
            throw TensorError.wrongValue(
                function: "bincount", argument: "element \(row)", value: "\(number)", expected: "at least 0")
        }
        let highest = numbers.max() ?? -1
        guard highest < Shape.maximumCount else { throw TensorError.tooLarge(function: "bincount", sizes: [highest]) }
        let size = Swift.max(highest + 1, minlength)
        let target = try Shape([size], for: "bincount")
        guard let weights else {
            let out = try Kernels.filled(target, .int64, 0)
            let one = try Kernels.filled(shape, .int64, 1)
            try Kernels.takeAdd(one, try Kernels.cast(values, .int64), outer: 1, n: size, inner: 1, into: out)
            return Tensor(out)
        }
        let factors = try Kernels.cast(weights.values, weights.dtype.isFloating ? weights.dtype : .float64)
        let out = try Kernels.filled(target, factors.dtype, 0)
        try Kernels.takeAdd(factors, try Kernels.cast(values, .int64), outer: 1, n: size, inner: 1, into: out)
        return Tensor(out)
    }
}
