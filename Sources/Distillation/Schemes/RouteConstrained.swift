import Data
import Learning

/// Distils along the teacher's own path: from its early states to its last, the same student all the while.
///
/// X. Jin et al., *Knowledge Distillation via Route Constrained Optimization*, arXiv:1904.09149: an early state of the
/// teacher is easier to follow than the finished one. The epochs are shared out evenly among the anchors (the last ones get
/// what is left over), and with each anchor optimizer and schedule start anew.
///
/// - Parameters:
///   - anchors: states of one teacher, from early to late.
///   - student: trained in place.
/// - Returns: one run for each anchor.
/// - Throws: ``DistillationError``, ``TrainingError`` and what networks and callbacks throw.
public func routeConstrained(
    _ anchors: [TeacherSource], into student: Module, _ data: Dataset, loss objective: Objective,
    options: TrainingOptions = TrainingOptions(), cache: CachePolicy = .auto
) throws -> [Run] {
    guard !anchors.isEmpty else {
        throw DistillationError.scheme(
            "route_constrained", problem: "needs at least one state of the teacher", help: nil)
    }
    guard options.epochs >= anchors.count else {
        throw DistillationError.scheme(
            "route_constrained",
            problem: "\(options.epochs) epochs cannot be shared out among \(anchors.count) anchors",
            help: "epochs= counts all of them together")
    }
    var runs: [Run] = []
    for (index, anchor) in anchors.enumerated() {
        var own = options
        let share = options.epochs / anchors.count
        own.epochs = share + (index >= anchors.count - options.epochs % anchors.count ? 1 : 0)
        own.name = "\(options.name ?? "anchor") \(index + 1)"
        let loss = try ObjectiveRun(objective, teachers: [anchor], cache: cache, function: "route_constrained")
        let trainer = try Trainer(student, data, loss: loss, options: own, function: "route_constrained")
        runs.append(try trainer.train())
        if runs.last?.isInterrupted == true { break }
    }
    return runs
}
