import Base
import Data
import Diagnostics
import Runtime
import Testing

@testable import Builtins

/// Texts as data: what a batch's width, its order and what is kept of a teacher must not change.
@Suite struct `Datasets of texts` {
    /// A tokenizer of letters, 24 texts of 1 to 19 letters in 3 classes, and two small encoders.
    private static let setting = """
        import "std/transformers.dist" as transformers
        t = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d", "e", "f", "g", "h"])
        letters = ["a", "b", "c", "d", "e", "f", "g", "h"]
        texts = [" ".join([letters[(i * 5 + j * j) % 8] for j in range(1 + (i * 7) % 19)]) for i in range(24)]
        raw = text_dataset(texts, [i % 3 for i in range(24)])
        module Net(width, pools) {
            encoder = transformers.bert(vocab_size=12, hidden_size=width, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=40, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
            head = Linear(width, 3)
            fn forward(input_ids, attention_mask=none) {
                h = encoder(input_ids, attention_mask)
                if not pools { return head(h) }
                m = attention_mask.float().unsqueeze(2)
                return head((h * m).sum(1) / m.sum(1))
            }
        }
        manual_seed(1)
        teacher = Net(16, true)
        start = Net(8, true)
        fn apart(a, b) { return max([abs(x - y) / max(abs(y), 1e-3) for x, y in zip(a, b)]) }

        """

    private func run(_ program: String) throws -> String {
        let lines = try StandardScripts.lines(Self.setting + program)
        return lines.last ?? ""
    }

    private func failure(_ program: String) throws -> String {
        var message = ""
        do { _ = try run(program) } catch let error as Diagnostic {
            message = error.message + " " + error.help.joined()
        }
        return message
    }

    @Test(arguments: [
        "hidden()", "attention_maps()", #"attention_maps(of="probabilities", metric="kl", heads="mean")"#,
        "minilm(heads=4)",
        #"feature("encoder.encoder.layer.1@query" -> "encoder.encoder.layer.0@query")"#,
        #"feature("encoder.encoder.layer.1@scores" -> "encoder.encoder.layer.0@scores")"#,
        "soft(T=2) + hard()", "hard()", "logit_mse()", "dist()", "dkd()", #"feature("encoder" -> "encoder")"#,
        #"feature("encoder.encoder.layer.0" -> "encoder.encoder.layer.1")"#, #"similarity("encoder" -> "encoder")"#,
        #"rkd("encoder" -> "encoder")"#, #"correlation("encoder" -> "encoder")"#,
        #"nst("encoder" -> "encoder")"#,
    ])
    func `neither the width of a batch nor what is kept of the teacher changes a loss`(loss: String) throws {
        let program = """
            curves = []
            for data in [tokenize(raw, t, padding=37, bucket=false), tokenize(raw, t, bucket=false)] {
                for cache in ["off", "on"] {
                    manual_seed(3)
                    run = distill(teacher -> start.copy(), data, loss=\(loss), epochs=2, batch_size=5, optimizer=SGD(lr=0.02), cache=cache)
                    curves.append(run.loss)
                }
            }
            print(max([apart(c, curves[0]) for c in curves[1:]]))
            """
        let text = try? run(program)
        // A term that has no form for positions says so; every other agrees.
        guard let text else {
            let message = try failure(program)
            return #expect(message.contains("maps"), "\(loss): \(message)")
        }
        #expect((Double(text) ?? 1) < 1e-4, "\(loss): \(text)")
    }

    @Test(arguments: [(true, "[24, 3]"), (false, "[24, 21, 3]")])
    func `predictions come in the order of the dataset, whatever the order of the batches`(
        pools: Bool, shape: String
    ) throws {
        let program = """
            net = Net(8, \(pools))
            data = tokenize(raw, t)
            a = predict(net, data)
            b = predict(net, tokenize(raw, t, padding=21))
            m = if \(pools) { ones(24, 1) } else { data.mask.float().unsqueeze(2) }
            rows = [0, 0]
            for i in [0, 3, 23] {
                one = tokenize(text_dataset([texts[i]]), t)
                own = predict(net, one)[0]
                mine = if \(pools) { a[i] } else { a[i][:own.shape[0]] }
                rows.append((mine - own).abs().max().item())
            }
            print(a.shape, ((a - b) * m).abs().max().item() < 1e-5, max(rows) < 1e-5)
            """
        #expect(try run(program) == "\(shape) true true")
    }

