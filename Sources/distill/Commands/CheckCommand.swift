import ArgumentParser
import Checking
import Diagnostics
import Notebook

/// `distill check FILE`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find the errors of a script without running it.")

    @Argument(help: "The scripts; `-` reads standard input.", completion: .file(extensions: ["dist"]))
    var files: [String]

    @OptionGroup var color: ColorOptions

    func run() throws {
        let face = TerminalFace(color: color.choice, isQuiet: true)
        let library = Session.library()
        var failed = false
        for file in files {
            guard let source = face.read(file) else {
                failed = true
                continue
            }
            let diagnostics = Check.diagnostics(of: source, library: library)
            face.show(diagnostics)
            failed = failed || !diagnostics.isEmpty
        }
        if failed { throw ExitCode(1) }
    }
}
