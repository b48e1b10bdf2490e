import Data
import Glibc
import Learning
import OrderedCollections
import Tensors

/// How strongly and how soon a mean teacher's student must agree with it.
public struct MeanTeacherOptions: Sendable {
    /// The largest decay of the moving average; nil is 0.99 during the ramp and 0.999 after it, as the authors set it, and
    /// 1 − 20/steps in a run so short that such an average would cover more than a twentieth of it.
    public var decay: Double?
    /// The weight of the consistency after the ramp; nil is 100 times the share of labelled examples, as the authors set it.
    public var consistency: Double?
    /// The epochs of the ramp e^(−5(1−t)²); nil is a fifth of the epochs, one at least.
    public var rampEpochs: Int?
    /// The standard deviation of the noise that is drawn for student and teacher apart.
    public var noise = 0.1

    /// The defaults.
    public init() {}
}

/// Semi-supervised training: a student learns the labels and to agree with the moving average of its own weights.
///
/// A. Tarvainen, H. Valpola, *Mean teachers are better role models*, arXiv:1703.01780. After step n (from 1) the teacher's
/// parameters are θ' ← α·θ' + (1 − α)·θ with α = min(1 − 1/(n + 1), decay). An average of 1000 steps, which 0.999 is, would
/// in a run of a thousand steps still hold the first, bad weights: hence the default of ``MeanTeacherOptions/decay``. The loss is the cross entropy of the labelled
/// examples plus w(t)·⟨(softmax z_s − softmax z_t)²⟩ over all examples, where student and teacher see the same examples
/// under different noise (and different dropout), and w(t) = consistency·e^(−5(1−t)²), t from 0 to 1 over the ramp.
/// A step takes a batch of the unlabelled examples and as many labelled ones, which come round as often as needed.
///
/// - Returns: the run; its network is the teacher, which is also what is validated. The student is trained in place.
/// - Throws: ``DistillationError``, ``TrainingError`` and what networks and callbacks throw.
public func meanTeacher(
    _ student: Module, labelled: Dataset, unlabelled: Dataset, settings: MeanTeacherOptions = MeanTeacherOptions(),
    options: TrainingOptions = TrainingOptions()
) throws -> Run {
    let (labelled, unlabelled) = try Dataset.ofOneWidth(labelled, unlabelled)
    let loss = try MeanTeacherLoss(student, labelled, settings, epochs: options.epochs)
    return try Trainer(
        student, unlabelled.withoutLabels(), loss: loss, options: options, function: "mean_teacher"
    ).train()
}

/// The mean teacher at work.
final class MeanTeacherLoss: TrainingLoss {
    let termNames = ["hard", "consistency"]
    let teacher: Module
    private let student: Module
    private let labelled: Dataset
    private let settings: MeanTeacherOptions
    private let ramp: Int
    private var epochSteps = 1
    private var totalSteps = 1
    private var consistency = 0.0
    private var weight = 0.0
    private var steps = 0
    private var stream: (batches: Batches, next: Int)?
    private var labelledSize = 1
    private var epoch = 0

    init(_ student: Module, _ labelled: Dataset, _ settings: MeanTeacherOptions, epochs: Int) throws {
        func require(_ condition: Bool, _ problem: String) throws {
            guard condition else { throw DistillationError.option(term: "mean_teacher", problem: problem) }
        }
        try require(
            settings.decay.map { $0 >= 0 && $0 < 1 } ?? true,
            "decay must lie in 0 ..< 1, given \(number(settings.decay ?? 0))")
        try require(settings.consistency.map { $0 >= 0 } ?? true, "consistency must not be negative")
        try require(settings.noise >= 0, "noise must not be negative")
        try require(settings.rampEpochs.map { $0 >= 1 } ?? true, "ramp_epochs must be at least 1")
        guard let y = labelled.y else { throw DistillationError.noLabels(term: "mean_teacher") }
        guard !y.dtype.isFloating else { throw DistillationError.labels(term: "mean_teacher", dtype: y.dtype) }
        self.student = student
        self.labelled = labelled
        self.settings = settings
        ramp = settings.rampEpochs ?? max(1, epochs / 5)
        teacher = try student.copy()
    }

    var memory: OrderedDictionary<String, Tensor> {
        OrderedDictionary(uniqueKeysWithValues: teacher.namedState().map { ("teacher." + $0.name, $0.tensor) })
    }

    var formula: String {
        "hard() + \(number((consistency * 100).rounded() / 100))·e^(−5(1−t)²)·⟨(softmax z_s − softmax z_t)²⟩"
    }

    var dependsOnEpochs: Bool { true }

