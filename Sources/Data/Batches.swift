import Tensors

/// Some examples at once.
public struct Batch {
    /// x, [B, …] as numbers.
    public let input: DatasetInput
    /// The targets, [B] or [B, D].
    public let y: Tensor?
    /// Which positions count.
    public let mask: Tensor?
    /// The rows of the dataset, int64 [B].
    public let index: Tensor
    /// The epoch, from 0.
    public let epoch: Int
    /// Mixed labels: the second targets and the share of the first, after `mixup` and `cutmix`.
    public let mixture: (y: Tensor, share: Double)?
    /// How many positions the tokens of the batch have, and how many those of the dataset, where the batch has fewer.
    public let tokenWidth: (own: Int, full: Int)?

    /// A batch from its parts.
    public init(
        input: DatasetInput, y: Tensor?, mask: Tensor? = nil, index: Tensor, epoch: Int = 0,
        mixture: (y: Tensor, share: Double)? = nil, tokenWidth: (own: Int, full: Int)? = nil
    ) {
        self.input = input
        self.y = y
        self.mask = mask
        self.index = index
        self.epoch = epoch
        self.mixture = mixture
        self.tokenWidth = tokenWidth
    }

    /// x, if it is one tensor.
    public var x: Tensor? { input.tensor }

    /// The number of examples.
    public var count: Int { index.shape.first ?? 0 }

    /// The targets as a loss takes them: y, or after mixing the probabilities [B, K] of the classes.
    ///
    /// - Parameter classes: How many there are.
    /// - Throws: a limit error when memory is short.
    public func targets(classes: Int?) throws -> Tensor? {
        guard let mixture, let y, let classes else { return y }
        let (own, other) = try (y.oneHot(classes), mixture.y.oneHot(classes))
        return try own.to(.float32) * Scalar(mixture.share) + other.to(.float32) * Scalar(1 - mixture.share)
    }

    /// The number of positions that the mask leaves, or of examples without a mask or with one target each: the weight of the
    /// batch in means over an epoch.
    public func positionCount() throws -> Int {
        guard let mask, mask.rank == 1 || y.map({ $0.count > count }) ?? true else { return count }
        return try mask.integers().count { $0 != 0 }
    }
}

/// The batches of one pass through a dataset. Made anew for each epoch.
///
/// Where making a batch is work (bytes, files, augmentation), a second thread makes the next one while this one is used.
/// The numbers are the same with and without it.
public struct Batches: Sequence {
    /// The dataset.
    public let dataset: Dataset
    /// How many examples a batch has; the last one may have fewer.
    public let size: Int
    /// Whether an incomplete last batch is left out.
    public let dropLast: Bool
    /// The epoch, from 0.
    public let epoch: Int
    private let order: Tensor
    private let isShuffled: Bool
    private let key: UInt64
    private let loader: Loader?

    /// The batch that the second thread makes.
    private final class Loader {
        var next: (position: Int, batch: Pending)?
    }

    /// A batch in the making.
    private struct Pending {
        let index: Tensor
        let plan: ViewPlan
        let assembly: BatchAssembly
    }

    /// Batches in file order, or shuffled by one permutation from the shuffling stream.
    ///
    /// - Parameters:
    ///   - loadsAhead: Whether the next batch is made on a second thread; nil where it pays.
    ///   - rows: The rows in the order they come, some perhaps twice; nil is all of them.
    /// - Throws: ``DataError/argument(function:problem:help:)`` for a size below 1.
    public init(
        _ dataset: Dataset, size: Int, shuffle: Bool = false, dropLast: Bool = false, epoch: Int = 0,
        loadsAhead: Bool? = nil, rows: [Int]? = nil
    ) throws {
        try Self.check(size)
        self.dataset = dataset
        self.size = size
        self.dropLast = dropLast
        self.epoch = epoch
        isShuffled = shuffle || rows != nil
        let drawn = try rows.map { try Tensor($0, shape: [$0.count]) } ?? Self.order(of: dataset, shuffle: shuffle)
        order = shuffle ? try Self.bucketed(drawn, of: dataset, size: size) : drawn
        // One number a pass: what is drawn for the views depends on nothing else that is drawn.
        if let cycle = dataset.viewCycle, !cycle.isEmpty {
            key = cycle[epoch % cycle.count]
        } else {
            key = dataset.augmentation == nil ? 0 : Randomness.bits(.sampling)
        }
        let pays = dataset.workPerExample * Swift.min(size, dataset.count) > 100_000
        loader = loadsAhead ?? pays ? Loader() : nil
    }

    private static func order(of dataset: Dataset, shuffle: Bool) throws -> Tensor {
        shuffle ? try .shuffledIndices(dataset.count) : try .indices(dataset.count)
    }

