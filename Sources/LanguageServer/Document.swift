import Checking
import Data
import Diagnostics
import Syntax

/// How the columns of positions are counted.
enum ColumnUnit: String { case utf8 = "utf-8", utf16 = "utf-16" }

/// A file as an editor holds it, with what reading it gave.
final class Document {
    let uri: String
    /// The path on disk, or the address of what is on none.
    let path: String
    private(set) var version: Int
    /// The text with the line ends that the editor counts.
    private var raw: [UInt8]
    private(set) var source: SourceText
    let unit: ColumnUnit

    /// The tree and names, once somebody asked.
    private var read: (parsed: ParseResult, occurrences: Occurrences)?
    private var tokens: TokenStream?

    init(uri: String, version: Int, text: String, unit: ColumnUnit) {
        self.uri = uri
        path = FileAddress.path(of: uri) ?? uri
        self.version = version
        self.unit = unit
        raw = Array(text.utf8)
        source = Self.source(path, raw)
    }

    /// Every line end of the protocol is one of the language.
    private static func source(_ path: String, _ raw: [UInt8]) -> SourceText {
        guard raw.contains(13) else { return SourceText(name: path, bytes: raw) }
        var bytes = raw
        for index in bytes.indices where bytes[index] == 13 && !(index + 1 < bytes.count && bytes[index + 1] == 10) {
            bytes[index] = 10
        }
        return SourceText(name: path, bytes: bytes)
    }

    // MARK: Changing

    /// Takes the changes of an editor, one after the other.
    ///
    /// - Throws: ``ResponseError`` where one is malformed; those before it hold.
    func change(_ changes: [JSON], version: Int) throws(ResponseError) {
        self.version = version
        defer { reset() }
        for change in changes {
            guard let text = change["text"]?.string else {
                throw .invalidParameters("a change has a `text`")
            }
            guard let range = change["range"], range != .null else {
                raw = Array(text.utf8)
                continue
            }
            let starts = rawLineStarts()
            guard let lower = range["start"].flatMap({ rawOffset($0, starts) }),
                let upper = range["end"].flatMap({ rawOffset($0, starts) }), lower <= upper
            else { throw .invalidParameters("a range goes from a start to an end behind it") }
            raw.replaceSubrange(lower..<upper, with: Array(text.utf8))
        }
    }

    private func reset() {
        source = Self.source(path, raw)
        read = nil
        tokens = nil
    }

    private func rawLineStarts() -> [Int] {
        var starts = [0]
        for (index, byte) in raw.enumerated() {
            if byte == 10 || (byte == 13 && !(index + 1 < raw.count && raw[index + 1] == 10)) {
                starts.append(index + 1)
            }
        }
        return starts
    }

    private func rawOffset(_ position: JSON, _ starts: [Int]) -> Int? {
        guard let line = position["line"]?.integer, let column = position["character"]?.integer, line >= 0, column >= 0
        else { return nil }
        guard line < starts.count else { return raw.count }
        let limit = line + 1 < starts.count ? starts[line + 1] : raw.count
        var end = limit
        while end > starts[line], raw[end - 1] == 10 || raw[end - 1] == 13 { end -= 1 }
        return unit.offset(ofColumn: column, in: raw, from: starts[line], to: end)
    }

    // MARK: Reading

    private var reading: (parsed: ParseResult, occurrences: Occurrences) {
        if let read { return read }
        let parsed = Parser.parse(source)
        let result = (parsed, Occurrences(parsed.program))
        read = result
        return result
    }

    /// The tree; where the text is broken, what of it could be read.
    var program: Program { reading.parsed.program }
    /// The names and their places.
    var occurrences: Occurrences { reading.occurrences }
    /// The tokens.
    var stream: TokenStream {
        if let tokens { return tokens }
        let stream = Lexer.tokens(of: source)
        tokens = stream
        return stream
    }

    /// The byte at a position; beyond the end of a line or of the text, that end.
    ///
    /// - Throws: ``ResponseError`` when it is none.
    func offset(of position: JSON?) throws(ResponseError) -> Int {
        guard let line = position?["line"]?.integer, let column = position?["character"]?.integer, line >= 0,
            column >= 0
        else { throw .invalidParameters("a position has a `line` and a `character`") }
        guard line < source.lineStarts.count else { return source.utf8.count }
        let span = source.span(ofLine: line)
        return unit.offset(ofColumn: column, in: source.utf8, from: span.lower, to: span.upper)
    }

    func position(_ offset: Int) -> JSON { source.position(offset, unit) }
    func range(_ span: SourceSpan) -> JSON { source.range(span, unit) }
    /// The place of a span as other files see it.
    func location(_ span: SourceSpan) -> JSON { ["uri": .string(uri), "range": range(span)] }
}

extension ColumnUnit {
    /// The byte of a line at which so many units are over; the end of the line when it has fewer.
    func offset(ofColumn column: Int, in bytes: [UInt8], from start: Int, to end: Int) -> Int {
        var place = start, count = 0
        while place < end, count < column {
            count += width(ofScalarAt: place, in: bytes)
            place += 1
            while place < end, bytes[place] & 0xC0 == 0x80 { place += 1 }
        }
        return place
    }

    /// The units of a stretch of a line.
    func count(_ bytes: ArraySlice<UInt8>, in all: [UInt8]) -> Int {
        guard self == .utf16 else { return bytes.count }
        return bytes.indices.reduce(0) { $0 + (all[$1] & 0xC0 == 0x80 ? 0 : all[$1] >= 0xF0 ? 2 : 1) }
    }

    private func width(ofScalarAt place: Int, in bytes: [UInt8]) -> Int {
        let lead = bytes[place]
        let size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        return self == .utf8 ? size : size == 4 ? 2 : 1
    }
}

extension SourceText {
    func position(_ offset: Int, _ unit: ColumnUnit) -> JSON {
        let bounded = min(max(0, offset), utf8.count)
        let line = line(at: bounded)
        return [
            "line": .integer(line), "character": .integer(unit.count(utf8[lineStarts[line]..<bounded], in: utf8)),
        ]
    }

    func range(_ span: SourceSpan, _ unit: ColumnUnit) -> JSON {
        ["start": position(span.lower, unit), "end": position(span.upper, unit)]
    }
}
