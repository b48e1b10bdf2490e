import Data
import Tensors

/// Turns the nodes of a model into layers: finds what is needed, computes what constants determine, gives weights to those who
/// use them first.
struct ONNXNetworkBuilder {
    let model: ONNXModel
    /// What goes in beside the initialisers.
    let inputs: [ONNXModel.Port]
    /// The result that is given.
    let output: String
    private(set) var steps: [(layer: ONNXLayer, inputs: [Int], outputs: [Int])] = []
    private(set) var constants: [Int: Tensor] = [:]
    private var numbers: [String: Int] = [:]
    private let stored: [String: Tensor]
    private var names: Set<String> = []
    private let weights: [String: Tensor]
    private var made: [String: Tensor] = [:]

    /// How many values there are.
    var count: Int { numbers.count }

    init(_ model: ONNXModel, weights: [String: Tensor]) {
        self.model = model
        self.weights = weights
        stored = Dictionary(model.initializers.map { ($0.name, $0.tensor) }) { first, _ in first }
        let initialized = Set(stored.keys)
        inputs = model.inputs.filter { !initialized.contains($0.name) }
        output = (model.outputs.first { $0.name == "logits" } ?? model.outputs.first)?.name ?? ""
    }

    /// The number of a value by name.
    mutating func number(of name: String) -> Int {
        if let number = numbers[name] { return number }
        numbers[name] = numbers.count
        return numbers.count - 1
    }

    /// - Throws: ``DataError/content(path:problem:help:)`` for what is not read.
    func check() throws {
        func refusal(_ problem: String, _ help: String? = nil) -> DataError {
            .content(path: model.path, problem: problem, help: help)
        }
        guard !inputs.isEmpty, !output.isEmpty else { throw refusal("the graph has no input or no output") }
        guard (7...ONNXOperator.newestOpset).contains(model.operatorSet) else {
            throw refusal(
                "the operators are of opset \(model.operatorSet), and 7 to \(ONNXOperator.newestOpset) are read")
        }
        let strange = model.nodes.filter { !$0.domain.isEmpty || ONNXOperator.all[$0.operation] == nil }
        guard let first = strange.first else { return }
        let place = first.name.isEmpty ? "" : " (node \"\(first.name)\")"
        var kinds: [String] = []
        for node in strange {
            let name = node.domain.isEmpty ? node.operation : node.domain + "." + node.operation
            if !kinds.contains(name) { kinds.append(name) }
        }
        throw refusal(
            "the operator \(kinds[0])\(place) is not read"
                + (kinds.count > 1 ? ", nor \(kinds.dropFirst().prefix(6).joined(separator: ", "))" : ""),
            "its outputs can teach all the same: save them in Python as logits.npy, then distill(load(\"logits.npy\") -> student, …)"
        )
    }

    mutating func build() throws {
        let needed = try self.needed()
        for (name, tensor) in stored { constants[number(of: name)] = tensor }
        for input in inputs { _ = number(of: input.name) }
        var known = Set(stored.keys).union(inputs.map(\.name))
        for (index, node) in model.nodes.enumerated() where needed.contains(index) {
            guard let operation = ONNXOperator.all[node.operation] else { continue }
            for input in node.inputs where !input.isEmpty && !known.contains(input) {
                throw DataError.content(
                    path: model.path,
                    problem: "\(node.operation) needs \"\(input)\", which no node before it gives", help: nil)
            }
            known.formUnion(node.outputs)
            if try fold(node, operation) { continue }
            try add(node, operation)
        }
        guard known.contains(output) else {
            throw DataError.content(path: model.path, problem: "no node gives the output \"\(output)\"", help: nil)
        }
        // A weight is with its layer; the rest of the constants stay.
        let used = Set(steps.flatMap(\.inputs))
        let result = number(of: output)
        constants = constants.filter { used.contains($0.key) || $0.key == result }
    }

    /// The nodes that the output depends on.
    private func needed() throws -> Set<Int> {
        var makers: [String: Int] = [:]
        for (index, node) in model.nodes.enumerated() {
            for output in node.outputs where !output.isEmpty { makers[output] = index }
        }
        var needed: Set<Int> = []
        var pending = [output]
        while let name = pending.popLast() {
            guard let index = makers[name], needed.insert(index).inserted else { continue }
            pending += model.nodes[index].inputs
        }
        return needed
    }

    /// Computes a node whose inputs are constants that are no weights; whether it did.
    private mutating func fold(_ node: ONNXModel.Node, _ operation: ONNXOperator) throws -> Bool {
        var inputs: [Tensor?] = []
        for name in node.inputs {
            guard !name.isEmpty else {
                inputs.append(nil)
                continue
            }
            guard let tensor = constants[number(of: name)], !isWeight(tensor) else { return false }
            inputs.append(tensor)
        }
        let results = try operation.run(ONNXCall(node: node, opset: model.operatorSet, inputs: inputs))
        for (name, result) in zip(node.outputs, results) where !name.isEmpty { constants[number(of: name)] = result }
        return true
    }

    /// Whether a constant is worth training where an operator has weights: numbers that merely look like options are not.
    private func isWeight(_ tensor: Tensor) -> Bool { tensor.dtype.isFloating && tensor.count > 1 }

    private mutating func add(_ node: ONNXModel.Node, _ operation: ONNXOperator) throws {
        var own: [(position: Int, source: String, tensor: Tensor, own: String, isTrained: Bool)] = []
        for (position, label) in operation.weights.sorted(by: { $0.key < $1.key })
        where node.inputs.indices.contains(position) {
            let source = node.inputs[position]
            // What operators of two equal sides take from the file is a weight if it is a tensor worth the name.
            guard let tensor = stored[source], tensor.dtype.isFloating, label != "other" || isWeight(tensor) else {
                continue
            }
            let isTrained = !operation.statistics.contains(position)
            let weight: Tensor
            if let given = weights[source] ?? made[source] {
                weight = given
            } else {
                weight = try tensor.clone()
                if isTrained { try weight.requireGradient() }
                made[source] = weight
            }
            let name =
                label == "other" ? Self.identifier(source.split(separator: ".").last.map(String.init) ?? source) : label
            own.append((position, source, weight, name, isTrained))
        }
        let inputs = node.inputs.enumerated().map { index, name in
            name.isEmpty || own.contains { $0.position == index } ? -1 : number(of: name)
        }
        let outputs = node.outputs.map { $0.isEmpty ? -1 : number(of: $0) }
        let base = Self.identifier(node.name.isEmpty ? node.outputs.first ?? node.operation : node.name)
        var name = base
        var next = 2
        while !names.insert(name).inserted {
            name = "\(base)_\(next)"
            next += 1
        }
        steps.append(
            (ONNXLayer(node, name: name, opset: model.operatorSet, operation, weights: own), inputs, outputs))
    }

    /// A name that paths can hold: `layer1_layer1_0_conv1_Conv` of `/layer1/layer1.0/conv1/Conv`.
    private static func identifier(_ name: String) -> String {
        let letters = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        let trimmed = String(letters.drop { $0 == "_" })
        return trimmed.isEmpty ? "node" : trimmed
    }
}