    /// The order with texts of like length in a batch, if the dataset asks for it; the batches' order is drawn as well.
    private static func bucketed(_ order: Tensor, of dataset: Dataset, size: Int) throws -> Tensor {
        guard let tokens = dataset.tokens, tokens.isBucketed, dataset.count > size else { return order }
        let batches = try Tensor.shuffledIndices(dataset.count / size).integers()
        let rows = try tokens.bucketed(order.integers(), size: size, batchOrder: batches)
        return try Tensor(rows, shape: [rows.count])
    }

    /// How many batches there are.
    public var count: Int { dropLast ? dataset.count / size : Self.parts(of: dataset.count, size) }

    /// How many batches of `size` a dataset has.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for a size below 1.
    public static func count(of dataset: Dataset, size: Int, dropLast: Bool = false) throws -> Int {
        try check(size)
        return dropLast ? dataset.count / size : parts(of: dataset.count, size)
    }

    /// How many parts of `size` some examples make, the last one perhaps smaller. No size is too large for it.
    private static func parts(of count: Int, _ size: Int) -> Int { count / size + (count % size == 0 ? 0 : 1) }

    /// The examples of a batch, as positions in the order of the epoch.
    private func examples(of position: Int) -> Range<Int> {
        let start = position * size
        return start..<start + Swift.min(size, dataset.count - start)
    }

    private static func check(_ size: Int) throws {
        guard size > 0 else {
            throw DataError.argument(
                function: "batches", problem: "batch_size must be at least 1, given \(size)", help: nil)
        }
    }

    /// The batch at `position` (0 ..< ``count``).
    ///
    /// - Throws: a limit error when memory is short; ``DataError`` when a file cannot be read.
    public func batch(_ position: Int) throws -> Batch {
        let range = examples(of: position)
        let isPlain = dataset.augmentation == nil
        if isPlain {
            let index = try order.rows(range)
            let rows: RowSelection = isShuffled ? .index(index) : .range(range)
            if let input = try dataset.plainNumbers(rows) {
                return try dataset.trimmed(
                    Batch(
                        input: input, y: dataset.y.map(rows.of), mask: dataset.mask.map(rows.of), index: index,
                        epoch: epoch))
            }
        }
        let pending: Pending
        if let next = loader?.next, next.position == position {
            pending = next.batch
        } else {
            pending = try start(position, inBackground: false)
        }
        loader?.next = nil
        if let loader, position + 1 < count {
            loader.next = (position + 1, try start(position + 1, inBackground: true))
        }
        return try finish(pending)
    }

    private func start(_ position: Int, inBackground: Bool) throws -> Pending {
        let index = try order.rows(examples(of: position))
        var plan = ViewPlan()
        if let augmentation = dataset.augmentation {
            plan = try ViewPlan(
                augmentation, image: ImageShape(row: Array((dataset.inputShape ?? []).dropFirst())),
                batch: index.count, position: position, key: key)
        }
        return Pending(
            index: index, plan: plan,
            assembly: try dataset.assembly(of: index, plan: plan, key: key, inBackground: inBackground))
    }

    private func finish(_ pending: Pending) throws -> Batch {
        let input = DatasetInput.tensor(try dataset.finished(pending.assembly))
        let index = pending.index
        var y = try dataset.y.map { try $0.rows(at: index) }
        let mask = try dataset.mask.map { try $0.rows(at: index) }
        var mixture: (y: Tensor, share: Double)?
        if let mixed = pending.plan.mixture, let own = y {
            let other = try own.rows(at: Tensor(mixed.partners, shape: [mixed.partners.count]))
            if own.dtype.isFloating {
                y = try own * Scalar(mixed.share) + other * Scalar(1 - mixed.share)
            } else {
                mixture = (other, mixed.share)
            }
        }
        return Batch(input: input, y: y, mask: mask, index: index, epoch: epoch, mixture: mixture)
    }

    /// Goes through the batches; a failure ends the sequence after it has been given.
    public func makeIterator() -> Iterator { Iterator(batches: self) }

    /// Gives batch after batch.
    public struct Iterator: IteratorProtocol {
        let batches: Batches
        var position = 0

        /// The next batch, or why it could not be made.
        public mutating func next() -> Result<Batch, any Error>? {
            guard position < batches.count else { return nil }
            defer { position += 1 }
            do { return .success(try batches.batch(position)) } catch { return .failure(error) }
        }
    }
}

extension Dataset {
    /// About how many numbers are computed for an example; 0 where rows are only copied.
    fileprivate var workPerExample: Int {
        guard let shape = inputShape else { return 0 }
        let views = augmentation?.views.count ?? 0
        if case .memory(let input) = stored, views == 0, input.tensor?.dtype != .uint8 { return 0 }
        return shape.dropFirst().reduce(1, *) * (1 + 2 * views) * (isStreamed ? 4 : 1)
    }
}
