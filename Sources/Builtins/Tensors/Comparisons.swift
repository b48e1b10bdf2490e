import Runtime
import Tensors

extension Library {
    /// Questions about every element, and whether two tensors agree.
    func addTensorComparisons() {
        func addTest(
            _ name: String, _ summary: String, _ seeAlso: [String], _ example: Example,
            _ ofTensor: @escaping (Tensor) throws -> Tensor, _ ofNumber: @escaping (Double) -> Bool
        ) {
            add(
                Builtin(
                    name, .pointwise, summary, Parameter<TensorOrNumber>("input", "a tensor of any shape, or a number"),
                    returns: "a bool tensor of the same shape; a bool for a number",
                    pytorch: .differs("torch." + name, "takes numbers too"), seeAlso: seeAlso, examples: [example]
                ) { (input: TensorOrNumber) in
                    switch input {
                    case .first(let tensor): Either<Tensor, Bool>.first(try ofTensor(tensor))
                    case .second(let number): Either<Tensor, Bool>.second(ofNumber(number))
                    }
                })
        }
        addTest(
            "isnan", "Which elements are not a number.", ["isfinite"],
            Example("isnan(tensor([1.0, nan])).tolist()", "[false, true]"), { try $0.isnan() }, { $0.isNaN })
        addTest(
            "isinf", "Which elements are infinite.", ["isfinite"],
            Example("isinf(tensor([1.0, -inf])).tolist()", "[false, true]"), { try $0.isinf() }, { $0.isInfinite })
        addTest(
            "isfinite", "Which elements are neither infinite nor NaN.", ["isnan", "isinf"],
            Example("isfinite(tensor([1.0, inf, nan])).tolist()", "[true, false, false]"), { try $0.isfinite() },
            { $0.isFinite })
        add(
            Builtin(
                "allclose", .pointwise, "Whether all elements agree within a tolerance.",
                formula: "|input − other| ≤ atol + rtol · |other|",
                Parameter<TensorOrNumber>("input", "a tensor, or a number"),
                Parameter<TensorOrNumber>("other", "a tensor of the same dtype, or a number"),
                Parameter<Double>("rtol", "the relative tolerance", default: 1e-05),
                Parameter<Double>("atol", "the absolute tolerance", default: 1e-08),
                Parameter<Bool>("equal_nan", "whether NaN agrees with NaN", default: false), returns: "a bool",
                pytorch: .differs("torch.allclose", "takes numbers too"), seeAlso: ["isnan"],
                examples: [
                    Example("allclose(tensor([1.0]), tensor([1.0 + 1e-7]))", "true"),
                    Example("allclose(softmax(ones(4)), full([4], 0.25))", "true"),
                ]
            ) { (input: TensorOrNumber, other: TensorOrNumber, rtol: Double, atol: Double, equalNaN: Bool) in
                let dtype = input.dtype ?? other.dtype ?? .float64
                return try input.tensor(dtype).allclose(other.tensor(dtype), rtol: rtol, atol: atol, equalNaN: equalNaN)
            })
    }
}

extension Either where First == Tensor, Second == Double {
    fileprivate var dtype: DType? {
        if case .first(let tensor) = self { tensor.dtype } else { nil }
    }

    fileprivate func tensor(_ dtype: DType) throws -> Tensor {
        switch self {
        case .first(let tensor): tensor
        case .second(let number): try Tensor(.float(number), dtype: dtype)
        }
    }
}
