import Fuzzing

/// A random network written with functions alone, in float32 or float64, with its gradients.
package struct FunctionProgram: PlainProgram {
    var pieces: [Piece]
    let input: Form
    let batch: Int
    let dtype: String
    let trains: Bool
    let quiet: Bool

    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        input =
            random.chance(75)
            ? .image(
                channels: random.pick([1, 2, 3, 8, 16]), height: random.number(1, 9), width: random.number(1, 9))
            : random.chance(50)
                ? .sequence(length: random.number(1, 6), features: random.pick([1, 4, 8]))
                : .vector(random.pick([1, 3, 16, 64]))
        let chain = Piece.chain(random.number(1, 8), after: input, depth: 1, using: &random)
        pieces = Self.flat(chain)
        batch = random.number(1, 4)
        dtype = random.chance(60) ? "float64" : "float32"
        trains = random.chance(60)
        quiet = random.chance(15)
    }

    /// Without what has no function: modules are opened, recurrent layers left out.
    private static func flat(_ pieces: [Piece]) -> [Piece] {
        pieces.flatMap { piece -> [Piece] in
            switch piece {
            case .own(let body, _): flat(body)
            case .residual(let body, let rectified, let look): [.residual(flat(body), rectified: rectified, look: look)]
            case .attention, .encoder, .lstm, .embedding: []
            default: [piece]
            }
        }
    }

    package var smaller: [FunctionProgram] {
        pieces.indices.compactMap { index in
            var less = self
            less.pieces.remove(at: index)
            return Piece.form(of: less.pieces, after: input) == nil ? nil : less
        }
    }

    package var parts: (setup: [String], work: [String]) {
        var writer = FunctionWriter(dtype: dtype, trains: trains && batch > 1)
        var form = input
        for piece in pieces {
            writer.write(piece, after: form)
            form = piece.form(after: form) ?? form
        }
        let sizes = ([batch] + input.sizes).map(String.init).joined(separator: ", ")
        var lines = NetworkProgram.prelude + ["manual_seed(21)", "x = randn(\(sizes), dtype=\"\(dtype)\")"]
        lines += writer.parameters
        lines.append("all = [" + writer.names.joined(separator: ", ") + "]")
        let setup = lines
        lines = ["for p in all + [x] { p.requires_grad = true }", "manual_seed(22)"]
        lines.append("fn net(h) {\n    " + (writer.steps + ["return h"]).joined(separator: "\n    ") + "\n}")
        if quiet { lines.append("no_grad { keep(\"quiet\", net(x)) }") }
        lines += [
            "out = net(x); keep(\"out\", out)", "mean(out * cos(out.detach() + 1)).backward()",
            "for i, p in enumerate(all) { if p.grad != none { keep(f\"gradient {i}\", p.grad) } }",
            "keep(\"gradient of x\", x.grad)", "for i, h in enumerate(held) { keep(f\"held {i}\", h) }",
            "for i, s in enumerate(seen) { keep(f\"seen {i}\", tensor(s)) }",
        ]
        return (setup, lines)
    }
}

/// Writes pieces as calls of functions on tensors that stand in variables.
struct FunctionWriter {
    let dtype: String
    let trains: Bool
    private(set) var parameters: [String] = []
    private(set) var names: [String] = []
    private(set) var steps: [String] = []

    init(dtype: String, trains: Bool) { (self.dtype, self.trains) = (dtype, trains) }

    private mutating func parameter(_ sizes: [Int], scale: Double, offset: Double = 0) -> String {
        let name = "p\(names.count)"
        let list = sizes.map(String.init).joined(separator: ", ")
        parameters.append("\(name) = randn(\(list), dtype=\"\(dtype)\") * \(scale) + \(offset)")
        names.append(name)
        return name
    }

    mutating func write(_ piece: Piece, after form: Form) {
        let channels = form.sizes.first ?? 1, features = form.sizes.last ?? 1
        switch piece {
        case .convolution(let out, let kernel, let width, let stride, let padding, let dilation, let groups, let bias):
            let scale = 1 / Double(channels / groups * kernel * width).squareRoot()
            let weight = parameter([out, channels / groups, kernel, width], scale: scale)
            let offset = bias ? parameter([out], scale: 0.1) : "none"
            steps.append(
                "h = conv2d(h, \(weight), \(offset), stride=\(stride), padding=\(padding), dilation=\(dilation), "
                    + "groups=\(groups))")
        case .transposed(let out, let kernel, let stride, let padding, let groups, let bias):
            let weight = parameter([channels, out / groups, kernel, kernel], scale: 0.3)
            let offset = bias ? parameter([out], scale: 0.1) : "none"
            steps.append(
                "h = conv_transpose2d(h, \(weight), \(offset), stride=\(stride), padding=\(padding), groups=\(groups))")
        case .batchNorm(let affine):
            let weight = affine ? parameter([channels], scale: 0.1, offset: 1) : "none"
            let bias = affine ? parameter([channels], scale: 0.1) : "none"
            let mean = "s\(names.count)m\(parameters.count)", variance = "s\(names.count)v\(parameters.count)"
            parameters.append("\(mean) = 0.1 * randn(\(channels), dtype=\"\(dtype)\")")
            parameters.append("\(variance) = 0.5 + rand(\(channels), dtype=\"\(dtype)\")")
            steps.append("h = batch_norm(h, \(mean), \(variance), \(weight), \(bias), training=\(trains))")
        case .groupNorm(let groups):
            let weight = parameter([channels], scale: 0.1, offset: 1), bias = parameter([channels], scale: 0.1)
            steps.append("h = group_norm(h, \(groups), \(weight), \(bias))")
        case .layerNorm:
            let weight = parameter([features], scale: 0.1, offset: 1), bias = parameter([features], scale: 0.1)
            steps.append("h = layer_norm(h, [\(features)], \(weight), \(bias))")
        case .activation(let activation): steps.append("h = \(activation.function)")
        case .dropout(let p): steps.append("h = dropout(h, \(p), training=\(trains))")
        case .maxPool(let kernel, let stride, let padding, let dilation):
            steps.append("h = max_pool2d(h, \(kernel), stride=\(stride), padding=\(padding), dilation=\(dilation))")
        case .averagePool(let kernel, let stride, let padding, let counted):
            steps.append(
                "h = avg_pool2d(h, \(kernel), stride=\(stride), padding=\(padding), count_include_pad=\(counted))")
        case .adaptivePool(let size): steps.append("h = adaptive_avg_pool2d(h, \(size))")
        case .function(let function): steps.append("h = \(function.rawValue)")
        case .flatten: steps.append("h = flatten(h, 1)")
        case .linear(let out, let bias):
            let weight = parameter([out, features], scale: 1 / Double(features).squareRoot())
            steps.append("h = linear(h, \(weight), \(bias ? parameter([out], scale: 0.1) : "none"))")
        case .residual(let body, let rectified, let look):
            let x = "x\(steps.count)"
            steps.append("\(x) = h")
            var inner = form
            for piece in body {
                write(piece, after: inner)
                inner = piece.form(after: inner) ?? inner
            }
            let sum = rectified ? "relu(h + \(x))" : "h + \(x)"
            steps += ["r = \(sum)"] + look.statements(of: "h") + ["h = r"]
        case .own, .attention, .encoder, .lstm, .embedding: break
        }
    }
}
