import OrderedCollections
import Tensors

extension Module {
    /// The module itself (path `""`) and everything below it, parents first; a module that occurs twice is listed once.
    public final func namedModules() -> [(path: String, module: Module)] {
        var seen: Set<ObjectIdentifier> = []
        var found: [(path: String, module: Module)] = []
        // A stack of its own: a network may be nested deeper than the thread's stack allows.
        var pending: [(path: String, module: Module)] = [("", self)]
        while let (path, module) = pending.popLast() {
            guard seen.insert(ObjectIdentifier(module)).inserted else { continue }
            found.append((path, module))
            for (name, child) in module.children.reversed() {
                pending.append((path.isEmpty ? name : path + "." + name, child))
            }
        }
        return found
    }

    /// The modules of ``namedModules()`` without their paths, which take time to write.
    package final func modules() -> [Module] {
        var seen: Set<ObjectIdentifier> = []
        var found: [Module] = []
        var pending: [Module] = [self]
        while let module = pending.popLast() {
            guard seen.insert(ObjectIdentifier(module)).inserted else { continue }
            found.append(module)
            pending += module.children.values.reversed()
        }
        return found
    }

    /// All parameters with their paths, parents first; a shared parameter is listed once, under its first name.
    public final func namedParameters() -> [(name: String, parameter: Tensor)] {
        var seen: Set<ObjectIdentifier> = []
        var found: [(name: String, parameter: Tensor)] = []
        for (path, module) in namedModules() {
            for (name, parameter) in module.ownParameters where seen.insert(ObjectIdentifier(parameter)).inserted {
                found.append((path.isEmpty ? name : path + "." + name, parameter))
            }
        }
        return found
    }

    /// All parameters, each once.
    public final func parameters() -> [Tensor] { namedParameters().map(\.parameter) }

    /// All buffers with their paths.
    public final func namedBuffers() -> [(name: String, buffer: Tensor)] {
        namedModules().flatMap { path, module in
            module.ownBuffers.map { (path.isEmpty ? $0.key : path + "." + $0.key, $0.value) }
        }
    }

    /// How many numbers the parameters hold.
    public final var parameterCount: Int { parameters().reduce(0) { $0 + $1.count } }

    /// Copies of all parameters and buffers under PyTorch's names: per module its parameters, its buffers, its children.
    ///
    /// - Throws: ``ModuleError/cycle(function:path:)`` for a network that contains itself; a limit error.
    public final func stateDict() throws -> OrderedDictionary<String, Tensor> {
        try requireTree(for: "state_dict")
        var state: OrderedDictionary<String, Tensor> = [:]
        for (name, tensor) in namedState() { state[name] = try tensor.detach().clone() }
        return state
    }

    /// A mark of all parameters and buffers: it changes, almost surely, when any of them does.
    package final func fingerprint() -> UInt64 {
        namedState().reduce(0) { $1.tensor.fingerprint($0 &* 0x9E37_79B9_7F4A_7C15 &+ 1) }
    }

    /// The tensors of the state themselves, under every name they have; a module inside itself has none there.
    public final func namedState() -> [(name: String, tensor: Tensor)] {
        var state: [(name: String, tensor: Tensor)] = []
        walk { prefix, module in
            for (name, parameter) in module.ownParameters { state.append((prefix + name, parameter)) }
            for (name, buffer) in module.ownBuffers { state.append((prefix + name, buffer)) }
        } again: { _ in
        }
        return state
    }

    /// - Throws: ``ModuleError/cycle(function:path:)`` when the network contains itself.
    package final func requireTree(for function: String) throws {
        var cycle: String?
        walk { _, _ in
        } again: {
            cycle = cycle ?? $0
        }
        if let cycle { throw ModuleError.cycle(function: function, path: cycle) }
    }

    /// Visits the module and everything below it, parents first, each under every prefix it has (`""`, `a.`, `a.b.`); where
    /// a module is met inside itself, `again` is told the path instead.
    private func walk(_ visit: (_ prefix: String, Module) -> Void, again: (_ path: String) -> Void) {
        var open: Set<ObjectIdentifier> = []
        func enter(_ module: Module, _ prefix: String) {
            guard open.insert(ObjectIdentifier(module)).inserted else { return again(String(prefix.dropLast())) }
            visit(prefix, module)
            for (name, child) in module.children { enter(child, prefix + name + ".") }
            open.remove(ObjectIdentifier(module))
        }
        enter(self, "")
    }

