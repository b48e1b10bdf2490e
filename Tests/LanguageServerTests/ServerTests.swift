import Base
import Data
import Glibc
import LanguageServer
import Testing

@Suite("The language server", .serialized)
struct ServerTests {
    private let uri = "file:///nowhere/a.dist"

    // MARK: Messages

    @Test(arguments: [
        ("{", -32700), ("[1, 2]", -32600), ("{\"id\": 1}", -32600), ("{\"id\": [], \"method\": \"x\"}", -32600),
        ("{\"id\": 7, \"method\": \"textDocument/nonsense\"}", -32601),
        ("{\"id\": 7, \"method\": \"$/nonsense\"}", -32601),
        ("{\"id\": 7, \"method\": \"initialize\"}", -32600),
        ("{\"id\": 7, \"method\": \"textDocument/hover\"}", -32602),
        ("{\"id\": 7, \"method\": \"textDocument/hover\", \"params\": {\"textDocument\": {\"uri\": \"x\"}}}", -32602),
    ])
    func `what is malformed gets an error, and the server goes on`(_ text: String, _ code: Int) throws {
        let editor = try Editor()
        editor.write(text)
        #expect(try editor.receive()["error"]?["code"] == .integer(code))
        #expect(try editor.ask("shutdown", .null) == .null)
        editor.tell("exit", .null)
        #expect(editor.status() == 0)
    }

    @Test func `a header without a length gets an error, and the next message its answer`() throws {
        let editor = try Editor()
        editor.write(raw: "Content-Type: x\r\n\r\n")
        #expect(try editor.receive()["error"]?["code"] == .integer(-32700))
        #expect(try editor.ask("shutdown", .null) == .null)
        _ = editor.status()
    }

    @Test func `requests before initialize and behind shutdown are refused`() throws {
        let editor = try Editor(initialized: false)
        #expect(try editor.ask("shutdown", .null)["code"] == .integer(-32002))
        _ = try editor.ask("initialize", ["capabilities": .object([])])
        _ = try editor.ask("shutdown", .null)
        #expect(try editor.ask("shutdown", .null)["code"] == .integer(-32600))
        #expect(editor.status() == 0)
    }

    @Test func `exit without shutdown, and an editor that is gone, are status 1`() throws {
        let first = try Editor()
        first.tell("exit", .null)
        #expect(first.status() == 1)
        #expect(try Editor().status() == 1)
    }

    @Test func `a request that is cancelled while it waits is not computed`() throws {
        let editor = try Editor()
        try editor.open("x = 1\n")
        let request = "{\"id\": \"a\", \"method\": \"workspace/symbol\", \"params\": {\"query\": \"\"}}"
        let cancel = "{\"method\": \"$/cancelRequest\", \"params\": {\"id\": \"a\"}}"
        // In one piece, so that the server has both before it begins.
        editor.write(
            raw: [request, cancel].map { "Content-Length: \($0.utf8.count)\r\n\r\n\($0)" }.joined())
        #expect(try editor.answer(to: .string("a"))["code"] == .integer(-32800))
        _ = editor.status()
    }

    // MARK: Text

    @Test(arguments: [("utf-8", 4), ("utf-16", 2)])
    func `columns are counted as agreed`(_ encoding: String, _ width: Int) throws {
        let editor = try Editor(encodings: encoding == "utf-8" ? ["utf-8", "utf-16"] : ["utf-16"])
        let found = try editor.open("s = \"😀\" + nowhere\n")
        #expect(found.first?["range"]?["start"] == Editor.position(0, 9 + width))
        editor.change([["range": Editor.range(0, 9 + width, 0, 16 + width), "text": .string("s2")]])
        let left = try editor.findings(uri)
        #expect(left.first?["message"]?.string?.hasPrefix("s2 is not defined") == true)
        _ = editor.status()
    }

    @Test func `random edits give what reading the whole text gives`() throws {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(getpid())
        let seed = state
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        let pieces = [
            "x", "(", ")", "{", "}", "\"", "\n", "\r\n", "\r", "fn f(a) { a }", "# %% t\n", "é", "😀", " = ", "1", "[",
            "]", ",", "import \"b.dist\" as b\n", "f\"{x", "&&", ".", "",
        ]
        let editor = try Editor()
        var text = Array("# %% one\nx = [1, 2]\nfn f(a, b=2) { a + b }\n# %% two\nf(x)\n".unicodeScalars)
        try editor.open(String(String.UnicodeScalarView(text)))
        let other = try Editor()
        for step in 0..<60 {
            let lower = random(text.count + 1), upper = min(text.count, lower + random(4))
            // An edit between the two signs of a line end is one that no editor makes.
            let isSplit = [lower, upper].contains {
                $0 > 0 && $0 < text.count && text[$0 - 1] == "\r" && text[$0] == "\n"
            }
            guard !isSplit else { continue }
            let piece = pieces[random(pieces.count)]
            let range: JSON = ["start": position(lower, in: text), "end": position(upper, in: text)]
            text.replaceSubrange(lower..<upper, with: Array(piece.unicodeScalars))
            editor.change([["range": range, "text": .string(piece)]])
            let whole = String(String.UnicodeScalarView(text))
            let found = try editor.findings(uri)
            let fresh = try other.open(whole)
            #expect(found == fresh, "seed \(seed), step \(step): \(whole.debugDescription)")
            let file: JSON = ["textDocument": ["uri": .string(uri)]]
            for method in ["semanticTokens/full", "documentSymbol", "foldingRange"] {
                let one = try editor.ask("textDocument/" + method, file)
                let two = try other.ask("textDocument/" + method, file)
                #expect(one == two, "seed \(seed), step \(step), \(method): \(whole.debugDescription)")
            }
            // Anything may be asked of a broken text.
            for method in ["hover", "completion", "signatureHelp", "definition", "references"] {
                _ = try editor.ask(method, at: random(6), random(20))
            }
        }
        _ = (editor.status(), other.status())
    }

