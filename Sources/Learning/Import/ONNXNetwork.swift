import Base
import Data
import OrderedCollections
import Tensors

/// A network of an ONNX file: its nodes are children in the order they run, their weights parameters.
///
/// It is evaluated, trained, saved and exported as a network built here; batch normalisation keeps the statistics of the file,
/// and dropout passes on what it is given, in training too. What its constants determine is computed once.
public final class ONNXNetwork: Module {
    /// One operator of the graph.
    private struct Step {
        let layer: ONNXLayer
        /// The numbers of the values that go in; -1 for what is left out.
        let inputs: [Int]
        let outputs: [Int]
        /// Values that nobody needs any more.
        let lastUses: [Int]
    }

    private let model: ONNXModel
    private let inputPorts: [ONNXModel.Port]
    private let steps: [Step]
    private let constants: [Int: Tensor]
    private let inputNumbers: [Int]
    private let outputNumbers: [Int]
    private let valueCount: Int
    /// The initializers among the constants.
    private let numbersToNames: [Int: String]

    /// The names of the outputs that are computed. A call gives the first of them.
    public let outputNames: [String]
    /// Whether it gives probabilities, as models of tables do, and no logits.
    public var givesProbabilities: Bool { model.nodes.contains { $0.domain == "ai.onnx.ml" && $0.classes != nil } }

    /// The name of the output that a call gives: `logits` if there is one, else the first of shape [N, K], else the first.
    public var outputName: String { outputNames[0] }

    /// Builds the network of a model.
    ///
    /// - Parameter outputs: which outputs are computed, the one that a call gives first; by default that one alone.
    /// - Throws: ``DataError/content(path:problem:help:)`` for operators that are not read, by name, a graph that does not
    ///   hang together, and outputs that there are not.
    public convenience init(_ model: ONNXModel, outputs: [String] = []) throws {
        try self.init(model, weights: [:], outputs: outputs)
    }

    /// - Parameter weights: tensors that take the place of initializers.
    init(_ model: ONNXModel, weights: [String: Tensor], outputs: [String]) throws {
        var builder = try ONNXNetworkBuilder(model, weights: weights, outputs: outputs)
        try builder.check()
        try builder.build()
        self.model = model
        inputPorts = builder.inputs
        constants = builder.constants
        inputNumbers = builder.inputs.map { builder.number(of: $0.name) }
        outputNames = builder.outputs
        outputNumbers = builder.outputs.map { builder.number(of: $0) }
        valueCount = builder.count
        numbersToNames = Dictionary(
            model.initializers.map { (builder.number(of: $0.name), $0.name) }, uniquingKeysWith: { first, _ in first })
        let kept = Set(outputNumbers)
        var seen = kept
        var steps: [Step] = []
        for (layer, inputs, outputs) in builder.steps.reversed() {
            var last: [Int] = []
            for number in Set(inputs + outputs) where number >= 0 && seen.insert(number).inserted {
                last.append(number)
            }
            steps.append(Step(layer: layer, inputs: inputs, outputs: outputs, lastUses: last))
        }
        self.steps = steps.reversed()
        super.init()
        for step in self.steps { register(step.layer, at: step.layer.name) }
        var record = TrainingRecord()
        func list(_ key: String) -> [JSON]? {
            model.metadata.first { $0.key == key }.flatMap { try? JSON(parsing: Array($0.value.utf8)) }?.array
        }
        if let names = list("classes") {
            record.classes = names.compactMap(\.string)
        } else {
            record.classes = model.nodes.compactMap(\.classes).first
        }
        if let mean = list("mean"), let std = list("std") {
            record.normalization = try? Normalization(mean: mean.compactMap(\.double), std: std.compactMap(\.double))
        }
        if record != TrainingRecord() { self.record = record }
    }

    /// Those of the graph, where there are several.
    public override var inputNames: [String]? { inputPorts.count == 1 ? nil : inputPorts.map(\.name) }

    public override func forward(_ x: Tensor) throws -> Tensor {
        guard inputPorts.count == 1 else {
            throw ModuleError.namedInputs(module: typeName, names: inputPorts.map(\.name))
        }
        return try run([x])[0]
    }

    public override func forward(named inputs: OrderedDictionary<String, Tensor>) throws -> Tensor {
        try results(inputs)[0]
    }

    /// All outputs that are computed, in the order of ``outputNames``.
    ///
    /// - Throws: ``ModuleError`` for inputs that are missing or do not fit, and what the operators throw.
    public func results(_ inputs: OrderedDictionary<String, Tensor>) throws -> [Tensor] {
        if inputs.count == 1, inputPorts.count == 1, let only = inputs.values.first { return try run([only]) }
        return try run(
            inputPorts.map { port in
                guard let tensor = inputs[port.name] else {
                    throw ModuleError.argument(
                        layer: typeName,
                        problem: "the input \(port.name) is missing; there are "
                            + inputPorts.map(\.name).joined(separator: ", "))
                }
                return tensor
            })
    }

