import Tensors

/// Rows of a dataset, by position.
enum RowSelection {
    case range(Range<Int>)
    /// An int64 vector.
    case index(Tensor)

    func of(_ tensor: Tensor) throws -> Tensor {
        switch self {
        case .range(let range): try tensor.rows(range)
        case .index(let index): try tensor.rows(at: index)
        }
    }

    func of<Element>(_ elements: [Element]) throws -> [Element] {
        switch self {
        case .range(let range): Array(elements[range])
        case .index(let index): try index.integers().map { elements[$0] }
        }
    }

    func of(_ input: DatasetInput) throws -> DatasetInput {
        if case .texts(let texts) = input { return .texts(try of(texts)) }
        return try input.mapped(of)
    }
}

extension Dataset {
    /// x as numbers: bytes become float32 in 0…1, and a normalisation is applied.
    ///
    /// - Throws: a limit error when memory is short; ``DataError`` when a file cannot be read.
    public func input() throws -> DatasetInput { try numbers(.range(0..<count)) }

    /// x as one tensor.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for inputs by name.
    public func x() throws -> Tensor {
        guard let x = try input().tensor else {
            throw notOneTensor(name, help: "x[\"name\"] is one of them")
        }
        return x
    }

    /// x of some rows as numbers.
    func numbers(_ rows: RowSelection) throws -> DatasetInput {
        if let plain = try plainNumbers(rows) { return plain }
        let examples = try rows.of(.indices(count))
        return .tensor(try finished(assembly(of: examples, plan: ViewPlan(), key: 0, inBackground: false)))
    }

    /// x of some rows where tensor operations are all it takes; nil for single inputs of bytes and for files.
    func plainNumbers(_ rows: RowSelection) throws -> DatasetInput? {
        guard case .memory(let input) = stored else { return nil }
        switch input {
        case .tensor(let x) where x.dtype == .uint8: return nil
        case .tensor(let x):
            let chosen = try rows.of(x).detach()
            return .tensor(try normalization.map { try $0(chosen) } ?? chosen)
        case .named(let inputs):
            return .named(
                try inputs.mapValues { x in
                    let chosen = try rows.of(x).detach()
                    return x.dtype == .uint8 ? try chosen.to(.float32) / Scalar(255.0) : chosen
                })
        case .texts(let texts): return .texts(try rows.of(texts))
        }
    }

    /// x of the rows `examples` (int64) in the making.
    func assembly(of examples: Tensor, plan: ViewPlan, key: UInt64, inBackground: Bool) throws -> BatchAssembly {
        let shape = inputShape ?? []
        let image = ImageShape(row: Array(shape.dropFirst()))
        let rows: ExampleRows
        switch stored {
        case .memory(let input):
            guard let x = input.tensor else {
                throw notOneTensor("augment")
            }
            rows = .tensor(x.dtype == .uint8 ? x : try x.to(.float32), records: examples)
        case .file(let file, let records):
            rows = .file(
                descriptor: file.descriptor, offset: file.offset, dtype: file.dtype,
                records: try records.rows(at: examples))
        }
        try normalization?.check(channels: shape.count > 1 ? shape[1] : 1)
        var result = Array(shape.dropFirst())
        if image.isImage, let last = plan.views.last { result = [image.channels, last.height, last.width] }
        return try BatchAssembly(
            rows, image: (image.channels, image.height, image.width), examples: examples, views: plan.views, key: key,
            mean: normalization?.mean ?? [], std: normalization?.std ?? [], shape: [examples.count] + result,
            inBackground: inBackground)
    }

    /// The result of an assembly, with the file named when it could not be read.
    func finished(_ assembly: BatchAssembly) throws -> Tensor {
        do { return try assembly.result() } catch let failure as BatchAssembly.ReadFailure {
            guard case .file(let file, _) = stored else { throw failure }
            throw file.error(failure)
        }
    }

    /// The examples at `rows`, in that order.
    ///
    /// - Throws: ``DataError/index(function:index:count:)``.
    public func rows(_ rows: [Int]) throws -> Dataset {
        for row in rows where row < 0 || row >= count {
            throw DataError.index(function: name, index: row, count: count)
        }
        return try chosen(.index(Tensor(rows, shape: [rows.count])))
    }

    /// The examples of a range, clamped to those there are.
    public func rows(_ range: Range<Int>) throws -> Dataset { try chosen(.range(range.clamped(to: 0..<count))) }

    private func chosen(_ rows: RowSelection) throws -> Dataset {
        let stored: Stored =
            switch stored {
            case .memory(let input): .memory(try rows.of(input))
            case .file(let file, let records): .file(file, records: try rows.of(records))
            }
        return try with(
            stored: stored, y: .some(y.map(rows.of)), mask: .some(mask.map(rows.of)), ids: .some(ids.map(rows.of)),
            tokens: .some(tokens.map { try $0.rows(rows) }))
    }

    /// One example: x without its batch dimension, and y. Negative indices count from the end.
    ///
    /// - Throws: ``DataError/index(function:index:count:)``.
    public func example(_ index: Int) throws -> (x: DatasetInput, y: Tensor?) {
        let row = index < 0 ? index + count : index
        guard row >= 0, row < count else { throw DataError.index(function: name, index: index, count: count) }
        func single(_ tensor: Tensor) throws -> Tensor { try tensor.reshape(Array(tensor.shape.dropFirst())) }
        return (
            try numbers(.range(row..<row + 1)).mapped(single), try y.map { try single($0.rows(row..<row + 1)) }
        )
    }
}

/// The rows of x as images [C, H, W]; other rows are as many channels as their first size says.
struct ImageShape {
    let channels: Int
    let height: Int
    let width: Int
    /// Whether a row has channels, height and width.
    let isImage: Bool

    init(row: [Int]) {
        isImage = row.count == 3
        channels = row.first ?? 1
        height = isImage ? row[1] : 1
        width = isImage ? row[2] : row.dropFirst().reduce(1, *)
    }
}
