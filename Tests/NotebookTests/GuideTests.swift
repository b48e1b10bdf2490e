import Checking
import Diagnostics
import Notebook
import Testing

@Suite struct GuideTests {
    /// That the code runs is tested with the sessions.
    @Test(arguments: ["language", "distillation"])
    func `The code of a guide passes check`(_ name: String) throws {
        let topic = try #require(Topic.named(name))
        let source = SourceText(name: name, text: topic.code)
        let found = Check.diagnostics(of: source, library: Session.library())
        #expect(found.map { DiagnosticRenderer.render($0).plain } == [])
    }

    @Test func `The language guide shows every construct`() throws {
        let code = try #require(Topic.named("language")).code
        for word in [
            "fn ", "module ", "param ", "import ", "if ", "else", "for ", "in ", "while ", "continue", "return ",
            "try ",
            "catch ", "raise ", "assert ", "no_grad", "=>", "|>", "->", "**options", "*rest", "f\"", "self.",
            "|> softmax",
        ] {
            #expect(code.contains(word), "\(word)")
        }
    }

    @Test func `Guides fit their width`() {
        for topic in Topic.all {
            for line in topic.text.plain.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
        }
    }
}
