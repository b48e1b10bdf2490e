import Runtime
import Tensors

extension Library {
    /// The largest and the smallest elements, and where they are.
    func addTensorExtremes() {
        addExtremesWithPositions()
        addExtremes()
        addPositions()
    }

    private func addExtremesWithPositions() {
        func add(
            _ name: String, _ adjective: String, _ seeAlso: [String], _ examples: [Example], _ otherExample: Example,
            _ op: ArithmeticOperator, _ whole: @escaping (Tensor) throws -> Tensor,
            _ along: @escaping (Tensor, Int, Bool) throws -> (values: Tensor, indices: Tensor)
        ) {
            self.add(
                Builtin(
                    name, .reductions, "The \(adjective) element; along a dimension, also its position.", Self.input,
                    Self.oneDim, Self.keepdim,
                    returns: "one number without `dim`; with it, a list of the values and their int64 positions",
                    notes: ["Among equal elements the first position counts; no elements are a shape error."],
                    pytorch: .same("torch." + name), seeAlso: seeAlso, examples: examples
                ) { (input: Tensor, dim: Int?, keepdim: Bool) in
                    guard let dim else { return OneOrMoreTensors.first(try whole(input)) }
                    let found = try along(input, dim, keepdim)
                    return .second([found.values, found.indices])
                })
            self.add(
                Builtin(
                    name, .reductions, "The \(adjective) of two, elementwise.", Self.input,
                    Parameter<Tensor>("other", "a tensor that broadcasts with `input`"),
                    returns: "a tensor of the common shape", pytorch: .same("torch." + name),
                    seeAlso: [name == "max" ? "maximum" : "minimum"], examples: [otherExample]
                ) { (input: Tensor, other: Tensor) in
                    try Tensor.arithmetic(op, .tensor(input), .tensor(other))
                })
        }
        add(
            "max", "largest", ["min", "amax", "argmax", "maximum"],
            [
                Example("max(tensor([3, 9, 4])).item()", "9"),
                Example(
                    "values, indices = max(tensor([[1, 5], [7, 2]]), dim=1); [values.tolist(), indices.tolist()]",
                    "[[5, 7], [1, 0]]"),
            ], Example("max(tensor([1, 5]), tensor([3, 2])).tolist()", "[3, 5]"), .maximum, { try $0.max() },
            { try $0.max(dim: $1, keepdim: $2) })
        add(
            "min", "smallest", ["max", "amin", "argmin", "minimum"],
            [
                Example("min(tensor([3, 9, 4])).item()", "3"),
                Example(
                    "values, indices = min(tensor([[1, 5], [7, 2]]), dim=1); [values.tolist(), indices.tolist()]",
                    "[[1, 2], [0, 1]]"),
            ], Example("min(tensor([1, 5]), tensor([3, 2])).tolist()", "[1, 2]"), .minimum, { try $0.min() },
            { try $0.min(dim: $1, keepdim: $2) })
    }

    private func addExtremes() {
        add(
            Builtin(
                "amax", .reductions, "The largest element, along one or several dimensions.", Self.input, Self.dims,
                Self.keepdim, returns: "a tensor without the reduced dimensions",
                notes: ["Among equal elements the gradient is shared."], pytorch: .same("torch.amax"),
                seeAlso: ["max", "amin"],
                examples: [Example("amax(tensor([[1, 5], [7, 2]]), dim=0).tolist()", "[7, 5]")]
            ) { (input: Tensor, dims: Integers?, keepdim: Bool) in try input.amax(dims: dims?.values, keepdim: keepdim)
            })
        add(
            Builtin(
                "amin", .reductions, "The smallest element, along one or several dimensions.", Self.input, Self.dims,
                Self.keepdim, returns: "a tensor without the reduced dimensions",
                notes: ["Among equal elements the gradient is shared."], pytorch: .same("torch.amin"),
                seeAlso: ["min", "amax"],
                examples: [Example("amin(tensor([[1, 5], [7, 2]]), dim=0).tolist()", "[1, 2]")]
            ) { (input: Tensor, dims: Integers?, keepdim: Bool) in try input.amin(dims: dims?.values, keepdim: keepdim)
            })
    }

    private func addPositions() {
        add(
            Builtin(
                "argmax", .reductions, "The position of the largest element.", Self.input,
                Parameter<Int?>.optional("dim", "the dimension; without it, the position in the flattened tensor"),
                Self.keepdim, returns: "an int64 tensor", notes: ["Among equal elements the first counts."],
                pytorch: .same("torch.argmax"), seeAlso: ["max", "argmin"],
                examples: [
                    Example("argmax(tensor([1, 9, 4])).item()", "1"),
                    Example("tensor([[1, 5], [7, 2]]).argmax(dim=1).tolist()", "[1, 0]"),
                ]
            ) { (input: Tensor, dim: Int?, keepdim: Bool) in try input.argmax(dim: dim, keepdim: keepdim) })
        add(
            Builtin(
                "argmin", .reductions, "The position of the smallest element.", Self.input,
                Parameter<Int?>.optional("dim", "the dimension; without it, the position in the flattened tensor"),
                Self.keepdim, returns: "an int64 tensor", notes: ["Among equal elements the first counts."],
                pytorch: .same("torch.argmin"), seeAlso: ["min", "argmax"],
                examples: [Example("argmin(tensor([3, 1, 4])).item()", "1")]
            ) { (input: Tensor, dim: Int?, keepdim: Bool) in try input.argmin(dim: dim, keepdim: keepdim) })
    }
}
