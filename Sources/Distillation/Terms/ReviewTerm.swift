import Learning
import OrderedCollections
import Tensors

/// Knowledge review: every level of the teacher is compared with a fusion of the student's levels from the top down to it.
///
/// From the deepest pair on, the student's map (1×1 convolution, batch normalisation) is fused with what came from above,
/// each weighted by an attention map that a 1×1 convolution and a sigmoid give for each position, then turned into the
/// teacher's channels (3×3 convolution, batch normalisation). Each level is compared by the mean squared difference of the
/// maps as they are and pooled to 4×4, 2×2 and 1×1, weighted 1, ½, ¼, ⅛ over the sum of the weights used.
/// P. Chen et al., *Distilling Knowledge via Knowledge Review*, arXiv:2104.09044.
public final class ReviewTerm: PairTerm {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "review",
            "Knowledge review: the student's levels, fused from the top down, are compared with every level of the teacher (Chen et al., 2021).",
            formula:
                "Σ_levels Σ_p w_p·⟨(pool_p(fused_s) − pool_p(f_t))²⟩, p = all, 4, 2, 1, w = 1, ½, ¼, ⅛ over their sum",
            paper: "arXiv:2104.09044.",
            use: "hard() + ramp(0, 1, epochs=20) * review([…]), weight 1 to 8, ramped up as the authors do.",
            when:
                "stages of convolutional networks, where low levels of the teacher help high ones of the student; several times the cost of attention().",
            family: .stages, related: ["ofd", "attention"])
    }

    /// A term for some pairs, those nearer to the input first.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    /// The fusions are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the fusions.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let levels = try example.features(for: self).map {
            (
                try MapLayers.maps($0.student, for: name).shape.array,
                try MapLayers.maps($0.teacher, for: name).shape.array
            )
        }
        let middle = min(512, levels.last?.0[1] ?? 1)
        let fusions = try levels.enumerated().map { index, level in
            try ReviewFusion(
                from: level.0, middle: middle, to: level.1, fusesAbove: index + 1 < levels.count)
        }
        return ActiveTerm(modules: .numbered(fusions)) { [self] in try compare($0, fusions) }
    }

    /// The sum over the levels.
    private func compare(_ input: TermInput, _ fusions: [ReviewFusion]) throws -> Tensor {
        var above: Tensor?
        var total: Tensor?
        for (fusion, feature) in zip(fusions, try input.features(for: self)).reversed() {
            let student = try MapLayers.maps(feature.student, for: name)
            let teacher = try MapLayers.maps(feature.teacher, for: name)
            let result = try fusion.fuse(student, above: above, to: [teacher.shape[2], teacher.shape[3]])
            above = result.carried
            let own = try Self.hierarchicalDistance(result.output, teacher)
            total = try total.map { try $0 + own } ?? own
        }
        guard let total else { throw DistillationError.option(term: name, problem: "needs pairs=\"…\" -> \"…\"") }
        return total
    }

    /// ⟨(a − b)²⟩ of the maps as they are and of 4×4, 2×2, 1×1 averages where those are smaller.
    static func hierarchicalDistance(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        var total = try FeatureMetric.mse.distance(a, b)
        var (weight, sum) = (1.0, 1.0)
        for size in [4, 2, 1] where size < a.shape[2] {
            weight /= 2
            sum += weight
            let pair = Pair(size)
            total =
                try total + FeatureMetric.mse.distance(
                    a.adaptiveAvgPool2d(pair), b.adaptiveAvgPool2d(pair)) * Scalar(weight)
        }
        return try total * Scalar(1 / sum)
    }
}

/// One level of a review.
final class ReviewFusion: Module {
    private let entry: Sequential
    private let exit: Sequential
    private let attention: Conv2d?

    init(from student: [Int], middle: Int, to teacher: [Int], fusesAbove: Bool) throws {
        let inner = try Conv2d(student[1], middle, 1, bias: false)
        let kernel = MapLayers.kernel(3, for: teacher)
        let outer = try Conv2d(middle, teacher[1], Pair(kernel), padding: Pair(kernel / 2), bias: false)
        for convolution in [inner, outer] { try Initializer.kaimingUniform(a: 1).fill(convolution.weight) }
        entry = Sequential([inner, try BatchNorm2d(middle)])
        exit = Sequential([outer, try BatchNorm2d(teacher[1])])
        attention = fusesAbove ? try Conv2d(2 * middle, 2, 1) : nil
        super.init()
        register(entry, as: "conv1")
        register(exit, as: "conv2")
        if let attention { register(attention, as: "att_conv") }
    }

    /// The level in the teacher's shape, and what goes on to the next level down.
    func fuse(_ student: Tensor, above: Tensor?, to size: [Int]) throws -> (output: Tensor, carried: Tensor) {
        var x = try MapLayers.run(entry, student)
        if let attention, let above {
            let (height, width) = (x.shape[2], x.shape[3])
            let y = try Self.resized(above, height, width)
            let share = try attention(Tensor.cat([x, y], dim: 1)).sigmoid()
            x = try x * share.narrow(dim: 1, start: 0, length: 1) + y * share.narrow(dim: 1, start: 1, length: 1)
        }
        x = try Self.resized(x, size[0], size[1])
        return (try MapLayers.run(exit, x), x)
    }

    private static func resized(_ x: Tensor, _ height: Int, _ width: Int) throws -> Tensor {
        x.shape[2] == height && x.shape[3] == width ? x : try x.interpolate(size: Pair(height, width))
    }
}
