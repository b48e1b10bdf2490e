import Runtime
import Tensors

extension Library {
    static let dims = Parameter<Integers?>.optional("dim", "the dimensions to reduce, an int or a list; all without it")
    static let oneDim = Parameter<Int?>.optional("dim", "the dimension to reduce; all elements without it")
    static let keepdim = Parameter<Bool>("keepdim", "whether reduced dimensions stay with size 1", default: false)

    /// Sums, means and spreads.
    func addTensorReductions() {
        addSums()
        addSpreads()
        addProducts()
        addTruth()
    }

    private func addSums() {
        add(
            Builtin(
                "sum", .reductions, "The sum of the elements.", formula: "Σ x", Self.input, Self.dims, Self.keepdim,
                returns: "a tensor without the reduced dimensions", notes: ["Integers and bools are summed as int64."],
                pytorch: .same("torch.sum"), seeAlso: ["mean", "cumsum", "prod"],
                examples: [
                    Example("sum(tensor([[1, 2], [3, 4]])).item()", "10"),
                    Example("tensor([[1, 2], [3, 4]]).sum(dim=0).tolist()", "[4, 6]"),
                ]
            ) { (input: Tensor, dims: Integers?, keepdim: Bool) in try input.sum(dims: dims?.values, keepdim: keepdim) }
        )
        add(
            Builtin(
                "mean", .reductions, "The mean of the elements.", formula: "Σ x / n", Self.input, Self.dims,
                Self.keepdim,
                returns: "a tensor without the reduced dimensions", notes: ["An integer tensor is a type error."],
                pytorch: .same("torch.mean"), seeAlso: ["sum", "std"],
                examples: [
                    Example("mean(tensor([1.0, 2.0, 6.0])).item()", "3.0"),
                    Example("tensor([[1.0, 2.0], [3.0, 4.0]]).mean(dim=1, keepdim=true).tolist()", "[[1.5], [3.5]]"),
                ]
            ) { (input: Tensor, dims: Integers?, keepdim: Bool) in try input.mean(dims: dims?.values, keepdim: keepdim)
            })
    }

    private func addSpreads() {
        let correction = Parameter<Double?>.optional(
            "correction", "what is taken off n in the denominator", defaultText: "1")
        let unbiased = Parameter<Bool?>.optional("unbiased", "true is correction=1, false correction=0")
        func taken(_ name: String, _ correction: Double?, _ unbiased: Bool?) throws -> Double {
            guard let unbiased else { return correction ?? 1 }
            guard correction == nil else {
                throw Failure(.value, "\(name): correction and unbiased say the same, give one of them")
            }
            return unbiased ? 1 : 0
        }
        add(
            Builtin(
                "var", .reductions, "The variance.", formula: "Σ (x − mean)² / (n − correction)", Self.input, Self.dims,
                correction, Self.keepdim, unbiased, returns: "a tensor without the reduced dimensions",
                pytorch: .same("torch.var"), seeAlso: ["std", "mean"],
                examples: [Example("var(tensor([1.0, 2.0, 3.0])).item()", "1.0")]
            ) { (input: Tensor, dims: Integers?, correction: Double?, keepdim: Bool, unbiased: Bool?) in
                try input.var(
                    dims: dims?.values, correction: taken("var", correction, unbiased), keepdim: keepdim)
            })
        add(
            Builtin(
                "std", .reductions, "The standard deviation.", formula: "√(Σ (x − mean)² / (n − correction))",
                Self.input,
                Self.dims, correction, Self.keepdim, unbiased, returns: "a tensor without the reduced dimensions",
                pytorch: .same("torch.std"), seeAlso: ["var", "mean"],
                examples: [Example("std(tensor([1.0, 2.0, 3.0])).item()", "1.0")]
            ) { (input: Tensor, dims: Integers?, correction: Double?, keepdim: Bool, unbiased: Bool?) in
                try input.std(
                    dims: dims?.values, correction: taken("std", correction, unbiased), keepdim: keepdim)
            })
        add(
            Builtin(
                "norm", .reductions, "The p-norm.", formula: "(Σ |x|ᵖ)^(1/p)", Self.input,
                Parameter<NormOrder>(
                    "p", "the order: a number, inf, or \"fro\", which is 2", default: NormOrder(value: 2, name: "fro")),
                Self.dims, Self.keepdim, returns: "a tensor without the reduced dimensions",
                notes: ["p = 0 counts what differs from 0; inf and -inf give the largest and the smallest |x|."],
                pytorch: .same("torch.norm"), seeAlso: ["normalize", "cdist"],
                examples: [
                    Example("norm(tensor([3.0, 4.0])).item()", "5.0"),
                    Example("norm(tensor([[3.0, -4.0], [0.0, 1.0]]), p=1, dim=1).tolist()", "[7.0, 1.0]"),
                ]
            ) { (input: Tensor, p: NormOrder, dims: Integers?, keepdim: Bool) in
                try input.norm(p: p.value, dims: dims?.values, keepdim: keepdim)
            })
        add(
            Builtin(
                "logsumexp", .reductions, "The logarithm of the sum of exponentials, without overflow.",
                formula: "ln Σ eˣ", Self.input, Parameter<Integers>("dim", "the dimensions, an int or a list"),
                Self.keepdim, returns: "a tensor without the reduced dimensions", pytorch: .same("torch.logsumexp"),
                seeAlso: ["log_softmax", "softmax"],
                examples: [Example("logsumexp(tensor([1000.0]), dim=0).item()", "1000.0")]
            ) { (input: Tensor, dims: Integers, keepdim: Bool) in
                try input.logsumexp(dims: dims.values, keepdim: keepdim)
            })
    }

