import Base
import Data
import Glibc
import Testing
import Tokenization

/// What the library `tokenizers` made of texts: scripts/golden/tokenizers.py wrote it for small vocabularies;
/// scripts/verify-tokenizers writes more, and names its folder in DISTILL_TOKENIZERS.
struct TokenizerCases {
    let folder: String
    let names: [String]
    let texts: [String]

    static let standard = TokenizerCases(
        folder: getenv("DISTILL_TOKENIZERS").map { String(cString: $0) }
            ?? #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures")

    private init(folder: String) {
        self.folder = folder
        names = WholeFile.namesIfAny(in: folder).filter { WholeFile.exists("\(folder)/\($0)/answers.json") }.sorted()
        texts = ((try? Self.json("\(folder)/texts.json").array) ?? nil)?.compactMap(\.string) ?? []
    }

    static func json(_ path: String) throws -> JSON { try JSON(parsing: FileBytes.read(path)) }

    /// The tokenizer of a name and what it should give.
    func load(_ name: String) throws -> (tokenizer: Tokenizer, answers: JSON) {
        (try Tokenizer(reading: "\(folder)/\(name)"), try Self.json("\(folder)/\(name)/answers.json"))
    }
}

@Suite struct `Tokenizers beside the library tokenizers` {
    static let cases = TokenizerCases.standard

    @Test func `there are cases`() {
        #expect(Self.cases.names.count >= 3)
        #expect(Self.cases.texts.count >= 150)
    }

    @Test(arguments: cases.names) func `numbers and types are the same`(_ name: String) throws {
        let (tokenizer, answers) = try Self.cases.load(name)
        let ids = try #require(answers["ids"]?.array), types = try #require(answers["types"]?.array)
        #expect(ids.count == Self.cases.texts.count)
        for (index, text) in Self.cases.texts.enumerated() {
            let encoding = try tokenizer.encode(text)
            let wanted = (ids[index].array ?? []).compactMap(\.integer)
            #expect(encoding.ids.map(Int.init) == wanted, "\(name), text \(index): \(text.debugDescription)")
            #expect(encoding.types.max().map(Int.init) ?? 0 == types[index].integer, "\(name), text \(index)")
        }
    }

    @Test(arguments: cases.names) func `tokens are spelt the same`(_ name: String) throws {
        let (tokenizer, answers) = try Self.cases.load(name)
        for (index, wanted) in try #require(answers["tokens"]?.array).enumerated() {
            let text = Self.cases.texts[index]
            let spelt = (wanted.array ?? []).compactMap(\.string)
            #expect(try tokenizer.tokens(of: text) == spelt, "\(name), text \(index): \(text.debugDescription)")
        }
    }

    @Test(arguments: cases.names) func `decoded texts are the same`(_ name: String) throws {
        let (tokenizer, answers) = try Self.cases.load(name)
        let ids = try #require(answers["ids"]?.array)
        for (key, special) in [("decoded", false), ("whole", true)] {
            for (index, wanted) in try #require(answers[key]?.array).enumerated() {
                let numbers = (ids[index].array ?? []).compactMap(\.integer)
                let text = try tokenizer.decode(numbers, special: special)
                // Two spellings of a letter are not the same text.
                #expect(Array(text.utf8) == Array((wanted.string ?? "").utf8), "\(name), text \(index), \(key)")
            }
        }
    }
}
