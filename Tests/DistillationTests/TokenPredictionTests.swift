import Base
import Data
import Diagnostics
import Runtime
import Testing

@testable import Builtins

/// What language models say of their tokens, in the layouts of others: scripts/golden/token_predictions.py.
@Suite struct `Predictions of tokens` {
    private static let folder =
        "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures/tokens"

    private func run(_ program: String) throws -> Value {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        return try interpreter.run(SourceText(name: "tokens", text: program))
    }

    @Test(arguments: [
        ("vllm.jsonl", ""), ("probabilities.jsonl", ""), ("probabilities.json", ""),
        ("items.pt", #", kind="log_probabilities""#),
    ])
    func `a file teaches the positions that it speaks of`(file: String, options: String) throws {
        let json = try JSON(parsing: FileBytes.read(Self.folder + "/expected.json"))
        let program = """
            student = Linear(4, 7, bias=false)
            student.load_state_dict({"weight": tensor(\(json["weight"]?.text ?? ""))})
            p = predictions("\(Self.folder)/\(file)", values_T=1\(options))
            save(p, "/tmp/distill-tokens-\(file).safetensors", values="int8")
            same = predictions("/tmp/distill-tokens-\(file).safetensors").mask
            assert (same - p.mask).abs().sum().item() == 0, "the mask is read again"
            train = TensorDataset({"x": tensor(\(json["x"]?.text ?? "")), "mask": p.mask})
            distill(p -> student, train, loss=soft(T=1), epochs=1, optimizer=SGD(lr=1e-12)).loss[0]
            """
        guard case .float(let loss) = try run(program) else { return #expect(Bool(false), "a loss is a float") }
        #expect(abs(loss - (json[file]?.double ?? .nan)) < 1e-5, "\(loss)")
    }

    @Test func `rows have the ids of the file`() throws {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        let value = try interpreter.run(
            SourceText(name: "ids", text: "predictions(\"\(Self.folder)/vllm.jsonl\", values_T=1).ids"))
        #expect(Display.repr(value, in: interpreter) == #"["text0", "text1", "text2"]"#)
    }

    @Test(arguments: [
        (
            "TensorDataset(randn(3, 5, 4))",
            "nothing is stored for 6 positions that count, first for position 4 of example 0"
        ),
        (#"TensorDataset({"x": randn(3, 6, 4), "mask": ones(3, 6)})"#, "positions [3, 5] are stored"),
    ])
    func `a position that counts and of which nothing is said is named`(data: String, message: String) throws {
        let error = #expect(throws: Diagnostic.self) {
            try run(
                """
                p = predictions("\(Self.folder)/vllm.jsonl", values_T=1)
                distill(p -> Linear(4, 7), \(data), loss=soft(T=1), epochs=1)
                """)
        }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(error?.help.contains { $0.contains("predictions.mask") } == true)
    }

    @Test func `logits have a mask as well, and other numbers of positions are refused`() throws {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        let value = try interpreter.run(
            SourceText(
                name: "a mask",
                text: """
                    z = randn(2, 3, 7)
                    known = tensor([[1, 1, 0], [1, 0, 0]])
                    holes = where(known.unsqueeze(2) == 1, z, nan)
                    x = randn(2, 3, 4)
                    student = Linear(4, 7)
                    fn loss(t) {
                        distill(t -> student.copy(), TensorDataset({"x": x, "mask": known}), loss=soft(T=2), epochs=1,
                                optimizer=SGD(lr=1e-12)).loss[0]
                    }
                    p = predictions({"logits": holes, "mask": known})
                    [p.mask.tolist(), abs(loss(p) - loss(z)) < 1e-6]
                    """))
        #expect(Display.repr(value, in: interpreter) == "[[[1, 1, 0], [1, 0, 0]], true]")
        let error = #expect(throws: Diagnostic.self) {
            try run(
                """
                p = predictions({"indices": tensor([[[0, 1], [2, 1]]]), "values": log(tensor([[[0.7, 0.2], [0.6, 0.2]]]))},
                                kind="log_probabilities", values_T=1)
                distill(p -> Linear(4, 7), TensorDataset(randn(1, 3, 4)), loss=soft(T=1), epochs=1)
                """)
        }
        #expect(error?.message == "soft: the student gives [1, 3, 7] and the teacher [1, 2, 2]")
    }

    @Test(arguments: [
        ("a.jsonl", "{\"a\": 1}", ":1: 0 of the members a"), ("b.jsonl", "[1, 2]", ":1: expected what is said"),
        (
            "c.jsonl", "[{\"1\": 0.5}]\n[null, [{\"token\": \"token_id:1\", \"logprob\": -1}]]",
            ":2: position 1: log_prob"
        ),
        ("d.jsonl", "[{\"1\": 0.5}, {\"x\": 0.5}]", ":1: position 1: expected the number of a token"),
        ("l.jsonl", "{\"id\": 1, \"p\": [{\"1\": 0.5}]}\n[{\"1\": 0.5}]", ":2: some texts have an id"),
        ("m.jsonl", "[{\"1\": 0.5}]\n{\"id\": 1, \"p\": [{\"1\": 0.5}]}", ":2: some texts have an id"),
        ("e.jsonl", "[{\"1\": 0.5}", ":1: no JSON"), ("f.json", "{}", "expected a list of texts"),
        ("g.jsonl", "\n", "holds no texts"), ("h.jsonl", "[{\"-1\": 0.5}]", "token -1"),
        ("i.jsonl", "[[{\"token\": \"cat\", \"logprob\": -1}]]", "expected {\"token\""),
        ("j.jsonl", "[{\"99999999999999999999\": 0.5}]", "expected what is said"),
        ("k.jsonl", "[{\"1\": 0.9, \"2\": 0.9}]", "sums to 1.8"),
    ])
    func `what has no such form is an error with its line`(name: String, text: String, message: String) throws {
        let path = "/tmp/distill-tokens-" + name
        try WholeFile.write(Array(text.utf8), to: path)
        let error = #expect(throws: Diagnostic.self) { try run("predictions(\"\(path)\", values_T=1)") }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}
