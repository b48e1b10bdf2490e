import Base
import Data
import Diagnostics
import Glibc
import Testing

/// The encoders of `std/transformers.dist` beside the library transformers (scripts/golden/transformers.py).
@Suite struct `Transformer encoders` {
    static let fixtures =
        #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/transformers"

    static func json(_ path: String) throws -> JSON { try JSON(parsing: FileBytes.read(path)) }

    /// The numbers under a key of a network's answers.
    static func numbers(_ json: JSON, _ key: String) -> [Double] { (json[key]?.array ?? []).compactMap(\.double) }

    /// A folder with files, gone when the test is over.
    static func withFolder<Result>(_ files: [(name: String, text: String)], _ body: (String) throws -> Result) throws
        -> Result
    {
        var template = Array("/tmp/distill-transformer-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.write, "/tmp", "no folder") }
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        mkdir("\(folder)/1_Pooling", 0o777)
        defer {
            for name in ["1_Pooling", "."].flatMap({ place in
                WholeFile.namesIfAny(in: "\(folder)/\(place)").map { "\(place)/\($0)" }
            }) {
                unlink("\(folder)/\(name)")
            }
            rmdir("\(folder)/1_Pooling")
            rmdir(folder)
        }
        for (name, text) in files { try WholeFile.write(Array(text.utf8), to: "\(folder)/\(name)") }
        return try body(folder)
    }

    /// What a network of a folder, or the encoder inside it, gives for the inputs of its answers, as one list.
    static func output(_ folder: String, _ answers: JSON, _ end: String) throws -> [Double] {
        let types = answers["types"].flatMap { $0 == .null ? nil : ", tensor(\($0.text))" } ?? ""
        let lines = try StandardScripts.lines(
            """
            net = load("\(folder)")
            if net.settings().get("head", false) { net = net.bert }
            mask = tensor(\(answers["mask"]?.text ?? ""))
            h = net(tensor(\(answers["ids"]?.text ?? "")), mask\(types))
            print(" ".join([str(x) for x in \(end).flatten().tolist()]))
            """)
        return try #require(lines.last).split(separator: " ").compactMap { Double($0) }
    }

    static func farthest(_ a: [Double], _ b: [Double]) -> Double {
        a.count == b.count && !a.isEmpty ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
    }

    @Test(arguments: ["bert", "bert-tanh", "distilbert", "roberta"])
    func `hidden states are those of transformers`(_ name: String) throws {
        let answers = try Self.json("\(Self.fixtures)/\(name)/answers.json")
        let hidden = try Self.output("\(Self.fixtures)/\(name)", answers, "(h * mask.unsqueeze(2))")
        #expect(Self.farthest(hidden, Self.numbers(answers, "hidden")) < 1e-5)
    }

    /// How files say a pooling, and what it is called in the answers.
    static let poolings: [(file: String, name: String, normalizes: Bool)] = [
        (#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, "cls", false),
        (#"{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#, "mean", false),
        (#"{"pooling_mode_max_tokens": true}"#, "max", false),
        (#"{"pooling_mode_mean_sqrt_len_tokens": true}"#, "mean_sqrt_len", false),
        (#"{"pooling_mode": "max"}"#, "max", false), (#"{"pooling_mode": "mean"}"#, "normalized", true),
    ]

    static func modules(normalizes: Bool, _ others: String = "") -> String {
        let last = normalizes ? #", {"path": "2_Normalize", "type": "sentence_transformers.base.Normalize"}"# : ""
        return
            #"[{"path": "", "type": "sentence_transformers.models.Transformer"}, {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}"#
            + others + last + "]"
    }

    @Test(arguments: poolings.indices) func `one vector of a text is that of sentence-transformers`(_ index: Int) throws
    {
        let (file, name, normalizes) = Self.poolings[index]
        for kind in ["bert", "distilbert"] {
            let answers = try Self.json("\(Self.fixtures)/\(kind)/answers.json")
            let files = [("modules.json", Self.modules(normalizes: normalizes)), ("1_Pooling/config.json", file)]
            try Self.withFolder(files) { folder in
                for part in ["config.json", "model.safetensors"] {
                    symlink("\(Self.fixtures)/\(kind)/\(part)", "\(folder)/\(part)")
                }
                let vectors = try Self.output(folder, answers, "h")
                #expect(Self.farthest(vectors, Self.numbers(answers, name)) < 1e-5, "\(kind), \(name)")
            }
        }
    }

    @Test func `names of before and of a network with a head are understood`() throws {
        let config = try String(decoding: FileBytes.read("\(Self.fixtures)/bert/config.json"), as: UTF8.self)
        try Self.withFolder([("config.json", config)]) { folder in
            let lines = try StandardScripts.lines(
                """
                fn older(name) {
                    if name.contains("LayerNorm") { return "bert." + name.replace("weight", "gamma").replace("bias", "beta") }
                    return "bert." + name
                }
                a = load("\(Self.fixtures)/bert")
                state = {older(k): v for k, v in a.state_dict().items()}
                state["bert.embeddings.position_ids"] = arange(9).unsqueeze(0)
                state["cls.predictions.bias"] = zeros(40)
                save(state, "\(folder)/model.safetensors")
                b = load("\(folder)")
                x = tensor([[2, 3, 4]])
                print(allclose(a(x), b(x)), a.state_dict().keys() == b.state_dict().keys())
                """)
            #expect(lines.count == 3)
            #expect(lines[1] == "load: \(folder): bert gives hidden states; \"cls.predictions.bias\" is no part of it")
            #expect(lines.last == "true true")
        }
    }

    @Test func `arguments build the same network, which takes the same file, trains, copies and is saved`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/transformers.dist" as transformers
            a = load("\(Self.fixtures)/bert")
            b = transformers.bert(vocab_size=40, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, max_position_embeddings=9)
            load(b, "\(Self.fixtures)/bert")
            b.eval()
            x = tensor([[2, 3, 4], [5, 6, 0]])
            mask = tensor([[1, 1, 1], [1, 1, 0]])
            print(allclose(a(x, mask), b(input_ids=x, attention_mask=mask)))
            save(b, "/tmp/distill-transformer.distill")
            print(allclose(a(x, mask), load("/tmp/distill-transformer.distill")(x, mask)), allclose(a(x, mask), b.copy()(x, mask)))
            print(features(b, "encoder.layer.1", x).shape, features(b, "encoder.layer.0.attention.self", x).shape)
            b.train()
            b(x, mask).sum().backward()
            print(b.encoder["layer"][0].attention["self"].query.weight.grad == none)
            """)
        #expect(lines.suffix(4) == ["true", "true true", "[2, 3, 12] [2, 3, 12]", "false"])
    }

    @Test func `what is masked does not count`() throws {
        let lines = try StandardScripts.lines(
            """
            for name in ["bert", "distilbert", "roberta"] {
                net = load("\(Self.fixtures)/" + name)
                mask = tensor([[1, 1, 1, 0, 0]])
                a = net(tensor([[2, 3, 4, 1, 1]]), mask)
                b = net(tensor([[2, 3, 4, 7, 8]]), mask)
                print(allclose(a[:, :3], b[:, :3]), allclose(a[:, :3], net(tensor([[2, 3, 4]])), atol=1e-5))
            }
            """)
        #expect(lines.filter { !$0.hasPrefix("load") } == Array(repeating: "true true", count: 3))
    }

    static let mistakes: [(source: String, message: String)] = [
        (
            "net(arange(10).unsqueeze(0))",
            "a text of 10 tokens has more than the 9 positions of the network: max_length=9 cuts it"
        ),
        (
            "import \"std/transformers.dist\" as t; t.bert(hidden_size=12, num_attention_heads=5)",
            "12 features cannot be shared by 5 heads"
        ),
        ("import \"std/transformers.dist\" as t; t.distilbert(n_heads=0)", "768 features cannot be shared by 0 heads"),
        ("net(tensor([[1, -1]]))", "index -1 is out of range for dim 0 of size 40, allowed 0 … 39"),
        ("for layer in ModuleList([]) { raise \"none\" }; load(\"/nowhere\")", "cannot read /nowhere"),
        ("net(arange(3))", "input_ids must be [N, L], not [3]: t([text]) gives such"),
        ("net(tensor([[1, 2]]), tensor([[1]]))", "attention_mask has the shape [1, 1], input_ids [1, 2]"),
        ("import \"std/transformers.dist\" as t; t.bert(pooling=\"sum\")", "pooling \"sum\" is none of"),
        (
            "import \"std/transformers.dist\" as t; t.bert(hidden_act=\"sin\", num_hidden_layers=1)",
            "the activation \"sin\" is none of"
        ),
        (
            "import \"std/transformers.dist\" as t; t.from_config({\"model_type\": \"t5\"})",
            "networks of the type \"t5\" are not read"
        ),
        ("ModuleDict({\"a.b\": Linear(1, 1)})", "ModuleDict: a name must not be empty or have a dot, given \"a.b\""),
        ("ModuleDict({\"a\": Linear(1, 1)})[\"b\"]", "there is no module \"b\""),
        ("ModuleDict({\"a\": Linear(1, 1)})(ones(1, 1))", "ModuleDict"),
    ]

    @Test(arguments: mistakes.indices) func `mistakes are errors that say what is wrong`(_ index: Int) {
        let (source, message) = Self.mistakes[index]
        let error = #expect(throws: (any Error).self) {
            _ = try StandardScripts.lines("net = load(\"\(Self.fixtures)/bert\"); \(source)")
        }
        let said = (error as? Diagnostic)?.message ?? ""
        #expect(said.contains(message), "\(source)")
    }

    /// Folders that are no encoders that are read, beside the weights of one, and what is said.
    static let folders: [(files: [(name: String, text: String)], message: String)] = [
        (
            [
                ("config.json", "CONFIG"),
                ("modules.json", modules(normalizes: false, #", {"path": "3", "type": "x.Dense"}"#)),
                ("1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}"),
            ],
            "modules.json: the module \"Dense\" is not read"
        ),
        (
            [
                ("config.json", "CONFIG"), ("modules.json", modules(normalizes: false)),
                ("1_Pooling/config.json", "{\"pooling_mode\": \"lasttoken\"}"),
            ],
            "the pooling \"lasttoken\" is not read"
        ),
        ([("config.json", #"{"model_type": "t5"}"#)], "holds weights of the architecture t5 and no network"),
        (
            [
                (
                    "config.json",
                    #"{"model_type": "bert", "vocab_size": 40, "hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 3}"#
                )
            ],
            "does not hold what its config.json says"
        ),
        ([("config.json", "CONFIG"), ("modules.json", "[")], "no JSON"),
    ]

    @Test(arguments: folders.indices) func `folders that are not read are errors`(_ index: Int) throws {
        let (files, message) = Self.folders[index]
        let config = try String(decoding: FileBytes.read("\(Self.fixtures)/bert/config.json"), as: UTF8.self)
        try Self.withFolder(files.map { ($0.name, $0.text == "CONFIG" ? config : $0.text) }) { folder in
            symlink("\(Self.fixtures)/bert/model.safetensors", "\(folder)/model.safetensors")
            let error = #expect(throws: (any Error).self) { _ = try StandardScripts.lines("load(\"\(folder)\")") }
            let said = (error as? Diagnostic)?.message ?? ""
            #expect(said.contains(message))
        }
    }

    @Test func `sentences have the vectors that PyTorch gives them with all-MiniLM-L6-v2`() throws {
        let package = Self.fixtures.split(separator: "/").dropLast(5).map { "/" + $0 }.joined()
        let places = [getenv("DISTILL_DATA").map { String(cString: $0) }, package + "/shared/data"].compactMap {
            $0.map { $0 + "/minilm" }
        }
        guard let folder = places.first(where: WholeFile.exists) else {
            print("MiniLM is not here (DISTILL_DATA, ../shared/data): its test is left out")
            return
        }
        let answers = try Self.json("\(Self.fixtures)/minilm.json")
        let lines = try StandardScripts.lines(
            """
            vectors = load("\(folder)")(**tokenizer("\(folder)")(\(answers["sentences"]?.text ?? ""), max_length=32))
            print(" ".join([str(x) for x in vectors.flatten().tolist()]))
            """)
        let vectors = try #require(lines.last).split(separator: " ").compactMap { Double($0) }
        let farthest = Self.farthest(vectors, Self.numbers(answers, "vectors"))
        #expect(farthest < 1e-5)
    }

    @Test(arguments: ["bert", "roberta", "distilbert"], ["sequence", "tokens", "masked_lm"])
    func `heads give what transformers gives, are written and read again`(kind: String, head: String) throws {
        let folder = "\(Self.fixtures)/heads/\(kind)-\(head)"
        let answers = try Self.json(folder + "/answers.json")
        let lines = try StandardScripts.lines(
            """
            net = load("\(folder)")
            mask = tensor(\(answers["mask"]?.text ?? ""))
            ids = tensor(\(answers["ids"]?.text ?? ""))
            y = net(ids, mask)
            save(net, "/tmp/distill-head-\(kind)-\(head)")
            again = load("/tmp/distill-head-\(kind)-\(head)")
            print(allclose(again(ids, mask), y, rtol=0, atol=0), net.classes, again.classes)
            if len(y.shape) == 3 { y = y * mask.float().unsqueeze(2) }
            print(" ".join([str(x) for x in y.flatten().tolist()]))
            """)
        let names = head == "masked_lm" ? "none" : #"["low", "mid", "high"]"#
        #expect(lines.dropLast().last == "true \(names) \(names)")
        let found = lines.last?.split(separator: " ").compactMap { Double($0) } ?? []
        #expect(Self.farthest(found, Self.numbers(answers, "logits")) < 1e-5)
    }

    @Test func `a head on an encoder trains with it, and students are made of encoders`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/transformers.dist" as transformers
            t = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "news"])
            data = tokenize(text_dataset(["good news", "bad news", "good good", "bad bad news"], ["yes", "no", "yes", "no"]), t)
            manual_seed(1)
            encoder = transformers.bert(vocab_size=7, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=9, pooler=false, pooling="mean", hidden_dropout_prob=0.0)
            net = transformers.sequence_classifier(encoder, num_labels=2, dropout=0.0)
            run = fit(net, data, epochs=30, batch_size=4, optimizer=AdamW(lr=1e-2))
            print(accuracy(net, data), run.loss[-1] < 0.1, net.bert.settings().pooler)
            print([transformers.token_classifier(encoder, 3)(tensor([[2, 4, 3]])).shape, transformers.masked_lm(encoder)(tensor([[2, 4, 3]])).shape])
            save(net, "/tmp/distill-head-trained", tokenizer=t)
            print(load("/tmp/distill-head-trained").classes)
            """)
        #expect(lines.count >= 4)
        #expect(lines.contains("1.0 true true"), "\(lines)")
        #expect(lines.contains("[[1, 3, 3], [1, 3, 7]]"))
        #expect(lines.last == #"["no", "yes"]"#)
        var message = ""
        do {
            _ = try StandardScripts.lines(
                """
                import "std/transformers.dist" as transformers
                transformers.student_like(load("\(Self.fixtures)/heads/bert-tokens"), layers=1)
                """)
        } catch let error as Diagnostic { message = error.message }
        #expect(message.contains("students are made of encoders"))
    }

    @Test(arguments: ["bert", "bert-tanh", "distilbert", "roberta"])
    func `a folder that is written is the folder that was read`(_ name: String) throws {
        let folder = "/tmp/distill-saved-\(name)"
        let lines = try StandardScripts.lines(
            """
            a = load("\(Self.fixtures)/\(name)")
            save(a, "\(folder)")
            b = load("\(folder)")
            x = tensor([[2, 3, 4], [5, 6, 1]])
            print(allclose(a(x), b(x), rtol=0, atol=0), a.state_dict().keys() == b.state_dict().keys())
            """)
        #expect(lines.last == "true true")
        let own = try Self.json("\(folder)/config.json")
        let other = try Self.json("\(Self.fixtures)/\(name)/config.json")
        for key in [
            "model_type", "vocab_size", "hidden_size", "dim", "num_hidden_layers", "n_layers", "num_attention_heads",
            "n_heads", "intermediate_size", "hidden_dim", "hidden_act", "activation", "max_position_embeddings",
            "layer_norm_eps", "pad_token_id", "type_vocab_size",
        ] where other[key] != nil && other[key] != .null {
            #expect(own[key] == other[key] || own[key]?.double == other[key]?.double, "\(key)")
        }
    }

    @Test(arguments: ["cls", "mean", "max", "mean_sqrt_len"])
    func `pooling and tokenizer go along`(pooling: String) throws {
        let folder = "/tmp/distill-saved-pooling-\(pooling)"
        let lines = try StandardScripts.lines(
            """
            import "std/transformers.dist" as transformers
            t = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "walk", "##ing", "dogs"])
            net = transformers.bert(vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=9, pooling="\(pooling)", normalized=true)
            net.eval()
            save(net, "\(folder)/", tokenizer=t)
            data = text_dataset(["Walking dogs", "dogs"])
            print((predict(load("\(folder)"), tokenize(data, tokenizer("\(folder)"))) - predict(net, tokenize(data, t))).abs().max().item())
            """)
        #expect(lines.last == "0.0")
    }

    @Test func `students of a teacher's layers and of its kind`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/transformers.dist" as transformers
            teacher = transformers.bert(vocab_size=9, hidden_size=8, num_hidden_layers=6, num_attention_heads=2, max_position_embeddings=9)
            student = transformers.student_from(teacher, layers=[1, 5])
            same = [allclose(a, b, rtol=0, atol=0) for a, b in zip(student.encoder["layer"][1].parameters(), teacher.encoder["layer"][5].parameters())]
            print(len(student.encoder["layer"]), len(same), not (false in same), allclose(student.embeddings["word_embeddings"].weight, teacher.embeddings["word_embeddings"].weight))
            no_grad { student.encoder["layer"][0].intermediate["dense"].weight *= 0 }
            print(teacher.encoder["layer"][1].intermediate["dense"].weight.abs().max().item() > 0)
            other = transformers.student_like(transformers.distilbert(vocab_size=9, dim=8, n_layers=4, n_heads=2, max_position_embeddings=9), hidden=6, layers=1, heads=3)
            print(other.settings().config.hidden_dim, other.settings().config.n_heads, other(tensor([[1, 2]])).shape)
            """)
        #expect(lines.suffix(3) == ["2 16 true true", "true", "24 3 [1, 2, 6]"])
        var message = ""
        do {
            _ = try StandardScripts.lines(
                """
                import "std/transformers.dist" as transformers
                transformers.student_from(transformers.bert(vocab_size=9, hidden_size=8, num_hidden_layers=2, num_attention_heads=2), layers=[2])
                """)
        } catch let error as Diagnostic { message = error.message }
        #expect(message.contains("layer 2 of a teacher that has the layers 0 to 1"))
    }

    @Test func `a student without layers holds each token's own vector, weighed by its rank`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/transformers.dist" as transformers
            t = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "walk", "##ing", "dogs", "[unused1]", "cats"])
            teacher = transformers.bert(vocab_size=9, hidden_size=4, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=9, pooling="mean", normalized=true)
            teacher.eval()
            student = transformers.static_embeddings(teacher, t, dims=4, a=0.5, normalized=false)
            used = [4, 5, 6, 8]
            total = sum([1 / (i + 2) for i in range(4)])
            far = 0.0
            for place, token in enumerate(used) {
                own = teacher.states(tensor([[2, token, 3]]), ones(1, 3))[0].mean(0) * (0.5 / (0.5 + 1 / (place + 2) / total))
                far = max(far, (student.embedding.weight[token] - own).abs().max().item())
            }
            zero = student.embedding.weight[tensor([0, 1, 2, 3, 7])].abs().max().item()
            data = tokenize(text_dataset(["dogs cats", "cats"]), t)
            e = student.embedding.weight
            expected = stack([(e[6] + e[8]) / 2, e[8]])
            fewer = transformers.static_embeddings(teacher, t, dims=2, normalized=false)
            print(far < 1e-6, zero, (predict(student, data) - expected).abs().max().item() < 1e-6, predict(fewer, data).shape)
            """)
        #expect(lines.last == "true 0.0 true [2, 2]")
    }

    @Test func `the sums of the papers are the sums of their terms`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/transformers.dist" as transformers
            t = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d"])
            data = tokenize(text_dataset(["a b c", "b", "d c b a", "c c"], [0, 1, 0, 1]), t)
            manual_seed(1)
            fn encoder(layers) { transformers.bert(vocab_size=8, hidden_size=8, num_hidden_layers=layers, num_attention_heads=2, max_position_embeddings=9, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0) }
            big = transformers.sequence_classifier(encoder(4), 2, dropout=0.0)
            small = transformers.sequence_classifier(encoder(2), 2, dropout=0.0)
            fn value(loss) { distill(big -> small.copy(), data, loss=loss, epochs=1, batch_size=8, optimizer=SGD(lr=1e-9)).loss[0] }
            fn near(a, b) { return abs(a - b) < 1e-4 * abs(b) }
            low = "bert.encoder.layer.1" -> "bert.encoder.layer.0"
            high = "bert.encoder.layer.3" -> "bert.encoder.layer.1"
            pkd = 0.7 * value(hard()) + 0.3 * value(soft(T=4)) + 7 * value(hidden(low, metric="normalized", positions="first"))
            print(near(value(transformers.pkd_objective(big, small, alpha=0.3, T=4, beta=7)), pkd))
            stages = transformers.tinybert_objectives(big, small)
            print(near(value(stages[0]), value(hidden(["bert.embeddings.LayerNorm" -> "bert.embeddings.LayerNorm", low, high])) + value(attention_maps([low, high]))))
            print(near(value(stages[1]), value(soft(T=1))))
            print(near(value(transformers.distilbert_objective()), 5 * value(soft(T=2)) + 2 * value(hard()) + value(hidden(high, metric="cosine"))))
            print(transformers.layer_pairs(encoder(4), encoder(2), last=false))
            """)
        #expect(lines.suffix(5).dropLast() == ["true", "true", "true", "true"])
        #expect(lines.last == #"["encoder.layer.1" -> "encoder.layer.0"]"#)
    }
}
