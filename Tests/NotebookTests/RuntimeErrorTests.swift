import Diagnostics
import Notebook
import Runtime
import Snapshots
import Testing

/// Every code of an error that arises while a program runs: its examples do what they say, and each is shown as stored.
@Suite struct RuntimeErrorTests {
    /// Codes that no program has by itself.
    static let withoutProgram: Set<ErrorCode> = [.importCycle, .interrupted, .fault]

    /// More programs with the same mistake, each with its own message.
    static let further: [ErrorCode: [String]] = [
        .unknownName: [
            "retrun_ = 1\nprnit(retrun_)", "torch.randn(2)", "nn.Linear(2, 2)", "isinstance(1, int)", "self", "xyzzy",
            "fn outer() {\n    return inner()\n}\nfn inner() {\n    return teachr\n}\nouter()",
        ],
        .unboundName: ["f = () => {\n    g = total\n    total = g\n}\nf()"],
        .unknownAttribute: [
            "randn(2).view(1, 2)", "Linear(2, 2).cuda()", "[1].push(2)", "\"a\".format(1)", "none.shape",
            "import \"std/models.dist\" as models\nmodels.resnet21()", "loss = tensor(1.0)\nloss.backwards()",
            "module Net(width) {\n    layer = Linear(width, width)\n    fn forward(x) { return layer(x) }\n}\n"
                + "Net(2).laier",
        ],
        .wrongType: [
            "Linear(\"64\", 10)", "relu([1.0])", "cross_entropy(randn(2, 3), [0, 1])", "len(5)", "net = ReLU()\nnet(3)",
            "x = zeros(2, 2)\nx[0][1] = 3", "d = {[1]: 2}", "int([1])",
        ],
        .badOperands: [
            "1 + true", "[1] + 1", "\"a\" - \"b\"", "none + 1", "{\"a\": 1} * 2", "-\"a\"", "~1.5", "[1] < [2]",
            "x = 1\nx += \"a\"",
        ],
        .notCallable: ["\"text\"()", "none()", "randn(2)(0)", "[1, 2](0)"],
        .notACondition: ["while 1 { }", "none and true", "not \"a\"", "if tensor([true, false]) { 1 }"],
        .notIterable: ["[x for x in none]", "for x in true { x }", "sum(5)"],
        .missingArgument: [
            "fn kd(s, t, T=4) { return s }\nkd(1)", "softmax()",
            "module Block(width) { fn forward(x) { return x } }\nBlock()",
        ],
        .unknownArgument: [
            "fn kd(s, t, T=4) { return s }\nkd(1, 2, temperature=3)", "softmax(randn(2), dmi=0)",
            "Adam([], learning_rate=0.1)",
        ],
        .doubledArgument: ["fn f(a) { return a }\nf(1, a=2)", "softmax(randn(2), 0, dim=0)"],
        .tooManyArguments: ["fn f(a) { return a }\nf(1, 2)", "(() => 1)(2)", "len()", "Linear(1, 2, true, 4)"],
        .wrongOption: ["dataset(\"digit\")", "cross_entropy(randn(2, 3), tensor([0, 1]), reduction=\"avg\")"],
        .wrongValue: [
            "int(\"x\")", "range(0, 5, 0)", "[1, 2][::0]", "conv2d(randn(1, 1, 4, 4), randn(1, 1, 3, 3), stride=0)",
            "randn(2).reshape(-1, -1)",
        ],
        .unpacking: ["a, [b, c] = [1, [2]]", "for a, b in [[1]] { a }", "a, b = 5"],
        .shape: [
            "Linear(64, 10)(randn(8, 32))", "randn(2, 3) + randn(4, 5)", "randn(2, 3).reshape(4, 2)",
            "cat([randn(2, 3), randn(4, 5)])", "Sequential(Linear(4, 8), ReLU(), Linear(4, 2))(randn(3, 4))",
            "mse_loss(randn(3), randn(4))",
        ],
        .indexOutOfRange: ["\"abc\"[3]", "randn(2, 3)[2]", "randn(2)[0, 0]", "[][0]", "randn(2).sum(dim=3)"],
        .missingKey: ["config = {\"lr\": 0.1}\nconfig.learning_rate", "{\"lr\": 1}[\"Lr\"]"],
        .arithmetic: ["1 // 0", "1 % 0", "9223372036854775807 + 1", "1.5 / 0"],
        .io: ["import \"modles.dist\" as m", "import \"std/modles.dist\" as m"],
        .raised: ["raise {\"code\": 3}", "try { 1 / 0 } catch e { raise e }"],
        .assertion: ["assert 1 == 2", "assert false", "assert 2 in [1], f\"{1 + 1} is missing\""],
    ]

    private func diagnostics(_ text: String) -> [Diagnostic] {
        Session().run(SourceText(name: "kd.dist", text: text), range: nil).diagnostics
    }

    @Test(arguments: ErrorCode.allCases)
    func `Examples do what they say`(_ code: ErrorCode) {
        #expect(!code.page.title.isEmpty && code.page.explanation.hasSuffix("."))
        guard !Self.withoutProgram.contains(code) else { return }
        #expect(diagnostics(code.wrong).first?.code == code.rawValue, "\(code.wrong)")
        #expect(diagnostics(code.right).map(\.message) == [])
    }

    @Test(arguments: ErrorCode.allCases)
    func `Every code is shown as stored`(_ code: ErrorCode) {
        guard !Self.withoutProgram.contains(code) else { return }
        var output = ""
        for text in [code.wrong] + (Self.further[code] ?? []) {
            let shown = diagnostics(text).map { DiagnosticRenderer.render($0).plain }.joined(separator: "\n\n")
            #expect(!shown.isEmpty, "\(text)")
            output += "--- \(text)\n\(shown)\n\n"
        }
        #expect(Snapshot.stored(code.rawValue, updating: output, beside: #filePath) == output)
    }

    @Test func `Every code is explained`() {
        for code in Explanations.codes {
            let text = Explanations.text(for: code)?.plain ?? ""
            #expect(text.hasPrefix(code + ": "))
            let isProgram = ErrorCode(rawValue: code).map { !Self.withoutProgram.contains($0) } ?? true
            #expect(!isProgram || text.contains("\nWrong\n") && text.contains("\nRight\n"), "\(code)")
        }
    }
}
