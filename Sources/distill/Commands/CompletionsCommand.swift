import ArgumentParser

/// `distill completions bash|zsh|fish`.
struct CompletionsCommand: ParsableCommand {
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Write the completion script of a shell.",
        discussion: "For bash: distill completions bash > ~/.local/share/bash-completion/completions/distill")

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(RootCommand.completionScript(for: kind))
    }
}