    private func position(_ offset: Int, in text: [Unicode.Scalar]) -> JSON {
        var line = 0, column = 0
        for index in 0..<offset {
            let isEnd =
                text[index] == "\n" || (text[index] == "\r" && !(index + 1 < text.count && text[index + 1] == "\n"))
            if isEnd {
                (line, column) = (line + 1, 0)
            } else if text[index] != "\r" {
                column += UTF16.width(text[index])
            }
        }
        return Editor.position(line, column)
    }

    // MARK: Answers

    @Test func `an error has its place, code, way out and a quick fix that mends it`() throws {
        let editor = try Editor()
        let found = try editor.open("y = softmx(randn(2, 3))\nz = true && false\n")
        // A syntax error stands alone.
        #expect(found.map { $0["message"]?.string?.contains("`and`") } == [true])
        let actions = try #require(
            try editor.ask(
                "textDocument/codeAction",
                ["textDocument": ["uri": .string(uri)], "range": Editor.range(1, 9, 1, 9)]
            ).array)
        let edit = try #require(actions.first?["edit"]?["changes"]?[uri]?.array?.first)
        #expect(edit["newText"] == .string("and"))
        editor.change([["range": try #require(edit["range"]), "text": .string("and")]])
        let next = try editor.findings(uri)
        #expect(next.map { $0["range"] } == [Editor.range(0, 4, 0, 10)])
        #expect(next.first?["message"]?.string?.contains("did you mean softmax?") == true)
        #expect(next.first?["code"] != nil)
        _ = editor.status()
    }

    @Test func `hover, completion and signatures know the library and the file`() throws {
        let editor = try Editor()
        try editor.open(
            "fn scale(x, factor=2) {\n    \"Makes it larger.\"\n    x * factor\n}\ny = softmax(scale(3, ))\nsof\n")
        let library = try editor.ask("hover", at: 4, 6)["contents"]?["value"]?.string ?? ""
        #expect(library.contains("softmax(") && library.contains("dim"))
        let own = try editor.ask("hover", at: 4, 14)["contents"]?["value"]?.string ?? ""
        #expect(own.contains("fn scale(x, factor=2)") && own.contains("Makes it larger."))
        #expect(try editor.ask("hover", at: 0, 0) == .null)
        let words = try #require(try editor.ask("completion", at: 5, 3)["items"]?.array)
        let softmax = try #require(words.first { $0["label"] == .string("softmax") })
        #expect(softmax["textEdit"]?["range"] == Editor.range(5, 0, 5, 3))
        let documented = try editor.ask("completionItem/resolve", softmax)
        #expect(documented["documentation"]?["value"]?.string?.contains("softmax(") == true)
        let arguments = try #require(try editor.ask("completion", at: 4, 21)["items"]?.array)
        #expect(arguments.first?["label"] == .string("factor="))
        let help = try editor.ask("signatureHelp", at: 4, 21)
        #expect(help["signatures"]?.array?.first?["label"] == .string("scale(x, factor=2)"))
        #expect(help["activeParameter"] == .integer(1))
        _ = editor.status()
    }

    @Test func `names are found and changed across imports, and never so that they mean something else`() throws {
        var template = Array("/tmp/distill-lsp-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let library = "fn double(x) { x * 2 }\nother = 1\n",
            script = "import \"lib.dist\" as lib\nprint(lib.double(x=4))\n"
        try WholeFile.write(Array(library.utf8), to: folder + "/lib.dist")
        try WholeFile.write(Array(script.utf8), to: folder + "/main.dist")
        let editor = try Editor(folder: folder)
        let main = "file://\(folder)/main.dist", lib = "file://\(folder)/lib.dist"
        #expect(try editor.open(script, as: main).isEmpty)
        let place = try editor.ask("definition", at: 1, 12, in: main).array?.first
        #expect(place?["uri"] == .string(lib) && place?["range"] == Editor.range(0, 3, 0, 9))
        try editor.open(library, as: lib)
        let places = try editor.ask("references", at: 0, 5, in: lib).array ?? []
        #expect(places.map { $0["uri"] } == [.string(lib), .string(main)])
        let edits = try editor.ask("rename", at: 0, 5, in: lib, ("newName", .string("twice")))
        #expect(edits["changes"]?[main]?.array?.map { $0["range"] } == [Editor.range(1, 10, 1, 16)])
        #expect(edits["changes"]?[lib]?.array?.count == 1)
        for name in ["other", "print", "if", "a b", "1a", ""] {
            let refused = try editor.ask("rename", at: 0, 5, in: lib, ("newName", .string(name)))
            // `print` is free in the library file, where nothing reads it: a file may have it.
            #expect((refused["code"] == .integer(-32803)) == (name != "print"), "\(name)")
        }
        let symbols = try editor.ask("workspace/symbol", ["query": .string("doub")]).array ?? []
        #expect(symbols.map { $0["name"] } == [.string("double")])
        _ = editor.status()
    }

    @Test func `a parameter is renamed with the arguments that name it, a field of a module is refused`() throws {
        let editor = try Editor()
        try editor.open("fn f(T) { T * 2 }\nf(T=1)\nmodule Net(width) {\n    fn forward(x) { x * width }\n}\n")
        let edits = try editor.ask("rename", at: 0, 5, ("newName", .string("heat")))
        let ranges = edits["changes"]?[uri]?.array?.map { $0["range"] } ?? []
        #expect(ranges == [Editor.range(0, 5, 0, 6), Editor.range(0, 10, 0, 11), Editor.range(1, 2, 1, 3)])
        #expect(try editor.ask("rename", at: 2, 12, ("newName", .string("w")))["code"] == .integer(-32803))
        _ = editor.status()
    }

    @Test func `a parameter that may be named where nobody sees it is not renamed`() throws {
        let editor = try Editor()
        try editor.open("fn f(T) { T * 2 }\ng = f\ng(T=1)\n")
        let held = try editor.ask("rename", at: 0, 5, ("newName", .string("heat")))
        #expect(held["code"] == .integer(-32803) && held["message"]?.string?.contains("to g") == true, "\(held)")
        let folder = "file:///tmp/distill-rename-\(getpid())"
        try editor.open("fn f(T) { T * 2 }\n", as: folder + "-lib.dist")
        let alone = try editor.ask("rename", at: 0, 5, in: folder + "-lib.dist", ("newName", .string("heat")))
        #expect(alone["changes"] != nil, "\(alone)")
        try editor.open(
            "import \"distill-rename-\(getpid())-lib.dist\" as lib\nlib.f(T=1)\n", as: folder + "-main.dist")
        let imported = try editor.ask("rename", at: 0, 5, in: folder + "-lib.dist", ("newName", .string("heat")))
        #expect(imported["code"] == .integer(-32803), "\(imported)")
        _ = editor.status()
    }

    @Test func `the form of a file: cells, folds, selection, layout, colours`() throws {
        let editor = try Editor()
        try editor.open("# %% Data\nx = [1,2]\nfn f(a) {\n    a\n}\n# %% [markdown] Text\n# words\n# %% End\nf(x)\n")
        let file: JSON = ["textDocument": ["uri": .string(uri)]]
        let symbols = try editor.ask("textDocument/documentSymbol", file).array ?? []
        #expect(symbols.map { $0["name"] } == [.string("Data"), .string("Text"), .string("End")])
        #expect(symbols[0]["children"]?.array?.map { $0["name"] } == [.string("x"), .string("f")])
        let folds = try editor.ask("textDocument/foldingRange", file).array ?? []
        #expect(folds.contains(["startLine": .integer(0), "endLine": .integer(4), "kind": .string("region")]))
        #expect(folds.contains(["startLine": .integer(2), "endLine": .integer(3)]))
        #expect(try editor.ask("textDocument/codeLens", file).array?.count == 4)
        let layout = try editor.ask("textDocument/formatting", file).array ?? []
        let change = try #require(layout.first)
        #expect(change["newText"]?.string?.contains("x = [1, 2]") == true)
        editor.change([["range": try #require(change["range"]), "text": try #require(change["newText"])]])
        #expect(try editor.findings(uri).isEmpty)
        #expect(try editor.ask("textDocument/formatting", file) == .array([]))
        var selection = try editor.ask(
            "textDocument/selectionRange",
            ["textDocument": ["uri": .string(uri)], "positions": .array([Editor.position(1, 5)])]
        ).array?.first
        var starts: [JSON] = []
        while let range = selection?["range"] {
            starts.append(range)
            selection = selection?["parent"]
        }
        #expect(starts.first == Editor.range(1, 5, 1, 6) && starts.contains(Editor.range(1, 4, 1, 10)))
        let tokens = try editor.ask("textDocument/semanticTokens/full", file)["data"]?.array ?? []
        #expect(!tokens.isEmpty && tokens.count % 5 == 0)
        _ = editor.status()
    }
}
