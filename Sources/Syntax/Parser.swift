import Diagnostics
@_spi(_Unicode) import Swift

/// Whether a text can run as it stands, as the REPL asks after each line.
public enum Completeness: Equatable, Sendable {
    /// It can run.
    case complete
    /// More lines may complete it; the reason is worded for the prompt (`` `{` opened in line 1 ``).
    case incomplete(reason: String, opener: SourceSpan?)
    /// No continuation makes it right.
    case invalid
}

/// What parsing a text gives.
public struct ParseResult: Sendable {
    /// The tree; when there are diagnostics it may hold `missing` nodes and must not run.
    public var program: Program
    /// The syntax errors, in order of their place.
    public var diagnostics: [Diagnostic]
    /// Whether the text is complete.
    public var completeness: Completeness
}

/// Thrown behind a reported error, up to the statement loop that goes on with the next line.
struct SyntaxFailure: Error {}

/// Recursive descent over the tokens.
///
/// An error ends its statement; the parser goes on with the next one, so that one run finds the errors of all
/// statements. Brackets know their counterparts from the lexer, which makes skipping and look-ahead constant-time.
public struct Parser {
    /// Where a statement stands.
    struct Context {
        var isTopLevel = true
        var isFunction = false
        var isLoop = false
    }

    let source: SourceText
    let stream: TokenStream
    let tokens: [Token]
    var index = 0
    /// The token whose line start is already accounted for.
    var acceptedLine = -1
    /// Whether the innermost open bracket lets a line end finish the statement.
    var linesEnd = true
    /// The tokens of the brackets open at this place.
    var openers: [Int] = []
    var context = Context()
    var nesting = 0
    var lambdaNesting = 0
    /// How many postfix operators the deepest path through the expression just read has.
    var chainHeight = 0
    var diagnostics: [Diagnostic] = []
    var parameters: [String: SourceSpan] = [:]
    private var incompleteness: Completeness?
    private var hasReportedUnclosed = false

    static let deepestNesting = 200
    static let longestChain = 1000
    static let mostDiagnostics = 20

    private init(_ source: SourceText, _ stream: TokenStream) {
        self.source = source
        self.stream = stream
        tokens = stream.tokens
    }

    /// Parses a text, or the part of it in `range` (a cell), with spans that point into the whole text.
    public static func parse(_ source: SourceText, range: SourceSpan? = nil) -> ParseResult {
        let stream = Lexer.tokens(of: source, in: range)
        return parse(source, stream: stream, range: range)
    }

    static func parse(_ source: SourceText, stream: TokenStream, range: SourceSpan? = nil) -> ParseResult {
        var parser = Parser(source, stream)
        let statements = parser.program()
        let program = Program(statements, range ?? SourceSpan(0, source.utf8.count))
        return ParseResult(
            program: program, diagnostics: parser.sortedDiagnostics(), completeness: parser.completeness())
    }

    private func sortedDiagnostics() -> [Diagnostic] {
        let all = stream.diagnostics + diagnostics
        let places = all.enumerated().map { ($0.element.labels.first?.span.lower ?? 0, $0.offset) }.sorted(by: <)
        return places.prefix(Self.mostDiagnostics).map { all[$0.1] }
    }

    private func completeness() -> Completeness {
        if let opener = stream.openString {
            let isOnly = stream.diagnostics.count == 1 && (diagnostics.isEmpty || incompleteness != nil)
            guard isOnly else { return .invalid }
            let quotes = source.text(in: SourceSpan(max(opener.lower, opener.upper - 3), opener.upper))
            return .incomplete(
                reason: "`\(quotes)` opened in line \(source.line(at: opener.lower) + 1)", opener: opener)
        }
        if !stream.diagnostics.isEmpty { return .invalid }
        return diagnostics.isEmpty ? .complete : incompleteness ?? .invalid
    }

    // MARK: - Tokens

    var token: Token { tokens[index] }

    /// The kind of the token at hand; `lineEnd` when the statement is over before it.
    var kind: Token.Kind {
        let token = tokens[index]
        if token.startsLine, linesEnd, index != acceptedLine, token.kind != .endOfText { return .lineEnd }
        return token.kind
    }

    /// The kind of the token behind the one at hand.
    var nextKind: Token.Kind { kind(at: index + 1) }

    func kind(at place: Int) -> Token.Kind {
        guard place < tokens.count else { return .endOfText }
        let token = tokens[place]
        if token.startsLine, linesEnd, token.kind != .endOfText { return .lineEnd }
        return token.kind
    }