    func prepare(_ context: TrainingContext) throws {
        let probe = try Batches(labelled.withoutAugmentation(), size: min(2, labelled.count)).batch(0)
        let outputs = try inEvaluation(student) { try student(probe).shape.array }
        try labelled.layout(outputs: outputs, function: "mean_teacher").require([.classes], "mean_teacher")
        labelledSize = min(context.batchSize, labelled.count)
        epochSteps = max(1, try Batches.count(of: context.data, size: context.batchSize))
        totalSteps = max(1, context.epochs * epochSteps)
        let share = Double(labelled.count) / Double(max(1, labelled.count + context.data.count))
        consistency = settings.consistency ?? 100 * share
        let parts = try [labelled, context.data].map { try Batches($0.withoutAugmentation(), size: 1).batch(0).input }
        let shapes = parts.map { $0.tensors.map { Array($0.shape.array.dropFirst()) } }
        guard shapes[0] == shapes[1] else {
            throw DistillationError.scheme(
                "mean_teacher",
                problem: "labelled examples are \(shapes[0]) and unlabelled ones \(shapes[1])", help: nil)
        }
    }

    func begin(epoch: Int, of epochs: Int) throws {
        self.epoch = epoch
        // An epoch depends on nothing but its number, the weights and the generator: it can be resumed.
        steps = epoch * epochSteps
        stream = nil
        let t = min(1, Double(epoch) / Double(ramp))
        weight = consistency * exp(-5 * (1 - t) * (1 - t))
        teacher.train()
    }

    /// The next labelled examples; when they are used up they come in a new order.
    private func nextLabelled() throws -> Batch {
        if stream.map({ $0.next >= $0.batches.count }) ?? true {
            stream = (try Batches(labelled, size: labelledSize, shuffle: true, dropLast: true, epoch: epoch), 0)
        }
        guard let (batches, next) = stream else { throw DistillationError.noLabels(term: "mean_teacher") }
        stream = (batches, next + 1)
        return try batches.batch(next)
    }

    func step(_ student: Module, _ batch: Batch) throws -> StepLoss {
        let known = try nextLabelled()
        let input = try DatasetInput.joined(known.input, batch.input)
        let mask = try Self.joined(known, batch)
        let logits = try student(input.noised(by: settings.noise), mask: mask)
        guard logits.rank == 2 else {
            throw DistillationError.logits(term: "mean_teacher", shape: logits.shape.array)
        }
        let target = try Gradients.disabled {
            try teacher(input.noised(by: settings.noise), mask: mask).softmax(dim: 1)
        }
        let ignored = Scalar.int(labelled.target.ignoreIndex)
        let labels =
            try known.y.map { y in
                try y.reshape([known.count]).maskedFill(
                    y.reshape([known.count]).eq(ignored), .int(TargetDeclaration.ignored))
            } ?? .zeros([0], dtype: .int64)
        let hard = try Labels.crossEntropy(logits.rows(0..<known.count), labels)
        let consistency = try (logits.softmax(dim: 1) - target).square().mean()
        let values: [Double?] = [try hard.itemDouble(), try consistency.itemDouble()]
        return StepLoss(total: try hard + consistency * Scalar(weight), terms: values)
    }

    /// The masks of both; where one side has none, all of it counts.
    private static func joined(_ a: Batch, _ b: Batch) throws -> Tensor? {
        guard let some = a.mask ?? b.mask else { return nil }
        func mask(_ batch: Batch) throws -> Tensor {
            try batch.mask ?? .ones([batch.count] + some.shape.array.dropFirst(), dtype: some.dtype)
        }
        return try .concatenated([mask(a), mask(b)])
    }

    func stepped(_ student: Module, _ batch: Batch) throws {
        steps += 1
        let alpha = min(1 - 1 / Double(steps + 1), decay(at: steps))
        try Gradients.disabled {
            for (own, new) in zip(teacher.parameters(), student.parameters()) {
                try own.copy_(own * Scalar(alpha) + new.detach() * Scalar(1 - alpha))
            }
        }
    }

    /// The largest decay in a step (from 1).
    func decay(at step: Int) -> Double {
        settings.decay ?? max(0, min(step <= ramp * epochSteps ? 0.99 : 0.999, 1 - 20 / Double(totalSteps)))
    }

    func evaluated(_ student: Module) -> Module { teacher }
    var evaluatedAlong: OrderedDictionary<String, Module> { ["student": student] }

    func finish(_ student: Module) throws -> Module {
        teacher.eval()
        return teacher
    }
}

extension DatasetInput {
    /// The examples of both, one after the other.
    static func joined(_ a: DatasetInput, _ b: DatasetInput) throws -> DatasetInput {
        switch (a, b) {
        case (.tensor(let x), .tensor(let y)): return .tensor(try .concatenated([x, y]))
        case (.named(let x), .named(let y)):
            var joined: OrderedDictionary<String, Tensor> = [:]
            for (key, tensor) in x {
                guard let other = y[key] else {
                    throw DistillationError.scheme("mean_teacher", problem: "one dataset lacks \"\(key)\"", help: nil)
                }
                joined[key] = try .concatenated([tensor, other])
            }
            return .named(joined)
        default:
            throw DistillationError.scheme(
                "mean_teacher", problem: "one dataset has inputs by name, the other a tensor", help: nil)
        }
    }
}
