import Tensors

/// A layer that shows what it computes on the way, under names of its own: `"self_attn@scores"`.
public protocol ShowsInside: Module {
    /// The names behind the `@`.
    var insides: [String] { get }
}

/// An observer that also looks at what layers compute on the way.
public protocol InsideObserver: ModuleObserver {
    /// Whether it wants the value called `name` of a layer; what nobody wants is not computed.
    func wants(_ name: String, of module: Module) -> Bool
    /// `module` computed the value called `name`.
    func module(_ module: Module, computed name: String, _ value: Tensor)
}

extension ShowsInside {
    /// Gives a value to the observers that want it.
    func show(_ name: String, _ value: @autoclosure () throws -> Tensor) throws {
        let interested = observers.compactMap { $0 as? any InsideObserver }.filter { $0.wants(name, of: self) }
        guard !interested.isEmpty else { return }
        let value = try value()
        for observer in interested { observer.module(self, computed: name, value) }
    }
}

extension Module {
    /// The values of its computation that somebody wants to see.
    var shownInsides: [String] {
        guard isObserved, let shows = self as? any ShowsInside else { return [] }
        return shows.insides.filter { name in
            observers.contains { ($0 as? any InsideObserver)?.wants(name, of: self) == true }
        }
    }

    /// Tells those who want it what the module computed on the way.
    func notify(computed name: String, _ value: Tensor) {
        for case let observer as any InsideObserver in observers where observer.wants(name, of: self) {
            observer.module(self, computed: name, value)
        }
    }

    /// The paths of what the layers below show of their computation.
    var pathsInside: [String] {
        namedModules().flatMap { path, module in ((module as? any ShowsInside)?.insides ?? []).map { "\(path)@\($0)" } }
    }
}
