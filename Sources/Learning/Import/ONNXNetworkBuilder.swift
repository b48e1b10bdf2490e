import Data
import Tensors

/// Turns the nodes of a model into layers: finds what is needed, computes what constants determine, gives weights to those who
/// use them first.
struct ONNXNetworkBuilder {
    let model: ONNXModel
    /// What goes in beside the initialisers.
    let inputs: [ONNXModel.Port]
    /// The results that are given.
    let outputs: [String]
    private(set) var steps: [(layer: ONNXLayer, inputs: [Int], outputs: [Int])] = []
    private(set) var constants: [Int: Tensor] = [:]
    private var numbers: [String: Int] = [:]
    /// Initializers, and weights that take their place.
    private let stored: [String: Tensor]
    private var names: ONNXLayerNames
    private let weights: [String: Tensor]
    private var made: [String: Tensor] = [:]
    /// How numbers stand in the file, by the names of values.
    private var elements: [String: StoredElement]
    /// Weights that only a transposition stands between and their product, by its result.
    private var turned: [String: String] = [:]

    /// How many values there are.
    var count: Int { numbers.count }

    /// - Throws: ``DataError/content(path:problem:help:)`` for outputs that there are not.
    init(_ model: ONNXModel, weights: [String: Tensor], outputs wanted: [String]) throws {
        self.model = model
        self.weights = weights
        stored = Dictionary(model.initializers.map { ($0.name, $0.tensor) }) { first, _ in first }
            .merging(weights) { first, _ in first }
        let initialized = Set(stored.keys)
        inputs = model.inputs.filter { !initialized.contains($0.name) }
        elements = model.elements
        for port in model.inputs { elements[port.name] = elements[port.name] ?? port.element }
        names = ONNXLayerNames(model.nodes)
        let known = model.outputs.map(\.name)
        if let strange = wanted.first(where: { !known.contains($0) }) {
            throw DataError.content(
                path: model.path, problem: "there is no output \"\(strange)\"",
                help: "there " + (known.count == 1 ? "is " : "are ") + known.map { "\"\($0)\"" }.joined(separator: ", ")
            )
        }
        // What distillation compares is called logits, or is one row an example.
        let usual =
            model.outputs.first { $0.name == "logits" }
            ?? model.outputs.first { $0.shape.count == 2 && $0.dtype.isFloating }
            ?? model.outputs.first { port in
                model.nodes.contains { $0.operation == "ZipMap" && $0.outputs.first == port.name }
            } ?? model.outputs.first
        outputs = wanted.isEmpty ? usual.map { [$0.name] } ?? [] : wanted
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
        guard !inputs.isEmpty, !outputs.isEmpty else { throw refusal("the graph has no input or no output") }
        let strange = model.nodes.filter { ONNXOperator.of($0) == nil }
        guard let first = strange.first else {
            let isPlain = model.nodes.contains { $0.domain.isEmpty }
            guard !isPlain || (ONNXOperator.oldestOpset...ONNXOperator.newestOpset).contains(model.operatorSet) else {
                throw refusal(
                    "the operators are of opset \(model.operatorSet), and \(ONNXOperator.oldestOpset) to \(ONNXOperator.newestOpset) are read"
                )
            }
            return
        }
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
        turned = turnedWeights()
        for (index, node) in model.nodes.enumerated() where needed.contains(index) {
            guard let operation = ONNXOperator.of(node) else { continue }
            for input in node.inputs where !input.isEmpty && !known.contains(input) {
                throw DataError.content(
                    path: model.path,
                    problem: "\(node.operation) needs \"\(input)\", which no node before it gives", help: nil)
            }
            known.formUnion(node.outputs)
            trace(node)
            if node.operation == "Transpose", let result = node.outputs.first, turned[result] != nil { continue }
            if try fold(node, operation) { continue }
            try add(node, operation)
        }
        for output in outputs where !known.contains(output) {
            throw DataError.content(path: model.path, problem: "no node gives the output \"\(output)\"", help: nil)
        }
        // A weight is with its layer; the rest of the constants stay.
        let used = Set(steps.flatMap(\.inputs)).union(outputs.map { number(of: $0) })
        constants = constants.filter { used.contains($0.key) }
    }

