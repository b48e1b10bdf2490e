import Tensors

/// A table of vectors looked up by number: [entries, features], drawn from the standard normal distribution.
public final class Embedding: Module, ClosedModule {
    /// The table, [entries, features].
    public let weight: Tensor
    /// An entry that is 0 at first and never trained.
    public let paddingIndex: Int?

    /// A table of newly drawn vectors.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes below 1 and a padding index outside the table.
    public convenience init(_ entries: Int, _ features: Int, paddingIndex: Int? = nil) throws {
        guard entries > 0, features > 0 else {
            throw ModuleError.argument(
                layer: "Embedding", problem: "sizes must be at least 1, given \(entries), \(features)")
        }
        let weight = try Tensor.randn([entries, features], stream: .initialization)
        try self.init(weight: weight, paddingIndex: paddingIndex)
        if let row = self.paddingIndex {
            let keep = try Tensor((0..<entries).map { $0 == row ? Float(0) : 1 }, shape: [entries, 1])
            try weight.mul_(keep)
        }
        try weight.requireGradient()
    }

    /// A given table.
    public init(weight: Tensor, paddingIndex: Int? = nil) throws {
        guard weight.rank == 2 else {
            throw ModuleError.argument(
                layer: "Embedding", problem: "expected a weight [entries, features], given \(weight.shape)")
        }
        let entries = weight.shape[0]
        if let index = paddingIndex, index < -entries || index >= entries {
            throw ModuleError.argument(
                layer: "Embedding", problem: "padding_idx must lie in \(-entries) … \(entries - 1), given \(index)")
        }
        self.weight = weight
        self.paddingIndex = paddingIndex.map { $0 < 0 ? $0 + entries : $0 }
        super.init()
        register(parameter: weight, as: "weight")
    }

    /// The sizes and the padding index.
    public override var options: String {
        "\(weight.shape[0]), \(weight.shape[1])" + (paddingIndex.map { ", padding_idx=\($0)" } ?? "")
    }

    /// Integers of any shape → that shape with the features behind.
    public override func forward(_ x: Tensor) throws -> Tensor {
        try weight.embedding(x, paddingIndex: paddingIndex)
    }

    /// A copy with a table of its own.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try Embedding(weight: copies.tensor(weight), paddingIndex: paddingIndex)
    }
}
