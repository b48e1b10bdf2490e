import Data
import OrderedCollections
import Tensors

/// What a network does with some examples.
struct TracedRun {
    let graph: Graph
    /// The operations that compute something: what is to be the same in every run.
    let nodes: [Graph.Node]
    let inputs: OrderedDictionary<String, Int>
    let output: Int
    let count: Int

    init(_ net: Module, _ examples: OrderedDictionary<String, Tensor>, count: Int, seed: UInt64) throws {
        Randomness.seed(seed)
        self.count = count
        let batches = try examples.mapValues { try Self.batch(like: $0, count: count) }
        // Somebody looks at every layer, so that none is computed together with the next and each has its own nodes.
        let looker = Looker(), layers = net.namedModules().map(\.module)
        for layer in layers { layer.observe(with: looker) }
        defer { for layer in layers { layer.stopObserving(with: looker) } }
        (graph, inputs, output) = try inEvaluation(net) {
            try Trace.run { trace in
                let numbers = batches.mapValues { trace.number(of: $0) }
                let result = batches.count == 1 ? try net(batches.values[0]) : try net(named: batches)
                let output = trace.number(of: result)
                return (trace.graph, numbers, output)
            }
        }
        nodes = graph.nodes.filter(\.operation.isComputation)
    }

    /// A batch of `count` examples of the same kind: drawn for floats, picked from the example's own values for the rest.
    private static func batch(like example: Tensor, count: Int) throws -> Tensor {
        guard let first = example.shape.first, first > 0 else {
            throw ModuleError.export(
                problem: "the input needs at least one example, given \(example.shape)",
                help: "input=[1, 28, 28] is the shape of one example")
        }
        let shape = [count] + example.shape.dropFirst()
        if example.dtype.isFloating { return try Tensor.randn(shape, dtype: example.dtype) }
        let values = try example.integers()
        let drawn = (0..<shape.reduce(1, *)).map { _ in values[Randomness.integer(below: values.count)] }
        return try Tensor(drawn, shape: shape).to(example.dtype)
    }

    /// The operations that the result depends on and that depend on the inputs.
    func needed() -> Set<Int> {
        var makers: [Int: Int] = [:]
        for (index, node) in nodes.enumerated() { for output in node.outputs { makers[output] = index } }
        let dependent = graph.dependents(of: inputs.values)
        var needed: Set<Int> = []
        var pending = [output]
        while let value = pending.popLast() {
            guard dependent.contains(value), let index = makers[value], needed.insert(index).inserted else { continue }
            for case .value(let number)? in nodes[index].inputs { pending.append(number) }
        }
        return needed
    }

    /// Makes sure that a second run consists of the same operations, and that nothing was decided by what numbers were.
    ///
    /// - Throws: ``ModuleError/export(problem:help:)``.
    func requireSame(_ other: TracedRun) throws {
        let dependent = graph.dependents(of: inputs.values)
        let readsNumbers = graph.nodes.contains { node in
            if case .effect(.reads) = node.operation, case .value(let number)?? = node.inputs.first {
                dependent.contains(number)
            } else {
                false
            }
        }
        guard !readsNumbers else {
            throw ModuleError.export(
                problem: "the network takes a number out of a tensor that depends on the input, by item() or an if",
                help: "where(condition, a, b) chooses element by element and can be exported")
        }
        let same = nodes.elementsEqual(other.nodes) { $0.operation.isAlike($1.operation) }
        guard same else {
            throw ModuleError.export(
                problem: "the network computes something else for other inputs: an if or a loop depends on values",
                help: "where(condition, a, b) chooses element by element and can be exported")
        }
    }
}

/// Looks and does nothing.
private final class Looker: ModuleObserver {
    func module(_ module: Module, took input: Tensor?, gave output: Tensor) {}
}
