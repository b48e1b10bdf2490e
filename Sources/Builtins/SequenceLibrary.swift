import Runtime
import Tensors

extension Library {
    func addSequences() {
        let sequence = Parameter<Value>("xs", "a list, range, string, dict, tensor or dataset")
        add(
            Builtin(
                "len", .core, "The number of elements.",
                parameters: [Parameter<Value>("x", "what is counted").description],
                returns: "an int", examples: [Example("len([1, 2])", "2"), Example("len(\"αβ\")", "2")]
            ) { call in
                let x = try call[Parameter<Value>("x", "")]
                guard let count = try call.interpreter.length(of: x) else {
                    throw Failure(
                        .type, "len: a value of type \(Display.typeWithDetail(x)) has no length",
                        operands: [0: x.typeName])
                }
                return count
            }.withoutCallbacks())
        let bound = Parameter<Int>("start", "the first int, or the stop when it is the only argument")
        let stop = Parameter<Int?>.optional("stop", "where it ends, not included")
        let step = Parameter<Int>("step", "the distance of neighbours, not 0", default: 1)
        add(
            Builtin(
                "range", .core, "The ints from start (0) up to, not including, stop.", bound, stop, step,
                returns: "a range",
                examples: [Example("list(range(3))", "[0, 1, 2]"), Example("list(range(5, 0, -2))", "[5, 3, 1]")]
            ) { start, stop, step -> Value in
                guard step != 0 else { throw Failure(.value, "range: step must not be 0", operands: [2: ""]) }
                guard let stop else { return .range(RangeObject(start: 0, stop: start, step: step)) }
                return .range(RangeObject(start: start, stop: stop, step: step))
            })
        let start = Parameter<Int>("start", "the first number", default: 0)
        add(
            Builtin(
                "enumerate", .core, "The elements with their numbers.",
                parameters: [sequence.description, start.description],
                returns: "a list of [number, element]", seeAlso: ["zip"],
                examples: [Example("enumerate([\"a\", \"b\"])", "[[0, \"a\"], [1, \"b\"]]")]
            ) { call in
                let first = try call[start]
                return try call.interpreter.elements(of: try call[sequence], for: "enumerate").enumerated().map {
                    Value.list([.int(first &+ $0.offset), $0.element])
                }
            })
        let sequences = Parameter<[Value]>.variadic("sequences", "lists, ranges, strings, tensors …")
        add(
            Builtin(
                "zip", .core, "The first elements together, the second together, … as far as the shortest reaches.",
                parameters: [sequences.description], returns: "a list of lists", seeAlso: ["enumerate"],
                examples: [Example("zip([1, 2], [\"a\", \"b\"])", "[[1, \"a\"], [2, \"b\"]]")]
            ) { call in
                let columns = try call[sequences].map { try call.interpreter.elements(of: $0, for: "zip") }
                let count = columns.map(\.count).min() ?? 0
                return (0..<count).map { row in Value.list(columns.map { $0[row] }) }
            })
        let function = Parameter<Callable>("f", "the function")
        add(
            Builtin(
                "map", .core, "The results of a function for every element.",
                parameters: [sequence.description, function.description], returns: "a list", seeAlso: ["filter"],
                examples: [Example("map([1, 2], x => x * 10)", "[10, 20]")]
            ) { call in
                let f = try call[function]
                return try call.interpreter.elements(of: try call[sequence], for: "map").map { try f.call([$0]) }
            })
        add(
            Builtin(
                "filter", .core, "The elements for which a function gives true.",
                parameters: [Parameter<[Value]>("xs", "a list").description, function.description], returns: "a list",
                seeAlso: ["map"], examples: [Example("filter([1, 2, 3], x => x != 2)", "[1, 3]")]
            ) { call in
                let f = try call[function]
                return try call[Parameter<[Value]>("xs", "")].filter { element in
                    guard case .bool(let keep) = try f.call([element]) else {
                        throw Failure(.type, "filter: the function must give a bool")
                    }
                    return keep
                }
            })
        let key = Parameter<Callable?>.optional("key", "what to compare instead of the elements")
        let reverse = Parameter<Bool>("reverse", "whether the largest comes first", default: false)
        add(
            Builtin(
                "sorted", .core, "The elements in order, stably, NaN last.",
                parameters: [sequence.description, key.description, reverse.description], returns: "a new list",
                seeAlso: ["reversed"],
                examples: [
                    Example("sorted([3, 1, 2])", "[1, 2, 3]"),
                    Example("sorted([\"bb\", \"a\"], key=len)", "[\"a\", \"bb\"]"),
                ]
            ) { call in
                let elements = try call.interpreter.elements(of: try call[sequence], for: "sorted")
                return try Sorting.sorted(elements, key: try call[key], reverse: try call[reverse])
            })
        add(
            Builtin(
                "reversed", .core, "The elements from the last to the first.", parameters: [sequence.description],
                returns: "a new list", seeAlso: ["sorted"], examples: [Example("reversed([1, 2])", "[2, 1]")]
            ) { call in
                Array(try call.interpreter.elements(of: try call[sequence], for: "reversed").reversed())
            })
        addReductions()
    }

