import Data
import Tensors

extension ONNXOperator {
    /// Attention in its forms, and what stands beside it in language models.
    static let attentions: [String: ONNXOperator] = [
        "Attention": ONNXOperator { try ONNXAttention($0).results() },
        "LinearAttention": ONNXOperator { try $0.linearAttention() },
        "RotaryEmbedding": .one { try $0.rotated() },
        "CausalConvWithState": ONNXOperator(weights: [1: "weight", 2: "bias"]) { call in
            let x = try call.x(), weight = try call.x(1)
            guard x.rank == 3, weight.rank == 3, weight.shape[2] > 0 else {
                throw call.refusal("an input \(x.shape) with filters \(weight.shape)")
            }
            let reach = weight.shape[2] - 1
            let past = try call.optional(3) ?? Tensor.zeros([x.shape[0], x.shape[1], reach], dtype: x.dtype)
            let padded = try Tensor.cat([past, x], dim: 2)
            var y = try padded.unsqueeze(dim: 2).conv2d(
                weight.unsqueeze(dim: 2), bias: call.optional(2), groups: x.shape[1]
            ).squeeze(dims: [2])
            switch call.text("activation", "none") {
            case "none": break
            case "silu", "swish": y = try y.silu()
            case let other: throw call.refusal("activation=\(other) is not read")
            }
            return [y, try padded.narrow(dim: 2, start: padded.shape[2] - reach, length: reach)]
        },
        "SwiGLU": .one { call in
            let a = try call.x()
            return try a.mul(a.mul(.float(call.float("alpha", 1))).sigmoid()).mul(call.x(1))
        },
        "TensorScatter": .one { call in
            let cache = try call.x(), update = try call.x(1)
            let axis = try call.dimension(call.int("axis", -2), of: cache.rank)
            guard axis > 0, update.rank == cache.rank, update.shape[0] == cache.shape[0], cache.shape[axis] > 0 else {
                throw call.refusal("an update \(update.shape) of \(cache.shape)")
            }
            let starts = try call.optional(2) ?? Tensor.zeros([cache.shape[0]], dtype: .int64)
            var shape = [Int](repeating: 1, count: cache.rank)
            shape[0] = cache.shape[0]
            let first = try starts.to(.int64).reshape(shape)
            shape[0] = 1
            shape[axis] = update.shape[axis]
            var places = try first.add(Tensor.arange(.int(update.shape[axis])).reshape(shape))
            if call.text("mode", "linear") == "circular" { places = try places.remainder(.int(cache.shape[axis])) }
            return try cache.scatter(dim: axis, index: places.expand(update.shape.array), .tensor(update))
        },
    ]
}

/// The operator `Attention`: softmax(Q Kᵀ · scale + bias) V over heads, with keys and values of earlier steps.
///
/// A query that may attend to nothing gives zeros.
private struct ONNXAttention {
    private let call: ONNXCall
    private var query: Tensor
    private var key: Tensor
    private var value: Tensor
    private let isFlat: Bool
    /// How many positions the cache holds before this step; nil where it differs by example.
    private var offset: Int

    init(_ call: ONNXCall) throws {
        self.call = call
        query = try call.x()
        key = try call.x(1)
        value = try call.x(2)
        isFlat = query.rank == 3
        if isFlat {
            guard let heads = call.int("q_num_heads"), let shared = call.int("kv_num_heads") else {
                throw call.refusal("q_num_heads and kv_num_heads are missing")
            }
            query = try call.heads(query, heads)
            key = try call.heads(key, shared)
            value = try call.heads(value, shared)
        }
        guard query.rank == 4, key.rank == 4, value.rank == 4, key.shape[1] > 0, query.shape[1] % key.shape[1] == 0,
            value.shape[1] == key.shape[1], query.dtype.isFloating
        else { throw call.refusal("queries \(query.shape), keys \(key.shape) and values \(value.shape)") }
        offset = 0
        if call.optional(4) != nil || call.optional(5) != nil {
            let past = try call.x(4, ranks: 4...4), values = try call.x(5, ranks: 4...4)
            offset = past.shape[2]
            key = try Tensor.cat([past, key], dim: 2)
            value = try Tensor.cat([values, value], dim: 2)
        }
        guard key.shape[2] == value.shape[2], key.shape[3] == query.shape[3] else {
            throw call.refusal("queries \(query.shape), keys \(key.shape) and values \(value.shape)")
        }
    }

