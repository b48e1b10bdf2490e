import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors

/// An optimizer as a value: a recipe, and what it does to parameters when there are some.
final class OptimizerObject: LanguageObject {
    static var languageName: String { "optimizer" }

    let rule: any UpdateRule
    let optimizer: Optimizer?

    init(_ rule: any UpdateRule, _ parameters: OptimizedParameters?) throws {
        self.rule = rule
        switch parameters {
        case nil: optimizer = nil
        case .tensors(let tensors)?: optimizer = try Optimizer(rule, tensors)
        case .groups(let groups)?: optimizer = try Optimizer(groups.map { try $0.group(rule) })
        }
    }

    /// The optimizer at work, or the error that says how to get one.
    func active(for action: String) throws -> Optimizer {
        guard let optimizer else {
            throw Failure(
                .value, "\(action): this \(rule.name) is a recipe without parameters",
                help: ["\(rule.name)(net.parameters(), lr=\(NumberText.short(rule.learningRate)))"])
        }
        return optimizer
    }

    /// The recipe for `fit` and `distill`, which bring their own parameters.
    func rule(for function: String) throws -> any UpdateRule {
        guard optimizer == nil else {
            throw Failure(
                .value, "\(function): this \(rule.name) already holds parameters; \(function) brings its own",
                help: ["optimizer=\(rule.name)(lr=\(NumberText.short(rule.learningRate)))"])
        }
        return rule
    }

    var text: String { (optimizer?.groups[0].rule ?? rule).text(parameters: optimizer?.parameters.count) }
}

extension UpdateRule {
    /// The rule as it is displayed: `SGD(lr=0.1)`, with the decay where there is one, and what is not as usual.
    var text: String { text(parameters: nil) }

    /// The options that are numbers, which a group of parameters may set.
    fileprivate var numbers: [String] {
        Self.options.compactMap { if case .number = $0.kind { $0.name } else { nil } }
    }

    /// Sets an option that is a number; false where the rule has none of the name.
    fileprivate mutating func set(_ name: String, to value: Double) -> Bool {
        for option in Self.options where option.name == name {
            guard case .number(let path) = option.kind else { continue }
            self[keyPath: path] = value
            return true
        }
        return false
    }

    fileprivate func text(parameters count: Int?) -> String {
        var shown = changedSettings
        if weightDecay != 0 { shown["weight_decay"] = .number(weightDecay) }
        let others = Self.options.filter { $0.name != "lr" }.compactMap { option in
            shown[option.name].map { ", \(option.name)=\(NumberText.short($0))" }
        }
        let held = count.map { ", \($0) parameters" } ?? ""
        return
            "\(name)(lr=\(NumberText.short(learningRate))\(others.joined())\(maximize ? ", maximize=true" : "")\(held))"
    }
}

/// Numbers in the words of messages and summaries.
enum NumberText {
    /// An option's value as Dist writes it.
    static func short(_ value: OptionValue) -> String {
        switch value {
        case .number(let number): short(number)
        case .list(let values): "[" + values.map(short).joined(separator: ", ") + "]"
        case .integer, .flag, .text: value.description
        }
    }

    /// As Dist prints a float, whole numbers without a point.
    static func short(_ value: Double) -> String {
        if let whole = Int(exactly: value), abs(value) < 1e15 { return String(whole) }
        return NumberFormat.repr(value)
    }
}

/// What an optimizer moves: a list of tensors, or groups with options of their own.
enum OptimizedParameters: ValueDecodable {
    case tensors([Tensor])
    case groups([GroupOptions])

    /// `{"params": […], "lr": …}`.
    struct GroupOptions {
        let parameters: [Tensor]
        let options: [(name: String, value: Double)]

        func group(_ base: any UpdateRule) throws -> ParameterGroup {
            var rule = base
            for (name, value) in options where !rule.set(name, to: value) {
                throw Failure(
                    .value, "\(base.name): a parameter group has no option \(name)",
                    help: ["a group may set params, \(rule.numbers.joined(separator: ", "))"])
            }
            return ParameterGroup(parameters.filter(\.requiresGradient), rule)
        }
    }

    static var languageType: LanguageType { .union([.list(.tensor), .list(.dict)]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OptimizedParameters? {
        if let tensors = [Tensor].decode(value, in: interpreter) { return .tensors(tensors) }
        guard let dicts = [OrderedDictionary<String, Value>].decode(value, in: interpreter) else { return nil }
        var groups: [GroupOptions] = []
        for dict in dicts {
            guard let parameters = dict["params"].flatMap({ [Tensor].decode($0, in: interpreter) }) else { return nil }
            var options: [(name: String, value: Double)] = []
            for (name, option) in dict where name != "params" {
                guard let number = option.number else { return nil }
                options.append((name, number))
            }
            groups.append(GroupOptions(parameters: parameters, options: options))
        }
        return .groups(groups)
    }

    static func mismatch(_ value: Value) -> Mismatch {
        var mismatch = Mismatch(expected: "a list of tensors, or of dicts with \"params\"")
        if case .module = value { mismatch.help = ["net.parameters()"] }
        if value.number != nil { mismatch.help = ["the learning rate is named: lr=1e-3"] }
        return mismatch
    }
}

/// A schedule as a value: a recipe, and the scheduler at work when it was given an optimizer.
final class SchedulerObject: LanguageObject {
    static var languageName: String { "scheduler" }

    let recipe: ScheduleRecipe
    let scheduler: Scheduler?

    init(_ recipe: ScheduleRecipe, _ optimizer: OptimizerObject?) throws {
        self.recipe = recipe
        scheduler = try optimizer.map { try Scheduler(recipe, for: $0.active(for: recipe.name)) }
    }

    func recipe(for function: String) throws -> ScheduleRecipe {
        guard scheduler == nil else {
            throw Failure(
                .value, "\(function): this \(recipe.name) already belongs to an optimizer",
                help: ["leave the optimizer out: \(recipe.name)(…)"])
        }
        return recipe
    }
}
