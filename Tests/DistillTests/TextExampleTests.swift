import Base
import Notebook
import Testing

/// The examples on texts: with the published teacher where it is to be found, and with one that is made here.
@Suite("Examples on texts")
struct TextExampleTests {
    /// A folder with the example: figures are written beside it.
    private func folder(_ example: String = "sentences") throws -> String {
        let place = try Program.temporaryFolder()
        try WholeFile.write(
            WholeFile.read(ExampleTests.folder + "/\(example).dist"), to: place + "/\(example).dist")
        return place
    }

    private func judge(_ result: Program.Result, _ place: String) throws {
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        func spearman(_ name: String) -> Double? {
            lines.first { $0.hasPrefix(name) && $0.contains("Spearman ") }?.split(separator: " ")
                .drop { $0 != "Spearman" }.dropFirst().first.flatMap { Double($0) }
        }
        #expect(try #require(spearman("teacher")) > 0.999)
        for name in [
            "3 layers, not", "3 layers ", "2 narrow layers, similarity", "2 narrow layers, + minilm", "static ",
        ] {
            #expect(try #require(spearman(name)) > -1, "\(name)")
        }
        #expect(WholeFile.exists(place + "/sentences-1.png"))
    }

    /// A teacher of three layers with a tokenizer of some words, and texts of these words.
    @Test
    func `sentences, with a small teacher`() throws {
        let place = try folder()
        let made = try Program.run(
            "-e",
            """
            import "std/transformers.dist" as transformers
            words = [f"{a}{b}" for a in ["ba", "du", "ki", "lo", "me"] for b in ["n", "r", "s", "t"]]
            t = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + words)
            manual_seed(3)
            save(transformers.bert(vocab_size=24, hidden_size=16, num_hidden_layers=6, num_attention_heads=4, max_position_embeddings=32, pooling="mean", normalized=true), "teacher", tokenizer=t)
            fn texts(seed) { return "text\\n" + "".join([". ".join([" ".join([words[(seed + i * 7 + j * j + k * 3) % 20] for k in range(7 + (i + j) % 9)]) for j in range(3)]) + "\\n" for i in range(40)]) }
            write_text("a.csv", texts(1))
            write_text("b.csv", texts(4))
            """, folder: place)
        #expect(made.status == 0, "\(made.errors)")
        let result = try Program.run(
            "run", "sentences.dist", "--set", "quick=true", "--set", "teacher=teacher", "--set",
            "texts=a.csv", "--set", "held_out=b.csv", folder: place)
        try judge(result, place)
    }

    @Test
    func `sentences, with MiniLM, where it is to be found`() throws {
        let file = "/minilm/model.safetensors"
        guard let data = ExampleTests.shared(file)?.dropLast(file.count).description,
            ExampleTests.shared("/reuters/grain-train.csv") != nil
        else {
            print("MiniLM is not here (DISTILL_DATA, ../shared/data): its example is left out")
            return
        }
        let place = try folder()
        let result = try Program.run(
            "run", "sentences.dist", "--set", "quick=true", "--set", "teacher=\(data)/minilm", "--set",
            "texts=\(data)/reuters/grain-train.csv", "--set", "held_out=\(data)/reuters/grain-test.csv", folder: place)
        try judge(result, place)
        #expect(result.output.contains("400 sentences to learn from, 150 others to judge by"))
    }

    private func judgeNews(_ result: Program.Result, _ place: String) throws {
        #expect(result.status == 0, "\(result.errors)")
        for text in [
            "teacher    F1 ", "2 layers   distilled against alone: F1 ", "static     distilled against alone: F1 ",
        ] {
            #expect(result.output.contains(text), "\(result.output)")
        }
        #expect(WholeFile.exists(place + "/news-1.png"))
    }

    @Test
    func `news, with a small teacher`() throws {
        let place = try folder("news")
        let made = try Program.run(
            "-e",
            """
            import "std/transformers.dist" as transformers
            words = [f"{a}{b}" for a in ["ba", "du", "ki", "lo", "me"] for b in ["n", "r", "s", "t"]]
            t = tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + words)
            manual_seed(3)
            save(transformers.bert(vocab_size=24, hidden_size=16, num_hidden_layers=4, num_attention_heads=4, max_position_embeddings=64, pooling="mean"), "teacher", tokenizer=t)
            fn texts(seed, count) { return "text,grain\\n" + "".join([" ".join([words[(seed + i * 7 + j * j) % (if i % 4 == 0 { 5 } else { 20 })] for j in range(3 + i % 9)]) + f",{int(i % 4 == 0)}\\n" for i in range(count)]) }
            write_text("a.csv", texts(1, 400))
            write_text("b.csv", texts(4, 80))
            """, folder: place)
        #expect(made.status == 0, "\(made.errors)")
        let result = try Program.run(
            "run", "news.dist", "--set", "quick=true", "--set", "teacher=teacher", "--set", "train_file=a.csv", "--set",
            "test_file=b.csv", folder: place)
        try judgeNews(result, place)
    }

    @Test
    func `news, with MiniLM, where it is to be found`() throws {
        let file = "/minilm/model.safetensors"
        guard let data = ExampleTests.shared(file)?.dropLast(file.count).description,
            ExampleTests.shared("/reuters/grain-train.csv") != nil
        else {
            print("MiniLM is not here (DISTILL_DATA, ../shared/data): its example is left out")
            return
        }
        let place = try folder("news")
        let result = try Program.run(
            "run", "news.dist", "--set", "quick=true", "--set", "max_length=32", "--set", "teacher=\(data)/minilm",
            "--set",
            "train_file=\(data)/reuters/grain-train.csv", "--set", "test_file=\(data)/reuters/grain-test.csv",
            folder: place)
        try judgeNews(result, place)
        #expect(result.output.contains("186 texts to learn from, 47 to choose by, 604 to judge by"))
    }

    @Test
    func `a language model of bytes`() throws {
        let place = try folder("language_model")
        let made = try Program.run(
            "-e",
            """
            words = ["wheat ", "corn ", "prices ", "rose ", "fell ", "in ", "May ", "exports "]
            fn texts(seed) { return "text\\n" + "".join(["".join([words[(seed + i * 5 + j * j) % 8] for j in range(60)]) + "\\n" for i in range(60)]) }
            write_text("a.csv", texts(1))
            write_text("b.csv", texts(2))
            """, folder: place)
        #expect(made.status == 0, "\(made.errors)")
        let result = try Program.run(
            "run", "language_model.dist", "--set", "quick=true", "--set", "texts=a.csv", "--set", "held_out=b.csv",
            folder: place)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        for name in ["teacher", "text alone", "soft", "reverse_kl", "jsd", "skew_kl"] {
            let found = lines.first { $0.hasPrefix(name + " ") && $0.contains("perplexity ") }?.split(separator: " ")
                .drop { $0 != "perplexity" }.dropFirst().first.flatMap { Double($0.dropLast()) }
            #expect(try #require(found) < 200, "\(name)")
        }
        #expect(WholeFile.exists(place + "/language_model-1.png"))
    }
}
