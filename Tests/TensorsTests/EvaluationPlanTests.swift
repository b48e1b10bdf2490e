import Tensors
import Testing

/// Plans of graphs: the same numbers as the operations one by one, for whatever state there is.
@Suite struct `Evaluation plans` {
    /// A residual block: what it holds, and what it computes.
    struct Block {
        let weight: Tensor, second: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor

        init(_ dtype: DType) throws {
            weight = try .randn([6, 3, 3, 3], dtype: dtype)
            second = try .randn([6, 6, 1, 1], dtype: dtype)
            scale = try .randn([6], dtype: dtype)
            shift = try .randn([6], dtype: dtype)
            mean = try .randn([6], dtype: dtype)
            variance = try .rand([6], dtype: dtype).add(0.5)
        }

        var state: [Tensor] { [weight, second, scale, shift, mean, variance] }

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            func norm(_ x: Tensor) throws -> Tensor {
                try x.batchNorm(runningMean: mean, runningVariance: variance, weight: scale, bias: shift)
            }
            let h = try norm(x.conv2d(weight, padding: 1)).relu()
            return try norm(h.conv2d(second, bias: shift)).add(h).relu()
        }

        func plan(_ x: Tensor, _ body: ((Tensor) throws -> Tensor)? = nil) throws -> EvaluationPlan {
            try Trace.run(keepsResults: false) { trace in
                let input = trace.number(of: x)
                let output = trace.number(of: try (body ?? callAsFunction)(x))
                return try EvaluationPlan(trace.graph, inputs: [input], state: state, outputs: [output])
            }
        }
    }

    static func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
        guard a.shape == b.shape, a.dtype == b.dtype else { return .infinity }
        let x = try a.doubles(), y = try b.doubles()
        let largest = y.filter(\.isFinite).reduce(0) { max($0, abs($1)) }
        return zip(x, y).reduce(0) { worst, pair in
            if pair.0 == pair.1 || pair.0.isNaN && pair.1.isNaN { return worst }
            return max(worst, pair.0.isFinite && pair.1.isFinite ? abs(pair.0 - pair.1) / largest : .infinity)
        }
    }

    @Test(arguments: [DType.float32, .float64]) func `normalisations, sums and ReLU join their convolution`(
        _ dtype: DType
    ) throws {
        Randomness.seed(1)
        let block = try Block(dtype)
        let x = try Tensor.randn([2, 3, 7, 5], dtype: dtype)
        let plan = try block.plan(x)
        // Two normalisations, two ReLUs and a sum.
        #expect(plan.fusedCount == 5)
        let tolerance = dtype == .float32 ? 1e-5 : 1e-13
        for _ in 0..<2 { #expect(try Self.distance(plan.run([x])[0], block(x)) < tolerance) }
        let other = try Tensor.randn([2, 3, 7, 5], dtype: dtype)
        #expect(try Self.distance(plan.run([other])[0], block(other)) < tolerance)
    }

    @Test func `state is read at every run`() throws {
        Randomness.seed(2)
        let block = try Block(.float32)
        let x = try Tensor.randn([2, 3, 7, 5])
        let plan = try block.plan(x)
        for tensor in block.state {
            try tensor.mul_(1.25)
            #expect(try Self.distance(plan.run([x])[0], block(x)) < 1e-5)
            try tensor.setIndex([.integer(0)], .scalar(0.75))
            #expect(try Self.distance(plan.run([x])[0], block(x)) < 1e-5)
            try tensor.copy_(tensor.add(0.125))
            #expect(try Self.distance(plan.run([x])[0], block(x)) < 1e-5)
            // A tensor that shares its memory with another moves when it is written.
            let shown = try tensor.reshape([-1])
            try tensor.mul_(0.75)
            #expect(try Self.distance(plan.run([x])[0], block(x)) < 1e-5)
            #expect(shown.count == tensor.count)
        }
    }

    @Test func `nan and infinities keep their places`() throws {
        Randomness.seed(3)
        let block = try Block(.float32)
        let x = try Tensor.randn([2, 3, 7, 5])
        let plan = try block.plan(x)
        let other = try x.clone()
        try other.setIndex([.integer(1), .integer(0), .integer(3), .integer(2)], .scalar(.float(.nan)))
        #expect(try Self.distance(plan.run([other])[0], block(other)) < 1e-5)
        #expect(try plan.run([other])[0].isnan().any().item() == .bool(true))
    }

    @Test func `what somebody wants is not joined`() throws {
        Randomness.seed(4)
        let block = try Block(.float32)
        let x = try Tensor.randn([2, 3, 7, 5])
        let (plan, middle) = try Trace.run(keepsResults: false) { trace in
            let input = trace.number(of: x)
            let middle = try x.conv2d(block.weight)
            let outputs = [trace.number(of: try middle.relu()), trace.number(of: middle)]
            return (
                try EvaluationPlan(trace.graph, inputs: [input], state: block.state, outputs: outputs), middle
            )
        }
        #expect(plan.fusedCount == 0)
        let found = try plan.run([x])
        #expect(try Self.distance(found[1], middle) == 0)
        #expect(try Self.distance(found[0], middle.relu()) == 0)
    }

    /// Something that cannot be planned, and why.
    struct Open: CustomTestStringConvertible, Sendable {
        let reason: String
        let body: @Sendable (Tensor, Block) throws -> Tensor
        var testDescription: String { reason }

        init(_ reason: String, body: @escaping @Sendable (Tensor, Block) throws -> Tensor) {
            (self.reason, self.body) = (reason, body)
        }
    }

    static let open = [
        Open("numbers are taken out") { x, _ in try x.mul(Scalar(x.sum().itemDouble())) },
        Open("random numbers are drawn") { x, _ in try x.dropout(p: 0.5) },
        Open("writes into a tensor") { x, block in try block.scale.add_(1).sum().add(x) },
        Open("writes into a tensor") { x, _ in try x.add_(1) },
        Open("writes into a tensor") { x, _ in try Tensor.zeros([3, 1, 1]).add_(1).add(x) },
        Open("are assigned") { x, _ in
            let y = try x.relu()
            try y.setIndex([.integer(0)], .scalar(1))
            return y
        },
        Open("neither an input") { x, _ in try x.sort(dim: 0).values },
    ]

    @Test(arguments: open) func `what is not closed is refused`(_ test: Open) throws {
        let block = try Block(.float32)
        let x = try Tensor.randn([2, 3, 4, 4])
        let refusal = #expect(throws: EvaluationPlan.Refusal.self) { try block.plan(x) { try test.body($0, block) } }
        #expect(refusal?.reason.contains(test.reason) == true, "\(refusal?.reason ?? "none")")
    }

    @Test func `a tensor from outside is refused, one made of numbers is kept`() throws {
        let block = try Block(.float32)
        let x = try Tensor.randn([2, 3, 4, 4]), outside = try Tensor.randn([4])
        #expect(throws: EvaluationPlan.Refusal.self) { try block.plan(x) { try $0.add(outside) } }
        let plan = try block.plan(x) { try $0.add(Tensor([1, 2, 3, 4] as [Float])).mul(Tensor.full([4], 2.0)) }
        #expect(try Self.distance(plan.run([x])[0], x.add(Tensor([1, 2, 3, 4] as [Float])).mul(2)) == 0)
    }
}
