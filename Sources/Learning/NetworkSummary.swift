import OrderedCollections
import Tensors

/// What a network consists of and what it costs: each layer that runs for an example, with the shape of its output, its
/// parameters, floating-point operations and bytes.
public final class NetworkSummary {
    /// One layer.
    public struct Row {
        /// The layer's path in the network; empty for the network itself.
        public let path: String
        /// The layer's class.
        public let typeName: String
        /// The shape of its last output; nil when it did not run.
        public fileprivate(set) var outputShape: [Int]?
        /// The elements of its own parameters.
        public let parameters: Int
        /// The operations that ran in it and in no layer inside it, a multiplication and an addition counting as two.
        public fileprivate(set) var operations: Int
        /// The size of its own parameters and buffers in memory.
        public let bytes: Int
    }

    /// The layers without children, those with parameters of their own, and those whose `forward` computes something itself,
    /// in the order of declaration.
    public let rows: [Row]
    /// The shape of what the network gives.
    public let outputShape: [Int]
    /// The elements of all parameters.
    public let parameters: Int
    /// The elements of those that are trained.
    public let trainedParameters: Int
    /// The operations of one pass, a multiplication and an addition counting as two: products, convolutions, recurrences,
    /// normalisations and pools, written as layers or as functions. Sums and functions of single elements count where they
    /// are a layer.
    public var operations: Int { rows.reduce(0) { $0 &+ $1.operations } }
    /// The size of all parameters and buffers in memory.
    public var bytes: Int { rows.reduce(0) { $0 &+ $1.bytes } }

    /// Runs the network once on a batch, in evaluation mode and without gradients, and looks at every layer.
    ///
    /// - Throws: what the network throws, a shape error above all.
    public init(_ net: Module, example: Tensor) throws {
        let modules = net.namedModules()
        let observer = Observer()
        for (_, module) in modules { module.observe(with: observer) }
        let training = modules.filter { $0.module.isTraining }.map(\.module)
        net.eval()
        defer {
            for (_, module) in modules { module.stopObserving(with: observer) }
            for module in training { module.setMode(true) }
        }
        let (output, graph) = try Gradients.disabled {
            try Trace.run(keepsResults: false) { trace in (try net(example), trace.graph) }
        }
        outputShape = output.shape.array
        var operations = observer.activations
        for node in graph.nodes {
            if let owner = node.owner { operations[owner, default: 0] &+= graph.flops(of: node) }
        }
        var seen: Set<ObjectIdentifier> = []
        var trained = 0
        rows = modules.compactMap { path, module -> Row? in
            let own = module.ownParameters.values.filter { seen.insert(ObjectIdentifier($0)).inserted }
            let buffers = module.ownBuffers.values.filter { seen.insert(ObjectIdentifier($0)).inserted }
            let count = operations[ObjectIdentifier(module)] ?? 0
            guard module.children.isEmpty || !own.isEmpty || !buffers.isEmpty || count > 0 else { return nil }
            trained += own.filter(\.requiresGradient).reduce(0) { $0 + $1.shape.elementCount }
            return Row(
                path: path, typeName: module.typeName, outputShape: observer.shapes[ObjectIdentifier(module)],
                parameters: own.reduce(0) { $0 + $1.shape.elementCount }, operations: count,
                bytes: (own + buffers).reduce(0) { $0 + $1.shape.elementCount * $1.dtype.itemSize })
        }
        parameters = rows.reduce(0) { $0 + $1.parameters }
        trainedParameters = trained
    }

    private final class Observer: ModuleObserver {
        var shapes: [ObjectIdentifier: [Int]] = [:]
        /// One operation for each element that an activation gave.
        var activations: [ObjectIdentifier: Int] = [:]

        func module(_ module: Module, took input: Tensor?, gave output: Tensor) {
            shapes[ObjectIdentifier(module)] = output.shape.array
            if module.isElementwise { activations[ObjectIdentifier(module), default: 0] &+= output.count }
        }
    }
}
