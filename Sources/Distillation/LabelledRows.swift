import Data
import Tensors

/// Rows without a label (−100, as `ignore_index` of cross entropy; nan among floats) count in no term that needs labels, and
/// still in those that compare with the teacher. Every loss with labels asks here, and gets them as `TargetRows` makes them.
enum Labels {
    /// The label that stands for none.
    static let none = -100

    /// The positions of the rows that have a label; nil when all have one. A row of floats has one unless it holds nan.
    static func known(_ labels: Tensor) throws -> [Int]? {
        guard labels.count > 0 else { return nil }
        if labels.dtype.isFloating {
            let rows = labels.rank > 1 ? try labels.reshape([labels.shape[0], -1]).sum(dims: [1]) : labels
            let missing = try rows.isnan().booleans()
            return missing.contains(true) ? missing.indices.filter { !missing[$0] } : nil
        }
        guard labels.dtype == .int64, labels.rank == 1, try labels.min().item().integer == none else { return nil }
        return try labels.integers().enumerated().filter { $0.element != none }.map(\.offset)
    }

    /// The mean cross entropy over the rows that have a label; 0, which moves nothing, when none has.
    static func crossEntropy(_ logits: Tensor, _ labels: Tensor, labelSmoothing: Double = 0) throws -> Tensor {
        let isEmpty =
            try labels.count == 0
            || labels.dtype == .int64 && labels.eq(.int(none)).all().item() == .bool(true)
        return isEmpty ? try nothing(logits) : try logits.crossEntropy(labels, labelSmoothing: labelSmoothing)
    }

    /// 0 with a graph: a loss over no rows.
    static func nothing(_ logits: Tensor) throws -> Tensor {
        try logits.maskedFill(.ones([], dtype: .bool), 0).sum()
    }
}

extension TermInput {
    /// The step as a term sees it that judges rows by their labels: without the rows that have none.
    func labelled() throws -> TermInput {
        guard let labels, let known = try Labels.known(labels), student.logits.rank == 2,
            student.logits.shape[0] == labels.shape.first
        else { return self }
        let rows = try Tensor(known)
        func chosen(_ view: NetworkView) throws -> NetworkView {
            if let partial = view.partial { return NetworkView(partial: try partial.rows(at: rows)) }
            return NetworkView(logits: try view.logits.rows(at: rows), features: view.features)
        }
        let ownRows = batch.mask == nil && batch.count == labels.shape.first
        let chosenRows = TermInput(
            student: try chosen(student), teacher: try teacher.map(chosen), labels: try labels.rows(at: rows),
            batch: ownRows
                ? Batch(
                    input: batch.input, y: try batch.y?.rows(at: rows), index: try batch.index.rows(at: rows),
                    epoch: batch.epoch) : batch,
            ensemble: try ensemble.map { ensemble in
                TeacherEnsemble(
                    members: try ensemble.members.map { try $0.rows(at: rows) }, weights: ensemble.weights,
                    average: ensemble.average, isBernoulli: ensemble.isBernoulli)
            })
        return chosenRows.completed(
            layout: layout, rowWeights: try rowWeights?.rows(at: rows), classWeights: classWeights)
    }
}

extension Term {
    /// The loss over the rows that the term can judge, 0 when there are none, and what their mean is divided by.
    ///
    /// - Throws: as ``loss(_:)``.
    final func value(_ input: TermInput) throws -> (loss: Tensor, divisor: Double?) { try value(input, by: loss) }

    /// The same by another way to compute the loss.
    fileprivate final func value(
        _ input: TermInput, by loss: (TermInput) throws -> Tensor
    ) throws -> (loss: Tensor, divisor: Double?) {
        let judged = judgesLabelledRows ? try input.labelled() : input
        let count = judged.student.logits.shape.first
        let isEmpty = count == 0 || judged.student.features.contains { $0.shape.first == 0 }
        return (isEmpty ? try Labels.nothing(judged.student.logits) : try loss(judged), try divisor(judged))
    }
}

extension ActiveTerm {
    /// The loss over the rows that the term can judge, 0 when there are none, and what their mean is divided by.
    ///
    /// - Parameter term: what this is the active form of.
    /// - Throws: as ``loss(_:)``.
    final func value(_ input: TermInput, of term: Term) throws -> (loss: Tensor, divisor: Double?) {
        try term.value(input, by: loss)
    }
}
