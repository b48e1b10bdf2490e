import Tensors

/// How parameters follow their gradients: one rule with its options, before there are parameters.
///
/// A rule is whole in its own file: what the manual says of it, its options with their defaults (PyTorch's), what it
/// remembers, and its step. The language, checks, descriptions, schedules and checkpoints read it from there.
public protocol UpdateRule: Sendable, Equatable, CustomStringConvertible {
    /// What the manual says of it.
    static var page: RulePage { get }
    /// The options in the order in which the language takes them.
    static var options: [RuleOption<Self>] { get }
    /// What schedules and groups call momentum (β₁ of Adam); nil where there is nothing of the kind.
    static var momentum: WritableKeyPath<Self, Double>? { get }

    /// The rule with its defaults.
    init()
    /// The step size.
    var learningRate: Double { get set }
    /// λ of the L2 penalty (or of the decoupled decay).
    var weightDecay: Double { get set }
    /// Ascend instead of descend.
    var maximize: Bool { get set }

    /// What only this rule can find wrong with its options; signs and ranges of all are checked already.
    ///
    /// - Throws: ``OptimizerError/option(optimizer:problem:)``.
    func check() throws
    /// What it remembers, one tensor each; the order may not depend on options that change during training.
    var slots: [RuleSlot] { get }
    /// Moves the parameters along their gradients.
    ///
    /// - Throws: a limit error when memory is short.
    func step(_ step: UpdateStep) throws
}

/// What the manual says of an update rule.
public struct RulePage: Sendable {
    /// The name in the language.
    public let name: String
    /// One sentence, with its source.
    public let summary: String
    /// The update, g being the gradient.
    public let formula: String
    /// The class of PyTorch with the same numbers, if there is one.
    public let pytorch: String?
    /// What may be used instead.
    public let related: [String]
}

/// An option of a rule: its name in the language, and where the rule keeps it.
public struct RuleOption<Rule> {
    /// What the option holds.
    public enum Kind {
        /// A number.
        case number(WritableKeyPath<Rule, Double>)
        /// Yes or no.
        case flag(WritableKeyPath<Rule, Bool>)
        /// Two shares, each in 0..<1.
        case shares(WritableKeyPath<Rule, Double>, WritableKeyPath<Rule, Double>)
    }

    /// The name in the language, which is PyTorch's.
    public let name: String
    /// What it does.
    public let summary: String
    /// Where the rule keeps it.
    public let kind: Kind

    init(_ name: String, _ summary: String, _ kind: Kind) {
        self.name = name
        self.summary = summary
        self.kind = kind
    }

    init(_ name: String, _ summary: String, _ path: WritableKeyPath<Rule, Double>) {
        self.init(name, summary, .number(path))
    }

    init(_ name: String, _ summary: String, _ path: WritableKeyPath<Rule, Bool>) {
        self.init(name, summary, .flag(path))
    }
}

extension RuleOption where Rule: UpdateRule {
    static var lr: Self { Self("lr", "the step size", \.learningRate) }
    static var weightDecay: Self { Self("weight_decay", "the weight of the L2 penalty", \.weightDecay) }

    static func betas(_ first: WritableKeyPath<Rule, Double>, _ second: WritableKeyPath<Rule, Double>) -> Self {
        Self("betas", "how long the means of g and g² remember", .shares(first, second))
    }

    static func eps(_ path: WritableKeyPath<Rule, Double>) -> Self {
        Self("eps", "added to the denominator", path)
    }

    /// The option's value in a rule.
    func value(of rule: Rule) -> OptionValue {
        switch kind {
        case .number(let path): .number(rule[keyPath: path])
        case .flag(let path): .flag(rule[keyPath: path])
        case .shares(let first, let second): .list([.number(rule[keyPath: first]), .number(rule[keyPath: second])])
        }
    }

    /// The option with its value, as the language writes it.
    func written(_ rule: Rule) -> String { "\(name)=\(value(of: rule))" }
}

/// Something that a rule remembers from step to step.
public enum RuleSlot: Sendable, Equatable {
    /// A number for each element of the parameters, and its value at first.
    case elements(Double = 0)
    /// One number for all of them, and its value at first.
    case number(Double)
}

/// What a rule works on.
public struct UpdateStep {
    /// The parameters and their gradients.
    public let parameters: FlatParameters
    /// What the rule remembers of them, in the order of its slots.
    public let slots: [Tensor]
    /// The number of this step, from 1.
    public let number: Int
    /// Whether the last of the slots was made for this step.
    public let isFirst: Bool
}

extension UpdateRule {
    /// No momentum.
    public static var momentum: WritableKeyPath<Self, Double>? { nil }

    /// The rule with a step size and other changes of its defaults.
    ///
    /// - Throws: ``OptimizerError/option(optimizer:problem:)`` for options outside their range.
    public init(lr: Double? = nil, _ change: (inout Self) -> Void = { _ in }) throws {
        self.init()
        if let lr { learningRate = lr }
        change(&self)
        try checkOptions()
    }

    /// The name in the language.
    public var name: String { Self.page.name }

    /// The rule as the language writes it, every option with its value: what tells two experiments apart.
    public var description: String {
        let options = Self.options.map { $0.written(self) } + ["maximize=\(maximize)"]
        return "\(name)(\(options.joined(separator: ", ")))"
    }

    /// Nothing beyond signs and ranges.
    public func check() throws {}

    /// Whether all options are in their range.
    ///
    /// - Throws: ``OptimizerError/option(optimizer:problem:)`` for the first that is not.
    public func checkOptions() throws {
        for option in Self.options {
            switch option.kind {
            case .number(let path):
                let value = self[keyPath: path]
                try require(
                    value >= 0 && value.isFinite, "\(option.name) must be a number ≥ 0, given \(value)")
            case .flag: break
            case .shares(let first, let second):
                try require(
                    [first, second].allSatisfy { (0..<1).contains(self[keyPath: $0]) },
                    "\(option.name) must lie in 0..<1")
            }
        }
        try check()
    }

    /// Sets what schedules and groups call momentum, where there is something of the kind.
    public mutating func setMomentum(_ value: Double) {
        if let path = Self.momentum { self[keyPath: path] = value }
    }

    func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
        guard condition else { throw OptimizerError.option(optimizer: name, problem: problem()) }
    }
}
