import Tensors

/// What is done to the images of a batch, anew each epoch by seed; the dataset's own x stays as it was.
public struct Augmentation {
    /// Changes a batch; `random` draws from the sampling stream.
    public typealias Transform = (Batch) throws -> Batch

    /// The changes in order, with their names.
    public let transforms: [(name: String, apply: Transform)]

    /// Several changes, one after another.
    public init(_ transforms: [(name: String, apply: Transform)]) { self.transforms = transforms }

    func apply(to batch: Batch) throws -> Batch {
        try transforms.reduce(batch) { try $1.apply($0) }
    }
}

extension Dataset {
    /// The same data whose batches are changed by `augmentation`.
    public func augmented(by augmentation: Augmentation) throws -> Dataset {
        try with(augmentation: .some(augmentation))
    }

    /// The same data, whose batches are left as they are.
    public func withoutAugmentation() throws -> Dataset {
        augmentation == nil ? self : try with(augmentation: .some(nil))
    }
}
