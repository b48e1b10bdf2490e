import Base
import Data
import Diagnostics
import Runtime
import Testing

@testable import Builtins

/// Data of two tasks that meet: an error that names dataset, column and the way out, or a line that says so.
@Suite struct `Tasks that do not go together` {
    private static let kinds = [
        "classes": "TensorDataset(randn(12, 4), arange(12) % 3)",
        "two classes": "TensorDataset(randn(12, 4), arange(12) % 2)",
        "probabilities": #"TensorDataset(randn(12, 4), softmax(randn(12, 3), dim=1), task="probabilities")"#,
        "several labels": "TensorDataset(randn(12, 4), (rand(12, 3) > 0.5).long())",
        "numbers": "TensorDataset(randn(12, 4), randn(12, 3))",
        "ranking": #"TensorDataset(randn(12, 4), rand(12, 3), task="ranking")"#,
    ]

    /// Each pair of kinds that can be one task: classes beside two of them or their probabilities.
    private static func agree(_ a: String, _ b: String) -> Bool {
        let classes: Set = ["classes", "two classes", "probabilities"]
        return a == b || classes.contains(a) && classes.contains(b)
    }

    static let pairs = kinds.keys.sorted().flatMap { a in kinds.keys.sorted().map { (a, $0) } }

    private func run(_ program: String) throws -> String { try answer(program).value }

    private func answer(_ program: String) throws -> (value: String, warnings: [String]) {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        final class Heard { var warnings: [String] = [] }
        let heard = Heard()
        interpreter.warn = { heard.warnings.append($0) }
        let value = try interpreter.run(SourceText(name: "two tasks", text: program))
        return (Display.repr(value, in: interpreter), heard.warnings)
    }

    @Test(arguments: pairs) func `validation data have the task of the training data`(a: String, b: String) throws {
        let program = """
            train = \(Self.kinds[a] ?? "")
            val = \(Self.kinds[b] ?? "")
            fit(Linear(4, 3), train, validate=val, epochs=1).epochs
            """
        // Two classes do not fill three outputs.
        if a == "two classes", Self.agree(a, b) { return }
        if Self.agree(a, b) {
            #expect(try run(program) == "1")
        } else {
            let error = #expect(throws: Diagnostic.self) { try run(program) }
            #expect(error?.message.contains("the validation data hold") == true, "\(error?.message ?? "")")
            #expect(error?.help.contains { $0.contains("task=") } == true)
        }
    }

    @Test(arguments: pairs) func `examples are joined with those of their kind`(a: String, b: String) throws {
        let program = "len(concat(\(Self.kinds[a] ?? ""), \(Self.kinds[b] ?? "")))"
        if Self.agree(a, b), (a == "probabilities") == (b == "probabilities") {
            #expect(try run(program) == "24")
        } else {
            #expect(throws: Diagnostic.self) { try run(program) }
        }
    }

    @Test(arguments: pairs) func `a network that is judged on another task says so`(a: String, b: String) throws {
        guard a != "two classes", b != "two classes" else { return }
        let warnings = try answer(
            """
            net = fit(Linear(4, 3), \(Self.kinds[a] ?? ""), epochs=1).net
            evaluate(net, \(Self.kinds[b] ?? ""))
            """
        ).warnings
        #expect(warnings.contains { $0.contains("the network was trained on") } == !Self.agree(a, b), "\(warnings)")
    }

    @Test(arguments: [
        ("arange(12) % 3", "arange(12) % 2", "class 2"), ("arange(12) % 3", "zeros(12).long()", "classes 1, 2"),
        ("arange(12) % 3", "arange(12) % 3", ""), ("arange(12) % 2", "zeros(12).long()", "class 1"),
    ])
    func `a class that the validation data lack is said`(train: String, val: String, message: String) throws {
        let warnings = try answer(
            """
            fit(Linear(4, \(train.hasSuffix("3") ? 3 : 2)), TensorDataset(randn(12, 4), \(train)),
                validate=TensorDataset(randn(12, 4), \(val)), epochs=1)
            """
        ).warnings
        #expect(warnings.count == (message.isEmpty ? 0 : 1))
        #expect(
            message.isEmpty || warnings.first?.contains("have no example of the \(message):") == true, "\(warnings)")
    }

    @Test func `columns and files are named`() throws {
        try WholeFile.write(Array("u,kind\n1,x\n2,y\n3,x\n".utf8), to: "/tmp/distill-mixed-a.csv")
        try WholeFile.write(Array("u,price\n1,0.5\n2,1.5\n3,2.5\n".utf8), to: "/tmp/distill-mixed-b.csv")
        let error = #expect(throws: Diagnostic.self) {
            try run(
                """
                fit(Linear(1, 2), read_csv("/tmp/distill-mixed-a.csv", label="kind"),
                    validate=read_csv("/tmp/distill-mixed-b.csv", label="price"), epochs=1)
                """)
        }
        #expect(
            error?.message
                == "fit: the validation data hold numbers (column \"price\" of /tmp/distill-mixed-b.csv), and the training data "
                + "two classes (column \"kind\" of /tmp/distill-mixed-a.csv)", "\(error?.message ?? "")")
        #expect(error?.help == ["read_csv(…, like=train) reads a table as the training table was read"])
    }

    @Test func `one-hot floats for labels name both spellings`() throws {
        let error = #expect(throws: Diagnostic.self) {
            try run("fit(Linear(4, 3), TensorDataset(randn(6, 4), one_hot(arange(6) % 3, 3).float()), loss=hard())")
        }
        #expect(error?.help.contains { $0.contains("probabilities") && $0.contains("multilabel") } == true)
    }

    @Test(arguments: [
        ("TensorDataset({\"x\": randn(6, 5, 4), \"mask\": ones(6, 7)}, arange(6) % 3)", false),
        ("TensorDataset({\"x\": randn(6, 5, 4), \"mask\": ones(6, 5)}, arange(6) % 3)", true),
        ("TensorDataset({\"x\": randn(6, 1, 4, 3), \"mask\": ones(6, 4, 3)}, arange(6) % 3)", true),
        ("TensorDataset({\"x\": randn(6, 1, 4, 3), \"mask\": ones(6, 4, 5)}, arange(6) % 3)", false),
        ("TensorDataset({\"x\": randn(6, 4), \"mask\": ones(6)}, arange(6) % 3)", true),
    ])
    func `a mask covers positions that there are`(data: String, isRight: Bool) throws {
        if isRight {
            #expect(try run("len(\(data))") == "6")
        } else {
            let error = #expect(throws: Diagnostic.self) { try run(data) }
            #expect(error?.message.contains("a mask [6, ") == true)
        }
    }

    @Test func `differences that are equal under every seed are no verdict`() throws {
        let shown = try run("str(verdict([0.9, 0.8, 0.7], [0.8, 0.7, 0.6], metric=\"accuracy\"))")
        #expect(shown.contains("inconclusive") && shown.contains("the same under every seed"))
        #expect(try run("verdict([0.9, 0.8], [0.9, 0.8], metric=\"accuracy\").p") == "1.0")
    }
}
