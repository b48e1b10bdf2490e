import ArgumentParser
import LanguageServer

/// `distill lsp`, which editors start.
struct LanguageServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lsp", abstract: "The language server: what editors ask while a script is written.",
        discussion: "Editors start it and speak to it on standard input and output; scripts/editors/README.md says how."
    )

    @Flag(help: "Speak on standard input and output, as it always does; some editors pass this.")
    var stdio = false

    func run() throws { throw ExitCode(LanguageServer().run()) }
}
