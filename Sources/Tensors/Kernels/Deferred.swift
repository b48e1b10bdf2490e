import CKernels

/// Contents that are computed when somebody looks at them. A convolution (or normalisation) waits for what follows it, so
/// that normalisation with fixed statistics, a residual sum and ReLU join it in one pass, whatever modules they are
/// written in. Nothing waits longer than until the next kernel touches any memory: the accessors of `Storage` settle it
/// first, so nobody can see or overwrite an operand too early. At most one chain of results waits on a thread.
final class Deferred {
    /// What starts a chain.
    enum Root {
        case convolution(Kernels.Convolution)
        /// x with its channels innermost, times one number a channel plus another.
        case columns(Values)

        /// Whether a residual may be brought into the result's order while the operands stay as they are.
        func allows(_ residual: Values) -> Bool {
            switch self {
            case .columns: true
            case .convolution(let work):
                residual.storage !== work.weight.storage
                    && (residual.storage !== work.x.storage || residual.shape == work.x.shape)
            }
        }
    }

    private let root: Root
    private let shape: Shape
    private let dtype: DType
    private var scale: [Double]?
    private var shift: [Double]?
    private var residual: Values?
    private var isRectified = false
    /// The storage this result continues from: if somebody kept it, it is computed too and used.
    private weak var parent: Storage?
    private var step = Step.none

    private enum Step {
        case none
        case scale([Double], [Double])
        case add(Values)
        case rectify
    }

    private init(_ root: Root, _ shape: Shape, _ dtype: DType) {
        self.root = root
        self.shape = shape
        self.dtype = dtype
    }

    /// Computes whatever is waiting.
    static func settle() {
        guard let pointer = ck_deferred() else { return }
        ck_set_deferred(nil)
        Unmanaged<Storage>.fromOpaque(pointer).takeUnretainedValue().settle()
    }

    private static func wait(_ work: Deferred, shape: Shape, dtype: DType) throws -> Values {
        let result = try Values(channelsLast: shape, dtype)
        result.storage.deferred = work
        ck_set_deferred(Unmanaged.passUnretained(result.storage).toOpaque())
        return result
    }

    // MARK: Starting

    /// The result of a convolution, to be computed.
    static func convolution(_ work: Kernels.Convolution) throws -> Values {
        settle()
        return try wait(Deferred(.convolution(work), work.shape, work.x.dtype), shape: work.shape, dtype: work.x.dtype)
    }

    /// x·scale + shift for each channel, to be computed.
    static func columns(_ x: Values, scale: [Double], shift: [Double]) throws -> Values {
        if let joined = try continued(x, .scale(scale, shift)) { return joined }
        settle()
        let work = Deferred(.columns(try x.channelsLast()), x.shape, x.dtype)
        work.scale = scale
        work.shift = shift
        return try wait(work, shape: x.shape, dtype: x.dtype)
    }

    // MARK: Continuing

    /// max(x, 0) as part of the work that x waits for, if it does.
    static func relu(_ x: Values) throws -> Values? { try continued(x, .rectify) }

    /// a + b as part of the work that one of them waits for, if it does.
    static func sum(_ a: Values, _ b: Values) throws -> Values? {
        guard ck_deferred() != nil, a.shape == b.shape, a.dtype == b.dtype, a.storage !== b.storage else { return nil }
        if let joined = try continued(a, .add(b)) { return joined }
        return try continued(b, .add(a))
    }

    private static func continued(_ x: Values, _ step: Step) throws -> Values? {
        guard let newest = ck_deferred(), newest == Unmanaged.passUnretained(x.storage).toOpaque(),
            let before = x.storage.deferred, x.shape == before.shape
        else { return nil }
        let work = Deferred(before.root, before.shape, before.dtype)
        (work.scale, work.shift, work.residual, work.isRectified) =
            (before.scale, before.shift, before.residual, before.isRectified)
        work.parent = x.storage
        work.step = step
        switch step {
        case .scale(let scale, let shift):
            guard case .convolution = before.root, before.scale == nil, before.residual == nil, !before.isRectified
            else { return nil }
            (work.scale, work.shift) = (scale, shift)
        case .add(let residual):
            guard before.residual == nil, !before.isRectified, residual.isWhole, !residual.storage.isPinned,
                before.root.allows(residual)
            else { return nil }
            work.residual = residual
        case .rectify:
            work.isRectified = true
        case .none: return nil
        }
        return try wait(work, shape: before.shape, dtype: before.dtype)
    }

    // MARK: Computing

    fileprivate func run(into storage: Storage) {
        let sizes = ChannelsLast(
            n: shape[0], c: shape[1], spatial: shape.product(2..<shape.rank), itemSize: dtype.itemSize)
        if let parent {
            parent.settle()
            switch step {
            case .scale(let scale, let shift):
                finish(from: parent.block, sizes, scale, shift, nil, false, into: storage)
            case .add(let residual): finish(from: parent.block, sizes, nil, nil, residual, false, into: storage)
            case .rectify: finish(from: parent.block, sizes, nil, nil, nil, true, into: storage)
            case .none: break
            }
            return
        }
        switch root {
        case .columns(let x):
            finish(from: x.channelsLastPointer, sizes, scale, shift, residual, isRectified, into: storage)
        case .convolution(let work):
            work.run(
                scale: scale, shift: shift, residual: residual.map { Self.pointer($0, sizes) }, relu: isRectified,
                into: storage.block)
        }
    }

    private static func pointer(_ residual: Values, _ sizes: ChannelsLast) -> UnsafeMutableRawPointer {
        residual.storage.settle()
        residual.storage.arrange(sizes.c > 1 && sizes.spatial > 1 ? sizes : nil)
        return residual.storage.block
    }

    private func finish(
        from source: UnsafeMutableRawPointer, _ sizes: ChannelsLast, _ scale: [Double]?, _ shift: [Double]?,
        _ residual: Values?,
        _ relu: Bool, into storage: Storage
    ) {
        let more = residual.map { Self.pointer($0, sizes) }
        ck_scale_columns(
            dtype.code, source, scale ?? [Double](repeating: 1, count: sizes.c),
            shift ?? [Double](repeating: 0, count: sizes.c), more, relu, storage.block,
            Int64(sizes.n * sizes.spatial), Int64(sizes.c))
    }

    /// Takes a storage that is about to go off the list of what waits.
    fileprivate func dropped() {
        guard let parent, parent.deferred != nil else { return ck_set_deferred(nil) }
        ck_set_deferred(Unmanaged.passUnretained(parent).toOpaque())
    }
}

extension Storage {
    /// Computes what this block is still to hold.
    func settle() {
        guard let work = deferred.take() else { return }
        if ck_deferred() == Unmanaged.passUnretained(self).toOpaque() { ck_set_deferred(nil) }
        work.run(into: self)
    }

    /// Called when the storage goes: what nobody looked at is never computed.
    func forgetDeferred() {
        guard let work = deferred.take() else { return }
        if ck_deferred() == Unmanaged.passUnretained(self).toOpaque() { work.dropped() }
    }
}
