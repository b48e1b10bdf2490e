import Data
import OrderedCollections
import Tensors

extension ONNXModel {
    /// A network as a model of ONNX, in evaluation mode, for any number of examples.
    ///
    /// The network runs twice, on two and on three examples with different numbers: sizes that differ between the two
    /// come from the batch and are computed in the model; anything else that differs cannot be written down and is an error.
    ///
    /// - Parameters:
    ///   - net: the network; a module written in Dist as well as one of the library.
    ///   - inputs: an example batch by name, [N, …]; of integers, the values that occur are the ones tried.
    ///   - output: what the result is called.
    /// - Throws: ``ModuleError/export(problem:help:)`` for what has no form in ONNX, and what the network throws.
    public init(
        tracing net: Module, inputs: OrderedDictionary<String, Tensor>, output: String = "logits"
    ) throws {
        let state = Randomness.state
        defer { Randomness.state = state }
        let small = try TracedRun(net, inputs, count: 2, seed: 1)
        let large = try TracedRun(net, inputs, count: 3, seed: 2)
        var graph = try ONNXGraph(small, large, state: net.namedState(), layers: net.namedModules())
        self = try graph.model(output: output)
        if let record = net.record {
            if let classes = record.classes {
                metadata.append(("classes", JSON.array(classes.map { .string($0) }).text))
            }
            if let normalization = record.normalization {
                metadata.append(("mean", JSON.array(normalization.mean.map { .number($0) }).text))
                metadata.append(("std", JSON.array(normalization.std.map { .number($0) }).text))
            }
        }
    }
}

/// A number of a model that is known, or grows with the batch: `factor · N + constant`.
struct BatchSize: Equatable {
    var factor: Int
    var constant: Int
    var isFixed: Bool { factor == 0 }

    /// The line through two observations.
    init(_ small: Int, at smallCount: Int, _ large: Int, at largeCount: Int) {
        factor = (large - small) / (largeCount - smallCount)
        constant = small - factor * smallCount
    }

    init(_ constant: Int) { (factor, self.constant) = (0, constant) }
}

/// A model under construction from two traces of the same computation.
struct ONNXGraph {
    let small: TracedRun
    let large: TracedRun
    private let stateNames: [ObjectIdentifier: String]
    private let layerNames: [ObjectIdentifier: String]
    private var model = ONNXModel()
    private var names: [Int: String] = [:]
    private var constants: [String: Int] = [:]
    private var used: Set<String> = []
    private var counter = 0
    private var batch: String?

    init(
        _ small: TracedRun, _ large: TracedRun, state: [(name: String, tensor: Tensor)],
        layers: [(path: String, module: Module)]
    ) throws {
        (self.small, self.large) = (small, large)
        layerNames = Dictionary(layers.map { (ObjectIdentifier($0.module), $0.path) }) { first, _ in first }
        var stateNames: [ObjectIdentifier: String] = [:]
        for (name, tensor) in state where stateNames[ObjectIdentifier(tensor)] == nil {
            stateNames[ObjectIdentifier(tensor)] = name
        }
        self.stateNames = stateNames
        try small.requireSame(large)
    }

    mutating func model(output name: String) throws -> ONNXModel {
        for (input, number) in small.inputs {
            let kind = small.graph.kind(number)
            names[number] = input
            used.insert(input)
            model.inputs.append(
                ONNXModel.Port(
                    input, kind.dtype, [.named("batch")] + kind.shape.dropFirst().map { .fixed($0) }))
        }
        used.insert(name)
        let needed = small.needed()
        /// Which layer a node of the model comes from.
        var layers: [Int: String] = [:]
        for (index, node) in small.nodes.enumerated() where needed.contains(index) {
            let start = model.nodes.count
            try convert(node, large.nodes[index])
            guard let path = node.owner.flatMap({ layerNames[$0] }), !path.isEmpty else { continue }
            for number in start..<model.nodes.count { layers[number] = path }
        }
        nameNodes(layers)
        guard let result = names[small.output] else {
            throw ModuleError.export(problem: "the result does not depend on the input", help: nil)
        }
        model.nodes.append(ONNXModel.Node("Identity", [result], [name]))
        let kind = small.graph.kind(small.output), other = large.graph.kind(large.output)
        let sizes = zip(kind.shape, other.shape).map { size(($0, $1)) }
        model.outputs.append(
            ONNXModel.Port(
                name, kind.dtype,
                sizes.map {
                    $0 == BatchSize(2, at: 2, 3, at: 3)
                        ? .named("batch") : $0.isFixed ? .fixed($0.constant) : .named("\($0.factor)*batch")
                }))
        return model
    }

    /// Calls nodes as the layers they come from: `layer1.0.conv1`, where a layer takes several `layer1.0.conv1.Add`.
    private mutating func nameNodes(_ layers: [Int: String]) {
        let paths = Set(layers.values), counts = Dictionary(layers.values.map { ($0, 1) }, uniquingKeysWith: +)
        var used: Set<String> = []
        for (number, path) in layers.sorted(by: { $0.key < $1.key }) {
            let isWhole = counts[path] == 1 && !paths.contains { $0.hasPrefix(path + ".") }
            let base = isWhole ? path : path + "." + model.nodes[number].operation
            var name = base
            var next = 2
            while !used.insert(name).inserted || !isWhole && paths.contains(name) {
                name = "\(base)_\(next)"
                next += 1
            }
            model.nodes[number].name = name
        }
    }

