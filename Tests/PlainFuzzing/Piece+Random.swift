import Fuzzing

extension SeededGenerator {
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[number(0, choices.count - 1)] }
    mutating func number(_ low: Int, _ high: Int) -> Int { Int.random(in: low...high, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { number(1, 100) <= percent }
}

extension Piece {
    /// Random pieces one after another, as many as `count`, of which `depth` says how far they may hold others.
    static func chain(_ count: Int, after form: Form, depth: Int, using random: inout SeededGenerator) -> [Piece] {
        var pieces: [Piece] = [], form = form
        for _ in 0..<count {
            // Not every piece that comes to mind fits, and none may grow without end.
            for _ in 0..<8 {
                let piece = Piece.random(after: form, depth: depth, using: &random)
                guard let next = piece.form(after: form), next.count <= 4096 else { continue }
                pieces.append(piece)
                form = next
                break
            }
        }
        return pieces
    }

    private static func random(after form: Form, depth: Int, using random: inout SeededGenerator) -> Piece {
        if depth > 0, random.chance(30) {
            let look = random.chance(50) ? Look.never : random.pick(Look.allCases)
            if random.chance(50) {
                return .own(chain(random.number(1, 4), after: form, depth: depth - 1, using: &random), look: look)
            }
            var body = chain(random.number(1, 4), after: form, depth: depth - 1, using: &random)
            while !body.isEmpty, Piece.form(of: body, after: form) != form { body.removeLast() }
            if case .image(let channels, _, _) = form, random.chance(60) {
                body = [same(channels, using: &random), .batchNorm(affine: true)]
            }
            return .residual(body, rectified: random.chance(70), look: look)
        }
        if random.chance(18) { return .activation(random.chance(60) ? .relu : random.pick(Activation.allCases)) }
        if random.chance(7) { return .dropout(random.pick([0.1, 0.5])) }
        if random.chance(12) { return .function(random.pick(OwnFunction.allCases)) }
        switch form {
        case .image(let channels, let height, _): return ofImages(channels, height, using: &random)
        case .sequence(_, let features):
            let heads = [1, 2, 4].filter { features % $0 == 0 }
            switch random.number(0, 6) {
            case 0: return .attention(heads: random.pick(heads))
            case 1: return .encoder(heads: random.pick(heads), normFirst: random.chance(50))
            case 2: return .lstm(hidden: random.pick([1, 3, 8]), bidirectional: random.chance(30))
            case 3: return .layerNorm
            case 4: return .flatten
            default: return .linear(out: random.pick([1, 4, 8, 16]), bias: random.chance(80))
            }
        case .vector:
            switch random.number(0, 5) {
            case 0: return .batchNorm(affine: random.chance(80))
            case 1: return .layerNorm
            default: return .linear(out: random.pick([1, 2, 5, 8, 16, 33, 64, 128]), bias: random.chance(80))
            }
        case .tokens: return .embedding(random.pick([1, 4, 8]))
        }
    }

    private static func same(_ channels: Int, using random: inout SeededGenerator) -> Piece {
        .convolution(
            out: channels, kernel: 3, width: 3, stride: 1, padding: 1, dilation: 1, groups: 1, bias: random.chance(50))
    }

    private static func ofImages(_ channels: Int, _ height: Int, using random: inout SeededGenerator) -> Piece {
        switch random.number(0, 13) {
        case 0...2:
            // What Winograd takes: 3×3 with stride 1 and many channels.
            return .convolution(
                out: random.pick([8, 16, 32]), kernel: 3, width: 3, stride: 1, padding: random.number(0, 1),
                dilation: 1,
                groups: 1, bias: random.chance(50))
        case 3...5:
            let groups = random.chance(70) ? 1 : random.pick([1, 2, channels].filter { channels % $0 == 0 })
            return .convolution(
                out: groups * random.pick([1, 2, 3, 4, 8]), kernel: random.number(1, 4), width: random.number(1, 4),
                stride: random.pick([1, 1, 2, 3]), padding: random.number(0, 2), dilation: random.pick([1, 1, 1, 2]),
                groups: groups, bias: random.chance(60))
        case 6: return same(channels, using: &random)
        case 7:
            return .transposed(
                out: random.pick([1, 2, 4, 8]), kernel: random.number(1, 3), stride: random.number(1, 2),
                padding: random.number(0, 1), groups: 1, bias: random.chance(60))
        case 8, 9: return .batchNorm(affine: random.chance(85))
        case 10: return .groupNorm(groups: random.pick([1, 2, 4].filter { channels % $0 == 0 }))
        case 11:
            return .maxPool(
                kernel: random.number(1, 3), stride: random.number(1, 3), padding: random.number(0, 1),
                dilation: random.pick([1, 1, 2]))
        case 12:
            return .averagePool(
                kernel: random.number(1, 3), stride: random.number(1, 3), padding: random.number(0, 1),
                counted: random.chance(50))
        default: return random.chance(50) ? .adaptivePool(random.number(1, 3)) : .flatten
        }
    }
}
