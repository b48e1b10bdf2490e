import Data
import Foundation
import Testing

/// A new thing is one declaration: in how many files of Sources a thing's names occur is counted, so that lists of names
/// kept elsewhere show at once.
@Suite struct `Places where a thing is named` {
    /// The kinds of things, the names that an example of each has in Swift and in the language, and in how many files of
    /// Sources they may stand.
    static let things: [(kind: String, names: Set<String>, limit: Int)] = [
        ("operation", ["softplus"], 5), ("operation", ["softsign"], 4), ("term", ["pearson", "PearsonTerm"], 2),
        ("term", ["srd", "ProjectorTerm"], 2),
        ("layer", ["LayerNorm"], 2), ("layer", ["InstanceNorm2d"], 2), ("optimizer", ["Adagrad", "ck_adagrad"], 4),
        ("optimizer", ["NAdam"], 4), ("optimizer", ["Lion", "ck_lion"], 4),
    ]

    static let sources = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Sources"

    /// Every source file with its identifiers and whole string literals.
    static let words: [(path: String, words: Set<String>)] = {
        guard let files = FileManager.default.enumerator(atPath: sources) else { return [] }
        return files.compactMap { $0 as? String }
            .filter { path in [".swift", ".c", ".h"].contains { path.hasSuffix($0) } && !path.hasPrefix("Syntax/") }
            .compactMap { path in
                guard let bytes = try? FileBytes.read(sources + "/" + path) else { return nil }
                return (path, identifiers(String(decoding: bytes, as: UTF8.self)))
            }
    }()

    /// The identifiers of a text outside of comments and literals, and the contents of its literals on one line. Methods
    /// that are called, `.softplus(`, are uses of an operation and stand with their dot and parenthesis.
    static func identifiers(_ text: String) -> Set<String> {
        var words: Set<String> = []
        for line in text.split(separator: "\n") {
            var word = "", literal: String?, isMember = false
            var previous: Character = " "
            for character in line {
                if let own = literal {
                    if character == "\"", previous != "\\" {
                        words.insert(own)
                        literal = nil
                    } else {
                        literal = own + String(character)
                    }
                } else if character == "/", previous == "/" {
                    break
                } else if character == "_" || character.isLetter || character.isNumber {
                    if word.isEmpty { isMember = previous == "." }
                    word.append(character)
                    previous = character
                    continue
                } else if character == "\"" {
                    literal = ""
                }
                if !word.isEmpty { words.insert(isMember && character == "(" ? ".\(word)(" : word) }
                word = ""
                previous = character
            }
            if !word.isEmpty { words.insert(word) }
        }
        return words
    }

    @Test func `Nothing in Sources imports Foundation, which the release build does not link`() {
        #expect(Self.words.count > 500)
        for (path, words) in Self.words { #expect(!words.contains("Foundation"), "\(path)") }
    }

    @Test(arguments: things.indices) func `are few`(_ index: Int) {
        let thing = Self.things[index]
        // Who calls an operation is no place that knows of it; who makes a layer or an optimizer is.
        let calls = thing.kind == "operation" ? [] : thing.names.map { ".\($0)(" }
        let names = thing.names.union(calls)
        let files = Self.words.filter { !$0.words.isDisjoint(with: names) }.map(\.path).sorted()
        #expect(!files.isEmpty && files.count <= thing.limit, "\(thing.kind) \(thing.names.sorted()): \(files)")
    }

    @Test func `are found in code and literals and not in comments`() {
        let words = Self.identifiers(
            """
            let one = Two(three) // four
            let text = "five" + "six seven" + eight.nine + eight.ten(one)
            """)
        #expect(words.isSuperset(of: ["one", "Two", "three", "five", "six seven", "eight", "nine", ".ten("]))
        #expect(words.isDisjoint(with: ["four", "six", "seven", "ten"]))
    }
}
