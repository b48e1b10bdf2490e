import Glibc
import Notebook
import Testing

@Suite("What the REPL shows")
struct REPLDisplayTests {
    private func start(_ environment: [String: String] = [:], _ arguments: String...) throws -> PseudoTerminal {
        let terminal = try PseudoTerminal(
            arguments: ["--no-init"] + arguments, folder: try Program.temporaryFolder(), environment: environment)
        try terminal.wait(for: "In [1]: ")
        return terminal
    }

    private func raw(_ terminal: PseudoTerminal) -> String { String(decoding: terminal.raw, as: UTF8.self) }

    @Test
    func `Tensors show dtype, shape, extremes and four decimals; networks, datasets and runs summaries`() throws {
        let terminal = try start(["PAGER": "cat"])
        terminal.enter("tensor([[0.5, -0.6931], [2.0, 1.0]])")
        try terminal.wait(for: "float32 [2, 2]")
        try terminal.wait(for: "min -0.6931")
        try terminal.wait(for: "-0.6931")
        terminal.enter("digits = dataset(\"digits\"); digits")
        try terminal.wait(for: "1797")
        terminal.enter("net = Sequential(Linear(64, 10)); net")
        try terminal.wait(for: "Linear(64, 10)")
        terminal.enter("fit(net, digits, epochs=2)")
        try terminal.wait(for: "epoch")
        try terminal.wait(for: "In [5]: ")
    }

    @Test
    func `Long output goes through the pager, short output does not`() throws {
        let terminal = try start(["PAGER": "sed s/^/paged:/"])
        terminal.enter("7")
        try terminal.wait(for: "Out[1]: 7")
        try terminal.wait(for: "In [2]: ")
        terminal.enter("?distill")
        try terminal.wait(for: "paged:distill(")
        try terminal.wait(for: "In [3]: ")
    }

    @Test
    func `NO_COLOR, TERM=dumb and --color are honoured`() throws {
        let colour = "\u{1B}[3"
        let coloured = try start()
        coloured.enter("1 / 0")
        try coloured.wait(for: "In [2]: ")
        #expect(raw(coloured).contains(colour))
        for (environment, arguments) in [(["NO_COLOR": "1"], []), (["TERM": "dumb"], []), ([:], ["--color", "never"])] {
            let plain = try PseudoTerminal(
                arguments: ["--no-init"] + arguments, folder: try Program.temporaryFolder(), environment: environment)
            try plain.wait(for: "In [1]: ")
            plain.enter("1 / 0")
            try plain.wait(for: "division by zero")
            try plain.wait(for: "In [2]: ")
            #expect(!raw(plain).contains(colour), "\(environment) \(arguments)")
        }
    }

    @Test
    func `A figure is a picture where the terminal takes one, else a path and a sketch`() throws {
        for (choice, opening) in [
            ("kitty", "\u{1B}_Ga=T,f=100"), ("iterm", "\u{1B}]1337;File=inline=1"), ("sixel", "\u{1B}P0;1;0q"),
        ] {
            let terminal = try start(["DISTILL_IMAGES": choice])
            terminal.enter("plot([3.0, 2.0, 1.0])")
            try terminal.wait(for: "In [2]: ")
            #expect(raw(terminal).contains(opening), "\(choice)")
        }
        let plain = try start(["DISTILL_IMAGES": "none"])
        plain.enter("plot([3.0, 2.0, 1.0])")
        try plain.wait(for: ".png\n")
        try plain.wait(for: "In [2]: ")
    }

    @Test(arguments: [
        ("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;4c", "\u{1B}_Ga=T"), ("\u{1B}[?62;4;22c", "\u{1B}P0;1;0q"),
        ("\u{1B}[?62;22c", ".png"),
    ])
    func `A terminal that is asked answers with what it can show`(_ answer: String, _ opening: String) throws {
        let terminal = try start()
        terminal.enter("plot([3.0, 2.0, 1.0])")
        try terminal.waitRaw(for: "\u{1B}[c")
        terminal.type(answer)
        try terminal.wait(for: "In [2]: ")
        #expect(raw(terminal).contains(opening))
        // The answer is not taken for typing.
        terminal.enter("40 + 2")
        try terminal.wait(for: "Out[2]: 42")
    }

    @Test
    func `Progress shows epoch, loss, rate and the time left`() throws {
        let terminal = try start()
        terminal.enter("fit(Sequential(Linear(64, 64), Linear(64, 10)), dataset(\"digits\"), epochs=100000)")
        let line = try terminal.wait(for: " left")
        #expect(line.contains("epoch ") && line.contains("loss ") && line.contains("examples/s"))
        terminal.type("\u{03}")
        try terminal.wait(for: "In [2]: ")
    }
}
