import Runtime
import Tensors

extension Library {
    static let input = Parameter<Tensor>("input", "the tensor")
    static let dim = Parameter<Int>("dim", "the dimension, negative from the end")

    /// Other shapes for the same elements.
    func addTensorShapes() {
        addReshaping()
        addDimensions()
        addDimensionOrders()
        addRepetition()
    }

    private func addReshaping() {
        add(
            Builtin(
                "reshape", .shaping, "The same elements, in the same order, under another shape.", Self.input,
                Parameter<[SizePart]>.variadic("shape", "the new sizes, a list or separate integers; one may be -1"),
                returns: "a tensor of shape `shape`",
                notes: ["The sizes must multiply to the number of elements, else it is a shape error."],
                pytorch: .differs("torch.reshape", "the result is independent, never a view"),
                seeAlso: ["flatten", "unsqueeze", "permute"],
                examples: [
                    Example("arange(6).reshape(2, 3).tolist()", "[[0, 1, 2], [3, 4, 5]]"),
                    Example("reshape(zeros(4, 28, 28), [4, -1]).shape", "[4, 784]"),
                ]
            ) { (input: Tensor, shape: [SizePart]) in try input.reshape(shape.sizes(for: "reshape", "shape")) })
        add(
            Builtin(
                "flatten", .shaping, "Several dimensions as one.", Self.input,
                Parameter<Int>("start_dim", "the first of them", default: 0),
                Parameter<Int>("end_dim", "the last of them", default: -1), returns: "a tensor of the same elements",
                pytorch: .same("torch.flatten"), seeAlso: ["reshape", "Flatten"],
                examples: [
                    Example("zeros(2, 3, 4).flatten().shape", "[24]"),
                    Example("zeros(2, 3, 4).flatten(1).shape", "[2, 12]"),
                ]
            ) { (input: Tensor, start: Int, end: Int) in try input.flatten(startDim: start, endDim: end) })
    }

    private func addDimensions() {
        add(
            Builtin(
                "squeeze", .shaping, "Drops dimensions of size 1.", Self.input,
                Parameter<Integers?>.optional("dim", "only these, an int or a list; all of size 1 without it"),
                returns: "a tensor of the same elements", notes: ["A named dimension of another size stays."],
                pytorch: .same("torch.squeeze"), seeAlso: ["unsqueeze"],
                examples: [
                    Example("zeros(1, 3, 1).squeeze().shape", "[3]"),
                    Example("zeros(1, 3, 1).squeeze(0).shape", "[3, 1]"),
                ]
            ) { (input: Tensor, dim: Integers?) in try input.squeeze(dims: dim?.values) })
        add(
            Builtin(
                "unsqueeze", .shaping, "Adds a dimension of size 1.", Self.input,
                Parameter<Int>("dim", "where it goes; -1 for the end"), returns: "a tensor of the same elements",
                pytorch: .same("torch.unsqueeze"), seeAlso: ["squeeze", "reshape"],
                examples: [
                    Example("zeros(3).unsqueeze(0).shape", "[1, 3]"), Example("zeros(3).unsqueeze(-1).shape", "[3, 1]"),
                ]
            ) { (input: Tensor, dim: Int) in try input.unsqueeze(dim: dim) })
    }

