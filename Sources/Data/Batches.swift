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

    /// A batch from its parts.
    public init(
        input: DatasetInput, y: Tensor?, mask: Tensor? = nil, index: Tensor, epoch: Int = 0,
        mixture: (y: Tensor, share: Double)? = nil
    ) {
        self.input = input
        self.y = y
        self.mask = mask
        self.index = index
        self.epoch = epoch
        self.mixture = mixture
    }

    /// x, if it is one tensor.
    public var x: Tensor? { input.tensor }

    /// The number of examples.
    public var count: Int { index.shape.first ?? 0 }

    /// The number of positions that the mask leaves, or of examples without a mask: the weight of the batch in means over
    /// an epoch.
    public func positionCount() throws -> Int {
        guard let mask else { return count }
        return try mask.integers().count { $0 != 0 }
    }
}

/// The batches of one pass through a dataset. Made anew for each epoch.
public struct Batches: Sequence {
    /// The dataset.
    public let dataset: Dataset
    /// How many examples a batch has; the last one may have fewer.
    public let size: Int
    /// Whether an incomplete last batch is left out.
    public let dropLast: Bool
    /// The epoch, from 0: it seeds augmentation.
    public let epoch: Int
    private let order: Tensor
    private let isShuffled: Bool

    /// Batches in file order, or shuffled by one permutation from the shuffling stream.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for a size below 1.
    public init(_ dataset: Dataset, size: Int, shuffle: Bool = false, dropLast: Bool = false, epoch: Int = 0) throws {
        guard size > 0 else {
            throw DataError.argument(
                function: "batches", problem: "batch_size must be at least 1, given \(size)", help: nil)
        }
        self.dataset = dataset
        self.size = size
        self.dropLast = dropLast
        self.epoch = epoch
        isShuffled = shuffle
        order = shuffle ? try .shuffledIndices(dataset.count) : try .indices(dataset.count)
    }

    /// How many batches there are.
    public var count: Int { dropLast ? dataset.count / size : (dataset.count + size - 1) / size }

    /// How many batches of `size` a dataset has.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for a size below 1.
    public static func count(of dataset: Dataset, size: Int) throws -> Int {
        guard size > 0 else {
            throw DataError.argument(
                function: "batches", problem: "batch_size must be at least 1, given \(size)", help: nil)
        }
        return (dataset.count + size - 1) / size
    }

    /// The batch at `position` (0 ..< ``count``).
    ///
    /// - Throws: a limit error when memory is short.
    public func batch(_ position: Int) throws -> Batch {
        let range = position * size..<Swift.min(dataset.count, (position + 1) * size)
        let index = try order.rows(range)
        func pick(_ tensor: Tensor) throws -> Tensor {
            isShuffled ? try tensor.rows(at: index) : try tensor.rows(range)
        }
        let batch = Batch(
            input: try dataset.storedInput.mapped { try Dataset.numbers(pick($0)) }, y: try dataset.y.map(pick),
            mask: try dataset.mask.map(pick), index: index, epoch: epoch)
        guard let augmentation = dataset.augmentation else { return batch }
        return try augmentation.apply(to: batch)
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
