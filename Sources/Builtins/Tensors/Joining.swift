import Runtime
import Tensors

/// How `pad` fills the border.
enum PaddingMode: String, StringOption {
    case constant, reflect, replicate, circular
}

extension Library {
    /// Tensors joined, cut and padded.
    func addTensorJoins() {
        let tensors = Parameter<[Tensor]>("tensors", "a list of tensors")
        let dim = Parameter<Int>("dim", "the dimension", default: 0)
        add(
            Builtin(
                "cat", .shaping, "Tensors one behind the other along a dimension they have.", tensors, dim,
                returns: "a tensor",
                notes: ["All other sizes must agree; an empty list is a value error."], pytorch: .same("torch.cat"),
                seeAlso: ["stack", "split"],
                examples: [Example("cat([tensor([1, 2]), tensor([3])]).tolist()", "[1, 2, 3]")]
            ) { (tensors: [Tensor], dim: Int) in try Tensor.cat(tensors, dim: dim) })
        add(
            Builtin(
                "stack", .shaping, "Tensors of one shape along a new dimension.", tensors, dim, returns: "a tensor",
                notes: ["All shapes must agree; an empty list is a value error."], pytorch: .same("torch.stack"),
                seeAlso: ["cat", "unsqueeze"],
                examples: [Example("stack([tensor([1, 2]), tensor([3, 4])]).tolist()", "[[1, 2], [3, 4]]")]
            ) { (tensors: [Tensor], dim: Int) in try Tensor.stack(tensors, dim: dim) })
        addCutting(dim)
        addPadding()
    }

    private func addCutting(_ dim: Parameter<Int>) {
        add(
            Builtin(
                "split", .shaping, "Cuts a tensor into parts of a given size.",
                Parameter<Tensor>("tensor", "the tensor"),
                Parameter<Integers>(
                    "split_size_or_sections",
                    "the size of the parts (the last may be smaller), or a list of their sizes"),
                dim, returns: "a list of tensors", notes: ["A list of sizes must add up to the size of the dimension."],
                pytorch: .same("torch.split"), seeAlso: ["chunk", "cat"],
                examples: [
                    Example("[p.tolist() for p in split(arange(5), 2)]", "[[0, 1], [2, 3], [4]]"),
                    Example("[p.tolist() for p in split(arange(5), [1, 4])]", "[[0], [1, 2, 3, 4]]"),
                ]
            ) { (tensor: Tensor, sizes: Integers, dim: Int) in
                guard !sizes.isList else { return try tensor.split(sizes: sizes.values, dim: dim) }
                let d = dim < 0 ? dim &+ tensor.rank : dim
                if tensor.shape.indices.contains(d), sizes.values[0] > 0 {
                    let parts = tensor.shape[d] / sizes.values[0] + 1
                    try Interpreter.claim(parts, of: Interpreter.tensorSize, for: "split")
                }
                return try tensor.split(sizes.values[0], dim: dim)
            })
        add(
            Builtin(
                "chunk", .shaping, "Cuts a tensor into a number of parts.", Self.input,
                Parameter<Int>("chunks", "how many, at least 1"), dim, returns: "a list of at most `chunks` tensors",
                pytorch: .same("torch.chunk"), seeAlso: ["split"],
                examples: [Example("[p.tolist() for p in chunk(arange(5), 2)]", "[[0, 1, 2], [3, 4]]")]
            ) { (input: Tensor, chunks: Int, dim: Int) in try input.chunk(chunks, dim: dim) })
    }

    private func addPadding() {
        add(
            Builtin(
                "pad", .shaping, "Adds a border.", Self.input,
                Parameter<[Int]>(
                    "pad",
                    "elements before and after the last dimension, then the one before it: [left, right, top, bottom]"),
                Parameter<PaddingMode>("mode", "what the border holds", default: .constant),
                Parameter<Double?>.optional("value", "the constant", defaultText: "0"),
                returns: "a tensor, larger by the border", notes: ["A negative number cuts off."],
                pytorch: .same("torch.nn.functional.pad"), seeAlso: ["cat"],
                examples: [Example("pad(tensor([[1, 2]]), [1, 0, 0, 1]).tolist()", "[[0, 1, 2], [0, 0, 0]]")]
            ) { (input: Tensor, pad: [Int], mode: PaddingMode, value: Double?) in
                try input.pad(pad, mode: mode.rawValue, value: value ?? 0)
            })
    }
}
