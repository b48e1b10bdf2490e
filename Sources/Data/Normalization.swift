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

    /// The statistics of a dataset's x [N, C, …] (population standard deviation; a constant column keeps its scale).
    ///
    /// Bytes are counted, other numbers are summed in pieces, so that neither a copy of x nor the whole of a file is held.
    ///
    /// - Throws: ``DataError`` for an empty dataset and for inputs by name.
    public init(of dataset: Dataset) throws {
        guard let shape = dataset.inputShape else {
            throw dataset.notOneTensor("normalize", help: "normalise the tensors first")
        }
        guard shape.reduce(1, *) > 0 else {
            throw DataError.argument(function: "normalize", problem: "the dataset is empty", help: nil)
        }
        var moments = Moments(channels: shape.count > 1 ? shape[1] : 1)
        if case .memory(.tensor(let x)) = dataset.stored, x.dtype == .uint8 {
            moments.add(bytes: x)
            if let own = dataset.normalization { moments.shift(by: own) }
        } else {
            let width = shape.dropFirst().reduce(1, *)
            let rows = max(1, (1 << 20) / max(1, width))
            for start in stride(from: 0, to: shape[0], by: rows) {
                let piece = try dataset.numbers(.range(start..<min(shape[0], start + rows))).tensor
                if let piece { try moments.add(piece) }
            }
        }
        if moments.mean.contains(where: { !$0.isFinite }) { throw try Self.notFinite(dataset, moments.mean) }
        try self.init(mean: moments.mean, std: moments.deviation)
    }

    /// Says which column holds what is no number, and how often.
    private static func notFinite(_ dataset: Dataset, _ means: [Double]) throws -> DataError {
        let column = means.firstIndex { !$0.isFinite } ?? 0
        let names = dataset.table?.features.flatMap { feature in
            feature.categories?.map { "\(feature.name) = \($0)" } ?? [feature.name]
        }
        let name = names.flatMap { $0.indices.contains(column) ? " (\($0[column]))" : nil } ?? ""
        let x = try dataset.x()
        let values = try x.doubles()
        let width = means.count
        let inner = x.shape.dropFirst(2).reduce(1, *)
        let rows = (0..<dataset.count).count { row in
            (0..<inner).contains { !values[(row * width + column) * inner + $0].isFinite }
        }
        return .argument(
            function: "normalize",
            problem:
                "\(x.rank == 2 ? "column" : "channel") \(column + 1)\(name) holds nan or inf in \(rows) of \(dataset.count) rows",
            help:
                "ds.describe() counts missing values; TensorDataset(masked_fill(ds.x, isnan(ds.x), 0), ds.y) puts 0 there"
        )
    }

    /// The normalisation that applies `self` and then `other`, as one.
    func followed(by other: Normalization) throws -> Normalization {
        let count = max(mean.count, other.mean.count)
        func spread(_ values: [Double]) -> [Double] {
            values.count == count ? values : .init(repeating: values[0], count: count)
        }
        let (m, s, m2, s2) = (spread(mean), spread(std), spread(other.mean), spread(other.std))
        return try Normalization(
            mean: (0..<count).map { m[$0] + s[$0] * m2[$0] }, std: (0..<count).map { s[$0] * s2[$0] })
    }

    func check(channels: Int) throws {
        guard mean.count == 1 || mean.count == channels else {
            throw DataError.shape(
                function: "normalize",
                problem: "statistics of \(mean.count) columns or channels for x with \(channels)", help: nil)
        }
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

/// Sums for means and deviations, per channel, piece by piece (Chan, Golub and LeVeque, 1979).
private struct Moments {
    private var count = 0.0
    private(set) var mean: [Double]
    private var squares: [Double]

    init(channels: Int) {
        mean = Array(repeating: 0, count: channels)
        squares = mean
    }

    var deviation: [Double] { squares.map { $0 > 0 ? ($0 / count).squareRoot() : 1 } }

    /// Counts of bytes give exact sums.
    mutating func add(bytes x: Tensor) {
        let counts = x.byteCounts()
        count = Double(x.count / mean.count)
        for channel in mean.indices {
            let own = counts[channel * 256..<(channel + 1) * 256].map(Double.init)
            mean[channel] = own.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } / count / 255
            squares[channel] = own.enumerated().reduce(0) { sum, entry in
                let difference = Double(entry.offset) / 255 - mean[channel]
                return sum + difference * difference * entry.element
            }
        }
    }

    /// The moments of (x − mean) / std.
    mutating func shift(by own: Normalization) {
        for channel in mean.indices {
            let place = own.mean.count == 1 ? 0 : channel
            mean[channel] = (mean[channel] - own.mean[place]) / own.std[place]
            squares[channel] /= own.std[place] * own.std[place]
        }
    }

    mutating func add(_ x: Tensor) throws {
        let values = try x.doubles()
        let channels = mean.count
        let inner = x.shape.dropFirst(2).reduce(1, *)
        let added = Double(values.count / channels)
        guard added > 0 else { return }
        var sums = Array(repeating: 0.0, count: channels)
        Self.forEachChannel(values.count, channels, inner) { channel, position in sums[channel] += values[position] }
        let means = sums.map { $0 / added }
        var differences = Array(repeating: 0.0, count: channels)
        Self.forEachChannel(values.count, channels, inner) { channel, position in
            let difference = values[position] - means[channel]
            differences[channel] += difference * difference
        }
        let total = count + added
        for channel in 0..<channels {
            let step = means[channel] - mean[channel]
            mean[channel] = count == 0 ? means[channel] : mean[channel] + step * added / total
            squares[channel] += differences[channel] + step * step * count * added / total
        }
        count = total
    }

    @inline(__always)
    private static func forEachChannel(_ count: Int, _ channels: Int, _ inner: Int, _ body: (Int, Int) -> Void) {
        var channel = 0
        var position = 0
        while position < count {
            for _ in 0..<inner {
                body(channel, position)
                position += 1
            }
            channel = channel + 1 == channels ? 0 : channel + 1
        }
    }
}

/// Normalises datasets with the statistics of the first one, or with given ones.
///
/// x stays as it is stored; the statistics stay with the datasets and are applied to what is read of them. A normalised
/// dataset that is normalised again has the joint statistics.
///
/// - Throws: ``DataError`` for inputs by name and for datasets of different shapes.
public func normalize(_ datasets: [Dataset], with statistics: Normalization? = nil) throws -> [Dataset] {
    guard let first = datasets.first else { return [] }
    let statistics = try statistics ?? Normalization(of: first)
    return try datasets.map { dataset in
        guard let shape = dataset.inputShape else {
            throw dataset.notOneTensor("normalize", help: "normalise the tensors first")
        }
        try statistics.check(channels: shape.count > 1 ? shape[1] : 1)
        let joint = try dataset.normalization?.followed(by: statistics) ?? statistics
        return try dataset.with(normalization: .some(joint))
    }
}

extension Normalization {
    /// ImageNet's statistics for images in 0…1, red, green, blue.
    ///
    /// Source: https://docs.pytorch.org/vision/stable/models.html
    public static func imageNet() throws -> Normalization {
        try Normalization(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    }
}
