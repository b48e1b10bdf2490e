import Data
import Learning
import OrderedCollections
import Tensors

extension Comparison {
    /// Whether distillation paid: size, speed and quality of a teacher and its students on the same data.
    ///
    /// Rows: `parameters`; `bytes` of parameters and buffers as files hold them; `flops` for one example; `latency`,
    /// seconds for one example; `throughput`, examples
    /// per second in batches of 256 (see ``Latency``); with classes `accuracy`, `accuracy_kept` (student / teacher),
    /// `agreement` with the teacher and `ece`; with float targets `mse` and `mse_to_teacher`; without labels only
    /// `agreement`.
    ///
    /// - Parameters:
    ///   - students: the networks by the names of their columns.
    ///   - alone: the student trained without the teacher; with it `gap_closed` is (student − alone) / (teacher − alone), of
    ///     the accuracy, or of the mean squared error.
    ///   - test: data that neither trained them nor chose their epoch.
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for empty or unfitting data, and what the networks throw.
    public convenience init(
        teacher: Module, students: OrderedDictionary<String, Module>, alone: Module? = nil, on test: Dataset
    ) throws {
        var students = students
        if let alone {
            guard students.updateValue(alone, forKey: "alone") == nil else {
                throw TrainingError.data(
                    function: "compare", problem: "a student is called \"alone\", which is the column of alone=",
                    help: "give the student another name")
            }
        }
        guard test.count > 0 else {
            throw TrainingError.data(function: "compare", problem: "the dataset has no examples", help: nil)
        }
        let nets = [teacher] + students.values
        self.init(columns: ["teacher"] + students.keys)
        append("parameters", nets.map { Double($0.parameters().reduce(0) { $0 + $1.count }) })
        append(
            "bytes",
            try nets.map { Double(try $0.storedState().values.reduce(0) { $0 + $1.count * $1.dtype.itemSize }) })
        append("flops", try nets.map { try Self.operations($0, test) })
        let outputs = try nets.map { try predict($0, test) }
        let speeds = try Latency.measure(nets, on: test)
        append("latency", speeds.map(\.latency))
        append("throughput", speeds.map(\.throughput))
        let layouts = try outputs.map { try test.layout(outputs: $0.shape.array, function: "compare") }
        if layouts[0].task == .numbers || layouts[0].task == .ranking {
            try appendErrors(outputs, test)
        } else {
            try appendChoices(outputs, layouts, test)
        }
        if alone != nil { appendGap() }
        for (column, net) in zip(columns, nets) {
            for problem in net.notes(for: test) { note("\(column) \(problem)") }
        }
        for (column, net) in zip(columns, nets) where try net.wasChosen(on: test) {
            note("the epoch of \(column) was chosen on this very data, so its numbers here are optimistic")
        }
    }

    /// Floating-point operations for one example; nil for networks that take several inputs.
    private static func operations(_ net: Module, _ test: Dataset) throws -> Double? {
        guard let x = try Batches(test.rows(0..<1).withoutAugmentation(), size: 1).batch(0).x else { return nil }
        return Double(try NetworkSummary(net, example: x).operations)
    }

    /// How much of what lies between the student alone and the teacher each student makes up for.
    private func appendGap() {
        guard let values = rows["accuracy"] ?? rows["mse"], let teacher = values[0],
            let alone = values[values.count - 1]
        else { return }
        guard teacher != alone else {
            note("the teacher is no better than the student alone: there is no gap to close")
            return
        }
        append(
            "gap_closed",
            values.enumerated().map { index, value in
                index == 0 || index == values.count - 1 ? nil : value.map { ($0 - alone) / (teacher - alone) }
            })
    }

    private func appendErrors(_ outputs: [Tensor], _ test: Dataset) throws {
        let predictions = try outputs.map { try Predictions($0, for: test, function: "compare") }
        append("mse", predictions.map(\.mse))
        append("r2", predictions.map(\.r2))
        append(
            "mse_to_teacher",
            predictions.enumerated().map { index, own in
                guard index > 0, own.logits.count == predictions[0].logits.count else { return nil }
                let sum = zip(own.logits, predictions[0].logits).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                return sum / Double(max(1, own.logits.count))
            })
    }

    private func appendChoices(_ outputs: [Tensor], _ layouts: [TaskLayout], _ test: Dataset) throws {
        if test.y != nil {
            let predictions = try outputs.map { try Predictions($0, for: test, function: "compare") }
            let accuracies = predictions.map(\.accuracy)
            append("accuracy", accuracies)
            append(
                "accuracy_kept", accuracies.enumerated().map { $0 > 0 && accuracies[0] > 0 ? $1 / accuracies[0] : nil })
            switch layouts[0].task {
            case .positions: append("miou", try predictions.map { try Metric.named("miou").value($0) })
            case .multilabel: append("f1", try predictions.map { try Metric.named("f1").value($0) })
            case .binary: append("auroc", try predictions.map { try Metric.named("auroc").value($0) })
            default: break
            }
            appendAgreement(try Fidelity.views(outputs, layouts, test, function: "compare"))
            append("ece", predictions.map { $0.ece() })
        } else {
            appendAgreement(try Fidelity.views(outputs, layouts, test, function: "compare"))
        }
    }

    private func appendAgreement(_ views: [Predictions]) {
        append(
            "agreement",
            views.enumerated().map { index, own in
                index > 0 && own.width == views[0].width ? Fidelity.agreement(views[0], own) : nil
            })
    }
}
