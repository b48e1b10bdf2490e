/// What the command line asks to run, however it was read.
struct Invocation {
    /// A script; `-` is standard input.
    var file: String?
    /// Code to run, and to show the value of.
    var code: String?
    /// Whether the REPL goes on afterwards.
    var staysOpen = false
    /// Whether the REPL reads the init file.
    var readsInitFile = true
    var settings = RunSettings()

    init() {}

    /// Reads the forms that are typed all day, `distill`, `distill kd.dist`, `distill run kd.dist`, `distill -e CODE`,
    /// `distill -` and `distill --no-init`; none for every other, which the argument parser reads.
    ///
    /// The parser finds its options by reflection, which takes longer than all the rest of a start.
    init?(quick arguments: [String]) {
        func isScript(_ word: String) -> Bool { word == "-" || word.hasSuffix(".dist") && !word.hasPrefix("-") }
        switch (arguments.count, arguments.first) {
        case (0, _): break
        case (1, let word?) where isScript(word): file = word
        case (1, "--no-init"): readsInitFile = false
        case (2, "run") where isScript(arguments[1]): file = arguments[1]
        case (2, "-e"): code = arguments[1]
        default: return nil
        }
    }

    /// The arguments with the command first: options may stand before it, as in `distill --plain run kd.dist`.
    static func ordered(_ arguments: [String]) -> [String] {
        let commands = Set(RootCommand.configuration.subcommands.compactMap { $0.configuration.commandName })
        let valued: Set = ["--set", "--seed", "--threads", "--max-memory", "--timeout", "--color"]
        var position = 0
        while position < arguments.count, arguments[position].hasPrefix("--") {
            position += valued.contains(arguments[position]) ? 2 : 1
        }
        guard position > 0, position < arguments.count, commands.contains(arguments[position]) else { return arguments }
        return [arguments[position]] + arguments[..<position] + arguments[(position + 1)...]
    }

    /// Runs it; the exit status.
    func run() -> Int32 {
        let runner = Runner(settings)
        if let code { return runner.run(text: code, named: "-e", displaysValues: true, staysOpen: staysOpen) }
        if let file { return runner.run(file: file, staysOpen: staysOpen) }
        if runner.isInteractive { return runner.startREPL(readsInitFile: readsInitFile) }
        return runner.run(file: "-", staysOpen: false)
    }
}

/// The options of a command that runs something, as values.
struct RunSettings {
    var parameters: [ParameterSetting] = []
    var seed: UInt64?
    var threads: Int?
    /// The most memory, in bytes.
    var memoryLimit: Int?
    /// The most seconds.
    var timeLimit: Double?
    /// Whether to compute plainly; the environment variable DISTILL_PLAIN=1 asks for it too.
    var isPlain = false
    var isQuiet = false
    var color = OutputStream.ColorChoice.auto
}