    private func addReductions() {
        let list = Parameter<[Value]>("xs", "a list of numbers")
        add(
            Builtin(
                "sum", .core, "The sum of a list of numbers.", list, returns: "an int, or a float when one is",
                seeAlso: ["mean"], examples: [Example("sum([1, 2, 3])", "6"), Example("sum([0.5, 1])", "1.5")]
            ) { xs in try NumberFunctions.sum(xs) })
        add(
            Builtin(
                "mean", .core, "The mean of a list of numbers.", Parameter<[Double]>("xs", "a list of numbers"),
                returns: "a float", seeAlso: ["sum"], examples: [Example("mean([1, 2])", "1.5")]
            ) { xs in
                guard !xs.isEmpty else { throw Failure(.value, "mean: the list is empty", operands: [0: ""]) }
                return xs.reduce(0, +) / Double(xs.count)
            })
        for (name, word, sign) in [("max", "largest", 1), ("min", "smallest", -1)] {
            add(
                Builtin(
                    name, .core, "The \(word) element of a list of numbers or strings.", list, returns: "the element",
                    examples: [Example("\(name)([2, 2])", "2")]
                ) { xs in try NumberFunctions.extreme(xs, sign, name) }.withoutCallbacks())
            let first = Parameter<Double>("a", "a number")
            add(
                Builtin(
                    name, .core, "The \(word) of several numbers.",
                    parameters: [
                        first.description, Parameter<[Double]>.variadic("others", "further numbers").description,
                    ],
                    returns: "a number", examples: [Example("\(name)(3, 3.5)", name == "max" ? "3.5" : "3")]
                ) { call in
                    guard case .list(let others) = call.arguments[1] else { return call.arguments[0] }
                    return try NumberFunctions.extreme([call.arguments[0]] + others.elements, sign, name)
                }.withoutCallbacks())
        }
        let bools = Parameter<[Bool]>("xs", "a list of bools")
        add(
            Builtin(
                "any", .core, "Whether any element is true.", bools, returns: "a bool", seeAlso: ["all"],
                examples: [Example("any([false, true])", "true")]
            ) { xs in xs.contains(true) })
        add(
            Builtin(
                "all", .core, "Whether all elements are true.", bools, returns: "a bool", seeAlso: ["any"],
                examples: [Example("all([false, true])", "false")]
            ) { xs in !xs.contains(false) })
        add(
            Builtin(
                "abs", .core, "The absolute value of an int.", Parameter<Int>("x", "an int"), returns: "an int",
                examples: [Example("abs(-3)", "3")]
            ) { x in
                guard x != .min else {
                    throw Failure(.math, "abs: the result does not fit into 64 bits", operands: [0: ""])
                }
                return abs(x)
            })
        add(
            Builtin(
                "abs", .core, "The absolute value of a float.", Parameter<Double>("x", "a float"), returns: "a float",
                examples: [Example("abs(-0.5)", "0.5")]
            ) { x in abs(x) })
        let number = Parameter<Double>("x", "a number")
        let digits = Parameter<Int?>.optional("digits", "how many digits to keep behind the point")
        add(
            Builtin(
                "round", .core, "A number rounded, halves to even.", number, digits,
                returns: "an int, or a float when digits are given",
                examples: [Example("round(2.5)", "2"), Example("round(0.126, 2)", "0.13")]
            ) { x, digits -> Value in
                guard let digits else {
                    guard let int = Int(exactly: x.rounded(.toNearestOrEven)) else {
                        throw Failure(.math, "round: \(NumberFormat.repr(x)) has no 64-bit int", operands: [0: ""])
                    }
                    return .int(int)
                }
                guard (0...300).contains(digits) else {
                    throw Failure(.value, "round: digits must be from 0 to 300, not \(digits)", operands: [1: ""])
                }
                return .float(Double(Formatting.fixed(x, digits)) ?? x)
            })
    }
}

/// Sums and extremes of plain numbers.
enum NumberFunctions {
    static func sum(_ values: [Value]) throws -> Value {
        var integer = 0
        var isInteger = true
        var total = 0.0
        for value in values {
            switch value {
            case .int(let int):
                if isInteger {
                    let (next, overflow) = integer.addingReportingOverflow(int)
                    guard !overflow else { throw Failure(.math, "sum: the result does not fit into 64 bits") }
                    integer = next
                }
                total += Double(int)
            case .float(let float):
                isInteger = false
                total += float
            case .tensor: return try sumTensors(values)
            default:
                throw Failure(
                    .type, "sum: the elements must be numbers, not \(Display.typeWithDetail(value))", operands: [0: ""])
            }
        }
        return isInteger ? .int(integer) : .float(total)
    }

    private static func sumTensors(_ values: [Value]) throws -> Value {
        var total: Operand?
        for value in values {
            let operand: Operand
            switch value {
            case .int(let int): operand = .scalar(.int(int))
            case .float(let float): operand = .scalar(.float(float))
            case .tensor(let tensor): operand = .tensor(tensor)
            default: throw Failure(.type, "sum: the elements must be numbers or tensors, not \(value.typeName)")
            }
            if let before = total {
                switch (before, operand) {
                case (.scalar(let a), .scalar(let b)): total = .scalar(Scalar(a.double + b.double))
                default: total = .tensor(try Tensor.arithmetic(.add, before, operand))
                }
            } else {
                total = operand
            }
        }
        switch total {
        case .tensor(let tensor)?: return .tensor(tensor)
        case .scalar(let scalar)?: return .float(scalar.double)
        case nil: return .int(0)
        }
    }

    static func extreme(_ values: [Value], _ sign: Int, _ name: String) throws -> Value {
        guard var best = values.first else { throw Failure(.value, "\(name): the list is empty", operands: [0: ""]) }
        for value in values.dropFirst() {
            if let x = value.number, let y = best.number {
                if sign > 0 ? x > y : x < y { best = value }
            } else if let x = value.text, let y = best.text {
                if sign > 0 ? StringObject.precedes(y, x) : StringObject.precedes(x, y) { best = value }
            } else {
                throw Failure(
                    .type,
                    "\(name): cannot compare \(Display.typeWithDetail(best)) with \(Display.typeWithDetail(value))",
                    operands: [0: ""])
            }
        }
        return best
    }
}
