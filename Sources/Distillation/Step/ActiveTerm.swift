import Learning
import OrderedCollections
import Tensors

/// A term at work in one run: what it trains and remembers belongs to the run, so that one objective may serve several.
///
/// ``Term/prepare(_:_:)`` makes it. Subclass it for a method whose memory changes from step to step; for any other a formula
/// and the modules that it runs are enough.
open class ActiveTerm {
    /// What trains along with the student, by name.
    public let modules: OrderedDictionary<String, Module>
    /// What the term remembers from step to step beside its modules, by name: memory banks, earlier predictions. The
    /// tensors are updated in place, and a checkpoint saves them.
    public let memory: OrderedDictionary<String, Tensor>
    private let formula: (TermInput) throws -> Tensor

    /// A term from what it trains and remembers, and what it computes with that.
    public init(
        modules: OrderedDictionary<String, Module> = [:], memory: OrderedDictionary<String, Tensor> = [:],
        _ formula: @escaping (TermInput) throws -> Tensor
    ) {
        self.modules = modules
        self.memory = memory
        self.formula = formula
    }

    /// The formula's value, 0-d, unweighted.
    ///
    /// - Throws: ``DistillationError``, and the shape errors of the operations.
    open func loss(_ input: TermInput) throws -> Tensor { try formula(input) }

    /// Called at the beginning of every epoch in which the term takes part.
    open func begin(epoch: Int, of epochs: Int) throws {}

    /// Called after every step of the optimizer in which the term took part.
    open func stepped(_ input: TermInput) throws {}
}

extension ActiveTerm {
    /// A term that compares the student's features after adapters, which train along; nil where the features fit.
    convenience init(
        adapters: [Module?], prefix: String = "", beside own: OrderedDictionary<String, Module> = [:],
        _ formula: @escaping (TermInput) throws -> Tensor
    ) {
        var modules = own
        for (index, adapter) in adapters.enumerated() { if let adapter { modules["\(prefix)\(index)"] = adapter } }
        guard adapters.contains(where: { $0 != nil }) else {
            self.init(modules: modules, formula)
            return
        }
        self.init(modules: modules) { input in
            let features = try input.student.features.enumerated().map { index, feature in
                adapters.indices.contains(index) ? try adapters[index]?(feature) ?? feature : feature
            }
            return try formula(input.with(studentFeatures: features))
        }
    }
}

extension OrderedDictionary where Key == String {
    /// The values by their numbers, the prefix in front.
    static func numbered(_ values: [Value], prefix: String = "") -> Self {
        Self(uniqueKeysWithValues: values.enumerated().map { ("\(prefix)\($0)", $1) })
    }
}
