import Data
import Learning
import Tensors

extension DistillationLoss {
    /// The plain objective, `a * soft(T)` with or without `b * hard()`, as one pass over the logits with their gradient:
    /// the same formula, computed without intermediate tensors. nil for any other objective or data.
    static func fused(
        _ objective: Objective, weights: [Double], student: Tensor, teacher: Tensor, _ batch: Batch
    ) throws -> StepLoss? {
        guard student.rank == 2, teacher.shape == student.shape, teacher.dtype == student.dtype, batch.mask == nil,
            batch.mixture == nil, student.shape[0] > 0, student.shape[1] > 0
        else { return nil }
        var soft: (term: SoftTerm, weight: Double)?
        var hard: Double?
        for (index, summand) in objective.summands.enumerated() {
            switch summand.term {
            case let term as SoftTerm where soft == nil && term.isPlain: soft = (term, weights[index])
            case let term as HardTerm where hard == nil && term.labelSmoothing == 0: hard = weights[index]
            default: return nil
            }
        }
        guard let soft, soft.weight != 0, hard != 0 else { return nil }
        var labels: Tensor?
        if hard != nil {
            // Labels that do not count (-100) leave fewer rows than the fused mean divides by.
            guard let y = batch.y, y.dtype == .int64, y.rank == 1, try y.min().item().integer >= 0 else { return nil }
            labels = y
        }
        let result = try student.distillationLoss(
            teacher: teacher, labels: labels, temperature: soft.term.temperature, soft: soft.weight, hard: hard ?? 0)
        let terms: [Double?] = objective.summands.map { $0.term is SoftTerm ? result.soft : result.hard }
        return StepLoss(total: result.total, terms: terms)
    }
}

extension SoftTerm {
    /// Whether the term is the formula that the fused operation computes.
    var isPlain: Bool { scale == .temperatureSquared && reduction == .batchmean && !standardize }
}
