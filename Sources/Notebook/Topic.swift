import Diagnostics
import Learning

/// A page that explains a subject rather than a name.
package struct Topic: Sendable {
    /// What `distill help` and `:help` take.
    package let name: String
    /// One line about it.
    package let summary: String
    /// The page: headings begin with `#`, code is indented by four blanks.
    private let source: String

    init(_ name: String, _ summary: String, _ source: String) {
        self.name = name
        self.summary = summary
        self.source = source
    }

    /// All topics, in the order of a first reading.
    package static let all: [Topic] = [
        Topic("language", "the language in ten minutes", languageGuide),
        Topic("python", "what is spelled differently from Python and PyTorch", pythonGuide),
        Topic("repl", "keys and commands of the REPL", replGuide),
        Topic("distillation", "from a teacher to a student in one cell", distillationGuide),
        Topic("notebooks", "cells, parameters and reports", notebookGuide),
        Topic("onnx", "which operators of .onnx files are read", onnxGuide),
    ]

    /// Written from the table that computes the operators.
    private static var onnxGuide: String {
        var page = """
            # ONNX

                teacher = load("teacher.onnx")            # a network: it teaches, trains, has layers by name
                other = load("two.onnx", output="logits") # of several outputs another than the usual one

            Operator sets \(ONNXOperator.oldestOpset) to \(ONNXOperator.newestOpset) are read. An operator that is not here, and an option that is not read, are
            errors that name it. Without output= the network gives "logits", else the first output of shape [N, K].
            scripts/verify-onnx runs ONNX's own tests of them.

            """
        for (domain, names) in ONNXOperator.names {
            page += "\n# \(domain), \(names.count) operators\n\n"
            var line = ""
            for name in names {
                if line.count + name.count > 98 {
                    page += line + "\n"
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + name
            }
            page += line + "\n"
        }
        return page
    }

    /// The topic of a name.
    package static func named(_ name: String) -> Topic? { all.first { $0.name == name } }

    /// The page with its headings and code marked.
    package var text: Markup {
        var page = Markup()
        for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { page.append("\n") }
            if line.hasPrefix("#") {
                page.append(String(line.drop { $0 == "#" || $0 == " " }), .heading)
            } else if line.hasPrefix("    ") {
                page.append("    ")
                page.append(Highlight.source(String(line.dropFirst(4))))
            } else {
                page.append(String(line))
            }
        }
        return page
    }

    /// The code of the page, for a test that runs it.
    package var code: String {
        source.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("    ") ? String($0.dropFirst(4)) : "" }.joined(separator: "\n")
    }
}
