import Tensors

/// A plan of a network's evaluation with everything that it was made for.
final class PreparedNetwork {
    private let plan: EvaluationPlan
    private let parts: [Part]
    private let names: [String]
    private let events: [Event]
    /// How often it gave a result.
    private(set) var runs = 0

    /// One module as it was when the plan was made.
    fileprivate struct Part {
        /// Nil for the network itself, which keeps the plan.
        let module: Module?
        let isTraining: Bool
        let isObserved: Bool
        let children: [ObjectIdentifier]
        let tensors: [ObjectIdentifier]
        let snapshot: (any EvaluationSnapshot)?
        /// What of its computation somebody wants to see.
        let shown: [String]
    }

    /// Somebody who observes a module was told what went in and came out.
    private struct Event {
        let part: Int
        let input: Int?
        let output: Int
        /// The name of a value inside the module; nil for what it gave.
        var inside: String?
    }

    /// Notes what observers are told while a network is traced.
    fileprivate final class Listener: InsideObserver {
        var events: [(module: Module, input: Tensor?, output: Tensor, inside: String?)] = []

        func module(_ module: Module, took input: Tensor?, gave output: Tensor) {
            events.append((module, input, output, nil))
        }

        /// What others want is noted.
        func wants(_ name: String, of module: Module) -> Bool {
            module.observers.contains { $0 !== self && ($0 as? any InsideObserver)?.wants(name, of: module) == true }
        }

        func module(_ module: Module, computed name: String, _ value: Tensor) {
            events.append((module, nil, value, name))
        }
    }

    /// Runs the network step by step and makes a plan of what it did.
    ///
    /// - Returns: the network's result, and the plan or the reason why there is none.
    /// - Throws: what the network throws.
    static func make(
        _ net: Module, _ inputs: [(name: String, tensor: Tensor)], _ body: () throws -> Tensor
    ) throws -> (output: Tensor, prepared: Result<PreparedNetwork, EvaluationPlan.Refusal>) {
        let modules = net.modules()
        let parts: [Part]
        do {
            parts = try modules.map { try Self.part($0, of: net) }
        } catch let refusal as EvaluationPlan.Refusal {
            return (try body(), .failure(refusal))
        }
        let listener = Listener()
        let observed = modules.filter(\.isObserved)
        for module in observed { module.observe(with: listener) }
        defer { for module in observed { module.stopObserving(with: listener) } }
        return try Trace.run(keepsResults: false) { trace in
            let numbers = inputs.map { trace.number(of: $0.tensor) }
            let output = try body()
            do {
                // A tensor that the listing does not know is refused by the plan.
                var wanted = [trace.number(of: output)]
                var events: [Event] = []
                for event in listener.events {
                    guard let part = modules.firstIndex(where: { $0 === event.module }) else { continue }
                    var input: Int?
                    if let tensor = event.input {
                        input = wanted.count
                        wanted.append(trace.number(of: tensor))
                    }
                    events.append(Event(part: part, input: input, output: wanted.count, inside: event.inside))
                    wanted.append(trace.number(of: event.output))
                }
                // What the forward changed is not what the plan is for.
                guard zip(modules, parts).allSatisfy({ $1.isCurrent($0) }), net.modules().count == modules.count
                else { throw EvaluationPlan.Refusal("the network changes while it runs") }
                let state = modules.flatMap { Array($0.ownParameters.values) + Array($0.ownBuffers.values) }
                let plan = try EvaluationPlan(trace.graph, inputs: numbers, state: state, outputs: wanted)
                return (
                    output, .success(PreparedNetwork(plan, parts, inputs.map(\.name), events))
                )
            } catch let refusal as EvaluationPlan.Refusal {
                return (output, .failure(refusal))
            }
        }
    }

    private init(_ plan: EvaluationPlan, _ parts: [Part], _ names: [String], _ events: [Event]) {
        (self.plan, self.parts, self.names, self.events) = (plan, parts, names, events)
    }