    @Test func `every text comes once an epoch, in batches of like length and a new order`() throws {
        let program = """
            data = tokenize(raw, t)
            fn pass() { return [x["input_ids"] for x, y in batches(data, 4, shuffle=true)] }
            manual_seed(5)
            a = pass()
            b = pass()
            manual_seed(5)
            again = pass()
            fn seen(pass) { return sorted([t.decode(row) for ids in pass for row in ids.tolist()]) }
            wide = sum([ids.numel() for ids in a])
            manual_seed(5)
            unsorted = sum([x["input_ids"].numel() for x, y in batches(tokenize(raw, t, bucket=false), 4, shuffle=true)])
            print(seen(a) == sorted(texts), seen(b) == sorted(texts), [x.tolist() for x in a] == [x.tolist() for x in again], [x.tolist() for x in a] != [x.tolist() for x in b], wide < unsorted)
            """
        #expect(try run(program) == "true true true true true")
    }

    @Test(arguments: [
        ("take(data, 3)", "3"), ("concat(tokenize(raw, t, max_length=5), data)", "48"),
        ("split(data, test=0.25)[1]", "6"), ("filter(data, (x, y) => y == 1)", "8"), ("data[[5, 2]]", "2"),
    ])
    func `what is chosen of a dataset stays what it was`(choice: String, count: String) throws {
        let program = """
            data = tokenize(raw, t)
            some = \(choice)
            net = Net(8, true)
            net.eval()
            expected = [net(tensor([t(" ".join(t.decode(ids).split(" ")))]), ones(1, len(t(t.decode(ids)))))[0] for ids in some.x["input_ids"].tolist()]
            print(len(some), (predict(net, some) - stack(expected)).abs().max().item() < 1e-5, some.mask.sum().item() == (some.x["input_ids"] != 0).sum().item())
            """
        #expect(try run(program) == "\(count) true true")
    }

    @Test func `several batches that make a step are the larger batch`() throws {
        let program = """
            data = tokenize(text_dataset(texts), t, bucket=false)
            ends = []
            for accumulate, size in [[1, 8], [2, 4]] {
                manual_seed(3)
                net = start.copy()
                first = distill(teacher -> net, data, loss=soft(), epochs=1, batch_size=size, accumulate=accumulate, optimizer=SGD(lr=0.1))
                run = distill(teacher -> net, data, loss=feature("encoder" -> "encoder"), epochs=2, batch_size=size, accumulate=accumulate, optimizer=SGD(lr=0.1))
                ends.append(first.loss + run.loss)
            }
            print(apart(ends[0], ends[1]) < 1e-4)
            """
        #expect(try run(program) == "true")
    }

