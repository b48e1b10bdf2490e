import Data
import Learning
import Tensors

/// Trains several networks at once, each on the labels and on what the others say:
/// CE + the mean over the others of KL(sg p_j ‖ p_i).
///
/// Y. Zhang, T. Xiang, T. M. Hospedales, H. Lu, *Deep Mutual Learning*, arXiv:1706.00384. All peers run once for a batch, in
/// training mode; what a peer teaches is constant for the others, so that each learns from its own loss alone.
///
/// - Parameters:
///   - peers: two or more networks; they are trained in place, each with an optimizer of its own.
///   - objective: terms on logits; one that needs a teacher is averaged over the other peers. nil is `hard() + soft(T=1)`.
/// - Returns: one run for each peer.
/// - Throws: ``DistillationError``, ``TrainingError`` and what networks and callbacks throw.
public func mutual(
    _ peers: [Module], _ data: Dataset, loss objective: Objective? = nil, options: TrainingOptions = TrainingOptions()
) throws -> [Run] {
    let objective = try objective ?? HardTerm() + SoftTerm(temperature: 1)
    guard peers.count > 1 else {
        throw DistillationError.scheme(
            "mutual", problem: "needs at least two networks, given \(peers.count)", help: "mutual([a, b], train)")
    }
    guard Set(peers.map(ObjectIdentifier.init)).count == peers.count else {
        throw DistillationError.scheme(
            "mutual", problem: "the same network stands twice among the peers",
            help: "mutual([a, a.copy()], …) starts two peers alike")
    }
    for (_, term) in objective.summands
    where term.usesDefaultPair || !term.pairs.isEmpty || term.hasTrainedParts {
        throw DistillationError.option(
            term: term.name, problem: "has layers or trained parts, and mutual compares the peers' logits only")
    }
    let group = PeerGroup(peers)
    let trainers = try peers.enumerated().map { index, peer in
        var options = options
        options.name = "\(options.name ?? "peer") \(index + 1)"
        let loss = PeerLoss(objective, of: index, in: group)
        return try Trainer(peer, data, loss: loss, options: options, function: "mutual")
    }
    return try Trainer.train(trainers)
}

/// The peers and what they gave for the batch in hand.
private final class PeerGroup {
    let peers: [Module]
    var outputs: [Tensor] = []

    init(_ peers: [Module]) { self.peers = peers }
}

/// What one peer is trained for.
private final class PeerLoss: TrainingLoss {
    let objective: Objective
    let termNames: [String]
    private let own: Int
    private let group: PeerGroup
    private var weights: [Double] = []
    private var layout: TaskLayout?
    private var labelWeights = LabelWeights()

    init(_ objective: Objective, of own: Int, in group: PeerGroup) {
        self.objective = objective
        termNames = objective.curveNames
        self.own = own
        self.group = group
    }

    var formula: String { objective.description }
    var usesLabelWeights: Bool { true }
    var dependsOnEpochs: Bool { objective.summands.contains { $0.term.dependsOnEpochs } }

    func prepare(_ context: TrainingContext) throws {
        for (_, term) in objective.summands where term.needsLabels && context.data.y == nil {
            throw DistillationError.noLabels(term: term.name)
        }
        let probe = try Batches(context.data.withoutAugmentation(), size: min(2, context.batchSize)).batch(0)
        let shapes = try group.peers.map { peer in try inEvaluation(peer) { try peer(probe).shape.array } }
        for shape in shapes where shape != shapes[0] {
            throw DistillationError.scheme(
                "mutual", problem: "one peer gives \(shapes[0]) and another \(shape)",
                help: "peers need the same classes")
        }
        let layout = try context.data.layout(outputs: shapes[own], function: "mutual")
        for (_, term) in objective.summands { try term.check(layout, context.data, function: "mutual") }
        self.layout = layout
        labelWeights = try context.labelWeights.resolved(context.data, layout, function: "mutual")
    }

    func begin(epoch: Int, of epochs: Int) throws {
        weights = try objective.summands.map { try $0.weight.value(at: epoch) }
    }

    func step(_ student: Module, _ batch: Batch) throws -> StepLoss {
        // The first peer's turn runs them all: each step, every peer sees the others as they were before it.
        if own == 0 { group.outputs = try group.peers.map { try $0(batch) } }
        let rows = try BatchRows(
            layout, batch, outputs: group.outputs[own].shape.array, weights: labelWeights, "mutual")
        let view = NetworkView(logits: try rows.rows.logits(group.outputs[own]))
        let others = try group.peers.indices.filter { $0 != own }.map {
            NetworkView(logits: try rows.rows.logits(group.outputs[$0].detach()))
        }
        let loss = try StepLoss(objective, weights: weights, function: "mutual", epoch: batch.epoch) { term in
            guard term.needsTeacher else {
                return try term.value(rows.completed(TermInput(student: view, labels: rows.labels, batch: batch)))
            }
            var total: Tensor?
            var divisor: Double?
            for other in others {
                let (value, counted) = try term.value(
                    rows.completed(TermInput(student: view, teacher: other, labels: rows.labels, batch: batch)))
                divisor = counted
                total = try total.map { try $0 + value } ?? value
            }
            guard let total else { throw DistillationError.noTeacher(term: term.name) }
            return (others.count == 1 ? total : try total * Scalar(1 / Double(others.count)), divisor)
        }
        if own + 1 == group.peers.count { group.outputs = [] }
        return loss
    }
}

extension StepLoss {
    /// The weighted sum of an objective's terms; those of weight 0 are not computed.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` when every weight is 0, and what `value` throws.
    init(
        _ objective: Objective, weights: [Double], function: String, epoch: Int,
        value: (Term) throws -> (loss: Tensor, divisor: Double?)
    ) throws {
        var total: Tensor?
        var values: [Double?] = []
        var divisors: [Double?] = []
        for (summand, weight) in zip(objective.summands, weights) {
            guard weight != 0 else {
                values.append(nil)
                divisors.append(nil)
                continue
            }
            let (value, divisor) = try value(summand.term)
            values.append(try value.itemDouble())
            divisors.append(divisor)
            let weighted = weight == 1 ? value : try value * Scalar(weight)
            total = try total.map { try $0 + weighted } ?? weighted
        }
        guard let total else {
            throw DistillationError.option(
                term: function, problem: "every term has weight 0 in epoch \(epoch + 1)")
        }
        self.init(total: total, terms: values, divisors: divisors, weights: weights)
    }
}
