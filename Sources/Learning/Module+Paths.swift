import OrderedCollections
import Tensors

extension Module {
    /// The paths of all layers below this one.
    public final var paths: [String] { namedModules().map(\.path).filter { !$0.isEmpty } }

    /// The layer at `path` (`"layer3.0.bn1"`; `""` is the network itself).
    ///
    /// - Throws: ``ModuleError/path(path:existing:)`` with the paths there are.
    public final func module(at path: LayerPath) throws -> Module {
        var module = self
        for name in path.components {
            guard let child = module.child(name) else {
                if path.components == ["output"] { return self }
                throw ModuleError.path(path: path.description, existing: paths)
            }
            module = child
        }
        return module
    }

    /// The layer at `path`.
    ///
    /// - Throws: ``ModuleError/path(path:existing:)`` with the paths there are.
    public final func module(at path: String) throws -> Module { try module(at: LayerPath(path)) }

    /// The child called `name`; a number counts the children, negative numbers from the end.
    private func child(_ name: String) -> Module? {
        if let child = children[name] { return child }
        guard let number = Int(name) else { return nil }
        let index = number < 0 ? number + children.count : number
        return children.values.indices.contains(index) ? children.values[index] : nil
    }
}

extension Module {
    /// The layer that shows the value called `name`: this one, or the only one below it that does, so that
    /// `"encoder.layer.3@scores"` means those of its attention.
    fileprivate func showing(_ name: String, at path: LayerPath, in net: Module) throws -> Module {
        func shows(_ module: Module) -> Bool { (module as? any ShowsInside)?.insides.contains(name) ?? false }
        if shows(self) { return self }
        let below = namedModules().filter { shows($0.module) }
        guard below.count == 1, let only = below.first else {
            let own = path.layer.isEmpty ? "" : path.layer + "."
            throw ModuleError.path(
                path: path.description,
                existing: below.isEmpty ? net.paths + net.pathsInside : below.map { "\(own)\($0.path)@\(name)" })
        }
        return only.module
    }
}

/// Takes the features at some paths of a network while it runs.
public final class FeatureCapture: InsideObserver {
    /// The paths, in the order of ``values``.
    public let paths: [LayerPath]
    private let modules: [Module]
    private var values: [Tensor?]

    /// Finds the layers of `net`.
    ///
    /// - Throws: ``ModuleError/path(path:existing:)``.
    public init(_ net: Module, at paths: [LayerPath]) throws {
        self.paths = paths
        modules = try paths.map { path in
            let module = try net.module(at: path)
            guard case .inside(let name) = path.side else { return module }
            return try module.showing(name, at: path, in: net)
        }
        values = Array(repeating: nil, count: paths.count)
    }

    /// Runs `body` and gives its result with the features seen meanwhile, in the order of ``paths``.
    ///
    /// - Throws: ``ModuleError/notReached(path:)`` for a layer that did not run, and what `body` throws.
    public func run(_ body: () throws -> Tensor) throws -> (output: Tensor, features: [Tensor]) {
        for module in modules where !module.observers.contains(where: { $0 === self }) { module.observe(with: self) }
        defer {
            for module in modules { module.stopObserving(with: self) }
            for index in values.indices { values[index] = nil }
        }
        let output = try body()
        let features = try zip(paths, values).map { path, value in
            guard let value else { throw ModuleError.notReached(path: path.description) }
            return value
        }
        return (output, features)
    }

    /// Keeps what is asked for; of a layer that runs several times, the last run counts.
    public func module(_ module: Module, took input: Tensor?, gave output: Tensor) {
        for index in modules.indices where modules[index] === module {
            switch paths[index].side {
            case .input: values[index] = input
            case .output: values[index] = output
            case .inside: break
            }
        }
    }

    /// Whether something inside a layer is asked for.
    public func wants(_ name: String, of module: Module) -> Bool {
        modules.indices.contains { modules[$0] === module && paths[$0].side == .inside(name) }
    }

    /// Keeps what is asked for.
    public func module(_ module: Module, computed name: String, _ value: Tensor) {
        for index in modules.indices where modules[index] === module && paths[index].side == .inside(name) {
            values[index] = value
        }
    }
}

/// Runs `net` on `x` once and gives the features at `paths`, with the network's result under `"output"`.
///
/// - Throws: ``ModuleError/path(path:existing:)``, ``ModuleError/notReached(path:)``, and what the network throws.
public func features(
    _ net: Module, at paths: [String], of x: Tensor
) throws -> OrderedDictionary<String, Tensor> {
    let capture = try FeatureCapture(net, at: paths.map { LayerPath($0) })
    let (output, values) = try capture.run { try net(x) }
    var result: OrderedDictionary<String, Tensor> = [:]
    for (path, value) in zip(paths, values) { result[path] = value }
    result["output"] = output
    return result
}

/// A network that gives the feature of another at one path; it shares the other's layers.
public final class FeatureExtractor: Module {
    private let net: Module
    private let path: LayerPath

    /// - Throws: ``ModuleError/path(path:existing:)``.
    public init(_ net: Module, at path: String) throws {
        self.net = net
        self.path = LayerPath(path)
        _ = try net.module(at: self.path)
        super.init()
        register(net, as: "net")
    }

    /// The feature for `x`.
    public override func forward(_ x: Tensor) throws -> Tensor {
        try FeatureCapture(net, at: [path]).run { try net(x) }.features[0]
    }

    /// A copy with its own layers.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try FeatureExtractor(copies.module(net), at: path.description)
    }
}

/// Which child of a network ran last: its input is the feature that methods use when none is named.
public final class LastChildCalled: ModuleObserver {
    private let net: Module
    private var last: Module?

    private init(_ net: Module) { self.net = net }

    /// Runs `net` on an example and gives the path of the input of the child that was called last.
    ///
    /// - Throws: ``ModuleError/noChildren(module:)`` for a network without children, and what the network throws.
    public static func inputPath(of net: Module, running body: () throws -> Tensor) throws -> LayerPath {
        let observer = LastChildCalled(net)
        for child in net.children.values { child.observe(with: observer) }
        defer { for child in net.children.values { child.stopObserving(with: observer) } }
        _ = try body()
        guard let last = observer.last, let name = net.children.first(where: { $0.value === last })?.key else {
            throw ModuleError.noChildren(module: net.typeName)
        }
        return LayerPath(components: [name], side: .input)
    }

    /// Remembers the child.
    public func module(_ module: Module, took input: Tensor?, gave output: Tensor) { last = module }
}
