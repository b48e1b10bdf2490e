import Tensors

/// A layer that goes through sequences [T, N, inputs] with one state h, in several layers and both directions if asked:
/// ``GRU`` and ``RNN`` say what a step is. All parameters are drawn uniformly from ±1/√hidden.
public class Recurrent: Module, ClosedModule {
    /// What the layers of a kind have in common.
    public struct Options: Sendable, Equatable {
        /// The number of layers, each on the one before.
        public var layers = 1
        /// Whether the layers have a bias.
        public var bias = true
        /// Whether inputs are [N, T, features].
        public var batchFirst = false
        /// The probability of zeroing what goes from layer to layer in training.
        public var dropout = 0.0
        /// Whether each layer also runs backwards.
        public var bidirectional = false

        /// One layer forwards.
        public init() {}
    }

    /// The number of input features.
    public let inputs: Int
    /// The number of hidden features.
    public let hidden: Int
    /// Layers, directions and layout.
    public let choice: Options

    /// A layer with newly drawn parameters.
    fileprivate init(_ inputs: Int, _ hidden: Int, gates: Int, _ choice: Options) throws {
        (self.inputs, self.hidden, self.choice) = (inputs, hidden, choice)
        super.init()
        guard inputs > 0, hidden > 0, 1...1024 ~= choice.layers, inputs <= 1 << 24, hidden <= 1 << 24 else {
            throw ModuleError.argument(
                layer: typeName,
                problem: "sizes must be at least 1 and at most 16777216, num_layers at most 1024, given \(inputs), "
                    + "\(hidden), num_layers=\(choice.layers)")
        }
        guard choice.dropout >= 0, choice.dropout <= 1 else {
            throw ModuleError.argument(layer: typeName, problem: "dropout must lie in 0…1, given \(choice.dropout)")
        }
        let bound = 1 / Double(hidden).squareRoot()
        for layer in 0..<choice.layers {
            let width = layer == 0 ? inputs : hidden * (choice.bidirectional ? 2 : 1)
            for suffix in suffixes(layer) {
                let rows = gates * hidden
                register(parameter: try .initialized([rows, width], bound: bound), as: "weight_ih" + suffix)
                register(parameter: try .initialized([rows, hidden], bound: bound), as: "weight_hh" + suffix)
                guard choice.bias else { continue }
                register(parameter: try .initialized([rows], bound: bound), as: "bias_ih" + suffix)
                register(parameter: try .initialized([rows], bound: bound), as: "bias_hh" + suffix)
            }
        }
    }

    private func suffixes(_ layer: Int) -> [String] {
        choice.bidirectional ? ["_l\(layer)", "_l\(layer)_reverse"] : ["_l\(layer)"]
    }

