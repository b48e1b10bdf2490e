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
            recipe.algorithm = .adam(beta1: value, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad, decoupled: decoupled)
        case .rmsprop(let alpha, let epsilon, _, let centered):
            recipe.algorithm = .rmsprop(alpha: alpha, epsilon: epsilon, momentum: value, centered: centered)
        case .adagrad: break
        }
    }
}

/// An algorithm at work on parameters: ``step()`` moves them along their gradients.
public final class Optimizer {
    /// The groups, each with its options.
    public private(set) var groups: [ParameterGroup]
    private var states: [[ParameterState]]

    /// What the algorithm remembers of one parameter.
    struct ParameterState {
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
    /// - Throws: ``OptimizerError/empty(optimizer:)`` without parameters.
    public init(_ groups: [ParameterGroup]) throws {
        guard let first = groups.first, groups.contains(where: { !$0.parameters.isEmpty }) else {
            throw OptimizerError.empty(optimizer: groups.first?.recipe.name ?? "optimizer")
        }
        _ = first
        for group in groups { try group.recipe.check() }
        self.groups = groups
        states = groups.map { Array(repeating: ParameterState(), count: $0.parameters.count) }
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
    public func zeroGrad() {
        for group in groups { for parameter in group.parameters { parameter.clearGradient() } }
    }

    /// Moves every parameter that has a gradient.
    ///
    /// - Throws: a limit error when memory for the algorithm's state is short.
    public func step() throws {
        for (index, group) in groups.enumerated() {
            for (position, parameter) in group.parameters.enumerated() {
                guard let gradient = parameter.gradient else { continue }
                try update(parameter, gradient, group.recipe, &states[index][position])
            }
        }
    }

    private func update(
        _ parameter: Tensor, _ gradient: Tensor, _ recipe: OptimizerRecipe, _ state: inout ParameterState
    ) throws {
        let first = state.step == 0
        state.step += 1
        let lr = recipe.learningRate
        switch recipe.algorithm {
        case .sgd(let momentum, let dampening, let nesterov):
            if momentum > 0, state.slots.isEmpty { state.slots = [try parameter.zerosLike()] }
            try parameter.updateSGD(
                gradient, velocity: state.slots.first, lr: lr, momentum: momentum, dampening: dampening,
                weightDecay: recipe.weightDecay, nesterov: nesterov, maximize: recipe.maximize, first: first)
        case .adam(let beta1, let beta2, let epsilon, let amsgrad, let decoupled):
            if first { state.slots = try (0..<(amsgrad ? 3 : 2)).map { _ in try parameter.zerosLike() } }
            try parameter.updateAdam(
                gradient, mean: state.slots[0], square: state.slots[1], peak: amsgrad ? state.slots[2] : nil, lr: lr,
                beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: recipe.weightDecay, decoupled: decoupled,
                maximize: recipe.maximize, step: state.step)
        case .rmsprop(let alpha, let epsilon, let momentum, let centered):
            if first {
                state.slots = try (0..<(1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0))).map { _ in
                    try parameter.zerosLike()
                }
            }
            try parameter.updateRMSprop(
                gradient, square: state.slots[0], mean: centered ? state.slots[1] : nil,
                velocity: momentum > 0 ? state.slots[centered ? 2 : 1] : nil, lr: lr, alpha: alpha, epsilon: epsilon,
                weightDecay: recipe.weightDecay, momentum: momentum, maximize: recipe.maximize)
        case .adagrad(let decay, let initial, let epsilon):
            if first { state.slots = [try parameter.fullLike(Scalar(initial))] }
            try parameter.updateAdagrad(
                gradient, sum: state.slots[0], lr: lr / (1 + Double(state.step - 1) * decay), epsilon: epsilon,
                weightDecay: recipe.weightDecay, maximize: recipe.maximize)
        }
    }
}

extension Optimizer {
    /// The algorithm's memory, for checkpoints: tensors named `group.parameter.slot` and the steps made by each parameter.
    public func state() -> (tensors: [(name: String, tensor: Tensor)], steps: [[Int]]) {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (group, parameters) in states.enumerated() {
            for (position, state) in parameters.enumerated() {
                for (slot, tensor) in state.slots.enumerated() { tensors.append(("\(group).\(position).\(slot)", tensor)) }
            }
        }
        return (tensors, states.map { $0.map(\.step) })
    }

    /// Goes on from a saved memory.
    ///
    /// - Throws: ``OptimizerError/option(optimizer:problem:)`` when the memory belongs to other parameters.
    public func restore(tensors: [String: Tensor], steps: [[Int]]) throws {
        guard steps.map(\.count) == groups.map(\.parameters.count) else {
            throw OptimizerError.option(optimizer: name, problem: "the saved state belongs to other parameters")
        }
        for (group, counts) in steps.enumerated() {
            for (position, step) in counts.enumerated() {
                var slots: [Tensor] = []
                while let tensor = tensors["\(group).\(position).\(slots.count)"] { slots.append(try tensor.clone()) }
                states[group][position] = ParameterState(step: step, slots: slots)
            }
        }
    }
}

/// The L2 norm of all gradients together.
public func gradientNorm(_ parameters: [Tensor]) throws -> Double {
    var sum = 0.0
    for parameter in parameters {
        if let gradient = parameter.gradient { sum += try Gradients.disabled { try gradient.square().sum().itemDouble() } }
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
