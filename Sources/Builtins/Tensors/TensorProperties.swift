import Runtime
import Tensors

extension Library {
    /// What a tensor knows about itself.
    func addTensorProperties() {
        add(
            Attribute(
                "shape", on: .tensor, "The sizes of the dimensions, a list of ints.",
                examples: [Example("zeros(2, 3).shape", "[2, 3]")]
            ) { (x: Tensor) in x.shape.array })
        add(
            Attribute(
                "ndim", on: .tensor, "The number of dimensions.", examples: [Example("zeros(2, 3).ndim", "2")]
            ) { (x: Tensor) in x.rank })
        add(
            Attribute(
                "dtype", on: .tensor,
                "The type of the elements: \"float32\", \"float64\", \"int64\", \"uint8\" or \"bool\".",
                examples: [Example("print((arange(3) > 1).dtype)", "bool")]
            ) { (x: Tensor) in x.dtype.description })
        add(
            Attribute(
                "requires_grad", on: .tensor,
                "Whether gradients flow to or through the tensor; set it to true on what is to be trained.",
                examples: [Example("w = zeros(3); w.requires_grad = true; (w * 2).requires_grad", "true")],
                get: { (x: Tensor) in x.requiresGradient },
                set: { (x: Tensor, flag: Bool) in try x.requireGradient(flag) }))
        add(
            Attribute(
                "grad", on: .tensor, "What `backward` has added up for this tensor, or none; assign none to forget it.",
                examples: [
                    Example(
                        "w = tensor([1.0, 2.0], requires_grad=true); (w ** 2).sum().backward(); w.grad.tolist()",
                        "[2.0, 4.0]"),
                    Example(
                        "w = zeros(2, requires_grad=true); w.sum().backward(); w.grad = none; w.grad == none", "true"),
                ],
                get: { (x: Tensor) in x.gradient },
                set: { (x: Tensor, gradient: Tensor?) in try x.setGradient(gradient) }))
        add(
            Attribute(
                "T", on: .tensor, "The transpose of a matrix.",
                examples: [Example("tensor([[1, 2], [3, 4]]).T.tolist()", "[[1, 3], [2, 4]]")]
            ) { (x: Tensor) in
                switch x.rank {
                case 0, 1: return x
                case 2: return try x.transpose(0, 1)
                default:
                    throw Failure(
                        .shape, "T: expected a matrix, got shape \(x.shape)",
                        help: ["transpose(x, -2, -1) swaps the last two dimensions, permute orders all"])
                }
            })
    }

    /// Out of tensors, and from dtype to dtype.
    func addTensorConversions() {
        addTensorContents()
        addDTypeConversions()
        addTensorCopies()
    }

    private func addTensorContents() {
        let x = Parameter<Tensor>("self", "the tensor")
        add(
            Builtin(
                "numel", on: .tensor, .tensorProperties, "The number of elements.", x, returns: "an int",
                pytorch: .same("torch.Tensor.numel"), seeAlso: ["shape", "len"],
                examples: [Example("zeros(2, 3).numel()", "6")]
            ) { (x: Tensor) in x.count })
        add(
            Builtin(
                "item", on: .tensor, .tensorProperties, "The only element as a number.", x,
                returns: "an int, float or bool", notes: ["A tensor of several elements is a shape error."],
                pytorch: .same("torch.Tensor.item"), seeAlso: ["tolist"],
                examples: [Example("tensor([1, 2, 3]).sum().item()", "6")]
            ) { (x: Tensor) in try x.item().value })
        add(
            Builtin(
                "tolist", on: .tensor, .tensorProperties, "The elements as nested lists.", x,
                returns: "lists as deep as the tensor has dimensions; a number for a tensor without",
                pytorch: .same("torch.Tensor.tolist"), seeAlso: ["tensor", "item"],
                examples: [Example("arange(4).reshape(2, 2).tolist()", "[[0, 1], [2, 3]]")]
            ) { (x: Tensor) in try TensorData.list(x) })
    }

    private func addDTypeConversions() {
        let x = Parameter<Tensor>("self", "the tensor")
        let same = "The tensor itself when it has that dtype already."
        add(
            Builtin(
                "to", on: .tensor, .tensorProperties, "The elements as another dtype.", x,
                Parameter<DType>("dtype", "the dtype"), returns: "a tensor of the same shape",
                notes: [same, "Floats are cut off towards zero; gradients flow between float32 and float64."],
                pytorch: .differs("torch.Tensor.to", "takes a dtype only"), seeAlso: ["float", "long", "bool"],
                examples: [Example("tensor([1.7, -1.7]).to(\"int64\").tolist()", "[1, -1]")]
            ) { (x: Tensor, dtype: DType) in try x.to(dtype) })
        func convert(
            _ name: String, _ dtype: DType, _ pytorch: Builtin.PyTorch, seeAlso: [String], _ example: Example
        ) {
            add(
                Builtin(
                    name, on: .tensor, .tensorProperties, "The elements as \(dtype).", x,
                    returns: "a tensor of the same shape", notes: [same], pytorch: pytorch, seeAlso: seeAlso,
                    examples: [example]
                ) { (x: Tensor) in try x.to(dtype) })
        }
        convert(
            "float", .float32, .same("torch.Tensor.float"), seeAlso: ["to", "double"],
            Example("arange(3).float().tolist()", "[0.0, 1.0, 2.0]"))
        convert(
            "double", .float64, .same("torch.Tensor.double"), seeAlso: ["to", "float"],
            Example("print(zeros(2).double().dtype)", "float64"))
        convert(
            "long", .int64, .same("torch.Tensor.long"), seeAlso: ["to", "int"],
            Example("tensor([2.9]).long().tolist()", "[2]"))
        convert(
            "int", .int64, .differs("torch.Tensor.int", "gives int64: there is no int32"), seeAlso: ["to", "long"],
            Example("tensor([true, false]).int().tolist()", "[1, 0]"))
        convert(
            "bool", .bool, .same("torch.Tensor.bool"), seeAlso: ["to", "where"],
            Example("tensor([0, 2]).bool().tolist()", "[false, true]"))
    }

    private func addTensorCopies() {
        let x = Parameter<Tensor>("self", "the tensor")
        add(
            Builtin(
                "clone", on: .tensor, .tensorProperties, "A copy that gradients flow through.", x,
                returns: "a tensor of its own", pytorch: .same("torch.Tensor.clone"), seeAlso: ["detach"],
                examples: [Example("a = zeros(2); b = a.clone(); b[0] = 1; a.tolist()", "[0.0, 0.0]")]
            ) { (x: Tensor) in try x.clone() })
        add(
            Builtin(
                "detach", on: .tensor, .tensorProperties,
                "The same elements without history: no gradient flows through.",
                x, returns: "a tensor of its own",
                pytorch: .differs(
                    "torch.Tensor.detach", "the result is independent: writing into it leaves x as it was"),
                seeAlso: ["clone", "backward"],
                examples: [Example("w = ones(2, requires_grad=true); (w * 2).detach().requires_grad", "false")]
            ) { (x: Tensor) in try x.detach() })
    }
}
