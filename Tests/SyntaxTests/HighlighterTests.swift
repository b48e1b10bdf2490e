import Diagnostics
import Syntax
import Testing

@Suite struct HighlighterTests {
    private func parts(_ text: String) -> [String] {
        let source = SourceText(name: "a.dist", text: text)
        return SyntaxHighlighter.highlights(source).map { "\($0.style.rawValue) \(source.text(in: $0.span))" }
    }

    @Test func `Names the parts of a line`() {
        #expect(
            parts("fn kd(s, T=4) { return T ** 2 * f(\"a\") } # why") == [
                "keyword fn", "function kd", "name T", "number 4", "keyword return", "number 2", "function f",
                "string \"a\"", "comment # why",
            ])
        #expect(parts("param T = 1") == ["keyword param", "number 1"])
        #expect(parts("x.in") == [])
        #expect(parts("# %% title") == ["heading # %% title"])
        #expect(
            parts("f\"a {x:.2f}\"") == [
                "string f\"", "string a ", "keyword {", "number :.2f", "keyword }", "string \"",
            ])
    }

    @Test func `Colours broken text`() {
        #expect(parts("x = \"abc") == ["bad \"abc"])
        #expect(parts("if (") == ["keyword if"])
    }

    @Test func `Keeps the text`() {
        let text = "α = f\"{x}\"  # c\n\ty = [1,\n2]\n"
        #expect(SyntaxHighlighter.markup(SourceText(name: "a", text: text)).plain == text)
    }
}
