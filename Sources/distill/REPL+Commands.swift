import Base
import Diagnostics
import Drawing
import Glibc
import Notebook
import Tensors

extension REPL {
    /// The commands with what they do, in the order of the help page.
    static let commands: [(name: String, summary: String)] = [
        ("vars", "the variables, with their types and shapes"), ("type", "the type of a value"),
        ("time", "run once and show the time"), ("timeit", "run many times and show the time of one"),
        ("run", "run a script in this session"), ("save", "write the entries that succeeded as a notebook"),
        ("load", "put a file into the editor"), ("edit", "edit an entry in $EDITOR"),
        ("report", "write the session as .html or .md"), ("plot", "show the last figure again, or write it"),
        ("clear", "clear the screen"), ("reset", "forget every variable"), ("set", "show or change a setting"),
        ("history", "the last entries"), ("help", "a topic, a name, or words to search for"), ("quit", "leave"),
    ]

    static var commandNames: [String] { commands.map { ":" + $0.name } }

    /// Runs a command; an exit status when it is `:quit`.
    func command(_ text: String) -> Int32? {
        let body = text.dropFirst()
        let name = String(body.prefix { !$0.isWhitespace })
        let argument = String(body.dropFirst(name.count)).trimmed
        switch name {
        case "quit", "q", "exit": return 0
        case "vars": showVariables()
        case "type": evaluate(argument) { self.face.output.writeLine(Markup(self.session.typeDescription(of: $0))) }
        case "time": time(argument)
        case "timeit": timeRepeatedly(argument)
        case "run": runScript(argument)
        case "load": load(argument)
        case "save": save(argument)
        case "edit": edit(argument)
        case "report": report(argument)
        case "plot": plot(argument)
        case "clear": face.output.write("\u{1B}[H\u{1B}[2J")
        case "reset": reset()
        case "set": set(argument)
        case "history": showHistory(argument)
        case "help":
            if let question = Question("?" + argument), !argument.isEmpty { answer(question) } else { showCommands() }
        default:
            let near = Nearest.match(name, in: Self.commands.map(\.name)).map { "; did you mean :\($0)?" } ?? ""
            complain("there is no command :\(name)\(near)")
        }
        return nil
    }

    private func complain(_ message: String) { face.errors.writeLine(Markup(message)) }

    private func showCommands() {
        Pager(face.output).show(Topic.named("repl")?.text ?? Markup())
    }

    private func showVariables() {
        let variables = session.variables
        guard !variables.isEmpty else {
            face.note("no variables yet")
            return
        }
        let width = variables.map { DisplayWidth.of($0.name) }.max() ?? 0
        var list = Markup()
        for (index, variable) in variables.enumerated() {
            if index > 0 { list.append("\n") }
            list.append(variable.name, .name)
            list.append(String(repeating: " ", count: width - DisplayWidth.of(variable.name) + 2))
            list.append(variable.type + "  ", .dim)
            list.append(variable.brief)
        }
        Pager(face.output).show(list)
    }

    /// Runs an expression without a number and hands its value on.
    private func evaluate(_ text: String, _ body: (Presentation) -> Void) {
        guard !text.isEmpty else { return complain("give an expression") }
        let result = session.run(SourceText(name: "command", text: text), range: nil)
        face.finishLine()
        face.show(result.diagnostics)
        if let value = result.value { body(value) }
    }

    private func time(_ text: String) {
        guard !text.isEmpty else { return complain("give code to time") }
        let result = session.run(SourceText(name: ":time", text: text), range: nil)
        face.finishLine()
        face.show(result.diagnostics)
        if let value = result.value { face.show(value, prompt: Markup()) }
        if result.succeeded { face.output.writeLine(Markup(Duration.text(result.seconds), .dim)) }
    }

    /// Runs often enough for a tenth of a second, seven times, and shows mean and deviation of one run.
    private func timeRepeatedly(_ text: String) {
        guard !text.isEmpty else { return complain("give code to time") }
        let single = "\(text);"
        let first = session.run(SourceText(name: ":timeit", text: single), range: nil)
        face.finishLine()
        guard first.succeeded else { return face.show(first.diagnostics) }
        let repeats = max(1, min(1_000_000, Int(0.1 / max(first.seconds, 1e-7))))
        let loop = SourceText(name: ":timeit", text: "for _timeit in range(\(repeats)) {\n\(single)\n}")
        var times: [Double] = []
        for _ in 0..<7 {
            let result = session.run(loop, range: nil)
            guard result.succeeded else { return face.show(result.diagnostics) }
            times.append(result.seconds / Double(repeats))
        }
        face.finishLine()
        let mean = times.reduce(0, +) / Double(times.count)
        let deviation = (times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(times.count - 1)).squareRoot()
        face.output.writeLine(
            Markup(
                "\(Duration.fine(mean)) ± \(Duration.fine(deviation)) per run (mean ± standard deviation of "
                    + "\(times.count) times \(repeats) runs)"))
    }

