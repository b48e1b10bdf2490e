import Data
import Diagnostics
import Distillation
import Learning
import OrderedCollections
import Runtime

extension Audit: LanguageObject {
    /// `audit`.
    public static var languageName: String { "audit" }
}

extension Audit: TabularObject {
    /// One row a property.
    package var tableCells: [[Markup]] {
        [["", "", "measured", "when it fails"].map { Markup($0) }]
            + outcomes.map { property, outcome in
                let (word, number): (String, Double?) =
                    switch outcome {
                    case .holds(let value): ("holds", value)
                    case .fails(let value): ("FAILS", value)
                    case .doesNotApply: ("–", nil)
                    }
                let measured = number.map {
                    property == .temperature ? "T^\(TextTable.number($0, digits: 2))" : Self.short($0)
                }
                return [
                    Markup(property.rawValue), Markup(word), Markup(measured ?? ""),
                    Markup(word == "FAILS" ? property.meaning : ""),
                ]
            }
    }

    /// The objective, and how strong it is.
    package var tableNotes: [String] {
        let beside =
            gradientBesideHard.map { ["the gradient on the logits is \(Self.short($0)) of that of hard()"] } ?? []
        return ["\(objective), on \(rows) rows"] + beside
    }

    private static func short(_ value: Double) -> String {
        value.isFinite && value != 0 && abs(value) < 1e-4 ? "< 0.0001" : TextTable.number(value, digits: 4)
    }

    fileprivate var text: String {
        var table = TextTable([], left: 4)
        for line in tableCells { table.append(line) }
        return tableNotes.reduce(table.text) { "\($0)\n\($1)" }
    }
}

/// An objective, or a function of the temperature that gives one.
struct AuditedValue: ValueDecodable {
    let objective: ObjectiveObject?
    let family: Callable?

    static var languageType: LanguageType { .union([ObjectiveObject.languageType, .function]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> AuditedValue? {
        if let objective = ObjectiveObject.decode(value, in: interpreter) {
            return AuditedValue(objective: objective, family: nil)
        }
        return Callable.decode(value, in: interpreter).map { AuditedValue(objective: nil, family: $0) }
    }
}

extension Library {
    /// `audit`.
    func addAudit() {
        add(
            ObjectType(
                Audit.self, "Whether an objective behaves as losses do.", display: { Markup($0.text) },
                element: { audit, index, _ in
                    guard let name = index.text,
                        let found = audit.outcomes.first(where: { $0.property.rawValue == name })
                    else {
                        throw Failure(
                            .key, "an audit is indexed by a property",
                            help: [audit.outcomes.map { "\"\($0.property.rawValue)\"" }.joined(separator: ", ")])
                    }
                    switch found.outcome {
                    case .holds: return .bool(true)
                    case .fails: return .bool(false)
                    case .doesNotApply: return .none
                    }
                }))
        let start = #"a = audit(soft(T=4), Linear(64, 10), take(dataset("digits"), 32))"#
        add(
            Attribute(
                "failures", on: .object("audit"), "The properties that do not hold.",
                examples: [Example("\(start); a.failures", "[]")]
            ) { (audit: Audit) in audit.failures.map(\.rawValue) })
        add(
            Builtin(
                "audit", .distillation, "Whether a loss of one's own behaves as losses do, on one batch of data.",
                Parameter<AuditedValue>(
                    "term", "a term or an objective; or T => objective, to see how gradients grow with T"),
                Parameter<Module>("net", "the student"),
                Parameter<Dataset>(
                    "train", "the examples, of which 16 are looked at; with four or more all properties are"),
                Parameter<Module?>.optional(
                    "teacher", "what it is compared with", defaultText: "the student with slightly other weights"),
                returns: "a table: what holds, what was measured, and what a failure usually means",
                notes: [
                    "Properties: "
                        + Audit.Property.allCases.map { "\($0.rawValue) (if not: \($0.meaning))" }
                        .joined(separator: "; ") + ".",
                    "Not every loss has them all: relations between rows change with the batch, hard() is no divergence, logit_mse() compares numbers. A failure is a question, not a verdict.",
                    "Nothing is trained; networks run in evaluation mode.",
                ],
                seeAlso: ["distill", "term"],
                examples: [
                    Example(
                        """
                        fn forgotten(T) { term("mine", (s, t, batch) => kl_div(log_softmax(s.logits / T, dim=1), softmax(t.logits / T, dim=1), reduction="batchmean")) }
                        audit(forgotten, Linear(64, 10), take(dataset("digits"), 32)).failures
                        """, #"["gradients at T = 1, 2, 4, 8"]"#)
                ]
            ) { (audited: AuditedValue, net: Module, data: Dataset, teacher: Module?) in
                let family = audited.family.map { function in
                    { (temperature: Double) throws -> Objective in
                        let value = try function.call([.float(temperature)])
                        guard let objective = ObjectiveObject.decode(value, in: function.interpreter) else {
                            throw Failure(.type, "audit: the function must give an objective, not a \(value.typeName)")
                        }
                        return objective.objective
                    }
                }
                guard let objective = try audited.objective?.objective ?? family?(4) else {
                    throw Failure(.value, "audit: needs a term or an objective")
                }
                return try Audit(objective, family: family, student: net, teacher: teacher, data: data)
            })
    }
}
