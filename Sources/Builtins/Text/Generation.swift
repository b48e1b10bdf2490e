import Base
import Diagnostics
import Glibc
import Learning
import Runtime
import Tensors

/// Numbers in 0 ..< 1: of a seed's own, or of the sampling stream.
struct GenerationRandom {
    private var state: UInt64?

    init(seed: Int?) { state = seed.map { UInt64(bitPattern: Int64($0)) } }

    mutating func next() -> Double {
        let bits: UInt64
        if var own = state {
            // SplitMix64.
            own &+= 0x9E37_79B9_7F4A_7C15
            state = own
            var z = own
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            bits = z ^ (z >> 31)
        } else {
            bits = Randomness.bits(.sampling)
        }
        return Double(bits >> 11) * 0x1p-53
    }
}

/// How a language model writes.
struct Generation {
    let count: Int
    let temperature: Double
    let topK: Int?
    let topP: Double?
    let stop: Int?

    /// Refuses numbers that choose nothing.
    func check() throws {
        func require(_ condition: Bool, _ problem: String) throws {
            guard condition else { throw Failure(.value, "generate: \(problem)") }
        }
        try require(count >= 0 && count <= 1 << 20, "max_new_tokens must be 0 to \(1 << 20), not \(count)")
        try require(temperature >= 0 && temperature.isFinite, "temperature must not be negative, given \(temperature)")
        try require(topK.map { $0 >= 1 } ?? true, "top_k must be at least 1, not \(topK ?? 0)")
        try require(topP.map { $0 > 0 && $0 <= 1 } ?? true, "top_p must lie in 0 … 1 and not be 0, given \(topP ?? 0)")
    }

    /// The prompt and what the network writes behind it.
    ///
    /// - Throws: what the network throws; a `value` failure for outputs that are no logits of tokens.
    func run(
        _ net: Module, _ prompt: [Int], _ random: inout GenerationRandom, in interpreter: Interpreter
    ) throws -> [Int] {
        var ids = prompt
        let step = (net as? ScriptedModule)?.member("next")
        var past = Value.none
        return try inEvaluation(net) {
            for written in 0..<count {
                if Interrupt.isRequested { throw Failure(.interrupt, "interrupted") }
                let logits: [Double]
                if let step {
                    let new = written == 0 ? ids : [ids[ids.count - 1]]
                    let answer = try interpreter.call(
                        step, [.tensor(Tensor(new, shape: [1, new.count]))], named: [(name: "past", value: past)])
                    guard case .list(let pair) = answer, pair.elements.count == 2,
                        case .tensor(let z) = pair.elements[0]
                    else {
                        throw Failure(.type, "generate: next(input_ids, past) must give [logits, past]")
                    }
                    past = pair.elements[1]
                    logits = try z.doubles()
                } else {
                    let z = try net(Tensor(ids, shape: [1, ids.count]))
                    guard z.rank == 3, z.shape[0] == 1, z.shape[1] == ids.count else {
                        throw Failure(
                            .value,
                            "generate: a language model gives logits [N, L, V], and this one \(z.shape) for [1, \(ids.count)]"
                        )
                    }
                    logits = try z.narrow(dim: 1, start: ids.count - 1, length: 1).doubles()
                }
                guard logits.contains(where: { $0.isFinite }), !logits.contains(where: \.isNaN) else {
                    throw Failure(.value, "generate: the logits behind \(ids.count) tokens are not finite")
                }
                let token = chosen(logits, &random)
                ids.append(token)
                if token == stop { break }
            }
            return ids
        }
    }

    /// A token of the softmax of its logits.
    func chosen(_ logits: [Double], _ random: inout GenerationRandom) -> Int {
        // The likeliest first; of equals the one with the smaller number.
        var order = logits.indices.sorted { (logits[$0], -$0) > (logits[$1], -$1) }
        guard temperature > 0, order.count > 1 else { return order.first ?? 0 }
        if let topK { order = Array(order.prefix(topK)) }
        let largest = logits[order[0]]
        var weights = order.map { Glibc.exp((logits[$0] - largest) / temperature) }
        let total = weights.reduce(0, +)
        if let topP {
            // As many as it takes to have the probability, the last of them included.
            var sum = 0.0, kept = 0
            while kept < weights.count, sum < topP * total {
                sum += weights[kept]
                kept += 1
            }
            weights = Array(weights.prefix(max(1, kept)))
        }
        var left = random.next() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return order[index] }
        }
        return order[max(0, weights.count - 1)]
    }
}
