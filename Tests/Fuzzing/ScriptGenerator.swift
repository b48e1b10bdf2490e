import Runtime

/// Writes random programs whose names mean something: they bind before they read, call the library with arguments of
/// about the right types, and so get far before they fail, if they do.
package struct ScriptGenerator {
    /// What an expression is to give.
    private enum Kind: CaseIterable { case int, float, string, bool, list, dict, tensor, module, function, any }

    package var random: SeededGenerator
    private let library: Library
    /// Whether everything that is written is also evaluated: no branches, loops, functions or short circuits.
    private let isStraight: Bool
    private var budget = 0
    private var variables: [[(name: String, kind: Kind)]] = [[]]
    private var functions: [(name: String, arity: Int)] = []
    private var isFunction = false
    private var nextName = 0

    /// Functions that would write files, wait, or run for longer than a fuzzer waits.
    private static let excluded: Set<String> = [
        "save", "load", "read_text", "write_text", "export", "plot", "show", "markdown", "exists", "time",
    ]
    private static let excludedGroups: Set<String> = [
        "Saving and loading", "Training", "Distillation", "Data", "Plots",
    ]

    package init(seed: UInt64, library: Library, isStraight: Bool = false) {
        self.isStraight = isStraight
        random = SeededGenerator(seed: seed)
        self.library = library
        callable = library.functions.values.filter { function in
            guard let first = function.overloads.first else { return false }
            return !Self.excluded.contains(first.name) && !Self.excludedGroups.contains(first.group.title)
        }
        givingTensors = callable.filter { $0.overloads.contains { $0.resultType == .tensor } }
        givingModules = callable.filter { $0.overloads.contains { $0.resultType == .module } }
        methods = library.methods.filter { $0.key == .tensor || $0.key == .module || $0.key == .list }
            .flatMap { entry in entry.value.values.map { (receiver: entry.key, function: $0) } }
            .filter { !Self.excluded.contains($0.function.name) }
    }

    private let callable: [BuiltinFunction]
    private let givingTensors: [BuiltinFunction]
    private let givingModules: [BuiltinFunction]
    private let methods: [(receiver: Builtin.Receiver, function: BuiltinFunction)]

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: Statements

    /// A program of one to about thirty statements.
    package mutating func script() -> String {
        budget = Int.random(in: 4...80, using: &random)
        var text = ""
        while budget > 0 { text += statement(depth: 0) + "\n" }
        return text
    }

    private mutating func fresh() -> String {
        nextName += 1
        return "v\(nextName)"
    }

    private mutating func bind(_ name: String, _ kind: Kind) { variables[variables.count - 1].append((name, kind)) }

    private mutating func block(_ depth: Int, loop: Bool = false) -> String {
        let visible = variables[variables.count - 1].count
        var lines: [String] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) { lines.append(statement(depth: depth + 1)) }
        if loop, chance(15) { lines.append("if \(expression(.bool, 1)) { \(pick(["break", "continue"])) }") }
        // What a branch binds may be missing behind it.
        variables[variables.count - 1].removeSubrange(visible...)
        let indent = String(repeating: "    ", count: depth)
        return "{\n" + lines.map { "\(indent)    \($0)\n" }.joined() + "\(indent)}"
    }

    private mutating func statement(depth: Int) -> String {
        budget -= 1
        let kind = pick(Kind.allCases)
        guard depth < 3, budget > 0 else { return expression(kind, 1) }
        if isStraight {
            let name = fresh()
            let text = "\(name) = \(expression(kind, 3))"
            bind(name, kind)
            return text
        }
        switch Int.random(in: 0..<22, using: &random) {
        case 0:
            return "if \(expression(.bool, 2)) \(block(depth))" + (chance(50) ? " else \(block(depth))" : "")
        case 1:
            let name = fresh()
            let sequence = chance(40) ? pick(["range(3)", "range(0, 9, 2)"]) : expression(chance(80) ? .list : .any, 1)
            let header = "for \(name) in \(sequence) "
            bind(name, .int)
            return header + block(depth, loop: true)
        case 2:
            let name = fresh()
            bind(name, .int)
            return "\(name) = \(pick(["2", "3"]))\nwhile \(name) > 0 {\n\(name) -= 1\n\(statement(depth: depth + 1))\n}"
        case 3, 4: return function(depth)
        case 5: return "try \(block(depth)) catch e \(block(depth))"
        case 6: return isFunction ? "return \(expression(kind, 2))" : "print(\(expression(kind, 2)))"
        case 7: return "assert \(expression(.bool, 2)), \"\(fresh())\""
        case 8: return module(depth)
        case 9:
            guard let target = variable(.any) else { return expression(kind, 2) }
            let operation = pick(["+=", "-=", "*=", "/=", "//=", "**=", "%="])
            return "\(target) \(operation) \(expression(chance(70) ? .int : .any, 2))"
        case 10:
            return "\(expression(.list, 1))[\(expression(.int, 1))] = \(expression(.any, 1))"
        case 11:
            let names = [fresh(), fresh()]
            let text = "\(names[0]), \(names[1]) = \(expression(.any, 1)), \(expression(.any, 1))"
            for name in names { bind(name, .any) }
            return text
        case 12: return "no_grad \(block(depth))"
        default:
            let name = fresh()
            let text = "\(name) = \(expression(kind, 3))"
            bind(name, kind)
            return text
        }
    }

    private mutating func function(_ depth: Int) -> String {
        let name = fresh()
        let arity = Int.random(in: 0...3, using: &random)
        let outer = isFunction
        isFunction = true
        variables.append([])
        var parameters: [String] = []
        for place in 0..<arity {
            let parameter = fresh()
            parameters.append(place == arity - 1 && chance(30) ? "\(parameter)=\(expression(.int, 1))" : parameter)
            bind(parameter, pick([.any, .int, .tensor, .list]))
        }
        let body = block(depth)
        variables.removeLast()
        isFunction = outer
        // A recursive one must not be the rule, so that the name is known only behind the body.
        functions.append((name, arity))
        return "fn \(name)(\(parameters.joined(separator: ", "))) \(body)"
    }

    private mutating func module(_ depth: Int) -> String {
        guard depth == 0 else { return expression(.module, 2) }
        let name = fresh()
        let field = fresh()
        variables.append([("width", .int)])
        let layer = expression(.module, 1)
        variables.removeLast()
        functions.append((name, 1))
        return """
            module \(name)(width=4) {
                \(field) = \(layer)
                count = 0
                fn forward(x) {
                    self.count += 1
                    return \(pick(["\(field)(x)", "relu(x)", "x + \(field)(x)", "x"]))
                }
            }
            """
    }

    // MARK: Expressions

    private mutating func variable(_ kind: Kind) -> String? {
        let fitting = variables.joined().filter { $0.kind == kind || kind == .any || $0.kind == .any }
        return fitting.isEmpty ? nil : pick(Array(fitting)).name
    }

    private mutating func expression(_ wanted: Kind, _ depth: Int) -> String {
        budget -= 1
        let kind = wanted == .any || chance(6) ? pick(Kind.allCases.filter { $0 != .any }) : wanted
        if chance(35), let name = variable(kind) { return name }
        guard depth > 0, budget > 0 else { return literal(kind) }
        if chance(8), !functions.isEmpty {
            let function = pick(functions)
            return "\(function.name)(\(list(function.arity) { $0.expression(.any, depth - 1) }))"
        }
        if chance(4) { return call(pick(callable), depth) }
        if chance(3), !isStraight {
            return
                "(if \(expression(.bool, depth - 1)) { \(expression(kind, depth - 1)) } else { \(expression(kind, depth - 1)) })"
        }
        return specific(kind, depth)
    }

    private mutating func specific(_ kind: Kind, _ depth: Int) -> String {
        let less = depth - 1
        switch kind {
        case .int:
            return choose([
                { $0.literal(.int) }, { $0.binary(.int, ["+", "-", "*", "//", "%", "**"], .int, less) },
                { "len(\($0.expression(.list, less)))" },
                { "\($0.expression(.list, less))[\($0.expression(.int, 0))]" },
                { "-\($0.expression(.int, 0))" }, { "int(\($0.expression(.float, less)))" },
            ])
        case .float:
            return choose([
                { $0.literal(.float) }, { $0.binary(.float, ["+", "-", "*", "/", "**"], .int, less) },
                { "\($0.expression(.tensor, less)).mean().item()" }, { "sqrt(\($0.expression(.float, less)))" },
            ])
        case .string:
            return choose([
                { $0.literal(.string) }, { "f\"{\($0.expression(.any, 0).replacing("\"", with: "'"))}\"" },
                { "str(\($0.expression(.any, less)))" }, { $0.binary(.string, ["+"], .string, less) },
                { "(\"ab\" * \($0.expression(.int, 0)))" },
                { "f\"{\($0.literal(.float)):\($0.pick([".3f", ">10", "e", ",", "+.2%", "x", "s"]))}\"" },
                { "\($0.expression(.string, less))[\($0.subscripts())]" },
            ])
        case .bool:
            return choose([
                { $0.literal(.bool) }, { $0.binary(.int, ["<", ">=", "=="], .int, less) },
                { "(not \($0.expression(.bool, less)))" },
                { $0.isStraight ? $0.literal(.bool) : $0.binary(.bool, ["and", "or"], .bool, less) },
                { $0.binary(.any, ["in"], .list, less) }, { "(1 < \($0.expression(.int, 0)) <= 5)" },
            ])
        case .list:
            return choose([
                { $0.literal(.list) }, { $0.isStraight ? $0.literal(.list) : $0.comprehension(less) },
                { generator in "[\(generator.list(3) { $0.expression(.any, less) })]" },
                { "list(range(\($0.expression(.int, 0))))" }, { "\($0.expression(.list, less))[\($0.subscripts())]" },
                { $0.binary(.list, ["+"], .list, less) }, { "sorted(\($0.expression(.list, less)))" },
                { "\($0.expression(.list, less)).map(\($0.expression(.function, less)))" },
                { generator in
                    let method = generator.pick(generator.methods.filter { $0.receiver == .list })
                    return generator.expression(.list, less) + "." + generator.call(method.function, depth)
                },
            ])
        case .dict:
            return choose([
                { $0.literal(.dict) },
                { "({\"a\": \($0.expression(.any, less)), \($0.expression(.int, 0)): 2})" },
            ])
        case .tensor:
            return choose([
                { $0.literal(.tensor) },
                { $0.binary(.tensor, ["+", "-", "*", "/", "@", "**", "<", "=="], .tensor, less) },
                { "\($0.expression(.tensor, less))[\($0.subscripts())]" },
                { "\($0.expression(.module, less))(\($0.expression(.tensor, less)))" },
                { generator in
                    let method = generator.pick(generator.methods.filter { $0.receiver == .tensor })
                    return generator.expression(.tensor, less) + "." + generator.call(method.function, depth)
                },
                {
                    "(\($0.expression(.tensor, less)) |> \($0.pick(["relu", "softmax(dim=-1)", "sum", "reshape(-1)"])))"
                },
                { generator in generator.call(generator.pick(generator.givingTensors), depth) },
                { generator in generator.call(generator.pick(generator.givingTensors), depth) },
            ])
        case .module:
            return choose([
                { $0.literal(.module) },
                { generator in "Sequential(\(generator.list(2) { $0.expression(.module, less) }))" },
                { generator in generator.call(generator.pick(generator.givingModules), depth) },
            ])
        case .function:
            if isStraight { return pick(["abs", "relu", "len"]) }
            let name = fresh()
            variables.append([(name, .any)])
            let body = expression(.any, less)
            variables.removeLast()
            return "(\(name) => \(body))"
        case .any: return literal(.int)
        }
    }

    private mutating func choose(_ choices: [(inout ScriptGenerator) -> String]) -> String { pick(choices)(&self) }

    private mutating func binary(_ left: Kind, _ operators: [String], _ right: Kind, _ depth: Int) -> String {
        "(\(expression(left, depth)) \(pick(operators)) \(expression(right, depth)))"
    }

    private mutating func comprehension(_ depth: Int) -> String {
        let name = fresh()
        let sequence = expression(.list, depth)
        bind(name, .any)
        let element = expression(.any, depth)
        let condition = chance(30) ? " if \(expression(.bool, 1))" : ""
        variables[variables.count - 1].removeAll { $0.name == name }
        return "[\(element) for \(name) in \(sequence)\(condition)]"
    }

    private mutating func list(_ count: Int, _ item: (inout ScriptGenerator) -> String) -> String {
        (0..<count).map { _ in item(&self) }.joined(separator: ", ")
    }

    private mutating func subscripts() -> String {
        choose([
            { $0.pick(["0", "-1", "1:", "::2", "::-1", ":, 0", "..., none", "[0, 1]", "none", "5:1", "..."]) },
            { $0.expression(.int, 0) }, { $0.expression(.tensor, 0) },
            { "\($0.expression(.int, 0)):\($0.expression(.int, 0)):\($0.expression(.int, 0))" },
        ])
    }

    /// A call with arguments of about the right types, some of them left out, named or wrong.
    private mutating func call(_ function: BuiltinFunction, _ depth: Int) -> String {
        let builtin = pick(function.overloads)
        var arguments: [String] = []
        var isNamed = false
        for parameter in builtin.parameters {
            switch parameter.kind {
            case .variadic:
                if !isNamed { arguments.append(argument(parameter.type, depth)) }
                isNamed = true
            case .namedVariadic: break
            case .single:
                guard parameter.isRequired || chance(35) else {
                    isNamed = true
                    continue
                }
                isNamed = isNamed || chance(20)
                arguments.append((isNamed ? parameter.name + "=" : "") + argument(parameter.type, depth))
            }
        }
        return "\(builtin.name)(\(arguments.joined(separator: ", ")))"
    }

    private mutating func argument(_ type: LanguageType, _ depth: Int) -> String {
        if chance(5) { return expression(.any, depth - 1) }
        switch type {
        case .any: return expression(.any, depth - 1)
        case .none: return "none"
        case .bool: return expression(.bool, depth - 1)
        case .int: return expression(.int, depth - 1)
        case .float, .number: return expression(.float, depth - 1)
        case .string: return expression(.string, depth - 1)
        case .dict: return expression(.dict, depth - 1)
        case .range: return "range(\(expression(.int, 0)))"
        case .pair: return "(\(expression(.any, 0)) -> \(expression(.any, 0)))"
        case .function: return expression(.function, depth - 1)
        case .tensor: return expression(.tensor, depth - 1)
        case .module: return expression(.module, depth - 1)
        case .list(let element): return "[\(list(pick([0, 1, 2, 2, 3])) { $0.argument(element, depth - 1) })]"
        case .options(let names): return names.isEmpty ? "none" : "\"\(pick(names))\""
        case .union(let types): return types.isEmpty ? "none" : argument(pick(types), depth)
        case .object: return expression(.any, depth - 1)
        }
    }

    private mutating func literal(_ kind: Kind) -> String {
        switch kind {
        case .int:
            return pick([
                "0", "1", "2", "3", "-1", "4", "7", "2", "3", "64", "1_000_000_000_000", "9223372036854775807",
                "-9223372036854775808", "10 ** 9",
            ])
        case .float: return pick(["0.5", "1.0", "-2.5", "1e-3", "0.0", "1e308", "1e308 * 10", "-0.0", "3.7", "2.0"])
        case .string: return pick(["\"\"", "\"a\"", "\"teacher\"", "'αβγ'", "\"a,b c\"", "\"0\"", "\"\\u{1F9EA}\\n\""])
        case .bool: return pick(["true", "false"])
        case .list:
            return pick([
                "[]", "[1, 2, 3]", "[0.5]", "[\"a\", \"b\"]", "[[1, 2], [3, 4]]", "range(4)", "[none, true, [1]]",
            ])
        case .dict: return pick(["({})", "({\"lr\": 0.1, \"T\": 4})", "({1: [2], true: none})"])
        case .tensor:
            return pick([
                "randn(2, 3)", "tensor([1, 2, 3])", "zeros(4)", "tensor(1.5)", "randn(2, 3, 8, 8)",
                "tensor([true, false])", "zeros(0, 3)",
                "arange(6).reshape(2, 3)", "randn(3, 4, requires_grad=true)", "randn(2, 4)", "ones(2, 3, 4)",
                "tensor([[1.0, -1.0]])",
            ])
        case .module:
            return pick([
                "Linear(4, 4)", "ReLU()", "Sequential(Linear(4, 8), ReLU(), Linear(8, 2))", "Conv2d(3, 4, 3)",
                "BatchNorm2d(3)", "Identity()", "Flatten()",
            ])
        case .function: return pick(["(x => x)", "abs", "relu", "((a, b=2) => [a, b])", "len"])
        case .any: return "none"
        }
    }
}
