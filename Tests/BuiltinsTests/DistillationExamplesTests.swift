import Builtins
import Diagnostics
import Runtime
import Testing

/// Every example of the training and distillation library shows what its declaration says.
@Suite struct `Distillation declarations` {
    static let groups = ["Training", "Distillation"]

    static var builtins: [Builtin] {
        let library = Library.standard()
        let all =
            library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap(\.values).flatMap(\.overloads)
        return all.filter { groups.contains($0.group.title) }.sorted { $0.name < $1.name }
    }

    static let examples: [(name: String, example: Example)] =
        builtins.flatMap { builtin in builtin.examples.map { (builtin.name, $0) } }
        + [
            ("comparison", "comparison"), ("view", "view"), ("batch", "batch"), ("run", "run"),
            ("objective", "objective"),
        ]
        .flatMap { name, type in
            (Library.standard().attributes[.object(type)] ?? [:]).values.sorted { $0.name < $1.name }
                .flatMap { attribute in attribute.examples.map { ("\(name).\(attribute.name)", $0) } }
        }

    @Test func `Every name is bound`() {
        let names = """
            hard soft feature regression logit_mse dkd nkd dist wsld ctkd mlkd jsd virtual_teacher label_swap
            label_smooth_teacher fitnet attention similarity correlation pkt rkd vid boundary fsp nst channel pearson icc
            term compare agreement fidelity_kl evaluate predict
            """.split(whereSeparator: \.isWhitespace).map(String.init)
        let library = Library.standard()
        for name in names { #expect(library.functions[name] != nil, "\(name)") }
    }

    @Test func `Every declaration is documented`() {
        for builtin in Self.builtins {
            #expect(builtin.summary.hasSuffix("."), "\(builtin.name): the summary is a sentence")
            #expect(!builtin.examples.isEmpty, "\(builtin.name): has an example")
            #expect(
                builtin.parameters.allSatisfy { !$0.documentation.isEmpty }, "\(builtin.name): documents its parameters"
            )
        }
    }

    @Test(arguments: examples) func `Every example shows what it says`(_ name: String, _ example: Example) throws {
        var output = ""
        let interpreter = Interpreter(library: .standard(), output: { output += $0.plain })
        let value = try interpreter.run(SourceText(name: name, text: example.source))
        if case .none = value {} else { output += Display.display(value, in: interpreter).plain + "\n" }
        guard let expected = example.output else { return }
        #expect(output == expected.map { $0 + "\n" }.joined(), "\(name): \(example.source)")
    }

    /// A term's formula in `help` is the one that the objective shows.
    @Test(arguments: [
        "logit_mse", "dkd", "nkd", "dist", "wsld", "ctkd", "mlkd", "jsd", "virtual_teacher", "label_swap",
        "label_smooth_teacher", "fitnet", "attention", "similarity", "correlation", "pkt", "rkd", "vid", "boundary",
        "nst",
        "channel", "pearson", "icc",
    ]) func `The declared formula is the term's`(_ name: String) throws {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        let value = try interpreter.run(SourceText(name: name, text: "\(name)().formula"))
        #expect(value.text == Self.builtins.first { $0.name == name }?.formula)
    }
}
