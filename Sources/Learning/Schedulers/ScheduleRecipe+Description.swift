import OrderedCollections

/// Schedules as they are written in the language, every option with its value: what tells two experiments apart.
extension ScheduleRecipe: CustomStringConvertible {
    /// `StepLR(step_size=10, gamma=0.1)`.
    public var description: String {
        "\(name)(" + options.map { "\($0.key)=\($0.value)" }.joined(separator: ", ") + ")"
    }

    /// Every option with its value; the schedule behind a warm-up as it is written.
    public var options: OrderedDictionary<String, OptionValue> {
        func orNone(_ value: Int?) -> OptionValue { value.map(OptionValue.integer) ?? .text("none") }
        switch self {
        case .step(let size, let gamma): return ["step_size": .integer(size), "gamma": .number(gamma)]
        case .multiStep(let milestones, let gamma):
            return ["milestones": .list(milestones.map(OptionValue.integer)), "gamma": .number(gamma)]
        case .exponential(let gamma): return ["gamma": .number(gamma)]
        case .cosine(let tMax, let etaMin): return ["T_max": orNone(tMax), "eta_min": .number(etaMin)]
        case .oneCycle(let maxLR, let steps, let start, let div, let final, let momentum):
            return [
                "max_lr": .number(maxLR), "total_steps": orNone(steps), "pct_start": .number(start),
                "div_factor": .number(div), "final_div_factor": .number(final), "cycle_momentum": .flag(momentum),
            ]
        case .linear(let start, let end, let iterations):
            return ["start_factor": .number(start), "end_factor": .number(end), "total_iters": .integer(iterations)]
        case .reduceOnPlateau(
            let maximize, let factor, let patience, let threshold, let isRelative, let cooldown, let minLR, let eps):
            return [
                "mode": .text(maximize ? "max" : "min"), "factor": .number(factor), "patience": .integer(patience),
                "threshold": .number(threshold), "threshold_mode": .text(isRelative ? "rel" : "abs"),
                "cooldown": .integer(cooldown), "min_lr": .number(minLR), "eps": .number(eps),
            ]
        case .polynomial(let iterations, let power):
            return ["total_iters": .integer(iterations), "power": .number(power)]
        case .warmRestarts(let period, let multiplier, let etaMin):
            return ["T_0": .integer(period), "T_mult": .integer(multiplier), "eta_min": .number(etaMin)]
        case .cyclic(let shape):
            return [
                "base_lr": .number(shape.base), "max_lr": .number(shape.top), "step_size_up": .integer(shape.up),
                "step_size_down": .integer(shape.down), "mode": .text(shape.mode.rawValue),
                "gamma": .number(shape.gamma),
                "cycle_momentum": .flag(shape.cyclesMomentum), "base_momentum": .number(shape.baseMomentum),
                "max_momentum": .number(shape.topMomentum),
            ]
        case .lambda(let factors): return ["factors": .list(factors.first.map(OptionValue.number) + [.text("…")])]
        case .sequential(let parts, let milestones):
            return [
                "schedulers": .list(parts.map { .text($0.description) }),
                "milestones": .list(milestones.map(OptionValue.integer)),
            ]
        case .warmup(let epochs, let then):
            return ["epochs": .integer(epochs), "then": .text(then.map(\.description) ?? "none")]
        }
    }

    /// Every option with its value by its place: `scheduler` is the name, `scheduler.T_max` an option of it, and
    /// `scheduler.then.T_max` one of the schedule behind a warm-up.
    func settings(under place: String) -> OrderedDictionary<String, OptionValue> {
        var settings: OrderedDictionary<String, OptionValue> = [place: .text(name)]
        for (name, value) in options { settings["\(place).\(name)"] = value }
        if case .warmup(_, let then?) = self {
            for (name, value) in then.settings(under: place + ".then") { settings[name] = value }
        }
        if case .sequential(let parts, _) = self {
            for (index, part) in parts.enumerated() {
                for (name, value) in part.settings(under: "\(place).\(index)") { settings[name] = value }
            }
        }
        return settings
    }
}
