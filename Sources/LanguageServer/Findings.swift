import Checking
import Data
import Diagnostics
import Notebook
import Syntax

extension LanguageServer {
    /// What is wrong with a file, the files that it imports as they are edited.
    func findings(of document: Document) -> [Diagnostic] { findings(of: document.source) }

    private func findings(of source: SourceText) -> [Diagnostic] {
        Check.diagnostics(of: source, library: library) { [documents] path in
            documents.values.first { $0.path == path }?.source.utf8
        }
    }

    /// An error as the protocol has it.
    func report(_ finding: Diagnostic, in document: Document) -> JSON {
        let lead = finding.labels.first(where: \.isPrimary) ?? finding.labels.first
        var message = finding.message
        if let text = lead?.text, !text.isEmpty { message += " (\(text))" }
        for note in finding.notes { message += "\nnote: \(note)" }
        for help in finding.help { message += "\nhelp: \(help)" }
        var span = SourceSpan(0, 0)
        var others = finding.labels
        if let lead, isOwn(lead, of: document) {
            span = lead.span
            others.removeAll { $0 == lead }
        } else if let lead {
            // A mistake of an imported file stands at the import, and its place is related.
            span = document.span(ofImport: lead.source.name) ?? span
        }
        let related = others.compactMap { label -> JSON? in
            guard let location = location(of: label, beside: document) else { return nil }
            return ["location": location, "message": .string(label.text.isEmpty ? finding.message : label.text)]
        }
        var members: [(key: String, value: JSON)] = [
            ("range", document.range(span)), ("severity", .integer(1)), ("source", .string("distill")),
            ("message", .string(message)),
        ]
        if let code = finding.code { members.append(("code", .string(code))) }
        if !related.isEmpty { members.append(("relatedInformation", .array(related))) }
        return .object(members)
    }

    private func isOwn(_ label: Diagnostic.Label, of document: Document) -> Bool {
        label.source.name == document.source.name
    }

    private func location(of label: Diagnostic.Label, beside document: Document) -> JSON? {
        if isOwn(label, of: document) { return document.location(label.span) }
        // Files of the library are inside the program.
        guard label.source.name.hasPrefix("/") else { return nil }
        return [
            "uri": .string(FileAddress.uri(of: label.source.name)), "range": label.source.range(label.span, unit),
        ]
    }

    // MARK: Quick fixes

    func codeActions(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        let lower = try document.offset(of: parameters["range"]?["start"])
        let upper = try document.offset(of: parameters["range"]?["end"])
        let all = findings(of: document)
        var actions: [JSON] = []
        for finding in all {
            guard let lead = finding.labels.first(where: \.isPrimary), isOwn(lead, of: document),
                lead.span.lower <= upper, lower <= lead.span.upper
            else { continue }
            for text in finding.help.compactMap(Self.replacement)
            where fixes(finding, lead.span, text, in: document, all) {
                actions.append([
                    "title": .string("Write \(text)"), "kind": .string("quickfix"), "isPreferred": .bool(true),
                    "diagnostics": .array([report(finding, in: document)]),
                    "edit": [
                        "changes": .object([
                            (document.uri, .array([["range": document.range(lead.span), "newText": .string(text)]]))
                        ])
                    ],
                ])
            }
        }
        return .array(actions)
    }

    /// The text that a way out proposes for the underlined one: "did you mean softmax?", "write `and`".
    private static func replacement(in help: String) -> String? {
        var text = help[...]
        if text.hasPrefix("did you mean "), text.hasSuffix("?") {
            text = text.dropFirst("did you mean ".count).dropLast()
        } else if text.hasPrefix("write `"), text.hasSuffix("`") {
            text = text.dropFirst("write ".count)
        } else {
            return nil
        }
        if text.hasPrefix("`"), text.hasSuffix("`"), text.count > 2 { text = text.dropFirst().dropLast() }
        return text.isEmpty || text.contains("`") || text.contains("…") ? nil : String(text)
    }

    /// Whether a replacement is right: the mistake is gone then, and no other one has come.
    private func fixes(
        _ finding: Diagnostic, _ span: SourceSpan, _ text: String, in document: Document, _ all: [Diagnostic]
    ) -> Bool {
        var bytes = document.source.utf8
        bytes.replaceSubrange(span.lower..<span.upper, with: Array(text.utf8))
        let left = findings(of: SourceText(name: document.source.name, bytes: bytes))
        // Syntax errors hide those that the check finds.
        let isSyntax = finding.kind == .syntax
        let count = isSyntax ? left.filter { $0.kind == .syntax }.count : left.count
        return count < all.count
            && !left.contains { $0.message == finding.message && $0.labels.first?.span.lower == span.lower }
    }
}

extension Document {
    /// The paths that the file imports.
    var imports: [String] {
        occurrences.symbols.compactMap { $0.path.map { Check.path(ofImport: $0, in: path) } }
    }

    /// The path of the import that reads a file.
    func span(ofImport wanted: String) -> SourceSpan? {
        for case .importFile(let written, let span, _) in program.statements.map(\.kind) {
            if Check.path(ofImport: written, in: path) == wanted { return span }
        }
        return nil
    }
}
