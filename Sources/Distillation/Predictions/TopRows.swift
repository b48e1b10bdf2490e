import Data
import Tensors

/// Some classes of each row with their probabilities, and the mass that is left.
struct TopRows {
    /// The classes, int64 [N, …, k]; −1 where a row has fewer.
    let indices: Tensor
    /// log p, [N, …, k]; −∞ where a row has fewer.
    let logProbabilities: Tensor
    /// The logarithm of the mass of all other classes, [N, …].
    let logTail: Tensor

    /// - Throws: ``DistillationError/predictions(name:problem:help:)``.
    init(indices: Tensor, values: Tensor, kind: StoredPredictions.Kind, tail: Tensor?, name: String) throws {
        func failure(_ problem: String, help: String? = nil) -> DistillationError {
            .predictions(name: name, problem: problem, help: help)
        }
        guard indices.shape == values.shape, indices.rank >= 2, values.shape.allSatisfy({ $0 > 0 }) else {
            throw failure("indices \(indices.shape) and values \(values.shape), expected both [N, k]")
        }
        guard !indices.dtype.isFloating, indices.dtype != .bool else {
            throw failure("the indices are \(indices.dtype), expected whole numbers")
        }
        let values = try values.dtype == .float64 ? values.detach() : values.to(.float32)
        let missing = try indices.lt(.int(0))
        let none = kind == .logits || kind == .logProbabilities ? -Double.infinity : 0
        let known = try values.maskedFill(missing, .float(none))
        try StoredValueCheck(kind, name).check(known, isWhole: false)
        self.indices = try indices.to(.int64)
        try Self.checkDistinct(self.indices, failure)
        let logarithms: Tensor =
            switch kind {
            case .logits, .logProbabilities: known
            case .probabilities, .counts: try known.log()
            }
        let mass = try logarithms.logsumexp(dims: [-1])
        if try mass.eq(.float(-.infinity)).any().item().integer != 0 {
            throw failure("a row gives all its classes no mass")
        }
        let logTail: Tensor
        let own: Tensor
        if let tail {
            guard tail.shape.array == mass.shape.array else {
                throw failure("a tail \(tail.shape) for values \(values.shape), expected \(mass.shape)")
            }
            let share = try tail.to(known.dtype)
            let largest = try share.max().itemDouble()
            guard try share.min().itemDouble() >= 0, largest < 1 || largest == 1 && kind != .logits else {
                throw failure("the tail is the mass of the other classes, in 0 ..< 1")
            }
            logTail = try share.log()
            // Logits have no scale: what is stored gets what the tail leaves.
            own = kind == .logits ? try logarithms + ((1 - share).log() - mass).unsqueeze(dim: -1) : logarithms
        } else if kind == .probabilities || kind == .logProbabilities {
            let left = try (1 - mass.exp()).clamp(min: .float(0))
            // What rounding leaves is nobody's mass, and a power of it would be.
            let rounding = known.dtype == .float64 ? 1e-14 : 1e-6
            logTail = try left.maskedFill(left.lt(.float(rounding)), .float(0)).log()
            own = logarithms
        } else {
            logTail = try mass.maskedFill(.ones([], dtype: .bool), .float(-.infinity))
            own = logarithms
        }
        // Numbers rounded for storage sum to nearly 1.
        let total = try Tensor.cat([own, logTail.unsqueeze(dim: -1)], dim: -1).logsumexp(dims: [-1])
        logProbabilities = try own - total.unsqueeze(dim: -1)
        self.logTail = try logTail - total
    }

    private static func checkDistinct(_ indices: Tensor, _ failure: (String, String?) -> DistillationError) throws {
        let k = indices.shape.last ?? 1
        let numbers = try indices.integers()
        for start in stride(from: 0, to: numbers.count, by: k) {
            let row = numbers[start..<start + k].filter { $0 >= 0 }
            guard Set(row).count == row.count else {
                throw failure("row \(start / k) holds a class more than once", nil)
            }
        }
    }

    /// - Throws: ``DistillationError/predictions(name:problem:help:)`` for a class that there is not.
    func check(width: Int, of name: String) throws {
        let largest = try indices.max().item().integer
        guard largest >= width else { return }
        throw DistillationError.predictions(
            name: name, problem: "holds the class \(largest), and there are \(width)",
            help: "classes are numbered from 0, as the student's outputs are")
    }
}
