import Runtime
import Tensors

extension Library {
    static let size = Parameter<[SizePart]>.variadic("size", "the shape: a list or separate integers")
    static let dtype = Parameter<DType>("dtype", "the type of the elements", default: .float32)
    static let dtypeOrNone = Parameter<DType?>.optional(
        "dtype", "the type of the elements; the values decide without it")
    static let requiresGrad = Parameter<Bool>(
        "requires_grad", "whether `backward` is to find its gradient", default: false)
    static let likeInput = Parameter<Tensor>("input", "the tensor whose shape and dtype are taken")
    static let likeDType = Parameter<DType?>.optional("dtype", "another dtype than that of `input`")

    /// Tensors from numbers, and tensors of one value or in a row.
    func addTensorCreation() {
        addTensorFromData()
        addConstantTensors()
        addTensorsInARow()
        addTensorsLike()
    }

    private func addTensorFromData() {
        add(
            Builtin(
                "tensor", .creation, "A tensor from a number or from nested lists.",
                Parameter<Value>("data", "a number, a bool, or lists of such, nested to any depth up to 8"),
                Self.dtypeOrNone, Self.requiresGrad,
                returns: "a tensor whose shape is that of the lists; a number gives the shape []",
                notes: [
                    "Integers give int64, any float gives float32, bools alone give bool.",
                    "Lists of one level that differ in length are a shape error.",
                    "A tensor is copied; single-element tensors may stand in lists and lose their history.",
                ],
                pytorch: .same("torch.tensor"), seeAlso: ["zeros", "arange", "tolist"],
                examples: [
                    Example("tensor([[1, 2], [3, 4]]).shape", "[2, 2]"),
                    Example("print(tensor([1, 2.5]).dtype)", "float32"),
                    Example("tensor([1, 0, 1], dtype=\"bool\").tolist()", "[true, false, true]"),
                ]
            ) { (data: Value, dtype: DType?, requiresGrad: Bool) in
                try TensorData.tensor(data, dtype: dtype).askingForGradient(requiresGrad)
            }.withoutCallbacks())
    }

