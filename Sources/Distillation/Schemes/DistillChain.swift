import Data
import Learning

/// Distils along a chain of networks: the first teaches the second, the second the third, and so on.
///
/// S. I. Mirzadeh et al., *Improved Knowledge Distillation via Teacher Assistant*, arXiv:1902.03393: where a teacher is much
/// larger than its student, networks of sizes in between hand the knowledge down.
///
/// - Parameters:
///   - nets: the teacher, the assistants, the student; all but the first are trained in place, one after the other.
///   - objective: what each distillation is trained for.
/// - Returns: one run for each network but the first.
/// - Throws: as ``distill(_:into:_:loss:options:average:weights:cache:)-(_,_,_,_,_,_,_,_)``.
public func distillChain(
    _ nets: [Module], _ data: Dataset, loss objective: Objective, options: TrainingOptions = TrainingOptions(),
    cache: CachePolicy = .auto
) throws -> [Run] {
    guard nets.count > 1 else {
        throw DistillationError.scheme(
            "distill_chain", problem: "needs a teacher and at least one network to teach, given \(nets.count)",
            help: "distill_chain([teacher, assistant, student], train)")
    }
    var runs: [Run] = []
    for index in 1..<nets.count {
        var own = options
        let role = index + 1 == nets.count ? "student" : nets.count == 3 ? "assistant" : "assistant \(index)"
        own.name = options.name.map { "\($0) \(role)" } ?? role
        let loss = try ObjectiveRun(
            objective, teachers: [.network(nets[index - 1])], cache: cache, function: "distill_chain")
        let trainer = try Trainer(nets[index], data, loss: loss, options: own, function: "distill_chain")
        runs.append(try trainer.train())
        if runs.last?.isInterrupted == true { break }
    }
    return runs
}
