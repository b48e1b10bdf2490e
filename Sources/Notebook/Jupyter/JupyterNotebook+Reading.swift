import Data
import Diagnostics
import Syntax

extension JupyterNotebook {
    /// A Jupyter file as a Dist notebook. Outputs are left out: a Dist notebook holds none.
    ///
    /// - Throws: ``Failure`` for what is no JSON, no notebook, or of a format before nbformat 4.
    package static func read(_ bytes: [UInt8]) throws(Failure) -> String {
        let document: JSON
        do {
            document = try JSON(parsing: bytes)
        } catch {
            throw Failure(place(of: error, in: bytes))
        }
        guard case .object = document, let format = document["nbformat"]?.integer else {
            throw Failure("it is JSON, but no notebook: it has no \"nbformat\"")
        }
        guard format == 4 else {
            throw Failure(
                "it is of nbformat \(format), and nbformat 4 is read",
                help: ["open it in Jupyter and save it again: jupyter nbconvert --to notebook --nbformat 4"])
        }
        guard let cells = document["cells"]?.array else { throw Failure("it has no list \"cells\"") }
        var parts: [String] = []
        for (index, cell) in cells.enumerated() { parts.append(try text(of: cell, at: index)) }
        return parts.joined(separator: "\n")
    }

    private static func place(of error: any Error, in bytes: [UInt8]) -> String {
        guard let error = error as? JSON.SyntaxError else { return "it is no JSON: \(error)" }
        let before = bytes[..<min(error.offset, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        return "line \(line), column \(column): it is no JSON: \(error.problem)"
    }

    private static func text(of cell: JSON, at index: Int) throws(Failure) -> String {
        guard case .object = cell, let kind = cell["cell_type"]?.string else {
            throw Failure("cell \(index + 1) has no \"cell_type\"")
        }
        let source: String
        switch cell["source"] {
        case .string(let text)?: source = text
        case .array(let lines)?:
            var text = ""
            for line in lines {
                guard let line = line.string else {
                    throw Failure("cell \(index + 1): its \"source\" holds something that is no text")
                }
                text += line
            }
            source = text
        default: throw Failure("cell \(index + 1) has no \"source\"")
        }
        let title = cell["metadata"]?["title"]?.string.map {
            " " + $0.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        switch kind {
        case "markdown", "raw":
            return "# %% [markdown]\(title ?? "")\n\(commented(source))"
        case "code":
            let body = Self.body(source)
            if index == 0, case .bool(false)? = cell["metadata"]?["distill"]?["marker"] { return body }
            return "# %%\(title ?? "")\n\(body)"
        default:
            throw Failure(
                "cell \(index + 1) is of type \"\(kind)\"", help: ["the types are code, markdown and raw"])
        }
    }

    /// Markdown as comment lines.
    private static func commented(_ text: String) -> String {
        lines(of: text).map { line in
            let line = Cells.escaped(markdown: line)
            return line.isEmpty ? "#\n" : "# \(line)\n"
        }.joined()
    }

    /// Code, with comments that would read as markers moved off; within a string such a line is text.
    private static func body(_ text: String) -> String {
        let code = lines(of: text).map { $0 + "\n" }.joined()
        var bytes = Array(code.utf8)
        let markers = Lexer.tokens(of: SourceText(name: "cell", text: code)).comments.filter(\.isMarker)
        for marker in markers.reversed() { bytes.remove(at: marker.span.lower + 1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func lines(of text: String) -> [String] {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        return lines
    }
}
