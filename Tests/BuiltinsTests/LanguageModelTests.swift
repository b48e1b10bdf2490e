import Base
import Data
import Diagnostics
import Runtime
import Testing

@testable import Builtins

/// GPT-2 beside the library transformers (scripts/golden/transformers.py), and what is made with language models.
@Suite struct `Language models` {
    private static let folder = TransformerEncoderFixtures.gpt2

    @Test func `logits, loss and writing are those of transformers`() throws {
        let answers = try JSON(parsing: FileBytes.read(Self.folder + "/answers.json"))
        func text(_ key: String) -> String { answers[key]?.text ?? "" }
        let lines = try StandardScripts.lines(
            """
            net = load("\(Self.folder)")
            ids = tensor(\(text("ids")))
            mask = tensor(\(text("mask")))
            y = net(ids, mask)
            save(net, "/tmp/distill-gpt2", tokenizer=byte_tokenizer())
            print(allclose(load("/tmp/distill-gpt2")(ids, mask), y, rtol=0, atol=0))
            next = cat([ids[:, 1:], full([2, 1], -100)], dim=1).masked_fill(cat([mask[:, 1:], zeros(2, 1).long()], dim=1) == 0, -100)
            data = TensorDataset({"input_ids": ids, "attention_mask": mask}, next, task="positions")
            print(abs(log(tensor(perplexity(net, data))).item() - \(text("loss"))) < 1e-5)
            print(generate(net, [3, 5], max_new_tokens=9, temperature=0) == \(text("written")))
            print(" ".join([str(x) for x in (y * mask.unsqueeze(2)).flatten().tolist()]))
            """)
        #expect(lines.suffix(4).dropLast() == ["true", "true", "true"])
        let found = lines.last?.split(separator: " ").compactMap { Double($0) } ?? []
        let expected = (answers["logits"]?.array ?? []).compactMap(\.double)
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    /// A network that keeps keys and values, and the same without that.
    @Test(arguments: [
        "temperature=0", "temperature=0.7, seed=1", "seed=2", "top_k=3, seed=3", "top_p=0.6, seed=4",
        "top_k=5, top_p=0.9, temperature=2.0, seed=5", "top_k=1, seed=6", "stop=3, seed=7",
    ])
    func `what is kept of the tokens before changes nothing`(options: String) throws {
        let lines = try StandardScripts.lines(
            """
            net = load("\(Self.folder)")
            module Plain(n) {
                inner = n
                fn forward(input_ids) { return inner(input_ids) }
            }
            a = generate(net, [1, 4], max_new_tokens=12, \(options))
            b = generate(Plain(net), [1, 4], max_new_tokens=12, \(options))
            print(a == b, len(a) <= 14, a[:2])
            """)
        #expect(lines.last == "true true [1, 4]")
    }

    @Test func `tokens are drawn as often as their probabilities say`() throws {
        let lines = try StandardScripts.lines(
            """
            net = Sequential(Embedding(4, 4), Linear(4, 4, bias=false))
            net.load_state_dict({"0.weight": eye(4), "1.weight": log(tensor([[1.0, 1, 1, 1], [2.0, 1, 1, 1], [3.0, 1, 1, 1], [4.0, 1, 1, 1]]))})
            manual_seed(1)
            fn shares(options) {
                counts = [0, 0, 0, 0]
                for i in range(2000) { counts[generate(net, [0], max_new_tokens=1, **options)[1]] += 1 }
                return [c / 2000 for c in counts]
            }
            fn near(a, b) { return max([abs(x - y) for x, y in zip(a, b)]) < 0.04 }
            print(near(shares({}), [0.1, 0.2, 0.3, 0.4]), near(shares({"top_k": 2}), [0, 0, 3 / 7, 4 / 7]))
            print(near(shares({"top_p": 0.65}), [0, 0, 3 / 7, 4 / 7]), near(shares({"temperature": 0.5}), [1 / 30, 4 / 30, 9 / 30, 16 / 30]))
            print(generate(net, [0], max_new_tokens=5, seed=3) == generate(net, [0], max_new_tokens=5, seed=3))
            """)
        #expect(lines.suffix(3) == ["true true", "true true", "true"])
    }

    @Test func `texts become blocks whose targets are the next tokens, and a student learns them from a teacher`()
        throws
    {
        let lines = try StandardScripts.lines(
            """
            import "std/transformers.dist" as transformers
            t = byte_tokenizer()
            texts = text_dataset(["abcabcabc" * 9, "xyzxyz" * 9])
            data = language_blocks(texts, t, length=16, separator=0)
            stream = [b for text in texts.x for b in t(text) + [0]]
            ids = data.x["input_ids"].flatten().tolist()
            print(ids == stream[:len(ids)], data.y.flatten().tolist() == stream[1:len(ids) + 1], data.task, len(data))
            manual_seed(2)
            teacher = transformers.gpt2(vocab_size=256, n_positions=32, n_embd=32, n_layer=2, n_head=2, embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0)
            fit(teacher, data, epochs=60, batch_size=8, optimizer=AdamW(lr=5e-3))
            before = transformers.student_like(teacher, hidden=16, layers=1, heads=2)
            ends = []
            for loss in [soft(T=1), reverse_kl(), jsd(0.5), skew_kl()] {
                student = before.copy()
                distill(teacher -> student, data, loss=loss, epochs=40, batch_size=8, optimizer=AdamW(lr=1e-2))
                ends.append(perplexity(student, data))
            }
            print(perplexity(teacher, data) < 4, max(ends) < perplexity(before, data) / 20, generate(teacher, "abc", max_new_tokens=6, temperature=0, tokenizer=t))
            print(t.decode(t("Grüße 😀\\u{0}")) == "Grüße 😀\\u{0}", len(t))
            """)
        #expect(lines.suffix(3) == ["true true positions 8", "true true abcabcabc", "true 256"])
    }

    @Test(arguments: [
        ("generate(net, [])", "the prompt is empty"), ("generate(net, \"a\")", "needs tokenizer="),
        ("generate(net, [1], temperature=-1)", "temperature must not"), ("generate(net, [1], top_k=0)", "top_k must"),
        ("generate(net, [1], top_p=0)", "top_p must"), ("generate(net, [1], max_new_tokens=-1)", "max_new_tokens must"),
        ("generate(net, [1], max_new_tokens=40)", "more than the 16 positions"),
        ("generate(Linear(3, 3), [1])", ""), ("generate(net, [99])", ""),
        ("language_blocks(text_dataset([\"a\"]), byte_tokenizer())", "one has to follow another"),
        ("language_blocks(text_dataset([\"abc\"]), byte_tokenizer(), length=0)", "length must"),
        ("language_blocks(text_dataset([\"abc\"]), byte_tokenizer(), separator=256)", "token 256"),
        ("language_blocks(dataset(\"digits\"), byte_tokenizer())", "holds no texts"),
    ])
    func `what cannot be is said`(call: String, message: String) throws {
        var found: String?
        do {
            _ = try StandardScripts.lines("net = load(\"\(Self.folder)\")\n\(call)")
        } catch let error as Diagnostic { found = error.message + error.help.joined() }
        #expect(found?.contains(message) == true || (message.isEmpty && found != nil), "\(found ?? "nothing")")
    }
}

/// Where the fixtures of transformers are.
enum TransformerEncoderFixtures {
    static let gpt2 =
        #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/transformers/gpt2"
}
