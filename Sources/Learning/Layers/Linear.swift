import Tensors

/// y = x Wᵀ + b on the last dimension.
///
/// W is [outputs, inputs] and b [outputs], both drawn uniformly from ±1/√inputs as PyTorch does (`kaiming_uniform` with
/// a = √5). Integer inputs are taken as numbers of W's dtype.
public final class Linear: Module, ClosedModule, RectifiableLayer {
    /// The size of the last dimension of the input.
    public let inputs: Int
    /// The size of the last dimension of the result.
    public let outputs: Int
    /// The matrix, [outputs, inputs].
    public let weight: Tensor
    /// The bias, [outputs], unless the layer has none.
    public let bias: Tensor?

    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes below 1, a limit error when memory is short.
    public convenience init(_ inputs: Int, _ outputs: Int, bias: Bool = true) throws {
        guard inputs > 0, outputs > 0 else {
            throw ModuleError.argument(
                layer: "Linear", problem: "sizes must be at least 1, given \(inputs), \(outputs)")
        }
        let bound = 1 / Double(inputs).squareRoot()
        try self.init(
            weight: .initialized([outputs, inputs], bound: bound),
            bias: bias ? .initialized([outputs], bound: bound) : nil)
    }

    /// A layer with given parameters: W [outputs, inputs], b [outputs].
    public init(weight: Tensor, bias: Tensor?) throws {
        guard weight.shape.count == 2, bias.map({ $0.shape == [weight.shape[0]] }) ?? true else {
            throw ModuleError.argument(
                layer: "Linear",
                problem: "expected a weight [outputs, inputs] and a bias [outputs], given \(weight.shape)"
                    + (bias.map { " and \($0.shape)" } ?? ""))
        }
        inputs = weight.shape[1]
        outputs = weight.shape[0]
        self.weight = weight
        self.bias = bias
        super.init()
        register(parameter: weight, as: "weight")
        if let bias { register(parameter: bias, as: "bias") }
    }

    /// The sizes as they are written.
    public override var options: String { "\(inputs), \(outputs)" + (bias == nil ? ", bias=false" : "") }

    /// x [..., inputs] → [..., outputs].
    public override func forward(_ x: Tensor) throws -> Tensor { try apply(x, relu: false) }

    func rectified(_ x: Tensor) throws -> Tensor { try apply(x, relu: true) }

    /// The layer followed by ReLU if asked, as one operation.
    private func apply(_ x: Tensor, relu: Bool) throws -> Tensor {
        guard let last = x.shape.last, last == inputs else {
            throw ModuleError.input(
                layer: "Linear", problem: "expected \(inputs) features in the last dimension, given \(x.shape)",
                help: "Linear(\(x.shape.last ?? 1), \(outputs)) would take this input")
        }
        let x = x.dtype.isFloating ? x : try x.to(weight.dtype)
        return try x.linear(weight, bias: bias, relu: relu)
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try Linear(weight: copies.tensor(weight), bias: copies.tensor(bias))
    }
}
