import Tensors
import Testing

/// The listing of computations: every operation says what it gives, costs and computes.
@Suite struct `Graphs of computations` {
    /// A computation of some inputs.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let shapes: [[Int]]
        let body: @Sendable ([Tensor]) throws -> [Tensor]
        var testDescription: String { name }

        init(_ name: String, _ shapes: [Int]..., body: @escaping @Sendable ([Tensor]) throws -> [Tensor]) {
            (self.name, self.shapes, self.body) = (name, shapes, body)
        }
    }

    static let cases: [Case] = [
        Case("arithmetic", [2, 3], [3]) { x in
            var results: [Tensor] = []
            for op in ArithmeticOperator.allCases {
                results.append(try Tensor.arithmetic(op, x[0].abs(), x[1].abs().add(1)))
                results.append(try Tensor.arithmetic(op, .tensor(x[0].abs()), .scalar(2)))
                results.append(try Tensor.arithmetic(op, .scalar(1.5), .tensor(x[0].abs().add(1))))
            }
            let whole = try x[0].mul(9).to(.int64)
            return try results + [whole.add(1), whole.div(2), whole.add(0.5), whole.eq(1).add(whole)]
        },
        Case("comparison", [2, 3], [2, 1]) { x in
            try ComparisonOperator.allCases.flatMap {
                [
                    try Tensor.compare($0, .tensor(x[0]), .tensor(x[1])),
                    try Tensor.compare($0, .tensor(x[0]), .scalar(0)),
                ]
            }
        },
        Case("logic", [2, 3], [3]) { x in
            let a = try x[0].gt(0), b = try x[1].lt(0)
            return try [a.bitwiseAnd(b), a.bitwiseOr(b), a.bitwiseXor(b), a.bitwiseNot()]
        },
        Case("pointwise", [2, 5]) { x in
            let x = x[0]
            return try [
                x.neg(), x.abs(), x.sign(), x.square(), x.reciprocal(), x.exp(), x.log(), x.log1p(), x.expm1(),
                x.sqrt(),
                x.rsqrt(), x.sin(), x.cos(), x.tanh(), x.sigmoid(), x.erf(), x.relu(), x.leakyReLU(negativeSlope: 0.2),
                x.elu(alpha: 0.5), x.gelu(), x.gelu(approximate: "tanh"), x.silu(), x.softplus(beta: 2), x.hardtanh(),
                x.clamp(min: -0.5), x.clamp(min: -0.5, max: 0.5), x.round(), x.floor(), x.ceil(), x.isnan(), x.isinf(),
                x.isfinite(), x.to(.float64), x.to(.int64).abs(), x.to(.int64).exp(), x.detach(), x.clone(),
            ]
        },
        Case("where", [2, 3], [3]) { x in
            let mask = try x[0].gt(0)
            return try [
                .where(mask, .tensor(x[0]), .tensor(x[1])), .where(mask, .tensor(x[0]), .scalar(1)),
                x[0].maskedFill(mask, 7), mask.asAttentionBias(.float32),
            ]
        },
        Case("shapes", [2, 3, 4]) { x in
            let x = x[0]
            return try [
                x.reshape([4, -1]), x.flatten(), x.unsqueeze(dim: 1), x.permute([2, 0, 1]), x.transpose(0, 2),
                x.narrow(dim: 1, start: 0, length: 1).expand([2, 5, 4]),
                x.index([.all, .slice(start: 2, stop: nil, step: -1)]),
                x.index([.integer(1), .ellipsis, .newAxis, .integer(-1)]),
                x.index([.slice(start: 1, stop: 1, step: 1)]),
                .cat([x, x.mul(2)], dim: 1), .stack([x, x], dim: 0), x.pad([1, 2, 0, 1], value: 3), x.pad([-1, 2]),
                x.tril(), x.triu(diagonal: 1),
            ]
        },
        Case("selection", [4, 3]) { x in
            let index = try Tensor([2, 0, 1])
            let many = try Tensor([0, 1, 2, 2, 1, 0], shape: [2, 3])
            let best = try x[0].topk(2, dim: 0)
            return try [
                x[0].indexSelect(dim: 0, index: index), x[0].indexSelect(dim: 1, index: Tensor([-1])),
                x[0].embedding(many), x[0].gather(dim: 0, index: many), best.values, best.indices,
                x[0].cumsum(dim: 1),
            ]
        },
        Case("reductions", [2, 3, 4]) { x in
            let x = x[0]
            let best = try x.max(dim: 1)
            return try [
                x.sum(), x.sum(dims: [0, 2], keepdim: true), x.mean(dims: [1]), x.prod(dim: 2), x.amax(dims: [0, 1]),
                x.amin(dims: [2], keepdim: true), x.argmax(dim: 1), x.argmin(dim: 0, keepdim: true),
                x.gt(0).any(dim: 1),
                x.gt(0).all(), x.logsumexp(dims: [1, 2]), x.norm(), x.norm(p: 3, dims: [1]), x.norm(p: .infinity),
                x.var(dims: [0, 1]), x.std(dims: [2], correction: 0, keepdim: true), best.values, best.indices,
                x.softmax(dim: 1), x.logSoftmax(dim: -1), x.gt(0).sum(),
            ]
        },
        Case("products", [2, 3, 4], [5, 4], [5], [2, 4, 3]) { x in
            try [
                x[0].linear(x[1], bias: x[2]), x[0].linear(x[1], bias: x[2], relu: true), x[0].linear(x[1]),
                x[0].matmul(x[3]), x[0].matmul(x[1].transposed()), x[2].matmul(x[1]),
                x[0].scaledDotProductAttention(key: x[0], value: x[0], isCausal: true),
            ]
        },
        Case("convolutions", [2, 4, 7, 6], [6, 2, 3, 2], [6], [4, 3, 2, 3]) { x in
            try [
                x[0].conv2d(x[1], bias: x[2], stride: Pair(2, 1), padding: 1, dilation: Pair(1, 2), groups: 2),
                x[0].index([.integer(0)]).conv2d(x[1], groups: 2),
                x[0].convTranspose2d(x[3], stride: 2, padding: 1, outputPadding: 1, dilation: 1),
                x[0].maxPool2d(3, stride: 2, padding: 1, ceilMode: true), x[0].maxPool2d(2, dilation: 2),
                x[0].avgPool2d(3, stride: 2, padding: 1, countIncludePad: false),
                x[0].avgPool2d(2, ceilMode: true, divisorOverride: 3), x[0].adaptiveAvgPool2d(Pair(2, 3)),
                x[0].interpolate(size: Pair(3, 9), mode: .bilinear, alignCorners: true),
                x[0].interpolate(scaleFactor: 1.7),
            ]
        },
        Case("normalisations", [3, 4, 5], [4], [4], [4]) { x in
            let variance = try x[3].abs()
            return try [
                x[0].batchNorm(runningMean: x[1], runningVariance: variance, weight: x[2], bias: x[1]),
                x[0].batchNorm(runningMean: x[1], runningVariance: variance),
                x[0].batchNorm(runningMean: nil, runningVariance: nil),
                x[0].layerNorm([4, 5]), x[0].transpose(1, 2).layerNorm([4], weight: x[1], bias: x[2], eps: 1e-3),
                x[0].groupNorm(2, weight: x[1], bias: x[2]),
            ]
        },
        Case("recurrence", [5, 2, 3], [2, 4], [2, 4], [16, 3], [16, 4], [16]) { x in
            let both = try [false, true].map {
                try x[0].lstm(
                    hidden: x[1], cell: x[2], inputWeight: x[3], hiddenWeight: x[4], inputBias: x[5], hiddenBias: x[5],
                    reverse: $0)
            }
            return both.flatMap { [$0.output, $0.hidden, $0.cell] }
        },
        Case("writing", [2, 3]) { x in
            let y = try x[0].clone()
            try y.add_(1)
            try y.mul_(x[0])
            return [y]
        },
    ]

    static func record(_ test: Case, seed: UInt64) throws -> (
        graph: Graph, inputs: [Int], outputs: [Int], results: [Tensor]
    ) {
        Randomness.seed(seed)
        let inputs = try test.shapes.map { try Tensor.randn($0) }
        return try Trace.run { trace in
            let numbers = inputs.map { trace.number(of: $0) }
            let results = try test.body(inputs)
            let outputs = results.map { trace.number(of: $0) }
            return (trace.graph, numbers, outputs, results)
        }
    }

    /// Bits, so that nan is equal to itself.
    static func bits(_ tensor: Tensor) -> [UInt8] { tensor.withBytes { Array($0) } }

    @Test(arguments: cases) func `every operation knows what it gives`(_ test: Case) throws {
        let graph = try Self.record(test, seed: 1).graph
        for node in graph.nodes {
            switch node.operation {
            case .constant, .effect: continue
            default:
                let found = try node.operation.form.results(graph.arguments(of: node))
                #expect(found == node.outputs.map { graph.kind($0) }, "\(node.operation)")
                #expect(graph.flops(of: node) >= 0)
            }
        }
    }

    @Test(arguments: cases) func `a graph computes the same, and the same for other numbers`(_ test: Case) throws {
        let first = try Self.record(test, seed: 1), second = try Self.record(test, seed: 2)
        for other in [first, second] {
            let given = Dictionary(
                uniqueKeysWithValues: zip(first.inputs, other.inputs.compactMap { other.graph.tensor($0) }))
            let found = try first.graph.evaluate(given, wanted: first.outputs)
            for (index, (a, b)) in zip(found, other.results).enumerated() {
                let a = try #require(a)
                #expect(a.shape == b.shape && a.dtype == b.dtype && Self.bits(a) == Self.bits(b), "result \(index)")
            }
        }
    }

    @Test func `every operation occurs in these tests`() throws {
        var seen: Set<String> = []
        for test in Self.cases {
            for node in try Self.record(test, seed: 1).graph.nodes { seen.insert("\(type(of: node.operation.form))") }
        }
        let all = [
            "Arithmetic", "Comparison", "Logic", "Pointwise", "Classification", "Conversion", "Identity", "Choice",
            "AttentionBias", "Reshape", "Expand", "Permute", "Slice", "Concatenation", "Padding", "Triangle",
            "IndexSelect",
            "Gather", "TopK", "CumulativeSum", "Reduction", "Softmax", "Linear", "MatrixProduct", "Convolution",
            "TransposedConvolution", "MaxPool", "AveragePool", "AdaptiveAveragePool", "Interpolation", "BatchNorm",
            "LayerNormalization", "RowNorm", "LSTM", "Constant", "Effect",
        ]
        #expect(Set(all).subtracting(seen).isEmpty)
        #expect(seen.subtracting(all).isEmpty)
    }

    @Test func `reading, writing and drawing are noted`() throws {
        func effects(_ body: (Tensor) throws -> Void) throws -> [Graph.Effect] {
            let x = try Tensor([1, 2, 3] as [Float])
            return try Trace.run { trace in
                try body(x)
                return trace.graph.nodes.compactMap {
                    if case .effect(let effect) = $0.operation { effect } else { nil }
                }
            }
        }
        #expect(try effects { _ = try $0.relu().sum() } == [])
        #expect(try effects { _ = try $0.sum().item() } == [.reads])
        #expect(try effects { _ = try $0.doubles() } == [.reads])
        #expect(try effects { _ = try $0.nonzero() }.contains(.reads))
        #expect(try effects { x in _ = try x.index([.tensor(x.gt(1))]) }.contains(.reads))
        #expect(try effects { _ = try $0.allclose($0) } == [.reads])
        #expect(try effects { _ = $0.withBytes { $0.count } } == [.reads])
        #expect(try effects { try $0.zero_() } == [.writes(function: "fill_")])
        #expect(try effects { try $0.setIndex([.integer(0)], .scalar(4)) } == [.writes(function: "index")])
        #expect(try effects { _ = try $0.dropout(p: 0.5) } == [.draws])
        #expect(try effects { _ in _ = try Tensor.randn([2]) } == [.draws])
        #expect(try effects { _ in _ = Randomness.uniform() } == [.draws])
    }

    @Test func `products count two operations for a multiplication and its addition`() throws {
        let x = try Tensor.ones([3, 4]), w = try Tensor.ones([5, 4]), b = try Tensor.ones([5])
        let flops = try Trace.run { trace in
            _ = try x.linear(w, bias: b).relu().matmul(w)
            return trace.graph.flops
        }
        #expect(flops == 3 * 5 * (2 * 4 + 1) + 3 * 4 * 2 * 5)
    }
}
