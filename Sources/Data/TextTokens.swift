import OrderedCollections
import Tensors

/// How the texts of a dataset became the numbers of tokens, [N, W] each: what is needed to cut the padding off a batch, and to
/// tell these numbers from those of another tokenizer.
public struct TextTokens: Sendable {
    /// What tells the tokenizer from others.
    public let tokenizer: String
    /// How many tokens each text has here.
    public let lengths: [Int]
    /// How many texts were longer and lost their end.
    public let cutCount: Int
    /// The most tokens of a text, if there was a limit.
    public let limit: Int?
    /// Whether the texts of a batch are of like length when an order is drawn.
    public let isBucketed: Bool
    /// Whether the padding of a batch ends with its longest text; else every batch is as wide as the dataset.
    public let isTrimmed: Bool
    /// Whether the padding stands before a text rather than behind it.
    public let isLeftPadded: Bool
    /// The inputs with a number for each token, and what fills them up.
    public let fills: OrderedDictionary<String, Int>
    /// The texts themselves.
    public let texts: [String]

    /// What is known of tokenised texts.
    public init(
        tokenizer: String, lengths: [Int], cutCount: Int = 0, limit: Int? = nil, isBucketed: Bool = true,
        isTrimmed: Bool = true, isLeftPadded: Bool = false, fills: OrderedDictionary<String, Int>, texts: [String]
    ) {
        self.tokenizer = tokenizer
        self.lengths = lengths
        self.cutCount = cutCount
        self.limit = limit
        self.isBucketed = isBucketed
        self.isTrimmed = isTrimmed
        self.isLeftPadded = isLeftPadded
        self.fills = fills
        self.texts = texts
    }

    /// The same of some of the texts.
    func rows(_ rows: RowSelection) throws -> TextTokens {
        // What was cut is known of all together.
        TextTokens(
            tokenizer: tokenizer, lengths: try rows.of(lengths), cutCount: cutCount, limit: limit,
            isBucketed: isBucketed, isTrimmed: isTrimmed, isLeftPadded: isLeftPadded, fills: fills,
            texts: try rows.of(texts))
    }

    /// The same of these texts and others behind them.
    func joined(with other: TextTokens) -> TextTokens {
        TextTokens(
            tokenizer: tokenizer, lengths: lengths + other.lengths, cutCount: cutCount + other.cutCount, limit: limit,
            isBucketed: isBucketed && other.isBucketed, isTrimmed: isTrimmed && other.isTrimmed,
            isLeftPadded: isLeftPadded, fills: fills, texts: texts + other.texts)
    }

    /// The same with batches as wide as the dataset.
    var untrimmed: TextTokens {
        TextTokens(
            tokenizer: tokenizer, lengths: lengths, cutCount: cutCount, limit: limit, isBucketed: false,
            isTrimmed: false,
            isLeftPadded: isLeftPadded, fills: fills, texts: texts)
    }

    // MARK: The width of a batch

    /// Batches are as wide as their longest text, rounded up to a multiple of this, so that their shapes come again.
    static let step = 8

    /// How wide a batch of these rows is in a dataset that is `full` wide.
    func width(of rows: [Int], full: Int) -> Int {
        guard isTrimmed else { return full }
        let longest = rows.reduce(1) { max($0, lengths[$1]) }
        return min(full, (longest + Self.step - 1) / Self.step * Self.step)
    }

    /// The columns that stay of a tensor [B, W, …].
    func trimmed(_ x: Tensor, to width: Int) throws -> Tensor {
        let full = x.shape[1]
        guard width < full else { return x }
        return try x.narrow(dim: 1, start: isLeftPadded ? full - width : 0, length: width)
    }

    // MARK: Texts of like length

    /// The rows, the shortest text first.
    public var rowsByLength: [Int] { lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) } }

    /// How many batches' texts are sorted together: enough that a batch has texts of one length, few enough that it is drawn
    /// anew which of them meet.
    private static let batchesInBucket = 50

    /// An order in which the texts of a batch are of like length: the drawn order is cut into stretches, each is sorted by
    /// length, and the batches come in an order of their own.
    ///
    /// - Parameters:
    ///   - order: the drawn order.
    ///   - batchOrder: a drawn order of the whole batches.
    func bucketed(_ order: [Int], size: Int, batchOrder: [Int]) -> [Int] {
        let stretch = size.multipliedReportingOverflow(by: Self.batchesInBucket)
        let whole = batchOrder.count * size
        var sorted: [Int] = []
        sorted.reserveCapacity(order.count)
        var start = 0
        while start < whole {
            let end = stretch.overflow ? whole : min(whole, start + stretch.partialValue)
            // Texts of one length stay in the drawn order.
            let part = order[start..<end].enumerated().sorted {
                (lengths[$0.element], $0.offset) < (lengths[$1.element], $1.offset)
            }
            sorted += part.map(\.element)
            start = end
        }
        return batchOrder.flatMap { sorted[$0 * size..<($0 + 1) * size] } + order[whole...]
    }
}

extension Dataset {
    /// The texts, if x is no numbers yet.
    public var texts: [String]? {
        if case .memory(.texts(let texts)) = stored { texts } else { nil }
    }

    /// Refuses a dataset of several tensors or of texts where one tensor is needed.
    func notOneTensor(_ function: String, help: String? = nil) -> DataError {
        texts == nil
            ? .argument(function: function, problem: "x is a dict of tensors here", help: help)
            : .texts(function)
    }

    /// How wide the tokens are, padding included; nil without tokens.
    public var tokenWidth: Int? {
        guard let tokens, case .memory(.named(let inputs)) = stored, let name = tokens.fills.keys.first else {
            return nil
        }
        return inputs[name]?.shape.array.dropFirst().first
    }

