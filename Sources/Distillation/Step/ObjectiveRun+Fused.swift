import Data
import Learning
import Tensors

/// The plain objective of a step: soft and hard terms as they are in the first paper, or either of them.
struct PlainTerms {
    let soft: (temperature: Double, weight: Double)?
    let hard: Double?
    /// The labels, none of them left out, where there is a hard term.
    let labels: Tensor?
}

extension ObjectiveRun {
    /// `a * soft(T)`, `a * soft(T) + b * hard()` or `hard()` on rows that all count; nil for any other objective or batch.
    func plainTerms(_ batch: Batch) throws -> PlainTerms? {
        guard layers.isEmpty, termBalance == nil, rebuilding == nil, batch.mask == nil, batch.mixture == nil,
            let layout, !layout.isBernoulli, layout.classDim == 1, layout.task.map({ $0 == .classes }) ?? true
        else { return nil }
        var soft: (temperature: Double, weight: Double)?
        var hard: Double?
        for (index, summand) in objective.summands.enumerated() {
            switch summand.term {
            case let term as SoftTerm where soft == nil && term.isPlain: soft = (term.temperature, weights[index])
            case let term as HardTerm where hard == nil && term.isPlain && !isWeighted: hard = weights[index]
            default: return nil
            }
        }
        guard soft.map({ $0.weight != 0 && teachers.count == 1 }) ?? (hard == 1), hard != 0 else { return nil }
        guard hard != nil else { return PlainTerms(soft: soft, hard: nil, labels: nil) }
        // Labels that do not count (-100) leave fewer rows than the mean divides by.
        guard layout.ignoreIndex == TargetDeclaration.ignored, let y = batch.y, y.dtype == .int64, y.rank == 1,
            y.count > 0, try y.min().item().integer >= 0
        else {
            return nil
        }
        return PlainTerms(soft: soft, hard: hard, labels: y)
    }

    /// The plain objective with a soft term as one pass over the logits with their gradient: the same formula, computed
    /// without intermediate tensors. nil for any other logits.
    func fused(_ plain: PlainTerms, student: Tensor, teacher: Tensor?) throws -> StepLoss? {
        guard let soft = plain.soft, let teacher, student.rank == 2, teacher.shape == student.shape,
            teacher.dtype == student.dtype, student.shape[0] > 0, student.shape[1] > 0, Shortcut.onePassLoss.isTaken()
        else { return nil }
        let result = try student.distillationLoss(
            teacher: teacher, labels: plain.labels, temperature: soft.temperature, soft: soft.weight,
            hard: plain.hard ?? 0)
        return StepLoss(total: result.total, terms: terms(result.soft, result.hard))
    }

    private func terms(_ soft: Double, _ hard: Double) -> [Double?] {
        objective.summands.map { $0.term is SoftTerm ? soft : hard }
    }
}

extension SoftTerm {
    /// Whether the term is the formula that the fused operation computes.
    var isPlain: Bool { scale == .temperatureSquared && reduction == .batchmean && !standardize }
}
