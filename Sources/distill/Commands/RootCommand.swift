import ArgumentParser
import Notebook

/// `distill` and everything behind it.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "A notebook-style REPL for knowledge distillation.",
        discussion: """
            Without arguments it starts the REPL; with a file it runs the file.

              distill                      the REPL
              distill kd.dist              run a script
              distill -e 'randn(2, 3)'     one expression
              distill - < kd.dist          read standard input
              distill help language        learn the language in ten minutes
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, ReportCommand.self, ConvertCommand.self, CompareCommand.self, SweepCommand.self,
            CheckCommand.self, FormatCommand.self, KernelCommand.self, LanguageServerCommand.self, ShowCommand.self,
            TeacherCommand.self,
            DoctorCommand.self, DocCommand.self,
            ExplainCommand.self, HelpCommand.self, CompletionsCommand.self, StartCommand.self,
        ],
        defaultSubcommand: StartCommand.self)
}

/// The options of every command that runs something.
struct RunOptions: ParsableArguments {
    @Option(name: .customLong("set"), help: "Override a `param` of the script; may be given several times.")
    var parameters: [ParameterSetting] = []

    @Option(help: "The seed of all random streams.")
    var seed: UInt64?

    @Option(help: "How many threads to compute with.")
    var threads: Int?

    @Option(help: ArgumentHelp("The most memory to use, such as 2GB.", valueName: "size"))
    var maxMemory: ByteCount?

    @Option(help: ArgumentHelp("Stop after this many seconds.", valueName: "seconds"))
    var timeout: Double?

    @Flag(
        help:
            "Compute everything plainly, one operation after the other by scalar loops: slow, and what all else is checked against."
    )
    var plain = false

    @Flag(name: .shortAndLong, help: "No progress, no banner.")
    var quiet = false

    @OptionGroup var color: ColorOptions

    /// The options as values.
    var settings: RunSettings {
        RunSettings(
            parameters: parameters, seed: seed, threads: threads, memoryLimit: maxMemory?.bytes, timeLimit: timeout,
            isPlain: plain, isQuiet: quiet, color: color.choice)
    }

    func validate() throws {
        if let threads, threads < 1 || threads > 1024 {
            throw ValidationError("--threads must be between 1 and 1024, not \(threads)")
        }
        if let timeout, !(timeout > 0) { throw ValidationError("--timeout must be a positive number of seconds") }
    }
}

/// When to use colour.
struct ColorOptions: ParsableArguments {
    @Option(name: [.customLong("color")], help: "When to use colour: auto, always or never.")
    var choice: OutputStream.ColorChoice = .auto
}

extension OutputStream.ColorChoice: ExpressibleByArgument {}

/// `T=8` behind `--set`.
struct ParameterSetting: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}

/// `2GB`, `512MB`, `1000000`.
struct ByteCount: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let digits = argument.prefix { $0.isNumber || $0 == "." }
        let units: [String: Double] = [
            "": 1, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "KIB": 1024,
            "MIB": 1_048_576, "GIB": 1_073_741_824,
        ]
        guard let number = Double(digits), let unit = units[argument.dropFirst(digits.count).uppercased()],
            let bytes = Int(exactly: (number * unit).rounded()), bytes > 0
        else { return nil }
        self.bytes = bytes
    }
}
