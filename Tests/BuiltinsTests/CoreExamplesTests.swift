import Builtins
import Diagnostics
import Runtime
import Testing

/// Every example of the core library shows what its declaration says.
@Suite struct CoreExamplesTests {
    static var builtins: [Builtin] {
        let library = Library()
        library.addCore()
        return library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap { $0.values.flatMap(\.overloads) }
    }

    @Test func `Every builtin has an example and a summary`() {
        for builtin in Self.builtins {
            #expect(!builtin.examples.isEmpty, "\(builtin.name)")
            #expect(!builtin.summary.isEmpty, "\(builtin.name)")
        }
    }

    @Test func `Every example shows what it says`() throws {
        for builtin in Self.builtins {
            for example in builtin.examples {
                let library = Library()
                library.addCore()
                var output = ""
                let interpreter = Interpreter(library: library, output: { output += $0.plain })
                let value = try interpreter.run(SourceText(name: builtin.name, text: example.source))
                if case .none = value {} else { output += Display.text(value, in: interpreter) + "\n" }
                if let expected = example.output {
                    #expect(output == expected.map { $0 + "\n" }.joined(), "\(example.source)")
                }
            }
        }
    }
}
