import Tensors

/// The rows of a batch that count: outputs become one row of logits for each example or position, targets one label or row
/// for each, and what the mask leaves out is gone from both.
///
/// The one place that knows what a mask and a missing label mean.
public struct TargetRows {
    private let layout: TaskLayout
    /// The shape of the mask with its positions that count.
    private let masked: (shape: [Int], positions: Tensor)?
    /// The positions that count among all rows; nil means all.
    private let chosen: Tensor?
    /// Whether every element of the outputs is a row, because the mask speaks of each.
    private let isElementwise: Bool

    /// - Parameters:
    ///   - layout: how targets and outputs fit together.
    ///   - mask: which examples or positions count, bool.
    ///   - outputs: the shape of the outputs for this batch.
    ///   - function: who asks, for messages.
    /// - Throws: ``DataError/shape(function:problem:help:)`` for a mask that fits neither examples nor positions.
    public init(_ layout: TaskLayout, mask: Tensor?, outputs: [Int], function: String = "fit") throws {
        self.layout = layout
        guard let mask else {
            (masked, chosen, isElementwise) = (nil, nil, false)
            return
        }
        let rows = outputs.indices.filter { $0 != layout.classDim }.map { outputs[$0] }
        let shape = mask.shape.array
        isElementwise = !layout.isText && shape == outputs && outputs.count > 1 && !(layout.task?.hasClasses ?? false)
        let counted = isElementwise ? outputs : rows
        let valid = try mask.booleans().enumerated().filter(\.element).map(\.offset)
        masked = (shape, try Tensor(valid, shape: [valid.count]))
        if counted.count == 1, shape.count > 1, shape.first == counted.first {
            // A mask of positions beside one answer a text: the network has used it.
            chosen = nil
            return
        }
        guard counted.starts(with: shape), !shape.isEmpty else {
            throw DataError.shape(
                function: function, problem: "a mask \(mask.shape) for outputs \(TaskLayout.text(outputs))",
                help: "a mask is [N] for examples or \(TaskLayout.text(counted)) for positions")
        }
        let repeats = counted.dropFirst(shape.count).reduce(1, *)
        let positions = repeats == 1 ? valid : valid.flatMap { row in (0..<repeats).map { row * repeats + $0 } }
        chosen = try Tensor(positions, shape: [positions.count])
    }

    /// Outputs as rows [R, W].
    public func logits(_ x: Tensor) throws -> Tensor {
        if chosen == nil, x.rank == 2, layout.classDim == 1 { return x }
        return try rows(x)
    }

    /// Rows of something of the shape of the outputs, or of that without the dimension of the classes if that is 1.
    private func rows(_ x: Tensor) throws -> Tensor {
        var x = x
        var width = 1
        if !isElementwise, let dim = layout.classDim, dim < x.rank, x.shape[dim] == layout.width {
            width = layout.width
            if dim != x.rank - 1 { x = try x.permute((0..<x.rank).filter { $0 != dim } + [dim]) }
        }
        x = try x.reshape([x.count / max(1, width), width])
        return try chosen.map { try x.rows(at: $0) } ?? x
    }

    /// Targets for the rows. Classes: int64 [R], −100 where there is no label. Distributions and numbers: [R, W], nan where
    /// missing. Logits of their own: 0 and 1 as floats [R, W], nan where unknown.
    public func targets(_ y: Tensor) throws -> Tensor {
        switch layout.task {
        case nil, .classes, .positions:
            if y.dtype.isFloating { return try rows(y) }
            var labels = y.rank == 1 ? y : try y.reshape([y.count])
            if let chosen { labels = try labels.rows(at: chosen) }
            guard layout.ignoreIndex != TargetDeclaration.ignored else { return labels }
            return try labels.maskedFill(labels.eq(.int(layout.ignoreIndex)), .int(TargetDeclaration.ignored))
        case .probabilities, .numbers, .ranking:
            let x = try y.dtype.isFloating ? y : y.to(.float32)
            return try shaped(x)
        case .binary, .multilabel:
            if y.dtype.isFloating { return try shaped(y) }
            let x = try y.to(.float32).maskedFill(y.lt(.int(0)), .float(.nan))
                .maskedFill(y.eq(.int(layout.ignoreIndex)), .float(.nan))
            return try shaped(x)
        }
    }

