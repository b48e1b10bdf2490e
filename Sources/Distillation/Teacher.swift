import Base
import Data
import Learning
import Tensors

/// Where teacher values come from.
public enum TeacherSource {
    /// A network, run in evaluation mode without gradients and left unchanged.
    case network(Module)
    /// Stored logits, one row for each example of the data.
    case logits(Tensor)
    /// What a teacher said, read from a file: found by ids, of all classes or of some.
    case predictions(StoredPredictions)

    /// The network, if it is one.
    public var network: Module? {
        if case .network(let net) = self { net } else { nil }
    }

    /// What is stored of a teacher that is no network.
    ///
    /// - Throws: ``DistillationError/teacher(problem:help:)`` for logits that are none.
    func stored() throws -> StoredPredictions? {
        switch self {
        case .network: nil
        case .logits(let logits): try StoredPredictions(unchecked: logits)
        case .predictions(let predictions): predictions
        }
    }
}

/// When teacher values are computed once and reused.
public enum CachePolicy: String, Sendable, CaseIterable {
    /// Logits and features: in memory up to 512 MB for all teachers, else in a temporary file if the disk has ample room.
    /// Never under augmentation, where every view is new.
    case auto
    /// As ``auto``, and an error where the values cannot be kept.
    case on
    /// Every step runs the teacher.
    case off
}

/// One teacher during a run: its logits and features for each batch, computed or remembered.
///
/// What was computed stays with the network for later runs (see ``TeacherRecord``). Rows are found by the batch's index, so
/// shuffling is fine.
final class Teacher {
    let source: TeacherSource
    let paths: [LayerPath]
    let inputs: TeacherInputs?
    private let capture: FeatureCapture?
    private let predictions: StoredPredictions?
    /// The stored row of each example; nil when they stand in its order.
    private var positions: Tensor?
    /// Whether the padding of the data stands before the texts.
    private var isLeftPadded = false
    private var record: TeacherRecord?
    /// What was said of each view of augmented data that come round again.
    private var viewRecords: [Int: TeacherRecord] = [:]
    private var netMark: UInt64 = 0
    /// How often the network was run since the teacher was made.
    private(set) var passes = 0

    /// Bytes in memory for the values of all teachers of a run.
    static let memoryLimit = 512 << 20

    init(_ source: TeacherSource, paths: [LayerPath], inputs: TeacherInputs? = nil) throws {
        self.source = source
        self.paths = paths
        self.inputs = inputs
        switch source {
        case .network(let net):
            capture = paths.isEmpty ? nil : try FeatureCapture(net, at: paths)
            predictions = nil
        case .logits, .predictions:
            capture = nil
            predictions = try source.stored()
            guard paths.isEmpty else {
                throw DistillationError.teacher(
                    problem: "stored logits have no layers, and the objective compares features", help: nil)
            }
        }
    }

    /// Whether what is remembered lies in a file.
    var isOnDisk: Bool {
        let records = Array(viewRecords.values) + [record].compactMap { $0 }
        return records.contains { $0.logits.isOnDisk || $0.features.values.contains { $0.isOnDisk } }
    }

    /// Makes sure that the values for the data are there, if the policy says so; called before a run and before each of
    /// its epochs, in case somebody changed the teacher meanwhile.
    ///
    /// - Parameters:
    ///   - epoch: which view of augmented data is next.
    ///   - limit: how many bytes may stay in memory.
    func fill(_ data: Dataset, policy: CachePolicy, batchSize: Int, epoch: Int = 0, limit: Int) throws {
        guard case .network(let net) = source else {
            positions = try predictions?.positions(in: data)
            isLeftPadded = data.tokens?.isLeftPadded ?? false
            return
        }
        if data.augmentation != nil, let cycle = data.viewCycle {
            return try fillView(
                epoch % max(1, cycle.count), of: cycle.count, net, data, policy, size: max(batchSize, 512), limit: limit
            )
        }
        guard data.augmentation == nil else {
            guard policy != .on else {
                throw DistillationError.teacher(
                    problem: "cache=\"on\" under augmentation: the teacher would judge other views than the student's",
                    help: "cache=\"auto\" runs the teacher on each view")
            }
            return
        }
        guard policy != .off, data.count > 0, !Plain.isOn else { return }
        let mark = net.fingerprint()
        if record != nil, mark == netMark { return }
        netMark = mark
        let own = data.inputFingerprint()
        let dataMark = inputs == nil ? own : inputs?.mark(own)
        record = nil
        if let dataMark, let known = net.remembered as? TeacherRecord,
            known.isValid(netMark: mark, dataMark: dataMark, count: data.count), try agrees(known, net, data)
        {
            record = known
            return
        }
        net.remembered = nil
        guard let values = try collect(net, data, policy, size: max(batchSize, 512), limit: limit) else { return }
        let fresh = TeacherRecord(
            logits: values.logits, features: values.features, netMark: mark, dataMark: dataMark ?? 0, count: data.count,
            positions: values.positions)
        if dataMark != nil { net.remembered = fresh }
        record = fresh
    }

