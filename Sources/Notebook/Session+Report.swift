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
        var cells: [Report.Cell] = []
        let errors = try run(script: source, folder: TextFile.folder(of: path)) { cells.append(self.cell($0)) }
        if cells.isEmpty, !errors.isEmpty {
            cells = [
                Report.Cell(title: nil, source: source.text, isMarkdown: false, outputs: errors.map { .failure($0) })
            ]
        }
        let provenance = provenance(script: path, source: source.utf8, command: command)
        return (Report(name: path, cells: cells, provenance: provenance), errors)
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
            case .value(let value): all.append(element(value))
            case .markdown(let text): all.append(.markdown(text))
            }
        }
        all += assertions.map { .assertion($0.text, holds: $0.holds) }
        if let value = result.value { all.append(element(value)) }
        all += result.diagnostics.map { .failure($0) }
        return all
    }

    private func element(_ value: Presentation) -> Report.Output {
        guard let figure = value.figure, let png = try? figure.png() else { return .value(value.text) }
        return .picture(Report.Picture(png: png, altText: figure.altText))
    }

    private func provenance(script: String?, source: [UInt8], command: String) -> Provenance {
        Provenance(
            script: script, source: source,
            parameters: interpreter.parameters.map { ($0.name, Display.repr($0.value, in: interpreter)) },
            seed: options.seed, threads: Threads.count, libraries: Engine.facts.filter { $0.name != "threads" },
            command: command)
    }
}
