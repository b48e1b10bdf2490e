/// A text with a name and line starts: what spans point into.
///
/// CRLF is read as LF, so that offsets mean the same whatever editor wrote the file.
public final class SourceText: Sendable {
    /// The path as the user gave it, or a description such as `In [3]`.
    public let name: String
    /// The text as UTF-8, line ends as LF. It may be invalid UTF-8; the lexer reports where.
    public let utf8: [UInt8]
    /// The byte at which each line begins.
    public let lineStarts: [Int]

    /// Takes a text.
    public convenience init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8))
    }

    /// Takes raw bytes, valid UTF-8 or not.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        var normalized: [UInt8] = []
        normalized.reserveCapacity(bytes.count)
        var starts = [0]
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A {
                index += 1
                continue
            }
            normalized.append(byte)
            if byte == 0x0A { starts.append(normalized.count) }
            index += 1
        }
        self.utf8 = normalized
        self.lineStarts = starts
    }

    /// The whole text, broken UTF-8 replaced by U+FFFD.
    public var text: String { String(decoding: utf8, as: UTF8.self) }

    /// The text of a span, broken UTF-8 replaced by U+FFFD.
    public func text(in span: SourceSpan) -> String {
        let lower = min(max(0, span.lower), utf8.count)
        let upper = min(max(lower, span.upper), utf8.count)
        return String(decoding: utf8[lower..<upper], as: UTF8.self)
    }

    /// The line, from 0, that holds the byte at `offset`.
    public func line(at offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The bytes of line `line`, from 0, without its line end.
    public func span(ofLine line: Int) -> SourceSpan {
        let start = lineStarts[line]
        let next = line + 1 < lineStarts.count ? lineStarts[line + 1] - 1 : utf8.count
        return SourceSpan(start, next)
    }

    /// Line and column of a byte, both from 1; the column counts Unicode scalars.
    public func position(at offset: Int) -> (line: Int, column: Int) {
        let bounded = min(max(0, offset), utf8.count)
        let line = line(at: bounded)
        let before = text(in: SourceSpan(lineStarts[line], bounded))
        return (line + 1, before.unicodeScalars.count + 1)
    }
}