    /// Weights that are transposed for the second side of a product and nothing else: they are those of a linear layer.
    private func turnedWeights() -> [String: String] {
        var turned: [String: String] = [:]
        for node in model.nodes where node.operation == "Transpose" && node.domain.isEmpty {
            guard let source = node.inputs.first, let result = node.outputs.first, let tensor = stored[source],
                tensor.rank == 2, isWeight(tensor), !outputs.contains(result)
            else { continue }
            if case .ints(let order)? = node.attributes.first(where: { $0.name == "perm" })?.value, order != [1, 0] {
                continue
            }
            turned[result] = source
        }
        for node in model.nodes {
            for (position, input) in node.inputs.enumerated()
            where turned[input] != nil && !(node.operation == "MatMul" && node.domain.isEmpty && position == 1) {
                turned[input] = nil
            }
        }
        return turned
    }

    /// The nodes that the outputs depend on.
    private func needed() throws -> Set<Int> {
        var makers: [String: Int] = [:]
        for (index, node) in model.nodes.enumerated() {
            for output in node.outputs where !output.isEmpty { makers[output] = index }
        }
        var needed: Set<Int> = []
        var pending = outputs
        while let name = pending.popLast() {
            guard let index = makers[name], needed.insert(index).inserted else { continue }
            pending += model.nodes[index].inputs
        }
        return needed
    }

    /// Operators whose results stand as their first input does.
    private static let keeping: Set<String> = [
        "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Concat", "Slice", "Gather", "Expand",
        "Tile",
        "Split", "Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Clip", "Pad", "BitShift", "BitwiseAnd", "BitwiseOr",
        "BitwiseXor", "BitwiseNot", "Abs", "Neg",
    ]

    /// Notes how the results of a node stand: small integers are int64 here, and some operators ask for their width.
    private mutating func trace(_ node: ONNXModel.Node) {
        guard let result = node.outputs.first else { return }
        func code(_ name: String) -> Int? {
            if case .int(let number)? = node.attributes.first(where: { $0.name == name })?.value { number } else { nil }
        }
        switch node.operation {
        case "Cast", "BitCast": elements[result] = code("to").flatMap { ONNXModel.element($0) }
        case "Constant": elements[result] = node.tensors["value"]?.element
        case "DynamicQuantizeLinear":
            elements[result] = .uint8
            if node.outputs.count > 2 { elements[node.outputs[2]] = .uint8 }
        case "QuantizeLinear":
            let zero = node.inputs.count > 2 ? node.inputs[2] : ""
            elements[result] = elements[zero] ?? ONNXModel.element(code("output_dtype") ?? 2)
        case "QLinearMatMul", "QLinearConv": elements[result] = node.inputs.count > 7 ? elements[node.inputs[7]] : nil
        default:
            if Self.keeping.contains(node.operation), let first = node.inputs.first {
                for output in node.outputs { elements[output] = elements[first] }
            }
        }
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
        let call = ONNXCall(
            node: node, opset: model.operatorSet, inputs: inputs, elements: node.inputs.map { elements[$0] })
        for (name, result) in zip(node.outputs, try call.results(operation.open(call))) where !name.isEmpty {
            constants[number(of: name)] = result
        }
        return true
    }

    /// Whether a constant is worth training where an operator has weights: numbers that merely look like options are not.
    private func isWeight(_ tensor: Tensor) -> Bool { tensor.dtype.isFloating && tensor.count > 1 }

    private mutating func add(_ given: ONNXModel.Node, _ usual: ONNXOperator) throws {
        var node = given, operation = usual
        if node.operation == "MatMul", node.domain.isEmpty, node.inputs.count == 2, let source = turned[node.inputs[1]]
        {
            node.inputs[1] = source
            operation = .turnedProduct
        }
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
                label == "other"
                ? ONNXLayerNames.identifier(source.split(separator: ".").last.map(String.init) ?? source) : label
            own.append((position, source, weight, name, isTrained))
        }
        let inputs = node.inputs.enumerated().map { index, name in
            name.isEmpty || own.contains { $0.position == index } ? -1 : number(of: name)
        }
        let outputs = node.outputs.map { $0.isEmpty ? -1 : number(of: $0) }
        steps.append(
            (
                try ONNXLayer(
                    node, name: names.path(of: given), opset: model.operatorSet, operation,
                    elements: node.inputs.map { elements[$0] }, weights: own), inputs, outputs
            ))
    }
}
