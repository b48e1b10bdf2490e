import Builtins
import Data
import Diagnostics
import Distillation
import Drawing
import Learning
import OrderedCollections
import Runtime

extension Session {
    /// What is kept of the script that was run last: its `param`s, every number that its variables hold, the curves of
    /// its runs, and as files the figures it showed.
    ///
    /// Numbers are called by their variable: `accuracy`, `result.nll` of a dict, `run.val_accuracy` (the last epoch's) of
    /// a run, `c.student.agreement` of a comparison.
    package func record(
        named name: String, errors: [Diagnostic]
    ) -> (record: RunRecord, files: [(name: String, bytes: [UInt8])]) {
        var record = RunRecord(name: name)
        if let error = errors.first {
            record.status = error.kind == .interrupt ? "interrupted" : "failed"
            record.error = "\(error.kind.rawValue): \(error.message)"
        }
        for (name, value) in interpreter.parameters {
            record.parameters[name] = Display.repr(value, in: interpreter)
        }
        for (name, value) in interpreter.globals where record.parameters[name] == nil {
            collect(value, named: name, into: &record)
        }
        record.seconds = scriptCells.reduce(0) { $0 + ($1.result?.seconds ?? 0) }
        if let source = scriptSource {
            let provenance = provenance(
                script: source.name, source: source.utf8, command: options.command ?? "distill run \(source.name)")
            for fact in provenance.facts { record.provenance[fact.name] = fact.value }
            record.provenance["command"] = provenance.command
        }
        var files: [(name: String, bytes: [UInt8])] = []
        for cell in scriptCells {
            var shown: [Presentation] = cell.outputs.compactMap {
                if case .value(let value) = $0 { value } else { nil }
            }
            if let value = cell.result?.value { shown.append(value) }
            for figure in shown.compactMap(\.figure) {
                guard let png = try? figure.png(metadata: PictureMetadata(seed: options.seed)) else { continue }
                files.append(("figure-\(files.count + 1).png", png))
            }
        }
        return (record, files)
    }

    private func collect(_ value: Value, named name: String, into record: inout RunRecord) {
        switch value {
        case .int, .float: record.metrics[name] = value.number
        case .dict(let dict):
            for (key, entry) in dict.entries {
                guard case .string(let key) = key, let number = entry.number else { continue }
                record.metrics["\(name).\(key)"] = number
            }
        case .object(let object):
            if let run = object.payload as? Run {
                for (metric, number) in run.last where metric != "epoch" {
                    record.metrics["\(name).\(metric)"] = number
                }
                record.curves[name] = run.curves
            } else if let comparison = object.payload as? Comparison {
                for column in comparison.columns {
                    for (metric, number) in comparison.column(column) ?? [:] {
                        record.metrics["\(name).\(column).\(metric)"] = number
                    }
                }
            }
        default: break
        }
    }
}
