import Learning
import Runtime
import Tensors

/// Which side's fan a variance is kept for.
enum FanMode: String, StringOption {
    case fanIn = "fan_in"
    case fanOut = "fan_out"
}

/// The function behind a layer, for the gain that its weights need.
enum InitializationNonlinearity: String, StringOption {
    case leakyReLU = "leaky_relu"
    case relu
    case linear
}

extension Library {
    /// How weights are drawn, as in `torch.nn.init`.
    func addInitializers() {
        addXavier(
            "xavier_uniform", "uniformly", formula: "±gain · √(6 / (fan_in + fan_out))",
            range: "x = zeros(50, 50); xavier_uniform(x); x.max().item() < 0.245"
        ) { .xavierUniform(gain: $0) }
        addXavier(
            "xavier_normal", "normally", formula: "std = gain · √(2 / (fan_in + fan_out))",
            range: "x = zeros(100, 100); xavier_normal(x); allclose(x.std(), tensor(0.1), atol=0.01)"
        ) { .xavierNormal(gain: $0) }
        addKaiming(
            "kaiming_uniform", "uniformly", formula: "±√(6 / ((1 + a²) fan))",
            range: "x = zeros(50, 24); kaiming_uniform(x); x.max().item() <= 0.5"
        ) { .kaimingUniform(a: $0, fanOut: $1) }
        addKaiming(
            "kaiming_normal", "normally", formula: "std = √(2 / ((1 + a²) fan))",
            range: "x = zeros(50, 200); kaiming_normal(x); allclose(x.std(), tensor(0.1), atol=0.01)"
        ) { .kaimingNormal(a: $0, fanOut: $1) }
    }

    private func addXavier(
        _ name: String, _ how: String, formula: String, range: String,
        _ initializer: @escaping (_ gain: Double) -> Initializer
    ) {
        add(
            Builtin(
                name, .networks, "Draws weights anew, \(how), by Xavier's rule (Glorot and Bengio, 2010).",
                formula: formula,
                Parameter<Tensor>("tensor", "a tensor [out, in, ...] that is filled in place"),
                Parameter<Double>("gain", "a factor", default: 1), returns: "the tensor",
                notes: ["The numbers come from the stream for initialisation; manual_seed sets it."],
                pytorch: .differs("torch.nn.init.\(name)_", "no underscore at the end"), seeAlso: ["manual_seed"],
                examples: [Example(range, "true")]
            ) { (tensor: Tensor, gain: Double) in
                try initializer(gain).fill(tensor)
                return tensor
            })
    }

    private func addKaiming(
        _ name: String, _ how: String, formula: String, range: String,
        _ initializer: @escaping (_ a: Double, _ fanOut: Bool) -> Initializer
    ) {
        add(
            Builtin(
                name, .networks, "Draws weights anew, \(how), by Kaiming He's rule (He et al., 2015).",
                formula: formula,
                Parameter<Tensor>("tensor", "a tensor [out, in, ...] that is filled in place"),
                Parameter<Double>("a", "the slope below 0 of a leaky_relu behind the layer", default: 0),
                Parameter<FanMode>("mode", "which fan the variance is kept for", default: .fanIn),
                Parameter<InitializationNonlinearity>(
                    "nonlinearity", "the function behind the layer", default: .leakyReLU),
                returns: "the tensor",
                notes: ["\"relu\" is a slope of 0, \"linear\" a gain of 1, whatever a is."],
                pytorch: .differs("torch.nn.init.\(name)_", "no underscore at the end; three nonlinearities"),
                seeAlso: ["manual_seed"], examples: [Example(range, "true")]
            ) { (tensor: Tensor, a: Double, mode: FanMode, nonlinearity: InitializationNonlinearity) in
                let slope: Double =
                    switch nonlinearity {
                    case .leakyReLU: a
                    case .relu: 0
                    case .linear: 1
                    }
                try initializer(slope, mode == .fanOut).fill(tensor)
                return tensor
            })
    }
}
