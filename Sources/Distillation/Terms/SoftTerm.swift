import Tensors

/// Hinton's soft targets: T²·(1/B) Σᵢ Σₖ p_t (log p_t − log p_s) with p = softmax(z/T).
///
/// G. Hinton, O. Vinyals, J. Dean, *Distilling the Knowledge in a Neural Network*, arXiv:1503.02531. T² keeps the size of
/// the gradients when T changes; `scale: .none` is the plain `KLDivLoss(reduction="batchmean")` on softened outputs. With
/// `standardize` both logits are standardised per row first (S. Sun et al., arXiv:2403.01427; the authors use T = 2).
public final class SoftTerm: Term {
    /// The page of the method; its weight is 0.9 beside 0.1 · hard(), as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "soft",
            "The teacher's softened outputs as targets (Hinton, Vinyals, Dean, 2015).",
            formula: "T²·(1/B) Σᵢ Σₖ p_t (log p_t − log p_s), p = softmax(z/T)",
            paper: "arXiv:1503.02531.",
            weight: 0.9, use: "{weight} * soft(T=4) + 0.1 * hard().",
            when: "first, always: it is cheap, needs no layers, and most later methods have to be measured against it.",
            remarks: [
                "T² keeps the size of the gradients when T changes; scale=\"none\" leaves it out and equals KLDivLoss(reduction=\"batchmean\") on softened outputs.",
                "reduction=\"mean\" averages over classes as well and is K times smaller than the divergence: PyTorch's default, seldom what is meant.",
            ],
            family: .outputs, related: ["hard", "distill", "KLDivLoss"])
    }

    /// What the divergence is multiplied by.
    public enum Scale: String, Sendable {
        /// T².
        case temperatureSquared = "T2"
        /// 1.
        case none
    }

    /// Over what the sum is averaged.
    public enum Reduction: String, Sendable, CaseIterable {
        /// The examples.
        case batchmean
        /// The elements: K times smaller than the divergence.
        case mean
        /// Nothing.
        case sum
    }

    /// T.
    public let temperature: Double
    /// T² or 1.
    public let scale: Scale
    /// Over what the sum is averaged.
    public let reduction: Reduction
    /// Whether logits are standardised per row first.
    public let standardize: Bool

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(
        temperature: Double = 4, scale: Scale = .temperatureSquared, reduction: Reduction = .batchmean,
        standardize: Bool = false, name: String? = nil
    ) throws {
        try requirePositive("soft", "T", temperature)
        self.temperature = temperature
        self.scale = scale
        self.reduction = reduction
        self.standardize = standardize
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String {
        var parts = ["T=\(number(temperature))"]
        if scale == .none { parts.append("scale=\"none\"") }
        if reduction != .batchmean { parts.append("reduction=\"\(reduction.rawValue)\"") }
        if standardize { parts.append("standardize=true") }
        return parts.joined(separator: ", ")
    }

    /// For logits of their own the divergence of the two answers, summed over the labels.
    public override var hasBernoulliForm: Bool { true }

    /// Of stored classes the mass of the others is one more class, or what else was chosen.
    public override var hasPartialForm: Bool { !standardize }
    /// Standardised logits are numbers.
    public override var comparesNumbers: Bool { standardize }

    /// The divergence.
    public override func loss(_ input: TermInput) throws -> Tensor {
        var student = input.student.logits
        if let partial = input.teacher?.partial {
            guard student.rank == 2 else { throw DistillationError.logits(term: name, shape: student.shape.array) }
            return try partial.divergenceSum(student: student, temperature: temperature, of: self)
                * Scalar(factor(of: student))
        }
        var teacher = try input.teacherLogits(at: standardize ? 1 : temperature, for: self)
        try requireEqualLogits(self, student, teacher)
        if standardize, input.isBernoulli {
            throw DistillationError.option(
                term: name, problem: "standardize=true compares the logits of a row, and here each is one of its own")
        }
        if standardize {
            student = try Logits.standardized(student)
            teacher = try Logits.standardized(teacher)
        }
        let factor = factor(of: student)
        if input.isBernoulli {
            return try Logits.bernoulliDivergenceSum(student: student, teacher: teacher, temperature: temperature)
                * Scalar(factor)
        }
        return try Logits.divergenceSum(student: student, teacher: teacher, temperature: temperature) * Scalar(factor)
    }
}

