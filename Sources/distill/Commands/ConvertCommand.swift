import ArgumentParser
import Base
import Diagnostics
import Notebook

import struct Syntax.Parser

/// `distill convert kd.dist kd.ipynb`, and back.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Turn a notebook into Jupyter's format, or back.",
        discussion: """
              distill convert kd.dist kd.ipynb          for Jupyter and GitHub
              distill convert kd.dist kd.ipynb --run    with what the cells give
              distill convert kd.ipynb kd.dist          and back; outputs are left out
            """)

    @Argument(help: "The notebook to read, .dist or .ipynb.", completion: .file(extensions: ["dist", "ipynb"]))
    var input: String

    @Argument(help: "The file to write, of the other kind; the same name with the other extension when left out.")
    var output: String?

    @Flag(name: .customLong("run"), help: "Run the notebook and keep its outputs in the .ipynb file.")
    var runs = false

    @OptionGroup var options: RunOptions

    private var readsJupyter: Bool { input.hasSuffix(".ipynb") }

    private var target: String {
        if let output { return output }
        let stem = input.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
        return stem + (readsJupyter ? ".dist" : ".ipynb")
    }

    func validate() throws {
        guard readsJupyter || input.hasSuffix(".dist") else {
            throw ValidationError("a notebook is a .dist or .ipynb file, not \(input)")
        }
        guard target.hasSuffix(readsJupyter ? ".dist" : ".ipynb") else {
            throw ValidationError("\(input) becomes a \(readsJupyter ? ".dist" : ".ipynb") file, not \(target)")
        }
        if readsJupyter, runs { throw ValidationError("--run is for writing .ipynb files") }
    }

    func run() throws {
        throw ExitCode(Runner(options.settings).convert(input, to: target, runs: runs))
    }
}

extension Runner {
    /// Converts a notebook by the extensions of the two files; also a notebook that fails keeps what it gave.
    func convert(_ input: String, to output: String, runs: Bool) -> Int32 {
        guard let source = face.read(input) else { return 1 }
        var errors: [Diagnostic] = []
        var text = ""
        if input.hasSuffix(".ipynb") {
            do {
                text = try JupyterNotebook.read(source.utf8)
            } catch {
                face.show([Diagnostic(.io, "cannot convert \(input): \(error.message)", help: error.help)])
                return 1
            }
        } else if runs {
            let session = session()
            session.onOutput = { _ in }
            do {
                let ran = try session.report(running: source, path: input, command: "")
                errors = ran.errors
                text = JupyterNotebook.write(source, ran: ran.report.cells)
            } catch {
                return unknownParameter(error)
            }
            face.finishLine()
            face.show(errors)
        } else {
            text = JupyterNotebook.write(source)
        }
        do {
            try WholeFile.write(Array(text.utf8), to: output)
        } catch {
            face.show([Diagnostic(error.kind, error.message)])
            return 1
        }
        face.note("written to \(output)")
        if input.hasSuffix(".ipynb"), !Parser.parse(SourceText(name: output, text: text)).diagnostics.isEmpty {
            face.note("it is no Dist program yet: distill check \(Self.quoted(output)) says where")
        }
        return errors.first.map { $0.kind == .interrupt ? 130 : 1 } ?? 0
    }
}
