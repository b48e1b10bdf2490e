import ArgumentParser
import Diagnostics
import Notebook

/// `distill help [TOPIC]`.
struct HelpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "Explain a command, a topic or a name of the library.",
        discussion: "Topics: \(Topic.all.map(\.name).joined(separator: ", ")).")

    @Argument(help: "A command, a topic such as `language`, or a name such as `softmax`.")
    var topic: String?

    @OptionGroup var color: ColorOptions

    func run() throws {
        guard let topic else { throw CleanExit.helpRequest(RootCommand.self) }
        if let command = RootCommand.configuration.subcommands.first(where: { $0._commandName == topic }) {
            throw CleanExit.helpRequest(command)
        }
        try HelpPrinter(color: color.choice).show(topic)
    }
}

/// `distill doc NAME`.
struct DocCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doc", abstract: "Show the reference page of a name, or write the whole manual.")

    @Argument(help: "A name of the library, such as softmax.")
    var name: String?

    @Flag(help: "Write the reference manual as Markdown.")
    var manual = false

    @OptionGroup var color: ColorOptions

    func validate() throws {
        if name == nil, !manual { throw ValidationError("give a name, or --manual") }
    }

    func run() throws {
        if manual {
            OutputStream(descriptor: 1, color: .never).write(Manual.markdown(of: Session.library()))
        } else if let name {
            try HelpPrinter(color: color.choice).show(name)
        }
    }
}

/// `distill explain CODE`.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain an error code such as E0301.")

    @Argument(help: "The code that an error shows.")
    var code: String

    @OptionGroup var color: ColorOptions

    func run() throws {
        let output = OutputStream(descriptor: 1, color: color.choice)
        guard let text = Explanations.text(for: code) else {
            throw UsageFailure("there is no error code \(code)", help: Explanations.nearest(code))
        }
        output.writeLine(text)
    }
}

/// Shows a help page, or says which names are near.
struct HelpPrinter {
    let color: OutputStream.ColorChoice

    func show(_ name: String) throws {
        let output = OutputStream(descriptor: 1, color: color)
        let help = Help(library: Session.library())
        guard let page = help.page(for: name) else {
            throw UsageFailure("nothing is called \(name)", help: help.nearest(to: name).map { "did you mean \($0)?" })
        }
        Pager(output).show(page)
    }
}
