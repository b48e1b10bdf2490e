import CKernels

/// One change to the examples of a batch, with everything but its random numbers decided.
package struct ExampleView: Sendable, Hashable {
    /// What is done.
    package enum Kind: Sendable, Hashable {
        /// A window of the given size anywhere in the image with `padding` zeros around it.
        case crop(height: Int, width: Int, padding: Int)
        /// Left and right change places with probability `p`.
        case flip(p: Double)
        /// By at most so many degrees, bilinear, zeros outside.
        case rotate(degrees: Double)
        /// Normal noise.
        case noise(std: Double)
        /// A square of zeros around any pixel.
        case cutout(size: Int)
        /// share · x + (1 − share) · x[partner].
        case mixup(share: Double, partners: [Int])
        /// x with rows and columns of x[partner].
        case cutmix(rows: Range<Int>, columns: Range<Int>, partners: [Int])
        /// A window of least and most area and proportions, resampled to the view's size.
        case resizedCrop(range: [Double])
        /// Zeros in a box of least and most area and proportions, with probability `p`.
        case erase(p: Double, range: [Double])
        /// Brightness, contrast, saturation and hue changed by up to these.
        case jitter(range: [Double])
        /// Some of RandAugment's changes, of a share of their largest strength.
        case randAugment(count: Int, share: Double)
    }

    /// What is done.
    package var kind: Kind
    /// The size of the image afterwards.
    package var height: Int
    /// The size of the image afterwards.
    package var width: Int

    /// A view and the size it leaves.
    package init(_ kind: Kind, height: Int, width: Int) {
        self.kind = kind
        self.height = height
        self.width = width
    }
}

/// Where the rows of a batch come from.
package enum ExampleRows {
    /// Rows (int64, in range) of uint8 or float32 [N, …] in memory.
    case tensor(Tensor, records: Tensor)
    /// Records one after another in an open file, from a byte offset on.
    case file(descriptor: Int32, offset: Int, dtype: DType, records: Tensor)
}

