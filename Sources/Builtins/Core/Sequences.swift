import Glibc
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
            }.computingOnly().withoutCallbacks())
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
            }.computingOnly())
        let start = Parameter<Int>("start", "the first number", default: 0)
        add(
            Builtin(
                "enumerate", .core, "The elements with their numbers.",
                parameters: [sequence.description, start.description],
                returns: "a list of [number, element]", seeAlso: ["zip"],
                examples: [Example("enumerate([\"a\", \"b\"])", "[[0, \"a\"], [1, \"b\"]]")]
            ) { call in
                let first = try call[start]
                let elements = try call.interpreter.elements(of: try call[sequence], for: "enumerate")
                try Interpreter.claim(elements.count, of: 96, for: "enumerate")
                return elements.enumerated().map { Value.list([.int(first &+ $0.offset), $0.element]) }
            }.computingOnly())
        let sequences = Parameter<[Value]>.variadic("sequences", "lists, ranges, strings, tensors …")
        add(
            Builtin(
                "zip", .core, "The first elements together, the second together, … as far as the shortest reaches.",
                parameters: [sequences.description], returns: "a list of lists", seeAlso: ["enumerate"],
                examples: [Example("zip([1, 2], [\"a\", \"b\"])", "[[1, \"a\"], [2, \"b\"]]")]
            ) { call in
                let columns = try call[sequences].map { try call.interpreter.elements(of: $0, for: "zip") }
                let count = columns.map(\.count).min() ?? 0
                try Interpreter.claim(count, of: 64 + 16 * columns.count, for: "zip")
                return (0..<count).map { row in Value.list(columns.map { $0[row] }) }
            }.computingOnly())
        let function = Parameter<Callable>("f", "the function")
        add(
            Builtin(
                "map", .core, "The results of a function for every element.",
                parameters: [sequence.description, function.description], returns: "a list", seeAlso: ["filter"],
                examples: [Example("map([1, 2], x => x * 10)", "[10, 20]")]
            ) { call in
                let f = try call[function]
                return try call.interpreter.elements(of: try call[sequence], for: "map").map { try f.call([$0]) }
            }.computingOnly())
        let elements = Parameter<Elements>("xs", "a list, range or string, or a dict for its keys")
        add(
            Builtin(
                "filter", .core, "The elements for which a function gives true.",
                parameters: [elements.description, function.description], returns: "a list",
                seeAlso: ["map"], examples: [Example("filter([1, 2, 3], x => x != 2)", "[1, 3]")]
            ) { call in
                let f = try call[function]
                return try call[elements].values(for: "filter").filter { element in
                    guard case .bool(let keep) = try f.call([element]) else {
                        throw Failure(.type, "filter: the function must give a bool")
                    }
                    return keep
                }
            }.computingOnly())
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
            }.computingOnly())
        add(
            Builtin(
                "reversed", .core, "The elements from the last to the first.", parameters: [sequence.description],
                returns: "a new list", seeAlso: ["sorted"], examples: [Example("reversed([1, 2])", "[2, 1]")]
            ) { call in
                Array(try call.interpreter.elements(of: try call[sequence], for: "reversed").reversed())
            }.computingOnly())
        addReductions()
    }

    private func addReductions() {
        let numbers = Parameter<Elements>("xs", "numbers: a list, a range, or a dict for its keys")
        add(
            Builtin(
                "sum", .core, "The sum of numbers.", numbers, returns: "an int, or a float when one is",
                seeAlso: ["mean"],
                examples: [
                    Example("sum([1, 2, 3])", "6"), Example("sum([0.5, 1])", "1.5"), Example("sum(range(5))", "10"),
                ]
            ) { xs -> Value in
                if let range = xs.range { return .int(try NumberFunctions.sum(range)) }
                return try NumberFunctions.sum(try xs.values(for: "sum"))
            }.computingOnly())
        add(
            Builtin(
                "mean", .core, "The mean of numbers.", numbers, returns: "a float", seeAlso: ["sum"],
                examples: [Example("mean([1, 2])", "1.5"), Example("mean(range(4))", "1.5")]
            ) { xs -> Double in
                if let range = xs.range { return Double(range.start) / 2 + Double(range[range.count - 1]) / 2 }
                let values = try xs.values(for: "mean")
                guard !values.isEmpty else { throw Failure(.value, "mean: the list is empty", operands: [0: ""]) }
                return try NumberFunctions.total(values, for: "mean") / Double(values.count)
            }.computingOnly())
        let key = Parameter<Callable?>.optional("key", "what to compare instead of the elements")
        let elements = Parameter<Elements>("xs", "numbers or strings: a list, range or string, or a dict for its keys")
        for (name, word, sign) in [("max", "largest", 1), ("min", "smallest", -1)] {
            add(
                Builtin(
                    name, .core, "The \(word) element, the first of several.",
                    parameters: [elements.description, key.description], returns: "the element",
                    examples: [
                        Example("\(name)([2, 2])", "2"),
                        Example("\(name)([\"a\", \"bbb\"], key=len)", name == "max" ? "bbb" : "a"),
                    ]
                ) { call -> Value in
                    let xs = try call[elements]
                    if let range = xs.range, try call[key] == nil {
                        return .int((range.step > 0) == (sign > 0) ? range[range.count - 1] : range.start)
                    }
                    let values = try xs.values(for: name)
                    guard let function = try call[key] else { return try NumberFunctions.extreme(values, sign, name) }
                    let keys = try values.map { try function.call([$0]) }
                    return values[try NumberFunctions.extremePosition(keys, sign, name)]
                }.computingOnly())
            let first = Parameter<Either<Double, String>>("a", "a number or string")
            add(
                Builtin(
                    name, .core, "The \(word) of several numbers or strings.",
                    parameters: [
                        first.description,
                        Parameter<[Either<Double, String>]>.variadic("others", "further ones").description,
                    ],
                    returns: "that number or string",
                    examples: [Example("\(name)(3, 3.5)", name == "max" ? "3.5" : "3")]
                ) { call in
                    guard case .list(let others) = call.arguments[1], !others.elements.isEmpty else {
                        // Nothing else looks at an argument that is alone.
                        _ = try call[first]
                        return call.arguments[0]
                    }
                    return try NumberFunctions.extreme([call.arguments[0]] + others.elements, sign, name)
                }.computingOnly().withoutCallbacks())
        }
        let bools = Parameter<[Bool]>("xs", "a list of bools")
        add(
            Builtin(
                "any", .core, "Whether any element is true.", bools, returns: "a bool", seeAlso: ["all"],
                examples: [Example("any([false, true])", "true")]
            ) { xs in xs.contains(true) }.computingOnly())
        add(
            Builtin(
                "all", .core, "Whether all elements are true.", bools, returns: "a bool", seeAlso: ["any"],
                examples: [Example("all([false, true])", "false")]
            ) { xs in !xs.contains(false) }.computingOnly())
        add(
            Builtin(
                "abs", .core, "The absolute value of an int.", Parameter<Int>("x", "an int"), returns: "an int",
                examples: [Example("abs(-3)", "3")]
            ) { x in
                guard x != .min else {
                    throw Failure(.math, "abs: the result does not fit into 64 bits", operands: [0: ""])
                }
                return abs(x)
            }.computingOnly())
        add(
            Builtin(
                "abs", .core, "The absolute value of a float.", Parameter<Double>("x", "a float"), returns: "a float",
                examples: [Example("abs(-0.5)", "0.5")]
            ) { x in abs(x) }.computingOnly())
        let digits = Parameter<Int?>.optional(
            "digits", "how many digits to keep behind the point, before it if negative")
        add(
            Builtin(
                "round", .core, "An int, rounded before the point when digits are negative.",
                Parameter<Int>("x", "an int"), digits, returns: "an int",
                examples: [Example("round(1250, -2)", "1200")]
            ) { x, digits -> Value in try NumberFunctions.round(.int(x), digits) }.computingOnly().withoutCallbacks())
        add(
            Builtin(
                "round", .core, "A float rounded, halves to even.", Parameter<Double>("x", "a float"), digits,
                returns: "an int, or a float when digits are given",
                examples: [Example("round(2.5)", "2"), Example("round(0.126, 2)", "0.13")]
            ) { x, digits -> Value in try NumberFunctions.round(.float(x), digits) }.computingOnly().withoutCallbacks())
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

    /// The sum of a range that is not empty, without going through it.
    static func sum(_ range: RangeObject) throws -> Int {
        // n · (first + last) / 2: one of the two factors is even.
        let (ends, tooLong) = range.start.addingReportingOverflow(range[range.count - 1])
        let (a, b) = range.count % 2 == 0 ? (range.count / 2, ends) : (range.count, ends / 2)
        let (sum, tooLarge) = a.multipliedReportingOverflow(by: b)
        guard !tooLong, !tooLarge else { throw Failure(.math, "sum: the result does not fit into 64 bits") }
        return sum
    }

    /// The sum of numbers as a float.
    static func total(_ values: [Value], for name: String) throws -> Double {
        try values.reduce(0) { total, value in
            guard let number = value.number else {
                throw Failure(
                    .type, "\(name): the elements must be numbers, not \(Display.typeWithDetail(value))",
                    operands: [0: ""])
            }
            return total + number
        }
    }

    /// Halves to even; an int stays one.
    static func round(_ value: Value, _ digits: Int?) throws -> Value {
        if let digits, !(-300...300).contains(digits) {
            throw Failure(.value, "round: digits must be from -300 to 300, not \(digits)", operands: [1: ""])
        }
        switch value {
        case .int(let int):
            guard let digits, digits < 0, int != 0 else { return value }
            guard digits > -19 else { return .int(0) }
            let unit = (0..<(-digits)).reduce(1) { product, _ in product * 10 }
            let (rest, half) = (int % unit, unit / 2)
            let floor = int - rest
            let up = rest.magnitude > half || rest.magnitude == half && (floor / unit) % 2 != 0
            let (rounded, overflow) = floor.addingReportingOverflow(up ? unit * int.signum() : 0)
            guard !overflow else { throw Failure(.math, "round: the result does not fit into 64 bits") }
            return .int(rounded)
        case .float(let float):
            guard let digits else {
                guard let int = Int(exactly: float.rounded(.toNearestOrEven)) else {
                    throw Failure(.math, "round: \(NumberFormat.repr(float)) has no 64-bit int", operands: [0: ""])
                }
                return .int(int)
            }
            guard float.isFinite else { return value }
            guard digits < 0 else { return .float(Double(Formatting.fixed(float, digits)) ?? float) }
            let unit = pow(10.0, Double(-digits))
            return .float((float / unit).rounded(.toNearestOrEven) * unit)
        default:
            throw Failure(
                .type, "round: x must be a number, not \(Display.typeWithDetail(value))", operands: [0: value.typeName])
        }
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
        values[try extremePosition(values, sign, name)]
    }

    /// Where the largest or smallest stands, the first of several.
    static func extremePosition(_ values: [Value], _ sign: Int, _ name: String) throws -> Int {
        guard var best = values.first else { throw Failure(.value, "\(name): the list is empty", operands: [0: ""]) }
        var position = 0
        for (index, value) in values.enumerated().dropFirst() {
            let isBetter: Bool
            if let x = value.number, let y = best.number {
                isBetter = sign > 0 ? x > y : x < y
            } else if let x = value.text, let y = best.text {
                isBetter = sign > 0 ? StringObject.precedes(y, x) : StringObject.precedes(x, y)
            } else {
                throw Failure(
                    .type,
                    "\(name): cannot compare \(Display.typeWithDetail(best)) with \(Display.typeWithDetail(value))",
                    operands: [0: ""])
            }
            if isBetter { (best, position) = (value, index) }
        }
        return position
    }
}
