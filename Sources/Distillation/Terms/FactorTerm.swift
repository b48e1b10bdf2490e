import Base
import Data
import Learning
import OrderedCollections
import Tensors

/// Factor transfer: the student's translation is like the teacher's factors, ⟨|nrm F_s − nrm F_t|⟩.
///
/// The teacher's map is paraphrased: an encoder of three 3×3 convolutions makes `k` times as many channels, the factors, and
/// a decoder of three transposed ones rebuilds the map. It is trained by mean squared error on the training data before the
/// student sees anything, and stays as it is then. A translator, which trains with the student, makes factors from the
/// student's map. Factors are normed per example. Layers are followed by LeakyReLU(0.1), the translator's by batch
/// normalisation before. J. Kim, S. Park, N. Kwak, *Paraphrasing Complex Network: Network Compression via Factor Transfer*,
/// arXiv:1802.04977; layers as in RepDistiller.
public final class FactorTerm: PairTerm {
    /// The page of the method; its weight is 200, as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "factor",
            "Factor transfer: a pre-trained paraphraser makes factors of the teacher's map, a trained translator of the student's (Kim et al., 2018).",
            formula: "⟨|nrm F_s − nrm F_t|⟩, F_t by a paraphraser, F_s by a translator",
            paper: "arXiv:1802.04977.",
            weight: 200, use: "hard() + {weight} * factor(…).",
            when:
                "teachers whose maps are much wider than the student's; the paraphraser's training comes before the first epoch and takes its time.",
            family: .factors, related: ["fitnet", "review"])
    }

    /// How many factors the teacher's channels make.
    public let rate: Double
    /// How many epochs the paraphraser is trained.
    public let paraphraserEpochs: Int

    /// - Throws: ``DistillationError/option(term:problem:)`` for options outside their range.
    public init(pairs: [LayerPair] = [], rate: Double = 0.5, paraphraserEpochs: Int = 5, name: String? = nil) throws {
        try requirePositive("factor", "k", rate)
        guard paraphraserEpochs >= 1 else {
            throw DistillationError.option(
                term: "factor", problem: "paraphraser_epochs must be at least 1, given \(paraphraserEpochs)")
        }
        self.rate = rate
        self.paraphraserEpochs = paraphraserEpochs
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String {
        [
            rate == 0.5 ? "" : "k=\(number(rate))",
            paraphraserEpochs == 5 ? "" : "paraphraser_epochs=\(paraphraserEpochs)",
        ]
        .filter { !$0.isEmpty }.joined(separator: ", ")
    }
    /// The translators are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the modules and trains the paraphrasers.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let parts = try example.features(for: self).map { feature in
            let s = try MapLayers.maps(feature.student, for: name).shape.array
            let t = try MapLayers.maps(feature.teacher, for: name).shape.array
            let factors = max(1, Int(Double(t[1]) * rate))
            return (
                paraphraser: try Paraphraser(t, factors: factors),
                translator: try Sequential(Paraphraser.encoder(s, factors, norm: true))
            )
        }
        try train(parts.map(\.paraphraser), context)
        var modules: OrderedDictionary<String, Module> = [:]
        for (index, part) in parts.enumerated() {
            try part.paraphraser.freeze()
            modules["paraphraser\(index)"] = part.paraphraser
            modules["translator\(index)"] = part.translator
        }
        return ActiveTerm(modules: modules) { [self] input in
            try sumOverPairs(input) { index, student, teacher in
                let own = try MapLayers.run(parts[index].translator, MapLayers.maps(student, for: name))
                let factors = try parts[index].paraphraser.encode(MapLayers.maps(teacher, for: name))
                let (s, t) = try Maps.toCommonSize(own, factors)
                return try (Rows.normalized(rows(s)) - Rows.normalized(rows(t))).abs().mean()
            }
        }
    }

    private func train(_ paraphrasers: [Paraphraser], _ context: TermContext) throws {
        let optimizer = try Optimizer(Adam(), paraphrasers.flatMap { $0.parameters() })
        let data = try context.data.withoutAugmentation()
        for epoch in 0..<paraphraserEpochs {
            let batches = try Batches(data, size: context.batchSize, shuffle: true, epoch: epoch)
            for position in 0..<batches.count {
                try Interrupt.check()
                let batch = try batches.batch(position)
                let features = try context.teacherFeatures(batch)
                optimizer.zeroGrad()
                var total: Tensor?
                for (paraphraser, feature) in zip(paraphrasers, features) {
                    let maps = try MapLayers.maps(feature.detach(), for: name)
                    let own = try FeatureMetric.mse.distance(paraphraser(maps), maps)
                    total = try total.map { try $0 + own } ?? own
                }
                guard let total else { return }
                try total.backward()
                try optimizer.step()
            }
        }
    }
}

/// An encoder that makes factors of a map, and a decoder that makes the map of them again.
final class Paraphraser: Module {
    private let encoder: Sequential
    private let decoder: Sequential

    /// For maps of a shape [B, C, H, W].
    init(_ shape: [Int], factors: Int) throws {
        encoder = Sequential(try Self.encoder(shape, factors, norm: false))
        let kernel = MapLayers.kernel(3, for: shape)
        var layers: [Module] = []
        for (from, to) in [(factors, factors), (factors, shape[1]), (shape[1], shape[1])] {
            layers.append(try ConvTranspose2d(from, to, Pair(kernel), padding: Pair(kernel / 2)))
            layers.append(Activation(.leakyReLU(slope: 0.1)))
        }
        decoder = Sequential(layers)
        super.init()
        register(encoder, as: "encoder")
        register(decoder, as: "decoder")
    }

    /// Three convolutions that turn the channels into factors.
    static func encoder(_ shape: [Int], _ factors: Int, norm: Bool) throws -> [Module] {
        let kernel = MapLayers.kernel(3, for: shape)
        var layers: [Module] = []
        for (from, to) in [(shape[1], shape[1]), (shape[1], factors), (factors, factors)] {
            layers.append(try Conv2d(from, to, Pair(kernel), padding: Pair(kernel / 2)))
            if norm { layers.append(try BatchNorm2d(to)) }
            layers.append(Activation(.leakyReLU(slope: 0.1)))
        }
        return layers
    }

    /// The factors of a map.
    func encode(_ x: Tensor) throws -> Tensor { try encoder(x) }

    /// The map rebuilt.
    override func forward(_ x: Tensor) throws -> Tensor { try decoder(encoder(x)) }
}