    /// Copies the tensors of `state` into the parameters and buffers of the same names; nothing is copied on error.
    ///
    /// - Parameters:
    ///   - state: tensors by name, of any floating dtype (half precision has been widened by the reader).
    ///   - strict: whether missing and unexpected names are an error.
    /// - Returns: the names the network has and `state` lacks, and those it does not have.
    /// - Throws: ``ModuleError/stateNames(missing:unexpected:)`` when strict, ``ModuleError/stateShape(name:expected:found:)``.
    @discardableResult
    public final func loadStateDict(
        _ state: OrderedDictionary<String, Tensor>, strict: Bool = true
    ) throws -> (missing: [String], unexpected: [String]) {
        let own = namedState()
        let names = Set(own.map(\.name))
        let missing = own.map(\.name).filter { state[$0] == nil }
        let unexpected = Array(state.keys).filter { !names.contains($0) }
        if strict, !missing.isEmpty || !unexpected.isEmpty {
            throw ModuleError.stateNames(missing: missing, unexpected: unexpected)
        }
        for (name, tensor) in own {
            guard let new = state[name] else { continue }
            guard new.shape == tensor.shape else {
                throw ModuleError.stateShape(name: name, expected: tensor.shape.array, found: new.shape.array)
            }
        }
        for (name, tensor) in own {
            guard let new = state[name] else { continue }
            _ = try Gradients.disabled { try tensor.copy_(new) }
        }
        return (missing, unexpected)
    }

    /// Stops training the network's parameters: they no longer require gradients.
    ///
    /// - Throws: `TensorError` for a parameter that an operation made.
    public final func freeze() throws { for parameter in parameters() { try parameter.requireGradient(false) } }

    /// Trains the network's parameters again.
    public final func unfreeze() throws {
        for parameter in parameters() where parameter.dtype.isFloating { try parameter.requireGradient() }
    }

    /// An independent network with the same options and values.
    ///
    /// - Throws: ``ModuleError/noCopy(module:)``, ``ModuleError/cycle(function:path:)`` for a network that contains itself,
    ///   or a limit error when memory is short.
    public final func copy() throws -> Module {
        try requireTree(for: "copy")
        return try ModuleCopies().module(self)
    }
}

/// The copies made so far while a network is copied: what is shared in the original is shared in the copy.
public final class ModuleCopies {
    private var modules: [ObjectIdentifier: Module] = [:]
    private var tensors: [ObjectIdentifier: Tensor] = [:]
    /// What is being copied: meeting it again would never end.
    private var open: Set<ObjectIdentifier> = []

    /// No copies yet.
    public init() {}

    /// The copy of a module.
    public func module(_ module: Module) throws -> Module {
        if let copy = modules[ObjectIdentifier(module)] { return copy }
        let copy = try once(module, named: module.typeName) { try module.duplicate(self) }
        if copy.isTraining != module.isTraining { copy.train(module.isTraining) }
        copy.record = module.record
        copy.quantizationScales = module.quantizationScales
        modules[ObjectIdentifier(module)] = copy
        return copy
    }

    /// Copies something that may contain itself, such as a list.
    ///
    /// - Throws: ``ModuleError/cycle(function:path:)`` when it is being copied already.
    package func once<Result>(_ object: AnyObject, named name: String, _ body: () throws -> Result) throws -> Result {
        guard open.insert(ObjectIdentifier(object)).inserted else {
            throw ModuleError.cycle(function: "copy", path: name)
        }
        defer { open.remove(ObjectIdentifier(object)) }
        return try body()
    }

    /// The copy of a parameter or buffer.
    public func tensor(_ tensor: Tensor) throws -> Tensor {
        if let copy = tensors[ObjectIdentifier(tensor)] { return copy }
        let copy = try tensor.detach().clone()
        if tensor.requiresGradient { try copy.requireGradient() }
        tensors[ObjectIdentifier(tensor)] = copy
        return copy
    }

    /// The copy of a parameter or buffer that may be absent.
    public func tensor(_ tensor: Tensor?) throws -> Tensor? {
        guard let tensor else { return nil }
        return try self.tensor(tensor) as Tensor
    }
}
