import Data
import Tensors

extension Dataset {
    /// The same data with its labels numbered as `names` are, by name: what a test file without one of the classes needs.
    ///
    /// Classes that are numbers only because nobody named them stay as they are.
    ///
    /// - Parameters:
    ///   - names: the classes in the order of the logits; nil changes nothing.
    ///   - owner: whose classes they are, for messages.
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for classes that are not among them, by name.
    public func withClasses(_ names: [String]?, of owner: String, function: String) throws -> Dataset {
        guard let names, let own = classes, own != names, y != nil else { return self }
        func areNumbers(_ names: [String]) -> Bool { names.enumerated().allSatisfy { $1 == String($0) } }
        if areNumbers(own) { return areNumbers(names) ? self : try checkedCount(names, own, owner, function) }
        let unknown = own.filter { !names.contains($0) }
        guard unknown.isEmpty else {
            func list(_ names: [String]) -> String {
                names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
            }
            throw TrainingError.data(
                function: function,
                problem: "\(name) has the class\(unknown.count == 1 ? "" : "es") \(list(unknown)), and \(owner) knows "
                    + list(names),
                help: "like=train or classes=[…] of read_csv, image_folder and TensorDataset number the classes alike")
        }
        return try relabelled(names)
    }

    /// Numbers beside names are taken in order, and there must not be more of them.
    private func checkedCount(_ names: [String], _ own: [String], _ owner: String, _ function: String) throws -> Dataset
    {
        guard own.count > names.count else { return self }
        throw TrainingError.data(
            function: function,
            problem: "\(name) has \(own.count) classes, and \(owner) knows \(names.count): "
                + names.prefix(10).joined(separator: ", "), help: nil)
    }

    /// The same data with its labels numbered as the network's classes are.
    ///
    /// - Throws: as ``withClasses(_:of:function:)``.
    public func withClasses(of net: Module, function: String) throws -> Dataset {
        try withTask(net.record?.target?.task)
            .withClasses(net.record?.classes, of: "the network", function: function)
    }

    /// What is to be said when classes of the training data do not occur in these data: metrics that average over classes
    /// leave them out, and those that need both kinds of two are nan.
    ///
    /// - Throws: a limit error when memory is short.
    public func missingClassesNote(beside train: Dataset, _ what: String) throws -> String? {
        guard let own = try occurringClasses(), let others = try train.occurringClasses() else { return nil }
        let missing = others.subtracting(own).sorted()
        guard !missing.isEmpty else { return nil }
        let names = missing.prefix(5).map { number in
            if let classes = train.classes, classes.indices.contains(number) { return classes[number] }
            return String(number)
        }
        return "\(what) have no example of the class\(missing.count == 1 ? "" : "es") "
            + names.joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
            + ": metrics that need one are nan or leave it out"
    }

    /// The classes that occur, of one class an example; nil for other tasks.
    private func occurringClasses() throws -> Set<Int>? {
        guard let y, !y.dtype.isFloating, [.settled(.classes), .settled(.binary), .twoClasses].contains(knownTask)
        else {
            return nil
        }
        return Set(try y.integers()).subtracting([target.ignoreIndex])
    }

    /// What is to be said when these data are not normalised as `other` are.
    public func normalizationNote(beside other: Dataset, _ what: String) -> String? {
        guard normalization != other.normalization else { return nil }
        return normalization == nil
            ? "\(what) are not normalised, and the training data are: train, val = normalize(train, val)"
            : other.normalization == nil
                ? "\(what) are normalised, and the training data are not: train, val = normalize(train, val)"
                : "\(what) and the training data are normalised with other numbers: train, val = normalize(train, val)"
    }
}