/// A batch in the making, at once or on a second thread: rows are read, become float32 (bytes in 0…1), are changed by
/// views and normalised. The numbers do not depend on the thread.
package final class BatchAssembly {
    private let batch: UnsafeMutablePointer<ck_batch>
    private let task: UnsafeMutablePointer<ck_task>
    private let views: UnsafeMutablePointer<ck_view>
    private let statistics: UnsafeMutablePointer<Float>
    private let out: Values
    // Memory that the work reads.
    private let kept: [Values]
    private var isPending: Bool

    /// Why rows could not be had.
    package struct ReadFailure: Error {
        /// The record that could not be read.
        package let record: Int
        /// The system's error number; 0 when the file ends early.
        package let code: Int32
    }

    private static func check(_ dtype: DType) throws {
        guard dtype == .uint8 || dtype == .float32 else {
            throw TensorError.wrongDType(function: "a batch", dtype: dtype, expected: "uint8 or float32")
        }
    }

    /// Takes memory for the batch and, with `inBackground`, has the second thread begin.
    ///
    /// - Parameters:
    ///   - rows: Where x comes from.
    ///   - image: The sizes [C, H, W] of a row.
    ///   - examples: int64 [B], what the random numbers call each row.
    ///   - key: Decides the random numbers.
    ///   - mean, std: One value a channel, one for all, or none.
    ///   - shape: The shape of the result.
    /// - Throws: `TensorError` when memory is short.
    package init(
        _ rows: ExampleRows, image: (channels: Int, height: Int, width: Int), examples: Tensor,
        views list: [ExampleView],
        key: UInt64, mean: [Double], std: [Double], shape: [Int], inBackground: Bool
    ) throws {
        guard mean.count == std.count, examples.dtype == .int64 else {
            throw TensorError.wrongCount(function: "normalize", shape: try Shape([mean.count]), sizes: [std.count])
        }
        let out = try Values(Shape(shape), .float32)
        var kept = [examples.values]
        var fields = ck_batch()
        fields.file = -1
        switch rows {
        case .tensor(let x, let records):
            try Self.check(x.dtype)
            // The memory of x may be written while the second thread reads: it gets a copy.
            let source = try Kernels.take(
                x.values, records.values, outer: 1, n: x.shape[0], inner: x.count / max(1, x.shape[0]),
                x.shape.replacing(0, with: records.count))
            fields.memory = UnsafeRawPointer(source.raw)
            fields.dtype = source.dtype.code
            kept.append(source)
        case .file(let descriptor, let offset, let dtype, let records):
            try Self.check(dtype)
            fields.file = descriptor
            fields.offset = Int64(offset)
            fields.dtype = dtype.code
            fields.records = UnsafePointer(records.values.raw.assumingMemoryBound(to: Int64.self))
            kept.append(records.values)
        }
        fields.examples = UnsafePointer(examples.values.raw.assumingMemoryBound(to: Int64.self))
        fields.count = Int64(examples.count)
        fields.channels = Int64(image.channels)
        fields.height = Int64(image.height)
        fields.width = Int64(image.width)
        fields.key = key
        fields.out = out.raw.assumingMemoryBound(to: Float.self)
        let entries = try list.map { view in
            var entry = ck_view()
            entry.height = Int64(view.height)
            entry.width = Int64(view.width)
            if let partners = try entry.fill(view.kind) { kept.append(partners) }
            return entry
        }
        views = .allocate(capacity: max(1, list.count))
        for (place, entry) in entries.enumerated() { (views + place).initialize(to: entry) }
        fields.views = UnsafePointer(views)
        fields.view_count = Int64(list.count)
        statistics = .allocate(capacity: max(1, 2 * mean.count))
        for (place, value) in (mean + std).enumerated() { (statistics + place).initialize(to: Float(value)) }
        fields.mean = UnsafePointer(statistics)
        fields.std = UnsafePointer(statistics + mean.count)
        fields.statistics = Int64(mean.count)
        batch = .allocate(capacity: 1)
        batch.initialize(to: fields)
        task = .allocate(capacity: 1)
        task.initialize(to: ck_task(body: { BatchAssembly.run($0) }, context: batch, next: nil, state: 0))
        self.out = out
        self.kept = kept
        isPending = inBackground
        if inBackground { ck_task_start(task) }
    }

    private static func run(_ context: UnsafeMutableRawPointer?) {
        _ = ck_batch_make(context?.assumingMemoryBound(to: ck_batch.self))
    }

    deinit {
        if isPending { ck_task_wait(task) }
        task.deallocate()
        batch.deallocate()
        views.deallocate()
        statistics.deallocate()
    }

    /// The finished x.
    ///
    /// - Throws: ``ReadFailure``; `TensorError` when memory is short.
    package func result() throws -> Tensor {
        if isPending { ck_task_wait(task) } else { Self.run(batch) }
        isPending = false
        if batch.pointee.failed_record >= 0 {
            throw ReadFailure(record: Int(batch.pointee.failed_record), code: batch.pointee.failure)
        }
        guard batch.pointee.failure == 0 else {
            throw TensorError.outOfMemory(
                bytes: out.count * out.dtype.itemSize, available: Int(clamping: ck_available_memory()))
        }
        return Tensor(out)
    }
}

