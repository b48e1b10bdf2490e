import Fuzzing

/// Three steps of an optimizer on given gradients, in float32 or float64.
package struct UpdateProgram: PlainProgram {
    let optimizer: String
    let count: Int
    let dtype: String
    let start: Int

    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let lr = random.pick([0.001, 0.05, 1]), decay = random.pick([0, 0.01])
        let eps = random.pick(["1e-8", "1e-3"])
        let shared = "lr=\(lr), weight_decay=\(decay)"
        optimizer = random.pick([
            "SGD([p], \(shared))", "SGD([p], \(shared), momentum=0.9)",
            "SGD([p], \(shared), momentum=0.5, dampening=0.3)",
            "SGD([p], \(shared), momentum=0.9, nesterov=true)", "Adam([p], \(shared), eps=\(eps))",
            "Adam([p], \(shared), eps=\(eps), amsgrad=true)", "Adam([p], \(shared), betas=[0.5, 0.9])",
            "AdamW([p], \(shared), eps=\(eps))", "RMSprop([p], \(shared), eps=\(eps))",
            "RMSprop([p], \(shared), momentum=0.9)", "RMSprop([p], \(shared), centered=true, eps=1e-3)",
            "Adagrad([p], \(shared), eps=\(eps), lr_decay=0.1)", "NAdam([p], \(shared), eps=\(eps))",
            "RAdam([p], \(shared), eps=\(eps))", "Adadelta([p], \(shared), eps=1e-3)",
        ])
        count = random.pick([1, 5, 17, 100, 40_000])
        dtype = random.chance(50) ? "float32" : "float64"
        start = random.number(0, 1)
    }

    package var smaller: [UpdateProgram] { [] }

    /// Updates go by elements: they agree to rounding.
    package var tolerance: Double { 2e-6 }

    package var parts: (setup: [String], work: [String]) {
        let sizes = "\(count), dtype=\"\(dtype)\""
        // From 0 the steps are all there is.
        let setup =
            NetworkProgram.prelude + [
                "manual_seed(41)", "p = \(start) * randn(\(sizes))",
                "g = [randn(\(sizes)) * 10 ** (6 * rand(\(sizes)) - 5) for i in range(3)]",
            ]
        let work = [
            "p.requires_grad = true", "opt = \(optimizer)",
            "for i in range(3) { opt.zero_grad(); sum(p * g[i]).backward(); opt.step(); keep(f\"step {i}\", p) }",
        ]
        return (setup, work)
    }
}
