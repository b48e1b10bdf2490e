import Builtins
import Diagnostics
import Runtime
import Testing

/// The training and distillation library is complete and documented.
@Suite struct `Distillation declarations` {
    static let groups = ["Training", "Distillation"]

    static var builtins: [Builtin] {
        let library = Library.standard()
        let all =
            library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap(\.values).flatMap(\.overloads)
        return all.filter { groups.contains($0.group.title) }.sorted { $0.name < $1.name }
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
