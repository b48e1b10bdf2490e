import Base
import Diagnostics
import Drawing
import Runtime
import Syntax
import Tensors

extension Session {
    /// The entries so far as a report.
    package func report(name: String) -> Report {
        let cells = entries.map { entry in
            Report.Cell(
                title: nil, source: entry.text, isMarkdown: false,
                outputs: outputs(entry.outputs, entry.result), seconds: entry.result.seconds)
        }
        let source = entries.map(\.text).joined(separator: "\n")
        return Report(
            name: name, cells: cells,
            provenance: provenance(
                script: nil, source: Array(source.utf8), command: "distill, the entries above in turn"))
    }

    /// Runs a script and keeps what it gives: the report, and the errors that ended the run.
    package func report(
        running source: SourceText, path: String, command: String
    ) throws(UnknownParameter) -> (report: Report, errors: [Diagnostic]) {
        let errors = try run(script: source, folder: WholeFile.folder(of: path))
        return (report(of: source, errors: errors, command: command), errors)
    }

    /// The report of the script that was run last.
    func report(of source: SourceText, errors: [Diagnostic], command: String) -> Report {
        var cells = scriptCells.map(cell)
        if cells.isEmpty, !errors.isEmpty {
            cells = [
                Report.Cell(title: nil, source: source.text, isMarkdown: false, outputs: errors.map { .failure($0) })
            ]
        }
        let provenance = provenance(script: source.name, source: source.utf8, command: command)
        return Report(name: source.name, cells: cells, provenance: provenance)
    }

    /// Writes a report because the program asked for it: of a script at its end, of a session as it stands.
    func requestReport(_ path: String) throws {
        if let problem = ReportFile.problem(with: path) { throw Failure(.io, "report: \(problem)") }
        guard isRunningScript else {
            do throws(Failure) {
                return try ReportFile.write(report(name: "session"), to: path)
            } catch {
                throw Failure(error.kind, "report: \(error.message)")
            }
        }
        if !requestedReports.contains(path) { requestedReports.append(path) }
    }

    /// Writes the reports that a script asked for; what could not be written is an error of the script.
    func writeRequestedReports(of source: SourceText, errors: [Diagnostic]) -> [Diagnostic] {
        requestedReports.compactMap { path -> Diagnostic? in
            do throws(Failure) {
                let command = options.command ?? "distill run \(source.name)"
                try ReportFile.write(report(of: source, errors: errors, command: command), to: path)
                return nil
            } catch {
                return Diagnostic(error.kind, "report: \(error.message)")
            }
        }
    }

    private func cell(_ ran: ScriptCell) -> Report.Cell {
        var outputs = ran.result.map { self.outputs(ran.outputs, $0, assertions: ran.assertions) } ?? []
        if ran.cell.kind == .markdown { outputs = [] }
        return Report.Cell(
            title: ran.cell.title.isEmpty ? nil : ran.cell.title, source: ran.cell.text,
            isMarkdown: ran.cell.kind == .markdown, outputs: outputs, seconds: ran.result?.seconds)
    }

    private func outputs(
        _ outputs: [Output], _ result: Result, assertions: [(text: String, holds: Bool)] = []
    ) -> [Report.Output] {
        var all: [Report.Output] = []
        for output in outputs {
            switch output {
            case .text(let text):
                // What is printed piece by piece stands together.
                if case .text(var before)? = all.last {
                    before.append(text)
                    all[all.count - 1] = .text(before)
                } else {
                    all.append(.text(text))
                }
            case .value(let value): all += elements(value)
            case .markdown(let text): all.append(.markdown(text))
            case .warning(let text): all.append(.warning(text))
            }
        }
        all += assertions.map { .assertion($0.text, holds: $0.holds) }
        if let value = result.value { all += elements(value) }
        all += result.diagnostics.map { .failure($0) }
        return all
    }

    /// A value and what must be said along with it.
    private func elements(_ value: Presentation) -> [Report.Output] {
        [element(value)] + value.notes.map { .warning($0) }
    }

    private func element(_ value: Presentation) -> Report.Output {
        if let table = value.table { return .table(table) }
        let metadata = PictureMetadata(seed: options.seed)
        guard let figure = value.figure else { return .value(value.text) }
        func png(_ theme: Theme) -> [UInt8]? {
            var options = figure.options
            options.theme = theme
            options.dpi = self.options.pictureDPI ?? options.dpi
            return try? Figure(figure.chart, options).png(metadata: metadata)
        }
        guard let picture = png(figure.options.theme) else { return .value(value.text) }
        let dark = figure.options.theme == .light ? png(.dark) : nil
        return .picture(
            Report.Picture(
                png: picture, dark: dark, altText: figure.altText,
                size: (Int(figure.size.width.rounded()), Int(figure.size.height.rounded()))))
    }

    /// Where what runs now comes from.
    var currentProvenance: Provenance {
        if isRunningScript, let source = scriptSource {
            return provenance(
                script: source.name, source: source.utf8, command: options.command ?? "distill run \(source.name)")
        }
        let text = entries.map(\.text).joined(separator: "\n")
        return provenance(script: nil, source: Array(text.utf8), command: "distill, the entries in turn")
    }

    func provenance(script: String?, source: [UInt8], command: String) -> Provenance {
        Provenance(
            script: script, source: source,
            parameters: interpreter.parameters.map { ($0.name, Display.repr($0.value, in: interpreter)) },
            seed: options.seed, threads: Threads.count,
            inputs: files.readPaths.compactMap { path in
                (try? WholeFile.read(path)).map { (path, "SHA-256 " + SHA256.hex(of: $0)) }
            },
            libraries: Engine.facts.filter { $0.name != "threads" }, command: command)
    }
}
