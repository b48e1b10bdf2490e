import Base
import Glibc
import Notebook
import Testing

@Suite("REPL in a terminal")
struct REPLTests {
    private func start(_ folder: String? = nil) throws -> (terminal: PseudoTerminal, folder: String) {
        let folder = try folder ?? Program.temporaryFolder()
        let terminal = try PseudoTerminal("--no-init", folder: folder)
        try terminal.wait(for: "In [1]: ")
        return (terminal, folder)
    }

    @Test
    func `Entries are numbered, results shown, assignments silent`() throws {
        let (terminal, _) = try start()
        terminal.enter("x = 20")
        let silent = try terminal.wait(for: "In [2]: ")
        #expect(!silent.contains("Out[1]"))
        terminal.enter("x + 1")
        try terminal.wait(for: "Out[2]: 21")
        try terminal.wait(for: "In [3]: ")
        terminal.enter("_ + _2 + Out[2]")
        try terminal.wait(for: "Out[3]: 63")
        try terminal.wait(for: "In [4]: ")
        terminal.enter("x;")
        let silenced = try terminal.wait(for: "In [5]: ")
        #expect(!silenced.contains("Out["))
        terminal.type("\u{04}")
        #expect(terminal.waitForEnd() == 0)
    }

    @Test
    func `An error leaves the session intact`() throws {
        let (terminal, _) = try start()
        terminal.enter("x = 7")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("x / 0")
        try terminal.wait(for: "error[math]")
        try terminal.wait(for: "In [3]: ")
        terminal.enter("x")
        try terminal.wait(for: "Out[3]: 7")
    }

    @Test
    func `Enter continues an incomplete cell and says why`() throws {
        let (terminal, _) = try start()
        terminal.enter("for i in range(2) {")
        try terminal.wait(for: "`{` opened in line 1")
        terminal.enter("print(i + 40)")
        terminal.enter("}")
        try terminal.wait(for: "\n40\n41\n")
        try terminal.wait(for: "In [2]: ")
    }

    @Test
    func `A paste of several lines is one cell, without the prompts of a transcript`() throws {
        let (terminal, _) = try start()
        terminal.paste("In [1]: a = 1\n\nIn [2]: b = 2\n\nIn [3]: a + b\nOut[3]: 3\n")
        terminal.type("\r")
        try terminal.wait(for: "Out[1]: 3")
        try terminal.wait(for: "In [2]: ")
    }

    @Test
    func `Ctrl-C stops a loop, says where, and keeps every value`() throws {
        let (terminal, _) = try start()
        terminal.enter("n = 0")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("print(\"go\"); while true { n += 1 }")
        try terminal.wait(for: "\ngo\n")
        terminal.type("\u{03}")
        try terminal.wait(for: "interrupted")
        try terminal.wait(for: "In [2]:1:")
        try terminal.wait(for: "In [3]: ")
        terminal.enter("n > 0")
        try terminal.wait(for: "Out[3]: true")
    }

    @Test(arguments: [
        "x = ones(3, 4); print(\"go\"); while true { x = x * 1.0 }",
        "x = ones(400, 400); print(\"go\"); while true { y = x @ x }",
        "net = Linear(64, 10); print(\"go\"); fit(net, dataset(\"digits\"), epochs=1000000)",
        "print(\"go\"); [sum(range(n)) for n in range(100000000)]",
    ])
    func `Ctrl-C stops tensor work, products and training`(_ code: String) throws {
        let (terminal, _) = try start()
        terminal.enter(code)
        try terminal.wait(for: "\ngo\n")
        terminal.type("\u{03}")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("40 + 2")
        try terminal.wait(for: "Out[2]: 42")
    }

    @Test(arguments: [
        "fit(net, digits, epochs=1000000)",
        "fit(net, digits, validate=digits, epochs=1000000)",
        "distill(Linear(64, 10) -> net, digits, loss=soft(T=2), epochs=1000000)",
    ])
    func `Ctrl-C in training says in which epoch, keeps the weights and tells how to go on`(_ call: String) throws {
        let (terminal, _) = try start()
        terminal.enter("digits = dataset(\"digits\"); net = Sequential(Linear(64, 64), ReLU(), Linear(64, 10))")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("before = net.copy()")
        try terminal.wait(for: "In [3]: ")
        terminal.enter(call)
        try terminal.wait(for: "examples/s")
        terminal.type("\u{03}")
        try terminal.wait(for: "interrupted at In [3]:1:1: ")
        let sentence = try terminal.wait(for: "In [4]: ")
        #expect(sentence.contains(" stopped in epoch "))
        #expect(sentence.contains("; the network keeps its weights; call it again to go on from these weights"))
        terminal.enter("all(net[0].weight == before[0].weight)")
        try terminal.wait(for: "Out[4]: false")
    }

