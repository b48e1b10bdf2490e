import Runtime
import Tensors

extension Library {
    /// Elements picked by position, by mask, or by value.
    func addTensorSelection() {
        addGathering()
        addMasks()
        addTriangles()
        addCounting()
    }

    private func addGathering() {
        let index = Parameter<Tensor>("index", "int64 positions along `dim`")
        add(
            Builtin(
                "gather", .selection, "Picks elements along a dimension, one for each entry of `index`.",
                formula: "out[i, j] = input[i, index[i, j]] for dim = 1", Self.input, Self.dim, index,
                returns: "a tensor of the shape of `index`",
                notes: [
                    "`index` has as many dimensions as `input`; a position outside the dimension is an index error."
                ],
                pytorch: .same("torch.gather"), seeAlso: ["scatter", "index_select"],
                examples: [
                    Example(
                        "gather(tensor([[1, 2], [3, 4]]), 1, tensor([[1], [0]])).tolist()", "[[2], [3]]")
                ]
            ) { (input: Tensor, dim: Int, index: Tensor) in try input.gather(dim: dim, index: index) })
        let source = "writes values at positions along a dimension into a copy."
        add(
            Builtin(
                "scatter", .selection, "Places elements: " + source,
                formula: "out[i, index[i, j]] = src[i, j] for dim = 1", Self.input, Self.dim, index,
                Parameter<TensorOrScalar>("src", "the values, a tensor at least as large as `index`, or a number"),
                returns: "a tensor of the shape of `input`",
                notes: ["Where two entries name one place, the last one counts."], pytorch: .same("torch.scatter"),
                seeAlso: ["gather", "one_hot"],
                examples: [
                    Example(
                        "scatter(zeros(2, 3), 1, tensor([[2], [0]]), 1).tolist()", "[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]")
                ]
            ) { (input: Tensor, dim: Int, index: Tensor, source: TensorOrScalar) in
                try input.scatter(dim: dim, index: index, source.operand)
            })
        add(
            Builtin(
                "index_select", .selection, "Picks whole slices along a dimension.", Self.input, Self.dim,
                Parameter<Tensor>("index", "int64 positions [K]"), returns: "a tensor with K slices along `dim`",
                pytorch: .same("torch.index_select"), seeAlso: ["gather"],
                examples: [
                    Example(
                        "index_select(tensor([[1, 2], [3, 4], [5, 6]]), 0, tensor([2, 0])).tolist()", "[[5, 6], [1, 2]]"
                    )
                ]
            ) { (input: Tensor, dim: Int, index: Tensor) in try input.indexSelect(dim: dim, index: index) })
    }

    private func addMasks() {
        add(
            Builtin(
                "masked_fill", .selection, "A copy with one value wherever the mask is true.", Self.input,
                Parameter<Tensor>("mask", "a bool tensor that broadcasts to `input`"),
                Parameter<Scalar>("value", "the value"), returns: "a tensor of the shape of `input`",
                pytorch: .same("torch.Tensor.masked_fill"), seeAlso: ["where"],
                examples: [Example("x = tensor([1.0, -2.0]); x.masked_fill(x < 0, 0).tolist()", "[1.0, 0.0]")]
            ) { (input: Tensor, mask: Tensor, value: Scalar) in try input.maskedFill(mask, value) })
        add(
            Builtin(
                "where", .selection, "Elements of one tensor where the condition is true, of another elsewhere.",
                Parameter<Tensor>("condition", "a bool tensor"),
                Parameter<TensorOrScalar>("input", "taken where it is true"),
                Parameter<TensorOrScalar>("other", "taken where it is false"),
                returns: "a tensor of the shape that all three broadcast to", pytorch: .same("torch.where"),
                seeAlso: ["masked_fill", "nonzero"],
                examples: [Example("x = tensor([1, -2]); where(x > 0, x, 0).tolist()", "[1, 0]")]
            ) { (condition: Tensor, input: TensorOrScalar, other: TensorOrScalar) in
                try Tensor.where(condition, input.operand, other.operand)
            })
        add(
            Builtin(
                "nonzero", .selection, "The positions of all elements that are not 0.", Self.input,
                returns: "an int64 tensor [K, ndim], one row for each element", pytorch: .same("torch.nonzero"),
                seeAlso: ["where"],
                examples: [Example("nonzero(tensor([[0, 5], [7, 0]])).tolist()", "[[0, 1], [1, 0]]")]
            ) { (input: Tensor) in try input.nonzero() })
    }

