import Tensors

/// A layer without parameters that applies one function to every element (or, for softmax, along a dimension).
public final class Activation: Module, ClosedModule {
    /// Which function.
    public enum Function: Sendable, Equatable {
        /// max(x, 0)
        case relu
        /// x for x > 0, else slope · x
        case leakyReLU(slope: Double)
        /// x for x > 0, else alpha · (eˣ − 1)
        case elu(alpha: Double)
        /// x · Φ(x); `tanh` for its approximation by tanh
        case gelu(tanh: Bool)
        /// x · σ(x)
        case silu
        /// max(x, 0), at most 6
        case relu6
        /// x/6 + ½, kept between 0 and 1
        case hardsigmoid
        /// x · hardsigmoid(x)
        case hardswish
        /// x · tanh(softplus(x))
        case mish
        /// tanh x
        case tanh
        /// 1 / (1 + e⁻ˣ)
        case sigmoid
        /// x / (1 + |x|)
        case softsign
        /// eˣ over its sum over the channels of images
        case softmax2d
        /// eˣ over its sum along a dimension
        case softmax(dim: Int)
        /// the logarithm of the softmax along a dimension
        case logSoftmax(dim: Int)
        /// x kept between two bounds
        case hardtanh(low: Double, high: Double)
    }

    /// The function.
    public let function: Function

    /// A layer that applies `function`.
    public init(_ function: Function) {
        self.function = function
        super.init()
    }

    var isReLU: Bool { function == .relu }

    /// The function's name as a layer.
    public override var typeName: String {
        switch function {
        case .relu: "ReLU"
        case .leakyReLU: "LeakyReLU"
        case .elu: "ELU"
        case .gelu: "GELU"
        case .silu: "SiLU"
        case .relu6: "ReLU6"
        case .hardsigmoid: "Hardsigmoid"
        case .hardswish: "Hardswish"
        case .mish: "Mish"
        case .softmax2d: "Softmax2d"
        case .tanh: "Tanh"
        case .sigmoid: "Sigmoid"
        case .softsign: "Softsign"
        case .softmax: "Softmax"
        case .logSoftmax: "LogSoftmax"
        case .hardtanh: "Hardtanh"
        }
    }

    /// One function of every element.
    public override var isElementwise: Bool { true }

    /// The function's parameters as they are written.
    public override var options: String {
        switch function {
        case .relu, .silu, .tanh, .sigmoid, .relu6, .hardsigmoid, .hardswish, .mish, .softmax2d, .softsign: ""
        case .leakyReLU(let slope): slope == 0.01 ? "" : "\(slope)"
        case .elu(let alpha): alpha == 1 ? "" : "\(alpha)"
        case .gelu(let tanh): tanh ? "approximate=\"tanh\"" : ""
        case .softmax(let dim), .logSoftmax(let dim): "dim=\(dim)"
        case .hardtanh(let low, let high): low == -1 && high == 1 ? "" : "\(low), \(high)"
        }
    }

    /// The function of every element.
    public override func forward(_ x: Tensor) throws -> Tensor {
        switch function {
        case .relu: try x.relu()
        case .leakyReLU(let slope): try x.leakyReLU(negativeSlope: slope)
        case .elu(let alpha): try x.elu(alpha: alpha)
        case .gelu(let tanh): try x.gelu(approximate: tanh ? "tanh" : "none")
        case .silu: try x.silu()
        case .relu6: try x.hardtanh(minimum: 0, maximum: 6)
        case .hardsigmoid: try Self.hardsigmoid(x)
        case .hardswish: try x * Self.hardsigmoid(x)
        case .mish: try x * x.softplus().tanh()
        case .softmax2d: try Self.softmax2d(x)
        case .tanh: try x.tanh()
        case .sigmoid: try x.sigmoid()
        case .softsign: try x.softsign()
        case .softmax(let dim): try x.softmax(dim: dim)
        case .logSoftmax(let dim): try x.logSoftmax(dim: dim)
        case .hardtanh(let low, let high): try x.hardtanh(minimum: low, maximum: high)
        }
    }

    private static func hardsigmoid(_ x: Tensor) throws -> Tensor {
        try (x * Scalar(1.0 / 6) + 0.5).hardtanh(minimum: 0, maximum: 1)
    }

    private static func softmax2d(_ x: Tensor) throws -> Tensor {
        guard x.rank == 3 || x.rank == 4 else {
            throw ModuleError.input(
                layer: "Softmax2d", problem: "expected [N, C, H, W] or [C, H, W], given \(x.shape)", help: nil)
        }
        return try x.softmax(dim: -3)
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { Activation(function) }
}
