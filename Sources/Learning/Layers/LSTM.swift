import Tensors

/// Long short-term memory (Hochreiter and Schmidhuber, 1997) over sequences [T, N, inputs], in several layers and both
/// directions if asked. All parameters are drawn uniformly from ±1/√hidden.
public final class LSTM: Module, ClosedModule {
    /// The number of input features.
    public let inputs: Int
    /// The number of hidden features.
    public let hidden: Int
    /// The number of layers, each on the one before.
    public let layers: Int
    /// Whether inputs are [N, T, features].
    public let batchFirst: Bool
    /// The probability of zeroing what goes from layer to layer in training.
    public let dropout: Double
    /// Whether each layer also runs backwards.
    public let bidirectional: Bool
    private let hasBias: Bool

    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes that make no layer.
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false, dropout: Double = 0,
        bidirectional: Bool = false
    ) throws {
        guard inputs > 0, hidden > 0, 1...1024 ~= layers, inputs <= 1 << 24, hidden <= 1 << 24 else {
            throw ModuleError.argument(
                layer: "LSTM",
                problem: "sizes must be at least 1 and at most 16777216, num_layers at most 1024, given \(inputs), "
                    + "\(hidden), num_layers=\(layers)")
        }
        guard dropout >= 0, dropout <= 1 else {
            throw ModuleError.argument(layer: "LSTM", problem: "dropout must lie in 0…1, given \(dropout)")
        }
        (self.inputs, self.hidden, self.layers) = (inputs, hidden, layers)
        (self.batchFirst, self.dropout, self.bidirectional, hasBias) = (batchFirst, dropout, bidirectional, bias)
        super.init()
        let bound = 1 / Double(hidden).squareRoot()
        for layer in 0..<layers {
            for suffix in suffixes(layer) {
                let width = layer == 0 ? inputs : hidden * (bidirectional ? 2 : 1)
                register(parameter: try .initialized([4 * hidden, width], bound: bound), as: "weight_ih" + suffix)
                register(parameter: try .initialized([4 * hidden, hidden], bound: bound), as: "weight_hh" + suffix)
                guard bias else { continue }
                register(parameter: try .initialized([4 * hidden], bound: bound), as: "bias_ih" + suffix)
                register(parameter: try .initialized([4 * hidden], bound: bound), as: "bias_hh" + suffix)
            }
        }
    }

    private func suffixes(_ layer: Int) -> [String] {
        bidirectional ? ["_l\(layer)", "_l\(layer)_reverse"] : ["_l\(layer)"]
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        "\(inputs), \(hidden)" + (layers == 1 ? "" : ", num_layers=\(layers)") + (hasBias ? "" : ", bias=false")
            + (batchFirst ? ", batch_first=true" : "") + (dropout == 0 ? "" : ", dropout=\(dropout)")
            + (bidirectional ? ", bidirectional=true" : "")
    }

    /// The hidden states of the last layer, [T, N, hidden] (twice as wide in both directions).
    public override func forward(_ x: Tensor) throws -> Tensor { try run(x).output }

    /// The hidden states of the last layer, and the last hidden and cell states of all layers [layers · directions, N, hidden].
    ///
    /// - Parameters:
    ///   - x: [T, N, inputs], or [N, T, inputs] if batch first.
    ///   - state: Hidden and cell states to begin with; zeros unless given.
    /// - Throws: shape and dtype errors.
    public func run(
        _ x: Tensor, state: (hidden: Tensor, cell: Tensor)? = nil
    ) throws -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        guard x.rank == 3, x.shape[2] == inputs else {
            throw ModuleError.input(
                layer: "LSTM",
                problem: "expected \(batchFirst ? "[N, T, \(inputs)]" : "[T, N, \(inputs)]"), given \(x.shape)",
                help: nil)
        }
        var sequence = batchFirst ? try x.transpose(0, 1) : x
        let n = sequence.shape[1], directions = bidirectional ? 2 : 1
        if let state {
            for part in [state.hidden, state.cell] where !(part.shape == [layers * directions, n, hidden]) {
                throw ModuleError.input(
                    layer: "LSTM",
                    problem: "expected states [\(layers * directions), \(n), \(hidden)], given \(part.shape)", help: nil
                )
            }
        }
        var hiddens: [Tensor] = [], cells: [Tensor] = []
        for layer in 0..<layers {
            var outputs: [Tensor] = []
            for (direction, suffix) in suffixes(layer).enumerated() {
                let index = layer * directions + direction
                let zeros = state == nil ? try Tensor.zeros([n, hidden], dtype: x.dtype) : nil
                guard let h = try zeros ?? state?.hidden.select(dim: 0, index: index),
                    let c = try zeros ?? state?.cell.select(dim: 0, index: index),
                    let inputWeight = ownParameters["weight_ih" + suffix],
                    let hiddenWeight = ownParameters["weight_hh" + suffix]
                else { throw ModuleError.noForward(module: typeName) }
                let result = try sequence.lstm(
                    hidden: h, cell: c, inputWeight: inputWeight, hiddenWeight: hiddenWeight,
                    inputBias: ownParameters["bias_ih" + suffix], hiddenBias: ownParameters["bias_hh" + suffix],
                    reverse: direction == 1)
                outputs.append(result.output)
                hiddens.append(result.hidden)
                cells.append(result.cell)
            }
            sequence = outputs.count == 1 ? outputs[0] : try Tensor.cat(outputs, dim: -1)
            if isTraining, dropout > 0, layer + 1 < layers { sequence = try sequence.dropout(p: dropout) }
        }
        let output = batchFirst ? try sequence.transpose(0, 1) : sequence
        return (output, try Tensor.stack(hiddens), try Tensor.stack(cells))
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        let copy = try LSTM(
            inputs, hidden, layers: layers, bias: hasBias, batchFirst: batchFirst, dropout: dropout,
            bidirectional: bidirectional)
        for (name, parameter) in ownParameters { copy.register(parameter: try copies.tensor(parameter), as: name) }
        return copy
    }
}
