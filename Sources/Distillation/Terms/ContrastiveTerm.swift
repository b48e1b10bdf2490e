import Data
import Glibc
import Learning
import OrderedCollections
import Tensors

/// Contrastive representation distillation: student and teacher embed an example alike and unlike all others.
///
/// Both features are embedded in `dim` dimensions by trained layers and normed. Two memory banks hold an embedding of every
/// example, the student's and the teacher's, updated with `momentum` after each step and normed again. For the example i and
/// `negatives` other examples j of other classes, with the other network's bank m,
///
///     P_j = exp(v_i·m_j/T)/Z,  −[log P_i/(P_i + n/N) + Σ_j log (n/N)/(P_j + n/N)]/B,
///
/// N examples, n negatives, Z such that the mean of P in the first batch is 1/N, in both directions, student to teacher's
/// bank and teacher to student's. Y. Tian, D. Krishnan, P. Isola, *Contrastive Representation Distillation*,
/// arXiv:1910.10699; defaults of the authors.
///
/// With `inBatch` the other examples of the batch take the place of the banks, and the loss is InfoNCE in both directions:
/// −⟨log softmax_j(v_i·u_j/T)[i]⟩ − ⟨log softmax_j(u_i·v_j/T)[i]⟩.
public final class ContrastiveTerm: PairTerm {
    /// The page of the method; its weight is 0.8, as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "crd",
            "Contrastive representation distillation: an example's embeddings by both networks are told from those of other examples (Tian et al., 2020).",
            formula: "−[log P_i/(P_i + n/N) + Σ_j log (n/N)/(P_j + n/N)]/B, P = exp(v·m/T)/Z, both directions",
            paper: "arXiv:1910.10699.",
            weight: 0.8, use: "hard() + {weight} * crd(), or soft() + {weight} * crd().",
            when:
                "the strongest of the feature methods before 2021 on CIFAR-100; needs many classes and examples to be told apart, and memory for two embeddings of every example. Start with fewer negatives on small data: crd(negatives=512).",
            remarks: [
                "Banks and Z belong to the run and are saved in its checkpoints; without classes every other example is a negative."
            ],
            family: .relations, related: ["similarity", "pkt"])
    }

    /// How many negatives an example is told from.
    public let negatives: Int
    /// T.
    public let temperature: Double
    /// The share of the old embedding in a bank's new one.
    public let momentum: Double
    /// The dimensions of the embeddings.
    public let size: Int
    /// Whether the batch gives the negatives, without banks.
    public let inBatch: Bool
    /// - Throws: ``DistillationError/option(term:problem:)`` for options outside their range.
    public init(
        pairs: [LayerPair] = [], negatives: Int = 16384, temperature: Double = 0.07, momentum: Double = 0.5,
        size: Int = 128, inBatch: Bool = false, name: String? = nil
    ) throws {
        try requirePositive("crd", "T", temperature)
        func require(_ condition: Bool, _ problem: String) throws {
            guard condition else { throw DistillationError.option(term: "crd", problem: problem) }
        }
        try require(negatives >= 1, "negatives must be at least 1, given \(negatives)")
        try require(momentum >= 0 && momentum < 1, "momentum must lie in 0..<1, given \(number(momentum))")
        try require(size >= 1, "dim must be at least 1, given \(size)")
        try require(pairs.count <= 1, "compares one pair of layers, given \(pairs.count)")
        (self.negatives, self.temperature, self.momentum) = (negatives, temperature, momentum)
        (self.size, self.inBatch) = (size, inBatch)
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String {
        var parts: [String] = []
        if inBatch {
            parts.append("in_batch=true")
        } else if negatives != 16384 {
            parts.append("negatives=\(negatives)")
        }
        if temperature != 0.07 { parts.append("T=\(number(temperature))") }
        if momentum != 0.5, !inBatch { parts.append("momentum=\(number(momentum))") }
        if size != 128 { parts.append("dim=\(size)") }
        return parts.joined(separator: ", ")
    }
    /// The formula.
    public override var formula: String {
        inBatch
            ? "−⟨log softmax_j(v_i·u_j/T)[i]⟩ − ⟨log softmax_j(u_i·v_j/T)[i]⟩"
            : Self.page.formula
    }
    /// The embeddings are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the embeddings and the banks.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        guard let feature = try example.features(for: self).first else {
            throw DistillationError.option(term: name, problem: "needs a pair of layers")
        }
        if example.batch.mask != nil {
            throw DistillationError.feature(
                term: name, problem: "compares examples, and the data masks positions of them")
        }
        let student = try Linear(rows(feature.student).shape[1], size)
        let teacher = try Linear(rows(feature.teacher).shape[1], size)
        let banks = inBatch ? nil : try MemoryBanks(examples: context.data.count, size: size)
        let sampler = inBatch ? nil : try NegativeSampler(context.data, for: name)
        return ContrastiveEmbeddings(self, (student, teacher), banks, sampler)
    }
}

