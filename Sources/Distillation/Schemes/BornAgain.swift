import Data
import Learning
import OrderedCollections

/// Generations of equal networks, each newly initialised and taught by the one before; then their ensemble.
///
/// T. Furlanello et al., *Born-Again Neural Networks*, arXiv:1805.04770.
///
/// - Parameters:
///   - make: gives a newly initialised network.
///   - generations: how many networks are taught.
///   - teacher: who teaches the first; nil trains one more network from the labels first.
///   - objective: what each generation is trained for.
/// - Returns: the run of the network trained from labels (without `teacher`), one run for each generation, and last the
///   ensemble of the generations that were taught (see ``EnsembleNetwork``), which is only evaluated.
/// - Throws: ``DistillationError``, ``TrainingError`` and what `make`, the networks and callbacks throw.
public func bornAgain(
    _ make: () throws -> Module, _ data: Dataset, generations: Int = 3, teacher: Module? = nil,
    loss objective: Objective, options: TrainingOptions = TrainingOptions(), cache: CachePolicy = .auto
) throws -> [Run] {
    guard generations >= 1 else {
        throw DistillationError.option(
            term: "born_again", problem: "generations must be at least 1, given \(generations)")
    }
    func named(_ role: String) -> TrainingOptions {
        var own = options
        own.name = options.name.map { "\($0) \(role)" } ?? role
        return own
    }
    var runs: [Run] = []
    var before: Module
    if let teacher {
        before = teacher
    } else {
        before = try make()
        runs.append(try fit(before, data, options: named("from labels")))
    }
    var taught: [Module] = []
    while taught.count < generations, runs.last?.isInterrupted != true {
        let net = try make()
        guard net !== before, !taught.contains(where: { $0 === net }) else {
            throw DistillationError.scheme(
                "born_again", problem: "the function gave the same network twice",
                help: "it must make a new one: born_again(() => Sequential(…), train)")
        }
        let loss = try ObjectiveRun(
            objective, teachers: [.network(before)], cache: cache, function: "born_again")
        let own = named("generation \(taught.count + 1)")
        runs.append(try Trainer(net, data, loss: loss, options: own, function: "born_again").train())
        before = runs.last?.net ?? net
        taught.append(before)
    }
    if taught.count > 1, runs.last?.isInterrupted != true {
        runs.append(
            try Trainer.evaluation(of: EnsembleNetwork(taught), options: named("ensemble"), formula: "ensemble"))
    }
    return runs
}
