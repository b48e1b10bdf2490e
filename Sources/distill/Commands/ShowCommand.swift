import ArgumentParser
import Builtins
import Data
import Diagnostics
import Notebook
import Runtime

/// `distill show resnet18.pth`.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a file holds without loading it: weights, arrays, networks, tables, notebooks, records.",
        discussion: """
            Reads the headers of .pth .pt .bin .ckpt .safetensors .distill .npz .npy .onnx .ipynb .csv .png .jpg, IDX files and \
            the records of runs. Nothing in a file is run.

              distill show resnet18.pth
              distill show checkpoint.pth --all        every tensor
              distill show model.pth --module          a module with the file's names and shapes
            """)

    @Argument(help: "The file, or the folder of a record.", completion: .file())
    var file: String

    @Flag(help: "A line for every tensor.")
    var all = false

    @Flag(help: "Print a module declaration whose fields have the names and shapes of the file.")
    var module = false

    @Option(help: "Where the weights are in a training checkpoint, for --module.")
    var key: String?

    @OptionGroup var color: ColorOptions

    func run() throws {
        let face = TerminalFace(color: color.choice, isQuiet: true)
        do {
            if module {
                face.output.write(try FilePage.skeleton(of: file, key: key))
            } else {
                face.output.write(try FilePage.markup(of: file, isWhole: all))
            }
        } catch {
            let failure = Failure(error)
            face.show([Diagnostic(failure.kind, failure.message, help: failure.help)])
            throw ExitCode(1)
        }
    }
}