    /// The new state from what input and state contribute, x W_ihᵀ + b_ih and h W_hhᵀ + b_hh, and the state before.
    fileprivate func step(_ input: Tensor, _ recurrent: Tensor, _ h: Tensor) throws -> Tensor { h }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        "\(inputs), \(hidden)" + (choice.layers == 1 ? "" : ", num_layers=\(choice.layers)")
            + (choice.bias ? "" : ", bias=false") + (choice.batchFirst ? ", batch_first=true" : "")
            + (choice.dropout == 0 ? "" : ", dropout=\(choice.dropout)")
            + (choice.bidirectional ? ", bidirectional=true" : "")
    }

    /// The hidden states of the last layer, [T, N, hidden] (twice as wide in both directions).
    public override func forward(_ x: Tensor) throws -> Tensor { try run(x).output }

    /// The hidden states of the last layer, and the last states of all layers [layers · directions, N, hidden].
    ///
    /// - Parameters:
    ///   - x: [T, N, inputs], or [N, T, inputs] if batch first.
    ///   - state: The states to begin with; zeros unless given.
    /// - Throws: shape and dtype errors.
    public func run(_ x: Tensor, state: Tensor? = nil) throws -> (output: Tensor, hidden: Tensor) {
        guard x.rank == 3, x.shape[2] == inputs, x.shape[choice.batchFirst ? 1 : 0] > 0 else {
            throw ModuleError.input(
                layer: typeName,
                problem:
                    "expected \(choice.batchFirst ? "[N, T, \(inputs)]" : "[T, N, \(inputs)]") of at least one step, "
                    + "given \(x.shape)", help: nil)
        }
        var sequence = choice.batchFirst ? try x.transpose(0, 1) : x
        let n = sequence.shape[1], directions = choice.bidirectional ? 2 : 1
        if let state, !(state.shape == [choice.layers * directions, n, hidden]) {
            throw ModuleError.input(
                layer: typeName,
                problem: "expected a state [\(choice.layers * directions), \(n), \(hidden)], given \(state.shape)",
                help: nil)
        }
        var last: [Tensor] = []
        for layer in 0..<choice.layers {
            var outputs: [Tensor] = []
            for (direction, suffix) in suffixes(layer).enumerated() {
                let first =
                    try state?.select(dim: 0, index: layer * directions + direction)
                    ?? Tensor.zeros([n, hidden], dtype: x.dtype)
                let states = try unrolled(sequence, from: first, suffix, backwards: direction == 1)
                last.append(direction == 1 ? states[0] : states[states.count - 1])
                outputs.append(try Tensor.stack(states))
            }
            sequence = outputs.count == 1 ? outputs[0] : try Tensor.cat(outputs, dim: -1)
            if isTraining, choice.dropout > 0, layer + 1 < choice.layers {
                sequence = try sequence.dropout(p: choice.dropout)
            }
        }
        return (choice.batchFirst ? try sequence.transpose(0, 1) : sequence, try Tensor.stack(last))
    }

    /// The states after every step, in the order of the sequence.
    private func unrolled(_ x: Tensor, from first: Tensor, _ suffix: String, backwards: Bool) throws -> [Tensor] {
        guard let inputWeight = ownParameters["weight_ih" + suffix],
            let hiddenWeight = ownParameters["weight_hh" + suffix]
        else { throw ModuleError.noForward(module: typeName) }
        let hiddenBias = ownParameters["bias_hh" + suffix]
        return try Unrolling.run(
            x, inputWeight, bias: ownParameters["bias_ih" + suffix], from: [first], backwards: backwards
        ) { input, state in [try step(input, state[0].linear(hiddenWeight, bias: hiddenBias), state[0])] }.shown
    }

    fileprivate func copyParameters(to copy: Recurrent, _ copies: ModuleCopies) throws -> Module {
        for (name, parameter) in ownParameters { copy.register(parameter: try copies.tensor(parameter), as: name) }
        return copy
    }
}

/// A gated recurrent unit (Cho et al., 2014): r, z = σ(…), n = tanh(x W_in + b_in + r · (h W_hn + b_hn)),
/// h' = (1 − z) · n + z · h.
public final class GRU: Recurrent {
    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes that make no layer.
    public init(_ inputs: Int, _ hidden: Int, _ choice: Options = Options()) throws {
        try super.init(inputs, hidden, gates: 3, choice)
    }

    fileprivate override func step(_ input: Tensor, _ recurrent: Tensor, _ h: Tensor) throws -> Tensor {
        let x = try input.chunk(3, dim: -1), y = try recurrent.chunk(3, dim: -1)
        return try Unrolling.gated(reset: x[0] + y[0], keep: x[1] + y[1], h) { try x[2] + $0 * y[2] }
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try copyParameters(to: GRU(inputs, hidden, choice), copies)
    }
}

/// A simple recurrent layer (Elman, 1990): h' = f(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh).
public final class RNN: Recurrent {
    /// The function of a step.
    public enum Function: String, Sendable, CaseIterable {
        /// tanh x
        case tanh
        /// max(x, 0)
        case relu
    }

    /// The function of a step.
    public let function: Function

    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes that make no layer.
    public init(_ inputs: Int, _ hidden: Int, function: Function = .tanh, _ choice: Options = Options()) throws {
        self.function = function
        try super.init(inputs, hidden, gates: 1, choice)
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        super.options + (function == .tanh ? "" : ", nonlinearity=\"\(function.rawValue)\"")
    }

    fileprivate override func step(_ input: Tensor, _ recurrent: Tensor, _ h: Tensor) throws -> Tensor {
        let sum = try input + recurrent
        return function == .tanh ? try sum.tanh() : try sum.relu()
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try copyParameters(to: RNN(inputs, hidden, function: function, choice), copies)
    }
}