    private func addConstantTensors() {
        add(
            Builtin(
                "zeros", .creation, "Zeros.", Self.size, Self.dtype, Self.requiresGrad,
                returns: "a tensor of shape `size`", pytorch: .same("torch.zeros"),
                seeAlso: ["ones", "full", "zeros_like"],
                examples: [
                    Example("zeros(2, 3).shape", "[2, 3]"),
                    Example("zeros([2], dtype=\"int64\").tolist()", "[0, 0]"),
                ]
            ) { (size: [SizePart], dtype: DType, requiresGrad: Bool) in
                try Tensor.zeros(size.sizes(for: "zeros"), dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "ones", .creation, "Ones.", Self.size, Self.dtype, Self.requiresGrad,
                returns: "a tensor of shape `size`", pytorch: .same("torch.ones"), seeAlso: ["zeros", "full"],
                examples: [Example("ones(3).tolist()", "[1.0, 1.0, 1.0]")]
            ) { (size: [SizePart], dtype: DType, requiresGrad: Bool) in
                try Tensor.ones(size.sizes(for: "ones"), dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "full", .creation, "One value everywhere.",
                Parameter<Integers>("size", "the shape, a list"), Parameter<Scalar>("fill_value", "the value"),
                Self.dtypeOrNone, Self.requiresGrad, returns: "a tensor of shape `size`",
                notes: ["The value decides the dtype unless `dtype` does: an integer gives int64, a float float32."],
                pytorch: .same("torch.full"), seeAlso: ["zeros", "ones", "full_like"],
                examples: [Example("full([2, 2], 7).tolist()", "[[7, 7], [7, 7]]")]
            ) { (size: Integers, value: Scalar, dtype: DType?, requiresGrad: Bool) in
                try Tensor.full(size.values, value, dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "eye", .creation, "The identity matrix.", Parameter<Int>("n", "the number of rows"),
                Parameter<Int?>.optional("m", "the number of columns", defaultText: "n"), Self.dtype, Self.requiresGrad,
                returns: "a tensor [n, m] with ones on the diagonal", pytorch: .same("torch.eye"), seeAlso: ["diag"],
                examples: [Example("eye(2).tolist()", "[[1.0, 0.0], [0.0, 1.0]]")]
            ) { (n: Int, m: Int?, dtype: DType, requiresGrad: Bool) in
                try Tensor.eye(n, m, dtype: dtype).askingForGradient(requiresGrad)
            })
    }

    private func addTensorsInARow() {
        let end = Parameter<Scalar>("end", "where the numbers stop, not included")
        let note = "Integers give int64; any float gives float32."
        add(
            Builtin(
                "arange", .creation, "The numbers from 0 below `end`.", end, Self.dtypeOrNone, Self.requiresGrad,
                returns: "a tensor [⌈end⌉]", notes: [note], pytorch: .same("torch.arange"),
                seeAlso: ["linspace", "range"],
                examples: [Example("arange(4).tolist()", "[0, 1, 2, 3]")]
            ) { (end: Scalar, dtype: DType?, requiresGrad: Bool) in
                try Tensor.arange(end, dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "arange", .creation, "The numbers start, start + step, … before `end`.",
                Parameter<Scalar>("start", "the first number"), end,
                Parameter<Scalar>("step", "the distance of neighbours, not 0", default: 1), Self.dtypeOrNone,
                Self.requiresGrad, returns: "a tensor [⌈(end − start) / step⌉]", notes: [note],
                pytorch: .same("torch.arange"), seeAlso: ["linspace", "range"],
                examples: [
                    Example("arange(2, 5).tolist()", "[2, 3, 4]"),
                    Example("arange(0, 1, 0.25).tolist()", "[0.0, 0.25, 0.5, 0.75]"),
                ]
            ) { (start: Scalar, end: Scalar, step: Scalar, dtype: DType?, requiresGrad: Bool) in
                try Tensor.arange(start, end, step: step, dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "linspace", .creation, "Evenly spaced numbers, both ends included.",
                Parameter<Double>("start", "the first number"), Parameter<Double>("end", "the last number"),
                Parameter<Int>("steps", "how many numbers"), Self.dtype, Self.requiresGrad, returns: "a tensor [steps]",
                pytorch: .same("torch.linspace"), seeAlso: ["arange"],
                examples: [Example("linspace(0, 1, 5).tolist()", "[0.0, 0.25, 0.5, 0.75, 1.0]")]
            ) { (start: Double, end: Double, steps: Int, dtype: DType, requiresGrad: Bool) in
                try Tensor.linspace(start, end, steps: steps, dtype: dtype).askingForGradient(requiresGrad)
            })
    }

    private func addTensorsLike() {
        add(
            Builtin(
                "zeros_like", .creation, "Zeros in the shape of a tensor.", Self.likeInput, Self.likeDType,
                Self.requiresGrad, returns: "a tensor of the shape of `input`", pytorch: .same("torch.zeros_like"),
                seeAlso: ["zeros", "ones_like"],
                examples: [Example("zeros_like(tensor([[1, 2]])).tolist()", "[[0, 0]]")]
            ) { (input: Tensor, dtype: DType?, requiresGrad: Bool) in
                try input.zerosLike(dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "ones_like", .creation, "Ones in the shape of a tensor.", Self.likeInput, Self.likeDType,
                Self.requiresGrad, returns: "a tensor of the shape of `input`", pytorch: .same("torch.ones_like"),
                seeAlso: ["ones", "zeros_like"],
                examples: [Example("ones_like(tensor([[1, 2]])).tolist()", "[[1, 1]]")]
            ) { (input: Tensor, dtype: DType?, requiresGrad: Bool) in
                try input.onesLike(dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "full_like", .creation, "One value in the shape of a tensor.", Self.likeInput,
                Parameter<Scalar>("fill_value", "the value"), Self.likeDType, Self.requiresGrad,
                returns: "a tensor of the shape of `input`", pytorch: .same("torch.full_like"),
                seeAlso: ["full", "zeros_like"],
                examples: [Example("full_like(zeros(2), 0.5).tolist()", "[0.5, 0.5]")]
            ) { (input: Tensor, value: Scalar, dtype: DType?, requiresGrad: Bool) in
                try input.fullLike(value, dtype: dtype).askingForGradient(requiresGrad)
            })
        add(
            Builtin(
                "one_hot", .creation, "Class numbers as rows of zeros with a single one.",
                Parameter<Tensor>("tensor", "int64 class numbers […], from 0"),
                Parameter<Int>("num_classes", "the number of classes; -1 for one more than the largest", default: -1),
                returns: "an int64 tensor […, num_classes]",
                notes: ["A class number outside 0 … num_classes − 1 is a value error."],
                pytorch: .same("torch.nn.functional.one_hot"), seeAlso: ["cross_entropy", "scatter"],
                examples: [Example("one_hot(tensor([2, 0]), 3).tolist()", "[[0, 0, 1], [1, 0, 0]]")]
            ) { (tensor: Tensor, classes: Int) in try tensor.oneHot(classes == -1 ? nil : classes) })
    }
}

extension Tensor {
    /// The tensor itself, asking for its gradient when `flag` is true.
    func askingForGradient(_ flag: Bool) throws -> Tensor { flag ? try requireGradient() : self }
}