    /// The end of what has been read.
    var lastEnd: Int { index > 0 ? tokens[index - 1].span.upper : token.span.lower }

    mutating func advance() {
        if index + 1 < tokens.count { index += 1 }
    }

    mutating func take(_ wanted: Token.Kind) -> Bool {
        guard kind == wanted else { return false }
        advance()
        return true
    }

    /// The text of a token.
    func text(_ token: Token) -> String { source.text(in: token.span) }

    /// The name at hand in NFC.
    func name(_ token: Token) -> String {
        let text = source.text(in: token.span)
        return text.utf8.count == text.unicodeScalars.count ? text : NormalForm.composed(text)
    }

    // MARK: - Errors

    mutating func report(
        _ code: SyntaxCode, _ message: String, _ span: SourceSpan, label: String = "",
        related: [(SourceSpan, String)] = [],
        help: [String] = [], isAtEnd: Bool = false
    ) {
        if diagnostics.isEmpty, isAtEnd { incompleteness = incompletenessHere() }
        guard diagnostics.count < Self.mostDiagnostics else { return }
        guard !diagnostics.contains(where: { $0.labels.first?.span.lower == span.lower }) else { return }
        var labels = [Diagnostic.Label(source, span, label)]
        for (place, text) in related where place != span {
            labels.append(Diagnostic.Label(source, place, text, isPrimary: false))
        }
        diagnostics.append(Diagnostic(.syntax, message, code: code.code, labels: labels, help: help))
    }

    /// Reports an error that ends the statement, unless the lexer has already reported what causes it.
    mutating func fail(
        _ code: SyntaxCode, _ message: String, _ span: SourceSpan? = nil, label: String = "",
        related: [(SourceSpan, String)] = [], help: [String] = []
    ) -> SyntaxFailure {
        let isCaused = token.kind == .invalid || (index > 0 && tokens[index - 1].kind == .invalid)
        if !isCaused {
            report(
                code, message, span ?? placeOfError, label: label, related: related, help: help,
                isAtEnd: token.kind == .endOfText)
        } else if diagnostics.isEmpty, token.kind == .endOfText {
            incompleteness = incompletenessHere()
        }
        return SyntaxFailure()
    }

    /// The token at hand, or the end of the line when that is what is unexpected.
    var placeOfError: SourceSpan {
        switch kind {
        case .lineEnd, .endOfText: SourceSpan(lastEnd, lastEnd)
        default: token.span
        }
    }

    /// Why the text may go on.
    private func incompletenessHere() -> Completeness? {
        if let opener = openers.last {
            let span = tokens[opener].span
            let line = source.line(at: span.lower) + 1
            return .incomplete(reason: "`\(source.text(in: span))` opened in line \(line)", opener: span)
        }
        guard index > 0, tokens[index - 1].kind.continuesLine else { return nil }
        return .incomplete(reason: "the line ends in `\(text(tokens[index - 1]))`", opener: nil)
    }

    /// The token at hand in words.
    var found: String {
        switch kind {
        case .lineEnd: return "the end of the line"
        case .endOfText: return "the end of the text"
        case .formattedStart, .string: return "a string"
        case .fieldEnd: return "`}`"
        case .format: return "`:`"
        case .text, .formattedEnd: return "the end of the string"
        default:
            let span = token.span
            let shown = source.text(in: SourceSpan(span.lower, min(span.upper, span.lower + 40)))
            return "`\(shown)\(span.upper - span.lower > 40 ? "…" : "")`"
        }
    }

    /// Reports a bracket that nothing closes; once, as those around it are open for the same reason.
    mutating func failUnclosed(_ opener: Int) -> SyntaxFailure {
        guard !hasReportedUnclosed || token.kind != .endOfText else { return SyntaxFailure() }
        let isCaused = token.kind == .invalid || (index > 0 && tokens[index - 1].kind == .invalid)
        if token.kind == .endOfText { hasReportedUnclosed = true }
        guard !isCaused else { return fail(.unclosedBracket, "") }
        let span = tokens[opener].span
        let shown = source.text(in: span)
        var related: [(SourceSpan, String)] = []
        if token.kind != .endOfText {
            related.append((token.span, "still open here"))
        } else if let suspect = suspectBlock(from: opener) {
            related.append((suspect.opener, "or this one is"))
            related.append((suspect.closer, "closes it, but is indented like another block"))
        }
        report(
            .unclosedBracket, "`\(shown)` is never closed", span, label: "opened here", related: related,
            isAtEnd: token.kind == .endOfText)
        return SyntaxFailure()
    }

