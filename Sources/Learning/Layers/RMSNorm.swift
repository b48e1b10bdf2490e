import Tensors

/// x / √(⟨x²⟩ + eps) · weight over the last dimensions (Zhang and Sennrich, 2019).
public final class RMSNorm: Module, ClosedModule {
    /// The sizes of the dimensions that are normalised together.
    public let shape: [Int]
    /// Added to the mean square; nil is the distance from 1 to the next number of the input's dtype.
    public let eps: Double?
    /// The factor, at first 1, unless the layer has none.
    public let weight: Tensor?

    /// A layer for inputs that end in `shape`.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for an empty shape.
    public convenience init(_ shape: [Int], eps: Double? = nil, affine: Bool = true) throws {
        try self.init(shape, eps: eps, weight: affine ? Tensor.ones(shape).requireGradient() : nil)
    }

    /// A layer with a given factor.
    public init(_ shape: [Int], eps: Double? = nil, weight: Tensor?) throws {
        guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
            throw ModuleError.argument(layer: "RMSNorm", problem: "needs sizes of at least 1, given \(shape)")
        }
        (self.shape, self.eps, self.weight) = (shape, eps, weight)
        super.init()
        if let weight { register(parameter: weight, as: "weight") }
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        (shape.count == 1 ? "\(shape[0])" : "\(shape)") + (eps.map { ", eps=\($0)" } ?? "")
            + (weight == nil ? ", elementwise_affine=false" : "")
    }

    /// x […, shape] → the same shape.
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank >= shape.count, Array(x.shape.array.suffix(shape.count)) == shape else {
            throw ModuleError.input(
                layer: "RMSNorm", problem: "expected \(shape) as the last dimensions, given \(x.shape)", help: nil)
        }
        let dims = Array(x.rank - shape.count..<x.rank)
        let smallest = x.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
        let root = try (x.square().mean(dims: dims, keepdim: true) + Scalar(eps ?? smallest)).sqrt()
        let normalized = try x / root
        return try weight.map { try normalized * $0 } ?? normalized
    }

    /// A copy with its own factor.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try RMSNorm(shape, eps: eps, weight: copies.tensor(weight))
    }
}