    /// Makes sure that the values for one view of augmented data are there, if the policy says so.
    private func fillView(
        _ view: Int, of count: Int, _ net: Module, _ data: Dataset, _ policy: CachePolicy, size: Int, limit: Int
    ) throws {
        record = nil
        guard policy != .off, data.count > 0, !Plain.isOn else { return }
        let mark = net.fingerprint()
        if mark != netMark { viewRecords = [:] }
        netMark = mark
        if viewRecords[view] == nil,
            let values = try collect(net, data, policy, size: size, epoch: view, limit: limit / count)
        {
            viewRecords[view] = TeacherRecord(
                logits: values.logits, features: values.features, netMark: mark, dataMark: 0, count: data.count)
        }
        record = viewRecords[view]
    }

    /// Whether the first rows are what the network says now: a change of its code has no mark.
    private func agrees(_ record: TeacherRecord, _ net: Module, _ data: Dataset) throws -> Bool {
        let batch = try Batches(data, size: min(4, data.count)).batch(0)
        guard let known = try record.view(batch, at: paths) else { return false }
        let now = try run(net, batch)
        return try zip([known.logits] + known.features, [now.logits] + now.features).allSatisfy { old, new in
            guard old.shape == new.shape else { return false }
            return try old.allclose(new, rtol: 1e-3, atol: 1e-4)
        }
    }

    /// What the network says about the data.
    private struct Values {
        let logits: StoredRows
        let features: [LayerPath: StoredRows]
        let positions: (places: TokenPositions, indices: [LayerPath: Int])?
    }

    /// Everything the network says about the data; nil when there is no room for it.
    private func collect(
        _ net: Module, _ data: Dataset, _ policy: CachePolicy, size: Int, epoch: Int = 0, limit: Int
    ) throws -> Values? {
        let positions = try TokenPositions(data) { batch in
            let view = try run(net, batch)
            return [view.logits] + view.features
        }
        // A text has as many rows in a network as tokens.
        let size = data.tokens == nil ? size : max(1, min(size, 16_384 / max(1, data.tokenWidth ?? 1)))
        let batches = try Batches(data, size: size, epoch: epoch)
        var collectors: [RowCollector] = []
        for position in 0..<batches.count {
            try Interrupt.check()
            let batch = try batches.batch(position)
            let view = try run(net, batch)
            let values = try ([view.logits] + view.features).enumerated().map { index, value in
                try positions.map { try $0.filled(value, index, of: batch) } ?? value
            }
            if position == 0 {
                let bytes = values.reduce(0) { $0 + $1.count * $1.dtype.itemSize } / max(1, batch.count) * data.count
                // Half of the disk is left to others.
                let toDisk = bytes > limit
                guard !toDisk || bytes < RowFile.availableBytes / 2 else {
                    guard policy != .on else {
                        throw DistillationError.teacher(
                            problem:
                                "the teacher's values take \(bytes >> 20) MB, which neither memory nor disk can spare",
                            help: "cache=\"off\" runs the teacher in every step")
                    }
                    return nil
                }
                // Sequences of unlike length differ in shape from batch to batch and have no rows in common.
                guard values.allSatisfy({ $0.shape.first == batch.count }) else { return nil }
                collectors = try values.map { try RowCollector(first: $0, toDisk: toDisk) }
            }
            for (index, value) in values.enumerated() { try collectors[index].append(value) }
        }
        let stored = try collectors.map { try $0.stored() }
        let indices = Dictionary(zip(paths, 1...)) { first, _ in first }
        return Values(
            logits: stored[0], features: Dictionary(zip(paths, stored.dropFirst())) { first, _ in first },
            positions: positions.map { ($0, indices) })
    }

    /// Logits and features for a batch, without history.
    func view(_ batch: Batch) throws -> NetworkView {
        if let predictions {
            var places: Range<Int>?
            if let width = batch.tokenWidth, predictions.positionCount == width.full {
                places = isLeftPadded ? width.full - width.own..<width.full : 0..<width.own
            }
            return try predictions.view(
                at: positions.map { try $0.rows(at: batch.index) } ?? batch.index, positions: places)
        }
        if let record, Shortcut.teacherCache.isTaken(), let view = try record.view(batch, at: paths) {
            return view
        }
        guard case .network(let net) = source else {
            throw DistillationError.teacher(problem: "stored logits have no layers", help: nil)
        }
        return try run(net, batch)
    }

    private func run(_ net: Module, _ batch: Batch) throws -> NetworkView {
        passes += 1
        let batch = try inputs?.batch(batch) ?? batch
        return try inEvaluation(net) {
            guard let capture else { return NetworkView(logits: try net.evaluated(batch)) }
            let (output, features) = try capture.run { try net.evaluated(batch) }
            return NetworkView(logits: output, features: features)
        }
    }
}
