import Tensors

typealias FixtureFunction = @Sendable (Fixture, [Tensor]) throws -> [Tensor]

/// How each name in the fixtures is called in Swift.
let fixtureFunctions: [String: FixtureFunction] =
    arithmeticFunctions
    .merging(pointwiseFunctions) { $1 }.merging(reductionFunctions) { $1 }.merging(productFunctions) { $1 }
    .merging(shapeFunctions) { $1 }.merging(indexingFunctions) { $1 }.merging(lossFunctions) { $1 }

private func binary(_ op: ArithmeticOperator) -> FixtureFunction {
    { _, t in [try Tensor.arithmetic(op, .tensor(t[0]), .tensor(t[1]))] }
}

private func comparison(_ op: ComparisonOperator) -> FixtureFunction {
    { _, t in [try Tensor.compare(op, .tensor(t[0]), .tensor(t[1]))] }
}

private func scalar(_ op: ArithmeticOperator, reversed: Bool = false) -> FixtureFunction {
    { f, t in
        let s = Operand.scalar(.float(f.number("s")))
        return [try Tensor.arithmetic(op, reversed ? s : .tensor(t[0]), reversed ? .tensor(t[0]) : s)]
    }
}

private func unary(_ function: @escaping @Sendable (Tensor) throws -> Tensor) -> FixtureFunction {
    { _, t in [try function(t[0])] }
}

private let arithmeticFunctions: [String: FixtureFunction] = [
    "+": binary(.add), "-": binary(.subtract), "*": binary(.multiply), "/": binary(.divide),
    "//": binary(.floorDivide), "%": binary(.remainder), "**": binary(.power), "maximum": binary(.maximum),
    "minimum": binary(.minimum), "==": comparison(.equal), "!=": comparison(.notEqual), "<": comparison(.less),
    "<=": comparison(.lessEqual), ">": comparison(.greater), ">=": comparison(.greaterEqual),
    "add_scalar": scalar(.add), "rsub_scalar": scalar(.subtract, reversed: true), "mul_scalar": scalar(.multiply),
    "div_scalar": scalar(.divide), "rdiv_scalar": scalar(.divide, reversed: true), "pow_scalar": scalar(.power),
    "rpow_scalar": scalar(.power, reversed: true), "remainder_scalar": scalar(.remainder),
    "&": { [try $1[0].bitwiseAnd($1[1])] }, "|": { [try $1[0].bitwiseOr($1[1])] },
    "^": { [try $1[0].bitwiseXor($1[1])] }, "~": { [try $1[0].bitwiseNot()] },
    "where": { [try Tensor.where($1[0], .tensor($1[1]), .tensor($1[2]))] },
    "masked_fill": { [try $1[0].maskedFill($1[1], .float($0.number("value")))] },
]

private let pointwiseFunctions: [String: FixtureFunction] = [
    "neg": unary { try $0.neg() }, "abs": unary { try $0.abs() }, "sign": unary { try $0.sign() },
    "square": unary { try $0.square() }, "reciprocal": unary { try $0.reciprocal() }, "exp": unary { try $0.exp() },
    "log": unary { try $0.log() }, "log1p": unary { try $0.log1p() }, "expm1": unary { try $0.expm1() },
    "sqrt": unary { try $0.sqrt() }, "rsqrt": unary { try $0.rsqrt() }, "sin": unary { try $0.sin() },
    "cos": unary { try $0.cos() }, "tanh": unary { try $0.tanh() }, "sigmoid": unary { try $0.sigmoid() },
    "erf": unary { try $0.erf() }, "relu": unary { try $0.relu() },
    "leaky_relu": unary { try $0.leakyReLU(negativeSlope: 0.1) }, "elu": unary { try $0.elu(alpha: 1.3) },
    "gelu": unary { try $0.gelu() }, "gelu_tanh": unary { try $0.gelu(approximate: "tanh") },
    "silu": unary { try $0.silu() }, "softsign": unary { try $0.softsign() },
    "softplus": unary { try $0.softplus(beta: 2, threshold: 15) },
    "hardtanh": unary { try $0.hardtanh(minimum: -1.5, maximum: 2) },
    "clamp": unary { try $0.clamp(min: -1.5, max: 1) }, "round": unary { try $0.round() },
    "floor": unary { try $0.floor() }, "ceil": unary { try $0.ceil() }, "isnan": unary { try $0.isnan() },
    "isinf": unary { try $0.isinf() }, "isfinite": unary { try $0.isfinite() },
]

