import Learning
import Runtime
import Tensors

extension RNN.Function: StringOption {}

/// What all recurrent layers are given.
private struct RecurrentArguments {
    let inputs = Parameter<Int>("input_size", "the number of input features")
    let hidden = Parameter<Int>("hidden_size", "the number of hidden features")
    let layers = Parameter<Int>("num_layers", "how many layers, each on the one before", default: 1)
    let bias = Parameter<Bool>("bias", "whether the layers have a bias", default: true)
    let batchFirst = Parameter<Bool>(
        "batch_first", "whether sequences are [N, T, features] rather than [T, N, features]", default: false)
    let dropout = Parameter<Double>(
        "dropout", "the probability of zeroing what goes from layer to layer in training", default: 0)
    let bidirectional = Parameter<Bool>("bidirectional", "whether each layer also runs backwards", default: false)

    /// In the order of `torch.nn`, those of one layer's own behind the number of layers.
    func descriptions(with own: [ParameterDescription] = []) -> [ParameterDescription] {
        [inputs.description, hidden.description, layers.description] + own + [
            bias.description, batchFirst.description, dropout.description, bidirectional.description,
        ]
    }

    func options(of call: Call) throws -> Recurrent.Options {
        var choice = Recurrent.Options()
        choice.layers = try call[layers]
        choice.bias = try call[bias]
        choice.batchFirst = try call[batchFirst]
        choice.dropout = try call[dropout]
        choice.bidirectional = try call[bidirectional]
        return choice
    }
}

extension Library {
    /// Layers that go through a sequence step by step, with a state.
    func addRecurrentLayers() {
        addLSTM()
        addRecurrent(
            GRU.self, "GRU", "A gated recurrent unit over sequences (Cho et al., 2014).",
            formula:
                "r, z = σ(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh); n = tanh(x W_inᵀ + b_in + r · (h W_hnᵀ + b_hn)); h' = (1 − z) n + z h"
        ) { _, inputs, hidden, choice in try GRU(inputs, hidden, choice) }
        let function = Parameter<RNN.Function>("nonlinearity", "the function of a step", default: .tanh)
        addRecurrent(
            RNN.self, "RNN", "A simple recurrent layer over sequences (Elman, 1990).",
            formula: "h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh)", own: [function.description]
        ) { call, inputs, hidden, choice in try RNN(inputs, hidden, function: call[function], choice) }
    }

    /// A layer whose state is one tensor.
    private func addRecurrent<Layer: Recurrent>(
        _ type: Layer.Type, _ name: String, _ summary: String, formula: String, own: [ParameterDescription] = [],
        _ make: @escaping (Call, Int, Int, Recurrent.Options) throws -> Layer
    ) {
        add(ModuleType(type, named: name, builtByCall: true))
        let arguments = RecurrentArguments()
        add(
            Builtin(
                name, .networks, summary, formula: formula,
                parameters: arguments.descriptions(with: own),
                returns: "a module: output, state = layer(x)",
                notes: [
                    "All parameters are drawn uniformly from ±1/√hidden_size.",
                    "Inside a Sequential it passes on the output alone.",
                ],
                pytorch: .same("torch.nn.\(name)"), seeAlso: ["LSTM"],
                examples: [
                    Example(
                        "output, state = \(name)(4, 8, batch_first=true)(zeros(2, 5, 4)); [output.shape, state.shape]",
                        "[[2, 5, 8], [1, 2, 8]]")
                ]
            ) { call in
                try make(call, call[arguments.inputs], call[arguments.hidden], arguments.options(of: call))
            })
        add(
            Builtin(
                "forward", on: .moduleType(name), .networks,
                "The hidden states of a sequence; calling the layer does the same.",
                Parameter<Layer>("self", "the layer"),
                Parameter<Tensor>("input", "a tensor [T, N, input_size], or [N, T, input_size] with batch_first"),
                Parameter<Tensor?>.optional(
                    "hx", "the state to begin with [layers · directions, N, hidden_size]", defaultText: "zeros"),
                returns: "a list: the output [T, N, hidden · directions], and the last state of all layers",
                pytorch: .same("torch.nn.\(name).forward"), seeAlso: [name],
                examples: [
                    Example(
                        "layer = \(name)(4, 8); output, state = layer(zeros(5, 2, 4)); output, state = layer(zeros(1, 2, 4), state); output.shape",
                        "[1, 2, 8]")
                ]
            ) { (layer: Layer, x: Tensor, state: Tensor?) in
                let result = try layer.run(x, state: state)
                layer.notify(input: x, output: result.output)
                return Value.list([.tensor(result.output), .tensor(result.hidden)])
            })
    }

    private func addLSTM() {
        add(ModuleType(LSTM.self, named: "LSTM", builtByCall: true))
        let arguments = RecurrentArguments()
        add(
            Builtin(
                "LSTM", .networks, "Long short-term memory over sequences.",
                formula: "c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c'), [i f g o] = x W_ihᵀ + b_ih + h W_hhᵀ + b_hh",
                parameters: arguments.descriptions(),
                returns: "a module: output, state = lstm(x); hidden, cell = state",
                notes: [
                    "All parameters are drawn uniformly from ±1/√hidden_size.",
                    "Inside a Sequential it passes on the output alone.",
                ],
                pytorch: .differs("torch.nn.LSTM", "without proj_size"), seeAlso: ["TransformerEncoderLayer"],
                examples: [
                    Example(
                        "output, state = LSTM(4, 8, batch_first=true)(zeros(2, 5, 4)); hidden, cell = state; [output.shape, hidden.shape]",
                        "[[2, 5, 8], [1, 2, 8]]"),
                    Example("Sequential(LSTM(4, 8), Linear(8, 2))(zeros(5, 2, 4)).shape", "[5, 2, 2]"),
                ]
            ) { call in
                let choice = try arguments.options(of: call)
                return try LSTM(
                    call[arguments.inputs], call[arguments.hidden], layers: choice.layers, bias: choice.bias,
                    batchFirst: choice.batchFirst, dropout: choice.dropout, bidirectional: choice.bidirectional)
            })
        add(
            Builtin(
                "forward", on: .moduleType("LSTM"), .networks,
                "The hidden states of a sequence; calling the layer does the same.",
                Parameter<LSTM>("self", "the layer"),
                Parameter<Tensor>("input", "a tensor [T, N, input_size], or [N, T, input_size] with batch_first"),
                Parameter<[Tensor]?>.optional(
                    "hx", "hidden and cell state to begin with, both [layers · directions, N, hidden_size]",
                    defaultText: "zeros"),
                returns: "a list: the output [T, N, hidden · directions], and the last [hidden, cell] of all layers",
                pytorch: .same("torch.nn.LSTM.forward"), seeAlso: ["LSTM"],
                examples: [
                    Example(
                        "lstm = LSTM(4, 8); output, state = lstm(zeros(5, 2, 4)); output, state = lstm(zeros(1, 2, 4), state); output.shape",
                        "[1, 2, 8]")
                ]
            ) { (layer: LSTM, x: Tensor, state: [Tensor]?) in
                if let state, state.count != 2 {
                    throw Failure(
                        .value, "LSTM: hx must be [hidden, cell], given a list of \(state.count)",
                        help: ["output, state = lstm(x), then lstm(next, state)"], operands: [2: ""])
                }
                let result = try layer.run(x, state: state.map { ($0[0], $0[1]) })
                layer.notify(input: x, output: result.output)
                return Value.list([.tensor(result.output), .list([.tensor(result.hidden), .tensor(result.cell)])])
            })
    }
}
