import Learning
import Runtime
import Tensors

extension Library {
    /// Normalisation, sum and activation as one operation of the graph.
    func addNormReLU() {
        add(
            Builtin(
                "norm_relu", .networks, "A normalisation, a sum and a ReLU in one pass.",
                formula: "relu(norm(x) + residual)",
                Parameter<Module>("norm", "the normalisation, such as a BatchNorm2d"),
                Parameter<Module>("relu", "the activation behind it"),
                Parameter<Tensor>("x", "what is normalised"),
                Parameter<Tensor?>.optional("residual", "what is added before the activation, of the shape of x"),
                returns: "a tensor of the same shape",
                notes: [
                    "A BatchNorm and a ReLU are one operation unless somebody observes either of them, by features or a "
                        + "term's pair: then, and for other layers, they are called one after the other. The numbers are "
                        + "the same to rounding."
                ],
                pytorch: .none, seeAlso: ["BatchNorm2d", "batch_norm"],
                examples: [
                    Example(
                        "norm_relu(BatchNorm1d(2), ReLU(), tensor([[1.0, 4.0], [3.0, 2.0]])).round().tolist()",
                        "[[0.0, 1.0], [1.0, 0.0]]")
                ]
            ) { (norm: Module, relu: Module, x: Tensor, residual: Tensor?) in
                if let norm = norm as? BatchNorm { return try norm(x, adding: residual, then: relu) }
                let result = try norm(x)
                return try relu(try residual.map { try result + $0 } ?? result)
            }.computingOnly())
    }
}
