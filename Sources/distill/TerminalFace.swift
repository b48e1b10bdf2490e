import Base
import Diagnostics
import Drawing
import Glibc
import Notebook

/// Shows what a session gives: results on standard output, errors and progress on standard error.
final class TerminalFace {
    let output: OutputStream
    let errors: OutputStream
    private let images: TerminalImages
    private var imageMethod: TerminalImages.Method??
    private var figureCount = 0
    /// The script that runs: figures that the terminal cannot show are written beside it.
    var script: String?
    private let progress: ProgressLine?
    /// Ends the progress line before anything else is written.
    private var midLine = false

    init(color: OutputStream.ColorChoice, isQuiet: Bool) {
        output = OutputStream(descriptor: 1, color: color)
        errors = OutputStream(descriptor: 2, color: color)
        images = TerminalImages(output)
        progress = isQuiet ? nil : ProgressLine(errors)
    }

    /// Lets the session write here.
    func attach(to session: Session) {
        session.onOutput = { [unowned self] in show($0) }
        if let progress { session.interpreter.progress = { progress.update($0) } }
    }

    /// Shows what comes out while a cell runs.
    func show(_ part: Session.Output) {
        progress?.clear()
        switch part {
        case .text(let text):
            output.write(text)
            midLine = !text.plain.hasSuffix("\n")
        case .value(let value): show(value, prompt: Markup())
        case .markdown(let text): output.writeLine(Markup(text))
        case .warning(let text):
            finishLine()
            var line = Markup("warning", .warning)
            line.append(": \(text)")
            errors.writeLine(line)
        }
    }

    /// Shows a value behind a prompt such as `Out[3]: `; text of several lines begins on a line of its own.
    func show(_ value: Presentation, prompt: Markup) {
        finishLine()
        if let figure = value.figure, output.isTerminal || script != nil {
            show(figure, in: value.file, prompt: prompt)
            return
        }
        var text = prompt
        if !prompt.isEmpty, value.text.plain.contains("\n") { text.append("\n") }
        text.append(value.text)
        if prompt.isEmpty { output.writeLine(text) } else { Pager(output).show(text) }
    }

    /// Shows errors, an interrupt as one line that says where.
    func show(_ diagnostics: [Diagnostic]) {
        finishLine()
        for (index, diagnostic) in diagnostics.enumerated() {
            if index > 0 { errors.writeLine() }
            if diagnostic.kind == .interrupt {
                errors.writeLine(interruption(diagnostic))
            } else {
                errors.writeLine(DiagnosticRenderer.render(diagnostic))
            }
        }
    }

    private func interruption(_ diagnostic: Diagnostic) -> Markup {
        var line = Markup("interrupted", .warning)
        if let label = diagnostic.labels.first {
            let place = label.source.position(at: label.span.lower)
            line.append(" at \(label.source.name):\(place.line):\(place.column)")
        }
        if diagnostic.message != "interrupted" { line.append(": \(diagnostic.message)") }
        for help in diagnostic.help { line.append("; \(help)") }
        return line
    }

    /// Reads a script; shows why when it cannot be read.
    func read(_ path: String) -> SourceText? {
        do {
            return SourceText(name: path == "-" ? "<stdin>" : path, bytes: try WholeFile.read(path))
        } catch {
            let folder = WholeFile.folder(of: path)
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let near = Nearest.match(name, in: WholeFile.namesIfAny(in: folder).filter { $0.hasSuffix(".dist") })
            let help = near.map { ["did you mean \(folder == "." ? "" : folder + "/")\($0)?"] } ?? []
            show([Diagnostic(error.kind, error.message, help: help)])
            return nil
        }
    }

    /// A note on standard error.
    func note(_ text: String) { errors.writeLine(Markup(text, .dim)) }

    /// Goes to a new line when a script has left its last one open, and takes the progress line away.
    func finishLine() {
        progress?.clear()
        if midLine, output.isTerminal { output.write("\n") }
        midLine = false
    }

    // MARK: Figures

    private func show(_ figure: Figure, in file: String?, prompt: Markup) {
        output.write(prompt)
        if imageMethod == nil { imageMethod = .some(output.isTerminal ? images.method() : nil) }
        do {
            if let file, script != nil, case .some(.none) = imageMethod {
                // The program has written it: one file is enough.
                describe(figure, file)
                return
            }
            let png = try figure.png()
            if case .some(.some(let method)) = imageMethod {
                if !prompt.isEmpty { output.write("\n") }
                try images.show(png: png, method: method)
                return
            }
            figureCount += 1
            describe(figure, try write(png))
        } catch {
            output.writeLine(Markup("\(figure.altText) (\(error))"))
        }
    }

    /// Where a picture is, and what it shows.
    private func describe(_ figure: Figure, _ path: String) {
        output.writeLine(Markup(path))
        output.writeLine(
            Markup(
                output.isTerminal
                    ? figure.sketch(columns: min(100, output.size.columns - 1), rows: 16) : figure.altText))
    }

    /// Writes a figure that nothing here can show, and says where: beside the script under its name, else in the working
    /// folder; of a prompt in the folder for temporary files.
    private func write(_ png: [UInt8]) throws -> String {
        guard let script else {
            let path = "\(Environment["TMPDIR"] ?? "/tmp")/distill-\(getpid())-\(figureCount).png"
            try WholeFile.write(png, to: path)
            return path
        }
        let file = script.split(separator: "/").last.map(String.init) ?? script
        let name = "\(file.hasSuffix(".dist") ? String(file.dropLast(5)) : file)-\(figureCount).png"
        let folder = WholeFile.folder(of: script)
        let beside = folder == "." ? name : folder == "/" ? "/" + name : "\(folder)/\(name)"
        do {
            try WholeFile.write(png, to: beside)
            return beside
        } catch let failure {
            guard beside != name else { throw failure }
            try WholeFile.write(png, to: name)
            note("\(beside) cannot be written: the figure is in the working folder")
            return name
        }
    }
}