    private func addDimensionOrders() {
        add(
            Builtin(
                "transpose", .shaping, "Exchanges two dimensions.", Self.input,
                Parameter<Int>("dim0", "one of them"), Parameter<Int>("dim1", "the other"),
                returns: "a tensor of the same elements",
                pytorch: .differs("torch.transpose", "the result is independent, never a view"),
                seeAlso: ["permute", "T"],
                examples: [Example("tensor([[1, 2], [3, 4]]).transpose(0, 1).tolist()", "[[1, 3], [2, 4]]")]
            ) { (input: Tensor, first: Int, second: Int) in try input.transpose(first, second) })
        let several = Parameter<Integers>("dims", "the old dimensions in their new order, each once")
        add(
            Builtin(
                "permute", .shaping, "Puts the dimensions into another order.", Self.input, several,
                returns: "a tensor of the same elements",
                pytorch: .differs("torch.permute", "the result is independent, never a view"),
                seeAlso: ["transpose", "reshape"],
                examples: [Example("permute(zeros(2, 3, 4), [2, 0, 1]).shape", "[4, 2, 3]")]
            ) { (input: Tensor, dims: Integers) in try input.permute(dims.values) })
        add(
            Builtin(
                "permute", .shaping, "Puts the dimensions into another order.", Self.input,
                Parameter<[Int]>.variadic("dims", "the old dimensions in their new order, each once"),
                returns: "a tensor of the same elements", pytorch: .same("torch.Tensor.permute"),
                seeAlso: ["transpose"],
                examples: [Example("zeros(8, 3, 32, 30).permute(0, 2, 3, 1).shape", "[8, 32, 30, 3]")]
            ) { (input: Tensor, dims: [Int]) in try input.permute(dims) })
        add(
            Builtin(
                "flip", .shaping, "Reverses the order along dimensions.", Self.input,
                Parameter<Integers>("dims", "the dimensions, an int or a list"), returns: "a tensor of the same shape",
                pytorch: .same("torch.flip"), seeAlso: ["roll"],
                examples: [Example("flip(tensor([[1, 2], [3, 4]]), dims=[1]).tolist()", "[[2, 1], [4, 3]]")]
            ) { (input: Tensor, dims: Integers) in try input.flip(dims: dims.values) })
        add(
            Builtin(
                "flip", .shaping, "Reverses the order along dimensions.", Self.input,
                Parameter<[Int]>.variadic("dims", "the dimensions"), returns: "a tensor of the same shape",
                pytorch: .same("torch.Tensor.flip"), seeAlso: ["roll"],
                examples: [Example("tensor([[1, 2], [3, 4]]).flip(0, 1).tolist()", "[[4, 3], [2, 1]]")]
            ) { (input: Tensor, dims: [Int]) in
                guard !dims.isEmpty else { throw Failure(.type, "flip needs the argument dims", help: ["flip(x, 0)"]) }
                return try input.flip(dims: dims)
            })
        add(
            Builtin(
                "roll", .shaping, "Shifts the elements; what leaves at one end comes in at the other.", Self.input,
                Parameter<Integers>("shifts", "how far, for each of `dims`"),
                Parameter<Integers?>.optional("dims", "the dimensions; without them the flattened tensor is shifted"),
                returns: "a tensor of the same shape", pytorch: .same("torch.roll"), seeAlso: ["flip"],
                examples: [Example("roll(arange(4), 1).tolist()", "[3, 0, 1, 2]")]
            ) { (input: Tensor, shifts: Integers, dims: Integers?) in
                try input.roll(shifts: shifts.values, dims: dims?.values)
            })
    }

    private func addRepetition() {
        add(
            Builtin(
                "expand", .shaping, "Stretches dimensions of size 1.", Self.input,
                Parameter<[SizePart]>.variadic("sizes", "the new sizes, a list or separate integers; -1 keeps a size"),
                returns: "a tensor of shape `sizes`", notes: ["New dimensions stand at the front."],
                pytorch: .differs("torch.Tensor.expand", "the result is independent, never a view"),
                seeAlso: ["repeat", "unsqueeze"],
                examples: [Example("tensor([[1], [2]]).expand(2, 3).tolist()", "[[1, 1, 1], [2, 2, 2]]")]
            ) { (input: Tensor, sizes: [SizePart]) in try input.expand(sizes.sizes(for: "expand", "sizes")) })
        add(
            Builtin(
                "repeat", .shaping, "Copies the tensor several times along its dimensions.", Self.input,
                Parameter<[SizePart]>.variadic("repeats", "how often along each dimension; further ones at the front"),
                returns: "a tensor whose sizes are multiplied", pytorch: .same("torch.Tensor.repeat"),
                seeAlso: ["expand", "cat"],
                examples: [Example("tensor([1, 2]).repeat(2, 2).tolist()", "[[1, 2, 1, 2], [1, 2, 1, 2]]")]
            ) { (input: Tensor, repeats: [SizePart]) in try input.repeat(repeats.sizes(for: "repeat", "repeats")) })
    }
}
