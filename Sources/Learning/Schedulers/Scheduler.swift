/// A schedule at work: it sets the learning rates of an optimizer.
public final class Scheduler {
    /// What it follows.
    public let recipe: ScheduleRecipe
    private let optimizer: Optimizer
    private let bases: [Double]
    /// How often ``step(_:)`` was called.
    public private(set) var time = 0
    private var plateau = Plateau()

    /// Starts a schedule; `epochs` and `stepsPerEpoch` fill in what the recipe leaves open.
    ///
    /// - Throws: ``OptimizerError/schedule(name:problem:)``.
    public init(_ recipe: ScheduleRecipe, for optimizer: Optimizer, epochs: Int? = nil, stepsPerEpoch: Int? = nil)
        throws
    {
        self.recipe = try recipe.resolved(epochs: epochs, stepsPerEpoch: stepsPerEpoch)
        self.optimizer = optimizer
        bases = optimizer.groups.map(\.learningRate)
        try apply()
    }

    /// Whether ``step(_:)`` is to be called after every step and not after every epoch.
    public var isPerStep: Bool { recipe.isPerStep }

    /// Goes on by one epoch (or step). `metric` is the value `ReduceLROnPlateau` watches.
    ///
    /// - Throws: ``OptimizerError/schedule(name:problem:)`` for a plateau without a metric and after the end of a cycle.
    public func step(_ metric: Double? = nil) throws {
        if recipe.watchesLarger != nil, metric == nil {
            throw OptimizerError.schedule(
                name: recipe.name, problem: "step needs the value that is watched: step(metric)")
        }
        if let end = recipe.end, time >= end {
            throw OptimizerError.schedule(
                name: recipe.name, problem: "step \(time + 1) of a cycle of total_steps=\(end)")
        }
        time += 1
        if let cut = plateauCut(metric) {
            for group in optimizer.groups {
                let rate = max(group.learningRate * cut.factor, cut.minimum)
                if group.learningRate - rate > cut.epsilon { group.learningRate = rate }
            }
        }
        try apply()
    }

    /// Goes on as if `time` steps had been made.
    ///
    /// - Throws: what the function of `LambdaLR` throws.
    public func resume(at time: Int) throws {
        self.time = time
        try apply()
    }

    /// What the schedule remembers, for checkpoints.
    public var memory: [Double] {
        [Double(time), plateau.best, plateau.isEmpty ? 1 : 0, Double(plateau.bad), Double(plateau.cooldown)]
    }

    /// Goes on from what ``memory`` gave; false when it is none.
    ///
    /// - Throws: as ``resume(at:)``.
    public func restore(_ memory: [Double]) throws -> Bool {
        let counts = [0, 3, 4].compactMap { memory.indices.contains($0) ? Int(exactly: memory[$0]) : nil }
        guard memory.count == 5, counts.count == 3 else { return false }
        plateau = Plateau(best: memory[1], isEmpty: memory[2] == 1, bad: counts[1], cooldown: counts[2])
        try resume(at: counts[0])
        return true
    }

    private func apply() throws {
        for (group, base) in zip(optimizer.groups, bases) {
            if let rate = try recipe.rate(base: base, at: time) { group.learningRate = rate }
            if let momentum = recipe.momentum(at: time) { group.setMomentum(momentum) }
        }
    }

    private func plateauCut(_ metric: Double?) -> (factor: Double, minimum: Double, epsilon: Double)? {
        var recipe = recipe
        if case .warmup(let length, let then?) = recipe {
            guard time >= length else { return nil }
            recipe = then
        }
        guard
            case .reduceOnPlateau(
                let maximize, let factor, let patience, let threshold, let isRelative, let cooldown, let minimum,
                let epsilon) = recipe,
            let metric
        else { return nil }
        // Before the first value anything is better, but not nan, which is better than nothing.
        let best = plateau.isEmpty ? (maximize ? -Double.infinity : .infinity) : plateau.best
        let margin = isRelative ? 0 : threshold, share = isRelative ? threshold : 0
        let better = maximize ? metric > best * (1 + share) + margin : metric < best * (1 - share) - margin
        if better {
            plateau = Plateau(best: metric, isEmpty: false, bad: 0, cooldown: plateau.cooldown)
        } else {
            plateau.bad += 1
        }
        if plateau.cooldown > 0 {
            plateau.cooldown -= 1
            plateau.bad = 0
        }
        guard plateau.bad > patience else { return nil }
        plateau.cooldown = cooldown
        plateau.bad = 0
        return (factor, minimum, epsilon)
    }

    private struct Plateau {
        var best = 0.0
        var isEmpty = true
        var bad = 0
        var cooldown = 0
    }
}
