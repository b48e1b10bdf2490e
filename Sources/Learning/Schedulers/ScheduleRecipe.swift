import Glibc

/// How the learning rate changes over a run, before there is an optimizer. PyTorch's formulas and defaults.
public indirect enum ScheduleRecipe: Equatable {
    /// × gamma every `stepSize` epochs.
    case step(stepSize: Int, gamma: Double = 0.1)
    /// × gamma at each milestone.
    case multiStep(milestones: [Int], gamma: Double = 0.1)
    /// × gamma every epoch.
    case exponential(gamma: Double)
    /// η_min + (lr − η_min)(1 + cos(πt/T_max))/2; T_max defaults to the epochs of the run.
    case cosine(tMax: Int? = nil, etaMin: Double = 0)
    /// From max_lr/div_factor up to max_lr and down to that start over final_div_factor, by cosines, once per *step*;
    /// momentum (or Adam's β₁) mirrors it between 0.95 and 0.85 (1708.07120).
    case oneCycle(
        maxLR: Double, totalSteps: Int? = nil, pctStart: Double = 0.3, divFactor: Double = 25,
        finalDivFactor: Double = 1e4,
        cycleMomentum: Bool = true)
    /// The factor goes linearly from `start` to `end` over `iterations` epochs.
    case linear(start: Double = 1.0 / 3, end: Double = 1, iterations: Int = 5)
    /// × factor once the monitored value has not improved for `patience` epochs.
    case reduceOnPlateau(
        maximize: Bool = false, factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4,
        isRelative: Bool = true, cooldown: Int = 0, minLR: Double = 0, epsilon: Double = 1e-8)
    /// × (1 − t/iterations)^power for the first `iterations` epochs, then 0.
    case polynomial(iterations: Int = 5, power: Double = 1)
    /// Cosines from the full rate down to η_min, the first over `period` epochs, each following one `multiplier` times as
    /// long (1608.03983).
    case warmRestarts(period: Int, multiplier: Int = 1, etaMin: Double = 0)
    /// Up and down between two rates, once per *step* (1506.01186).
    case cyclic(CyclicShape)
    /// × a factor that a function gives for the epoch.
    case lambda(EpochFactors)
    /// One schedule after the other, each from its beginning: the next one begins at each milestone.
    case sequential([ScheduleRecipe], milestones: [Int])
    /// Linearly up to the full rate: epoch e (from 0) has (e + 1)/epochs of it; then another schedule from its beginning.
    case warmup(epochs: Int, then: ScheduleRecipe?)

    /// The schedule's name.
    public var name: String {
        switch self {
        case .step: "StepLR"
        case .multiStep: "MultiStepLR"
        case .exponential: "ExponentialLR"
        case .cosine: "CosineAnnealingLR"
        case .oneCycle: "OneCycleLR"
        case .linear: "LinearLR"
        case .reduceOnPlateau: "ReduceLROnPlateau"
        case .polynomial: "PolynomialLR"
        case .warmRestarts: "CosineAnnealingWarmRestarts"
        case .cyclic: "CyclicLR"
        case .lambda: "LambdaLR"
        case .sequential: "SequentialLR"
        case .warmup: "warmup"
        }
    }

    /// Whether the rate changes per step and not per epoch.
    public var isPerStep: Bool {
        switch self {
        case .oneCycle, .cyclic: true
        case .sequential(let parts, _): parts.contains { $0.isPerStep }
        default: false
        }
    }

    /// Whether the schedule is laid out over all epochs of the run, so that more of them would have changed its course.
    public var dependsOnEpochs: Bool {
        switch self {
        case .cosine(let tMax, _): tMax == nil
        case .oneCycle: true
        case .warmup(_, let then): then?.dependsOnEpochs ?? false
        case .sequential(let parts, _): parts.contains { $0.dependsOnEpochs }
        case .step, .multiStep, .exponential, .linear, .reduceOnPlateau, .polynomial, .warmRestarts, .cyclic, .lambda:
            false
        }
    }

    /// The same schedule with `T_max` and `total_steps` taken from the run where they are not given.
    ///
    /// - Throws: ``OptimizerError/schedule(name:problem:)`` for options that make no schedule.
    public func resolved(epochs: Int?, stepsPerEpoch: Int?) throws -> ScheduleRecipe {
        func fail(_ problem: String) -> OptimizerError { .schedule(name: name, problem: problem) }
        switch self {
        case .step(let size, _):
            guard size > 0 else { throw fail("step_size must be at least 1, given \(size)") }
            return self
        case .multiStep, .exponential, .lambda: return self
        case .polynomial(let iterations, let power):
            guard iterations > 0, power.isFinite else { throw fail("needs total_iters ≥ 1 and a finite power") }
            return self
        case .warmRestarts(let period, let multiplier, _):
            guard period > 0, multiplier > 0 else { throw fail("needs T_0 ≥ 1 and T_mult ≥ 1") }
            return self
        case .cyclic(let shape):
            guard shape.up > 0, shape.down > 0 else { throw fail("needs at least one step up and one down") }
            return self
        case .sequential(let parts, let milestones):
            guard parts.count == milestones.count + 1 else {
                throw fail(
                    "\(parts.count) schedules need \(max(0, parts.count - 1)) milestones, given \(milestones.count)")
            }
            guard zip([0] + milestones, milestones).allSatisfy({ $0 < $1 }) else {
                throw fail("milestones must grow and begin above 0, given \(milestones)")
            }
            guard parts.allSatisfy({ $0.watchesLarger == nil }) else {
                throw fail("a plateau watches a value and has no course of its own")
            }
            guard Set(parts.map(\.isPerStep)).count == 1 else {
                throw fail("some of its schedules go by steps and others by epochs")
            }
            // What is left open is filled with the length of each part.
            let ends = milestones + [epochs ?? Int.max]
            let own = try parts.enumerated().map { index, part in
                let length = epochs == nil ? nil : max(1, ends[index] - (index > 0 ? milestones[index - 1] : 0))
                return try part.resolved(epochs: part.isPerStep ? nil : length, stepsPerEpoch: nil)
            }
            return .sequential(own, milestones: milestones)
        case .cosine(let tMax, let etaMin):
            guard let tMax = tMax ?? epochs else { throw fail("needs T_max outside of fit and distill") }
            guard tMax > 0 else { throw fail("T_max must be at least 1, given \(tMax)") }
            return .cosine(tMax: tMax, etaMin: etaMin)
        case .oneCycle(let maxLR, let total, let start, let div, let final, let momentum):
            var steps = total
            if steps == nil, let epochs, let stepsPerEpoch {
                let (product, overflow) = epochs.multipliedReportingOverflow(by: stepsPerEpoch)
                if !overflow { steps = product }
            }
            guard let steps else { throw fail("needs total_steps outside of fit and distill") }
            guard steps > 0, start >= 0, start <= 1, div > 0, final > 0 else {
                throw fail("needs total_steps ≥ 1, pct_start in 0…1 and factors above 0")
            }
            if let epochs, let stepsPerEpoch, total != nil, steps / stepsPerEpoch < epochs,
                steps < epochs * stepsPerEpoch
            {
                throw fail(
                    "total_steps=\(steps) end before the \(epochs * stepsPerEpoch) steps of the run; without total_steps "
                        + "the cycle takes them all")
            }
            return .oneCycle(
                maxLR: maxLR, totalSteps: steps, pctStart: start, divFactor: div, finalDivFactor: final,
                cycleMomentum: momentum)
        case .linear(let start, let end, let iterations):
            guard start > 0, start <= 1, end >= 0, end <= 1, iterations > 0 else {
                throw fail("needs factors in 0…1 and total_iters ≥ 1")
            }
            return self
        case .reduceOnPlateau(_, let factor, let patience, _, _, _, _, _):
            guard factor > 0, factor < 1, patience >= 0 else { throw fail("needs a factor in 0…1 and patience ≥ 0") }
            return self
        case .warmup(let length, let then):
            guard length > 0 else { throw fail("epochs must be at least 1, given \(length)") }
            guard then.map({ !$0.isPerStep }) ?? true else { throw fail("OneCycleLR has its own warm-up") }
            return .warmup(
                epochs: length,
                then: try then?.resolved(epochs: epochs.map { max(1, $0 - length) }, stepsPerEpoch: stepsPerEpoch))
        }
    }
}
