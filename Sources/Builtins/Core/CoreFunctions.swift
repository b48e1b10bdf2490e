import Diagnostics
import Glibc
import OrderedCollections
import Runtime
import Tensors

extension Library {
    /// Printing, conversions, sequences, numbers, strings, lists and dicts: the section Core of the manual.
    public func addCore() {
        addConstants()
        addOutput()
        addBackend()
        addConversions()
        addSequences()
        addStrings()
        addLists()
        addDicts()
        addFiles()
    }

    private func addConstants() {
        add(Constant("pi", "The circle's circumference over its diameter.", .float(Double.pi)))
        add(Constant("inf", "Positive infinity.", .float(.infinity)))
        add(Constant("nan", "Not a number; it equals nothing, itself included.", .float(.nan)))
    }

    private func addOutput() {
        add(
            Builtin(
                "print", .core, "Writes values separated by spaces, and ends the line.",
                parameters: [
                    Parameter<[Value]>.variadic("values", "what to write; strings stand bare").description,
                    Parameter<String>("sep", "what stands between them", default: " ").description,
                    Parameter<String>("end", "what stands behind the last", default: "\n").description,
                ], returns: "nothing", pytorch: .none, seeAlso: ["str", "show"],
                examples: [Example("print(\"loss\", 0.5)", "loss 0.5"), Example("print([\"a\", 1])", "[\"a\", 1]")]
            ) { call in
                let values = try call[Parameter<[Value]>.variadic("values", "")]
                let separator = try call[Parameter<String>("sep", "")]
                let end = try call[Parameter<String>("end", "")]
                let text = values.map { Display.text($0, in: call.interpreter) }.joined(separator: separator)
                call.interpreter.output(Markup(text + end))
                return NoValue()
            })
        add(
            Builtin(
                "show", .core, "Displays a value in the middle of a cell, as a cell's last expression is displayed.",
                parameters: [Parameter<Value>("value", "what to display").description], returns: "nothing",
                seeAlso: ["print", "markdown"], examples: [Example(running: "show([1, 2])")]
            ) { call in
                call.interpreter.show(try call[Parameter<Value>("value", "")])
                return NoValue()
            })
        add(
            Builtin(
                "markdown", .core, "Adds text in Markdown to the report.",
                parameters: [Parameter<String>("text", "the Markdown").description], returns: "nothing",
                seeAlso: ["show"], examples: [Example(running: "markdown(\"## Results\")")]
            ) { call in
                call.interpreter.markdown(try call[Parameter<String>("text", "")])
                return NoValue()
            })
        add(
            Builtin(
                "report", .core,
                "Writes what runs as a report: a script with everything it gives, or the session so far.",
                parameters: [
                    Parameter<String>("path", "the file: .html is one page, .md has its pictures beside it")
                        .description
                ], returns: "nothing",
                notes: ["The report of a script is written when the script ends, also when it ends with an error."],
                seeAlso: ["markdown", "show"],
                examples: [
                    Example(#"try { report("kd.pdf") } catch e { none }"#)
                ]
            ) { call in
                try call.interpreter.report(try call[Parameter<String>("path", "")])
                return NoValue()
            })
        add(
            Builtin(
                "time", .core, "The seconds since the start of 1970.", returns: "a float", seeAlso: [],
                examples: [Example("start = time(); time() >= start", "true")]
            ) { () throws -> Double in
                var now = timespec()
                clock_gettime(CLOCK_REALTIME, &now)
                return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
            })
    }

    /// What computes, for whoever reports or compares numbers.
    private func addBackend() {
        add(
            Builtin(
                "backend", .core,
                "What computes: the libraries with their kernels, the vector instructions and the number of threads.",
                returns: "a dict of strings",
                notes: [
                    "Reports and benchmarks show it. `--threads` and `:set threads` change the number of threads.",
                    "With a given number of threads the same script gives the same bits; between different numbers "
                        + "sums may be grouped differently, and results differ by rounding.",
                ],
                seeAlso: ["time"], examples: [Example("\"threads\" in backend()", "true")]
            ) { () throws -> OrderedDictionary<String, String> in
                OrderedDictionary(uniqueKeysWithValues: Engine.facts.map { ($0.name, $0.value) })
            })
    }

    private func addConversions() {
        let any = Parameter<Value>("x", "any value")
        add(
            Builtin(
                "type", .core, "The name of a value's type.", any, returns: "a string such as \"int\" or \"tensor\"",
                pytorch: .none, seeAlso: ["help"],
                examples: [Example("type(1.5)", "float"), Example("type([])", "list")]
            ) { x in x.typeName }.computingOnly().withoutCallbacks())
        add(
            Builtin(
                "str", .core, "A value as text, as `print` writes it.",
                parameters: [any.description], returns: "a string", seeAlso: ["print"],
                examples: [Example("str(0.5) + \"!\"", "0.5!")]
            ) { call in Display.text(try call[any], in: call.interpreter) }.computingOnly())
        add(
            Builtin(
                "int", .core,
                "Converts a number, a bool, a string or a one-element tensor to an int; floats are truncated.",
                any, returns: "an int", seeAlso: ["float", "round"],
                examples: [Example("int(3.9)", "3"), Example("int(\"42\")", "42"), Example("int(true)", "1")]
            ) { x in try CoreConversion.int(x) }.computingOnly().withoutCallbacks())
        add(
            Builtin(
                "float", .core, "Converts a number, a bool, a string or a one-element tensor to a float.", any,
                returns: "a float", seeAlso: ["int"],
                examples: [Example("float(2)", "2.0"), Example("float(\"1e-3\")", "0.001")]
            ) { x in try CoreConversion.float(x) }.computingOnly().withoutCallbacks())
        add(
            Builtin(
                "bool", .core, "Converts a number, a bool or a one-element tensor to a bool: whether it is not zero.",
                any, returns: "a bool", seeAlso: ["int"],
                examples: [Example("bool(0)", "false"), Example("bool(2)", "true")]
            ) { x in try CoreConversion.bool(x) }.computingOnly().withoutCallbacks())
        add(
            Builtin(
                "list", .core,
                "The elements of a list, range, string, dict (its keys), tensor or dataset as a new list.",
                parameters: [any.description], returns: "a list", seeAlso: ["range", "dict"],
                examples: [Example("list(range(3))", "[0, 1, 2]"), Example("list(\"ab\")", "[\"a\", \"b\"]")]
            ) { call in try call.interpreter.elements(of: try call[any], for: "list") }.computingOnly())
        let entries = Parameter<OrderedDictionary<String, Value>>.namedVariadic("entries", "further entries by name")
        let source = Parameter<Value?>.optional("source", "a dict to copy, or a list of [key, value]")
        add(
            Builtin(
                "dict", .core, "A new dict from another dict, from a list of [key, value], or from named arguments.",
                parameters: [source.description, entries.description], returns: "a dict", seeAlso: ["list"],
                examples: [
                    Example("dict(lr=0.1, T=4)", "{\"lr\": 0.1, \"T\": 4}"), Example("dict([[1, 2]])", "{1: 2}"),
                ]
            ) { call in
                let dict = DictObject()
                if let value = try call[source] {
                    if case .dict(let other) = value {
                        dict.entries = other.entries
                    } else {
                        for element in try call.interpreter.elements(of: value, for: "dict") {
                            let pair = try call.interpreter.elements(of: element, for: "dict")
                            guard pair.count == 2, let key = DictKey(pair[0]) else {
                                throw Failure(.value, "dict: the elements must be [key, value]")
                            }
                            dict.entries[key] = pair[1]
                        }
                    }
                }
                for (name, value) in try call[entries] { dict[name] = value }
                return Value.dict(dict)
            })
    }
}

/// Conversions between plain numbers, text and one-element tensors.
enum CoreConversion {
    private static func item(_ tensor: Tensor) throws -> Value {
        switch try tensor.item() {
        case .int(let int): .int(int)
        case .float(let float): .float(float)
        case .bool(let bool): .bool(bool)
        }
    }

