import Data
import Learning
import Tensors

/// Trains `student` in place on the teachers' knowledge.
///
/// - Parameters:
///   - teachers: one or several; networks run in evaluation mode, without gradients, and stay unchanged.
///   - student: the network that learns.
///   - data: the training data; labels only where a term needs them.
///   - objective: the sum of terms; `0.9 * soft(T=4) + 0.1 * hard()` in the language.
///   - average: how several teachers become one for logit terms.
///   - weights: the teachers' shares.
///   - inputs: what the teachers are given; nil is what the student is.
///   - cache: when the teachers' values are computed once.
///   - balance: whether the gradients of the terms are measured and compared, see ``TermBalance``.
///   - views: how many views of augmented data there are before the first comes again, so that teacher values can be kept.
/// - Throws: ``DistillationError``, ``TrainingError`` and what networks and callbacks throw.
@discardableResult
public func distill(
    _ teachers: [TeacherSource], into student: Module, _ data: Dataset, loss objective: Objective,
    options: TrainingOptions = TrainingOptions(), average: TeacherAverage = .probabilities, weights: [Double]? = nil,
    inputs: TeacherInputs? = nil, cache: CachePolicy = .auto, balance: Bool = false, views: Int? = nil
) throws -> Run {
    guard !teachers.isEmpty else {
        throw DistillationError.teacher(problem: "needs at least one teacher", help: nil)
    }
    var data = try views.map { try data.withViews($0) } ?? data
    for case .network(let teacher) in teachers {
        data = try data.withClasses(teacher.record?.classes, of: "the teacher", function: "distill")
    }
    for case .predictions(let stored) in teachers {
        data = try data.withClasses(stored.classes, of: stored.name, function: "distill")
    }
    let loss = try ObjectiveRun(
        objective, teachers: teachers, average: average, weights: weights, inputs: inputs, cache: cache,
        balance: balance,
        function: "distill")
    let note = try objective.labelsNote(student, data)
    var options = options
    if note != nil { (data, options.validate) = (try data.withoutLabels(), try options.validate?.withoutLabels()) }
    loss.labelsNote = note
    return try Trainer(student, data, loss: loss, options: options, function: "distill").train()
}

extension Objective {
    /// What is to be said of labels that do not fit what the student gives and that no term looks at: an encoder without a
    /// classifier learns from labelled texts as well.
    ///
    /// - Returns: nil where the labels fit, or are needed.
    fileprivate func labelsNote(_ student: Module, _ data: Dataset) throws -> String? {
        let ignoresThem = summands.allSatisfy {
            !$0.term.needsLabels && !$0.term.comparesLogits && !($0.term is CustomTerm)
        }
        guard ignoresThem, data.y != nil, data.count > 0 else { return nil }
        do {
            _ = try data.layout(of: student, function: "distill")
            return nil
        } catch let error as DataError {
            return "\(data.targetName) is left out, since no term looks at it: \(error.message)"
        }
    }
}

/// Trains `student` in place with one teacher network.
@discardableResult
public func distill(
    _ teacher: Module, into student: Module, _ data: Dataset, loss objective: Objective,
    options: TrainingOptions = TrainingOptions(), cache: CachePolicy = .auto, balance: Bool = false
) throws -> Run {
    try distill(
        [.network(teacher)], into: student, data, loss: objective, options: options, cache: cache, balance: balance)
}

/// Trains a network in place without a teacher; the default objective is `hard()` for classes, `regression()` for floats.
///
/// - Throws: ``DistillationError/noTeacher(term:)`` for objectives that compare with a teacher, and as `distill`.
@discardableResult
public func fit(
    _ net: Module, _ data: Dataset, loss objective: Objective? = nil, options: TrainingOptions = TrainingOptions()
) throws -> Run {
    let objective = objective ?? Objective(data.isMetBySquares ? RegressionTerm() : HardTerm())
    let loss = try ObjectiveRun(objective, function: "fit")
    return try Trainer(net, data, loss: loss, options: options, function: "fit").train()
}