    /// Alone no text has padding: what a term gives for the batch is the mean of what it gives for each, by the positions, or
    /// pairs of positions, that each has.
    @Test(arguments: [
        ("hidden()", "n"), (#"hidden(metric="normalized")"#, "n"), (#"hidden(layers="last", metric="cosine")"#, "n"),
        (#"hidden(positions="first")"#, "1"), ("attention_maps()", "n * n"),
        (#"attention_maps(heads="mean")"#, "n * n"),
        (#"attention_maps(of="probabilities")"#, "n * n"), (#"attention_maps(metric="kl")"#, "n"),
        (#"attention_maps(of="probabilities", metric="kl")"#, "n"), ("minilm()", "n"),
        (#"minilm(relations="qq,kk,vv", heads=4)"#, "n"), (#"minilm(layer=0 -> -1, relations="qk")"#, "n"),
        (#"feature("encoder.encoder.layer.1@query" -> "encoder.encoder.layer.0@query")"#, "n"),
        (#"feature("encoder.encoder.layer.1@probabilities" -> "encoder.encoder.layer.0@probabilities")"#, "n * n"),
        (#"pooled(metric="cosine")"#, "1"), (#"pooled(metric="l2")"#, "1"), ("reverse_kl()", "1"), ("skew_kl()", "1"),
    ])
    func `padding weighs nothing in a term`(loss: String, weight: String) throws {
        let program = """
            same = Net(16, true)
            fn value(texts) {
                run = distill(teacher -> same.copy(), tokenize(text_dataset(texts), t, bucket=false), loss=\(loss), epochs=1, batch_size=100, optimizer=SGD(lr=1e-9))
                return run.loss[0]
            }
            total = 0.0
            sum_of_weights = 0.0
            for text in texts[:8] {
                n = len(t(text))
                total += value([text]) * \(weight)
                sum_of_weights += \(weight)
            }
            print(apart([value(texts[:8])], [total / sum_of_weights]))
            """
        let text = try run(program)
        #expect((Double(text) ?? 1) < 2e-4, "\(loss): \(text)")
    }

    @Test func `layers are paired by number, and what cannot be paired is said`() throws {
        let nets = """
            fn encoder(layers, heads=2, width=16) { return transformers.bert(vocab_size=12, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, max_position_embeddings=40, pooling="mean") }
            data = tokenize(text_dataset(texts), t)
            fn formula(teacher, student, loss) { return distill(teacher -> student, data, loss=loss, epochs=1).objective }

            """
        #expect(
            try run(nets + "print(formula(encoder(2), encoder(2), minilm()))").contains("@query"))
        let pairs = try StandardScripts.lines(
            Self.setting + nets
                + #"run = distill(encoder(6) -> encoder(2), data, loss=hidden(), epochs=1)"# + "\nprint(run.objective)")
        #expect(
            pairs.joined().contains(#""encoder.layer.2" -> "encoder.layer.0", "encoder.layer.5" -> "encoder.layer.1""#),
            "\(pairs)")
        for (call, message) in [
            ("formula(encoder(4), encoder(3), hidden())", "1, 2, 4 can"),
            ("formula(encoder(2), encoder(2, heads=4), attention_maps())", "4 heads and the teacher 2"),
            ("formula(encoder(2), encoder(2, heads=4), minilm())", "heads= gives both a common number"),
            ("formula(encoder(2), encoder(2), minilm(heads=5))", "heads=5 cannot share 16"),
            ("formula(encoder(2), encoder(2), minilm(layer=7))", "layer 7 of the teacher"),
            ("formula(encoder(2), Bag(), hidden())", "no list of layers"),
            ("minilm(relations=\"qx\")", "pairs of q, k and v"), ("skew_kl(alpha=1)", "0 ..< 1"),
            (
                "features(encoder(2), \"encoder@scores\", zeros(1, 1).long())",
                "encoder.layer.0.attention.self.attend@scores"
            ),
        ] {
            let found = try failure(
                nets
                    + "module Bag() { e = Embedding(12, 3)\n fn forward(input_ids, attention_mask) { return e(input_ids).mean(1) } }\n"
                    + call)
            #expect(found.contains(message), "\(call): \(found)")
        }
    }

    @Test(arguments: [
        "mutual([teacher, start], data, epochs=1)[0].loss[0] > 0",
        "mean_teacher(start, take(data, 6), tokenize(text_dataset(texts), t), epochs=1).epochs == 1",
        "noisy_student(teacher, () => Net(8, true), take(data, 6), tokenize(text_dataset(texts), t), threshold=0.0, rounds=1, epochs=1)[0].epochs == 1",
        "born_again(() => Net(8, true), data, generations=1, epochs=1)[1].epochs == 1",
        "compare(teacher, start, data) != none", "fit(start, data, epochs=1, sampler=\"balanced\").epochs == 1",
        "audit(soft() + hard(), start, data) != none",
    ])
    func `schemes and comparisons take texts`(call: String) throws {
        #expect(try run("data = tokenize(raw, t)\nprint(\(call))") == "true")
    }

    @Test func `tokens whose padding stands before them are the same`() throws {
        let file = #"""
            {"version": "1.0", "truncation": null, "added_tokens": [], "normalizer": null, "post_processor": null,
             "padding": {"strategy": "BatchLongest", "direction": "Left", "pad_to_multiple_of": null, "pad_id": 0,
                         "pad_type_id": 0, "pad_token": "[PAD]"},
             "pre_tokenizer": {"type": "Whitespace"}, "decoder": null,
             "model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[PAD]": 0, "[UNK]": 1, "a": 2, "b": 3,
                       "c": 4, "d": 5, "e": 6, "f": 7, "g": 8, "h": 9}}}
            """#
        try WholeFile.write(Array(file.utf8), to: "/tmp/distill-left-tokenizer.json")
        let program = """
            left = tokenizer("/tmp/distill-left-tokenizer.json")
            data = tokenize(text_dataset(texts), left, bucket=false)
            module Last(width) {
                e = Embedding(12, width, padding_idx=0)
                head = Linear(width, 3)
                fn forward(input_ids, attention_mask) { return head(cumsum(e(input_ids), 1) * attention_mask.float().unsqueeze(2)) }
            }
            first = Last(8)
            second = Last(8)
            a = predict(first, data)
            b = predict(first, tokenize(text_dataset(texts), left, padding=19))
            fn curve(data, cache) {
                manual_seed(4)
                return distill(first -> second.copy(), data, loss=feature("head" -> "head"), epochs=2, batch_size=5, cache=cache).loss
            }
            c = curve(data, "off")
            print(data.x["input_ids"][0].tolist()[-1] != 0, (a - b).abs().max().item() < 1e-6, apart(curve(data, "on"), c) < 1e-5, apart(curve(tokenize(text_dataset(texts), left, padding=19, bucket=false), "off"), c) < 1e-5)
            """
        #expect(try run(program) == "true true true true")
    }

    @Test(arguments: [
        ("fit(start, raw, epochs=1)", "x is texts here"), ("predict(start, raw)", "x is texts here"),
        ("normalize(raw)", "x is texts here"), ("augment(raw, shift(1))", "x is texts here"),
        ("distill(teacher -> start, raw, epochs=1)", "x is texts here"), ("evaluate(start, raw)", "x is texts here"),
        ("tokenize(dataset(\"digits\"), t)", "holds no texts"),
        ("tokenize(raw, t, max_length=0)", "max_length must be"),
        ("tokenize(raw, t, max_length=1)", "special"), ("tokenize(raw, t, padding=-3)", "padding must be"),
        ("concat(raw, tokenize(raw, t))", "others not"), ("concat(tokenize(raw, t), raw)", "others not"),
        ("text_dataset([\"a\"], [\"x\", \"y\"])", "expected 1 examples"),
        ("text_dataset([\"a\"], [\"x\"], classes=[\"y\"])", "is not among"),
    ])
    func `what cannot be is said`(call: String, message: String) throws {
        let found = try failure(call)
        #expect(found.contains(message), "\(found)")
    }

    @Test func `a network that does not heed the mask is told of`() throws {
        let program = """
            module Bag() {
                e = Embedding(12, 3)
                fn forward(input_ids) { return e(input_ids).mean(1) }
            }
            evaluate(Bag(), tokenize(raw, t))
            """
        var warnings: [String] = []
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        interpreter.warn = { warnings.append($0) }
        _ = try interpreter.run(SourceText(name: "padding", text: Self.setting + program))
        #expect(warnings.contains { $0.contains("when padding stands behind it") }, "\(warnings)")
        warnings = []
        _ = try interpreter.run(SourceText(name: "padding", text: Self.setting + "evaluate(start, tokenize(raw, t))"))
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test func `what was said of tokens is refused for other tokens`() throws {
        let stored = """
            net = Net(8, false)
            plain = text_dataset(texts)
            data = tokenize(plain, t)
            save(predictions(net, data, top=2), "/tmp/distill-tokens-mark.safetensors")
            p = predictions("/tmp/distill-tokens-mark.safetensors")
            student = Net(8, false)
            other = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "h", "b", "c", "d", "e", "f", "g", "a"])

            """
        #expect(
            try failure(stored + "distill(p -> student, tokenize(plain, other), loss=soft(), epochs=1)")
                .contains("another tokenizer"))
        #expect(
            try failure(stored + "distill(p -> student, tokenize(plain, t, padding=30), loss=soft(), epochs=1)")
                .contains("21 positions"))
        let agree = """
            manual_seed(2)
            a = distill(p -> student.copy(), data, loss=soft(T=1), epochs=2, batch_size=4)
            manual_seed(2)
            b = distill(predictions(net, data) -> student.copy(), data, loss=soft(T=1), epochs=2, batch_size=4)
            manual_seed(2)
            c = distill(net -> student.copy(), data, loss=soft(T=1), epochs=2, batch_size=4)
            print(apart(b.loss, c.loss) < 1e-5, apart(a.loss, c.loss) < 0.5)
            """
        #expect(try run(stored + agree) == "true true")
        // What was said of whole texts is that of any tokens.
        let whole = """
            q = predictions(start, tokenize(raw, t))
            other = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "h", "b", "c", "d", "e", "f", "g", "a"])
            print(distill(q -> teacher, tokenize(raw, other), loss=soft(), epochs=1).epochs)
            """
        #expect(try run(whole) == "1")
    }

    @Test func `a column of texts is read, and read alike again`() throws {
        let program = """
            write_text("/tmp/distill-texts.csv", "text,kind,n\\n\\"a, b\\",x,1\\nc,y,2\\n007,x,3\\n")
            write_text("/tmp/distill-texts-2.csv", "n,text\\n4,d\\n")
            train = read_csv("/tmp/distill-texts.csv", text="text", label="kind")
            test = read_csv("/tmp/distill-texts-2.csv", like=train)
            print(train.x, train.classes, train.y.tolist(), test.x, test.y, tokenize(train, t).x["input_ids"].tolist())
            """
        #expect(
            try run(program)
                == #"["a, b", "c", "007"] ["x", "y"] [0, 1, 0] ["d"] none [[2, 4, 1, 5, 3], [2, 6, 3, 0, 0], [2, 1, 3, 0, 0]]"#
        )
    }
}
