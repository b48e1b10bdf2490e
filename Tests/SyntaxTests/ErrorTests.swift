import Diagnostics
import Snapshots
import Syntax
import Testing

/// A text as bytes; U+FFFD stands for a byte that is not UTF-8.
func source(_ text: String) -> SourceText {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
        if scalar == "\u{FFFD}" { bytes.append(0xE9) } else { bytes += Array(String(scalar).utf8) }
    }
    return SourceText(name: "kd.dist", bytes: bytes)
}

func rendered(_ text: String) -> String {
    Parser.parse(source(text)).diagnostics.map { DiagnosticRenderer.render($0).plain }.joined(separator: "\n\n") + "\n"
}

@Suite struct ErrorTests {
    @Test(arguments: SyntaxCode.allCases)
    func `Every code has a wrong and a right example`(_ code: SyntaxCode) {
        let result = Parser.parse(source(code.wrong))
        #expect(result.diagnostics.first?.code == code.code)
        #expect(result.diagnostics.count == 1, "\(result.diagnostics.map(\.message))")
        #expect(result.completeness != .complete)
        let right = Parser.parse(source(code.right))
        #expect(right.diagnostics.map(\.message) == [])
        #expect(right.completeness == .complete)
        #expect(!code.page.title.isEmpty && code.page.explanation.hasSuffix("."))
        #expect(SyntaxCode(code.code.lowercased()) == code)
    }

    @Test(arguments: SyntaxCode.allCases)
    func `Every code is rendered as stored`(_ code: SyntaxCode) {
        let texts = [code.wrong] + (Self.further[code] ?? [])
        var output = ""
        for text in texts {
            let result = Parser.parse(source(text))
            #expect(result.diagnostics.contains { $0.code == code.code }, "\(text)")
            let shown = text.utf8.count > 300 ? String(text.prefix(80)) + "…" : text
            output += "--- \(shown)\n\(rendered(text))\n"
        }
        #expect(Snapshot.stored(code.code, updating: output, beside: #filePath) == output)
    }

