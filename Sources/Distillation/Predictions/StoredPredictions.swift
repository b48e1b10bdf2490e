import Data
import Tensors

/// What a teacher said about the rows of a dataset, stored: all of it, or the most probable classes of each row.
///
/// The teacher itself is not needed any more. Rows are found by ids where both sides have them, else by position.
public final class StoredPredictions {
    /// What the stored numbers are.
    public enum Kind: String, Sendable, CaseIterable {
        /// z, whose softmax(z/T) is what the teacher says at any T.
        case logits
        /// log p at one temperature.
        case logProbabilities = "log_probabilities"
        /// p at one temperature.
        case probabilities
        /// How often each class was drawn from the teacher at one temperature: an unbiased sample of what it says.
        case counts
    }

    /// What becomes of the mass that is not stored, in rows of some classes only.
    public enum Rest: String, Sendable, CaseIterable {
        /// One more class on both sides: Σ_S p log(p/q) + (1 − P)·log((1 − P)/(1 − Q)), P and Q the mass on the stored S.
        case bucket
        /// None: p/P against the student's whole softmax.
        case renormalize
        /// Spread over the other classes: (1 − P)/(K − k) each.
        case uniform
        /// Left out of the sum: Σ_S p log(p/q), which may be below 0.
        case truncate
    }

    enum Content {
        /// z of all classes, [N, …, K].
        case full(Tensor)
        /// Some classes of each row.
        case top(TopRows)
    }

    let content: Content
    /// What the numbers were.
    public let kind: Kind
    /// The temperature of what is no logit.
    public let temperature: Double
    /// What becomes of the mass that is not stored.
    public let rest: Rest
    /// The names of the rows.
    public let ids: [String]?
    /// The names of the classes, in the order of the numbers.
    public let classes: [String]?
    /// How many classes there are, if it is known: of rows of some classes the student says it.
    public let width: Int?
    /// A mark of the inputs that the teacher saw, if it is known.
    public let dataMark: String?
    /// Where they are from, for messages.
    public let name: String
    /// 1 for each position of which something is stored, int64 [N, L]; nil where that is all of them.
    public internal(set) var mask: Tensor?
    /// What made tokens of the texts that the teacher saw, if it saw texts: see ``Data/TextTokens/tokenizer``.
    public internal(set) var tokenizer: String?

    init(
        _ content: Content, kind: Kind, temperature: Double, rest: Rest, ids: [String]?, classes: [String]?,
        width: Int?, dataMark: String?, name: String
    ) throws {
        self.content = content
        self.kind = kind
        self.temperature = temperature
        self.rest = rest
        self.ids = ids
        self.classes = classes
        self.dataMark = dataMark
        self.name = name
        switch content {
        case .full(let logits): self.width = logits.shape.last
        case .top: self.width = width ?? classes?.count
        }
        guard temperature > 0, temperature.isFinite else {
            throw failure("values_T must be a number above 0, given \(number(temperature))")
        }
        if let ids, ids.count != count {
            throw failure("\(ids.count) ids for \(count) rows", help: "one id for each row")
        }
        try Dataset.checkNames(ids, of: name)
        if let classes, let width = self.width, classes.count != width {
            throw failure("\(classes.count) names of classes for \(width) classes")
        }
        if case .top(let rows) = content, let width = self.width { try rows.check(width: width, of: name) }
    }