/// Two embeddings that learn in one run to know each other's, with what they are told from.
final class ContrastiveEmbeddings: ActiveTerm {
    private let term: ContrastiveTerm
    private let embeddings: (student: Linear, teacher: Linear)
    private let banks: MemoryBanks?
    private let sampler: NegativeSampler?
    /// The embeddings of the step, for the banks.
    private var pending: (student: Tensor, teacher: Tensor)?
    /// The negatives of every step, [B, negatives]; tests set it.
    var chosenNegatives: Tensor?

    init(
        _ term: ContrastiveTerm, _ embeddings: (student: Linear, teacher: Linear), _ banks: MemoryBanks?,
        _ sampler: NegativeSampler?
    ) {
        self.term = term
        self.embeddings = embeddings
        self.banks = banks
        self.sampler = sampler
        super.init(
            modules: ["student": embeddings.student, "teacher": embeddings.teacher], memory: banks?.tensors ?? [:],
            term.loss)
    }

    /// Both directions.
    override func loss(_ input: TermInput) throws -> Tensor {
        guard let feature = try input.features(for: term).first else {
            throw DistillationError.option(term: term.name, problem: "needs a pair of layers")
        }
        try term.requireSameBatch(feature.student, feature.teacher)
        let student = try Rows.normalized(embeddings.student(term.rows(feature.student)))
        let teacher = try Rows.normalized(embeddings.teacher(term.rows(feature.teacher)))
        guard let banks, let sampler else { return try inBatchLoss(student, teacher) }
        let index = input.batch.index
        let others = try chosenNegatives ?? sampler.draw(term.negatives, for: index)
        let chosen = try Tensor.cat([index.reshape([-1, 1]), others], dim: 1)
        let loss =
            try direction(student, bank: banks.teacher, banks.studentConstant, chosen)
            + direction(teacher, bank: banks.student, banks.teacherConstant, chosen)
        pending = (try student.detach(), try teacher.detach())
        return loss
    }

    private func inBatchLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        let scores = try student.matmul(teacher.transposed()) * Scalar(1 / term.temperature)
        let own = try Tensor.arange(.int(student.shape[0]))
        return try scores.crossEntropy(own) + scores.transposed().crossEntropy(own)
    }

    /// The loss of embeddings [B, D] against a bank [N, D], whose rows `chosen` [B, 1 + n] begin with the example's own.
    private func direction(_ embedded: Tensor, bank: Tensor, _ constant: Tensor, _ chosen: Tensor) throws -> Tensor {
        let (examples, count) = (Double(bank.shape[0]), chosen.shape[1] - 1)
        // All products with the bank cost less than copying 1 + n rows of it for each example.
        let scores = try embedded.matmul(bank.to(embedded.dtype).transposed()).gather(dim: 1, index: chosen)
        let logits = try scores * Scalar(1 / term.temperature)
        if try constant.itemDouble().isNaN {
            let total = try logits.detach().reshape([logits.count]).logsumexp(dims: [0], keepdim: true)
            let mean = try total.to(constant.dtype) + Scalar(log(examples) - log(Double(logits.count)))
            _ = try Gradients.disabled { try constant.copy_(mean) }
        }
        // In logarithms, so that no exponential overflows: log P/(P + c) = −softplus(log c − log P), and
        // log (n/N)/(P + c) = log (n/N)/c − softplus(log P − log c).
        let noise = Double(count) / examples
        let offset = log(noise + Self.epsilon)
        let logP = try logits - Scalar(constant.itemDouble() + offset)
        let positive = try (-logP.narrow(dim: 1, start: 0, length: 1)).softplus().sum()
        let negative = try logP.narrow(dim: 1, start: 1, length: count).softplus().sum()
        let constants = Double(embedded.shape[0] * count) * (offset - log(noise))
        return try (positive + negative + Scalar(constants)) * Scalar(1 / Double(max(1, embedded.shape[0])))
    }

    private static let epsilon = 1e-7

    /// Moves the banks towards the step's embeddings.
    override func stepped(_ input: TermInput) throws {
        guard let banks, let pending else { return }
        self.pending = nil
        try banks.update(
            student: pending.student, teacher: pending.teacher, at: input.batch.index, momentum: term.momentum)
    }
}

