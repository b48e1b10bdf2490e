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
    public final func stateDict() throws -> OrderedDictionary<String, Tensor> {
        var state: OrderedDictionary<String, Tensor> = [:]
        for (name, tensor) in namedState() { state[name] = try tensor.detach().clone() }
        return state
    }

    /// The tensors of the state themselves, under every name they have.
    public final func namedState() -> [(name: String, tensor: Tensor)] {
        var state: [(name: String, tensor: Tensor)] = []
        func collect(_ module: Module, _ prefix: String) {
            for (name, parameter) in module.ownParameters { state.append((prefix + name, parameter)) }
            for (name, buffer) in module.ownBuffers { state.append((prefix + name, buffer)) }
            for (name, child) in module.children { collect(child, prefix + name + ".") }
        }
        collect(self, "")
        return state
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
    /// - Throws: ``ModuleError/noCopy(module:)``, or a limit error when memory is short.
    public final func copy() throws -> Module { try ModuleCopies().module(self) }
}

/// The copies made so far while a network is copied: what is shared in the original is shared in the copy.
public final class ModuleCopies {
    private var modules: [ObjectIdentifier: Module] = [:]
    private var tensors: [ObjectIdentifier: Tensor] = [:]

    /// No copies yet.
    public init() {}

    /// The copy of a module.
    public func module(_ module: Module) throws -> Module {
        if let copy = modules[ObjectIdentifier(module)] { return copy }
        let copy = try module.duplicate(self)
        if copy.isTraining != module.isTraining { copy.train(module.isTraining) }
        copy.record = module.record
        copy.quantizationScales = module.quantizationScales
        modules[ObjectIdentifier(module)] = copy
        return copy
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
