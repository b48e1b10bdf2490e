import Diagnostics

/// Why a text cannot be formatted.
public struct FormatFailure: Error, Equatable, Sendable {
    /// The syntax errors of the text.
    public var diagnostics: [Diagnostic]
}

/// Writes a text in the one layout: 4 blanks a level, at most 100 columns where that is possible.
///
/// - A list, call or dict stands on one line when it fits, unless a line end follows its opening bracket in the source;
///   else each item has its own line and a comma behind it.
/// - A block stays on one line when it is on one line and fits.
/// - At most one empty line stays; one stands in front of each cell marker.
/// - Comments and strings stay as they are. A comment in the middle of an expression moves in front of its statement or
///   of its item.
public struct Formatter {
    let source: SourceText
    let tokens: [Token]
    let comments: [Comment]
    /// The first comment that is not yet written.
    var nextComment = 0
    /// Comments that have no place where they stand.
    var hoisted: [Comment] = []
    var isTopLevel = true

    /// The longest line.
    public static let width = 100

    /// The text in the one layout; its tree is that of the source, and its own layout is itself.
    ///
    /// - Throws: the syntax errors of the source.
    public static func format(_ source: SourceText) throws(FormatFailure) -> String {
        let stream = Lexer.tokens(of: source)
        let parsed = Parser.parse(source, stream: stream)
        guard parsed.diagnostics.isEmpty else { throw FormatFailure(diagnostics: parsed.diagnostics) }
        var formatter = Formatter(source: source, tokens: stream.tokens, comments: stream.comments)
        let body = formatter.statements(parsed.program.statements, from: 0, to: source.utf8.count)
        var text = body.printed(width: width)
        if !text.isEmpty { text += "\n" }
        let result = Parser.parse(SourceText(name: source.name, text: text))
        guard result.diagnostics.isEmpty, result.program.equalsIgnoringSpans(parsed.program) else {
            throw FormatFailure(diagnostics: [
                Diagnostic(
                    .internal, "formatting would change the meaning of `\(source.name)`",
                    help: ["the file is left as it is; please report it"])
            ])
        }
        return text
    }

    private init(source: SourceText, tokens: [Token], comments: [Comment]) {
        self.source = source
        self.tokens = tokens
        self.comments = comments
    }

    // MARK: - Source and comments

    /// The text of a place as written.
    func written(_ span: SourceSpan) -> Layout { .text(source.text(in: span)) }

    func hasLineEnd(_ lower: Int, _ upper: Int) -> Bool {
        lower < upper && source.utf8[lower..<upper].contains(0x0A)
    }

    /// Whether a line end follows a bracket directly.
    func breaksBehind(_ offset: Int) -> Bool {
        var place = offset
        while place < source.utf8.count {
            switch source.utf8[place] {
            case 0x20, 0x09: place += 1
            case 0x0A, UInt8(ascii: "#"): return true
            default: return false
            }
        }
        return false
    }

    /// The comments in front of a place that are not yet written.
    mutating func takeComments(before offset: Int) -> [Comment] {
        let start = nextComment
        while nextComment < comments.count, comments[nextComment].span.lower < offset { nextComment += 1 }
        return Array(comments[start..<nextComment])
    }

    /// The comment that ends the line on which `offset` stands, when nothing but separators is between.
    mutating func takeTrailingComment(after offset: Int, before limit: Int) -> Comment? {
        guard nextComment < comments.count else { return nil }
        let comment = comments[nextComment]
        guard comment.span.lower >= offset, comment.span.lower < limit, !comment.isAlone,
            !hasLineEnd(offset, comment.span.lower)
        else { return nil }
        nextComment += 1
        return comment
    }

