import Checking
import Data
import Diagnostics
import Notebook
import Syntax

/// The form of a file: folding, selection, layout, colours, cells.
extension LanguageServer {
    /// Cells, brackets over several lines and runs of comments.
    func foldingRanges(_ document: Document) -> JSON {
        let source = document.source
        var ranges: [(start: Int, end: Int, kind: String?)] = []
        func add(_ start: Int, _ end: Int, _ kind: String? = nil) {
            if start < end { ranges.append((start, end, kind)) }
        }
        for cell in Cells.split(source) {
            guard let marker = cell.marker else { continue }
            var end = source.line(at: max(cell.span.lower, cell.span.upper - 1))
            while end > 0, source.span(ofLine: end).lower == source.span(ofLine: end).upper { end -= 1 }
            add(source.line(at: marker.lower), end, "region")
        }
        var open: [Int] = []
        for token in document.stream.tokens {
            switch token.kind {
            case .leftParenthesis, .leftBracket, .leftBrace: open.append(token.span.lower)
            case .rightParenthesis, .rightBracket, .rightBrace:
                // The line of the closing bracket stays visible.
                if let start = open.popLast() { add(source.line(at: start), source.line(at: token.span.lower) - 1) }
            default: break
            }
        }
        var run: (start: Int, end: Int)?
        for comment in document.stream.comments where comment.isAlone && !comment.isMarker {
            let line = source.line(at: comment.span.lower)
            if let current = run, current.end + 1 == line {
                run?.end = line
            } else {
                if let run { add(run.start, run.end, "comment") }
                run = (line, line)
            }
        }
        if let run { add(run.start, run.end, "comment") }
        return .array(
            ranges.map { start, end, kind in
                var members: [(key: String, value: JSON)] = [
                    ("startLine", .integer(start)), ("endLine", .integer(end)),
                ]
                if let kind { members.append(("kind", .string(kind))) }
                return .object(members)
            })
    }

    /// From the word outwards: the expressions, statements, the cell, the text.
    func selectionRanges(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        var answers: [JSON] = []
        for position in parameters["positions"]?.array ?? [] {
            let offset = try document.offset(of: position)
            var spans = [SourceSpan(0, document.source.utf8.count)]
            spans += Cells.split(document.source).map { ($0.marker ?? $0.span).joined(with: $0.span) }
            var walk = Surroundings(offset: offset)
            walk.visit(document.program.statements)
            spans += walk.spans
            spans += document.stream.tokens.map(\.span)
            let around = Set(spans.filter { $0.lower <= offset && offset <= $0.upper })
                .sorted { ($0.upper - $0.lower, $0.lower) > ($1.upper - $1.lower, $1.lower) }
            var result: JSON?
            var last = SourceSpan(0, document.source.utf8.count)
            for span in around where last.lower <= span.lower && span.upper <= last.upper {
                var members: [(key: String, value: JSON)] = [("range", document.range(span))]
                if let result { members.append(("parent", result)) }
                result = .object(members)
                last = span
            }
            answers.append(result ?? ["range": document.range(SourceSpan(offset, offset))])
        }
        return .array(answers)
    }

    /// The whole text in the one layout; what has syntax errors stays as it is.
    func formatting(_ document: Document) throws(ResponseError) -> JSON {
        switch Check.formatted(document.source) {
        case .failure(let findings):
            throw .failed(findings.first.map { "not formatted: \($0.message)" } ?? "not formatted")
        case .formatted(let text):
            let old = document.source.utf8, new = Array(text.utf8)
            guard old != new else { return .array([]) }
            // Only what changes, from line to line, so that the cursor stays where it is.
            var lead = 0
            var lineStart = 0
            while lead < min(old.count, new.count), old[lead] == new[lead] {
                lead += 1
                if old[lead - 1] == 10 { lineStart = lead }
            }
            var tail = 0
            var lineEnd = 0
            while tail < min(old.count, new.count) - lineStart, old[old.count - 1 - tail] == new[new.count - 1 - tail] {
                if old[old.count - 1 - tail] == 10 { lineEnd = tail }
                tail += 1
            }
            let range = SourceSpan(lineStart, old.count - lineEnd)
            let inserted = String(decoding: new[lineStart..<(new.count - lineEnd)], as: UTF8.self)
            return .array([["range": document.range(range), "newText": .string(inserted)]])
        }
    }

