import Learning
import Tensors

/// The epochs at the beginning of a run in which some terms train alone, before everything else does without them.
struct Hints {
    /// How many epochs they are.
    let epochs: Int
    /// What they train: the student up to the hint, and the terms' own modules.
    private let parameters: [Tensor]
    /// What is trained from then on.
    private let later: [Tensor]

    /// nil when no term is a hint.
    ///
    /// - Parameter reached: gives the student's parameters up to the hint.
    /// - Throws: ``DistillationError/option(term:problem:)`` for hints that do not fit each other or the run.
    init?(
        _ terms: some Sequence<(Term, ActiveTerm)>, student: Module, epochs: Int, function: String,
        reached: () throws -> [Tensor]
    ) throws {
        let terms = Array(terms)
        guard let first = terms.first(where: { $0.0.hintEpochs > 0 })?.0 else { return nil }
        let count = first.hintEpochs
        guard terms.allSatisfy({ $0.0.hintEpochs == 0 || $0.0.hintEpochs == count }) else {
            throw DistillationError.option(
                term: function, problem: "the hints of one objective need the same hint_epochs")
        }
        guard count < epochs else {
            throw DistillationError.option(
                term: first.name,
                problem: "hint_epochs=\(count) leaves none of the \(epochs) epochs for the training proper")
        }
        guard terms.contains(where: { $0.0.hintEpochs == 0 }) else {
            throw DistillationError.option(
                term: first.name, problem: "after \(count) hint epochs no term is left: add soft() or hard()")
        }
        func modules(ofHints areHints: Bool) -> [Module] {
            terms.filter { ($0.0.hintEpochs > 0) == areHints }.flatMap(\.1.modules.values)
        }
        self.epochs = count
        parameters = try reached() + modules(ofHints: true).trainable
        later = ([student] + modules(ofHints: false)).trainable
    }

    /// The hints alone, then everything else with a fresh optimizer.
    func stages(of total: Int) -> [TrainingStage] {
        [
            TrainingStage(epochs: 0..<epochs, parameters: parameters, isPreparatory: true),
            TrainingStage(epochs: epochs..<total, parameters: later),
        ]
    }
}

extension [Module] {
    /// The parameters that are trained, each once.
    var trainable: [Tensor] {
        var seen: Set<ObjectIdentifier> = []
        return flatMap { $0.parameters() }.filter { $0.requiresGradient && seen.insert(ObjectIdentifier($0)).inserted }
    }
}
