import Builtins
import Diagnostics
import Runtime
import Testing

/// `compare` says the same as the numbers taken one by one.
@Suite struct `Comparison of teacher and student` {
    static let networks = """
        manual_seed(0)
        train, test = split(dataset("digits"), test=0.2, seed=0)
        teacher = Sequential(Linear(64, 32), ReLU(), Linear(32, 10))
        fit(teacher, train, epochs=3)
        student = Linear(64, 10)
        c = compare(teacher, student, test)

        """

    @Test(arguments: [
        ("c.teacher.parameters", "64 * 32 + 32 + 32 * 10 + 10"), ("c.student.bytes", "4 * 650"),
        ("c.accuracy.teacher", "evaluate(teacher, test).accuracy"),
        ("c.student.accuracy_kept", "evaluate(student, test).accuracy / evaluate(teacher, test).accuracy"),
        ("c.student.ece", "evaluate(student, test, metrics=[\"ece\"]).ece"),
        (
            "c.student.agreement",
            "mean((predict(teacher, test).argmax(dim=1) == predict(student, test).argmax(dim=1)).double()).item()"
        ),
        (
            "fidelity_kl(teacher, student, test)",
            "soft(T=1)(predict(student, test).double(), predict(teacher, test).double()).item()"
        ),
    ]) func `Each number is what it says`(_ compared: String, _ expected: String) throws {
        let value = try run(Self.networks + "[float(\(compared)), float(\(expected))]")
        guard case .list(let list) = value else { throw Unexpected(value: value.typeName) }
        let numbers = list.elements.compactMap(\.number)
        try #require(numbers.count == 2)
        #expect(abs(numbers[0] - numbers[1]) <= 1e-6 * max(1, abs(numbers[1])), "\(numbers)")
    }

    @Test func `Measuring ends soon and leaves the random numbers alone`() throws {
        let value = try run(
            Self.networks + """
                student.train(); manual_seed(1); a = rand(3); manual_seed(1)
                start = time(); c = compare(teacher, student, test); seconds = time() - start
                [c.student.latency > 0, c.student.throughput > 0, seconds < 5, allclose(a, rand(3))]
                """)
        #expect(Display.repr(value, in: interpreter()) == "[true, true, true, true]")
    }

    private struct Unexpected: Error { let value: String }

    private func interpreter() -> Interpreter { Interpreter(library: .standard(), output: { _ in }) }

    private func run(_ source: String) throws -> Value {
        try interpreter().run(SourceText(name: "cell", text: source))
    }
}