    /// The rows that count of a vector with one element for each.
    public func positions(_ x: Tensor) throws -> Tensor { try chosen.map { try x.rows(at: $0) } ?? x }

    private func shaped(_ y: Tensor) throws -> Tensor {
        if chosen == nil, y.rank == 2, layout.classDim == 1, y.shape[1] == layout.width { return y }
        guard !isElementwise, layout.width > 1, let dim = layout.classDim, y.rank <= dim || y.shape[dim] != layout.width
        else { return try rows(y) }
        // [N, D·…] beside outputs of another arrangement: row by row.
        let x = try y.reshape([y.count / layout.width, layout.width])
        return try chosen.map { try x.rows(at: $0) } ?? x
    }

    /// What a feature is known to be.
    public enum FeatureKind: Sendable {
        /// Nothing is known: the shape says where positions are.
        case any
        /// What the heads of an attention see, [N, H, L, d].
        case heads
        /// Scores or shares of an attention, [N, H, L, S].
        case attention
    }

    /// The pairs of positions that both count, as rows of an attention [N, L, L, H]; nil for a feature of another shape.
    private func pairs(of masked: (shape: [Int], positions: Tensor), in shape: [Int]) throws -> Tensor? {
        guard masked.shape.count == 2, shape.count == 4, shape[0] == masked.shape[0],
            shape[2] == masked.shape[1], shape[3] == masked.shape[1]
        else { return nil }
        let length = masked.shape[1]
        let counted = try masked.positions.integers()
        var byExample: [Int: [Int]] = [:]
        for position in counted { byExample[position / length, default: []].append(position % length) }
        let pairs = counted.flatMap { position in
            (byExample[position / length] ?? []).map { position * length + $0 }
        }
        return try Tensor(pairs, shape: [pairs.count])
    }

    /// A feature of the rows that count: one whose first dimensions are the mask's becomes a row for each of them; others
    /// stay as they are.
    ///
    /// Of an attention [N, H, L, L] the pairs of positions that both count become rows [R, H], of what the heads of an attention
    /// see, [N, H, L, d], the positions that count rows [R, H·d].
    public func feature(_ x: Tensor, _ kind: FeatureKind = .any) throws -> Tensor {
        if kind == .heads {
            let shape = x.shape.array
            guard let masked, masked.shape.count == 2, shape.count == 4, shape[0] == masked.shape[0],
                shape[2] == masked.shape[1]
            else { return x }
            return try x.permute([0, 2, 1, 3]).reshape([shape[0] * shape[2], shape[1] * shape[3]])
                .rows(at: masked.positions)
        }
        if let masked, let pairs = try pairs(of: masked, in: x.shape.array) {
            return try x.permute([0, 2, 3, 1]).reshape([x.count / max(1, x.shape[1]), x.shape[1]]).rows(at: pairs)
        }
        guard kind == .any, !(layout.isText && x.rank == 2), let masked, x.shape.array.starts(with: masked.shape) else {
            return x
        }
        return try x.reshape([masked.shape.reduce(1, *)] + Array(x.shape.array.dropFirst(masked.shape.count)))
            .rows(at: masked.positions)
    }
}

extension TaskLayout {
    /// Looks at every label: one outside the classes is an error that names its row, value and the way out.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)``.
    public func check(labels y: Tensor, of name: String, mask: Tensor? = nil, function: String) throws {
        guard let task, !y.dtype.isFloating, task.hasClasses || task.isBernoulli else { return }
        let perRow = max(1, y.count / max(1, y.shape.first ?? 1))
        let counts = mask.flatMap { $0.shape == y.shape ? try? $0.booleans() : nil }
        let limit = task.isBernoulli ? 2 : width
        for (position, label) in try y.integers().enumerated()
        where !(0..<limit).contains(label) && label != ignoreIndex && counts?[position] != false {
            if task == .multilabel, label == -1 { continue }
            throw DataError.argument(
                function: function,
                problem: "label \(label) in row \(position / perRow) of \(name)"
                    + (task.isBernoulli ? ", and \(task.rawValue) labels are 0 and 1" : " among \(width) logits"),
                help: label < 0
                    ? "labels that do not count: TensorDataset(x, y, ignore_index=\(label))"
                    : task.isBernoulli
                        ? nil : "classes are 0 … \(width - 1), or ignore_index=\(label) leaves such rows out")
        }
    }
}
