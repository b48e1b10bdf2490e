import Data
import OrderedCollections
import Tensors

/// A network or a layer: named parameters, buffers and children in the order they were declared, and a `forward` pass.
///
/// Subclass it, register what it holds in the initializer, override ``forward(_:)`` and ``duplicate(_:)``. Call a module like
/// a function: the call runs `forward` and then whoever observes the module, which is how features are taken by path.
open class Module {
    /// The direct children by name, in the order of registration.
    public private(set) var children: OrderedDictionary<String, Module> = [:]
    /// The module's own parameters by name.
    public private(set) var ownParameters: OrderedDictionary<String, Tensor> = [:]
    /// The module's own buffers (running statistics, constants) by name.
    public private(set) var ownBuffers: OrderedDictionary<String, Tensor> = [:]
    /// Whether layers such as dropout and batch normalisation behave as in training.
    public private(set) var isTraining = true
    /// What the network was last trained on; none for one that was not.
    public final var record: TrainingRecord?
    /// The scales of the channels of own parameters that were rounded to 8 bits, see ``quantized()``.
    final var quantizationScales: OrderedDictionary<String, Tensor> = [:]
    var observers: [any ModuleObserver] = []
    /// What somebody computed with this network and may want again; it goes with the network and is not copied.
    package var remembered: AnyObject?
    /// The plans of the network's evaluation; they go with the network and are not copied.
    package final var preparation: Preparation?

    /// A module that holds nothing yet.
    public init() {}

    /// The layer's name in summaries and messages: `"Linear"`.
    open var typeName: String { String(describing: type(of: self)) }

    /// The layer's options as they would be written: `"64, 256, bias=false"`.
    open var options: String { "" }

    /// Whether the layer is a function of single elements, which costs one operation for each; what else a layer costs is
    /// told by the operations that it runs.
    open var isElementwise: Bool { false }
    /// The names of the inputs that ``forward(named:)`` takes, where they are known; nil for layers of one tensor.
    open var inputNames: [String]? { nil }

    /// The result of the layer for `x`; callers use ``callAsFunction(_:)``.
    ///
    /// - Throws: what the operations throw, a shape error above all.
    open func forward(_ x: Tensor) throws -> Tensor {
        throw ModuleError.noForward(module: typeName)
    }

    /// The result of the network for several inputs by name. One input goes to ``forward(_:)``.
    ///
    /// - Throws: ``ModuleError/namedInputs(module:names:)`` unless the module takes its inputs by name.
    open func forward(named inputs: OrderedDictionary<String, Tensor>) throws -> Tensor {
        guard inputs.count == 1, let only = inputs.values.first else {
            throw ModuleError.namedInputs(module: typeName, names: Array(inputs.keys))
        }
        return try forward(only)
    }

    /// Runs ``forward(_:)``, then tells the observers.
    public final func callAsFunction(_ x: Tensor) throws -> Tensor {
        let output = Trace.isRunning ? try Trace.within(self) { try forward(x) } : try forward(x)
        if !observers.isEmpty { notify(input: x, output: output) }
        return output
    }

    /// Runs ``forward(named:)``, then tells the observers.
    public final func callAsFunction(named inputs: OrderedDictionary<String, Tensor>) throws -> Tensor {
        let output =
            Trace.isRunning
            ? try Trace.within(self) { try forward(named: inputs) }
            : try forward(named: inputs)
        if !observers.isEmpty { notify(input: inputs.values.first, output: output) }
        return output
    }

    /// Tells the observers what went in and came out. Modules that are called in another way than ``callAsFunction(_:)``
    /// (several arguments, several results) call it themselves.
    public final func notify(input: Tensor?, output: Tensor) {
        for observer in observers { observer.module(self, took: input, gave: output) }
    }

    /// A new module with the same options whose parameters, buffers and children are `copies` of this one's.
    ///
    /// - Throws: ``ModuleError/noCopy(module:)`` unless a subclass overrides it.
    open func duplicate(_ copies: ModuleCopies) throws -> Module {
        throw ModuleError.noCopy(module: typeName)
    }

    /// Called after the mode changed; override to react.
    open func modeChanged() {}
}

/// Somebody who wants to know what goes through a module.
public protocol ModuleObserver: AnyObject {
    /// `module` was given `input` and computed `output`.
    func module(_ module: Module, took input: Tensor?, gave output: Tensor)
}

extension Module {
    /// Adds a child; a child of the same name is replaced in its place.
    public final func register(_ child: Module, as name: String) { children[name] = child }

    /// Adds a parameter; a new one asks for its gradient before it is registered.
    public final func register(parameter: Tensor, as name: String) { ownParameters[name] = parameter }

    /// Adds a buffer: saved with the state, never trained.
    public final func register(buffer: Tensor, as name: String) { ownBuffers[name] = buffer }

    /// Removes the child, parameter or buffer called `name`.
    public final func unregister(_ name: String) {
        children[name] = nil
        ownParameters[name] = nil
        ownBuffers[name] = nil
    }

    /// Attaches an observer to this module.
    public final func observe(with observer: any ModuleObserver) { observers.append(observer) }

    /// Detaches an observer from this module.
    public final func stopObserving(with observer: any ModuleObserver) { observers.removeAll { $0 === observer } }

    /// Whether anybody observes this module; layers that fuse several modules into one operation must not then.
    public final var isObserved: Bool { !observers.isEmpty }

    /// Puts the network into training mode (or evaluation mode, with `false`).
    public final func train(_ mode: Bool = true) {
        for (_, module) in namedModules() { module.setMode(mode) }
    }

    /// Sets the mode of this module alone.
    final func setMode(_ training: Bool) {
        guard isTraining != training else { return }
        isTraining = training
        modeChanged()
    }

    /// Puts the network into evaluation mode.
    public final func eval() { train(false) }
}