    private func run(_ inputs: [Tensor]) throws -> [Tensor] {
        var values = [Tensor?](repeating: nil, count: valueCount)
        for (number, tensor) in constants { values[number] = tensor }
        for (index, number) in inputNumbers.enumerated() {
            let port = inputPorts[index]
            try port.check(inputs[index])
            values[number] = inputs[index].dtype == port.dtype ? inputs[index] : try inputs[index].to(port.dtype)
        }
        for step in steps {
            let results = try step.layer.results(step.inputs.map { $0 < 0 ? nil : values[$0] })
            for (number, result) in zip(step.outputs, results) where number >= 0 { values[number] = result }
            for number in step.lastUses { values[number] = nil }
        }
        return try outputNumbers.map {
            guard let result = values[$0] else { throw ModuleError.noForward(module: typeName) }
            return result
        }
    }

    /// Puts a layer at a path; what is not there yet on the way is made.
    private func register(_ layer: ONNXLayer, at path: String) {
        var place: Module = self
        let parts = path.split(separator: ".").map(String.init)
        for part in parts.dropLast() {
            let next = place.children[part] ?? ONNXScope()
            if place.children[part] == nil { place.register(next, as: part) }
            place = next
        }
        place.register(layer, as: parts.last ?? path)
    }

    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        var weights: [String: Tensor] = [:]
        for step in steps {
            for (source, tensor) in step.layer.sources { weights[source] = try copies.tensor(tensor) }
        }
        return try ONNXNetwork(model, weights: weights, outputs: outputNames)
    }

    // MARK: Files

    /// The graph as a model without the weights of its layers, which are in the state, and those weights by the names that
    /// the graph gives them.
    ///
    /// - Throws: ``DataError`` beyond 2 GB of constants.
    public func stored() throws -> (graph: [UInt8], weights: [(source: String, tensor: Tensor)]) {
        let weights = steps.flatMap(\.layer.sources).map { (source: $0.0, tensor: $0.1) }
        let own = Set(weights.map(\.source)), plain = Set(constants.keys.compactMap { numbersToNames[$0] })
        var rest = model
        rest.initializers = model.initializers.filter { !own.contains($0.name) || plain.contains($0.name) }
        return (try rest.bytes(), weights)
    }

    /// The network that ``stored()`` described.
    ///
    /// - Throws: as ``init(_:outputs:)``, ``DataError`` for bytes that are no model.
    public convenience init(
        stored graph: [UInt8], weights: [(source: String, tensor: Tensor)], outputs: [String], path: String
    ) throws {
        var model = try ONNXModel(parsing: graph, path: path)
        let known = Set(model.initializers.map(\.name))
        for (source, tensor) in weights where !known.contains(source) { model.initializers.append((source, tensor)) }
        try self.init(model, outputs: outputs)
    }
}

/// What layers of an imported graph have in common in their paths.
public final class ONNXScope: Module {
    public override var typeName: String { "Module" }
}

extension ONNXModel.Port {
    /// - Throws: ``ModuleError/input(layer:problem:help:)`` for a tensor that has not the sizes that the file fixes.
    fileprivate func check(_ tensor: Tensor) throws {
        let fits =
            shape.isEmpty
            || shape.count == tensor.rank
                && zip(shape, tensor.shape).allSatisfy {
                    if case .fixed(let size) = $0 { size == $1 || size <= 0 } else { true }
                }
        guard fits else {
            let sizes = shape.map { if case .fixed(let size) = $0 { "\(size)" } else { "any" } }
            let batch =
                shape.count == tensor.rank
                && zip(shape, tensor.shape).dropFirst().allSatisfy {
                    if case .fixed(let size) = $0 { size == $1 || size <= 0 } else { true }
                }
            throw ModuleError.input(
                layer: "ONNXNetwork",
                problem: "the input \(name) is [\(sizes.joined(separator: ", "))], given \(tensor.shape)",
                help: batch
                    ? "the file was exported for this number of examples: export it with a dynamic first dimension"
                    : nil)
        }
    }
}

/// One operator of an imported graph, with its weights.
public final class ONNXLayer: Module {
    /// Its path.
    let name: String
    private let node: ONNXModel.Node
    private let opset: Int
    private let run: ONNXOperator.Run
    /// The weights by position.
    private let weights: [Int: Tensor]
    /// The weights by the names that the file gives them.
    let sources: [(String, Tensor)]
    private let elements: [StoredElement?]

    init(
        _ node: ONNXModel.Node, name: String, opset: Int, _ operation: ONNXOperator, elements: [StoredElement?],
        weights: [(position: Int, source: String, tensor: Tensor, own: String, isTrained: Bool)]
    ) throws {
        (self.name, self.node, self.opset, self.elements) = (name, node, opset, elements)
        run = try operation.open(ONNXCall(node: node, opset: opset, inputs: [], elements: elements))
        self.weights = Dictionary(weights.map { ($0.position, $0.tensor) }) { first, _ in first }
        sources = weights.map { ($0.source, $0.tensor) }
        super.init()
        for weight in weights {
            if weight.isTrained {
                register(parameter: weight.tensor, as: weight.own)
            } else {
                register(buffer: weight.tensor, as: weight.own)
            }
        }
    }

    public override var typeName: String { node.operation }

    /// The results for what goes in; weights are put in their places.
    func results(_ inputs: [Tensor?]) throws -> [Tensor] {
        var inputs = inputs
        for (position, weight) in weights { inputs[position] = weight }
        let call = ONNXCall(node: node, opset: opset, inputs: inputs, elements: elements)
        let results = Trace.isRunning ? try Trace.within(self) { try call.results(run) } : try call.results(run)
        if let first = results.first { notify(input: inputs.first.flatMap { $0 }, output: first) }
        return results
    }
}
