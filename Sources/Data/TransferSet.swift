import Glibc
import Tensors

extension Dataset {
    /// The examples with synthetic ones behind them, which have no label: what a teacher may be asked beyond the data there are.
    ///
    /// Each is a copy of an example in which a share of the columns has the value of another example (a text column with all
    /// its categories), and a tenth of the numeric cells gets noise in units of the column's deviation. In a run they count in
    /// the teacher's terms alone.
    ///
    /// Source: SPUNGE, as in AutoGluon; after C. Bucilă, R. Caruana, A. Niculescu-Mizil, *Model Compression*, KDD 2006 (MUNGE).
    ///
    /// - Parameters:
    ///   - share: of the columns.
    ///   - noise: the deviation of the noise; 0 is none.
    ///   - copies: how many for each example; at most 100,000 in all.
    ///   - seed: decides them.
    /// - Throws: ``DataError/argument(function:problem:help:)`` for numbers outside their ranges and what is no table.
    public func transferSet(resampling share: Double, noise: Double = 0, copies: Int = 5, seed: UInt64) throws
        -> Dataset
    {
        func require(_ condition: Bool, _ problem: @autoclosure () -> String, help: String? = nil) throws {
            guard condition else { throw DataError.argument(function: "augment", problem: problem(), help: help) }
        }
        try require(share >= 0 && share <= 1, "resample(\(short(share))): the share of the columns lies in 0…1")
        try require(noise >= 0 && noise.isFinite, "noise(\(short(noise))): the deviation must not be negative")
        try require(copies >= 1, "resample(copies=\(copies)): at least 1 for each example")
        guard case .memory(.tensor(let x)) = stored, x.rank == 2, x.dtype != .uint8, mask == nil else {
            throw DataError.argument(
                function: "augment", problem: "resample() is for tables, x [N, D] of numbers",
                help: "images have views such as random_crop(), shift(), mixup()")
        }
        try require(count > 1, "\(count) example has no others to take values from")
        let (rows, width) = (count, x.shape[1])
        let values = try x.doubles()
        let columns = columnGroups(width)
        let deviations = Self.deviations(values, rows: rows, width: width)
        var generator = SplitMix64(state: seed)
        let extra = copies > 100_000 / rows ? 100_000 : copies * rows
        var synthetic: [Double] = []
        synthetic.reserveCapacity(extra * width)
        for index in 0..<extra {
            let source = index % rows * width
            let start = synthetic.count
            synthetic += values[source..<source + width]
            for group in columns where generator.uniform() < share {
                let other = Int(generator.next().multipliedFullWidth(by: UInt64(rows)).high) * width
                for column in group.columns { synthetic[start + column] = values[other + column] }
            }
            guard noise > 0 else { continue }
            for group in columns where group.isNumeric {
                for column in group.columns where generator.uniform() < 0.1 {
                    synthetic[start + column] += noise * deviations[column] * generator.normal()
                }
            }
        }
        let dtype: DType = x.dtype == .int64 && noise > 0 ? .float32 : x.dtype
        let all = try Tensor.cat([x.to(dtype), Tensor(synthetic, shape: [extra, width]).to(dtype)], dim: 0)
        let names = ids.map { ids in
            // A mark that no name has, so that no copy has the name of another row.
            var mark = "~"
            while ids.contains(where: { $0.contains(mark) }) { mark += "~" }
            return ids + (0..<extra).map { "\(ids[$0 % rows])\(mark)\($0 / rows + 1)" }
        }
        return try with(
            stored: .memory(.tensor(all)), y: .some(y.map { try withoutLabels($0, extra) }), ids: .some(names))
    }

    /// Targets with so many behind them that count for nothing.
    private func withoutLabels(_ y: Tensor, _ extra: Int) throws -> Tensor {
        let y = try y.dtype.isFloating ? y : y.to(.int64)
        let shape = [extra] + Array(y.shape.array.dropFirst())
        let none = try Tensor.zeros(shape, dtype: y.dtype).maskedFill(
            .ones([], dtype: .bool), y.dtype.isFloating ? .float(.nan) : .int(target.ignoreIndex))
        return try Tensor.cat([y, none], dim: 0)
    }

    /// The columns that belong together: those of one text column's categories.
    private func columnGroups(_ width: Int) -> [(columns: Range<Int>, isNumeric: Bool)] {
        var groups: [(columns: Range<Int>, isNumeric: Bool)] = []
        var start = 0
        for feature in table?.features ?? [] {
            let size = feature.categories?.count ?? 1
            if size > 0 { groups.append((start..<start + size, feature.categories == nil)) }
            start += size
        }
        // Tensors have no names, and their columns stand each for itself.
        return start == width ? groups : (0..<width).map { ($0..<$0 + 1, true) }
    }

    /// The standard deviation of each column, nan left out.
    private static func deviations(_ values: [Double], rows: Int, width: Int) -> [Double] {
        (0..<width).map { column in
            let own = (0..<rows).map { values[$0 * width + column] }.filter { !$0.isNaN }
            let mean = own.reduce(0, +) / Double(max(1, own.count))
            return (own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, own.count))).squareRoot()
        }
    }
}
