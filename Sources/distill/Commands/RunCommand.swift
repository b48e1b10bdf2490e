import ArgumentParser
import Notebook

/// `distill`, `distill FILE`, `distill -e CODE`, `distill -`: what happens without a command's name.
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start the REPL, or run what is given.", shouldDisplay: false)

    @Argument(help: "A script to run; `-` reads standard input.", completion: .file(extensions: ["dist"]))
    var file: String?

    // Code may begin with a minus.
    @Option(
        name: .customShort("e"), parsing: .unconditional,
        help: ArgumentHelp("Run this text and show its value.", valueName: "code"))
    var code: String?

    @Flag(name: .customShort("i"), help: "Stay in the REPL afterwards.")
    var staysOpen = false

    @Flag(help: "Do not read the init file.")
    var noInit = false

    @OptionGroup var options: RunOptions

    func validate() throws {
        if file != nil, code != nil { throw ValidationError("give either a file or -e, not both") }
    }

    func run() throws {
        var invocation = Invocation()
        invocation.file = file
        invocation.code = code
        invocation.staysOpen = staysOpen
        invocation.readsInitFile = !noInit
        invocation.settings = options.settings
        throw ExitCode(invocation.run())
    }
}

/// `distill run FILE`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a script in a fresh session, top to bottom.")

    @Argument(help: "The script; `-` reads standard input.", completion: .file(extensions: ["dist"]))
    var file: String

    @Flag(name: .customShort("i"), help: "Stay in the REPL afterwards.")
    var staysOpen = false

    @OptionGroup var options: RunOptions

    func run() throws {
        throw ExitCode(Runner(options.settings).run(file: file, staysOpen: staysOpen))
    }
}
