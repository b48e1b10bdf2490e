import Base
import Glibc
import Notebook
import Testing

@Suite("REPL commands")
struct REPLCommandTests {
    private func start(_ environment: [String: String] = [:]) throws -> (terminal: PseudoTerminal, folder: String) {
        let folder = try Program.temporaryFolder()
        let terminal = try PseudoTerminal("--no-init", folder: folder, environment: environment)
        try terminal.wait(for: "In [1]: ")
        return (terminal, folder)
    }

    private func text(_ path: String) throws -> String { String(decoding: try WholeFile.read(path), as: UTF8.self) }

    @Test
    func `:type, :time and :timeit look at code without keeping a result`() throws {
        let (terminal, _) = try start()
        terminal.enter(":type zeros(2, 3)")
        try terminal.wait(for: "tensor")
        try terminal.wait(for: "In [2]: ")
        terminal.enter(":time 6 * 7")
        try terminal.wait(for: "42")
        try terminal.wait(for: "s\n")
        try terminal.wait(for: "In [3]: ")
        terminal.enter(":timeit zeros(4)")
        try terminal.wait(for: " per run (mean ± standard deviation of 7 times ")
        try terminal.wait(for: "In [4]: ")
        terminal.enter(":time 1 / 0")
        try terminal.wait(for: "error[math]")
    }

    @Test(arguments: ["quit", "exit", "quit()", "exit()"]) func `the words that people leave with end it`(
        _ word: String
    )
        throws
    {
        let (terminal, _) = try start()
        terminal.enter(word)
        #expect(terminal.waitForEnd() == 0)
    }

    @Test func `a name of the user's own is not taken for such a word`() throws {
        let (terminal, _) = try start()
        terminal.enter("help")
        try terminal.wait(for: ":vars")
        terminal.enter("quit = 6 * 7")
        terminal.enter("quit")
        try terminal.wait(for: "42")
    }

    @Test
    func `:run takes a script into the session, :load puts a file into the editor`() throws {
        let (terminal, folder) = try start()
        try WholeFile.write(Array("param T = 4\nhalf = T / 2\nprint(\"ran\")\n".utf8), to: folder + "/a.dist")
        terminal.enter(":run a.dist")
        try terminal.wait(for: "ran\n")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("half")
        try terminal.wait(for: "Out[2]: 2.0")
        try terminal.wait(for: "In [3]: ")
        terminal.enter(":load a.dist")
        try terminal.wait(for: "print(\"ran\")")
        terminal.type("\r")
        try terminal.wait(for: "ran\n")
        try terminal.wait(for: "In [5]: ")
        terminal.enter(":run gone.dist")
        try terminal.wait(for: "cannot read gone.dist")
        try terminal.wait(for: "In [6]: ")
    }

