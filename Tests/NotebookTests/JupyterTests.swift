import Data
import Diagnostics
import Notebook
import Syntax
import Testing

@Suite("Jupyter files")
struct JupyterTests {
    private let script = """
        # before the first marker
        x = 1

        # %% [markdown] Words
        # # Title
        #
        # Some *text*, `code`, "quotes" and α.

        # %% Numbers
        # a comment
        y = [x, 2]  # behind code
        print(y)

        # %%
        y

        """

    private func json(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    private func roundTrip(_ text: String) throws -> String {
        try JupyterNotebook.read(Array(JupyterNotebook.write(SourceText(name: "a.dist", text: text)).utf8))
    }

    @Test
    func `There and back nothing is lost: cells, titles, Markdown, comments`() throws {
        #expect(try roundTrip(script) == script.trimmedLine)
        let empty = "# %% One\n\n# %% Two\n"
        #expect(try roundTrip(empty) == empty)
    }

    @Test
    func `The file has what nbformat 4.5 asks for`() throws {
        let file = try json(JupyterNotebook.write(SourceText(name: "a.dist", text: script)))
        #expect(file["nbformat"]?.integer == 4)
        #expect(file["nbformat_minor"]?.integer == 5)
        #expect(file["metadata"]?["kernelspec"]?["name"]?.string == "distill")
        let cells = try #require(file["cells"]?.array)
        #expect(cells.map { $0["cell_type"]?.string } == ["code", "markdown", "code", "code"])
        #expect(Set(cells.map { $0["id"]?.string }).count == 4)
        #expect(cells[1]["outputs"] == nil)
        #expect(cells[2]["outputs"] == .array([]))
        #expect(cells[2]["execution_count"] == .null)
        #expect(cells[2]["metadata"]?["title"]?.string == "Numbers")
        #expect(cells[2]["source"]?.array?.first?.string == "# a comment\n")
    }

    @Test
    func `What cells give becomes outputs; the error keeps its place`() throws {
        let source = SourceText(
            name: "a.dist", text: "# %%\nprint(6 * 7)\nplot([1, 2])\n# %%\nraise \"no\"\n# %%\n1\n")
        let session = Session()
        let (report, errors) = try session.report(running: source, path: "a.dist", command: "")
        #expect(errors.count == 1)
        let cells = try #require(json(JupyterNotebook.write(source, ran: report.cells))["cells"]?.array)
        let first = try #require(cells[0]["outputs"]?.array)
        #expect(first.map { $0["output_type"]?.string } == ["stream", "display_data"])
        #expect(first[0]["text"] == .array([.string("42\n")]))
        #expect(first[1]["data"]?["image/png"]?.string?.hasPrefix("iVBOR") == true)
        let second = try #require(cells[1]["outputs"]?.array)
        #expect(second[0]["output_type"]?.string == "error")
        #expect(second[0]["evalue"]?.string == "no")
        #expect(cells.map { $0["execution_count"]?.integer } == [1, 2, nil])
        #expect(cells[2]["outputs"] == .array([]))
    }

    @Test
    func `A file that is no notebook is refused with its place and reason`() {
        for (text, words) in [
            ("", "it is no JSON"), ("{\n \"nbformat\": }", "line 2"), ("[1]", "no \"nbformat\""),
            ("{}", "no \"nbformat\""),
            (#"{"nbformat": 3, "worksheets": []}"#, "nbformat 3"), (#"{"nbformat": 4}"#, "no list \"cells\""),
            (#"{"nbformat": 4, "cells": [1]}"#, "cell 1 has no \"cell_type\""),
            (#"{"nbformat": 4, "cells": [{"cell_type": "code"}]}"#, "cell 1 has no \"source\""),
            (#"{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}"#, "something that is no text"),
            (#"{"nbformat": 4, "cells": [{"cell_type": "chart", "source": ""}]}"#, "of type \"chart\""),
        ] {
            do {
                _ = try JupyterNotebook.read(Array(text.utf8))
                Issue.record("\(text) was read")
            } catch {
                #expect(error.message.contains(words), "\(text): \(error.message)")
            }
        }
    }

    @Test
    func `Sources come back as they were: comments of diagrams, escapes, markers in strings`() throws {
        let sources = [
            ("markdown", "```mermaid\n%% a comment\n%%\na --> b\n```"),
            ("markdown", "\\%% escaped\n\\\\%% twice\n%%not one"),
            ("code", "text = \"\"\"\n# %% inside a string\n\"\"\"\nprint(len(text), text)"),
            ("code", "xs = [\n# %% in brackets\n1]"),
        ]
        let cells = sources.map { kind, source in
            JSON.object([("cell_type", .string(kind)), ("source", .string(source))])
        }
        let file = JSON.object([("nbformat", .integer(4)), ("cells", .array(cells))])
        let text = try JupyterNotebook.read(Array(file.indented.utf8))
        #expect(text.contains("\n# %% inside a string\n"))
        let back = try json(JupyterNotebook.write(SourceText(name: "a.dist", text: text)))
        let found = (back["cells"]?.array ?? []).map { cell in
            (cell["source"]?.array ?? []).compactMap(\.string).joined()
        }
        #expect(found == sources.map(\.1))
        // What shows Markdown sees the text without the escape.
        #expect(Cells.split(SourceText(name: "a.dist", text: text))[0].text == sources[0].1)
    }

    @Test
    func `Text that looks like a marker stays text`() throws {
        let file = #"""
            {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "%% no marker"},
             {"cell_type": "code", "source": ["x = 1\n", "# %% no marker"]}]}
            """#
        let text = try JupyterNotebook.read(Array(file.utf8))
        #expect(text == "# %% [markdown]\n# \\%% no marker\n\n# %%\nx = 1\n#%% no marker\n")
    }
}

extension String {
    /// Without the last of two line ends.
    fileprivate var trimmedLine: String { hasSuffix("\n\n") ? String(dropLast()) : self }
}
