import Runtime
import Tensors

extension Library {
    /// Elements in order.
    func addTensorOrdering() {
        let dim = Parameter<Int>("dim", "the dimension", default: -1)
        let descending = Parameter<Bool>("descending", "largest first", default: false)
        let stable = Parameter<Bool>("stable", "equal elements keep their order, which they always do", default: false)
        add(
            Builtin(
                "topk", .reductions, "The k largest elements along a dimension, and their positions.", Self.input,
                Parameter<Int>("k", "how many"), dim,
                Parameter<Bool>("largest", "false for the smallest", default: true),
                Parameter<Bool>("sorted", "whether they are in order", default: true),
                returns: "a list of the values and their int64 positions",
                notes: ["k outside the size of the dimension is a value error."], pytorch: .same("torch.topk"),
                seeAlso: ["sort", "max"],
                examples: [
                    Example(
                        "values, indices = topk(tensor([1, 9, 4]), 2); [values.tolist(), indices.tolist()]",
                        "[[9, 4], [1, 2]]")
                ]
            ) { (input: Tensor, k: Int, dim: Int, largest: Bool, sorted: Bool) in
                let found = try input.topk(k, dim: dim, largest: largest, sorted: sorted)
                return [found.values, found.indices]
            })
        add(
            Builtin(
                "sort", .reductions, "The elements in order along a dimension, and the positions they had.", Self.input,
                dim, descending, stable, returns: "a list of the values and their int64 positions",
                notes: ["NaN comes last."], pytorch: .same("torch.sort"), seeAlso: ["argsort", "topk"],
                examples: [
                    Example(
                        "values, indices = sort(tensor([3, 1, 2])); [values.tolist(), indices.tolist()]",
                        "[[1, 2, 3], [1, 2, 0]]")
                ]
            ) { (input: Tensor, dim: Int, descending: Bool, _: Bool) in
                let found = try input.sort(dim: dim, descending: descending)
                return [found.values, found.indices]
            })
        add(
            Builtin(
                "argsort", .reductions, "The positions that put a dimension in order.", Self.input, dim, descending,
                stable, returns: "an int64 tensor of the same shape", pytorch: .same("torch.argsort"),
                seeAlso: ["sort"], examples: [Example("argsort(tensor([3, 1, 2])).tolist()", "[1, 2, 0]")]
            ) { (input: Tensor, dim: Int, descending: Bool, _: Bool) in
                try input.argsort(dim: dim, descending: descending)
            })
    }
}