    private func addProducts() {
        add(
            Builtin(
                "prod", .reductions, "The product of the elements.", formula: "Π x", Self.input, Self.oneDim,
                Self.keepdim,
                returns: "a tensor without the reduced dimension",
                notes: ["Integers and bools are multiplied as int64."], pytorch: .same("torch.prod"), seeAlso: ["sum"],
                examples: [Example("prod(tensor([2, 3, 4])).item()", "24")]
            ) { (input: Tensor, dim: Int?, keepdim: Bool) in
                if let dim { try input.prod(dim: dim, keepdim: keepdim) } else { try input.prod() }
            })
        add(
            Builtin(
                "cumsum", .reductions, "Running sums along a dimension.", formula: "yᵢ = x₀ + … + xᵢ", Self.input,
                Self.dim,
                returns: "a tensor of the same shape", pytorch: .same("torch.cumsum"), seeAlso: ["sum"],
                examples: [Example("cumsum(tensor([1, 2, 3]), 0).tolist()", "[1, 3, 6]")]
            ) { (input: Tensor, dim: Int) in try input.cumsum(dim: dim) })
    }

    private func addTruth() {
        add(
            Builtin(
                "any", .reductions, "Whether any element is true (not 0).", Self.input, Self.oneDim, Self.keepdim,
                returns: "a bool tensor without the reduced dimension",
                pytorch: .differs("torch.any", "uint8 gives bool too"), seeAlso: ["all"],
                examples: [Example("any(tensor([1, 2]) > 1).item()", "true")]
            ) { (input: Tensor, dim: Int?, keepdim: Bool) in try input.any(dim: dim, keepdim: keepdim) })
        add(
            Builtin(
                "all", .reductions, "Whether all elements are true (not 0).", Self.input, Self.oneDim, Self.keepdim,
                returns: "a bool tensor without the reduced dimension",
                pytorch: .differs("torch.all", "uint8 gives bool too"), seeAlso: ["any"],
                examples: [Example("all(tensor([[1, 0], [2, 3]]), dim=1).tolist()", "[false, true]")]
            ) { (input: Tensor, dim: Int?, keepdim: Bool) in try input.all(dim: dim, keepdim: keepdim) })
    }
}

/// The order of a norm: a number, or `"fro"`.
struct NormOrder: ValueDecodable, LiteralEncodable {
    let value: Double
    var name: String?

    static var languageType: LanguageType { .union([.float, .options(["fro"])]) }
    static var mayCallBack: Bool { false }

    static func decode(_ value: Value, in interpreter: Interpreter) -> NormOrder? {
        if value.text == "fro" { return NormOrder(value: 2, name: "fro") }
        return value.number.map { NormOrder(value: $0) }
    }

    var literal: Literal { name.map { .string($0) } ?? .float(value) }
}