    /// Over each code cell: run it, run all up to it.
    func codeLenses(_ document: Document) -> JSON {
        var lenses: [JSON] = []
        for (index, cell) in Cells.split(document.source).enumerated() {
            guard cell.kind == .code, let marker = cell.marker else { continue }
            for (title, command) in [("Run cell", "distill.runCell"), ("Run above", "distill.runAbove")] {
                lenses.append([
                    "range": document.range(marker),
                    "command": [
                        "title": .string(title), "command": .string(command),
                        "arguments": .array([.string(document.uri), .integer(index)]),
                    ],
                ])
            }
        }
        return .array(lenses)
    }

    // MARK: Colours

    func semanticTokens(_ document: Document) -> JSON {
        let source = document.source
        var kinds: [SourceSpan: SemanticKind] = [:]
        for (span, style) in SyntaxHighlighter.highlights(source) {
            if let kind = SemanticKind(style) { kinds[span] = kind }
        }
        // What is known of a name says more than the sign behind it.
        for symbol in document.occurrences.symbols {
            for span in symbol.bindings + symbol.reads { kinds[span] = SemanticKind(symbol.kind) }
        }
        for name in document.occurrences.free where library.functions[name.text] != nil { kinds[name.span] = .function }
        var data: [JSON] = []
        var line = 0, column = 0
        for (span, kind) in kinds.sorted(by: { $0.key.lower < $1.key.lower }) {
            // A token of the protocol stands in one line.
            for row in source.line(at: span.lower)...source.line(at: max(span.lower, span.upper - 1)) {
                let whole = source.span(ofLine: row)
                let lower = max(span.lower, whole.lower), upper = min(span.upper, whole.upper)
                guard lower < upper else { continue }
                let start = unit.count(source.utf8[whole.lower..<lower], in: source.utf8)
                data += [
                    .integer(row - line), .integer(row == line ? start - column : start),
                    .integer(unit.count(source.utf8[lower..<upper], in: source.utf8)), .integer(kind.index),
                    .integer(0),
                ]
                (line, column) = (row, start)
            }
        }
        return ["data": .array(data)]
    }
}

/// What editors colour apart, by the protocol's names.
enum SemanticKind: String, CaseIterable {
    case keyword, string, number, comment, function, `class`, namespace, variable, parameter

    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    init?(_ style: Markup.Style) {
        switch style {
        case .keyword: self = .keyword
        case .string: self = .string
        case .number: self = .number
        case .comment, .heading: self = .comment
        case .function: self = .function
        case .name: self = .parameter
        default: return nil
        }
    }

    init(_ kind: Occurrences.Symbol.Kind) {
        switch kind {
        case .variable: self = .variable
        case .parameter: self = .parameter
        case .function: self = .function
        case .module: self = .class
        case .file: self = .namespace
        }
    }
}

/// The nodes around a byte.
private struct Surroundings {
    let offset: Int
    var spans: [SourceSpan] = []

    private func holds(_ span: SourceSpan) -> Bool { span.lower <= offset && offset <= span.upper }

    mutating func visit(_ statements: [Statement]) {
        for statement in statements where holds(statement.span) {
            spans.append(statement.span)
            switch statement.kind {
            case .function(let declaration), .module(let declaration):
                visit(declaration.parameters)
                visit(declaration.body)
            default: break
            }
            for operand in statement.operands { visit(operand) }
            for block in statement.blocks { visit(block) }
        }
    }

    private mutating func visit(_ parameters: [ParameterSyntax]) {
        for case .single(let value?) in parameters.map(\.kind) { visit(value) }
    }

    private mutating func visit(_ block: Block) {
        guard holds(block.span) else { return }
        spans.append(block.span)
        visit(block.statements)
    }

    private mutating func visit(_ expression: Expression) {
        guard holds(expression.span) else { return }
        spans.append(expression.span)
        switch expression.kind {
        case .lambda(let lambda):
            visit(lambda.parameters)
            switch lambda.body {
            case .expression(let value): visit(value)
            case .block(let block): visit(block)
            }
        case .listComprehension(let element, let clauses):
            visit(element)
            visit(clauses)
        case .dictComprehension(let entry, let clauses):
            visit(entry.key)
            visit(entry.value)
            visit(clauses)
        default: break
        }
        for operand in expression.operands { visit(operand) }
        for block in expression.blocks { visit(block) }
    }

    private mutating func visit(_ clauses: [ComprehensionClause]) {
        for clause in clauses {
            switch clause {
            case .each(_, let value), .only(let value): visit(value)
            }
        }
    }
}
