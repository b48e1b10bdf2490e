import Tensors

/// x for x > 0, else a · x with a learned slope a, one for all or one for each channel (He et al., 2015).
public final class PReLU: Module, ClosedModule {
    /// The slopes, [1] or [C].
    public let weight: Tensor
    private let initial: Double

    /// A layer whose slopes begin at `initial`.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless there is at least one slope.
    public convenience init(_ parameters: Int = 1, initial: Double = 0.25) throws {
        guard parameters > 0 else {
            throw ModuleError.argument(layer: "PReLU", problem: "needs at least one slope, given \(parameters)")
        }
        self.init(weight: try Tensor.full([parameters], .float(initial)).requireGradient(), initial: initial)
    }

    private init(weight: Tensor, initial: Double) {
        self.weight = weight
        self.initial = initial
        super.init()
        register(parameter: weight, as: "weight")
    }

    /// One function of every element.
    public override var isElementwise: Bool { true }

    /// The number of slopes, and where they began.
    public override var options: String {
        initial == 0.25 ? (weight.count == 1 ? "" : "\(weight.count)") : "\(weight.count), init=\(initial)"
    }

    /// x [N, C, …] → the same shape; with one slope any shape.
    public override func forward(_ x: Tensor) throws -> Tensor {
        var slope = weight
        if weight.count > 1 {
            guard x.rank >= 2, x.shape[1] == weight.count else {
                throw ModuleError.input(
                    layer: "PReLU", problem: "expected [N, C, …] with C = \(weight.count), given \(x.shape)", help: nil)
            }
            slope = try weight.reshape([weight.count] + Array(repeating: 1, count: x.rank - 2))
        }
        return try Tensor.where(x.gt(0), .tensor(x), .tensor(slope * x))
    }

    /// A copy with its own slopes.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        PReLU(weight: try copies.tensor(weight), initial: initial)
    }
}

/// The first half of a dimension times the sigmoid of the second (Dauphin et al., 2016).
public final class GLU: Module, ClosedModule {
    /// The dimension that is halved.
    public let dim: Int

    /// A layer that halves a dimension.
    public init(dim: Int = -1) {
        self.dim = dim
        super.init()
    }

    /// One function of every element.
    public override var isElementwise: Bool { true }

    /// The dimension.
    public override var options: String { dim == -1 ? "" : "\(dim)" }

    /// x with an even size along the dimension → half of it.
    public override func forward(_ x: Tensor) throws -> Tensor {
        let place = dim < 0 ? dim + x.rank : dim
        guard (0..<x.rank).contains(place), x.shape[place].isMultiple(of: 2), x.shape[place] > 0 else {
            throw ModuleError.input(
                layer: "GLU", problem: "expected an even size in dimension \(dim), given \(x.shape)", help: nil)
        }
        let half = x.shape[place] / 2
        return try x.narrow(dim: place, start: 0, length: half)
            * x.narrow(dim: place, start: half, length: half).sigmoid()
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { GLU(dim: dim) }
}

/// y = x₁ᵀ W x₂ + b: every pair of features of two inputs with a weight of its own for each output.
public final class Bilinear: Module, ClosedModule {
    /// The weights, [outputs, in1, in2].
    public let weight: Tensor
    /// The bias, [outputs], unless the layer has none.
    public let bias: Tensor?

    /// A layer with newly drawn parameters, uniform in ±1/√in1.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes below 1.
    public convenience init(_ first: Int, _ second: Int, _ outputs: Int, bias: Bool = true) throws {
        guard first > 0, second > 0, outputs > 0 else {
            throw ModuleError.argument(
                layer: "Bilinear", problem: "sizes must be at least 1, given \(first), \(second), \(outputs)")
        }
        let bound = 1 / Double(first).squareRoot()
        self.init(
            weight: try .initialized([outputs, first, second], bound: bound),
            bias: bias ? try .initialized([outputs], bound: bound) : nil)
    }

    private init(weight: Tensor, bias: Tensor?) {
        self.weight = weight
        self.bias = bias
        super.init()
        register(parameter: weight, as: "weight")
        if let bias { register(parameter: bias, as: "bias") }
    }

    /// The sizes as they are written.
    public override var options: String {
        "\(weight.shape[1]), \(weight.shape[2]), \(weight.shape[0])" + (bias == nil ? ", bias=false" : "")
    }

    /// x₁ […, in1] and x₂ […, in2] → […, outputs].
    ///
    /// - Throws: ``ModuleError/input(layer:problem:help:)`` for inputs that do not fit.
    public func combine(_ first: Tensor, _ second: Tensor) throws -> Tensor {
        let rows = first.shape.array.dropLast()
        guard first.shape.last == weight.shape[1], second.shape.last == weight.shape[2],
            rows == second.shape.array.dropLast()
        else {
            throw ModuleError.input(
                layer: "Bilinear",
                problem: "expected […, \(weight.shape[1])] and […, \(weight.shape[2])], given \(first.shape) and "
                    + "\(second.shape)", help: nil)
        }
        let (outputs, width) = (weight.shape[0], weight.shape[2])
        let count = rows.reduce(1, *)
        // [rows, outputs, in2] of x₁ and W, then a product with x₂ for every row.
        let flat = try weight.permute([1, 0, 2]).reshape([weight.shape[1], outputs * width])
        let mixed = try first.reshape([count, weight.shape[1]]).matmul(flat).reshape([count, outputs, width])
        let product = try (mixed * second.reshape([count, 1, width])).sum(dims: [2])
        return try (bias.map { try product + $0 } ?? product).reshape(Array(rows) + [outputs])
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        Bilinear(weight: try copies.tensor(weight), bias: try copies.tensor(bias))
    }
}
