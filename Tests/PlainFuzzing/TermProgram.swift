import Fuzzing

/// A loss on random logits or features with its gradient; some rows are what breaks careless formulas.
package struct TermProgram: PlainProgram {
    let term: String
    let isFeature: Bool
    let shape: [Int]
    package var oddities: [String]

    private static let logitTerms = [
        "hard()(s, y)", "hard(label_smoothing=0.1)(s, y)", "soft(T=1)(s, t)", "soft(T=4)(s, t)",
        "soft(T=2, standardize=true)(s, t)", "(0.9 * soft(T=4) + 0.1 * hard())(s, t, y)", "logit_mse()(s, t)",
        "dkd()(s, t, y)", "dist()(s, t)", "nkd()(s, t, y)", "wsld()(s, t, y)", "mlkd()(s, t)", "jsd(0)(s, t)",
        "jsd(0.3)(s, t)", "jsd(1)(s, t)", "label_swap()(s, t, y)", "label_smooth_teacher()(s, t, y)",
        "virtual_teacher()(s, y)", "cross_entropy(s, y)", "cross_entropy(s, y, label_smoothing=0.2)",
        "cross_entropy(s, y, reduction=\"sum\")", "nll_loss(log_softmax(s, dim=1), y)",
        "kl_div(log_softmax(s, dim=1), softmax(t, dim=1), reduction=\"batchmean\")", "mean(logsumexp(s, dim=1))",
        "mean(softmax(s, dim=0) * t)", "mean(log_softmax(s, dim=0) * softmax(t, dim=0))", "mse_loss(s, t)",
        "smooth_l1_loss(s, t)", "l1_loss(s, t)", "mean(logsumexp(s, dim=0))",
    ]
    private static let featureTerms = [
        "feature()", "feature(metric=\"l1\")", "feature(metric=\"cosine\")", "feature(metric=\"smooth_l1\")",
        "attention()", "attention(p=1)", "similarity()", "pkt()", "rkd()", "channel()", "channel(T=1)", "pearson()",
        "icc()", "nst()", "boundary()",
    ]
    /// What is done to a row of student or teacher.
    private static let logitOddities = [
        "s[0] = 2.0", "t[0] = 2.0", "s[-1] = 10000 + s[-1]", "t[-1] = t[-1] - 5000", "t[0, 0] = -inf", "s[0, 0] = nan",
        "t[-1, -1] = nan", "t[0, 0] = inf", "s[-1, -1] = -inf", "s[0, -1] = inf", "t[0] = -inf", "s[0] = t[0]",
        "t[0, 0] = 300.0", "s[-1, 0] = -300.0",
    ]
    private static let featureOddities = [
        "s[0] = 0.0", "t[0] = 0.0", "s[0] = t[0]", "s[-1] = 3.0", "s.flatten()[0] = nan", "t[0] = 1000 * t[0]",
    ]

    /// Every term by itself, on the shapes that are at the edge of what it can do.
    package static var all: [TermProgram] {
        let shapes = [[4, 10], [1, 10], [5, 1], [3, 2], [2, 1100]]
        return logitTerms.flatMap { term in
            shapes.map { TermProgram(term: term, isFeature: false, shape: $0, oddities: []) }
                + logitOddities.map { TermProgram(term: term, isFeature: false, shape: [3, 4], oddities: [$0]) }
        }
            + featureTerms.flatMap { term in
                [[3, 4, 2, 3], [1, 2, 2, 2], [4, 5]].map {
                    TermProgram(term: term + "(s, t)", isFeature: true, shape: $0, oddities: [])
                }
            }
    }

    private init(term: String, isFeature: Bool, shape: [Int], oddities: [String]) {
        (self.term, self.isFeature, self.shape, self.oddities) = (term, isFeature, shape, oddities)
    }

    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        isFeature = random.chance(35)
        if isFeature {
            shape =
                random.chance(60)
                ? [random.number(1, 5), random.number(1, 4), random.number(1, 4), random.number(1, 4)]
                : [random.number(1, 5), random.pick([1, 2, 8, 17])]
            term = random.pick(Self.featureTerms) + "(s, t)"
        } else {
            shape = [random.pick([1, 2, 3, 8, 70]), random.pick([1, 2, 3, 10, 70, 1100])]
            term = random.pick(Self.logitTerms)
        }
        let all = isFeature ? Self.featureOddities : Self.logitOddities
        oddities = random.chance(50) ? [] : all.filter { _ in random.chance(12) }
    }

    package var smaller: [TermProgram] {
        oddities.indices.map { index in
            var less = self
            less.oddities.remove(at: index)
            return less
        }
    }

    package var parts: (setup: [String], work: [String]) {
        let sizes = shape.map(String.init).joined(separator: ", ")
        var lines = NetworkProgram.prelude
        lines += ["manual_seed(31)", "s = 3 * randn(\(sizes)); t = 3 * randn(\(sizes))"]
        lines.append("y = randint(0, \(shape[1]), [\(shape[0])])")
        lines += oddities
        let work = [
            "s.requires_grad = true", "loss = \(term); keep(\"loss\", loss)", "loss.backward()",
            "keep(\"gradient\", s.grad)",
        ]
        return (lines, work)
    }
}
