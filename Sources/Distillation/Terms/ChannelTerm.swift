import Tensors

/// Channel-wise distillation: T²/(C·B) Σ KL of the softmax over positions, per channel.
///
/// C. Shu et al., *Channel-wise Knowledge Distillation for Dense Prediction*, arXiv:2011.13256.
public final class ChannelTerm: PairTerm {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "channel",
            "Channel-wise distillation: each channel's map as a distribution over positions (Shu et al., 2020).",
            formula: "T²/(C·B) Σ KL(softmax_positions(f_t/T) ‖ softmax_positions(f_s/T))",
            paper: "arXiv:2011.13256. Maps [B, C, H, W].",
            use: "hard() + channel(…), weight 1 to 10.",
            when: "dense prediction, where positions matter; for a label per image attention() asks less.",
            family: .maps, related: ["attention"])
    }

    /// T.
    public let temperature: Double
    override class var needsEqualChannels: Bool { true }
    override class var needsPositions: Bool { true }

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(pairs: [LayerPair] = [], temperature: Double = 4, name: String? = nil) throws {
        try requirePositive("channel", "T", temperature)
        self.temperature = temperature
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { "T=\(number(temperature))" }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requirePositions(student)
        let (s, t) = try equalMaps(student, teacher)
        let logStudent = try Logits.scaled(s, temperature).logSoftmax(dim: 2)
        let logTeacher = try Logits.scaled(t, temperature).logSoftmax(dim: 2)
        let sum = try Logits.divergence(logTeacher, logStudent).sum()
        return try sum * Scalar(temperature * temperature / Double(max(1, s.shape[0] * s.shape[1])))
    }
}
