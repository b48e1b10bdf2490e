import Base
import Glibc
import Testing

@testable import Data
@testable import Tokenization

/// Files that are no tokenizers, and what tokenizers are asked for that they cannot give.
@Suite struct `Tokenizers and mistakes` {
    /// A folder with files, gone when the test is over.
    static func withFolder<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/distill-tokenizer-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError(.write, "/tmp", "no folder") }
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for name in files.keys { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        for (name, text) in files { try WholeFile.write(Array(text.utf8), to: "\(folder)/\(name)") }
        return try body(folder)
    }

    static let model = #""model": {"type": "WordLevel", "vocab": {"<unk>": 0, "a": 1}, "unk_token": "<unk>"}"#

    /// A file's parts beside its model, and the error they make behind the path.
    static let faulty: [(parts: String, error: String)] = [
        (
            #""normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Rot13"}]}"#,
            #"normalizer.normalizers[1]: the normalizer "Rot13" is not read"#
        ),
        (
            #""pre_tokenizer": {"type": "UnicodeScripts"}"#,
            #"pre_tokenizer: the pre-tokenizer "UnicodeScripts" is not read"#
        ),
        (
            #""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated", "invert": false}"#,
            "pre_tokenizer.pattern.Regex: the pattern (a is none: missing closing parenthesis"
        ),
        (
            #""pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "Torn", "invert": false}"#,
            #"pre_tokenizer.behavior: "Torn" is none of "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous""#
        ),
        (
            #""pre_tokenizer": {"type": "Metaspace", "replacement": "__"}"#,
            "pre_tokenizer.replacement: expected one character"
        ),
        (#""pre_tokenizer": {"type": "FixedLength", "length": 0}"#, "pre_tokenizer: a length must be at least 1"),
        (#""pre_tokenizer": {}"#, #"pre_tokenizer: "type" is missing"#),
        (#""post_processor": {"type": "Magic"}"#, #"post_processor: the post-processor "Magic" is not read"#),
        (
            #""post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}], "special_tokens": {}}"#,
            #"post_processor.special_tokens: "[CLS]" is missing"#
        ),
        (
            #""post_processor": {"type": "BertProcessing", "sep": ["[SEP]"], "cls": ["[CLS]", 1]}"#,
            "post_processor.sep: expected a token and its number"
        ),
        (
            #""decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Spell"}]}"#,
            #"decoder.decoders[1]: the decoder "Spell" is not read"#
        ),
        (
            #""normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}"#,
            "normalizer.precompiled_charsmap: expected SentencePiece's table in base64"
        ),
        (
            #""normalizer": {"type": "Lowercase"}, "added_tokens": [{"id": 3}]"#,
            #"added_tokens[0]: "content" is missing"#
        ),
        (#""padding": {"pad_id": -1}"#, "padding.pad_id: expected a token's number"),
    ]

    @Test(arguments: faulty.indices) func `what is not read of a file is named with its place`(_ index: Int) throws {
        let (parts, error) = Self.faulty[index]
        try Self.withFolder(["tokenizer.json": "{\(parts), \(Self.model)}"]) { folder in
            let found = #expect(throws: TokenizerError.self) { _ = try Tokenizer(reading: folder) }
            #expect(found?.message == "\(folder)/tokenizer.json: \(error)")
            #expect(found?.kind == .io)
        }
    }

    /// Models that are none.
    static let models: [(model: String, error: String)] = [
        (#"{"type": "Oracle"}"#, #"model: the model "Oracle" is not read"#),
        (
            #"{"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}"#,
            #"model.merges[0]: "a", "b" or what they make is not in the vocabulary"#
        ),
        (#"{"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}"#, "model.merges[0]: expected two tokens"),
        (#"{"type": "BPE", "vocab": {"a": 0}}"#, #"model: "merges" is missing"#),
        (#"{"type": "WordPiece", "vocab": {"a": "b"}}"#, #"model.vocab: the number of "a" is none"#),
        (#"{"type": "WordPiece", "vocab": ["a"]}"#, "model.vocab: expected tokens with their numbers, { … }"),
        (#"{"type": "Unigram", "vocab": [["a", -1.0]], "unk_id": 1}"#, "model: unk_id is 1, and there are 1 pieces"),
        (#"{"type": "Unigram", "vocab": [["a"]]}"#, "model.vocab[0]: expected a piece and its score"),
    ]

    @Test(arguments: models.indices) func `what is no model is named with its place`(_ index: Int) throws {
        let (model, error) = Self.models[index]
        try Self.withFolder(["tokenizer.json": "{\"model\": \(model)}"]) { folder in
            let found = #expect(throws: TokenizerError.self) { _ = try Tokenizer(reading: "\(folder)/tokenizer.json") }
            #expect(found?.message == "\(folder)/tokenizer.json: \(error)")
        }
    }

    @Test func `files that are no tokenizers say what they are`() throws {
        try Self.withFolder(["vocab.json": "{}", "merges.txt": ""]) { folder in
            let error = #expect(throws: TokenizerError.self) { _ = try Tokenizer(reading: folder) }
            #expect(error?.message == "tokenizer: \(folder): the folder holds no tokenizer.json and no vocab.txt")
            #expect(error?.help?.contains("save_pretrained") == true)
        }
        try Self.withFolder(["tokenizer.json": "{\"model\": "]) { folder in
            let error = #expect(throws: DataError.self) { _ = try Tokenizer(reading: folder) }
            #expect(error?.message.contains("byte 10: no JSON") == true)
        }
        let error = #expect(throws: FileError.self) { _ = try Tokenizer(reading: "/nowhere/tokenizer.json") }
        #expect(error?.kind == .io)
    }

    @Test func `broken files end in errors, never in a trap`() throws {
        let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures"
        var generator = SplitMix64(state: 19)
        var files = 0
        let characters = Array(#"{}[]",:0123456789-.e\ntruefalse<>"#.utf8)
        for name in WholeFile.namesIfAny(in: folder) where WholeFile.exists("\(folder)/\(name)/tokenizer.json") {
            let bytes = try FileBytes.read("\(folder)/\(name)/tokenizer.json")
            files += 1
            for _ in 0..<4 {
                var broken = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    // What stands before the vocabulary has more to break.
                    let place = Int.random(
                        in: 0..<(Bool.random(using: &generator) ? min(3000, broken.count) : broken.count))
                    broken[place] = characters.randomElement(using: &generator) ?? 0
                }
                try Self.withFolder(["tokenizer.json": String(decoding: broken, as: UTF8.self)]) { folder in
                    do {
                        let t = try Tokenizer(reading: folder)
                        for text in ["", " a", "[MASK]x", "日本\u{301}", "don't"] {
                            let ids = try t.encode(text).ids.map(Int.init)
                            _ = try t.tokens(of: text)
                            _ = try t.decode(ids)
                        }
                    } catch is any DescribedError {}
                }
            }
        }
        #expect(files > 5)
    }

    @Test func `replacements that would fill the memory are a limit`() throws {
        let long = String(repeating: "a", count: 1000)
        let part = #"{"type": "Replace", "pattern": {"String": "a"}, "content": "\#(long)"}"#
        let parts = Array(repeating: part, count: 5).joined(separator: ", ")
        try Self.withFolder([
            "tokenizer.json": #"{"normalizer": {"type": "Sequence", "normalizers": [\#(parts)]}, \#(Self.model)}"#
        ]) { folder in
            let t = try Tokenizer(reading: folder)
            let error = #expect(throws: TokenizerError.self) { _ = try t.encode("a") }
            #expect(error?.kind == .limit)
        }
    }

    @Test func `a json file that is no object is no list of pieces`() throws {
        try Self.withFolder(["tokenizer.json": "[1, 2]"]) { folder in
            _ = #expect(throws: (any Error).self) { _ = try Tokenizer(reading: folder) }
        }
    }

    @Test func `texts and numbers outside the vocabulary are refused`() throws {
        let words = try Self.withFolder(
            ["tokenizer.json": #"{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "<unk>"}}"#]
        ) { try Tokenizer(reading: $0) }
        #expect(try words.encode("a").ids == [0])
        #expect(throws: TokenizerError.noUnknownToken("<unk>")) { _ = try words.encode("b") }
        #expect(throws: TokenizerError.noToken(id: 7, count: 1)) { _ = try words.decode([0, 7]) }
        #expect(throws: TokenizerError.noToken(id: -1, count: 1)) { _ = try words.decode([-1]) }
        let pieces = try Self.withFolder(
            ["tokenizer.json": #"{"model": {"type": "Unigram", "vocab": [["a", -1.0]], "unk_id": null}}"#]
        ) { try Tokenizer(reading: $0) }
        #expect(throws: TokenizerError.noUnknownToken(nil)) { _ = try pieces.encode("b") }
    }

    @Test func `a text is cut to its length, special tokens included`() throws {
        let t = try Tokenizer(pieces: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b"])
        #expect(try t.encode("a b a b").ids == [2, 4, 5, 4, 5, 3])
        #expect(try t.encode("a b a b", atMost: 4).ids == [2, 4, 5, 3])
        #expect(try t.encode("a b a b", atMost: 2).ids == [2, 3])
        #expect(try t.encode("a b a b", special: false, atMost: 3).ids == [4, 5, 4])
        #expect(throws: TokenizerError.length(1, special: 2)) { _ = try t.encode("a", atMost: 1) }
    }

    @Test func `a folder says how words are written and how long texts are`() throws {
        let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nA\nä\n"
        try Self.withFolder([
            "vocab.txt": vocabulary,
            "tokenizer_config.json":
                #"{"do_lower_case": false, "model_max_length": 512, "pad_token": {"content": "[UNK]"}, "padding_side": "left"}"#,
        ]) { folder in
            let t = try Tokenizer(reading: folder)
            #expect(try t.encode("A ä", special: false).ids == [5, 6])
            #expect(t.longest == 512)
            #expect(t.padding?.id == 1 && t.padding?.isLeft == true)
        }
        try Self.withFolder([
            "vocab.txt": vocabulary, "tokenizer_config.json": #"{"model_max_length": 1000000000000000019884624838656}"#,
            "sentence_bert_config.json": #"{"max_seq_length": 256}"#,
        ]) { folder in
            let t = try Tokenizer(reading: folder)
            #expect(try t.encode("A ä", special: false).ids == [4, 4])
            #expect(t.longest == 256)
            #expect(t.padding?.id == 0)
        }
    }

    @Test func `patterns of Oniguruma are written for PCRE2`() {
        #expect(OnigurumaPattern.translated(#"a\s[^\s\w]\S"#).contains(#"[^\t-\r\x{85}\p{Z}\p{Alphabetic}"#))
        #expect(OnigurumaPattern.translated(#"\p{L}+|\\s"#) == #"\p{L}+|\\s"#)
        #expect(OnigurumaPattern.translated("[]a]") == #"[\]a]"#)
    }

    @Test func `a pattern that matches nothing moves on`() throws {
        for (pattern, text, expected) in [
            ("x*", "axxb", ["", "xx", ""]), ("^", "a\nb", ["", ""]), ("é?", "éa", ["é", ""]),
        ] {
            let found = try Array(text.utf8).read { text in
                try Pattern(expression: pattern).matches(in: text).filter(\.isMatch).map { Array(text[$0.range]).text }
            }
            #expect(found == expected, "\(pattern)")
        }
    }
}