    private static func part(_ module: Module, of net: Module) throws -> Part {
        guard let closed = module as? any ClosedModule else {
            throw EvaluationPlan.Refusal("it is not known what \(module.typeName) reads")
        }
        guard module.observers.allSatisfy({ $0 is FeatureCapture }) else {
            throw EvaluationPlan.Refusal("somebody listens to \(module.typeName) while it runs")
        }
        return Part(
            module: module === net ? nil : module, isTraining: module.isTraining, isObserved: module.isObserved,
            children: module.children.values.map { ObjectIdentifier($0) }, tensors: Self.tensors(module),
            snapshot: try closed.evaluationSnapshot(of: net), shown: module.shownInsides)
    }

    private static func tensors(_ module: Module) -> [ObjectIdentifier] {
        module.ownParameters.values.map { ObjectIdentifier($0) } + module.ownBuffers.values.map { ObjectIdentifier($0) }
    }

    // MARK: Running

    /// Whether network and inputs are what the plan was made for.
    func isCurrent(_ net: Module, _ inputs: [(name: String, tensor: Tensor)]) -> Bool {
        names.elementsEqual(inputs.lazy.map(\.name)) && plan.fits(inputs.map(\.tensor))
            && parts.allSatisfy { $0.isCurrent($0.module ?? net) }
    }

    /// The network's result; observers are told what they would have been told.
    func run(_ net: Module, _ inputs: [(name: String, tensor: Tensor)]) throws -> Tensor {
        let results = try plan.run(inputs.map(\.tensor))
        runs += 1
        for event in events {
            let module = parts[event.part].module ?? net
            if let name = event.inside {
                module.notify(computed: name, results[event.output])
            } else {
                module.notify(input: event.input.map { results[$0] }, output: results[event.output])
            }
        }
        return results[0]
    }

    /// Whether the plan gives what was computed step by step.
    func agrees(with expected: Tensor, for inputs: [(name: String, tensor: Tensor)]) throws -> Bool {
        try Self.agree(expected, try plan.run(inputs.map(\.tensor))[0])
    }

    /// |a − b| ≤ 10⁻⁴ (max|a| + rms a) in float32, 10⁻¹⁰ in float64; nan and infinities in the same places.
    private static func agree(_ a: Tensor, _ b: Tensor) throws -> Bool {
        guard a.shape == b.shape, a.dtype == b.dtype else { return false }
        let x = try a.doubles(), y = try b.doubles()
        let finite = x.filter(\.isFinite)
        let largest = finite.reduce(0) { max($0, abs($1)) }
        let rms = (finite.reduce(0) { $0 + $1 * $1 } / Double(max(1, finite.count))).squareRoot()
        let share = a.dtype == .float32 ? 1e-4 : a.dtype == .float64 ? 1e-10 : 0
        let tolerance = share * (largest + rms)
        return zip(x, y).allSatisfy { a, b in
            a == b || a.isNaN && b.isNaN || a.isFinite && b.isFinite && abs(a - b) <= tolerance
        }
    }
}

extension PreparedNetwork.Part {
    /// Whether the module is as it was.
    fileprivate func isCurrent(_ module: Module) -> Bool {
        guard module.isTraining == isTraining, module.isObserved == isObserved,
            module.children.count == children.count, !isObserved || module.shownInsides == shown,
            module.ownParameters.count + module.ownBuffers.count == tensors.count
        else { return false }
        var index = 0
        for child in module.children.values {
            guard ObjectIdentifier(child) == children[index] else { return false }
            index += 1
        }
        index = 0
        for tensor in module.ownParameters.values {
            guard ObjectIdentifier(tensor) == tensors[index] else { return false }
            index += 1
        }
        for tensor in module.ownBuffers.values {
            guard ObjectIdentifier(tensor) == tensors[index] else { return false }
            index += 1
        }
        guard !isObserved || module.observers.allSatisfy({ $0 is FeatureCapture || $0 is PreparedNetwork.Listener })
        else { return false }
        return snapshot?.isCurrent ?? true
    }
}