extension ck_view {
    /// Fills in everything but the size; gives the memory that the view refers to.
    fileprivate mutating func fill(_ view: ExampleView.Kind) throws -> Values? {
        func positions(_ list: [Int]) throws -> Values { try Values(list, Shape(list.count)) }
        switch view {
        case .crop(_, _, let padding):
            kind = CK_VIEW_CROP
            amount = Double(padding)
        case .flip(let p):
            kind = CK_VIEW_FLIP
            amount = p
        case .rotate(let degrees):
            kind = CK_VIEW_ROTATE
            amount = degrees
        case .noise(let std):
            kind = CK_VIEW_NOISE
            amount = std
        case .cutout(let size):
            kind = CK_VIEW_CUTOUT
            amount = Double(size)
        case .resizedCrop(let list):
            kind = CK_VIEW_RESIZED
            setRange(list)
        case .erase(let p, let list):
            kind = CK_VIEW_ERASE
            amount = p
            setRange(list)
        case .jitter(let list):
            kind = CK_VIEW_JITTER
            setRange(list)
        case .randAugment(let count, let share):
            kind = CK_VIEW_RANDOM
            amount = Double(count)
            setRange([share])
        case .mixup(let share, let list):
            kind = CK_VIEW_MIXUP
            self.share = share
            let memory = try positions(list)
            partners = UnsafePointer(memory.raw.assumingMemoryBound(to: Int64.self))
            return memory
        case .cutmix(let rows, let columns, let list):
            kind = CK_VIEW_CUTMIX
            (top, bottom) = (Int64(rows.lowerBound), Int64(rows.upperBound))
            (left, right) = (Int64(columns.lowerBound), Int64(columns.upperBound))
            let memory = try positions(list)
            partners = UnsafePointer(memory.raw.assumingMemoryBound(to: Int64.self))
            return memory
        }
        return nil
    }
}

extension ck_view {
    fileprivate mutating func setRange(_ list: [Double]) {
        let padded = list + Array(repeating: 0, count: max(0, 4 - list.count))
        range = (padded[0], padded[1], padded[2], padded[3])
    }
}

extension Tensor {
    /// How often each byte occurs in every channel of [N, C, …]: `counts[channel * 256 + byte]`.
    package func byteCounts() -> [Int] {
        precondition(dtype == .uint8 && rank > 0)
        let channels = rank > 1 ? shape[1] : 1
        let inner = shape[0] * channels == 0 ? 0 : count / (shape[0] * channels)
        return [Int](unsafeUninitializedCapacity: channels * 256) { buffer, used in
            if let base = buffer.baseAddress {
                UnsafeMutableRawPointer(base).withMemoryRebound(to: Int64.self, capacity: channels * 256) { counts in
                    values.withBytes { bytes in
                        ck_byte_counts(
                            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int64(shape[0]), Int64(channels),
                            Int64(inner), counts)
                    }
                }
            }
            used = channels * 256
        }
    }

    private func requireImage(_ name: String) throws {
        guard rank == 3 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "an image [C, H, W]", argument: 0)
        }
        guard dtype == .float32 else { throw TensorError.wrongDType(function: name, dtype: dtype, expected: "float32") }
    }

    /// An image [C, H, W] after one of RandAugment's changes, by its number in the C header.
    package func randChanged(kind: Int, share: Double, negative: Bool) throws -> Tensor {
        try requireImage("rand_augment")
        let (out, other) = (try values.rowMajor().copied(), try Values(shape, .float32))
        ck_rand_change(
            out.raw.assumingMemoryBound(to: Float.self), other.raw.assumingMemoryBound(to: Float.self),
            Int64(shape[0]), Int64(shape[1]), Int64(shape[2]), Int32(kind), share, negative)
        return Tensor(out)
    }

    /// Images [C, H, W] turned counter-clockwise about their middle, bilinear, with zeros outside.
    package func rotated(degrees: Double) throws -> Tensor {
        try requireImage("rotate")
        let out = try Values(shape, .float32)
        let values = try values.rowMajor()
        ck_rotate(
            values.raw.assumingMemoryBound(to: Float.self), out.raw.assumingMemoryBound(to: Float.self),
            Int64(shape[0]), Int64(shape[1]), Int64(shape[2]), degrees)
        return Tensor(out)
    }
}

extension Tensor {
    /// About how many bytes of memory are left for this process.
    package static var availableMemory: Int { Int(clamping: ck_available_memory()) }
}