    func results() throws -> [Tensor] {
        let queries = query.shape[2], keys = key.shape[2], repeats = query.shape[1] / key.shape[1]
        var scores = try query.attentionScores(key: repeated(key, repeats), scale: call.number("scale"))
        var shown = scores
        let mode = call.int("qk_matmul_output_mode", 0), cap = call.float("softcap", 0)
        if cap > 0 {
            guard mode != 0 || !call.wants(3) else { throw call.refusal("scores before softcap are not given") }
            scores = try scores.div(.float(cap)).tanh().mul(.float(cap))
        }
        if mode == 1 { shown = scores }
        let bias = try bias(queries, keys)
        if mode == 2 { shown = try bias.map { try scores.add($0) } ?? scores }
        let shares = try scores.attentionShares(mask: bias)
        if mode == 3 { shown = shares }
        var output = try shares.matmul(repeated(value, repeats))
        if isFlat {
            output = try output.permute([0, 2, 1, 3]).reshape([
                output.shape[0], queries, output.shape[1] * output.shape[3],
            ])
        }
        return [output, key, value, shown]
    }

    /// Keys that several queries' heads share.
    private func repeated(_ x: Tensor, _ count: Int) throws -> Tensor {
        guard count > 1 else { return x }
        let (n, h, s, d) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        return try x.unsqueeze(dim: 2).expand([n, h, count, s, d]).reshape([n, h * count, s, d])
    }

    /// What is added to the scores: a mask of numbers, and -∞ where a query must not look.
    private func bias(_ queries: Int, _ keys: Int) throws -> Tensor? {
        var open: Tensor?
        func close(_ condition: Tensor) throws { open = try open.map { try $0.bitwiseAnd(condition) } ?? condition }
        var bias: Tensor?
        if call.optional(3) != nil {
            var mask = try call.x(3, ranks: 1...4)
            let missing = keys - mask.shape[mask.rank - 1]
            if mask.dtype == .bool {
                if missing > 0 { mask = try mask.to(.int64).pad([0, missing]).to(.bool) }
                try close(mask)
            } else {
                bias = missing > 0 ? try mask.pad([0, missing], value: -.infinity) : mask
            }
        }
        let row = try Tensor.arange(.int(queries)).reshape([queries, 1])
        let column = try Tensor.arange(.int(keys)).reshape([1, keys])
        let lengths = try call.optional(6)?.to(.int64).reshape([-1, 1, 1, 1])
        let place: Tensor
        if call.optional(4) == nil, let lengths {
            place = try row.add(lengths.sub(.int(queries)))
        } else {
            place = try row.add(.int(offset))
        }
        if call.flag("is_causal") { try close(column.le(place)) }
        let window = -1...ONNXCall.largestSize
        let left = try call.size("left_window_size", -1, in: window)
        let right = try call.size("right_window_size", -1, in: window)
        if left >= 0 { try close(place.sub(column).le(.int(left))) }
        if right >= 0 { try close(column.sub(place).le(.int(right))) }
        if let lengths { try close(column.lt(lengths)) }
        guard let open else { return bias }
        let infinite = try Tensor.full([1], .float(-.infinity), dtype: query.dtype)
        let zero = try Tensor.zeros([1], dtype: query.dtype)
        return try Tensor.where(open, .tensor(bias ?? zero), .tensor(infinite))
    }
}

extension ONNXCall {
    /// [N, L, H·D] as [N, H, L, D].
    fileprivate func heads(_ x: Tensor, _ count: Int) throws -> Tensor {
        guard x.rank == 3, count > 0, x.shape[2] % count == 0 else {
            throw refusal("\(count) heads for \(x.shape)")
        }
        return try x.reshape([x.shape[0], x.shape[1], count, x.shape[2] / count]).permute([0, 2, 1, 3])
    }