    func text(_ comment: Comment) -> String {
        var bytes = source.utf8[comment.span.lower..<comment.span.upper]
        while let last = bytes.last, last == 0x20 || last == 0x09 || last == 0x0D { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        // At the left margin it would begin a cell.
        if isTopLevel, !comment.isMarker, text.hasPrefix("# %%") { return "#" + text.dropFirst(2) }
        return text
    }

    /// The index of the first token at or behind a place.
    func tokenIndex(at offset: Int) -> Int {
        var low = 0
        var high = tokens.count - 1
        while low < high {
            let middle = (low + high) / 2
            if tokens[middle].span.lower < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: - Statements

    /// One line of a block: a comment or a statement.
    private struct Line {
        var layout: Layout
        var lower: Int
        var upper: Int
        var isMarker = false
    }

    /// Statements and comments, each on its line.
    mutating func statements(
        _ statements: [Statement], from lower: Int, to upper: Int, documentation: SourceSpan? = nil
    )
        -> Layout
    {
        var lines: [Line] = []
        var items: [(span: SourceSpan, statement: Statement?)] = statements.map { ($0.span, $0) }
        if let documentation { items.insert((documentation, nil), at: 0) }
        for (place, item) in items.enumerated() {
            add(takeComments(before: item.span.lower), to: &lines)
            let outer = hoisted
            hoisted = []
            var layout = item.statement.map { self.statement($0) } ?? written(item.span)
            hoisted += takeComments(before: item.span.upper)
            add(hoisted, to: &lines, at: item.span.lower)
            hoisted = outer
            let limit = place + 1 < items.count ? items[place + 1].span.lower : upper
            var end = item.span.upper
            if item.statement?.isSilenced == true { layout = .sequence([layout, .text(";")]) }
            if let comment = takeTrailingComment(after: end, before: limit) {
                layout = .sequence([layout, .text("  " + text(comment))])
                end = comment.span.upper
            }
            lines.append(Line(layout: layout, lower: item.span.lower, upper: end))
        }
        add(takeComments(before: upper), to: &lines)
        var parts: [Layout] = []
        for (place, line) in lines.enumerated() {
            if place > 0 {
                let isEmptyLine = line.isMarker || hasEmptyLine(lines[place - 1].upper, line.lower)
                parts.append(isEmptyLine ? .emptyLine : .hardLine)
            }
            parts.append(line.layout)
        }
        return .sequence(parts)
    }

    /// Whether an empty line stands between two places.
    private func hasEmptyLine(_ lower: Int, _ upper: Int) -> Bool {
        guard lower < upper else { return false }
        var isBlank = false
        for byte in source.utf8[lower..<upper] {
            switch byte {
            case 0x0A:
                if isBlank { return true }
                isBlank = true
            case 0x20, 0x09: break
            default: isBlank = false
            }
        }
        return false
    }

    /// Comments on lines of their own; those that had no place stand at `place`.
    private func add(_ comments: [Comment], to lines: inout [Line], at place: Int? = nil) {
        for comment in comments {
            lines.append(
                Line(
                    layout: .text(text(comment)), lower: place ?? comment.span.lower,
                    upper: place ?? comment.span.upper, isMarker: comment.isMarker))
        }
    }

    private mutating func statement(_ statement: Statement) -> Layout {
        switch statement.kind {
        case .expression(let value): return expression(value)
        case .assign(let targets, let value):
            var parts: [Layout] = []
            for (place, target) in targets.enumerated() {
                if place > 0 { parts.append(.text(", ")) }
                parts.append(self.target(target))
            }
            return .sequence(parts + [.text(" = "), expression(value)])
        case .augment(let place, let operation, _, let value):
            let left = expression(place)
            return .sequence([left, .text(" \(operation.rawValue)= "), expression(value)])
        case .function(let declaration): return self.declaration(declaration, "fn")
        case .module(let declaration): return self.declaration(declaration, "module")
        case .parameter(let name, let value):
            return .sequence([.text("param "), written(name.span), .text(" = "), expression(value)])
        case .importFile(_, let path, let name):
            return .sequence([.text("import "), written(path), .text(" as "), written(name.span)])
        case .forEach(let pattern, let values, let body):
            let header = expression(values)
            return .sequence([.text("for \(self.pattern(pattern)) in "), header, .text(" "), .group(blocks([body])[0])])
        case .whileLoop(let condition, let body):
            let header = expression(condition)
            return .sequence([.text("while "), header, .text(" "), .group(blocks([body])[0])])
        case .breakLoop: return .text("break")
        case .continueLoop: return .text("continue")
        case .returnValue(let value):
            return value.map { .sequence([.text("return "), expression($0)]) } ?? .text("return")
        case .raise(let value): return .sequence([.text("raise "), expression(value)])
        case .assert(let condition, let message):
            let left = expression(condition)
            guard let message else { return .sequence([.text("assert "), left]) }
            return .sequence([.text("assert "), left, .text(", "), expression(message)])
        case .missing: return written(statement.span)
        }
    }

    private mutating func target(_ target: Target) -> Layout {
        switch target {
        case .place(let place): return expression(place)
        case .list(let targets, _):
            var parts: [Layout] = [.text("[")]
            for (place, target) in targets.enumerated() {
                if place > 0 { parts.append(.text(", ")) }
                parts.append(self.target(target))
            }
            return .sequence(parts + [.text("]")])
        }
    }

    /// The names a loop binds; several stand without brackets.
    func pattern(_ pattern: Pattern, isNested: Bool = false) -> String {
        switch pattern {
        case .name(let name): return source.text(in: name.span)
        case .list(let items, _):
            let text = items.map { self.pattern($0, isNested: true) }.joined(separator: ", ")
            return isNested || items.count == 1 ? "[\(text)]" : text
        }
    }

    private mutating func declaration(_ declaration: FunctionDeclaration, _ word: String) -> Layout {
        let opener = tokens[tokenIndex(at: declaration.name.span.upper)].span
        let parameters = parameterList(declaration.parameters, opener: opener.lower)
        var documentation: SourceSpan?
        if declaration.documentation != nil {
            var index = tokenIndex(at: declaration.body.span.lower + 1)
            while tokens[index].kind == .semicolon { index += 1 }
            documentation = tokens[index].span
        }
        let body = Layout.group(blocks([declaration.body], documentation: documentation)[0])
        return .sequence([.text(word + " "), written(declaration.name.span), parameters, .text(" "), body])
    }

    // MARK: - Blocks

    /// Blocks that belong together: all on one line or all on several.
    ///
    /// What stands between them is read by the caller in between, so that comments keep their order; `conditions` gives
    /// the text in front of each block behind the first.
    mutating func blocks(_ blocks: [Block], documentation: SourceSpan? = nil) -> [Layout] {
        let isOnOneLine = blocks.allSatisfy { isFlat($0) }
        return blocks.map { block($0, isOnOneLine: isOnOneLine, documentation: documentation) }
    }

    /// Whether a block is written on one line and has no comment.
    func isFlat(_ block: Block) -> Bool { !hasLineEnd(block.span.lower, block.span.upper) }

    mutating func block(_ block: Block, isOnOneLine: Bool, documentation: SourceSpan? = nil) -> Layout {
        hoisted += takeComments(before: block.span.lower)
        let outer = isTopLevel
        isTopLevel = false
        defer { isTopLevel = outer }
        if isOnOneLine, hoistedIsEmpty(in: block) {
            var statements = block.statements.map { self.statement($0) }
            if let documentation { statements.insert(written(documentation), at: 0) }
            guard !statements.isEmpty else { return .text("{ }") }
            var parts: [Layout] = []
            for (place, statement) in statements.enumerated() {
                if place > 0 { parts += [.choose(broken: "", flat: ";"), .line] }
                parts.append(statement)
            }
            return .sequence([.text("{"), .nest(.sequence([.line] + parts)), .line, .text("}")])
        }
        var opening = Layout.text("{")
        let first = block.statements.first?.span.lower ?? block.span.upper
        if let comment = takeTrailingComment(
            after: block.span.lower + 1, before: min(first, documentation?.lower ?? first))
        {
            opening = .text("{  " + text(comment))
        }
        let hasComments = nextComment < comments.count && comments[nextComment].span.lower < block.span.upper
        if block.statements.isEmpty, documentation == nil, !hasComments {
            return opening.isBareBrace ? .text("{ }") : .sequence([opening, .hardLine, .text("}")])
        }
        let body = statements(
            block.statements, from: block.span.lower + 1, to: block.span.upper - 1, documentation: documentation)
        return .sequence([opening, .nest(.sequence([.hardLine, body])), .hardLine, .text("}")])
    }

    private func hoistedIsEmpty(in block: Block) -> Bool {
        nextComment >= comments.count || comments[nextComment].span.lower >= block.span.upper
    }
}

extension Layout {
    fileprivate var isBareBrace: Bool {
        if case .text("{") = kind { return true }
        return false
    }
}