    /// What of a dataset of tokens is [N, W]: the inputs with a number for each token, the mask of positions, and labels of
    /// positions.
    private func trimmed(_ batch: Batch, to width: Int, _ tokens: TextTokens) throws -> Batch {
        guard case .named(let inputs) = batch.input, let full = tokenWidth, width < full else { return batch }
        let isPerToken = target.task == .positions
        return Batch(
            input: .named(
                try inputs.reduce(into: [:]) { result, entry in
                    result[entry.key] =
                        tokens.fills[entry.key] == nil ? entry.value : try tokens.trimmed(entry.value, to: width)
                }),
            y: try batch.y.map { isPerToken && $0.rank > 1 ? try tokens.trimmed($0, to: width) : $0 },
            mask: try batch.mask.map { $0.rank > 1 && $0.shape[1] == full ? try tokens.trimmed($0, to: width) : $0 },
            index: batch.index, epoch: batch.epoch, mixture: batch.mixture, tokenWidth: (width, full))
    }

    /// A batch without the padding that none of its texts needs.
    func trimmed(_ batch: Batch) throws -> Batch {
        guard let tokens, let full = tokenWidth else { return batch }
        return try trimmed(batch, to: tokens.width(of: batch.index.integers(), full: full), tokens)
    }

    /// The shortest text alone at two widths, one position more of padding in the second; nil where no batch is narrower than
    /// the dataset. What differs between them in a network's values depends on the padding.
    ///
    /// - Throws: a limit error when memory is short.
    public func paddingProbe() throws -> (narrow: Batch, wide: Batch)? {
        guard let tokens, tokens.isTrimmed, let full = tokenWidth,
            let row = tokens.lengths.indices.min(by: { tokens.lengths[$0] < tokens.lengths[$1] })
        else { return nil }
        let length = max(1, tokens.lengths[row])
        guard length < full else { return nil }
        let selection = RowSelection.range(row..<row + 1)
        guard let input = try plainNumbers(selection) else { return nil }
        let batch = Batch(
            input: input, y: try y.map(selection.of), mask: try mask.map(selection.of),
            index: try Tensor([row], shape: [1]))
        return (try trimmed(batch, to: length, tokens), try trimmed(batch, to: length + 1, tokens))
    }
}

extension Dataset {
    /// The same tokens with more padding.
    func widened(to width: Int) throws -> Dataset {
        guard let tokens, let own = tokenWidth, own < width, case .memory(.named(let inputs)) = stored else {
            return self
        }
        func widened(_ x: Tensor, _ fill: Int) throws -> Tensor {
            let shape = [x.shape[0], width - own] + x.shape.array.dropFirst(2)
            let rest = try Tensor.full(shape, .int(fill), dtype: x.dtype)
            return try Tensor.cat(tokens.isLeftPadded ? [rest, x] : [x, rest], dim: 1)
        }
        let isPerToken = target.task == .positions
        return try with(
            stored: .memory(
                .named(
                    inputs.reduce(into: [:]) { result, entry in
                        let fill = tokens.fills[entry.key]
                        result[entry.key] = try fill.map { try widened(entry.value, $0) } ?? entry.value
                    })),
            y: .some(y.map { isPerToken && $0.rank > 1 ? try widened($0, target.ignoreIndex) : $0 }),
            mask: .some(mask.map { $0.rank > 1 ? try widened($0, 0) : $0 }))
    }

    /// Two datasets whose batches can be joined: of tokens, every batch as wide as the wider of both.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for tokens of different tokenizers.
    public static func ofOneWidth(_ a: Dataset, _ b: Dataset) throws -> (Dataset, Dataset) {
        guard let first = a.tokens, let second = b.tokens else { return (a, b) }
        guard first.tokenizer == second.tokenizer else {
            throw DataError.argument(
                function: b.name, problem: "the datasets come from different tokenizers", help: "tokenize both with one"
            )
        }
        let width = max(a.tokenWidth ?? 0, b.tokenWidth ?? 0)
        func whole(_ dataset: Dataset) throws -> Dataset {
            let wide = try dataset.widened(to: width)
            return try wide.with(tokens: .some(wide.tokens?.untrimmed))
        }
        return (try whole(a), try whole(b))
    }

    /// The texts as tokens.
    ///
    /// - Parameters:
    ///   - inputs: what the tokenizer makes of the texts, [N, W] each.
    ///   - mask: which positions are tokens, [N, W] bool.
    ///   - tokens: what is known of them.
    /// - Throws: ``DataError`` for tensors that do not fit the dataset.
    public func tokenized(
        _ inputs: OrderedDictionary<String, Tensor>, mask: Tensor, tokens: TextTokens
    ) throws -> Dataset {
        try with(stored: .memory(.named(inputs)), mask: .some(mask), tokens: .some(tokens))
    }

    /// A dataset of texts.
    ///
    /// - Throws: as ``init(input:y:classes:mask:normalization:augmentation:target:tokens:ids:name:)``.
    public convenience init(
        texts: [String], y: Tensor?, classes: [String]? = nil, target: TargetDeclaration = TargetDeclaration(),
        ids: [String]? = nil, name: String = "text_dataset"
    ) throws {
        try self.init(input: .texts(texts), y: y, classes: classes, target: target, ids: ids, name: name)
    }
}

extension DataError {
    /// Texts where numbers are needed.
    public static func texts(_ function: String) -> DataError {
        .argument(
            function: function, problem: "x is texts here, and a network takes numbers",
            help: "tokenize(ds, tokenizer(\"folder\")) makes tokens of them")
    }
}
