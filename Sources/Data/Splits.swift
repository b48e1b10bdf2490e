import OrderedCollections
import Tensors

/// A small generator for splits: they use their own seed only, so that nothing else a script draws moves them.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func shuffle(_ rows: inout [Int]) {
        guard rows.count > 1 else { return }
        for index in stride(from: rows.count - 1, to: 0, by: -1) {
            rows.swapAt(index, Int(next().multipliedFullWidth(by: UInt64(index + 1)).high))
        }
    }
}

/// Splits a dataset into training, validation (with `validation` above 0) and test parts, in this order.
///
/// With classes each part has every class in its share (stratified). The parts are shuffled by `seed` alone.
///
/// - Parameters:
///   - test: the share of the last part, in 0…1.
///   - validation: the share of the middle part, or nil for two parts.
///   - seed: the same seed gives the same split, whatever else the script draws.
/// - Throws: ``DataError/argument(function:problem:help:)`` for shares that leave a part empty.
public func split(_ dataset: Dataset, test: Double, validation: Double? = nil, seed: Int = 0) throws -> [Dataset] {
    let shares = [validation, test].compactMap { $0 }
    guard shares.allSatisfy({ $0 > 0 && $0 < 1 }), shares.reduce(0, +) < 1 else {
        throw DataError.argument(
            function: "split",
            problem: "shares must lie between 0 and 1 and leave something for training, given "
                + shares.map { "\($0)" }.joined(separator: " and "), help: nil)
    }
    var generator = SplitMix64(state: UInt64(bitPattern: Int64(seed)))
    let counts = shares.map { Int((Double(dataset.count) * $0).rounded()) }
    guard counts.allSatisfy({ $0 > 0 }), counts.reduce(0, +) < dataset.count else {
        throw DataError.argument(
            function: "split", problem: "\(dataset.count) examples are too few for these shares", help: nil)
    }
    var groups = try groups(of: dataset)
    for index in groups.indices { generator.shuffle(&groups[index]) }
    var parts: [[Int]] = []
    for (count, share) in zip(counts, shares) {
        let taken = apportion(count, share: share, among: groups.map(\.count), of: dataset.count)
        var part: [Int] = []
        for (index, number) in taken.enumerated() {
            part += groups[index].suffix(number)
            groups[index].removeLast(number)
        }
        parts.append(part)
    }
    parts.insert(groups.flatMap { $0 }, at: 0)
    return try parts.map { part in
        var part = part
        generator.shuffle(&part)
        return try dataset.rows(part)
    }
}

/// Cuts a dataset into `count` parts and gives, for each, the others for training and it for validation.
///
/// With classes every part has each class in its share (stratified).
///
/// - Throws: ``DataError/argument(function:problem:help:)`` for fewer than two parts or more than there are examples.
public func folds(_ dataset: Dataset, _ count: Int, seed: Int = 0) throws -> [(train: Dataset, validation: Dataset)] {
    guard count >= 2, count <= dataset.count else {
        throw DataError.argument(
            function: "cross_validate", problem: "\(count) folds of \(dataset.count) examples",
            help: "at least 2, and at most one for each example")
    }
    var generator = SplitMix64(state: UInt64(bitPattern: Int64(seed)))
    var groups = try groups(of: dataset)
    for index in groups.indices { generator.shuffle(&groups[index]) }
    var parts = Array(repeating: [Int](), count: count)
    for (position, row) in groups.joined().enumerated() { parts[position % count].append(row) }
    for index in parts.indices { generator.shuffle(&parts[index]) }
    return try parts.indices.map { fold in
        var rest = parts.enumerated().filter { $0.offset != fold }.flatMap(\.element)
        generator.shuffle(&rest)
        return (try dataset.rows(rest), try dataset.rows(parts[fold]))
    }
}

private func groups(of dataset: Dataset) throws -> [[Int]] {
    guard let classes = dataset.classes, let y = dataset.y, y.dtype == .int64, y.shape.count == 1 else {
        return [Array(0..<dataset.count)]
    }
    var groups = Array(repeating: [Int](), count: classes.count + 1)
    for (row, label) in try y.integers().enumerated() {
        groups[label >= 0 && label < classes.count ? label : classes.count].append(row)
    }
    return groups.filter { !$0.isEmpty }
}

/// `count` examples shared out among groups in proportion to their sizes, by largest remainder.
private func apportion(_ count: Int, share: Double, among sizes: [Int], of total: Int) -> [Int] {
    let available = sizes.reduce(0, +)
    let exact = sizes.map { Double(count) * Double($0) / Double(max(1, available)) }
    var taken = exact.map { Int($0) }
    let order = exact.indices.sorted { exact[$0] - Double(taken[$0]) > exact[$1] - Double(taken[$1]) }
    var missing = count - taken.reduce(0, +)
    for index in order where missing > 0 && taken[index] < sizes[index] {
        taken[index] += 1
        missing -= 1
    }
    return taken
}

extension Dataset {
    /// The first `count` examples.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for a negative count.
    public func take(_ count: Int) throws -> Dataset {
        guard count >= 0 else {
            throw DataError.argument(
                function: "take", problem: "the count must not be negative, given \(count)", help: nil)
        }
        return try rows(0..<min(count, self.count))
    }