extension SoftTerm {
    /// T² or 1, over what the sum is averaged over.
    private func factor(of student: Tensor) -> Double {
        let divisor: Double =
            switch reduction {
            case .batchmean: Double(max(1, student.shape[0]))
            case .mean: Double(max(1, student.count))
            case .sum: 1
            }
        return (scale == .none ? 1 : temperature * temperature) / divisor
    }
}

func requirePositive(_ term: String, _ option: String, _ value: Double) throws {
    guard value > 0, value.isFinite else {
        throw DistillationError.option(
            term: term, problem: "\(option) must be a number above 0, given \(number(value))")
    }
}

func requireEqualLogits(_ term: Term, _ student: Tensor, _ teacher: Tensor) throws {
    guard student.rank == 2 else { throw DistillationError.logits(term: term.name, shape: student.shape.array) }
    guard student.shape == teacher.shape else {
        throw DistillationError.unequal(term: term.name, student: student.shape.array, teacher: teacher.shape.array)
    }
}

/// What logit methods have in common, in log space throughout.
enum Logits {
    /// Σ p_t (log p_t − log p_s) over all rows, p = softmax(z/T).
    static func divergenceSum(student: Tensor, teacher: Tensor, temperature: Double) throws -> Tensor {
        let logStudent = try scaled(student, temperature).logSoftmax(dim: 1)
        let logTeacher = try scaled(teacher, temperature).logSoftmax(dim: 1)
        return try divergence(logTeacher, logStudent).sum()
    }

    /// p (log p − log q) elementwise, from the logarithms: 0 where p is 0, however unlikely q says it is.
    static func divergence(_ logP: Tensor, _ logQ: Tensor) throws -> Tensor { try logP.exp().weighing(logP - logQ) }

    /// Σ p_t log(p_t/p_s) + (1 − p_t) log((1 − p_t)/(1 − p_s)) over all elements, p = σ(z/T).
    static func bernoulliDivergenceSum(student: Tensor, teacher: Tensor, temperature: Double) throws -> Tensor {
        func logarithms(_ logits: Tensor) throws -> (yes: Tensor, no: Tensor) {
            // Beyond ±1e4 both probabilities are exact; infinities would make 0 · ∞.
            let z = try logits.clamp(min: .float(-1e4), max: .float(1e4)) / Scalar(temperature)
            return (try z.neg().softplus(threshold: 40).neg(), try z.softplus(threshold: 40).neg())
        }
        let (s, t) = (try logarithms(student), try logarithms(teacher))
        return try (divergence(t.yes, s.yes) + divergence(t.no, s.no)).sum()
    }

    /// z/T but for a constant of each row, which no softmax sees: the largest is subtracted first, so that the division
    /// rounds small numbers and not large ones.
    static func scaled(_ logits: Tensor, _ temperature: Double) throws -> Tensor {
        temperature == 1 ? logits : try shifted(logits) / Scalar(temperature)
    }

    /// z − max z, per row; the largest is a constant.
    static func shifted(_ logits: Tensor) throws -> Tensor {
        guard logits.count > 0 else { return logits }
        return try logits - logits.detach().amax(dims: [-1], keepdim: true)
    }

    /// (z − mean)/(1e-7 + unbiased standard deviation), per row. A constant row becomes zero.
    static func standardized(_ logits: Tensor) throws -> Tensor {
        let small = try shifted(logits)
        // Squares of numbers beyond 1e19 are infinite in float32: rows of such are measured in larger units.
        let unit = try (small.detach().abs().amax(dims: [1], keepdim: true) * 1e-15).clamp(min: 1)
        let measured = try small / unit
        let centred = try measured - measured.mean(dims: [1], keepdim: true)
        guard logits.shape[1] > 1 else { return try centred * unit }
        let deviation = try measured.std(dims: [1], keepdim: true)
        return try centred / (deviation + unit.reciprocal() * 1e-7)
    }
}

extension Logits {
    /// Whether every row is a distribution: then a softmax was applied that the terms apply themselves.
    static func areProbabilities(_ x: Tensor) throws -> Bool {
        guard x.rank >= 2, let classes = x.shape.last, classes > 1, x.count > 0 else { return false }
        return try Gradients.disabled {
            let rows = try x.detach().reshape([x.count / classes, classes])
            guard try rows.min().itemDouble() >= 0 else { return false }
            return try (rows.sum(dims: [1]) - 1).abs().max().itemDouble() < 1e-4
        }
    }
}
