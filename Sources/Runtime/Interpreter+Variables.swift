extension Interpreter {
    /// The names of the session's variables that have a value, in the order they were first bound.
    public var variableNames: [String] { session.declared.filter { variable($0) != nil } }

    /// The value of one of the session's variables; none when it has none, library names not among them.
    public func variable(_ name: String) -> Value? {
        guard session.declared.contains(name), let slot = session.slots[name], isBound(slot: slot) else { return nil }
        return registers[globalCount - 1 - slot]
    }

    /// Binds one of the session's variables, as an assignment at top level does.
    public func setVariable(_ name: String, _ value: Value) {
        session.declare(name)
        let slot = slot(of: name, in: session)
        registers[globalCount - 1 - slot] = value
    }
}
