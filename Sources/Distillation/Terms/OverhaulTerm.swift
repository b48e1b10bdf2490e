import Base
import Data
import Learning
import OrderedCollections
import Tensors

/// Feature distillation overhauled: Σ (s − t′)²·1(s > t′ or t′ > 0)/B with t′ = max(t, m), on maps before their ReLU.
///
/// The margin m is the mean of the negative values of a channel, E[t | t < 0], measured on the training data: how far below
/// zero the teacher is counts only up to it, and where both are below it nothing counts. A trained connector (1×1
/// convolution without bias, batch normalisation) turns the student's channels into the teacher's. Of several pairs, listed
/// from the input on, each counts half of the next.
/// B. Heo et al., *A Comprehensive Overhaul of Feature Distillation*, arXiv:1904.01866.
public final class OverhaulTerm: PairTerm {
    /// The page of the method; its weight is 1e-3, as the authors divide the sum.
    public override class var page: MethodPage {
        MethodPage(
            "ofd",
            "The overhaul of feature distillation: pre-activations with a margin, negative ones only as far as they matter (Heo et al., 2019).",
            formula: "Σ (r(s) − t′)²·1(r(s) > t′ or t′ > 0)/B, t′ = max(t, E[t | t < 0])",
            paper: "arXiv:1904.01866. On pre-activations: name the layer before the ReLU.",
            weight: 1e-3,
            use: "hard() + {weight} * ofd([…]), a pair at the end of each stage; each counts half of the next.",
            when:
                "convolutional networks with batch normalisation, as a strong feature method with one weight to set; margins are measured on the training data before the first epoch.",
            family: .activations, related: ["boundary"])
    }

    /// A term for some pairs, those nearer to the input first.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    /// The connectors are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the connectors and measures the margins.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let features = try example.features(for: self)
        let connectors = try features.map { feature in
            let from = try MapLayers.maps(feature.student, for: name).shape[1]
            let to = try MapLayers.maps(feature.teacher, for: name).shape[1]
            let convolution = try Conv2d(from, to, 1, bias: false)
            try Initializer.kaimingNormal(fanOut: true).fill(convolution.weight)
            return Sequential([convolution, try BatchNorm2d(to)])
        }
        let margins = try Self.measure(context, channels: features.map { $0.teacher.shape[1] })
        return ActiveTerm(modules: .numbered(connectors), memory: .numbered(margins, prefix: "margin")) {
            [self] input in
            try sumOverPairs(input) { index, student, teacher in
                let own = try MapLayers.run(connectors[index], MapLayers.maps(student, for: name))
                let (s, t) = try Maps.toCommonSize(own, MapLayers.maps(teacher, for: name))
                // Each pair counts half of the next.
                let share = Double(1 << max(0, connectors.count - 1 - index))
                return try Self.partialDistance(s, t, margin: margins[index]) * Scalar(1 / share)
            }
        }
    }

    /// The mean of the negative values of each channel over the data; 0 for a channel without any.
    private static func measure(_ context: TermContext, channels: [Int]) throws -> [Tensor] {
        var sums = try channels.map { try Tensor.zeros([$0], dtype: .float64) }
        var counts = sums
        let batches = try Batches(context.data.withoutAugmentation(), size: max(context.batchSize, 256))
        try Gradients.disabled {
            for position in 0..<batches.count {
                try Interrupt.check()
                for (index, feature) in try context.teacherFeatures(batches.batch(position)).enumerated() {
                    let maps = try Maps.flattened(feature).to(.float64)
                    sums[index] = try sums[index] + maps.clamp(max: 0).sum(dims: [0, 2])
                    counts[index] = try counts[index] + maps.lt(0).to(.float64).sum(dims: [0, 2])
                }
            }
        }
        return try zip(sums, counts).map { try ($0 / $1.clamp(min: 1)).to(.float32) }
    }

    /// Σ (s − t′)²·1(s > t′ or t′ > 0)/B for maps of one shape and margins [C].
    static func partialDistance(_ student: Tensor, _ teacher: Tensor, margin: Tensor) throws -> Tensor {
        let bound = try margin.to(teacher.dtype).reshape([1, -1, 1, 1])
        let target = try teacher.maximum(bound)
        let counted = try student.detach().gt(target).bitwiseOr(target.gt(0)).to(student.dtype)
        return try ((student - target).square() * counted).sum() * Scalar(1 / Double(max(1, student.shape[0])))
    }
}