    /// The first block behind `opener` whose closing brace is indented unlike the line that opens it.
    private func suspectBlock(from opener: Int) -> (opener: SourceSpan, closer: SourceSpan)? {
        for place in opener..<tokens.count where tokens[place].kind == .leftBrace {
            let partner = tokens[place].payload
            guard partner > place, tokens[partner].isFirstOfLine else { continue }
            let brace = tokens[place].span
            if indentation(at: brace.lower) != indentation(at: tokens[partner].span.lower) {
                return (brace, tokens[partner].span)
            }
        }
        return nil
    }

    /// The blanks at the beginning of the line that holds a byte.
    func indentation(at offset: Int) -> Int {
        let start = source.lineStarts[source.line(at: offset)]
        var place = start
        while place < source.utf8.count, source.utf8[place] == 0x20 || source.utf8[place] == 0x09 { place += 1 }
        return place - start
    }

    // MARK: - Brackets

    /// Enters a bracket whose content takes line ends as blanks or, for a block, as ends.
    mutating func open(isBlock: Bool) throws(SyntaxFailure) -> (opener: Int, linesEnd: Bool) {
        try enter()
        let state = (index, linesEnd)
        openers.append(index)
        advance()
        linesEnd = isBlock
        return state
    }

    /// Leaves a bracket at its closing token.
    mutating func close(_ state: (opener: Int, linesEnd: Bool)) {
        openers.removeLast()
        linesEnd = state.linesEnd
        nesting -= 1
        advance()
    }

    /// One level deeper.
    mutating func enter() throws(SyntaxFailure) {
        guard nesting < Self.deepestNesting else {
            throw fail(
                .nestingTooDeep, "brackets, blocks and unary operators nest more than \(Self.deepestNesting) deep",
                help: ["give a part of it a name"])
        }
        nesting += 1
    }

    // MARK: - Statements

    private mutating func program() -> [Statement] {
        statements(isBlock: false)
    }

    /// Statements up to the closing brace of the block or the end of the text.
    mutating func statements(isBlock: Bool) -> [Statement] {
        var result: [Statement] = []
        while true {
            while token.kind == .semicolon { advance() }
            acceptedLine = index
            switch token.kind {
            case .endOfText: return result
            case .rightBrace where isBlock: return result
            case let closer where closer.closes:
                // One that closes a bracket around this block means that the block was never closed.
                if isBlock, token.payload >= 0 { return result }
                report(
                    .unmatchedBracket, "\(found) closes nothing", token.span, help: ["remove it"])
                advance()
                continue
            default: break
            }
            result.append(recoveringStatement(isBlock: isBlock))
            if diagnostics.count >= Self.mostDiagnostics { index = tokens.count - 1 }
        }
    }

    private mutating func recoveringStatement(isBlock: Bool) -> Statement {
        let start = index
        let base = openers.count
        let saved = (linesEnd, context, nesting, lambdaNesting)
        do throws(SyntaxFailure) {
            var statement = try statement()
            switch kind {
            case .semicolon:
                while token.kind == .semicolon { advance() }
                if !isBlock, context.isTopLevel, case .expression = statement.kind {
                    statement.isSilenced = token.kind == .endOfText || token.beginsCell
                }
            case .lineEnd, .endOfText: break
            case .rightBrace where isBlock: break
            case let closer where closer.closes && isBlock && token.payload >= 0: break
            default: throw failEndOfStatement(statement)
            }
            if index == start { advance() }
            return statement
        } catch {
            (linesEnd, context, nesting, lambdaNesting) = saved
            recover(from: start, base: base)
            return Statement(.missing, SourceSpan(tokens[start].span.lower, max(tokens[start].span.upper, lastEnd)))
        }
    }

    /// Skips to the end of the statement that began at `start`, over brackets that are closed.
    private mutating func recover(from start: Int, base: Int) {
        if openers.count > base {
            let partner = tokens[openers[base]].payload
            if partner >= index { index = min(partner + 1, tokens.count - 1) }
            openers.removeLast(openers.count - base)
        }
        while true {
            let token = tokens[index]
            if token.kind == .endOfText { return }
            if index > start {
                if token.startsLine || token.kind == .semicolon { return }
                if token.kind.closes, token.payload >= 0, token.payload < start { return }
            }
            index = token.kind.opens && token.payload > index ? min(token.payload + 1, tokens.count - 1) : index + 1
        }
    }
}

/// Unicode normalisation.
enum NormalForm {
    /// The text in NFC.
    static func composed(_ text: String) -> String {
        String(String.UnicodeScalarView(text._nfc))
    }
}