    /// Values of all classes, [N, K] or [N, L, K].
    ///
    /// - Throws: ``DistillationError/predictions(name:problem:help:)`` for values that are not what they are said to be.
    public convenience init(
        _ values: Tensor, kind: Kind = .logits, temperature: Double = 1, ids: [String]? = nil, classes: [String]? = nil,
        dataMark: String? = nil, name: String = "predictions"
    ) throws {
        func failure(_ problem: String, help: String? = nil) -> DistillationError {
            .predictions(name: name, problem: problem, help: help)
        }
        guard values.rank >= 2, values.shape.allSatisfy({ $0 > 0 }) else {
            throw failure("expected [N, K], one row for each example, given \(values.shape)")
        }
        let values = try values.dtype.isFloating ? values.detach() : values.to(.float32)
        try StoredValueCheck(kind, name).check(values, isWhole: true)
        let logits: Tensor =
            switch kind {
            case .logits: values
            // p = softmax(z/T) for z = T · log p, but for a constant that no softmax sees.
            case .logProbabilities: try values * Scalar(temperature)
            case .probabilities, .counts: try values.log() * Scalar(temperature)
            }
        try self.init(
            .full(logits), kind: kind, temperature: temperature, rest: .bucket, ids: ids, classes: classes, width: nil,
            dataMark: dataMark, name: name)
    }

    /// Values of some classes of each row: [N, k] or [N, L, k]; an index of −1 is none.
    ///
    /// - Parameters:
    ///   - tail: the mass that is not stored, [N] or [N, L]; nil is what the probabilities leave.
    ///   - rest: nil is ``Rest/bucket``, and ``Rest/renormalize`` for logits without a tail, which say nothing of the rest.
    /// - Throws: ``DistillationError/predictions(name:problem:help:)`` for values that are not what they are said to be.
    public convenience init(
        indices: Tensor, values: Tensor, kind: Kind, temperature: Double = 1, tail: Tensor? = nil, rest: Rest? = nil,
        ids: [String]? = nil, classes: [String]? = nil, width: Int? = nil, dataMark: String? = nil,
        name: String = "predictions"
    ) throws {
        let rows = try TopRows(indices: indices, values: values, kind: kind, tail: tail, name: name)
        let knowsTail = tail != nil || kind == .logProbabilities || kind == .probabilities
        if let rest, !knowsTail, rest != .renormalize {
            throw DistillationError.predictions(
                name: name,
                problem: kind == .counts
                    ? "counts are a sample of the whole distribution, and rest= is for classes that were chosen"
                    : "logits of some classes do not say how much mass the others have, as "
                        + "rest=\"\(rest.rawValue)\" needs",
                help: kind == .counts
                    ? "leave rest= out" : "rest=\"renormalize\", or store log-probabilities of the whole softmax")
        }
        try self.init(
            .top(rows), kind: kind, temperature: temperature, rest: rest ?? (knowsTail ? .bucket : .renormalize),
            ids: ids, classes: classes, width: width, dataMark: dataMark, name: name)
    }

    /// How many rows there are.
    public var count: Int {
        switch content {
        case .full(let logits): logits.shape.first ?? 0
        case .top(let rows): rows.indices.shape.first ?? 0
        }
    }

    /// How many classes of a row are stored; nil when all are.
    public var stored: Int? { if case .top(let rows) = content { rows.indices.shape.last } else { nil } }

    /// Whether no term can be given logits of all classes.
    public var isPartial: Bool { stored != nil && (kind == .counts || rest == .bucket || rest == .truncate) }

    /// What the terms are told of a teacher that says less than everything.
    var summary: String {
        guard let stored else { return "\(count) rows of \(kind.rawValue) of \(width ?? 0) classes" }
        let classes = width.map { " of \($0)" } ?? ""
        let values = kind == .logits ? "logits" : "\(kind.rawValue) at T = \(number(temperature))"
        return "\(count) rows of the \(stored)\(classes) classes with the most, \(values)"
            + (kind == .counts ? "" : ", rest=\"\(rest.rawValue)\"")
    }

    /// What they are, for people.
    public var description: String { "\(name): \(summary)" }

    func failure(_ problem: String, help: String? = nil) -> DistillationError {
        .predictions(name: name, problem: problem, help: help)
    }

