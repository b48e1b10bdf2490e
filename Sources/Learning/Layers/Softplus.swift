import Tensors

/// log(1 + e^(βx)) / β, a smooth ReLU (Dugas et al., 2001).
public final class Softplus: Module, ClosedModule {
    /// How sharp the bend is.
    public let beta: Double

    /// A layer with a bend as sharp as `beta`.
    public init(beta: Double = 1) {
        self.beta = beta
        super.init()
    }

    /// One function of every element.
    public override var isElementwise: Bool { true }

    /// How sharp the bend is.
    public override var options: String { beta == 1 ? "" : "\(beta)" }

    /// The function of every element.
    public override func forward(_ x: Tensor) throws -> Tensor { try x.softplus(beta: beta) }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { Softplus(beta: beta) }
}
