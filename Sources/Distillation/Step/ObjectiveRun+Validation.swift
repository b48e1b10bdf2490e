import Base
import Data
import Learning
import OrderedCollections
import Tensors

extension ObjectiveRun {
    /// Data without labels can be watched where a teacher network answers for them.
    public var watchesUnlabelled: Bool {
        !sources.isEmpty && sources.allSatisfy { $0.network != nil } && rebuilding == nil
            && activeTerms.indices.contains { watches($0) }
    }

    /// Terms that know nothing of the training data beyond the batch.
    private func watches(_ index: Int) -> Bool {
        let term = objective.summands[index].term
        return !term.needsLabels && activeTerms[index].memory.isEmpty && term.hintEpochs == 0
    }

    /// The objective on data without labels, and how often student and teacher choose alike.
    public func validation(of student: Module, on data: Dataset) throws -> OrderedDictionary<String, Double> {
        guard watchesUnlabelled else { return [:] }
        if validators.isEmpty {
            validators = try teachers.map { try Teacher($0.source, paths: $0.paths, inputs: $0.inputs) }
        }
        let trained = trainedModules.values.filter(\.isTraining)
        for module in trained { module.eval() }
        defer { for module in trained { module.train() } }
        let own = try layers.looking(into: student)
        var sums = (loss: 0.0, same: 0.0, rows: 0.0)
        try inEvaluation(student) {
            let batches = try Batches(data.withoutAugmentation(), size: 256)
            for position in 0..<batches.count {
                try Interrupt.check()
                let batch = try batches.batch(position)
                let view = try own.run(student, batch)
                let views = try validators.map { try $0.view(batch) }
                var total = 0.0
                var rows = 0.0
                for (index, term) in activeTerms.enumerated() where watches(index) {
                    let weight = weights.indices.contains(index) ? weights[index] : 1
                    guard weight != 0 else { continue }
                    let input = try input(for: index, student: view, teachers: views, batch)
                    rows = Double(input.student.logits.shape.first ?? 0)
                    total += try term.value(input, of: objective.summands[index].term).loss.itemDouble() * weight
                }
                let layout = try data.layout(outputs: view.logits.shape.array, function: "distill")
                let answers = try [views[0].logits, view.logits].map {
                    try Predictions(unlabelled: $0, layout, mask: batch.mask, function: "distill")
                }
                rows = max(rows, Double(answers[0].rows))
                sums.loss += total * rows
                sums.same +=
                    answers[0].width == answers[1].width ? Fidelity.agreement(answers[0], answers[1]) * rows : 0
                sums.rows += rows
            }
        }
        return ["val_loss": sums.loss / sums.rows, "val_agreement": sums.same / sums.rows]
    }
}
