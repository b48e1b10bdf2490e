import Diagnostics
import Testing

@Suite struct RendererTests {
    private func render(_ labels: [Diagnostic.Label], notes: [String] = [], help: [String] = []) -> String {
        let diagnostic = Diagnostic(.shape, "inner sizes differ", labels: labels, notes: notes, help: help)
        return DiagnosticRenderer.render(diagnostic).plain
    }

    @Test func `Several labels on a line`() {
        let source = SourceText(name: "kd.dist", text: "\n\nlogits = h @ w\n")
        let text = render([
            .init(source, SourceSpan(13, 14)), .init(source, SourceSpan(11, 12), "[64, 256]"),
            .init(source, SourceSpan(15, 16), "[128, 10]"),
        ])
        #expect(
            text == """
                error[shape]: inner sizes differ
                 ┌─ kd.dist:3:12
                 │
                3│ logits = h @ w
                 │          ^ ^ ^ [128, 10]
                 │          [64, 256]
                """)
    }

    @Test func `Lines apart are separated`() {
        let source = SourceText(name: "a", text: "fn f(x) {\n\n\n\n\n\n\n\n\n    x\n")
        let text = render([
            .init(source, SourceSpan(22, 23), "here"), .init(source, SourceSpan(8, 9), "opened", isPrimary: false),
        ])
        #expect(
            text == """
                error[shape]: inner sizes differ
                  ┌─ a:10:5
                  │
                 1│ fn f(x) {
                  │         - opened
                  ⋮
                10│     x
                  │     ^ here
                """)
    }

    @Test func `Wide characters tabs and invisible ones keep their columns`() {
        let wide = SourceText(name: "a", text: "\"教師\" + x")
        #expect(render([.init(wide, SourceSpan(11, 12))]).hasSuffix("│ \"教師\" + x\n │          ^"))
        let tab = SourceText(name: "a", text: "\tx")
        #expect(render([.init(tab, SourceSpan(1, 2))]).hasSuffix("│     x\n │     ^"))
        let combining = SourceText(name: "a", text: "e\u{301} x")
        #expect(render([.init(combining, SourceSpan(4, 5))]).hasSuffix("\n │   ^"))
        let broken = SourceText(name: "a", bytes: [0x61, 0xFF, 0x62])
        #expect(render([.init(broken, SourceSpan(2, 3))]).hasSuffix("│ a\u{FFFD}b\n │   ^"))
        let escape = SourceText(name: "a", text: "\u{1B}[31mx")
        #expect(!render([.init(escape, SourceSpan(5, 6))]).contains("\u{1B}"))
    }

    @Test func `Several sources follow one another`() {
        let first = SourceText(name: "a.dist", text: "f(1)")
        let second = SourceText(name: "b.dist", text: "fn f() { }")
        let text = render([
            .init(first, SourceSpan(0, 4)), .init(second, SourceSpan(3, 4), "defined here", isPrimary: false),
        ])
        #expect(
            text == """
                error[shape]: inner sizes differ
                 ┌─ a.dist:1:1
                 │
                1│ f(1)
                 │ ^^^^
                 ├─ b.dist:1:4
                 │
                1│ fn f() { }
                 │    - defined here
                """)
    }

    @Test(arguments: [0, 100, 155, 200, 5000, 99_990])
    func `Of long lines the part around the label is shown`(_ place: Int) {
        let source = SourceText(
            name: "a", text: String(repeating: "a", count: place) + "!" + String(repeating: "b", count: 9000))
        let lines = render([.init(source, SourceSpan(place, place + 1), "here")]).split(separator: "\n").map {
            Array($0)
        }
        #expect(lines[3].count < 170)
        let column = lines[4].firstIndex(of: "^") ?? 0
        #expect(lines[3][column] == "!")
    }

    @Test func `Labels that overlap or are empty are shown`() {
        let source = SourceText(name: "a", text: "abc")
        #expect(render([.init(source, SourceSpan(3, 3), "end")]).hasSuffix("│ abc\n │    ^ end"))
        #expect(render([.init(source, SourceSpan(0, 3)), .init(source, SourceSpan(1, 2), "b")]).contains("^^^"))
        #expect(!render([.init(source, SourceSpan(50, 60), "beyond")]).isEmpty)
    }

    @Test func `Notes help and frames stand below`() {
        let source = SourceText(name: "a", text: "x")
        let diagnostic = Diagnostic(
            .name, "no x", labels: [.init(source, SourceSpan(0, 1))], notes: ["two\nlines"],
            help: ["did you mean `y`?"],
            frames: [.init(function: "f", caller: "a:3:1")])
        #expect(
            DiagnosticRenderer.render(diagnostic).plain.hasSuffix(
                "\n = in f, called at a:3:1\n = note: two\n         lines\n = help: did you mean `y`?"))
    }

    @Test func `Without a place only the message stands`() {
        #expect(DiagnosticRenderer.render(Diagnostic(.io, "no such file")).plain == "error[io]: no such file")
    }
}

@Suite struct NearestTests {
    @Test(arguments: [
        ("relu", "ReLU"), ("sofmax", "softmax"), ("Liner", "Linear"), ("lenght", "length"), ("batchsize", "batch_size"),
    ])
    func `Finds slips`(_ name: String, _ wanted: String) {
        #expect(Nearest.match(name, in: ["ReLU", "softmax", "Linear", "length", "batch_size"]) == wanted)
    }

    @Test func `Stays silent when nothing is close`() {
        #expect(Nearest.match("teacher", in: ["softmax", "Linear"]) == nil)
        #expect(Nearest.match("", in: ["a"]) == nil)
        #expect(Nearest.match("x", in: ["x"]) == nil)
        #expect(Nearest.match(String(repeating: "a", count: 10_000), in: ["a"]) == nil)
    }
}

@Suite struct MarkupTests {
    @Test func `Joins neighbours of one style`() {
        var text = Markup("a", .strong)
        text.append("b", .strong)
        text.append("")
        text.append("c")
        #expect(text.runs.count == 2)
        #expect(text.plain == "abc")
        #expect(text.ansi == "\u{1B}[1mab\u{1B}[0mc")
        #expect(Markup("<&>", .error).html == "<span class=\"error\">&lt;&amp;&gt;</span>")
    }
}
