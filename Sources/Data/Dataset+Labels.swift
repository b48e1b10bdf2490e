extension Dataset {
    /// The same examples without targets and classes: what a method may see of unlabelled data.
    public func withoutLabels() throws -> Dataset {
        y == nil
            ? self
            : try Dataset(
                stored: stored, y: nil, classes: nil, mask: mask, normalization: normalization,
                augmentation: augmentation, name: name)
    }
}
