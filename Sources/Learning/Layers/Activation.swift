import Tensors

/// A layer without parameters that applies one function to every element (or, for softmax, along a dimension).
public final class Activation: Module {
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
        /// tanh x
        case tanh
        /// 1 / (1 + e⁻ˣ)
        case sigmoid
        /// log(1 + e^(beta·x)) / beta
        case softplus(beta: Double)
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
        case .tanh: "Tanh"
        case .sigmoid: "Sigmoid"
        case .softplus: "Softplus"
        case .softmax: "Softmax"
        case .logSoftmax: "LogSoftmax"
        case .hardtanh: "Hardtanh"
        }
    }

    /// The function's parameters as they are written.
    public override var options: String {
        switch function {
        case .relu, .silu, .tanh, .sigmoid: ""
        case .leakyReLU(let slope): slope == 0.01 ? "" : "\(slope)"
        case .elu(let alpha): alpha == 1 ? "" : "\(alpha)"
        case .gelu(let tanh): tanh ? "approximate=\"tanh\"" : ""
        case .softplus(let beta): beta == 1 ? "" : "\(beta)"
        case .softmax(let dim), .logSoftmax(let dim): "dim=\(dim)"
        case .hardtanh(let low, let high): "\(low), \(high)"
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
        case .tanh: try x.tanh()
        case .sigmoid: try x.sigmoid()
        case .softplus(let beta): try x.softplus(beta: beta)
        case .softmax(let dim): try x.softmax(dim: dim)
        case .logSoftmax(let dim): try x.logSoftmax(dim: dim)
        case .hardtanh(let low, let high): try x.hardtanh(minimum: low, maximum: high)
        }
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { Activation(function) }
}
