/// Writes pieces as modules of the language: constructors, and definitions of the modules that are one's own.
struct ModuleWriter {
    private(set) var definitions: [String] = []

    /// The constructor of a network that is a `Sequential` or a module of one's own.
    mutating func network(_ pieces: [Piece], after form: Form, own: Bool) -> (text: String, paths: [String]) {
        own ? ownModule(pieces, after: form, look: .never) : sequential(pieces, after: form)
    }

    private mutating func sequential(_ pieces: [Piece], after form: Form) -> (text: String, paths: [String]) {
        var texts: [String] = [], paths: [String] = [], form = form
        for (index, piece) in pieces.enumerated() {
            let (text, below) = constructor(piece, after: form)
            texts.append(text)
            paths += ["\(index)"] + below.map { "\(index).\($0)" }
            form = piece.form(after: form) ?? form
        }
        return ("Sequential(" + texts.joined(separator: ", ") + ")", paths)
    }

    private mutating func constructor(_ piece: Piece, after form: Form) -> (text: String, paths: [String]) {
        let channels = form.sizes.first ?? 1, features = form.sizes.last ?? 1
        func flag(_ on: Bool, _ text: String) -> String { on ? "" : ", " + text }
        let text: String
        switch piece {
        case .convolution(let out, let kernel, let width, let stride, let padding, let dilation, let groups, let bias):
            text =
                "Conv2d(\(channels), \(out), [\(kernel), \(width)], stride=\(stride), padding=\(padding), "
                + "dilation=\(dilation), groups=\(groups)\(flag(bias, "bias=false")))"
        case .transposed(let out, let kernel, let stride, let padding, let groups, let bias):
            text =
                "ConvTranspose2d(\(channels), \(out), \(kernel), stride=\(stride), padding=\(padding), "
                + "groups=\(groups)\(flag(bias, "bias=false")))"
        case .batchNorm(let affine):
            let name = form.sizes.count == 3 ? "BatchNorm2d" : "BatchNorm1d"
            text = "\(name)(\(channels)\(flag(affine, "affine=false")))"
        case .groupNorm(let groups): text = "GroupNorm(\(groups), \(channels))"
        case .layerNorm: text = "LayerNorm(\(features))"
        case .activation(let activation):
            text = activation.layer ?? define("", "return \(activation.function)")
        case .dropout(let p): text = "Dropout(\(p))"
        case .maxPool(let kernel, let stride, let padding, let dilation):
            text = "MaxPool2d(\(kernel), stride=\(stride), padding=\(padding), dilation=\(dilation))"
        case .averagePool(let kernel, let stride, let padding, let counted):
            text =
                "AvgPool2d(\(kernel), stride=\(stride), padding=\(padding)\(flag(counted, "count_include_pad=false")))"
        case .adaptivePool(let size): text = "AdaptiveAvgPool2d(\(size))"
        case .flatten: text = "Flatten()"
        case .linear(let out, let bias): text = "Linear(\(features), \(out)\(flag(bias, "bias=false")))"
        case .attention(let heads): text = "MultiheadAttention(\(features), \(heads), batch_first=true)"
        case .encoder(let heads, let first):
            text =
                "TransformerEncoderLayer(\(features), \(heads), dim_feedforward=8, dropout=0.1, batch_first=true, "
                + "norm_first=\(first))"
        case .lstm(let hidden, let both): text = "LSTM(\(features), \(hidden), batch_first=true, bidirectional=\(both))"
        case .embedding(let size):
            guard case .tokens(_, let vocabulary) = form else { return ("Identity()", []) }
            text = "Embedding(\(vocabulary), \(size))"
        case .function(let function): text = define("", "return \(function.rawValue)")
        case .residual(let body, let rectified, let look): return residual(body, after: form, rectified, look)
        case .own(let body, let look): return ownModule(body, after: form, look: look)
        }
        return (text, [])
    }

    /// A module whose `forward` gives what `body` makes of h.
    private mutating func define(_ fields: String, _ body: String) -> String {
        let name = "Own\(definitions.count)"
        definitions.append("module \(name)() {\n\(fields)    fn forward(h) {\n        \(body)\n    }\n}")
        return "\(name)()"
    }

    private mutating func fields(_ pieces: [Piece], after form: Form) -> (
        text: String, steps: [String], paths: [String]
    ) {
        var text = "", steps: [String] = [], paths: [String] = [], form = form
        for (index, piece) in pieces.enumerated() {
            // Functions need no module of their own inside one.
            if case .function(let function) = piece {
                steps.append("h = \(function.rawValue)")
            } else if case .activation(let activation) = piece, index % 2 == 1 {
                steps.append("h = \(activation.function)")
            } else {
                let (constructor, below) = constructor(piece, after: form)
                text += "    f\(index) = \(constructor)\n"
                paths += ["f\(index)"] + below.map { "f\(index).\($0)" }
                switch piece {
                case .attention: steps.append("h = f\(index)(h, h, h)[0]")
                case .lstm: steps.append("h = f\(index)(h)[0]")
                default: steps.append("h = f\(index)(h)")
                }
            }
            form = piece.form(after: form) ?? form
        }
        return (text, steps, paths)
    }

    private mutating func ownModule(_ pieces: [Piece], after form: Form, look: Piece.Look) -> (
        text: String, paths: [String]
    ) {
        var (text, steps, paths) = fields(pieces, after: form)
        if !steps.isEmpty { steps.insert(contentsOf: look.statements(of: "h"), at: steps.count / 2 + steps.count % 2) }
        steps.append("return h")
        return (define(text, steps.joined(separator: "\n        ")), paths)
    }

    private mutating func residual(_ pieces: [Piece], after form: Form, _ rectified: Bool, _ look: Piece.Look) -> (
        text: String, paths: [String]
    ) {
        var (text, steps, paths) = fields(pieces, after: form)
        if rectified, look == .never, case .batchNorm? = pieces.last {
            // As the ready networks write it: one pass for normalisation, sum and ReLU.
            text += "    last = ReLU()\n"
            paths.append("last")
            steps[steps.count - 1] = "return norm_relu(f\(pieces.count - 1), last, h, x)"
            return (define(text, (["x = h"] + steps).joined(separator: "\n        ")), paths)
        }
        let lines =
            ["x = h"] + steps + [rectified ? "r = relu(h + x)" : "r = h + x"] + look.statements(of: "h") + ["return r"]
        return (define(text, lines.joined(separator: "\n        ")), paths)
    }
}

extension Piece.Look {
    /// What stands in `forward` behind the value.
    func statements(of name: String) -> [String] {
        switch self {
        case .never: []
        case .read: ["seen.append(\(name).sum().item())"]
        case .hold: ["held.append(\(name))"]
        case .decide: ["if \(name).sum().item() > 1e30 { \(name) = \(name) * 0.5 }"]
        }
    }
}
