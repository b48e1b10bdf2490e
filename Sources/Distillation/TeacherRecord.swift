import Data
import Learning
import Tensors

/// Rows of one of the teacher's values, in memory or in a file.
enum StoredRows {
    case memory(Tensor)
    case disk(RowFile)

    /// The rows of a batch.
    func rows(at index: Tensor) throws -> Tensor {
        switch self {
        case .memory(let tensor): try tensor.rows(at: index)
        case .disk(let file): try file.rows(at: index.integers())
        }
    }

    /// Whether the values are in a file.
    var isOnDisk: Bool { if case .disk = self { true } else { false } }
}

/// What a teacher says about a dataset, remembered with the teacher for later runs.
///
/// It is valid for the very weights and the very inputs it was computed from: both are recognised by marks of their
/// contents, and each run compares a few rows with what the teacher says now, which finds whatever else may have changed.
final class TeacherRecord {
    let logits: StoredRows
    let features: [LayerPath: StoredRows]
    private let netMark: UInt64
    private let dataMark: UInt64
    private let count: Int
    /// Where the logits and then the features, in the order of their paths, have positions of tokens.
    private let positions: (places: TokenPositions, indices: [LayerPath: Int])?

    init(
        logits: StoredRows, features: [LayerPath: StoredRows], netMark: UInt64, dataMark: UInt64, count: Int,
        positions: (places: TokenPositions, indices: [LayerPath: Int])? = nil
    ) {
        self.logits = logits
        self.features = features
        self.netMark = netMark
        self.dataMark = dataMark
        self.count = count
        self.positions = positions
    }

    func isValid(netMark: UInt64, dataMark: UInt64, count: Int) -> Bool {
        self.netMark == netMark && self.dataMark == dataMark && self.count == count
    }

    /// What the teacher said about the examples of a batch.
    func view(_ batch: Batch, at paths: [LayerPath]) throws -> NetworkView? {
        func cut(_ value: Tensor, _ index: Int?) throws -> Tensor {
            guard let positions, let index else { return value }
            return try positions.places.cut(value, index, to: batch)
        }
        var values: [Tensor] = []
        for path in paths {
            guard let stored = features[path] else { return nil }
            values.append(try cut(stored.rows(at: batch.index), positions?.indices[path]))
        }
        return NetworkView(logits: try cut(logits.rows(at: batch.index), 0), features: values)
    }
}

/// Collects rows of one value batch by batch.
struct RowCollector {
    private var parts: [Tensor] = []
    private let file: RowFile?

    init(first: Tensor, toDisk: Bool) throws {
        file = toDisk ? try RowFile(rowShape: Array(first.shape.array.dropFirst()), dtype: first.dtype) : nil
    }

    mutating func append(_ rows: Tensor) throws {
        if let file { try file.append(rows) } else { parts.append(rows) }
    }

    func stored() throws -> StoredRows {
        if let file { return .disk(file) }
        return .memory(parts.count == 1 ? parts[0] : try .concatenated(parts))
    }
}
