import Tensors

extension Dataset {
    /// The same examples with classes called and ordered `names`, in which every class of now occurs; labels change with
    /// them.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` when a class has no place there.
    public func relabelled(_ names: [String]) throws -> Dataset {
        let places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        guard let classes, let y, !y.dtype.isFloating, y.rank == 1 || target.task != .multilabel else {
            return try with(classes: .some(names))
        }
        let numbers = try classes.map { name in
            guard let place = places[name] else {
                throw DataError.argument(
                    function: self.name, problem: "the class \"\(name)\" is not among " + names.joined(separator: ", "),
                    help: nil)
            }
            return place
        }
        guard numbers.enumerated().contains(where: { $0 != $1 }) else { return try with(classes: .some(names)) }
        let labels = try y.integers().map {
            numbers.indices.contains($0) && $0 != target.ignoreIndex ? numbers[$0] : $0
        }
        return try with(y: .some(Tensor(labels, shape: y.shape.array)), classes: .some(names))
    }

    /// The same examples without targets and classes: what a method may see of unlabelled data.
    public func withoutLabels() throws -> Dataset {
        guard let y else { return self }
        var target = target
        // What only the targets say: zeros and ones [N, L] make every output a logit of its own.
        if knownTask == .severalIntegers, try holdsOneOfTwo(y) { target.task = .multilabel }
        return try with(y: .some(nil), classes: .some(nil), target: target)
    }

    /// Whether every label is 0, 1, −1 or the one that is ignored, as several labels an example have them.
    func holdsOneOfTwo(_ y: Tensor) throws -> Bool {
        try y.integers().allSatisfy { (-1...1).contains($0) || $0 == target.ignoreIndex }
    }
}
