import Data
import Diagnostics
import Distillation
import Learning
import OrderedCollections
import Runtime
import Tensors

/// What a network did with a batch, as a term of one's own sees it: `student.logits`, `student["trunk"]`.
final class NetworkViewObject: LanguageObject {
    static var languageName: String { "view" }

    let view: NetworkView
    let paths: [String]

    init(_ view: NetworkView, paths: [String]) {
        self.view = view
        self.paths = paths
    }
}

/// The batch as a term of one's own sees it: `batch.x .y .mask .index .epoch`.
final class BatchObject: LanguageObject {
    static var languageName: String { "batch" }

    let input: TermInput

    init(_ input: TermInput) { self.input = input }
}

extension Library {
    /// `term`, and what its function is called with.
    func addCustomTerms() {
        addViewType()
        addBatchType()
        addTerm()
    }

    /// An example that runs a term whose function reads `expression`.
    private static func inside(_ expression: String) -> Example {
        Example(
            running: """
                mine = term("mine", (student, teacher, batch) => {
                    \(expression)
                    return mean((student["0"] - teacher["0"]) ** 2)
                }, pairs="0" -> "0")
                teacher = Sequential(Linear(64, 10)); student = Sequential(Linear(64, 10))
                distill(teacher -> student, take(dataset("digits"), 128), loss=mine, epochs=1)
                """)
    }

    private func addViewType() {
        add(
            ObjectType(
                NetworkViewObject.self, "What a network did with a batch: its logits, and its features by path.",
                display: { view in
                    let features = zip(view.paths, view.view.features).map { "\"\($0)\": \($1.shape)" }
                    return Markup((["logits: \(view.view.logits.shape)"] + features).joined(separator: "\n"))
                },
                length: { $0.paths.count },
                element: { view, index, interpreter in
                    if case .int(let position) = index, view.view.features.indices.contains(position) {
                        return .tensor(view.view.features[position])
                    }
                    guard let path = index.text, let position = view.paths.firstIndex(of: path),
                        view.view.features.indices.contains(position)
                    else {
                        let known = view.paths.map { "\"\($0)\"" }.joined(separator: ", ")
                        throw Failure(
                            .key, "the term's pairs have no layer \(Display.brief(index)) on this side",
                            help: [known.isEmpty ? "term(…, pairs=\"layer\" -> \"layer\")" : "there are " + known])
                    }
                    return .tensor(view.view.features[position])
                }))
        add(
            Attribute(
                "logits", on: .object("view"), "The logits [B, K].", examples: [Self.inside("student.logits")]
            ) { (view: NetworkViewObject) in view.view.logits })
    }

    private func addBatchType() {
        add(
            ObjectType(
                BatchObject.self, "The examples of a step.",
                display: { Markup("\($0.input.batch.count) examples of epoch \($0.input.batch.epoch + 1)") },
                length: { $0.input.batch.count }))
        add(
            Attribute(
                "x", on: .object("batch"), "The inputs [B, …]; a dict when the network takes several.",
                examples: [Self.inside("batch.x")]
            ) { (batch: BatchObject) in batch.input.batch.input })
        add(
            Attribute(
                "y", on: .object("batch"), "The targets, one for each row of the logits; none without labels.",
                examples: [Self.inside("batch.y")]
            ) { (batch: BatchObject) in batch.input.labels })
        add(
            Attribute(
                "mask", on: .object("batch"), "Which positions count; none when all do.",
                examples: [Self.inside("batch.mask")]
            ) { (batch: BatchObject) in batch.input.batch.mask })
        add(
            Attribute(
                "index", on: .object("batch"), "The rows of the dataset, int64 [B].",
                examples: [Self.inside("batch.index")]
            ) { (batch: BatchObject) in batch.input.batch.index })
        add(
            Attribute(
                "epoch", on: .object("batch"), "The epoch, from 0.", examples: [Self.inside("batch.epoch")]
            ) { (batch: BatchObject) in batch.input.batch.epoch })
    }

    private func addTerm() {
        let name = Parameter<String>("name", "the name of the term and of its curve in the run")
        let function = Parameter<Callable>(
            "function",
            "(student, teacher, batch) => a tensor of one number; gradients flow through the student's tensors")
        let pairs = Parameter<OneOrMore<LayerPairValue>?>.optional(
            "pairs",
            "\"teacher layer\" -> \"student layer\", or a list: the features that student[…] and teacher[…] give")
        let modules = Parameter<[Module]?>.optional(
            "modules", "modules that the function uses and that train along", defaultText: "[]")
        let adapter = Parameter<AdapterValue>(
            "adapter", "what the student's features go through where shapes differ: \"auto\", \"none\" or a module",
            default: .auto)
        let needsTeacher = Parameter<Bool>(
            "needs_teacher", "false for a term that fit can use, whose teacher is then none", default: true)
        let teacher = Parameter<Int>("teacher", "which of several teachers gives the features", default: 0)
        add(
            Builtin(
                "term", .distillation, "A term of your own.",
                parameters: [
                    name.description, function.description, pairs.description, modules.description, adapter.description,
                    needsTeacher.description, teacher.description,
                ],
                returns: "an objective of one term",
                notes: [
                    "student and teacher have .logits and, by the paths of the pairs, features: student[\"trunk\"]; batch has .x .y .mask .index .epoch."
                ],
                seeAlso: ["soft", "feature", "distill"],
                examples: [
                    Example(
                        """
                        mine = term("mine", (student, teacher, batch) => mean((student.logits - teacher.logits) ** 2))
                        mine(tensor([[1.0, 2.0]]), tensor([[1.0, 4.0]])).item()
                        """, "2.0"),
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        teacher = Sequential(Linear(64, 16), ReLU(), Linear(16, 10))
                        student = Sequential(Linear(64, 8), ReLU(), Linear(8, 10))
                        mine = term("mine", (student, teacher, batch) => mean((student["1"] - teacher["1"]) ** 2), pairs="1" -> "1")
                        run = distill(teacher -> student, train, loss=soft() + 0.5 * mine, epochs=2)
                        len(run.mine)
                        """, "2"),
                ]
            ) { call in
                let name = try call[name]
                let function = try call[function]
                let pairs = (try call[pairs]?.elements ?? []).map(\.pair)
                var trained: OrderedDictionary<String, Module> = [:]
                for (index, module) in (try call[modules] ?? []).enumerated() { trained[String(index)] = module }
                let interpreter = call.interpreter
                let term = CustomTerm(
                    name, pairs: pairs, modules: trained, adapter: try call[adapter].choice,
                    needsTeacher: try call[needsTeacher]
                ) { input in
                    let student = NetworkViewObject(input.student, paths: pairs.map(\.student.description))
                    let teacher = input.teacher.map { NetworkViewObject($0, paths: pairs.map(\.teacher.description)) }
                    let value = try function.call([
                        student.encode(in: interpreter), teacher.encode(in: interpreter),
                        BatchObject(input).encode(in: interpreter),
                    ])
                    guard case .tensor(let loss) = value else {
                        throw Failure(
                            .type, "\(name): the function must give a tensor of one number, not \(value.typeName)")
                    }
                    return loss
                }
                term.teacherIndex = try call[teacher]
                return ObjectiveObject(term)
            })
    }
}