    // MARK: Values

    /// A size seen in both runs.
    func size(_ pair: (Int, Int)) -> BatchSize { BatchSize(pair.0, at: small.count, pair.1, at: large.count) }

    /// A name that nothing has yet.
    mutating func fresh(_ base: String) -> String {
        counter += 1
        var name = "\(base)_\(counter)"
        while used.contains(name) { name += "_" }
        used.insert(name)
        return name
    }

    /// Adds a node and gives the name of its first result.
    mutating func node(
        _ operation: String, _ inputs: [String], _ attributes: [(name: String, value: ONNXModel.Attribute)] = [],
        results: Int = 1
    ) -> [String] {
        let outputs = (0..<results).map { _ in fresh(operation) }
        model.nodes.append(ONNXModel.Node(operation, inputs, outputs, attributes))
        return outputs
    }

    mutating func one(
        _ operation: String, _ inputs: [String], _ attributes: [(name: String, value: ONNXModel.Attribute)] = []
    ) -> String { node(operation, inputs, attributes)[0] }

    /// A constant under a name of its own.
    mutating func constant(_ tensor: Tensor, _ base: String = "constant") -> String {
        let name = fresh(base)
        model.initializers.append((name, tensor))
        return name
    }

    /// A vector of integers.
    mutating func integers(_ numbers: [Int]) throws -> String {
        let key = "\(numbers)"
        if let index = constants[key] { return model.initializers[index].name }
        constants[key] = model.initializers.count
        return constant(try Tensor(numbers), "integers")
    }

    /// A 0-d number of a dtype.
    mutating func number(_ value: Double, _ dtype: DType) throws -> String {
        let key = "\(value) \(dtype)"
        if let index = constants[key] { return model.initializers[index].name }
        constants[key] = model.initializers.count
        return constant(try Tensor([value], shape: []).to(dtype), "number")
    }

    /// A vector of sizes, computed from the batch where they grow with it.
    mutating func sizes(_ sizes: [BatchSize]) throws -> String {
        if sizes.allSatisfy(\.isFixed) { return try integers(sizes.map(\.constant)) }
        if batch == nil {
            let shape = one("Shape", [model.inputs[0].name])
            batch = one("Gather", [shape, try integers([0])], [("axis", .int(0))])
        }
        let parts = try sizes.map { size -> String in
            guard !size.isFixed, let batch else { return try integers([size.constant]) }
            var value = batch
            if size.factor != 1 { value = one("Mul", [value, try integers([size.factor])]) }
            if size.constant != 0 { value = one("Add", [value, try integers([size.constant])]) }
            return value
        }
        return parts.count == 1 ? parts[0] : one("Concat", parts, [("axis", .int(0))])
    }

    /// The name of an input of an operation: a value, a parameter, or a constant that both runs agree on.
    mutating func name(_ input: Graph.Input?, _ other: Graph.Input?, of node: Graph.Node, dtype: DType? = nil) throws
        -> String
    {
        switch (input, other) {
        case (nil, _): return ""
        case (.scalar(let scalar)?, .scalar(let second)?):
            guard scalar == second else { throw differs(node) }
            return try number(scalar.double, dtype ?? scalar.dtype)
        case (.value(let number)?, .value(let second)?):
            let kind = small.graph.kind(number)
            let name = try names[number] ?? constant(number, second, of: node)
            names[number] = name
            guard let dtype, dtype != kind.dtype else { return name }
            return cast(name, dtype)
        default: throw differs(node)
        }
    }

    mutating func cast(_ name: String, _ dtype: DType) -> String {
        one("Cast", [name], [("to", .int(ONNXModel.code(of: dtype)))])
    }

    private mutating func constant(_ number: Int, _ second: Int, of node: Graph.Node) throws -> String {
        guard let tensor = small.graph.tensor(number), let other = large.graph.tensor(second) else {
            throw differs(node)
        }
        if let name = stateNames[ObjectIdentifier(tensor)] {
            guard !used.contains(name) else { return constant(tensor, name) }
            used.insert(name)
            model.initializers.append((name, tensor))
            return name
        }
        if tensor === other || tensor.shape == other.shape && tensor.storedBytes() == other.storedBytes() {
            return constant(tensor)
        }
        // What was made for a whole batch, zeros above all, is made in the model for any batch.
        if tensor.dtype == other.dtype, tensor.rank == other.rank, tensor.count > 0, let value = try? tensor.element(0),
            try tensor.doubles().allSatisfy({ $0 == value.double }),
            try other.doubles().allSatisfy({ $0 == value.double })
        {
            let shape = try sizes(zip(tensor.shape, other.shape).map { size(($0, $1)) })
            return one("Expand", [try self.number(value.double, tensor.dtype), shape])
        }
        throw ModuleError.export(
            problem:
                "\(node.operation.name) takes a tensor \(tensor.shape) whose numbers depend on the input in a way that "
                + "cannot be written down",
            help:
                "operations on elements, matrices, shapes and layers can be exported; random numbers and numbers taken "
                + "out with item() cannot")
    }

    private func differs(_ node: Graph.Node) -> ModuleError {
        .export(
            problem: "\(node.operation.name) takes a number that depends on the input",
            help: "numbers taken out of tensors with item() cannot be exported")
    }

    /// Gives the results of an operation their names.
    mutating func bind(_ node: Graph.Node, _ results: [String]) {
        for (output, name) in zip(node.outputs, results) { names[output] = name }
    }
}