    static func list(_ names: [String]) -> String {
        names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", … (\(names.count))" : "")
    }

    /// How many positions of a text are stored, [N, L, …]; nil for one row an example.
    var positionCount: Int? {
        switch content {
        case .full(let logits): logits.rank > 2 ? logits.shape[1] : nil
        case .top(let rows): rows.indices.rank > 2 ? rows.indices.shape[1] : nil
        }
    }

    /// What is stored for the rows at `index`, as a teacher gives it.
    ///
    /// - Parameter positions: which positions of a text; nil is all.
    func view(at index: Tensor, positions: Range<Int>? = nil) throws -> NetworkView {
        func chosen(_ x: Tensor) throws -> Tensor {
            let rows = try x.rows(at: index)
            guard let positions else { return rows }
            return try rows.narrow(dim: 1, start: positions.lowerBound, length: positions.count)
        }
        switch content {
        case .full(let logits): return NetworkView(logits: try chosen(logits))
        case .top(let rows):
            return NetworkView(
                partial: PartialDistribution(
                    indices: try chosen(rows.indices), logProbabilities: try chosen(rows.logProbabilities),
                    logTail: try chosen(rows.logTail), temperature: temperature, rest: rest, kind: kind))
        }
    }
}

/// Whether stored values are what they are said to be.
struct StoredValueCheck {
    private let kind: StoredPredictions.Kind
    private let name: String

    init(_ kind: StoredPredictions.Kind, _ name: String) { (self.kind, self.name) = (kind, name) }

    private func failure(_ problem: String, help: String? = nil) -> DistillationError {
        .predictions(name: name, problem: problem, help: help)
    }

    /// - Parameters:
    ///   - values: [N, …, k].
    ///   - isWhole: whether every row holds all classes.
    /// - Throws: ``DistillationError/predictions(name:problem:help:)`` that names the first row that is none.
    func check(_ values: Tensor, isWhole: Bool) throws {
        guard try values.isnan().any().item().integer == 0 else { throw failure("the values hold nan") }
        guard try values.eq(.float(.infinity)).any().item().integer == 0 else { throw failure("the values hold inf") }
        if kind == .logits { return }
        let masses: [Double]
        switch kind {
        case .logProbabilities:
            guard try values.max().itemDouble() < 1e-2 else {
                throw failure("log-probabilities above 0", help: "kind=\"logits\" for what is not normalised")
            }
            masses = try values.to(.float64).logsumexp(dims: [-1]).exp().doubles()
        case .probabilities, .counts, .logits:
            guard try values.min().itemDouble() >= 0 else {
                throw failure("\(kind.rawValue) below 0", help: "kind=\"logits\" or kind=\"log_probabilities\"")
            }
            masses = try values.to(.float64).sum(dims: [-1]).doubles()
        }
        if kind == .counts {
            guard let row = masses.firstIndex(where: { $0 <= 0 }) else { return }
            throw failure("row \(row) counts nothing")
        }
        // Half precision rounds each of many by a thousandth.
        if let row = masses.firstIndex(where: { $0 > 1.01 || isWhole && $0 < 0.99 }) {
            throw failure(
                "row \(row) sums to \(short(masses[row])), and probabilities of \(isWhole ? "all" : "some") classes to "
                    + (isWhole ? "1" : "at most 1"),
                help: kind == .logProbabilities ? "kind=\"logits\" for what is not normalised" : nil)
        }
    }

    private func short(_ value: Double) -> String { "\((value * 1e4).rounded() / 1e4)" }
}

extension StoredPredictions {
    /// Logits as they are, of any shape.
    convenience init(unchecked logits: Tensor) throws {
        try self.init(
            .full(logits.detach()), kind: .logits, temperature: 1, rest: .bucket, ids: nil, classes: nil, width: nil,
            dataMark: nil, name: "stored logits")
    }

    /// A mark of the content.
    var checksum: String {
        switch content {
        case .full(let logits): Checksum.text(of: [logits])
        case .top(let rows): Checksum.text(of: [rows.indices, rows.logProbabilities, rows.logTail])
        }
    }
}