    static func int(_ value: Value) throws -> Int {
        switch value {
        case .int(let int): return int
        case .bool(let bool): return bool ? 1 : 0
        case .float(let float):
            guard let int = Int(exactly: float.rounded(.towardZero)) else {
                throw Failure(.math, "int: \(NumberFormat.repr(float)) has no 64-bit int", operands: [0: ""])
            }
            return int
        case .string(let string):
            let text = TextFunctions.strip(string.text).filter { $0 != "_" }
            guard let int = Int(text) else {
                throw Failure(.value, "int: \(Display.brief(value)) is no int", operands: [0: ""])
            }
            return int
        case .tensor(let tensor): return try int(item(tensor))
        default: throw refusal("int", value)
        }
    }

    static func float(_ value: Value) throws -> Double {
        switch value {
        case .int(let int): return Double(int)
        case .float(let float): return float
        case .bool(let bool): return bool ? 1 : 0
        case .string(let string):
            guard let float = Double(TextFunctions.strip(string.text)) else {
                throw Failure(.value, "float: \(Display.brief(value)) is no number", operands: [0: ""])
            }
            return float
        case .tensor(let tensor): return try float(item(tensor))
        default: throw refusal("float", value)
        }
    }

    static func bool(_ value: Value) throws -> Bool {
        switch value {
        case .bool(let bool): return bool
        case .int(let int): return int != 0
        case .float(let float): return float != 0
        case .tensor(let tensor): return try bool(item(tensor))
        default:
            var failure = refusal("bool", value)
            failure.help = ["write len(x) > 0, or x != none"]
            throw failure
        }
    }

    private static func refusal(_ name: String, _ value: Value) -> Failure {
        Failure(.type, "\(name): cannot convert \(Display.typeWithDetail(value))", operands: [0: value.typeName])
    }
}