    @Test
    func `Ctrl-C in a script says where training stopped and ends with status 130`() throws {
        let folder = try Program.temporaryFolder()
        let script = "net = Linear(64, 10)\nfit(net, dataset(\"digits\"), epochs=1000000)\nprint(\"not reached\")\n"
        try WholeFile.write(Array(script.utf8), to: folder + "/a.dist")
        let terminal = try PseudoTerminal("run", "a.dist", folder: folder)
        try terminal.wait(for: "examples/s")
        terminal.type("\u{03}")
        try terminal.wait(for: "interrupted at a.dist:2:1: fit stopped in epoch ")
        #expect(terminal.waitForEnd() == 130)
        #expect(!String(decoding: terminal.raw, as: UTF8.self).contains("not reached"))
    }

    @Test
    func `Ctrl-C at the prompt clears the line and takes no number`() throws {
        let (terminal, _) = try start()
        terminal.type("half a wo")
        try terminal.wait(for: "half a wo")
        terminal.type("\u{03}")
        try terminal.wait(for: "^C")
        try terminal.wait(for: "In [1]: ")
        terminal.enter("3")
        try terminal.wait(for: "Out[1]: 3")
    }

    @Test
    func `Ctrl-C stands between the keys before it and those behind it, however fast they come`() throws {
        let (terminal, _) = try start()
        for number in 1...20 {
            terminal.type("kd(")
            try terminal.wait(for: "kd(")
            terminal.type("\u{03}6 * \(number)\r")
            try terminal.wait(for: "Out[\(number)]: \(6 * number)\n")
            try terminal.wait(for: "In [\(number + 1)]: ")
        }
    }

    @Test
    func `Ctrl-C leaves a search, a half-typed key and a half-typed cell`() throws {
        let (terminal, _) = try start()
        for (number, start) in ["\u{12}abc", "\u{1B}", "\u{18}", "f = (\r[1, "].enumerated() {
            terminal.type(start + "\u{03}6 * 7\r")
            try terminal.wait(for: "Out[\(number + 1)]: 42\n")
        }
    }

    @Test
    func `A signal that is no key clears the line as well`() throws {
        let (terminal, _) = try start()
        terminal.type("half a wo")
        try terminal.wait(for: "half a wo")
        terminal.signal(SIGINT)
        try terminal.wait(for: "^C")
        try terminal.wait(for: "In [1]: ")
        terminal.enter("3")
        try terminal.wait(for: "Out[1]: 3")
    }

    @Test
    func `Tab completes names, arguments and commands`() throws {
        let (terminal, _) = try start()
        terminal.enter("temperature = 4")
        try terminal.wait(for: "In [2]: ")
        terminal.type("tempe\t")
        try terminal.wait(for: "temperature")
        terminal.type(" + 1\r")
        try terminal.wait(for: "Out[2]: 5")
        try terminal.wait(for: "In [3]: ")
        terminal.enter("fn kd(student, tau=2) { return student * tau }")
        try terminal.wait(for: "In [4]: ")
        terminal.type("kd(3, t\t5)\r")
        try terminal.wait(for: "Out[4]: 15")
        try terminal.wait(for: "In [5]: ")
        terminal.type(":va\t\r")
        try terminal.wait(for: "temperature  int  4")
    }

