import Glibc
import Tensors

/// What makes features comparable: (x − mean) / std, per column of [N, D] and per channel of [N, C, …].
public struct Normalization: Sendable, Equatable, CustomStringConvertible {
    /// What is subtracted, one value a column or channel, or one for all.
    public let mean: [Double]
    /// What is divided by.
    public let std: [Double]

    /// Given statistics.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` unless there are as many of both, all finite, std above 0.
    public init(mean: [Double], std: [Double]) throws {
        guard mean.count == std.count, !mean.isEmpty, mean.allSatisfy(\.isFinite),
            std.allSatisfy({ $0.isFinite && $0 > 0 })
        else {
            throw DataError.argument(
                function: "normalize", problem: "mean and std need as many finite values each, std above 0", help: nil)
        }
        self.mean = mean
        self.std = std
    }

    /// The statistics of x [N, C, …] (population standard deviation; a constant column keeps its scale).
    public init(of x: Tensor) throws {
        let shape = x.shape
        let channels = shape.count > 1 ? shape[1] : 1
        let inner = shape.dropFirst(2).reduce(1, *)
        guard x.count > 0 else {
            throw DataError.argument(function: "normalize", problem: "the dataset is empty", help: nil)
        }
        let values = try x.doubles()
        let count = Double(values.count / channels)
        var sums = Array(repeating: 0.0, count: channels)
        var squares = sums
        var channel = 0
        var position = 0
        while position < values.count {
            for _ in 0..<inner {
                sums[channel] += values[position]
                position += 1
            }
            channel = channel + 1 == channels ? 0 : channel + 1
        }
        let mean = sums.map { $0 / count }
        position = 0
        channel = 0
        while position < values.count {
            for _ in 0..<inner {
                let difference = values[position] - mean[channel]
                squares[channel] += difference * difference
                position += 1
            }
            channel = channel + 1 == channels ? 0 : channel + 1
        }
        try self.init(mean: mean, std: squares.map { $0 > 0 ? ($0 / count).squareRoot() : 1 })
    }

    /// (x − mean) / std.
    ///
    /// - Throws: ``DataError/shape(function:problem:help:)`` when x has another number of columns or channels.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        let channels = x.shape.count > 1 ? x.shape[1] : 1
        guard mean.count == 1 || mean.count == channels else {
            throw DataError.shape(
                function: "normalize", problem: "statistics of \(mean.count) channels for x \(x.shape)", help: nil)
        }
        let shape = [mean.count] + Array(repeating: 1, count: max(0, x.shape.count - 2))
        let x = x.dtype.isFloating ? x : try x.to(.float32)
        let shift = try Tensor(mean, shape: shape).to(x.dtype)
        let scale = try Tensor(std, shape: shape).to(x.dtype)
        return try (x - shift) / scale
    }

    /// A short form for people.
    public var description: String {
        mean.count <= 4
            ? "mean \(mean.map(short).joined(separator: ", ")), std \(std.map(short).joined(separator: ", "))"
            : "the mean and standard deviation of each of \(mean.count) columns"
    }
}

/// Normalises datasets with the statistics of the first one, or with given ones; the statistics stay with the datasets.
///
/// - Throws: ``DataError`` for inputs by name and for datasets of different shapes.
public func normalize(_ datasets: [Dataset], with statistics: Normalization? = nil) throws -> [Dataset] {
    guard let first = datasets.first else { return [] }
    let statistics = try statistics ?? Normalization(of: first.x())
    return try datasets.map { dataset in
        try dataset.with(input: .tensor(statistics(dataset.x())), normalization: .some(statistics))
    }
}