    /// S ← exp(g) S + k ⊗ β (v - S k), y = scale · q S, step by step.
    fileprivate func linearAttention() throws -> [Tensor] {
        let rule = text("update_rule", "gated_delta"), queries = int("q_num_heads", 0), shared = int("kv_num_heads", 0)
        guard ["linear", "gated", "delta", "gated_delta"].contains(rule), shared > 0, queries % shared == 0 else {
            throw refusal("update_rule=\(rule) with \(queries) and \(shared) heads")
        }
        let q = try heads(x(), queries), k = try heads(x(1), shared), v = try heads(x(2), shared)
        let (n, steps, width, values) = (q.shape[0], q.shape[2], q.shape[3], v.shape[3])
        let decay = try optional(4).map { try heads($0, shared) },
            strength = try optional(5).map { _ in
                let given = try self.x(5, ranks: 3...3)
                return try heads(given, given.shape[2])
            }
        guard rule.hasPrefix("gated") == (decay != nil), rule.hasSuffix("delta") == (strength != nil) else {
            throw refusal("decay and beta do not fit update_rule=\(rule)")
        }
        guard k.shape.prefix(3).elementsEqual(v.shape.prefix(3)), k.shape[2] == steps, k.shape[3] == width, steps > 0
        else { throw refusal("queries \(q.shape), keys \(k.shape) and values \(v.shape)") }
        let given = float("scale", 0), scale = given == 0 ? 1 / Double(width).squareRoot() : given
        var state = try optional(3) ?? Tensor.zeros([n, shared, width, values], dtype: q.dtype)
        var outputs: [Tensor] = []
        for step in 0..<steps {
            func at(_ x: Tensor) throws -> Tensor { try x.select(dim: 2, index: step) }
            if let decay { state = try state.mul(at(decay).exp().unsqueeze(dim: 3)) }
            let key = try at(k)
            var value = try at(v)
            if let strength {
                let known = try key.unsqueeze(dim: 2).matmul(state).squeeze(dims: [2])
                value = try at(strength).mul(value.sub(known))
            }
            state = try state.add(key.unsqueeze(dim: 3).mul(value.unsqueeze(dim: 2)))
            let query = try at(q).reshape([n, shared, queries / shared, width])
            outputs.append(try query.matmul(state).mul(.float(scale)).reshape([n, 1, queries * values]))
        }
        return [try Tensor.cat(outputs, dim: 1), state]
    }

    /// Pairs of numbers turned by angles that grow with the place.
    fileprivate func rotated() throws -> Tensor {
        let given = try x(), isFlat = given.rank == 3
        let x = isFlat ? try heads(given, int("num_heads", 0)) : given
        guard x.rank == 4 else { throw refusal("an input \(given.shape)") }
        let wanted = int("rotary_embedding_dim", 0), width = wanted == 0 ? x.shape[3] : wanted
        guard width % 2 == 0, width <= x.shape[3], width > 0 else { throw refusal("rotary_embedding_dim=\(width)") }
        let tables = optional(3) == nil ? 3...3 : 2...2
        var cosines = try self.x(1, ranks: tables), sines = try self.x(2, ranks: tables)
        if let places = try optional(3)?.to(.int64) {
            func pick(_ table: Tensor) throws -> Tensor {
                try table.indexSelect(dim: 0, index: places.reshape([-1])).reshape(
                    places.shape.array + [table.shape[1]])
            }
            (cosines, sines) = (try pick(cosines), try pick(sines))
        }
        // [N, L, D/2] beside [N, H, L, D].
        if cosines.rank == 3 { (cosines, sines) = (try cosines.unsqueeze(dim: 1), try sines.unsqueeze(dim: 1)) }
        let part = try x.narrow(dim: 3, start: 0, length: width)
        let rest = try x.narrow(dim: 3, start: width, length: x.shape[3] - width)
        let isInterleaved = flag("interleaved"), half = width / 2
        let pairs = try part.reshape(
            Array(x.shape.prefix(3)) + (isInterleaved ? [half, 2] : [2, half]))
        let place = isInterleaved ? 4 : 3
        let first = try pairs.select(dim: place, index: 0), second = try pairs.select(dim: place, index: 1)
        let turned = try Tensor.stack(
            [first.mul(cosines).sub(second.mul(sines)), first.mul(sines).add(second.mul(cosines))], dim: place)
        let result = try Tensor.cat([turned.reshape(part.shape.array), rest], dim: 3)
        return isFlat ? try result.permute([0, 2, 1, 3]).reshape(given.shape.array) : result
    }
}
