import Data
import Learning
import Tensors

/// Where teacher values come from.
public enum TeacherSource {
    /// A network, run in evaluation mode without gradients and left unchanged.
    case network(Module)
    /// Stored logits, one row for each example of the data.
    case logits(Tensor)

    /// The network, if it is one.
    public var network: Module? {
        if case .network(let net) = self { net } else { nil }
    }
}

/// When teacher values are computed once and reused.
public enum CachePolicy: String, Sendable, CaseIterable {
    /// Logits always, features up to 512 MB; never under augmentation.
    case auto
    /// Logits and features whatever their size; never under augmentation.
    case on
    /// Every step runs the teacher.
    case off
}

/// One teacher during a run: its logits and features for each batch, computed or remembered.
///
/// The cache lives for one run, in which neither data nor teacher can change (the teacher is frozen by being run without
/// gradients, and a dataset never changes), so it cannot be stale. Rows are found by the batch's index, so shuffling is fine.
final class Teacher {
    let source: TeacherSource
    let paths: [LayerPath]
    private let capture: FeatureCapture?
    private var storedLogits: Tensor?
    private var storedFeatures: [Tensor]?

    static let featureLimit = 512 << 20

    init(_ source: TeacherSource, paths: [LayerPath]) throws {
        self.source = source
        self.paths = paths
        switch source {
        case .network(let net):
            capture = paths.isEmpty ? nil : try FeatureCapture(net, at: paths)
        case .logits(let logits):
            capture = nil
            storedLogits = try logits.detach()
            guard paths.isEmpty else {
                throw DistillationError.teacher(
                    problem: "stored logits have no layers, and the objective compares features", help: nil)
            }
        }
    }

    /// Whether the next batch can be answered without running the network.
    var isCached: Bool { storedLogits != nil && (paths.isEmpty || storedFeatures != nil) }

    /// Computes everything for the data in advance if the policy says so.
    func fill(_ data: Dataset, policy: CachePolicy, batchSize: Int) throws {
        guard case .network(let net) = source else {
            guard storedLogits?.shape.first == data.count else {
                throw DistillationError.teacher(
                    problem: "\(storedLogits?.shape.first ?? 0) rows of stored logits for \(data.count) examples",
                    help: "one row per example, in the order of the dataset")
            }
            return
        }
        guard policy != .off, data.augmentation == nil else { return }
        let batches = try Batches(data, size: max(batchSize, 512))
        var keepsFeatures = policy == .on || paths.isEmpty
        var logits: [Tensor] = []
        var features: [[Tensor]] = paths.map { _ in [] }
        for position in 0..<batches.count {
            try Interrupt.check()
            let batch = try batches.batch(position)
            let view = try run(net, batch.input, capturing: position == 0 || keepsFeatures)
            if position == 0, !keepsFeatures {
                let bytes = view.features.reduce(0) { $0 + $1.count * $1.dtype.itemSize } / max(1, batch.count)
                keepsFeatures = bytes.multipliedReportingOverflow(by: data.count).partialValue <= Self.featureLimit
                // A teacher that runs every step anyway for its features gives its logits along.
                if !keepsFeatures { return }
            }
            logits.append(view.logits)
            for (index, feature) in view.features.enumerated() { features[index].append(feature) }
        }
        storedLogits = try Self.joined(logits)
        storedFeatures = try features.map(Self.joined)
    }

    private static func joined(_ parts: [Tensor]) throws -> Tensor {
        parts.count == 1 ? parts[0] : try .concatenated(parts)
    }

    /// Logits and features for a batch, without history.
    func view(_ batch: Batch) throws -> NetworkView {
        if let storedLogits, isCached {
            return NetworkView(
                logits: try storedLogits.rows(at: batch.index),
                features: try storedFeatures?.map { try $0.rows(at: batch.index) } ?? [])
        }
        guard case .network(let net) = source else {
            throw DistillationError.teacher(problem: "stored logits have no layers", help: nil)
        }
        return try run(net, batch.input, capturing: true)
    }

    private func run(_ net: Module, _ input: DatasetInput, capturing: Bool) throws -> NetworkView {
        try inEvaluation(net) {
            guard let capture, capturing else { return NetworkView(logits: try net(input)) }
            let (output, features) = try capture.run { try net(input) }
            return NetworkView(logits: output, features: features)
        }
    }
}
