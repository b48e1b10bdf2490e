import OrderedCollections
import Tensors

/// A layer whose result and max(·, 0) of it are one operation of the graph.
protocol RectifiableLayer: Module {
    /// max(forward(x), 0) in one pass.
    func rectified(_ x: Tensor) throws -> Tensor
}

/// Runs its children one after another, each on what the one before gave.
public final class Sequential: Module, ClosedModule {
    /// Children named by their number.
    public convenience init(_ layers: [Module]) {
        self.init(named: OrderedDictionary(uniqueKeysWithValues: layers.enumerated().map { (String($0), $1) }))
    }

    /// Children with names of their own.
    public init(named layers: OrderedDictionary<String, Module>) {
        super.init()
        for (name, layer) in layers { register(layer, as: name) }
    }

    /// The children in order.
    public var layers: [Module] { Array(children.values) }

    /// How many children there are.
    public var count: Int { children.count }

    /// The child at `index`; negative indices count from the end.
    ///
    /// - Throws: ``ModuleError/index(layer:index:count:)``.
    public func layer(at index: Int) throws -> Module {
        let position = index < 0 ? index + count : index
        guard position >= 0, position < count else {
            throw ModuleError.index(layer: "Sequential", index: index, count: count)
        }
        return children.values[position]
    }

    /// The children of a range as a network that shares them; bounds are clamped, negative ones count from the end.
    public subscript(range: Range<Int>) -> Sequential {
        let range = range.clamped(to: 0..<count)
        let named = children.keys.allSatisfy { Int($0) != nil }
        if named { return Sequential(Array(children.values[range])) }
        return Sequential(
            named: OrderedDictionary(uniqueKeysWithValues: range.map { (children.keys[$0], children.values[$0]) }))
    }

    /// Everything but the last `count` children, sharing them.
    public func dropLast(_ count: Int = 1) -> Sequential { self[0..<max(0, self.count - max(0, count))] }

    /// The last child's result.
    public override func forward(_ x: Tensor) throws -> Tensor { try run(x) }

    /// Those of the first child.
    public override var inputNames: [String]? { children.values.first?.inputNames }

    /// The last child's result; the first child takes the inputs by name.
    public override func forward(named inputs: OrderedDictionary<String, Tensor>) throws -> Tensor {
        guard let first = children.values.first else { return try super.forward(named: inputs) }
        return try self[1..<count].run(first(named: inputs))
    }

    private func run(_ x: Tensor) throws -> Tensor {
        var x = x
        let layers = children.values
        var index = 0
        while index < layers.count {
            let layer = layers[index]
            index += 1
            // A layer and the ReLU behind it are one operation, unless somebody looks at what is between them.
            if let layer = layer as? any RectifiableLayer, !layer.isObserved, rectifies(at: index) {
                x = try layer.rectified(x)
                index += 1
            } else {
                x = try layer(x)
            }
        }
        return x
    }

    /// Whether the child at `index` is a ReLU that nobody looks at.
    private func rectifies(at index: Int) -> Bool {
        guard index < children.count, let relu = children.values[index] as? Activation else { return false }
        return relu.isReLU && !relu.isObserved
    }

    /// A copy with copies of the children.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        var layers: OrderedDictionary<String, Module> = [:]
        for (name, child) in children { layers[name] = try copies.module(child) }
        return Sequential(named: layers)
    }
}

/// A list of modules whose parameters belong to the network that holds it; it has no forward pass of its own.
public final class ModuleList: Module, ClosedModule {
    /// Children named by their number.
    public init(_ layers: [Module] = []) {
        super.init()
        for layer in layers { append(layer) }
    }

    /// The children in order.
    public var layers: [Module] { Array(children.values) }

    /// Adds a child at the end.
    public func append(_ layer: Module) { register(layer, as: String(children.count)) }

    /// A copy with copies of the children.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        ModuleList(try layers.map { try copies.module($0) })
    }
}
