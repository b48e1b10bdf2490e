import Data
import Learning
import OrderedCollections
import Tensors

/// Two layers whose features are compared: the teacher's path and the student's.
public struct LayerPair: Hashable, Sendable, CustomStringConvertible {
    /// Where in the teacher.
    public let teacher: LayerPath
    /// Where in the student.
    public let student: LayerPath

    /// A pair of paths, the teacher's first.
    public init(_ teacher: LayerPath, _ student: LayerPath) {
        self.teacher = teacher
        self.student = student
    }

    /// A pair of paths as text, the teacher's first.
    public init(_ teacher: String, _ student: String) { self.init(LayerPath(teacher), LayerPath(student)) }

    /// The pair as it is written.
    public var description: String { "\"\(teacher)\" -> \"\(student)\"" }
}

/// What one network did with a batch: its logits and its features, one for each of the term's pairs.
public struct NetworkView {
    /// The logits, [B, K]; of sequences one row for each position that counts.
    public let logits: Tensor
    /// The features in the order of the pairs.
    public let features: [Tensor]
    /// What is known of the answers where only some classes of each row are stored; ``logits`` are then none.
    public let partial: PartialDistribution?

    /// A view from its parts.
    public init(logits: Tensor, features: [Tensor] = []) {
        self.logits = logits
        self.features = features
        partial = nil
    }

    /// The answers of a teacher of whom only some classes of each row are stored.
    init(partial: PartialDistribution) {
        logits = partial.logProbabilities
        features = []
        self.partial = partial
    }
}

/// What a term sees of one step.
public struct TermInput {
    /// The student, with its graph.
    public let student: NetworkView
    /// The teacher, constant; with several teachers its logits are those of their average at T = 1. nil without a teacher.
    public let teacher: NetworkView?
    /// The labels, one for each row of the logits.
    public let labels: Tensor?
    /// The batch.
    public let batch: Batch
    let ensemble: TeacherEnsemble?
    /// How the targets fit the outputs; nil where a term is tried on values.
    public internal(set) var layout: TaskLayout?
    /// How much each row counts in the terms of the labels, [R] or [R, W]; nil is 1.
    public internal(set) var rowWeights: Tensor?
    /// How much each class counts in the terms of the labels, [K]; nil is 1.
    public internal(set) var classWeights: Tensor?

    /// The same step with other features of the student.
    func with(studentFeatures features: [Tensor]) -> TermInput {
        TermInput(
            student: NetworkView(logits: student.logits, features: features), teacher: teacher, labels: labels,
            batch: batch, ensemble: ensemble
        ).completed(layout: layout, rowWeights: rowWeights, classWeights: classWeights)
    }

    /// The same step with what is known of the labels.
    func completed(layout: TaskLayout?, rowWeights: Tensor?, classWeights: Tensor?) -> TermInput {
        var input = self
        (input.layout, input.rowWeights, input.classWeights) = (layout, rowWeights, classWeights)
        return input
    }

    /// A step from its parts.
    public init(student: NetworkView, teacher: NetworkView? = nil, labels: Tensor? = nil, batch: Batch) {
        self.init(student: student, teacher: teacher, labels: labels, batch: batch, ensemble: nil)
    }

    init(student: NetworkView, teacher: NetworkView?, labels: Tensor?, batch: Batch, ensemble: TeacherEnsemble?) {
        self.student = student
        self.teacher = teacher
        self.labels = labels
        self.batch = batch
        self.ensemble = ensemble
    }

    /// Whether every logit is one of its own, whose sigmoid is a probability.
    public var isBernoulli: Bool { layout?.isBernoulli ?? (student.logits.rank == 2 && student.logits.shape[1] == 1) }

    /// The teacher's logits, such that softmax(·/T) is what the teacher (or the average of the teachers) says at T.
    ///
    /// - Throws: ``DistillationError/noTeacher(term:)``.
    public func teacherLogits(at temperature: Double = 1, for term: Term) throws -> Tensor {
        if let ensemble { return try ensemble.logits(at: temperature) }
        guard let teacher else { throw DistillationError.noTeacher(term: term.name) }
        guard teacher.partial == nil else {
            throw DistillationError.option(
                term: term.name, problem: "needs the teacher's logits of all classes, and some are stored")
        }
        return teacher.logits
    }