    // MARK: Files

    private func read(_ path: String) -> SourceText? {
        do {
            return SourceText(name: path, bytes: try WholeFile.read(path))
        } catch {
            complain(error.message)
            return nil
        }
    }

    private func write(_ bytes: [UInt8], to path: String) -> Bool {
        do {
            try WholeFile.write(bytes, to: path)
            return true
        } catch {
            complain(error.message)
            return false
        }
    }

    private func runScript(_ path: String) {
        guard !path.isEmpty else { return complain("give a file") }
        guard let source = read(path) else { return }
        do {
            let errors = try session.run(script: source, folder: WholeFile.folder(of: path))
            face.finishLine()
            face.show(errors)
        } catch {
            complain("--set \(error.name): the script has no param of that name")
        }
    }

    private func load(_ path: String) {
        guard !path.isEmpty else { return complain("give a file") }
        if let source = read(path) { preloaded = source.text.trimmedEnd }
    }

    private func save(_ path: String) {
        guard !path.isEmpty else { return complain("give a file such as kd.dist") }
        let cells = session.entries.filter { $0.result.succeeded }.map { "# %%\n\($0.text.trimmedEnd)\n" }
        guard !cells.isEmpty else { return complain("no entry has succeeded yet") }
        if write(Array(cells.joined(separator: "\n").utf8), to: path) {
            face.note("\(cells.count) cells written to \(path)")
        }
    }

    private func edit(_ argument: String) {
        var text = ""
        if let number = Int(argument) {
            guard let entry = session.entries.first(where: { $0.number == number }) else {
                return complain("there is no entry \(number) with code")
            }
            text = entry.text
        }
        let path = "\(Environment["TMPDIR"] ?? "/tmp")/distill-\(getpid())-edit.dist"
        guard write(Array(text.utf8), to: path) else { return }
        defer { unlink(path) }
        let editor = Environment["VISUAL"] ?? Environment["EDITOR"] ?? "vi"
        guard Shell.run("\(editor) '\(path)'") else { return complain("\(editor) could not be run") }
        guard let edited = read(path)?.text.trimmedEnd, !edited.isEmpty, edited != text else { return }
        preloaded = edited
    }

    private func report(_ path: String) {
        guard !path.isEmpty else { return complain("give a file such as kd.html or kd.md") }
        do {
            try ReportFile.write(session.report(name: "session"), to: path)
            face.note("written to \(path)")
        } catch {
            complain(error.message)
        }
    }

    private func plot(_ path: String) {
        guard let shown = lastFigure, let figure = shown.figure else { return complain("no figure has been shown yet") }
        guard !path.isEmpty else { return face.show(shown, prompt: Markup()) }
        do {
            try figure.write(to: path)
            face.note("written to \(path)")
        } catch {
            complain("\(error)")
        }
    }

    // MARK: The session

    private func reset() {
        let number = session.nextNumber
        session = runner.session()
        session.continueNumbering(at: number)
        face.note("every variable is forgotten")
    }

    private func set(_ argument: String) {
        let words = argument.split(separator: " ").map(String.init)
        guard let name = words.first else {
            face.output.writeLine(Markup("threads \(Threads.count)\nseed    \(Randomness.state.seed)"))
            return
        }
        let value = words.count > 1 ? Int(words[1]) : nil
        switch (name, value) {
        case ("threads", let count?) where (1...1024).contains(count): Threads.count = count
        case ("seed", let seed?) where seed >= 0: Randomness.seed(UInt64(seed))
        case ("threads", _), ("seed", _): complain(":set \(name) takes a whole number")
        default: complain("there is no setting \(name); the settings are threads and seed")
        }
    }

    private func showHistory(_ argument: String) {
        let count = Int(argument) ?? 20
        var list = Markup()
        for entry in session.entries.suffix(max(0, count)) {
            if !list.isEmpty { list.append("\n") }
            list.append("\(entry.number): ", .prompt)
            list.append(entry.text.trimmedEnd)
        }
        Pager(face.output).show(list)
    }
}

/// Programs that take over the terminal for a while.
enum Shell {
    /// Runs a command line; false when it failed. Ctrl-C belongs to it while it runs.
    static func run(_ command: String) -> Bool {
        ignoringInterrupts { system(command) == 0 }
    }

    /// Runs `body` while Ctrl-C means another program.
    static func ignoringInterrupts<Result>(_ body: () -> Result) -> Result {
        var ignoring = sigaction()
        ignoring.__sigaction_handler.sa_handler = SIG_IGN
        var previous = sigaction()
        sigaction(SIGINT, &ignoring, &previous)
        defer { sigaction(SIGINT, &previous, nil) }
        return body()
    }
}