    private func addTriangles() {
        let diagonal = Parameter<Int>("diagonal", "which diagonal; above the main one for positive numbers", default: 0)
        add(
            Builtin(
                "tril", .selection, "The lower triangle of a matrix; zeros elsewhere.",
                Parameter<Tensor>("input", "a matrix, or a batch of such"), diagonal,
                returns: "a tensor of the same shape", pytorch: .same("torch.tril"), seeAlso: ["triu"],
                examples: [Example("tril(ones(2, 2)).tolist()", "[[1.0, 0.0], [1.0, 1.0]]")]
            ) { (input: Tensor, diagonal: Int) in try input.tril(diagonal: diagonal) })
        add(
            Builtin(
                "triu", .selection, "The upper triangle of a matrix; zeros elsewhere.",
                Parameter<Tensor>("input", "a matrix, or a batch of such"), diagonal,
                returns: "a tensor of the same shape", pytorch: .same("torch.triu"), seeAlso: ["tril"],
                examples: [Example("triu(ones(2, 2), 1).tolist()", "[[0.0, 1.0], [0.0, 0.0]]")]
            ) { (input: Tensor, diagonal: Int) in try input.triu(diagonal: diagonal) })
        add(
            Builtin(
                "diag", .selection, "The diagonal of a matrix, or the matrix with a vector on its diagonal.",
                Parameter<Tensor>("input", "a matrix or a vector"), diagonal,
                returns: "a vector for a matrix, a square matrix for a vector", pytorch: .same("torch.diag"),
                seeAlso: ["eye"],
                examples: [
                    Example("diag(tensor([[1, 2], [3, 4]])).tolist()", "[1, 4]"),
                    Example("diag(tensor([1, 2])).tolist()", "[[1, 0], [0, 2]]"),
                ]
            ) { (input: Tensor, diagonal: Int) in try input.diag(diagonal: diagonal) })
    }

    private func addCounting() {
        add(
            Builtin(
                "unique", .selection, "The different elements.", Self.input,
                Parameter<Bool>("sorted", "in ascending order, which they always are", default: true),
                Parameter<Bool>("return_inverse", "also the position of each element among them", default: false),
                Parameter<Bool>("return_counts", "also how often each occurs", default: false),
                returns: "a vector; with further results, a list", pytorch: .same("torch.unique"),
                seeAlso: ["bincount"],
                examples: [
                    Example("unique(tensor([3, 1, 3])).tolist()", "[1, 3]"),
                    Example(
                        "values, counts = unique(tensor([3, 1, 3]), return_counts=true); counts.tolist()", "[1, 2]"),
                ]
            ) { (input: Tensor, _: Bool, inverse: Bool, counts: Bool) in
                let found = try input.unique()
                guard inverse || counts else { return OneOrMoreTensors.first(found.values) }
                return .second([found.values] + (inverse ? [found.inverse] : []) + (counts ? [found.counts] : []))
            })
        add(
            Builtin(
                "bincount", .selection, "How often each non-negative integer occurs.",
                Parameter<Tensor>("input", "an int64 vector without negative numbers"),
                Parameter<Tensor?>.optional("weights", "what each element counts, of the same shape; 1 without it"),
                Parameter<Int>("minlength", "the least length of the result", default: 0),
                returns: "a vector [largest + 1]", pytorch: .same("torch.bincount"), seeAlso: ["unique"],
                examples: [Example("bincount(tensor([0, 2, 2])).tolist()", "[1, 0, 2]")]
            ) { (input: Tensor, weights: Tensor?, minimum: Int) in
                try input.bincount(weights: weights, minlength: minimum)
            })
    }
}