private let reductionFunctions: [String: FixtureFunction] = [
    "sum": { [try $1[0].sum(dims: $0.list("dims"), keepdim: $0.flag("keepdim"))] },
    "mean": { [try $1[0].mean(dims: $0.list("dims"), keepdim: $0.flag("keepdim"))] },
    "amax": { [try $1[0].amax(dims: $0.list("dims"), keepdim: $0.flag("keepdim"))] },
    "amin": { [try $1[0].amin(dims: $0.list("dims"), keepdim: $0.flag("keepdim"))] },
    "var": {
        [try $1[0].var(dims: $0.list("dims"), correction: $0.number("correction"), keepdim: $0.flag("keepdim"))]
    },
    "std": {
        [try $1[0].std(dims: $0.list("dims"), correction: $0.number("correction"), keepdim: $0.flag("keepdim"))]
    },
    "norm": { [try $1[0].norm(p: $0.number("p"), dims: $0.list("dims"), keepdim: $0.flag("keepdim"))] },
    "logsumexp": {
        [try $1[0].logsumexp(dims: $0.list("dims") ?? Array(0..<$1[0].rank), keepdim: $0.flag("keepdim"))]
    },
    "max": { f, t in
        let found = try t[0].max(dim: f.integer("dim"), keepdim: f.flag("keepdim"))
        return [found.values, found.indices]
    },
    "min": { f, t in
        let found = try t[0].min(dim: f.integer("dim"), keepdim: f.flag("keepdim"))
        return [found.values, found.indices]
    },
    "argmax": { [try $1[0].argmax(dim: $0.integer("dim"), keepdim: $0.flag("keepdim"))] },
    "argmin": { [try $1[0].argmin(dim: $0.integer("dim"), keepdim: $0.flag("keepdim"))] },
    "prod": { [try $1[0].prod(dim: $0.integer("dim"), keepdim: $0.flag("keepdim"))] },
    "any": { [try $1[0].gt(1).any(dim: $0.integer("dim"), keepdim: $0.flag("keepdim"))] },
    "all": { [try $1[0].gt(-0.7).all(dim: $0.integer("dim"), keepdim: $0.flag("keepdim"))] },
    "cumsum": { [try $1[0].cumsum(dim: $0.integer("dim"))] },
    "sort": { f, t in
        let sorted = try t[0].sort(dim: f.integer("dim"), descending: f.flag("descending"))
        return [sorted.values, sorted.indices]
    },
    "argsort": { [try $1[0].argsort(dim: $0.integer("dim"))] },
    "topk": { f, t in
        let found = try t[0].topk(f.integer("k"), dim: f.integer("dim"), largest: f.flag("largest"))
        return [found.values, found.indices]
    },
    "softmax": { [try $1[0].softmax(dim: $0.integer("dim"))] },
    "log_softmax": { [try $1[0].logSoftmax(dim: $0.integer("dim"))] },
    "max_all": unary { try $0.max() }, "min_all": unary { try $0.min() },
]

private let productFunctions: [String: FixtureFunction] = [
    "matmul": { [try $1[0].matmul($1[1])] }, "matmul_transposed": { [try $1[0].matmul($1[1].transposed())] },
    "mm": { [try $1[0].mm($1[1])] }, "bmm": { [try $1[0].bmm($1[1])] }, "dot": { [try $1[0].dot($1[1])] },
    "outer": { [try $1[0].outer($1[1])] },
    "linear": { [try $1[0].linear($1[1], bias: $1.count > 2 ? $1[2] : nil)] },
    "linear_relu": { [try $1[0].linear($1[1], bias: $1[2], relu: true)] },
    "einsum": { [try Tensor.einsum($0.options["equation"] ?? "", $1)] },
    "cdist": { [try $1[0].cdist($1[1], p: $0.number("p"))] },
    "linalg_inv": unary { try $0.linalgInv() },
    "linalg_eigh": { _, t in
        let found = try t[0].linalgEigh()
        return [found.eigenvalues, try found.eigenvectors.square()]
    },
    "linalg_svd": { _, t in
        let found = try t[0].linalgSVD(fullMatrices: false)
        return try [found.u, found.s, found.vh].map { try $0.square() }
    },
]

