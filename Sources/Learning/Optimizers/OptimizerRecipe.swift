import Base
import Tensors

/// How parameters follow their gradients, before there are parameters: an algorithm with its options. PyTorch's defaults.
public struct OptimizerRecipe: Sendable, Equatable {
    /// The rule of the update; g is the gradient with weight decay added (except for AdamW).
    public enum Algorithm: Sendable, Equatable {
        /// v ← momentum·v + (1 − dampening)·g; p ← p − lr·v (Nesterov: lr·(g + momentum·v)).
        case sgd(momentum: Double, dampening: Double, nesterov: Bool)
        /// m, v: running means of g and g²; p ← p − lr·m̂/(√v̂ + ε) (1412.6980); `decoupled` is AdamW (1711.05101).
        case adam(beta1: Double, beta2: Double, epsilon: Double, amsgrad: Bool, decoupled: Bool)
        /// v ← α·v + (1 − α)·g²; p ← p − lr·g/(√v + ε), centred on request, with momentum.
        case rmsprop(alpha: Double, epsilon: Double, momentum: Double, centered: Bool)
        /// s ← s + g²; p ← p − lr/(1 + (t − 1)·decay)·g/(√s + ε).
        case adagrad(lrDecay: Double, initialAccumulator: Double, epsilon: Double)
    }

    /// The rule.
    public var algorithm: Algorithm
    /// The step size.
    public var learningRate: Double
    /// λ of the L2 penalty (or of the decoupled decay).
    public var weightDecay: Double
    /// Ascend instead of descend.
    public var maximize: Bool

    /// An optimizer from its parts.
    ///
    /// - Throws: ``OptimizerError/option(optimizer:problem:)`` for options outside their range.
    public init(_ algorithm: Algorithm, learningRate: Double, weightDecay: Double = 0, maximize: Bool = false) throws {
        self.algorithm = algorithm
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.maximize = maximize
        try check()
    }

    /// Stochastic gradient descent.
    public static func sgd(
        lr: Double = 1e-3, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false,
        maximize: Bool = false
    ) throws -> OptimizerRecipe {
        try OptimizerRecipe(
            .sgd(momentum: momentum, dampening: dampening, nesterov: nesterov), learningRate: lr,
            weightDecay: weightDecay, maximize: maximize)
    }

    /// Adam.
    public static func adam(
        lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0,
        amsgrad: Bool = false, maximize: Bool = false
    ) throws -> OptimizerRecipe {
        try OptimizerRecipe(
            .adam(beta1: betas.0, beta2: betas.1, epsilon: eps, amsgrad: amsgrad, decoupled: false), learningRate: lr,
            weightDecay: weightDecay, maximize: maximize)
    }

    /// AdamW.
    public static func adamW(
        lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 1e-2,
        amsgrad: Bool = false, maximize: Bool = false
    ) throws -> OptimizerRecipe {
        try OptimizerRecipe(
            .adam(beta1: betas.0, beta2: betas.1, epsilon: eps, amsgrad: amsgrad, decoupled: true), learningRate: lr,
            weightDecay: weightDecay, maximize: maximize)
    }

    /// RMSprop.
    public static func rmsprop(
        lr: Double = 1e-2, alpha: Double = 0.99, eps: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0,
        centered: Bool = false, maximize: Bool = false
    ) throws -> OptimizerRecipe {
        try OptimizerRecipe(
            .rmsprop(alpha: alpha, epsilon: eps, momentum: momentum, centered: centered), learningRate: lr,
            weightDecay: weightDecay, maximize: maximize)
    }

    /// Adagrad.
    public static func adagrad(
        lr: Double = 1e-2, lrDecay: Double = 0, weightDecay: Double = 0, initialAccumulatorValue: Double = 0,
        eps: Double = 1e-10, maximize: Bool = false
    ) throws -> OptimizerRecipe {
        try OptimizerRecipe(
            .adagrad(lrDecay: lrDecay, initialAccumulator: initialAccumulatorValue, epsilon: eps), learningRate: lr,
            weightDecay: weightDecay, maximize: maximize)
    }

    /// The algorithm's name.
    public var name: String {
        switch algorithm {
        case .sgd: "SGD"
        case .adam(_, _, _, _, false): "Adam"
        case .adam(_, _, _, _, true): "AdamW"
        case .rmsprop: "RMSprop"
        case .adagrad: "Adagrad"
        }
    }

    func check() throws {
        func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
            guard condition else { throw OptimizerError.option(optimizer: name, problem: problem()) }
        }
        try require(learningRate >= 0 && learningRate.isFinite, "lr must be a number ≥ 0, given \(learningRate)")
        try require(weightDecay >= 0, "weight_decay must be ≥ 0, given \(weightDecay)")
        switch algorithm {
        case .sgd(let momentum, let dampening, let nesterov):
            try require(momentum >= 0, "momentum must be ≥ 0, given \(momentum)")
            try require(
                !nesterov || momentum > 0 && dampening == 0, "nesterov needs a momentum above 0 and no dampening")
        case .adam(let beta1, let beta2, let epsilon, _, _):
            try require(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, "betas must lie in 0..<1")
            try require(epsilon >= 0, "eps must be ≥ 0, given \(epsilon)")
        case .rmsprop(let alpha, let epsilon, let momentum, _):
            try require(alpha >= 0 && epsilon >= 0 && momentum >= 0, "alpha, eps and momentum must be ≥ 0")
        case .adagrad(let decay, let initial, let epsilon):
            try require(
                decay >= 0 && initial >= 0 && epsilon >= 0, "lr_decay, initial_accumulator_value and eps must be ≥ 0")
        }
    }
}

/// What can be wrong with an optimizer or a schedule.
public enum OptimizerError: DescribedError, Equatable {
    /// An option outside its range.
    case option(optimizer: String, problem: String)
    /// No parameters to follow gradients.
    case empty(optimizer: String)
    /// An optimizer that holds parameters where a recipe is needed.
    case holdsParameters(optimizer: String)
    /// A schedule that cannot be followed.
    case schedule(name: String, problem: String)

    /// The error kind of the language.
    public var kind: FailureKind { .value }

    /// One sentence with the values that matter.
    public var message: String {
        switch self {
        case .option(let name, let problem), .schedule(let name, let problem): "\(name): \(problem)"
        case .empty(let name): "\(name): got no parameters that require gradients"
        case .holdsParameters(let name): "this \(name) already holds parameters"
        }
    }

    /// A way out, where there is one.
    public var help: String? {
        switch self {
        case .holdsParameters(let name):
            "\(name)(lr=…) without parameters is a recipe that is applied to the network and to what trains with it"
        default: nil
        }
    }
}