    /// More texts with the same mistake, each with its own message.
    static let further: [SyntaxCode: [String]] = [
        .unexpectedCharacter: [
            "\u{FEFF}x = 1", "x = 1\u{0}", "x\u{A0}= 1", "x = \u{1B}1", "x = 🧪", "a\rb", "`x`",
        ],
        .unterminatedString: ["x = \"\"\"a\nb", "f\"abc", "x = 'a\\", "f(\"a, 1)\ny = 2", "x = f\"\"\"a {b}"],
        .invalidEscape: [
            "\"\\x41\"", "\"\\u00e9\"", "\"\\u{110000}\"", "\"\\u{}\"", "\"\"\"a\\\nb\"\"\"", "f\"\\d\"", "\"\\033\"",
        ],
        .malformedNumber: [
            "1.", "007", "1__0", "1_", "0b101", "0o17", "1j", "10L", "2x", "1e", "0xg", "0XFF", "1.e5", "00.5",
        ],
        .integerOverflow: ["0xffffffffffffffff", "9223372036854775808", "-9223372036854775809"],
        .lookalike: ["x = a − b", "x = ‘a’", "f（x）", "a ≤ b", "“a"],
        .formattedField: [
            "f\"{x\"", "f\"}\"", "f\"{x!r}\"", "f\"{x=}\"", "f\"{x # c}\"", "f\"{x y}\"", "f\"{:.2f}\"",
            "f\"\"\"{x\n}\"\"\"",
        ],
        .formatSpecification: ["f\"{x:{w}}\"", "f\"{x:.f}\"", "f\"{x:99999999999}\"", "f\"{x:dd}\""],
        .unclosedBracket: [
            "x = foo(1, 2\ny = 3\nz = 4", "fn f() {\n    if a {\n        b\n}\nx = 1", "fn f() { x = (1 + 2 }",
            "x = [1,\n2",
            "x = {\"a\": 1", "f(x => { a )",
        ],
        .unmatchedBracket: ["}", "x = )", "x = (1, 2]", "x = 1 }", "f(]", "if a { b } }"],
        .expectedExpression: ["x =", "1 +", "f(,)", "x = +1", "a,", "return = 1", "x = for", "not", "x = fn"],
        .expectedEndOfStatement: ["retrun x", "b\"bytes\"", "x = 1 {", "fnn f(x) { x }", "a => b => ; x y"],
        .expectedSeparator: ["f(a b)", "x = {\"a\": 1 \"b\": 2}", "x[1 2]", "x = {\"a\" 1}", "f(\n  a\n  b\n)"],
        .expectedBlock: ["while x", "for x in a, b { }", "if a b", "no_grad x"],
        .misplacedBranch: ["else { x }", "catch e { }", "try { a } except e { b }", "try { a }\ncatch e { b }"],
        .expectedName: [
            "fn (x) { x }", "x.1", "fn 3() { }", "import \"a\" as 3", "fn f(3) { }", "try { } catch { }", "x.",
        ],
        .expectedToken: ["fn f { }", "param T", "import \"a\"", "[x for x xs]"],
        .tuple: ["()", "x = (1,)", "for (a, b) in c { }", "f\"{a, b}\""],
        .nestingTooDeep: ["x = " + String(repeating: "- ", count: 201) + "1"],
        .invalidTarget: ["1 = x", "\"a\" = x", "a + b = c", "(a) = 1", "none = 1", "[] = x", "f() += 1", "a, 1 = x"],
        .assignmentInExpression: ["while x = 1 { }", "f(a.b=1)", "x = (y = 1)"],
        .invalidSubscript: ["x[1:2:3:4]", "x = ..."],
        .dictEntry: ["x = {a}", "x = {1: 2, 3}"],
        .needsParentheses: ["if a { 1 } else { 2 } + 3", "x |> y => y", "1 + not a", "a == not b", "2 ** not b"],
        .misplacedSpread: ["*a = b", "{**a}", "a, *b = c"],
        .adjacentStrings: ["f(\"a\" 'b')", "f\"a\" \"b\""],
        .generator: ["(x for x in xs)"],
        .parameterOrder: ["fn f(*a, *b) { }", "fn f(**a, b) { }"],
        .pythonConstant: ["f(None, False)"],
        .foreignDefinition: [
            "lambda x: x + 1", "class Net(nn.Module):\n    def forward(self, x):\n        return x\ny = 1",
            "function f(x) { return x }",
            "sorted(xs, key=lambda x: x[0])",
        ],
        .colonBlock: [
            "for i in range(3):\n    print(i)\n    x = (1, 2)\ny = 1",
            "if a:\n    b\nelif c:\n    d\nelse:\n    e\nx = 1",
            "while x: x -= 1", "try:\n    a\nexcept ValueError:\n    b", "fn f(x):\n    return x",
        ],
        .elseIf: ["elif a { b }"],
        .pythonImport: ["import torch.nn as nn", "from torch import nn"],
        .increment: ["x--", "++x", "f(x++)", "x++\ny = 1"],
        .conditionalExpression: [
            "[a if b else c for x in xs]", "f(1 if a else 2)", "return_value = a.b(c) if x > 1 else y",
        ],
        .pythonComparison: ["if x is not None { y }", "x not in xs", "assert a not in b, \"c\""],
        .foreignOperator: ["x = a && !b", "a || b", "if !a { b }", "a === b", "a !== b", "x := 1", "x = a ? b : c"],
        .pythonStatement: [
            "if a { pass }", "del x", "global x", "yield x", "async x", "@torch.no_grad()\nfn f() { }", "%timeit x",
            "no_grad() { x }",
        ],
        .typeAnnotation: ["fn f(x) -> int { x }", "x: int = 3"],
        .foreignDeclaration: ["var x = 1", "const y = 2", "throw x"],
        .foreignComment: ["/* a */"],
        .printStatement: ["print \"a\", 1"],
    ]

    @Test func `Several errors in one run`() {
        let text = """
            x = (1, 2)
            y = 007
            fn f(a, a) {
                z = True
                w = 1 +
            }
            print(
                [1 2],
            )
            break
            """
        let result = Parser.parse(source(text))
        #expect(result.diagnostics.map(\.code) == ["E0120", "E0105", "E0126", "E0150", "E0112", "E0114", "E0124"])
        #expect(result.completeness == .invalid)
    }

    @Test func `Errors are in order of their place`() {
        let lines = (0..<15).map { $0.isMultiple(of: 2) ? "x = \"a" : "y = 1 1" }
        let result = Parser.parse(source(lines.joined(separator: "\n")))
        let places = result.diagnostics.compactMap { $0.labels.first?.span.lower }
        #expect(places == places.sorted())
        #expect(places.count == 15)
    }

    @Test func `A flood of errors is cut`() {
        let text = String(repeating: "x = ) 1\n", count: 10_000)
        #expect(Parser.parse(source(text)).diagnostics.count <= 20)
    }
}

@Suite struct CompletenessTests {
    @Test(arguments: [
        "", "# only a comment", "x = 1", "f(1,\n2)", "if a { b }", "fn f() {\n    1\n}", "\"\"\"a\nb\"\"\"", "x = 1;",
        "return_ = 1",
    ])
    func `Complete`(_ text: String) {
        #expect(Parser.parse(source(text)).completeness == .complete)
    }