    /// The labels as classes.
    ///
    /// - Throws: ``DistillationError/noLabels(term:)``.
    public func classes(for term: Term) throws -> Tensor {
        guard let labels else { throw DistillationError.noLabels(term: term.name) }
        guard !labels.dtype.isFloating else {
            throw DistillationError.labels(term: term.name, dtype: labels.dtype)
        }
        return labels
    }

    /// Pairs of features: the student's with its graph, and the teacher's.
    ///
    /// - Throws: ``DistillationError/noTeacher(term:)``.
    public func features(for term: Term) throws -> [(student: Tensor, teacher: Tensor)] {
        guard let teacher else { throw DistillationError.noTeacher(term: term.name) }
        guard teacher.features.count == student.features.count else {
            throw DistillationError.pairCount(
                term: term.name, teacher: teacher.features.count, student: student.features.count)
        }
        return Array(zip(student.features, teacher.features))
    }
}

/// One summand of an objective: a method with its options. It describes; what it trains and remembers in a run is made by
/// ``prepare(_:_:)``. Subclass it for a method: override ``page``, ``loss(_:)``, and what the method needs besides.
open class Term {
    private var chosenName: String?
    /// The layer pairs; empty with ``usesDefaultPair`` stands for the input of the last child called.
    public let pairs: [LayerPair]
    /// Which of several teachers gives the features.
    public var teacherIndex = 0
    /// The epochs at the beginning of a run in which the term trains alone; then it drops out. 0 trains it along.
    public var hintEpochs = 0

    /// A term of a method.
    public init(name: String? = nil, pairs: [LayerPair] = []) {
        chosenName = name
        self.pairs = pairs
    }

    /// What the manual says of the method.
    open class var page: MethodPage {
        MethodPage(
            "term", "A term of your own.", formula: "", paper: "", use: "{weight} * term(…).", when: "", family: .own)
    }

    /// The method: `"soft"`.
    open var method: String { Self.page.name }

    /// The name of the term's curve; the method's unless another is chosen.
    public final var name: String {
        get { chosenName ?? method }
        set { chosenName = newValue }
    }

    /// The term as it is written, with its options.
    open var options: String { "" }

    /// What the term computes, as mathematics.
    open var formula: String { Self.page.formula }

    /// The term as it is written.
    public final var description: String { description(pairs: pairs) }

    /// The term as it is written, with the layers that a run found where it names none.
    final func description(pairs: [LayerPair]) -> String {
        let layers = pairs.map(\.description).joined(separator: ", ")
        let hint = hintEpochs > 0 ? "hint_epochs=\(hintEpochs)" : ""
        let arguments = [pairs.count > 1 ? "[\(layers)]" : layers, options, hint].filter { !$0.isEmpty }
        return "\(method)(\(arguments.joined(separator: ", ")))"
    }

    /// Whether the term compares with a teacher.
    open var needsTeacher: Bool { true }

    /// Whether the term needs labels.
    open var needsLabels: Bool { false }

    /// Whether rows without a label are left out before ``loss(_:)`` sees the step.
    var judgesLabelledRows: Bool { needsLabels }

    /// What the mean of a step is divided by: the rows it goes over, or the sum of their weights; nil when it is all rows.
    func divisor(_ input: TermInput) throws -> Double? {
        if judgesLabelledRows { return input.student.logits.shape.first.map(Double.init) }
        // Features of positions beside one answer a text: their mean goes over the positions.
        guard !keepsShapes, let rows = input.student.features.first?.shape.first,
            rows != input.student.logits.shape.first
        else { return nil }
        return Double(rows)
    }

    /// Whether the term compares features and takes the input of the last child when no pair is given.
    open var usesDefaultPair: Bool { false }

    /// The layers that a term without pairs compares in these networks; nil takes the input of the last child called.
    ///
    /// - Throws: ``DistillationError`` for networks in which they cannot be found.
    func foundPairs(teacher: Module, student: Module) throws -> [LayerPair]? { nil }

    /// Whether the term reads the networks' outputs as logits, so that probabilities would be a mistake.
    open var comparesLogits: Bool { pairs.isEmpty && !usesDefaultPair }

    /// Whether the term has a form for logits of their own, as binary labels and several labels have them.
    open var hasBernoulliForm: Bool { !comparesLogits }