    @Test
    func `Questions and commands take numbers and answer`() throws {
        let (terminal, folder) = try start()
        terminal.enter("fn kd(s, t, T=4) { \"The soft loss.\"; return s }")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("?kd")
        try terminal.wait(for: "kd(s, t, T=4)")
        try terminal.wait(for: "The soft loss.")
        try terminal.wait(for: "In [3]: ")
        terminal.enter("??kd")
        try terminal.wait(for: "return s")
        try terminal.wait(for: "In [4]: ")
        terminal.enter("prnt?")
        try terminal.wait(for: "did you mean print?")
        terminal.enter(":nonsense")
        try terminal.wait(for: "there is no command :nonsense")
        terminal.enter("1 / 0")
        try terminal.wait(for: "In [7]: ")
        terminal.enter(":save kd.dist")
        try terminal.wait(for: "1 cells written to kd.dist")
        let saved = String(decoding: try WholeFile.read(folder + "/kd.dist"), as: UTF8.self)
        #expect(saved == "# %%\nfn kd(s, t, T=4) { \"The soft loss.\"; return s }\n")
        terminal.enter(":quit")
        #expect(terminal.waitForEnd() == 0)
    }

    @Test
    func `History lasts, holds blocks as one entry, and survives kill -9`() throws {
        let (first, folder) = try start()
        first.enter("a = 11")
        try first.wait(for: "In [2]: ")
        first.enter("for i in [5] {")
        first.enter("print(i + 100)")
        first.enter("}")
        try first.wait(for: "\n105\n")
        try first.wait(for: "In [3]: ")
        first.enter("print(\"busy\"); while true { }")
        try first.wait(for: "\nbusy\n")
        first.signal(SIGKILL)
        #expect(first.waitForEnd() == 128 + SIGKILL)

        let (second, _) = try start(folder)
        second.type("\u{10}\u{10}")
        try second.wait(for: "print(i + 100)")
        second.type("\r")
        try second.wait(for: "\n105\n")
        let path = folder + "/.local/state/distill/history"
        let lines = String(decoding: try WholeFile.read(path), as: UTF8.self).split(separator: "\n")
        #expect(lines.first == "a = 11")
        #expect(lines.contains("for i in [5] {\\n    print(i + 100)\\n}"))
        #expect(lines.contains("print(\"busy\"); while true { }"))
    }

    @Test
    func `Two sessions at once lose nothing of each other`() throws {
        let (one, folder) = try start()
        let (two, _) = try start(folder)
        for round in 1...5 {
            one.enter("\(round) * 10")
            two.enter("\(round) * 1000")
            try one.wait(for: "Out[\(round)]: \(round * 10)")
            try two.wait(for: "Out[\(round)]: \(round * 1000)")
        }
        let path = folder + "/.local/state/distill/history"
        let lines = String(decoding: try WholeFile.read(path), as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(Set(lines) == Set((1...5).flatMap { ["\($0) * 10", "\($0) * 1000"] }))
        #expect(lines.count == 10)
    }

    @Test
    func `A new window size and a long line do no harm`() throws {
        let (terminal, _) = try start()
        let sum = (1...40).map(String.init).joined(separator: " + ")
        terminal.type(sum)
        try terminal.wait(for: " + 40")
        terminal.resize(columns: 40, rows: 10)
        terminal.type("\r")
        try terminal.wait(for: "Out[1]: 820")
    }

    @Test
    func `~/.inputrc counts, also its $if distill part`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("$if distill\n\"\\C-t\": \"6 * 7\"\n$endif\n".utf8), to: folder + "/.inputrc")
        let (terminal, _) = try start(folder)
        terminal.type("\u{14}\r")
        try terminal.wait(for: "Out[1]: 42")
    }

    @Test
    func `The init file runs, unless --no-init says otherwise`() throws {
        let folder = try Program.temporaryFolder()
        mkdir(folder + "/.config", 0o700)
        mkdir(folder + "/.config/distill", 0o700)
        try WholeFile.write(Array("mine = 99".utf8), to: folder + "/.config/distill/init.dist")
        let with = try PseudoTerminal(folder: folder)
        try with.wait(for: "In [1]: ")
        with.enter("mine")
        try with.wait(for: "Out[1]: 99")
        let (without, _) = try start(folder)
        without.enter("mine")
        try without.wait(for: "error[name]")
    }

    @Test
    func `run -i stays in the session of the script`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("secret = 12345".utf8), to: folder + "/a.dist")
        let terminal = try PseudoTerminal("run", "-i", "a.dist", folder: folder)
        try terminal.wait(for: "In [1]: ")
        terminal.enter("secret")
        try terminal.wait(for: "Out[1]: 12345")
    }
}