    /// The examples for which `isIncluded` holds.
    public func filter(_ isIncluded: (_ x: DatasetInput, _ y: Tensor?) throws -> Bool) throws -> Dataset {
        try rows(
            (0..<count).filter { row in
                let example = try example(row)
                return try isIncluded(example.x, example.y)
            })
    }

    /// The examples of several datasets, one after another; classes, normalisation and augmentation are those of the first.
    ///
    /// - Throws: ``DataError`` when the datasets differ in kind, in their classes or in their normalisation; shape errors of
    ///   the tensors.
    public static func concat(_ datasets: [Dataset]) throws -> Dataset {
        func fail(_ problem: String, help: String? = nil) -> DataError {
            .argument(function: "concat", problem: problem, help: help)
        }
        guard let first = datasets.first else { throw fail("needs at least one dataset") }
        guard datasets.allSatisfy({ ($0.y == nil) == (first.y == nil) && ($0.mask == nil) == (first.mask == nil) })
        else { throw fail("some datasets have labels or a mask, others not") }
        for dataset in datasets {
            try dataset.requireTask(
                of: first, "those before", "the examples of \(dataset.name)", areJoined: true, function: "concat")
        }
        guard datasets.allSatisfy({ $0.normalization == first.normalization }) else {
            throw fail("the datasets are normalised differently", help: "concat first, then normalize")
        }
        // Classes that are only numbers may differ in how many occurred; names may not.
        let names = datasets.compactMap(\.classes).max { $0.count < $1.count }
        guard datasets.allSatisfy({ dataset in names?.starts(with: dataset.classes ?? []) ?? true }) else {
            throw fail("the datasets have different classes")
        }
        let (datasets, tokens) = try alikeTokens(datasets)
        return try Dataset(
            stored: joined(datasets), y: first.y == nil ? nil : .concatenated(datasets.compactMap(\.y)), classes: names,
            mask: first.mask == nil ? nil : .concatenated(datasets.compactMap(\.mask)),
            normalization: first.normalization, augmentation: first.augmentation, target: first.target,
            tokens: tokens, ids: datasets.allSatisfy { $0.ids != nil } ? datasets.flatMap { $0.ids ?? [] } : nil,
            name: first.name)
    }

    /// Datasets of tokens brought to the width of the widest, and what is known of all their texts.
    private static func alikeTokens(_ datasets: [Dataset]) throws -> ([Dataset], TextTokens?) {
        guard let first = datasets[0].tokens, var all = Optional(first) else {
            guard datasets.allSatisfy({ $0.tokens == nil }) else {
                throw DataError.argument(
                    function: "concat", problem: "some datasets are tokens of texts, others not",
                    help: "tokenize(ds, t) makes tokens of texts")
            }
            return (datasets, nil)
        }
        for dataset in datasets.dropFirst() {
            guard let tokens = dataset.tokens, tokens.tokenizer == first.tokenizer else {
                throw DataError.argument(
                    function: "concat",
                    problem: dataset.tokens == nil
                        ? "some datasets are tokens of texts, others not"
                        : "the datasets come from different tokenizers",
                    help: "tokenize(concat(…), t) of the texts")
            }
            all = all.joined(with: tokens)
        }
        let width = datasets.compactMap(\.tokenWidth).max() ?? 0
        return (try datasets.map { try $0.widened(to: width) }, all)
    }

    private static func joined(_ datasets: [Dataset]) throws -> Stored {
        if case .file(let file, _) = datasets[0].stored {
            let records = datasets.compactMap { dataset in
                if case .file(let other, let records) = dataset.stored, other === file { records } else { nil }
            }
            if records.count == datasets.count { return .file(file, records: try .concatenated(records)) }
        }
        let inputs = try datasets.map { dataset in
            switch dataset.stored {
            case .memory(let input): input
            case .file: try dataset.with(normalization: .some(nil)).input()
            }
        }
        if inputs.contains(where: { $0.texts != nil }) {
            let texts = inputs.compactMap(\.texts)
            guard texts.count == inputs.count else {
                throw DataError.argument(
                    function: "concat", problem: "some datasets are texts, others not", help: nil)
            }
            return .memory(.texts(texts.flatMap { $0 }))
        }
        if case .named(let names) = inputs[0] {
            var joined: OrderedDictionary<String, Tensor> = [:]
            for key in names.keys {
                joined[key] = try .concatenated(
                    inputs.map { input in
                        guard case .named(let tensors) = input, let tensor = tensors[key] else {
                            throw DataError.argument(
                                function: "concat", problem: "a dataset lacks the input \"\(key)\"", help: nil)
                        }
                        return tensor
                    })
            }
            return .memory(.named(joined))
        }
        let tensors = inputs.compactMap(\.tensor)
        guard tensors.count == inputs.count else {
            throw DataError.argument(function: "concat", problem: "some inputs are named, others not", help: nil)
        }
        let areAlike = tensors.allSatisfy { $0.dtype == tensors[0].dtype }
        return .memory(
            .tensor(
                try .concatenated(
                    areAlike ? tensors : tensors.map { $0.dtype == .uint8 ? try $0.to(.float32) / Scalar(255.0) : $0 }))
        )
    }
}
