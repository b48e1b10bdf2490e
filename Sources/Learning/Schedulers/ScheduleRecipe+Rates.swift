import Glibc

/// What a schedule says at a time.
extension ScheduleRecipe {
    /// The rate at `time` (epochs, or steps for OneCycle) of a parameter group that begins at `base`; nil where the
    /// rate depends on more than the time.
    ///
    /// - Throws: what the function of `LambdaLR` throws.
    func rate(base: Double, at time: Int) throws -> Double? {
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
            return try then.rate(base: base, at: time - length)
        case .polynomial(let iterations, let power):
            return base * pow(1 - Double(min(time, iterations)) / Double(iterations), power)
        case .warmRestarts(let period, let multiplier, let etaMin):
            var (length, position) = (period, multiplier == 1 ? time % period : time)
            while position >= length {
                position -= length
                let (next, overflow) = length.multipliedReportingOverflow(by: multiplier)
                length = overflow ? Int.max : next
            }
            return etaMin + (base - etaMin) * (1 + cos(.pi * Double(position) / Double(length))) / 2
        case .cyclic(let shape): return shape.base + (shape.top - shape.base) * shape.height(at: time)
        case .lambda(let factors): return try base * factors.factor(at: time)
        case .sequential:
            let (part, own) = part(at: time)
            return try part.rate(base: base, at: own)
        }
    }

    /// The schedule that is followed at a time, and what the time is for it.
    private func part(at time: Int) -> (recipe: ScheduleRecipe, time: Int) {
        guard case .sequential(let parts, let milestones) = self else { return (self, time) }
        let index = milestones.count { $0 <= time }
        return (parts[index], index > 0 ? time - milestones[index - 1] : time)
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

    /// Momentum at a step of a cycle, else nil.
    func momentum(at time: Int) -> Double? {
        switch self {
        case .oneCycle(_, _, _, _, _, true): return oneCycle(at: time, from: 0.95, top: 0.85, to: 0.95)
        case .cyclic(let shape):
            return shape.momenta.map { $0.top - ($0.top - $0.base) * shape.height(at: time) }
        case .sequential:
            let (part, own) = part(at: time)
            return part.momentum(at: own)
        default: return nil
        }
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