    /// Whether the term has a form for a teacher of whom only some classes of each row are stored, see
    /// ``PartialDistribution``.
    open var hasPartialForm: Bool { !needsTeacher }

    /// Whether the term compares the logits as numbers, so that −∞ has no place among them.
    open var comparesNumbers: Bool { false }

    /// Whether features stay as the networks give them, masks or not; else those of a mask's positions become rows.
    open var keepsShapes: Bool { false }

    /// Whether the value of an example depends on which others are in its batch.
    open var comparesRows: Bool { false }

    /// Whether the term's course depends on how many epochs there will be.
    open var dependsOnEpochs: Bool { hintEpochs > 0 }

    /// Whether the term can be tried on a pair of values, which for some terms are no teacher's.
    open var comparesValues: Bool { needsTeacher }

    /// Whether the method has parts that are trained or found in the data, so that it cannot be tried on values alone.
    open var hasTrainedParts: Bool { false }

    /// The formula's value, 0-d, unweighted, for a method that trains and remembers nothing.
    ///
    /// - Throws: ``DistillationError``, and the shape errors of the operations.
    open func loss(_ input: TermInput) throws -> Tensor { throw DistillationError.trainedParts(term: name) }

    /// The term at work in a run. Called once before the first step with an example of what the term will see, to check
    /// shapes and make modules.
    ///
    /// - Throws: ``DistillationError`` for what does not fit, and what making modules throws.
    open func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm { ActiveTerm(loss) }
}

/// What surrounds a term: the networks and the data.
public struct TermContext {
    /// The network that learns.
    public let student: Module
    /// The network that teaches, if it is one.
    public let teacher: Module?
    /// The training data.
    public let data: Dataset
    /// The number of epochs.
    public let epochs: Int
    /// The examples of a step.
    public let batchSize: Int
    /// The term's layer pairs, those found for the networks where it names none.
    public let pairs: [LayerPair]
    /// The features of the term's teacher for a batch, one for each of the term's pairs.
    public let teacherFeatures: (Batch) throws -> [Tensor]
}

extension Term {
    /// The term on logits: `soft(T=4)(student_logits, teacher_logits)`, `hard()(student_logits, y)`.
    ///
    /// - Throws: ``DistillationError`` when the term needs more than it is given, shape errors of the operations.
    public final func callAsFunction(student: Tensor, teacher: Tensor? = nil, labels: Tensor? = nil) throws -> Tensor {
        if usesDefaultPair || !pairs.isEmpty {
            return try callAsFunction(studentFeatures: [student], teacherFeatures: teacher.map { [$0] } ?? [])
        }
        try requireShapes(student, teacher)
        return try value(
            TermInput(
                student: NetworkView(logits: student),
                teacher: try teacher.map { NetworkView(logits: try $0.detach()) },
                labels: labels, batch: try Self.valuesBatch(student, labels))
        ).loss
    }

    /// The term on features, one for each layer.
    ///
    /// - Throws: ``DistillationError`` for terms with trained parts, shape errors of the operations.
    public final func callAsFunction(studentFeatures: [Tensor], teacherFeatures: [Tensor]) throws -> Tensor {
        guard !hasTrainedParts else { throw DistillationError.trainedParts(term: name) }
        guard let first = studentFeatures.first else {
            throw DistillationError.option(term: name, problem: "needs the features of at least one layer")
        }
        return try loss(
            TermInput(
                student: NetworkView(logits: first, features: studentFeatures),
                teacher: NetworkView(logits: first, features: try teacherFeatures.map { try $0.detach() }),
                batch: try Self.valuesBatch(first, nil)))
    }

    private func requireShapes(_ student: Tensor, _ teacher: Tensor?) throws {
        guard student.rank == 2 else { throw DistillationError.logits(term: name, shape: student.shape.array) }
        if let teacher, teacher.shape != student.shape {
            throw DistillationError.unequal(term: name, student: student.shape.array, teacher: teacher.shape.array)
        }
        try requireForm(ofOneLogit: true, isBernoulli: student.shape[1] == 1)
    }

    private static func valuesBatch(_ x: Tensor, _ labels: Tensor?) throws -> Batch {
        Batch(input: .tensor(x), y: labels, index: try .arange(.int(x.shape.first ?? 0)))
    }
}
