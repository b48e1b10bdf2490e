/// Schedules as they are written in the language, every option with its value: what tells two experiments apart.
extension ScheduleRecipe: CustomStringConvertible {
    /// `StepLR(step_size=10, gamma=0.1)`.
    public var description: String {
        let options: [(String, Any)] =
            switch self {
            case .step(let size, let gamma): [("step_size", size), ("gamma", gamma)]
            case .multiStep(let milestones, let gamma): [("milestones", milestones), ("gamma", gamma)]
            case .exponential(let gamma): [("gamma", gamma)]
            case .cosine(let tMax, let etaMin): [("T_max", tMax ?? "none"), ("eta_min", etaMin)]
            case .oneCycle(let maxLR, let steps, let start, let div, let final, let momentum):
                [
                    ("max_lr", maxLR), ("total_steps", steps ?? "none"), ("pct_start", start), ("div_factor", div),
                    ("final_div_factor", final), ("cycle_momentum", momentum),
                ]
            case .linear(let start, let end, let iterations):
                [("start_factor", start), ("end_factor", end), ("total_iters", iterations)]
            case .reduceOnPlateau(
                let maximize, let factor, let patience, let threshold, let isRelative, let cooldown, let minLR, let eps):
                [
                    ("mode", maximize ? "max" : "min"), ("factor", factor), ("patience", patience),
                    ("threshold", threshold), ("threshold_mode", isRelative ? "rel" : "abs"), ("cooldown", cooldown),
                    ("min_lr", minLR), ("eps", eps),
                ]
            case .warmup(let epochs, let then): [("epochs", epochs), ("then", then.map(\.description) ?? "none")]
            }
        return written(name, options)
    }
}

private func written(_ name: String, _ options: [(String, Any)]) -> String {
    "\(name)(" + options.map { "\($0.0)=\($0.1)" }.joined(separator: ", ") + ")"
}
