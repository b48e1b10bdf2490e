extension Interpreter {
    /// The session's variables that have a value, in the order of their declaration.
    public var globals: [(name: String, value: Value)] {
        session.declared.compactMap { name in
            guard let value = global(name) else { return nil }
            return (name, value)
        }
    }

    /// The value of a session variable.
    public func global(_ name: String) -> Value? {
        guard let slot = session.slots[name], machine.isBound(slot: slot) else { return nil }
        return machine[global: slot]
    }

    /// Binds a session variable.
    public func setGlobal(_ name: String, _ value: Value) {
        let slot = machine.slot(of: name, in: session)
        session.declare(name)
        machine[global: slot] = value
    }

    /// Forgets the session's variables; library names get their meaning back.
    public func clear() {
        for (name, slot) in session.slots {
            machine[global: slot] = library.value(named: name) ?? .unbound
        }
        session.declared = []
        session.parameters = []
        parameters = []
        imports = [:]
    }
}
