import Glibc

/// How the learning rate changes over a run, before there is an optimizer. PyTorch's formulas and defaults.
public indirect enum ScheduleRecipe: Sendable, Equatable {
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
        case .warmup: "warmup"
        }
    }

    /// Whether the rate changes per step and not per epoch.
    public var isPerStep: Bool {
        if case .oneCycle = self { true } else { false }
    }

    /// Whether the schedule is laid out over all epochs of the run, so that more of them would have changed its course.
    public var dependsOnEpochs: Bool {
        switch self {
        case .cosine(let tMax, _): tMax == nil
        case .oneCycle: true
        case .warmup(_, let then): then?.dependsOnEpochs ?? false
        case .step, .multiStep, .exponential, .linear, .reduceOnPlateau: false
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
        case .multiStep, .exponential: return self
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

    /// The rate at `time` (epochs, or steps for OneCycle) of a parameter group that begins at `base`; nil where the
    /// rate depends on more than the time.
    func rate(base: Double, at time: Int) -> Double? {
        switch self {
        case .step(let size, let gamma): return base * pow(gamma, Double(time / size))
        case .multiStep(let milestones, let gamma):
            return base * pow(gamma, Double(milestones.count { $0 <= time }))
        case .exponential(let gamma): return base * pow(gamma, Double(time))
        case .cosine(let tMax, let etaMin):
            let phase = Double(time) / Double(tMax ?? 1)
            return etaMin + (base - etaMin) * (1 + cos(.pi * phase)) / 2
        case .oneCycle(let maxLR, _, _, let div, let final, _):
            return oneCycle(at: time, from: maxLR / div, top: maxLR, to: maxLR / div / final)
        case .linear(let start, let end, let iterations):
            let phase = min(1, Double(time) / Double(iterations))
            return base * (start + (end - start) * phase)
        case .reduceOnPlateau: return nil
        case .warmup(let length, let then):
            if time < length { return base * Double(time + 1) / Double(length) }
            guard let then else { return base }
            return then.rate(base: base, at: time - length)
        }
    }

    /// How often a schedule may go on, where it ends: OneCycle's steps.
    var end: Int? {
        if case .oneCycle(_, let total, _, _, _, _) = self { total } else { nil }
    }

    /// Whether the schedule watches a number, itself or after its warm-up, and whether a larger one is better.
    public var watchesLarger: Bool? {
        switch self {
        case .reduceOnPlateau(let maximize, _, _, _, _, _, _, _): maximize
        case .warmup(_, let then?): then.watchesLarger
        default: nil
        }
    }

    /// Momentum at a step of OneCycle, else nil.
    func momentum(at time: Int) -> Double? {
        guard case .oneCycle(_, _, _, _, _, true) = self else { return nil }
        return oneCycle(at: time, from: 0.95, top: 0.85, to: 0.95)
    }

    private func oneCycle(at time: Int, from start: Double, top: Double, to end: Double) -> Double? {
        guard case .oneCycle(_, let total?, let pctStart, _, _, _) = self else { return nil }
        func anneal(_ a: Double, _ b: Double, _ phase: Double) -> Double { b + (a - b) / 2 * (cos(.pi * phase) + 1) }
        let summit = pctStart * Double(total) - 1
        let time = Double(time), rest = Double(total) - 1 - summit
        if time <= summit || rest <= 0 { return anneal(start, top, summit > 0 ? time / summit : 1) }
        // The step after the last one, which PyTorch allows, goes on along the cosine.
        return anneal(top, end, (time - summit) / rest)
    }
}