private let shapeFunctions: [String: FixtureFunction] = [
    "reshape": { [try $1[0].reshape($0.list("sizes") ?? [])] },
    "flatten": { [try $1[0].flatten(startDim: $0.integer("start"), endDim: $0.integer("end"))] },
    "squeeze": { f, t in [f.options["dim"] == nil ? try t[0].squeeze() : try t[0].squeeze(dim: f.integer("dim"))] },
    "unsqueeze": { [try $1[0].unsqueeze(dim: $0.integer("dim"))] },
    "transpose": { [try $1[0].transpose($0.integer("a"), $0.integer("b"))] },
    "permute": { [try $1[0].permute($0.list("dims") ?? [])] }, "T": unary { try $0.transposed() },
    "expand": { [try $1[0].expand($0.list("sizes") ?? [])] }, "repeat": { [try $1[0].repeat($0.list("sizes") ?? [])] },
    "cat": { [try Tensor.cat($1, dim: $0.integer("dim"))] },
    "stack": { [try Tensor.stack($1, dim: $0.integer("dim"))] },
    "split": { try $1[0].split($0.integer("size"), dim: $0.integer("dim")) },
    "split_sizes": { try $1[0].split(sizes: $0.list("sizes") ?? [], dim: $0.integer("dim")) },
    "chunk": { try $1[0].chunk($0.integer("chunks"), dim: $0.integer("dim")) },
    "flip": { [try $1[0].flip(dims: $0.list("dims") ?? [])] },
    "roll": { [try $1[0].roll(shifts: $0.list("shifts") ?? [], dims: $0.list("dims"))] },
    "pad": {
        [try $1[0].pad($0.list("pad") ?? [], mode: $0.options["mode"] ?? "constant", value: $0.number("value"))]
    },
    "tril": { [try $1[0].tril(diagonal: $0.integer("diagonal"))] },
    "triu": { [try $1[0].triu(diagonal: $0.integer("diagonal"))] },
    "diag": { [try $1[0].diag(diagonal: $0.integer("diagonal"))] }, "nonzero": unary { try $0.nonzero() },
    "unique": { _, t in
        let found = try t[0].unique()
        return [found.values, found.inverse, found.counts]
    },
    "bincount": { [try $1[0].bincount(weights: $1.count > 1 ? $1[1] : nil, minlength: $0.integer("minlength"))] },
    "one_hot": { [try $1[0].oneHot($0.integer("classes"))] },
    "narrow": {
        [try $1[0].narrow(dim: $0.integer("dim"), start: $0.integer("start"), length: $0.integer("length"))]
    },
    "select": { [try $1[0].select(dim: $0.integer("dim"), index: $0.integer("index"))] },
]

/// Python's spelling of an index; T0, T1 are the tensors given.
private func indexParts(_ text: String, _ tensors: [Tensor]) -> [Index] {
    if text == "-" { return [] }
    return text.split(separator: ",").map { part in
        if part == "..." { return .ellipsis }
        if part == "none" { return .newAxis }
        if part.hasPrefix("T") { return .tensor(tensors[Int(part.dropFirst()) ?? 0]) }
        if let position = Int(part) { return .integer(position) }
        let bounds = part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        return .slice(start: bounds[0], stop: bounds[1], step: bounds.count > 2 ? bounds[2] ?? 1 : 1)
    }
}

private let indexingFunctions: [String: FixtureFunction] = [
    "index": { [try $1[0].index(indexParts($0.options["at"] ?? "-", Array($1[1...])))] },
    "set_index": { f, t in
        let copy = try t[0].clone()
        try copy.setIndex(indexParts(f.options["at"] ?? "-", Array(t[2...])), .tensor(t[1]))
        return [copy]
    },
    "index_select": { [try $1[0].indexSelect(dim: $0.integer("dim"), index: $1[1])] },
    "gather": { [try $1[0].gather(dim: $0.integer("dim"), index: $1[1])] },
    "scatter": { [try $1[0].scatter(dim: $0.integer("dim"), index: $1[1], .tensor($1[2]))] },
    "scatter_add": { [try $1[0].scatterAdd(dim: $0.integer("dim"), index: $1[1], $1[2])] },
    "embedding": { [try $1[0].embedding($1[1], paddingIndex: $0.options["padding"].flatMap(Int.init))] },
]

private let lossFunctions: [String: FixtureFunction] = [
    "cross_entropy": {
        [
            try $1[0].crossEntropy(
                $1[1], weight: $1.count > 2 ? $1[2] : nil, labelSmoothing: $0.number("smoothing"),
                reduction: $0.reduction)
        ]
    },
    "nll_loss": { [try $1[0].nllLoss($1[1], weight: $1.count > 2 ? $1[2] : nil, reduction: $0.reduction)] },
    "mse_loss": { [try $1[0].mseLoss($1[1], reduction: $0.reduction)] },
    "l1_loss": { [try $1[0].l1Loss($1[1], reduction: $0.reduction)] },
    "smooth_l1_loss": { [try $1[0].smoothL1Loss($1[1], reduction: $0.reduction, beta: $0.number("beta"))] },
    "huber_loss": { [try $1[0].huberLoss($1[1], reduction: $0.reduction, delta: $0.number("delta"))] },
    "binary_cross_entropy_with_logits": {
        [
            try $1[0].binaryCrossEntropyWithLogits(
                $1[1], weight: $1.count > 2 ? $1[2] : nil, reduction: $0.reduction,
                positiveWeight: $1.count > 3 ? $1[3] : nil)
        ]
    },
    "cosine_embedding_loss": {
        [try $1[0].cosineEmbeddingLoss($1[1], $1[2], margin: $0.number("margin"), reduction: $0.reduction)]
    },
    "kl_div": { [try $1[0].klDiv($1[1], reduction: $0.reduction, logTarget: $0.flag("log_target"))] },
    "cosine_similarity": { [try $1[0].cosineSimilarity($1[1], dim: $0.integer("dim"))] },
    "normalize": { [try $1[0].normalize(p: $0.number("p"), dim: $0.integer("dim"))] },
    "distillation": {
        [
            try $1[0].distillationLoss(
                teacher: $1[1], labels: $1[2], temperature: $0.number("T"), soft: 0.9, hard: 0.1
            ).total
        ]
    },
]
