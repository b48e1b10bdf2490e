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
        /// The operations of all its runs, a multiplication and an addition counting as two.
        public fileprivate(set) var operations: Int
        /// The size of its own parameters and buffers in memory.
        public let bytes: Int
    }

    /// The layers without children, and those with parameters of their own, in the order of declaration.
    public let rows: [Row]
    /// The shape of what the network gives.
    public let outputShape: [Int]
    /// The elements of all parameters.
    public let parameters: Int
    /// The elements of those that are trained.
    public let trainedParameters: Int
    /// The operations of one pass, a multiplication and an addition counting as two. Sums and products that a `forward`
    /// computes outside of layers are not among them.
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
        outputShape = try Gradients.disabled { try net(example) }.shape.array
        var seen: Set<ObjectIdentifier> = []
        var trained = 0
        rows = modules.compactMap { path, module -> Row? in
            let own = module.ownParameters.values.filter { seen.insert(ObjectIdentifier($0)).inserted }
            let buffers = module.ownBuffers.values.filter { seen.insert(ObjectIdentifier($0)).inserted }
            guard module.children.isEmpty || !own.isEmpty || !buffers.isEmpty else { return nil }
            trained += own.filter(\.requiresGradient).reduce(0) { $0 + $1.shape.elementCount }
            let found = observer.found[ObjectIdentifier(module)]
            return Row(
                path: path, typeName: module.typeName, outputShape: found?.shape,
                parameters: own.reduce(0) { $0 + $1.shape.elementCount }, operations: found?.operations ?? 0,
                bytes: (own + buffers).reduce(0) { $0 + $1.shape.elementCount * $1.dtype.itemSize })
        }
        parameters = rows.reduce(0) { $0 + $1.parameters }
        trainedParameters = trained
    }

    private final class Observer: ModuleObserver {
        var found: [ObjectIdentifier: (shape: [Int], operations: Int)] = [:]

        func module(_ module: Module, took input: Tensor?, gave output: Tensor) {
            let before = found[ObjectIdentifier(module)]?.operations ?? 0
            let operations = module.operations(input: input?.shape.array ?? [], output: output.shape.array)
            found[ObjectIdentifier(module)] = (output.shape.array, before &+ operations)
        }
    }
}

extension Module {
    /// The floating-point operations of the layer itself, its children not counted: two for a multiplication with its
    /// addition, one for every element of an activation.
    fileprivate func operations(input: [Int], output: [Int]) -> Int {
        let elements = output.reduce(1, &*)
        switch self {
        case let layer as Linear: return elements &* (2 &* layer.inputs &+ (layer.bias == nil ? 0 : 1))
        case let layer as Conv1d: return elements &* Self.filter(layer.weight, layer.bias)
        case let layer as Conv2d: return elements &* Self.filter(layer.weight, layer.bias)
        case let layer as ConvTranspose2d:
            // Every element of the input is multiplied with the filters of its group.
            let products = input.reduce(1, &*) &* layer.weight.shape.array.dropFirst().reduce(1, &*)
            return 2 &* products &+ (layer.bias == nil ? 0 : elements)
        case is BatchNorm: return 2 &* elements
        case is LayerNorm, is GroupNorm: return 8 &* elements
        case let layer as MaxPool2d: return elements &* layer.kernel.height &* layer.kernel.width
        case let layer as AvgPool2d: return elements &* layer.kernel.height &* layer.kernel.width
        case is AdaptiveAvgPool2d: return input.reduce(1, &*)
        case let layer as MultiheadAttention:
            guard output.count == 3 else { return 0 }
            // Three projections, then scores and weighted values over as many keys as queries.
            let (length, batch) = layer.batchFirst ? (output[1], output[0]) : (output[0], output[1])
            let projections = 6 &* length &* layer.features &* layer.features
            return batch &* (projections &+ 4 &* length &* length &* layer.features)
        case let layer as LSTM:
            guard output.count == 3 else { return 0 }
            let weights = layer.ownParameters.values.filter { $0.rank == 2 }.reduce(0) { $0 &+ $1.shape.elementCount }
            return 2 &* output[0] &* output[1] &* weights
        case is Activation: return elements
        default: return 0
        }
    }

    /// What one element of a convolution's output costs.
    private static func filter(_ weight: Tensor, _ bias: Tensor?) -> Int {
        2 &* weight.shape.array.dropFirst().reduce(1, &*) &+ (bias == nil ? 0 : 1)
    }
}
