import ArgumentParser
import Base
import Diagnostics
import Drawing
import Notebook
import Runtime

/// `distill compare runs/a runs/b`.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Put records of runs side by side: what differs, and their curves.",
        discussion: """
            Records are folders written by `save(run, "runs/name")`, `distill run --record runs/name` and `distill sweep`.

              distill compare runs/a runs/b
              distill compare runs/a runs/b -o curves.png
            """)

    @Argument(help: "The folders of two records or more.", completion: .directory)
    var folders: [String]

    @Option(name: .shortAndLong, help: "Write the curves over each other: .png, .svg or .pdf.")
    var output: String?

    @Option(help: "The curve to draw, such as val_accuracy; the loss and the validation curves when left out.")
    var curve: String?

    @Flag(help: "Show the rows that are equal as well.")
    var all = false

    @OptionGroup var color: ColorOptions

    func validate() throws {
        if folders.count < 2 { throw ValidationError("give two records or more, such as runs/a runs/b") }
    }

    func run() throws {
        let face = TerminalFace(color: color.choice, isQuiet: true)
        do {
            let comparison = try RecordComparison(folders: folders)
            let (rows, equal) = comparison.table(showingAll: all)
            face.output.writeLine(Markup(table: rows))
            if equal > 0 { face.note("\(equal) rows are equal and not shown; --all shows them") }
            if let output {
                try comparison.figure(curve: curve).write(to: output)
                face.note("written to \(output)")
            } else if face.output.isTerminal, let figure = try? comparison.figure(curve: curve) {
                face.show(Presentation(of: figure), prompt: Markup())
            } else if let curve {
                _ = try comparison.figure(curve: curve)
            }
        } catch let failure as Failure {
            face.show([Diagnostic(failure.kind, failure.message, help: failure.help)])
            throw ExitCode(1)
        } catch let error as any DescribedError {
            face.show([Diagnostic(error.kind, error.message)])
            throw ExitCode(1)
        }
    }
}
