import CText

/// A piece of a text that matches a pattern, or lies between matches.
struct Match {
    var range: Range<Int>
    var isMatch: Bool
}

/// What is looked for in a text: a text, or a regular expression as Oniguruma reads it, by PCRE2.
final class Pattern {
    private enum Kind {
        case text([UInt8])
        case expression(UnsafeMutableRawPointer)
    }

    private let kind: Kind
    private let source: String

    /// A text that is looked for as it stands.
    init(text: String) {
        kind = .text(Array(text.utf8))
        source = text
    }

    /// A regular expression.
    ///
    /// - Throws: ``TokenizerError``.
    init(expression: String) throws {
        guard text_patterns_are_available() else {
            throw TokenizerError.library(name: "libpcre2-8", package: "libpcre2-8-0", purpose: "a pattern")
        }
        source = expression
        let translated = OnigurumaPattern.translated(expression)
        var reason = [CChar](repeating: 0, count: 256)
        var offset = 0
        guard let pattern = text_pattern(translated, translated.utf8.count, &reason, reason.count, &offset) else {
            let words = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw TokenizerError.pattern(expression, problem: words)
        }
        kind = .expression(pattern)
    }

    deinit { if case .expression(let pattern) = kind { text_pattern_free(pattern) } }

    /// The matches and what lies between them, which together are the text.
    ///
    /// - Throws: ``TokenizerError/hopelessPattern(_:)``.
    func matches(in text: Text) throws -> [Match] {
        guard !text.isEmpty else { return [Match(range: 0..<0, isMatch: false)] }
        var result: [Match] = []
        var end = 0
        func add(_ range: Range<Int>) {
            if end < range.lowerBound { result.append(Match(range: end..<range.lowerBound, isMatch: false)) }
            result.append(Match(range: range, isMatch: true))
            end = range.upperBound
        }
        switch kind {
        case .text(let wanted): for start in Self.places(of: wanted, in: text) { add(start..<start + wanted.count) }
        case .expression(let pattern):
            var start = 0
            var last = -1
            while start <= text.count {
                var from = 0, to = 0
                let found = text_pattern_find(pattern, text.baseAddress, text.count, start, &from, &to)
                guard found >= 0 else { throw TokenizerError.hopelessPattern(source) }
                guard found > 0 else { break }
                if from == to {
                    // Nothing, right behind a match, is none; the search goes on one scalar further.
                    start = to
                    if start < text.count { _ = text.scalar(at: &start) } else { start += 1 }
                    guard from != last else { continue }
                } else {
                    start = to
                }
                last = to
                add(from..<to)
            }
        }
        if end < text.count { result.append(Match(range: end..<text.count, isMatch: false)) }
        return result
    }

    /// Where a text occurs, without overlaps.
    private static func places(of wanted: [UInt8], in text: Text) -> [Int] {
        guard let first = wanted.first else { return [] }
        var places: [Int] = []
        var index = 0
        while index + wanted.count <= text.count {
            if text[index] == first, wanted.indices.allSatisfy({ text[index + $0] == wanted[$0] }) {
                places.append(index)
                index += wanted.count
            } else {
                index += 1
            }
        }
        return places
    }
}

/// Regular expressions of Oniguruma, written for PCRE2 where the two differ.
enum OnigurumaPattern {
    /// The same pattern for PCRE2: white space, word characters and hexadecimal digits are Unicode's properties there.
    static func translated(_ pattern: String) -> String {
        let space = #"\t-\r\x{85}\p{Z}"#, word = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"#, hexadecimal = "0-9A-Fa-f"
        var result = ""
        var depth = 0
        var characters = Array(pattern.unicodeScalars)[...]
        while let character = characters.popFirst() {
            switch character {
            case "\\":
                guard let escaped = characters.popFirst() else {
                    result += "\\"
                    break
                }
                switch escaped {
                case "s": result += depth > 0 ? space : "[\(space)]"
                case "w": result += depth > 0 ? word : "[\(word)]"
                case "h": result += depth > 0 ? hexadecimal : "[\(hexadecimal)]"
                case "S" where depth == 0: result += "[^\(space)]"
                case "W" where depth == 0: result += "[^\(word)]"
                case "H" where depth == 0: result += "[^\(hexadecimal)]"
                default:
                    result.unicodeScalars.append(character)
                    result.unicodeScalars.append(escaped)
                }
            case "[":
                depth += 1
                result.unicodeScalars.append(character)
                // A bracket right behind the opening one is a character.
                if characters.first == "^", let caret = characters.popFirst() { result.unicodeScalars.append(caret) }
                if characters.first == "]", let bracket = characters.popFirst() {
                    result += "\\"
                    result.unicodeScalars.append(bracket)
                }
            case "]":
                if depth > 0 { depth -= 1 }
                result.unicodeScalars.append(character)
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
