import Fuzzing

/// Operations one on another, with values and gradients; some numbers are none.
package struct OperationProgram: PlainProgram {
    let shape: [Int]
    package var steps: [String]
    package var oddities: [String]
    let dtype: String

    /// Expressions of a and b, two tensors of one shape, that give another of it.
    private static let expressions = [
        "a + b", "a - 2 * b", "a * b", "a / (abs(b) + 0.5)", "maximum(a, b)", "minimum(a, b)",
        "where(a > b, a, 0.5 * b)",
        "abs(a) ** 1.5", "a ** 2", "tanh(a)", "exp(-abs(a))", "log(abs(a) + 1)", "log1p(abs(a))", "expm1(-abs(a))",
        "sqrt(abs(a) + 0.01)", "rsqrt(abs(a) + 0.1)", "sin(a)", "cos(a)", "erf(a)", "sigmoid(a)", "relu(a)", "gelu(a)",
        "silu(a)", "elu(a)", "softplus(a)", "leaky_relu(a, 0.2)", "clamp(a, min=-0.7, max=0.9)", "abs(a)", "-a",
        "softmax(a, dim=-1)", "log_softmax(a, dim=0)", "cumsum(a, dim=0)", "a - mean(a, dim=-1, keepdim=true)",
        "a / (norm(a, dim=-1, keepdim=true) + 0.1)", "a * var(a)", "a + std(a, dim=0, keepdim=true)",
        "a + max(a)", "a - min(b)", "a + logsumexp(b, dim=-1, keepdim=true)", "flip(a, [0])", "roll(a, [1], [0])",
        "sort(a, dim=-1)[0]", "a @ (b.T @ b) / 10", "cat([a, b], dim=0)[:a.shape[0]]", "a.T.T",
        "a[randperm(a.shape[0])]",
        "gather(a, 0, zeros_like(a).long())", "a * sum(b) / 10", "a + prod(b[:1, :2])", "stack([a, b]).mean(dim=0)",
        "tril(a) + triu(b)", "a.float().to(b.dtype)", "repeat(a, [2, 1])[:a.shape[0]]", "a + sum(b, dim=0)",
        "pad(a, [1, 1, 1, 1])[1:-1, 1:-1]", "masked_fill(a, b > 0.5, 0.25)", "floor(a) + a", "a % 0.7",
        "normalize(a, dim=-1)", "a + cdist(a, b).mean()", "a.unsqueeze(0).expand(2, -1, -1).sum(dim=0)",
    ]

    /// Every expression by itself.
    package static var all: [OperationProgram] {
        expressions.flatMap { expression in
            ["float32", "float64"].map { OperationProgram(shape: [7, 33], steps: ["a = \(expression)"], dtype: $0) }
        }
    }

    private init(shape: [Int], steps: [String], dtype: String) {
        (self.shape, self.steps, self.dtype) = (shape, steps, dtype)
        oddities = []
    }

    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        shape = [random.pick([1, 2, 3, 7, 16, 33]), random.pick([1, 2, 5, 16, 40])]
        steps = (0..<random.number(1, 5)).map { _ in
            let expression = random.pick(Self.expressions)
            return random.chance(50) ? "a = \(expression)" : "c = \(expression); b = a; a = c"
        }
        oddities =
            random.chance(75)
            ? [] : [random.pick(["a[0, 0] = nan", "b[0, 0] = inf", "a[-1] = 0.0", "b[0, -1] = -inf"])]
        dtype = random.chance(50) ? "float32" : "float64"
    }

    package var smaller: [OperationProgram] {
        steps.indices.map { index in
            var less = self
            less.steps.remove(at: index)
            return less
        }
            + (oddities.isEmpty
                ? []
                : [
                    {
                        var less = self; less.oddities = []; return less
                    }()
                ])
    }

    package var parts: (setup: [String], work: [String]) {
        let sizes = shape.map(String.init).joined(separator: ", ")
        let setup =
            NetworkProgram.prelude + [
                "manual_seed(51)", "a = randn(\(sizes), dtype=\"\(dtype)\"); b = randn(\(sizes), dtype=\"\(dtype)\")",
            ] + oddities
        var lines = ["a.requires_grad = true; b.requires_grad = true; first = a; second = b", "manual_seed(52)"]
        for step in steps { lines += [step, "held.append(a)"] }
        lines += [
            "if a.requires_grad { mean(a).backward() }",
            "if first.grad != none { keep(\"gradient of a\", first.grad) }",
            "if second.grad != none { keep(\"gradient of b\", second.grad) }",
            "for i, h in enumerate(held) { keep(f\"value {i}\", h) }",
        ]
        return (setup, lines)
    }
}
