import Tensors

/// Gives what it is given.
public final class Identity: Module, ClosedModule {
    /// x itself.
    public override func forward(_ x: Tensor) throws -> Tensor { x }

    /// Another one.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { Identity() }
}

/// In training, zeroes each element with probability p and scales the others by 1/(1 − p); else gives x itself.
public final class Dropout: Module, ClosedModule {
    /// The probability of a zero.
    public let p: Double

    /// - Throws: ``ModuleError/argument(layer:problem:)`` for a p outside 0…1.
    public init(p: Double = 0.5) throws {
        guard p >= 0, p <= 1 else {
            throw ModuleError.argument(layer: "Dropout", problem: "p must lie in 0…1, given \(p)")
        }
        self.p = p
        super.init()
    }

    /// The probability as it is written.
    public override var options: String { "\(p)" }

    /// x with elements dropped, drawn from the dropout stream.
    public override func forward(_ x: Tensor) throws -> Tensor {
        isTraining && p > 0 ? try x.dropout(p: p) : x
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { try Dropout(p: p) }
}

/// In training, zeroes each channel of each image with probability p and scales the others by 1/(1 − p); else gives x itself.
public final class Dropout2d: Module, ClosedModule {
    /// The probability of a zero.
    public let p: Double

    /// - Throws: ``ModuleError/argument(layer:problem:)`` for a p outside 0…1.
    public init(p: Double = 0.5) throws {
        guard p >= 0, p <= 1 else {
            throw ModuleError.argument(layer: "Dropout2d", problem: "p must lie in 0…1, given \(p)")
        }
        self.p = p
        super.init()
    }

    /// The probability as it is written.
    public override var options: String { "\(p)" }

    /// x [N, C, …] with channels dropped, drawn from the dropout stream.
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard isTraining, p > 0 else { return x }
        guard x.rank >= 3 else {
            throw ModuleError.input(layer: "Dropout2d", problem: "expected [N, C, …], given \(x.shape)", help: nil)
        }
        let channels = [x.shape[0], x.shape[1]] + Array(repeating: 1, count: x.rank - 2)
        return try x * Tensor.ones(channels, dtype: x.dtype).dropout(p: p)
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { try Dropout2d(p: p) }
}

/// Joins the dimensions `start` … `end` into one.
public final class Flatten: Module, ClosedModule {
    /// The first dimension that is joined.
    public let start: Int
    /// The last dimension that is joined.
    public let end: Int

    /// PyTorch's defaults keep the batch dimension.
    public init(start: Int = 1, end: Int = -1) {
        self.start = start
        self.end = end
        super.init()
    }

    /// The dimensions as they are written.
    public override var options: String { start == 1 && end == -1 ? "" : "\(start), \(end)" }

    /// [B, C, H, W] → [B, C·H·W] with the defaults.
    public override func forward(_ x: Tensor) throws -> Tensor { try x.flatten(startDim: start, endDim: end) }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { Flatten(start: start, end: end) }
}