    @Test
    func `:edit hands an entry to $EDITOR and waits with what comes back`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("#!/bin/sh\nsed -i s/20/21/ \"$1\"\n".utf8), to: folder + "/editor")
        chmod(folder + "/editor", 0o755)
        let terminal = try PseudoTerminal("--no-init", folder: folder, environment: ["EDITOR": folder + "/editor"])
        try terminal.wait(for: "In [1]: ")
        terminal.enter("2 * 20")
        try terminal.wait(for: "Out[1]: 40")
        terminal.enter(":edit 1")
        try terminal.wait(for: "2 * 21")
        terminal.type("\r")
        try terminal.wait(for: "Out[3]: 42")
    }

    @Test
    func `:report and :plot write files, and say so when they cannot`() throws {
        let (terminal, folder) = try start(["TMPDIR": "/tmp"])
        terminal.enter(":plot")
        try terminal.wait(for: "no figure has been shown yet")
        terminal.enter("plot([3.0, 2.0, 1.0], title=\"Loss\")")
        try terminal.wait(for: ".png\n")
        try terminal.wait(for: "In [3]: ")
        terminal.enter(":plot loss.svg")
        try terminal.wait(for: "written to loss.svg")
        #expect(try text(folder + "/loss.svg").contains("<svg"))
        terminal.enter(":report session.html")
        try terminal.wait(for: "written to session.html")
        let page = try text(folder + "/session.html")
        #expect(page.contains("Loss") && page.contains("data:image/png;base64,"))
        terminal.enter(":report gone/session.md")
        try terminal.wait(for: "cannot write")
        terminal.enter(":report session.docx")
        try terminal.wait(for: ".html")
    }

    @Test
    func `:reset forgets, :set shows and changes, :history lists, :clear clears`() throws {
        let (terminal, _) = try start()
        terminal.enter("x = 5")
        try terminal.wait(for: "In [2]: ")
        terminal.enter(":history")
        try terminal.wait(for: "1: x = 5")
        terminal.enter(":reset")
        try terminal.wait(for: "every variable is forgotten")
        terminal.enter("x")
        try terminal.wait(for: "x is not defined")
        terminal.enter(":set seed 7")
        try terminal.wait(for: "In [6]: ")
        terminal.enter(":set")
        try terminal.wait(for: "seed    7")
        terminal.enter(":set colour 7")
        try terminal.wait(for: "there is no setting colour")
        try terminal.wait(for: "In [8]: ")
        terminal.enter(":clear")
        try terminal.wait(for: "In [9]: ")
        #expect(String(decoding: terminal.raw, as: UTF8.self).contains("\u{1B}[H\u{1B}[2J"))
    }

    @Test
    func `Help shows signature, arguments, formula, example and relatives; :help takes topics and words`() throws {
        let (terminal, _) = try start(["PAGER": "cat"])
        terminal.enter("softmax?")
        for part in ["softmax(input, dim=-1)", "exp(xᵢ)", "Arguments", "Example", "See also"] {
            try terminal.wait(for: part)
        }
        terminal.enter(":help repl")
        try terminal.wait(for: "Ctrl-R searches")
        terminal.enter(":help distillation")
        try terminal.wait(for: "distill(teacher -> student")
        terminal.enter(":help temperature")
        try terminal.wait(for: "soft")
    }

    @Test
    func `A number belongs to every entry: failed, interrupted, questions and commands`() throws {
        let (terminal, _) = try start()
        terminal.enter("1 / 0")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("print(\"go\"); while true { }")
        try terminal.wait(for: "\ngo\n")
        terminal.type("\u{03}")
        try terminal.wait(for: "In [3]: ")
        terminal.enter("?print")
        try terminal.wait(for: "In [4]: ")
        terminal.enter("")
        terminal.enter("_")
        try terminal.wait(for: "error[name]")
        try terminal.wait(for: "In [5]: ")
    }

    @Test
    func `Results of the REPL are names of the REPL only`() throws {
        for code in ["_", "Out[1]", "_1"] {
            #expect(try Program.run("-e", "1; \(code)").errors.contains("is not defined"))
        }
    }

    @Test
    func `^R searches; an entry that repeats the last is kept once`() throws {
        let (terminal, folder) = try start()
        for (number, entry) in zip(2..., ["alpha = 3", "beta = 4", "beta = 4"]) {
            terminal.enter(entry)
            // The prompt of the next entry: the present one is drawn again when its line is coloured.
            try terminal.wait(for: "In [\(number)]: ")
        }
        // The line on the screen is mended letter by letter; what was found shows in what is run.
        terminal.type("\u{12}alph")
        try terminal.wait(for: "alph':")
        terminal.type("\r")
        try terminal.wait(for: "In [5]: ")
        #expect(try text(folder + "/.local/state/distill/history") == "alpha = 3\nbeta = 4\nalpha = 3\n")
    }

    @Test
    func `vi mode edits as vi does`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("set editing-mode vi\n".utf8), to: folder + "/.inputrc")
        let terminal = try PseudoTerminal("--no-init", folder: folder)
        try terminal.wait(for: "In [1]: ")
        terminal.type("nonsense here\u{1B}")
        // readline waits whether Escape begins a longer key.
        usleep(700_000)
        terminal.type("ddi6 * 7\r")
        try terminal.wait(for: "Out[1]: 42")
    }
}
