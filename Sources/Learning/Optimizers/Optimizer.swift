import Tensors

/// Parameters that follow their gradients together, with their own options.
public final class ParameterGroup {
    /// The parameters.
    public let parameters: [Tensor]
    /// The rule with the options of this group.
    public internal(set) var rule: any UpdateRule

    /// A group with its own options.
    public init(_ parameters: [Tensor], _ rule: any UpdateRule) {
        self.parameters = parameters
        self.rule = rule
    }

    /// The step size.
    public var learningRate: Double {
        get { rule.learningRate }
        set { rule.learningRate = newValue }
    }

    /// Sets what the rule calls momentum (SGD, RMSprop) or β₁ (Adam); other rules have none.
    public func setMomentum(_ value: Double) { rule.setMomentum(value) }
}

/// A rule at work on parameters: ``step()`` moves them along their gradients.
///
/// The parameters of a group move into one block of memory, so that a step is one pass. All of a group count the same steps.
public final class Optimizer {
    /// The groups, each with its options.
    public let groups: [ParameterGroup]
    private var units: [Unit]

    /// The parameters of one group and one dtype, with what the rule remembers of them.
    private struct Unit {
        let group: Int
        let flat: FlatParameters
        var step = 0
        var slots: [Tensor] = []
    }

    /// One group of parameters; those that require no gradient are left out.
    ///
    /// - Throws: ``OptimizerError/empty(optimizer:)`` when none is left.
    public convenience init(_ rule: any UpdateRule, _ parameters: [Tensor]) throws {
        try self.init([ParameterGroup(parameters.filter(\.requiresGradient), rule)])
    }

    /// Several groups.
    ///
    /// - Throws: ``OptimizerError/empty(optimizer:)`` without parameters; `TensorError` for a parameter given twice.
    public init(_ groups: [ParameterGroup]) throws {
        guard groups.contains(where: { !$0.parameters.isEmpty }) else {
            throw OptimizerError.empty(optimizer: groups.first?.rule.name ?? "optimizer")
        }
        self.groups = groups
        units = []
        for (index, group) in groups.enumerated() {
            try group.rule.checkOptions()
            for dtype in [DType.float32, .float64] {
                let own = group.parameters.filter { $0.dtype == dtype }
                if !own.isEmpty { units.append(Unit(group: index, flat: try FlatParameters(own))) }
            }
        }
    }

    /// The rule's name.
    public var name: String { groups[0].rule.name }

    /// The step size of the first group; setting it sets all.
    public var learningRate: Double {
        get { groups[0].learningRate }
        set { for group in groups { group.learningRate = newValue } }
    }

    /// All parameters.
    public var parameters: [Tensor] { groups.flatMap(\.parameters) }

    /// Forgets the gradients.
    public func zeroGrad() { for unit in units { unit.flat.clearGradients() } }

    /// The L2 norm of all gradients together.
    public func gradientNorm() throws -> Double {
        if units.count == 1 { return try units[0].flat.gradientNorm() }
        return try units.reduce(0) { sum, unit in
            let norm = try unit.flat.gradientNorm()
            return sum + norm * norm
        }.squareRoot()
    }

    /// Scales all gradients so that their norm together is at most `maximum`; gives the norm before.
    @discardableResult
    public func clipGradNorm(_ maximum: Double) throws -> Double {
        units.count == 1
            ? try units[0].flat.clipGradientNorm(maximum) : try Learning.clipGradNorm(parameters, maximum)
    }

    /// Moves every parameter that has a gradient.
    ///
    /// - Throws: a limit error when memory for the rule's state is short.
    public func step() throws {
        for index in units.indices { try step(&units[index], groups[units[index].group].rule) }
    }

    private func step(_ unit: inout Unit, _ rule: any UpdateRule) throws {
        unit.step += 1
        // A schedule may bring in a momentum later, so that a slot can be missing at any step.
        let missing = rule.slots.dropFirst(unit.slots.count)
        for slot in missing { unit.slots.append(try unit.flat.makeSlot(slot)) }
        try rule.step(
            UpdateStep(parameters: unit.flat, slots: unit.slots, number: unit.step, isFirst: !missing.isEmpty))
    }
}

extension FlatParameters {
    fileprivate func makeSlot(_ slot: RuleSlot) throws -> Tensor {
        switch slot {
        case .elements(let initial):
            let state = try makeState()
            if initial != 0 { try state.fill_(Scalar(initial)) }
            return state
        case .number(let initial): return try Tensor([initial], shape: [1])
        }
    }
}

extension Optimizer {
    /// The rule's memory, for checkpoints: tensors named `unit.slot`, and the steps each unit made.
    public func state() -> (tensors: [(name: String, tensor: Tensor)], steps: [Int]) {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, unit) in units.enumerated() {
            for (slot, tensor) in unit.slots.enumerated() { tensors.append(("\(index).\(slot)", tensor)) }
        }
        return (tensors, units.map(\.step))
    }

    /// Goes on from a saved memory.
    ///
    /// - Throws: ``OptimizerError/option(optimizer:problem:)`` when the memory belongs to other parameters.
    public func restore(tensors: [String: Tensor], steps: [Int]) throws {
        let failure = OptimizerError.option(optimizer: name, problem: "the saved state belongs to other parameters")
        guard steps.count == units.count else { throw failure }
        for index in units.indices {
            let expected = groups[units[index].group].rule.slots
            var slots: [Tensor] = []
            while let tensor = tensors["\(index).\(slots.count)"] {
                var count = units[index].flat.count
                if expected.indices.contains(slots.count), case .number = expected[slots.count] { count = 1 }
                guard tensor.shape == [count] else { throw failure }
                slots.append(try tensor.clone())
            }
            units[index].slots = slots
            units[index].step = steps[index]
        }
    }
}

/// The L2 norm of all gradients together.
public func gradientNorm(_ parameters: [Tensor]) throws -> Double {
    var sum = 0.0
    for parameter in parameters {
        if let gradient = parameter.gradient {
            sum += try Gradients.disabled { try gradient.square().sum().itemDouble() }
        }
    }
    return sum.squareRoot()
}

/// Scales all gradients so that their norm together is at most `maximum`; gives the norm before.
///
/// The factor is min(1, maximum / (norm + 10⁻⁶)), as in PyTorch.
///
/// - Throws: ``OptimizerError/option(optimizer:problem:)`` for a maximum that is not positive.
@discardableResult
public func clipGradNorm(_ parameters: [Tensor], _ maximum: Double) throws -> Double {
    guard maximum > 0 else {
        throw OptimizerError.option(
            optimizer: "clip_grad_norm", problem: "the largest norm must be above 0, given \(maximum)")
    }
    let norm = try gradientNorm(parameters)
    let factor = maximum / (norm + 1e-6)
    if factor < 1 {
        for parameter in parameters {
            _ = try Gradients.disabled { try parameter.gradient?.mul_(Scalar(factor)) }
        }
    }
    return norm
}

/// Cuts every element of the gradients off at ±`maximum`, as PyTorch's `clip_grad_value_`.
///
/// - Throws: ``OptimizerError/option(optimizer:problem:)`` for a maximum that is not positive.
public func clipGradValue(_ parameters: [Tensor], _ maximum: Double) throws {
    guard maximum > 0 else {
        throw OptimizerError.option(
            optimizer: "clip_grad_value", problem: "the largest value must be above 0, given \(maximum)")
    }
    try Gradients.disabled {
        for parameter in parameters {
            guard let gradient = parameter.gradient else { continue }
            _ = try gradient.copy_(gradient.clamp(min: .float(-maximum), max: .float(maximum)))
        }
    }
}
