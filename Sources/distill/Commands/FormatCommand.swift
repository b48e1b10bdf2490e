import ArgumentParser
import Base
import Checking
import Diagnostics
import Notebook

/// `distill fmt FILE`.
struct FormatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Give scripts the one layout; comments and cells are kept.")

    @Argument(
        help: "The scripts; `-` formats standard input to standard output.", completion: .file(extensions: ["dist"]))
    var files: [String]

    @Flag(help: "Change nothing; name the files that would change, with exit status 1.")
    var check = false

    @OptionGroup var color: ColorOptions

    func run() throws {
        let face = TerminalFace(color: color.choice, isQuiet: true)
        var failed = false
        for file in files {
            guard let source = face.read(file) else {
                failed = true
                continue
            }
            switch Check.formatted(source) {
            case .failure(let diagnostics):
                face.show(diagnostics)
                failed = true
            case .formatted(let text):
                failed = !finish(file, source, text, face) || failed
            }
        }
        if failed { throw ExitCode(1) }
    }

    /// False when the file would change in a check, or could not be written.
    private func finish(_ file: String, _ source: SourceText, _ text: String, _ face: TerminalFace) -> Bool {
        let changes = Array(text.utf8) != source.utf8
        if check {
            if changes { face.output.writeLine(Markup(file)) }
            return !changes
        }
        guard file != "-" else {
            face.output.write(text)
            return true
        }
        guard changes else { return true }
        do {
            try WholeFile.write(Array(text.utf8), to: file)
            return true
        } catch {
            face.show([Diagnostic(error.kind, error.message)])
            return false
        }
    }
}
