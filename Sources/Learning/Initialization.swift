import Glibc
import Tensors

extension Tensor {
    /// A parameter drawn uniformly from ±bound by the initialisation stream.
    ///
    /// - Throws: a limit error when memory is short.
    public static func initialized(_ shape: [Int], bound: Double) throws -> Tensor {
        let tensor = try rand(shape, stream: .initialization)
        try tensor.mul_(Scalar(2 * bound))
        try tensor.sub_(Scalar(bound))
        return try tensor.requireGradient()
    }
}

/// How weights are drawn, as in `torch.nn.init`. Each fills a tensor in place from the initialisation stream.
public enum Initializer: Sendable, Equatable {
    /// Uniform between two numbers.
    case uniform(low: Double = 0, high: Double = 1)
    /// Normal.
    case normal(mean: Double = 0, std: Double = 1)
    /// One number everywhere.
    case constant(Double)
    /// Uniform in ±gain·√(6/(fan_in + fan_out)).
    case xavierUniform(gain: Double = 1)
    /// Normal with std gain·√(2/(fan_in + fan_out)).
    case xavierNormal(gain: Double = 1)
    /// Uniform in ±gain·√(3/fan), gain = √(2/(1 + a²)).
    case kaimingUniform(a: Double = 0, fanOut: Bool = false)
    /// Normal with std gain/√fan, gain = √(2/(1 + a²)).
    case kaimingNormal(a: Double = 0, fanOut: Bool = false)

    /// Fills `tensor`.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for fans of tensors with fewer than two dimensions.
    public func fill(_ tensor: Tensor) throws {
        let shape = tensor.shape.array
        let new: Tensor
        switch self {
        case .uniform(let low, let high): new = try Self.uniform(shape, low, high, tensor.dtype)
        case .normal(let mean, let std): new = try Self.normal(shape, mean, std, tensor.dtype)
        case .constant(let value): new = try .full(shape, Scalar(value), dtype: tensor.dtype)
        case .xavierUniform(let gain):
            let fans = try Self.fans(shape, "xavier_uniform")
            let bound = gain * (6 / (fans.input + fans.output)).squareRoot()
            new = try Self.uniform(shape, -bound, bound, tensor.dtype)
        case .xavierNormal(let gain):
            let fans = try Self.fans(shape, "xavier_normal")
            new = try Self.normal(shape, 0, gain * (2 / (fans.input + fans.output)).squareRoot(), tensor.dtype)
        case .kaimingUniform(let a, let fanOut):
            let fans = try Self.fans(shape, "kaiming_uniform")
            let bound = (6 / (1 + a * a) / (fanOut ? fans.output : fans.input)).squareRoot()
            new = try Self.uniform(shape, -bound, bound, tensor.dtype)
        case .kaimingNormal(let a, let fanOut):
            let fans = try Self.fans(shape, "kaiming_normal")
            new = try Self.normal(
                shape, 0, (2 / (1 + a * a) / (fanOut ? fans.output : fans.input)).squareRoot(), tensor.dtype)
        }
        _ = try Gradients.disabled { try tensor.copy_(new) }
    }

    private static func uniform(_ shape: [Int], _ low: Double, _ high: Double, _ dtype: DType) throws -> Tensor {
        try Tensor.rand(shape, dtype: dtype, stream: .initialization) * Scalar(high - low) + Scalar(low)
    }

    private static func normal(_ shape: [Int], _ mean: Double, _ std: Double, _ dtype: DType) throws -> Tensor {
        try Tensor.randn(shape, dtype: dtype, stream: .initialization) * Scalar(std) + Scalar(mean)
    }

    private static func fans(_ shape: [Int], _ name: String) throws -> (input: Double, output: Double) {
        guard shape.count >= 2 else {
            throw ModuleError.argument(
                layer: name, problem: "needs a tensor of at least two dimensions, given \(shape)")
        }
        let field = shape.dropFirst(2).reduce(1, *)
        return (max(1, Double(shape[1] * field)), max(1, Double(shape[0] * field)))
    }
}