    @Test(arguments: [
        ("fn f() {", "`{` opened in line 1"), ("x = 1\nfn f() {\n    y = [1,\n", "`[` opened in line 3"),
        ("f(", "`(` opened in line 1"), ("f(1", "`(` opened in line 1"), ("f(1,", "`(` opened in line 1"),
        ("f(a=", "`(` opened in line 1"), ("x[", "`[` opened in line 1"), ("x[1:", "`[` opened in line 1"),
        ("x = {", "`{` opened in line 1"), ("x = {\"a\":", "`{` opened in line 1"),
        ("x = {\"a\": 1", "`{` opened in line 1"),
        ("x = 1 +", "the line ends in `+`"), ("x =", "the line ends in `=`"), ("a and", "the line ends in `and`"),
        ("x |>", "the line ends in `|>`"), ("x =>", "the line ends in `=>`"), ("a,", "the line ends in `,`"),
        ("for x in", "the line ends in `in`"), ("x += # comment\n", "the line ends in `+=`"),
        ("\"\"\"abc", "`\"\"\"` opened in line 1"), ("f(\"\"\"abc", "`\"\"\"` opened in line 1"),
        ("x = f\"\"\"a {b}\n", "`\"\"\"` opened in line 1"), ("f(x => {", "`{` opened in line 1"),
        ("f(x => {\n  y\n}", "`(` opened in line 1"), ("fn f(a,", "`(` opened in line 1"),
        ("fn f(", "`(` opened in line 1"),
        ("if a {\n  b\n} else {", "`{` opened in line 3"), ("try {", "`{` opened in line 1"),
        ("[x for x in", "`[` opened in line 1"),
        ("[x for", "`[` opened in line 1"), ("module M() {\n fn forward(x) {\n", "`{` opened in line 2"),
        ("(1 +", "`(` opened in line 1"), ("x = (", "`(` opened in line 1"), ("for [a,", "`[` opened in line 1"),
    ])
    func `Incomplete`(_ text: String, _ reason: String) {
        guard case .incomplete(let found, _) = Parser.parse(source(text)).completeness else {
            Issue.record("\(Parser.parse(source(text)).completeness)")
            return
        }
        #expect(found == reason)
    }

    @Test(arguments: [
        "x = )", "f(1]", "\"abc", "if a", "fn f", "x = 1 2", "try { a }", "(1, 2)", "f(1 2", "x = True +", "return 1",
        "x++", "x--",
        "if x:", "def f(x):", "f\"{x", "f\"\"\"{x\n", "x = \"a\nfn f() {", "raise", "x.", "break",
    ])
    func `Invalid`(_ text: String) {
        #expect(Parser.parse(source(text)).completeness == .invalid)
    }
}

@Suite struct CellTests {
    @Test func `Splits at markers outside strings and brackets`() {
        let text = """
            x = 1
            # %% Training the teacher
            y = [
            # %% no marker
            ]
            z = \"\"\"
            # %% no marker
            \"\"\"
             # %% no marker
            # %% [markdown] Notes
            # # Title
            #
            # text
            # %%
            w = 1 +
            # %% next
            2
            """
        let source = source(text)
        let cells = Cells.split(source)
        #expect(cells.map(\.title) == ["", "Training the teacher", "Notes", "", "next"])
        #expect(cells.map(\.kind) == [.code, .code, .markdown, .code, .code])
        #expect(cells[0].text == "x = 1\n")
        #expect(cells[2].text == "# Title\n\ntext")
        #expect(cells[4].span.upper == source.utf8.count)
        #expect(Parser.parse(source, range: cells[1].span).diagnostics.isEmpty)
        #expect(
            Parser.parse(source, range: cells[3].span).diagnostics.first?.labels.first?.span.lower ?? 0
                > cells[3].span.lower)
        #expect(Parser.parse(source).diagnostics.map(\.code) == ["E0112"])
    }

    @Test func `A file without marker is one cell`() {
        #expect(Cells.split(source("")).count == 1)
        #expect(Cells.split(source("x = 1\n")).map(\.text) == ["x = 1\n"])
        #expect(Cells.split(source("\n# %% a\nx")).map(\.title) == ["a"])
    }

    @Test func `Spans of a cell are those of the file`() {
        let source = source("# %% a\nx = 1\n# %% b\ny = 22")
        let cell = Cells.split(source)[1]
        let program = Parser.parse(source, range: cell.span).program
        #expect(program.statements.map { source.text(in: $0.span) } == ["y = 22"])
    }

    @Test func `A semicolon silences the statement that closes a cell`() {
        let text = "a; b;\n# %%\nc;\nd\n# %%\ne; # comment\n"
        let statements = Parser.parse(source(text)).program.statements
        #expect(statements.map(\.isSilenced) == [false, true, false, false, true])
    }
}
