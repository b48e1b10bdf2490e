import Data
import Glibc
import Learning
import Tensors

/// What it costs to store some classes of a teacher's answers instead of all: bytes against what is lost.
public final class PredictionPrice {
    /// One way to store a row.
    public struct Row: Sendable {
        /// How many classes.
        public let k: Int
        /// What becomes of the mass that is not stored.
        public let rest: StoredPredictions.Rest
        /// How the values stand in the file.
        public let precision: StoredPrecision
        /// Bytes a row, ids, tail and entropy among them.
        public let bytes: Int
        /// The mean divergence Σ p̂ log(p̂/p) of what is read again from the teacher, in nats; of `bucket` the other classes
        /// are one.
        public let divergence: Double
        /// The calibration error of what is read again; nan without labels.
        public let calibrationError: Double
        /// The share of rows whose most probable class is another.
        public let top1Lost: Double
    }

    /// The ways, by bytes.
    public let rows: [Row]
    /// The calibration error of the teacher itself; nan without labels.
    public let teacherError: Double
    /// How many classes there are.
    public let width: Int
    /// The temperature of p.
    public let temperature: Double

    /// The rules that have a price: what `truncate` stores is what `bucket` does.
    public static let rules: [StoredPredictions.Rest] = [.bucket, .renormalize, .uniform]

    /// - Parameters:
    ///   - logits: the teacher's for the data, [N, …, K].
    ///   - data: its labels give the calibration error.
    ///   - counts: how many classes are stored; those above K are left out.
    ///   - temperature: that of the stored probabilities.
    /// - Throws: ``DistillationError/option(term:problem:)`` for outputs that are no classes.
    public init(
        of logits: Tensor, on data: Dataset, counts: [Int] = [1, 2, 4, 8, 16, 32, 64], temperature: Double = 1
    ) throws {
        try requirePositive("price", "T", temperature)
        let layout = try data.layout(outputs: logits.shape.array, function: "price")
        guard !layout.isBernoulli, layout.task?.hasClasses ?? true, layout.width > 1 else {
            throw DistillationError.option(
                term: "price", problem: "is of a distribution over classes, and every output here is one of its own")
        }
        let counts = counts.filter { $0 >= 1 && $0 <= layout.width }
        guard !counts.isEmpty else {
            throw DistillationError.option(
                term: "price", problem: "no k between 1 and the \(layout.width) classes: k=[1, 2, 4]")
        }
        width = layout.width
        self.temperature = temperature
        let targets = try TargetRows(layout, mask: data.mask, outputs: logits.shape.array, function: "price")
        let z = try targets.logits(logits.detach()).to(.float32)
        let labels = try data.y.map(targets.targets)
        let p = try Logits.scaled(z, temperature).logSoftmax(dim: 1)
        let best = try z.argmax(dim: 1)
        func error(_ logits: Tensor) throws -> Double {
            guard let labels else { return .nan }
            let task: LearningTask = labels.dtype.isFloating ? .probabilities : .classes
            return try Metric.named("ece").value(Predictions(logits: logits, y: labels, task: task))
        }
        teacherError = try error(z)
        var found: [Row] = []
        for k in counts {
            for precision in StoredPrecision.allCases {
                let all = try StoredPredictions(top: k, of: z, temperature: temperature)
                guard case .top(let exact) = all.content else { continue }
                let tail = try StoredElement.float16.rounded(exact.logTail.exp())
                let values = try precision.stored(exact.logProbabilities)
                for rule in Self.rules {
                    let read = try StoredPredictions(
                        indices: exact.indices, values: values, kind: .logProbabilities, temperature: temperature,
                        tail: tail.clamp(max: .float(1)), rest: rule, width: width)
                    guard let partial = try read.view(at: .arange(.int(read.count))).partial else { continue }
                    let dense = try PartialDistribution(
                        indices: partial.indices, logProbabilities: partial.logProbabilities,
                        logTail: partial.logTail, temperature: temperature,
                        rest: rule == .renormalize ? .renormalize : .uniform, kind: partial.kind
                    ).logits(width: width, dtype: .float32)
                    let divergence: Tensor
                    if rule == .bucket {
                        divergence = try partial.divergenceSum(
                            student: z, temperature: temperature, of: SoftTerm(temperature: temperature))
                    } else {
                        divergence = try Logits.divergence(
                            Logits.scaled(dense, temperature).logSoftmax(dim: 1), p
                        ).sum()
                    }
                    let changed = try dense.argmax(dim: 1).ne(best).to(.float32).mean().itemDouble()
                    found.append(
                        Row(
                            k: k, rest: rule, precision: precision, bytes: read.bytesPerRow(precision),
                            divergence: max(0, try divergence.itemDouble() / Double(max(1, z.shape[0]))),
                            calibrationError: try error(dense), top1Lost: changed))
                }
            }
        }
        rows = found.sorted { ($0.bytes, $0.divergence) < ($1.bytes, $1.divergence) }
    }
}
