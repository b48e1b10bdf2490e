import Data
import Learning
import OrderedCollections
import Tensors

/// The layers that the terms of a run look at, and which of the features seen there belong to which term.
struct LayerCapture {
    /// Each term's layer pairs, those found for the networks where it names none.
    let pairs: [[LayerPair]]
    /// The layers looked at in each teacher, every one once.
    let teacherPaths: [[LayerPath]]
    private var capture: FeatureCapture?
    private let studentPaths: [LayerPath]
    /// For each term the positions of its features among those captured.
    private let studentSlots: [[Int]]
    private let teacherSlots: [[Int]]

    /// What the terms say of themselves; nothing is captured.
    init(_ objective: Objective) {
        pairs = objective.summands.map(\.term.pairs)
        (teacherPaths, studentPaths) = ([], [])
        capture = nil
        studentSlots = pairs.map { _ in [] }
        teacherSlots = studentSlots
    }

    /// Finds the layers in the networks, running them on a probe where a term names none.
    ///
    /// - Throws: ``DistillationError/path(term:side:path:existing:)`` for a layer that does not exist.
    init(
        _ objective: Objective, _ sources: [TeacherSource], _ student: Module, _ probe: Batch, teacherProbe: Batch
    ) throws {
        var teacherPaths = Array(repeating: OrderedSet<LayerPath>(), count: sources.count)
        var studentPaths: OrderedSet<LayerPath> = []
        var pairs = objective.summands.map(\.term.pairs)
        var (studentSlots, teacherSlots): ([[Int]], [[Int]]) = ([], [])
        for (index, (_, term)) in objective.summands.enumerated() {
            let teacher = sources.network(of: term)
            if pairs[index].isEmpty, let teacher, let found = try term.foundPairs(teacher: teacher, student: student) {
                pairs[index] = found
            }
            if pairs[index].isEmpty, term.usesDefaultPair, let teacher {
                pairs[index] = [
                    LayerPair(try Self.defaultPath(teacher, teacherProbe), try Self.defaultPath(student, probe))
                ]
            }
            if pairs[index].isEmpty, term.usesDefaultPair, !sources.isEmpty {
                throw DistillationError.teacher(
                    problem: "stored logits have no layers, and \(term.name) compares features", help: nil)
            }
            for pair in pairs[index] {
                try Self.check(pair.teacher, in: teacher, "teacher", term)
                try Self.check(pair.student, in: student, "student", term)
            }
            studentSlots.append(pairs[index].map { studentPaths.append($0.student).index })
            teacherSlots.append(
                sources.isEmpty ? [] : pairs[index].map { teacherPaths[term.teacherIndex].append($0.teacher).index })
        }
        self.pairs = pairs
        self.teacherPaths = teacherPaths.map { Array($0) }
        self.studentPaths = Array(studentPaths)
        (self.studentSlots, self.teacherSlots) = (studentSlots, teacherSlots)
        capture = studentPaths.isEmpty ? nil : try FeatureCapture(student, at: Array(studentPaths))
    }

    /// The same layers of another network that is built as the student: the average of its weights.
    func looking(into student: Module) throws -> LayerCapture {
        var other = self
        other.capture = studentPaths.isEmpty ? nil : try FeatureCapture(student, at: studentPaths)
        return other
    }

    /// Whether no layer of the student is looked at.
    var isEmpty: Bool { capture == nil }

    /// Runs the student, looking at its layers.
    func run(_ student: Module, _ batch: Batch) throws -> NetworkView {
        guard let capture else { return NetworkView(logits: try student(batch)) }
        let (output, features) = try capture.run { try student(batch) }
        return NetworkView(logits: output, features: features)
    }

    /// The student's features for a term, one for each of its pairs.
    func studentFeatures(of index: Int, _ view: NetworkView) -> [Tensor] {
        studentSlots[index].map { view.features[$0] }
    }

    /// The features of its teacher for a term, one for each of its pairs.
    func teacherFeatures(of index: Int, _ view: NetworkView) -> [Tensor] {
        teacherSlots[index].map { view.features[$0] }
    }

    private static func defaultPath(_ net: Module, _ probe: Batch) throws -> LayerPath {
        try inEvaluation(net) { try LastChildCalled.inputPath(of: net) { try net(probe) } }
    }

    private static func check(_ path: LayerPath, in net: Module?, _ side: String, _ term: Term) throws {
        guard let net else { return }
        do {
            _ = try net.module(at: path)
        } catch ModuleError.path(_, let existing) {
            throw DistillationError.path(term: term.name, side: side, path: path.description, existing: existing)
        }
    }
}

extension [TeacherSource] {
    /// The network that teaches a term; nil for stored logits and without a teacher.
    func network(of term: Term) -> Module? {
        indices.contains(term.teacherIndex) ? self[term.teacherIndex].network : nil
    }
}
