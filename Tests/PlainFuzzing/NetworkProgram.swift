import Fuzzing

/// A random network, and what is done with it.
package struct NetworkProgram: PlainProgram {
    /// What is done, in this order.
    package enum Step: String, CaseIterable, Sendable {
        case features, pass, optimize, quiet, predict, copy, save, distill
    }

    package var pieces: [Piece]
    let input: Form
    let classes: Int
    let batch: Int
    package var isOwn: Bool
    package var trains: Bool
    package var steps: [Step]
    let loss: String
    let optimizer: String
    let objective: String
    let cache: String
    let choice: UInt64

    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let kind = random.number(0, 9)
        let form: Form =
            switch kind {
            case 0...6:
                .image(
                    channels: random.pick([1, 2, 3, 4, 8, 16, 32]), height: random.number(1, 10),
                    width: random.number(1, 10))
            case 7: .sequence(length: random.number(1, 6), features: random.pick([1, 4, 8]))
            case 8: .tokens(length: random.number(1, 6), vocabulary: random.number(2, 9))
            default: .vector(random.pick([1, 2, 7, 16, 33, 64]))
            }
        var pieces: [Piece] = []
        if case .tokens = form { pieces.append(.embedding(random.pick([2, 4, 8]))) }
        let start = Piece.form(of: pieces, after: form) ?? form
        pieces += Piece.chain(random.number(1, 8), after: start, depth: 2, using: &random)
        input = form
        classes = random.pick([1, 2, 3, 5, 10])
        let end = Piece.form(of: pieces, after: form) ?? form
        if case .vector = end {} else { pieces.append(.flatten) }
        pieces.append(.linear(out: classes, bias: true))
        self.pieces = pieces
        batch = random.number(1, 5)
        isOwn = random.chance(40)
        trains = random.chance(60)
        steps = Step.allCases.filter { _ in random.chance(50) }
        if steps.isEmpty { steps = [.pass] }
        loss = random.pick([
            "cross_entropy(out, y)", "mean(out ** 2)", "sum(out * weights)",
            "cross_entropy(out, y, label_smoothing=0.1)", "soft(T=2)(out, weights)",
        ])
        // ε is large where steps would otherwise magnify gradients that are 0 but for rounding.
        optimizer = random.pick([
            "SGD(net.parameters(), lr=0.05)", "SGD(net.parameters(), lr=0.05, momentum=0.9)",
            "SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=true, weight_decay=0.01)",
            "Adam(net.parameters(), lr=0.01, eps=0.01)", "Adam(net.parameters(), lr=0.01, eps=0.01, amsgrad=true)",
            "AdamW(net.parameters(), lr=0.01, eps=0.01)", "RMSprop(net.parameters(), lr=0.01, eps=0.01)",
            "RMSprop(net.parameters(), lr=0.01, eps=0.1, momentum=0.9, centered=true)",
            "Adagrad(net.parameters(), lr=0.01, eps=0.01)",
        ])
        objective = random.pick([
            "0.5 * soft(T=2) + 0.5 * hard()", "soft(T=4) + hard()", "soft(T=2) + 10 * feature(PAIR)",
            "logit_mse() + fitnet(PAIR)", "soft() + 100 * similarity(PAIR)", "hard() + feature(PAIR, metric=\"l1\")",
            "soft() + pkt(PAIR)", "soft() + rkd(PAIR)", "soft(T=2) + feature(PAIR, metric=\"cosine\")",
            "soft() + attention(PAIR)", "soft() + channel(PAIR)", "soft() + pearson(PAIR)", "soft() + icc(PAIR)",
            "soft() + nst(PAIR)", "soft() + 0.1 * boundary(PAIR)", "soft() + vid(PAIR)",
            "soft() + correlation(PAIR, dim=4)",
            "dkd()", "dist()", "nkd()", "wsld()", "mlkd()", "jsd(0.3)",
            "0.9 * soft(T=4, standardize=true) + 0.1 * hard()",
        ])
        cache = random.pick(["auto", "off", "on"])
        choice = random.next()
    }

    private var isClipped: Bool { choice >> 32 & 1 == 1 }

    package var makesInfinities: Bool { pieces.contains(where: \.makesInfinities) }

    package var isSound: Bool { Piece.form(of: pieces, after: input) == .vector(classes) }

    /// Smaller networks with fewer steps: what is tried when looking for the least that still differs.
    package var smaller: [NetworkProgram] {
        var found: [NetworkProgram] = []
        for index in steps.indices where steps.count > 1 {
            var less = self
            less.steps.remove(at: index)
            found.append(less)
        }
        for pieces in Self.without(pieces) {
            var less = self
            less.pieces = pieces
            found.append(less)
        }
        if isOwn {
            var less = self
            less.isOwn = false
            found.append(less)
        }
        return found.filter(\.isSound)
    }

    private static func without(_ pieces: [Piece]) -> [[Piece]] {
        pieces.indices.flatMap { index -> [[Piece]] in
            var results: [[Piece]] = []
            var less = pieces
            less.remove(at: index)
            results.append(less)
            switch pieces[index] {
            case .residual(let body, let rectified, let look):
                for inner in without(body) {
                    var changed = pieces
                    changed[index] = .residual(inner, rectified: rectified, look: look)
                    results.append(changed)
                }
            case .own(let body, let look):
                var opened = pieces
                opened.replaceSubrange(index...index, with: body)
                results.append(opened)
                for inner in without(body) {
                    var changed = pieces
                    changed[index] = .own(inner, look: look)
                    results.append(changed)
                }
            default: break
            }
            return results
        }
    }

    package var parts: (setup: [String], work: [String]) {
        var writer = ModuleWriter()
        let (network, paths) = writer.network(pieces, after: input, own: isOwn)
        var random = SeededGenerator(seed: choice)
        let sizes = ([batch] + input.sizes).map(String.init).joined(separator: ", ")
        var lines = Self.prelude + writer.definitions
        lines += ["manual_seed(11)", "net = \(network)"]
        let isWhole: Bool
        if case .tokens(_, let vocabulary) = input {
            lines.append("x = randint(0, \(vocabulary), [\(sizes)])")
            isWhole = true
        } else {
            lines.append("x = randn(\(sizes))")
            isWhole = false
        }
        lines += [
            "y = randint(0, \(classes), [\(batch)])", "weights = randn(\(batch), \(classes))",
            // Norms begin with 1 and 0, means and variances too: numbers like those hide mistakes.
            "no_grad { for p in net.parameters() { p += 0.1 * randn_like(p) } }",
        ]
        // One value a channel is an error in training.
        if batch > 1 { lines.append("net.train(); no_grad { net(x) }; held = []; seen = []") }
        let setup = lines
        lines = isWhole ? [] : ["x.requires_grad = true"]
        lines += ["manual_seed(12)", trains && batch > 1 ? "net.train()" : "net.eval()"]
        let chosen = paths.filter { _ in random.chance(25) }.prefix(4).map { random.chance(25) ? $0 + "@input" : $0 }
        for step in steps { lines += statements(of: step, Array(chosen), isWhole: isWhole, using: &random) }
        lines.append("for i, h in enumerate(held) { keep(f\"held {i}\", h) }")
        lines.append("for i, s in enumerate(seen) { keep(f\"seen {i}\", tensor(s)) }")
        return (setup, lines)
    }

    static let prelude = [
        "results = {}", "held = []", "seen = []",
        "fn keep(name, x) { results[name] = x.detach().clone() }",
    ]

    private func statements(
        of step: Step, _ paths: [String], isWhole: Bool, using random: inout SeededGenerator
    ) -> [String] {
        switch step {
        case .features:
            let list = (paths.isEmpty ? [""] : paths).map { "\"\($0)\"" }.joined(separator: ", ")
            return ["f = features(net, [\(list)], x)", "for k in f.keys() { keep(\"feature \" + k, f[k]) }"]
        case .pass:
            return [
                "net.zero_grad(); out = net(x); keep(\"out\", out); loss = \(loss); keep(\"loss\", loss); loss.backward()",
                "for n, p in net.named_parameters().items() { if p.grad != none { keep(\"gradient \" + n, p.grad) } }",
            ] + (isWhole ? [] : ["keep(\"gradient of x\", x.grad)"])
        case .optimize:
            return [
                "opt = \(optimizer)",
                // A training that runs away leaves nothing that two ways could agree on.
                "for i in range(3) { opt.zero_grad(); out = net(x); loss = \(loss); loss.backward(); clip_grad_norm(net.parameters(), 10.0); opt.step() }",
                "for n, t in net.state_dict().items() { keep(\"weight \" + n, t) }",
            ]
        case .quiet: return ["no_grad { keep(\"quiet\", net(x)) }"]
        case .predict:
            // The second time a plan is made, the third it runs; then weights, buffers and modes change under it.
            let written =
                random.chance(50)
                ? "s = net.state_dict(); for k in s.keys() { if s[k].dtype != \"int64\" { s[k] = s[k] + 0.1 * s[k].abs() } }; net.load_state_dict(s)"
                : "for p in net.parameters() { p -= 0.1 * p }"
            return [
                "data = TensorDataset(x.detach(), y)",
                "for i in range(4) { keep(f\"predicted {i}\", predict(net, data)) }", "no_grad { \(written) }",
                "for i in range(2) { keep(f\"predicted again {i}\", predict(net, data)) }",
            ]
        case .copy: return ["other = net.copy(); other.eval(); keep(\"copy\", other(x)); net(x)"]
        case .save:
            return [
                "other = net.copy(); no_grad { for p in other.parameters() { p *= 0 } }",
                "other.load_state_dict(net.state_dict()); keep(\"loaded\", other(x))",
            ]
        case .distill:
            let path = paths.first ?? "output"
            let pair = "\"\(path)\" -> \"\(path)\""
            return [
                "teacher = net.copy(); no_grad { for p in teacher.parameters() { p += 0.1 * p.abs() } }",
                "run = distill(teacher -> net, TensorDataset(x.detach(), y), "
                    + "loss=\(objective.split(separator: "PAIR", omittingEmptySubsequences: false).joined(separator: pair)), "
                    + "epochs=2, batch_size=\(Swift.max(1, batch)), optimizer=SGD(lr=0.001), cache=\"\(cache)\"\(isClipped ? ", clip_grad_norm=10.0" : ""))",
                // A teacher whose values are kept runs less often, and is seen less often.
                "held = []; seen = []", "keep(\"run\", tensor(run.loss))",
                "for n, t in net.state_dict().items() { keep(\"distilled \" + n, t) }",
            ]
        }
    }
}
