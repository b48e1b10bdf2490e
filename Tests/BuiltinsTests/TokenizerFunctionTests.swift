import Diagnostics
import Testing

/// What a tokenizer is to the language.
@Suite struct `Tokenizers in the language` {
    static let start = "t = tokenizer([\"[PAD]\", \"[UNK]\", \"[CLS]\", \"[SEP]\", \"walk\", \"##ing\", \"dogs\"]);"

    static let cases: [(source: String, lines: [String])] = [
        ("len(t)", ["7"]),
        ("t(\"\")", ["[2, 3]"]),
        ("t(\"dogs\", special=false)", ["[6]"]),
        ("t(\"dogs\", padding=5)", ["[2, 6, 3, 0, 0]"]),
        ("t(\"dogs\", padding=true)", ["[2, 6, 3]"]),
        ("t([\"dogs\", \"walking dogs\"])[\"input_ids\"].tolist()", ["[[2, 6, 3, 0, 0], [2, 4, 5, 6, 3]]"]),
        ("t([\"dogs\", \"walking dogs\"], max_length=4)[\"input_ids\"].tolist()", ["[[2, 6, 3, 0], [2, 4, 5, 3]]"]),
        ("t([\"dogs\"], padding=4)[\"token_type_ids\"].tolist()", ["[[0, 0, 0, 0]]"]),
        ("t([\"dogs\", \"cats\"], padding=false)[\"input_ids\"].tolist()", ["[[2, 6, 3], [2, 1, 3]]"]),
        ("t([])[\"input_ids\"].shape", ["[0, 0]"]),
        ("t.decode(t([\"dogs\", \"walking dogs\"])[\"input_ids\"])", ["[\"dogs\", \"walking dogs\"]"]),
        ("len(t.decode([]))", ["0"]),
        ("t.tokens(\"cats\", special=false)", ["[\"[UNK]\"]"]),
        ("t.id(\"nothing\") == none", ["true"]),
    ]

    @Test(arguments: cases.indices) func `texts become numbers and numbers texts`(_ index: Int) throws {
        let (source, lines) = Self.cases[index]
        #expect(try StandardScripts.lines("\(Self.start) \(source)") == lines, "\(source)")
    }

    static let mistakes: [(source: String, message: String)] = [
        ("t(\"dogs\", max_length=1)", "tokenizer: max_length=1 leaves no room beside the 2 special tokens"),
        (
            "t([\"dogs\", \"walking dogs\"], padding=false)",
            "encode: the texts have 3 to 5 tokens, and no tensor holds rows of several lengths"
        ),
        ("t.decode([70])", "tokenizer: 70 is no token's number; there are 7"),
        ("t(\"dogs\", max_len=3)", "encode has no argument max_len"),
        ("t(3)", "encode: texts must be string or list of string, not int"),
        ("t.decode(ones(2))", "decode: ids must be tensor, list of int or list of list of int, not tensor [2]"),
        ("tokenizer([\"[UNK]\", \"a\"])([\"a\", \"a a\"])", "tokenizer: there is no token for padding"),
        ("tokenizer(\"/nowhere\")", "/nowhere"),
        ("t([\"dogs\"], padding=2**62)", "encode: the result needs"),
        ("t([\"dogs\", \"cats\"], padding=2**62)", "encode: the result needs"),
        ("t([\"dogs\"], padding=10**14)", "encode: the result needs"),
        ("t(\"dogs\", padding=2**62)", "encode: the result needs"),
    ]

    @Test(arguments: mistakes.indices) func `mistakes are errors that say what is wrong`(_ index: Int) {
        let (source, message) = Self.mistakes[index]
        let error = #expect(throws: (any Error).self) { _ = try StandardScripts.lines("\(Self.start) \(source)") }
        let said = (error as? Diagnostic)?.message ?? ""
        #expect(said.contains(message), "\(source)")
    }
}