/// An embedding of every example by each of two networks, and the constants log Z.
final class MemoryBanks {
    /// The student's embeddings, [N, D].
    let student: Tensor
    /// The teacher's embeddings, [N, D].
    let teacher: Tensor
    /// log Z of the student's direction, [1]; NaN before the first batch.
    let studentConstant: Tensor
    /// log Z of the teacher's direction, [1]; NaN before the first batch.
    let teacherConstant: Tensor

    /// Uniform in ±√(3/D).
    init(examples: Int, size: Int) throws {
        let bound = (3 / Double(size)).squareRoot()
        student = try Tensor.initialized([examples, size], bound: bound).detach()
        teacher = try Tensor.initialized([examples, size], bound: bound).detach()
        studentConstant = try .full([1], .float(.nan), dtype: .float32)
        teacherConstant = try .full([1], .float(.nan), dtype: .float32)
    }

    var tensors: OrderedDictionary<String, Tensor> {
        [
            "student_bank": student, "teacher_bank": teacher, "student_log_z": studentConstant,
            "teacher_log_z": teacherConstant,
        ]
    }

    /// Moves the embeddings of some examples towards new ones.
    func update(student new: Tensor, teacher other: Tensor, at index: Tensor, momentum: Double) throws {
        try Gradients.disabled {
            for (bank, embedded) in [(student, new), (teacher, other)] {
                let old = try bank.rows(at: index)
                let mixed = try old * Scalar(momentum) + embedded.detach().to(bank.dtype) * Scalar(1 - momentum)
                try bank.setIndex([.tensor(index)], .tensor(Rows.normalized(mixed)))
            }
        }
    }
}

/// Draws examples of other classes than an example's; without classes, other examples.
final class NegativeSampler {
    /// The examples ordered by class.
    private let order: Tensor
    /// For each example where its class begins in ``order``, and how many belong to it.
    private let start: Tensor
    private let size: Tensor
    private let count: Int

    /// - Throws: ``DistillationError/option(term:problem:)`` when an example has no other to be told from.
    init(_ data: Dataset, for term: String) throws {
        count = data.count
        var classes = Array(0..<data.count)
        if data.classes != nil, let y = data.y, y.rank == 1, !y.dtype.isFloating { classes = try y.integers() }
        let sorted = classes.indices.sorted { (classes[$0], $0) < (classes[$1], $1) }
        var starts = [Int](repeating: 0, count: count)
        var sizes = starts
        var position = 0
        while position < sorted.count {
            var end = position
            while end < sorted.count, classes[sorted[end]] == classes[sorted[position]] { end += 1 }
            for place in position..<end {
                starts[sorted[place]] = position
                sizes[sorted[place]] = end - position
            }
            position = end
        }
        guard sizes.allSatisfy({ $0 < data.count }) else {
            throw DistillationError.option(
                term: term, problem: "all \(data.count) examples are of one class: there are no negatives")
        }
        order = try Tensor(sorted)
        start = try Tensor(starts)
        size = try Tensor(sizes)
    }

    /// Examples of other classes for some rows, int64 [B, n], with repetition.
    func draw(_ number: Int, for index: Tensor) throws -> Tensor {
        let rows = index.count
        let sizes = try size.rows(at: index).reshape([rows, 1])
        let starts = try start.rows(at: index).reshape([rows, 1])
        let uniform = try Tensor.rand([rows, number], dtype: .float64)
        let others: Tensor = try (-sizes + Scalar(count)).to(.float64)
        // A uniform number just below 1 may round up to the limit.
        let position: Tensor = try (uniform * others).floor().minimum(others - 1).to(.int64)
        let skipped: Tensor = try position.ge(starts).to(.int64) * sizes
        return try order.rows(at: (position + skipped).reshape([rows * number])).reshape([rows, number])
    }
}
