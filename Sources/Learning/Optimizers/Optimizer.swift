import Tensors

/// Parameters that follow their gradients together, with their own options.
public final class ParameterGroup {
    /// The parameters.
    public let parameters: [Tensor]
    /// The algorithm with the options of this group.
    public internal(set) var recipe: OptimizerRecipe

    /// A group with its own options.
    public init(_ parameters: [Tensor], _ recipe: OptimizerRecipe) {
        self.parameters = parameters
        self.recipe = recipe
    }

    /// The step size.
    public var learningRate: Double {
        get { recipe.learningRate }
        set { recipe.learningRate = newValue }
    }

    /// Sets momentum (SGD, RMSprop) or β₁ (Adam); other algorithms have none.
    public func setMomentum(_ value: Double) {
        switch recipe.algorithm {
        case .sgd(_, let dampening, let nesterov):
            recipe.algorithm = .sgd(momentum: value, dampening: dampening, nesterov: nesterov)
        case .adam(_, let beta2, let epsilon, let amsgrad, let decoupled):
            recipe.algorithm = .adam(
                beta1: value, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad, decoupled: decoupled)
        case .rmsprop(let alpha, let epsilon, _, let centered):
            recipe.algorithm = .rmsprop(alpha: alpha, epsilon: epsilon, momentum: value, centered: centered)
        case .adagrad: break
        }
    }
}

/// An algorithm at work on parameters: ``step()`` moves them along their gradients.
///
/// The parameters of a group move into one block of memory, so that a step is one pass. All of a group count the same steps.
public final class Optimizer {
    /// The groups, each with its options.
    public let groups: [ParameterGroup]
    private var units: [Unit]

    /// The parameters of one group and one dtype, with what the algorithm remembers of them.
    private struct Unit {
        let group: Int
        let flat: FlatParameters
        var step = 0
        var slots: [Tensor] = []
    }

    /// One group of parameters; those that require no gradient are left out.
    ///
    /// - Throws: ``OptimizerError/empty(optimizer:)`` when none is left.
    public convenience init(_ recipe: OptimizerRecipe, _ parameters: [Tensor]) throws {
        try self.init([ParameterGroup(parameters.filter(\.requiresGradient), recipe)])
    }

    /// Several groups.
    ///
    /// - Throws: ``OptimizerError/empty(optimizer:)`` without parameters; `TensorError` for a parameter given twice.
    public init(_ groups: [ParameterGroup]) throws {
        guard groups.contains(where: { !$0.parameters.isEmpty }) else {
            throw OptimizerError.empty(optimizer: groups.first?.recipe.name ?? "optimizer")
        }
        self.groups = groups
        units = []
        for (index, group) in groups.enumerated() {
            try group.recipe.check()
            for dtype in [DType.float32, .float64] {
                let own = group.parameters.filter { $0.dtype == dtype }
                if !own.isEmpty { units.append(Unit(group: index, flat: try FlatParameters(own))) }
            }
        }
    }

    /// The algorithm's name.
    public var name: String { groups[0].recipe.name }

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
    /// - Throws: a limit error when memory for the algorithm's state is short.
    public func step() throws {
        for index in units.indices { try step(&units[index], groups[units[index].group].recipe) }
    }

    private func step(_ unit: inout Unit, _ recipe: OptimizerRecipe) throws {
        let first = unit.step == 0
        unit.step += 1
        let flat = unit.flat
        let lr = recipe.learningRate
        let decay = recipe.weightDecay
        switch recipe.algorithm {
        case .sgd(let momentum, let dampening, let nesterov):
            let fresh = momentum > 0 && unit.slots.isEmpty
            if fresh { unit.slots = [try flat.makeState()] }
            try flat.updateSGD(
                lr: lr, momentum: momentum, dampening: dampening, weightDecay: decay, nesterov: nesterov,
                maximize: recipe.maximize, buffer: momentum > 0 ? unit.slots.first : nil, isFirst: fresh)
        case .adam(let beta1, let beta2, let epsilon, let amsgrad, let decoupled):
            if first { unit.slots = try (0..<(amsgrad ? 3 : 2)).map { _ in try flat.makeState() } }
            try flat.updateAdam(
                lr: lr, betas: (beta1, beta2), epsilon: epsilon, weightDecay: decay, decoupled: decoupled,
                maximize: recipe.maximize, mean: unit.slots[0], square: unit.slots[1],
                peak: amsgrad ? unit.slots[2] : nil, step: unit.step)
        case .rmsprop(let alpha, let epsilon, let momentum, let centered):
            if first {
                let count = 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0)
                unit.slots = try (0..<count).map { _ in try flat.makeState() }
            }
            try flat.updateRMSprop(
                lr: lr, alpha: alpha, epsilon: epsilon, weightDecay: decay, momentum: momentum,
                maximize: recipe.maximize, square: unit.slots[0], mean: centered ? unit.slots[1] : nil,
                buffer: momentum > 0 ? unit.slots[centered ? 2 : 1] : nil)
        case .adagrad(let rateDecay, let initial, let epsilon):
            if first {
                unit.slots = [try flat.makeState()]
                if initial != 0 { try unit.slots[0].fill_(Scalar(initial)) }
            }
            try flat.updateAdagrad(
                lr: lr / (1 + Double(unit.step - 1) * rateDecay), epsilon: epsilon, weightDecay: decay,
                maximize: recipe.maximize, sum: unit.slots[0])
        }
    }
}

extension Optimizer {
    /// The algorithm's memory, for checkpoints: tensors named `unit.slot`, and the steps each unit made.
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
            var slots: [Tensor] = []
            while let tensor = tensors["\(index).\(slots.count)"] {
                guard tensor.shape == [units[index].flat.count] else { throw failure }
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
