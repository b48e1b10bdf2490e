import Diagnostics

/// What a call hands over, without the values: how many positional arguments, then the names of the named ones.
package struct CallShape: Equatable {
    package var positional: Int
    package var names: [String] = []

    package init(positional: Int, names: [String] = []) {
        self.positional = positional
        self.names = names
    }

    var count: Int { positional + names.count }

    /// What the call instructions say in b: the number of arguments, or -1 when some are named. Those only Swift puts
    /// where they belong.
    var operand: Int { names.isEmpty ? positional : -1 }
}

/// Where each parameter of a function gets its value from at one call shape.
package enum ArgumentSource: Equatable {
    case argument(Int)
    case defaultValue
    /// The positional arguments from here on, as a list.
    case rest(from: Int, count: Int)
    /// The named arguments that no parameter takes, as a dict.
    case options([Int])

    /// The value that the parameter gets from the arguments of a call; nothing when its default counts.
    func value(in arguments: some RandomAccessCollection<Value>, _ shape: CallShape) -> Value? {
        func argument(_ index: Int) -> Value { arguments[arguments.index(arguments.startIndex, offsetBy: index)] }
        switch self {
        case .argument(let index): return argument(index)
        case .defaultValue: return nil
        case .rest(let from, let count): return .list((from..<from + count).map(argument))
        case .options(let indices):
            let dict = DictObject()
            for index in indices { dict[shape.names[index - shape.positional]] = argument(index) }
            return .dict(dict)
        }
    }
}

/// A parameter as binding sees it.
package struct FormalParameter: Equatable {
    package var name: String
    package var kind: ParameterDescription.Kind
    package var isRequired: Bool

    package init(name: String, kind: ParameterDescription.Kind, isRequired: Bool) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
    }
}

/// Matches arguments with parameters.
package enum Binding {
    /// The source of every parameter, or the error that names the argument, the nearest name and the signature.
    ///
    /// `hiddenLeading` parameters (a method's receiver) are not counted in messages.
    package static func plan(
        _ parameters: [FormalParameter], _ shape: CallShape, function: String, signature: @autoclosure () -> String,
        hiddenLeading: Int = 0
    ) throws -> [ArgumentSource] {
        var sources: [ArgumentSource?] = Array(repeating: nil, count: parameters.count)
        var next = 0
        var hasRest = false
        for (index, parameter) in parameters.enumerated() {
            switch parameter.kind {
            case .single where !hasRest && next < shape.positional:
                sources[index] = .argument(next)
                next += 1
            case .variadic:
                sources[index] = .rest(from: next, count: shape.positional - next)
                next = shape.positional
                hasRest = true
            default: break
            }
        }
        if next < shape.positional {
            let most = parameters.filter { $0.kind == .single }.count - hiddenLeading
            throw Failure(
                .type,
                "\(function) takes \(most == 0 ? "no arguments" : "at most \(count(most, "argument"))"), "
                    + "\(shape.positional - hiddenLeading) given",
                code: .tooManyArguments, help: [signature()], operands: [next: ""])
        }
        var unclaimed: [Int] = []
        for (offset, name) in shape.names.enumerated() {
            guard let index = parameters.firstIndex(where: { $0.name == name && $0.kind == .single }) else {
                unclaimed.append(shape.positional + offset)
                continue
            }
            guard sources[index] == nil else {
                throw Failure(
                    .type, "\(function): \(name) is given twice", code: .doubledArgument, help: [signature()],
                    operands: [shape.positional + offset: ""])
            }
            sources[index] = .argument(shape.positional + offset)
        }
        if let index = parameters.firstIndex(where: { $0.kind == .namedVariadic }) {
            sources[index] = .options(unclaimed)
        } else if let first = unclaimed.first {
            let wrong = unclaimed.map { shape.names[$0 - shape.positional] }
            throw Failure(
                .type, "\(function) has no argument \(wrong.joined(separator: ", "))", code: .unknownArgument,
                help: helpForUnknown(wrong, parameters.dropFirst(hiddenLeading).map(\.name)) + [signature()],
                operands: [first: ""])
        }
        return try parameters.enumerated().map { index, parameter in
            if let source = sources[index] { return source }
            guard !parameter.isRequired else {
                throw Failure(
                    .type, "\(function) needs the argument \(parameter.name)", code: .missingArgument,
                    help: [signature()])
            }
            return .defaultValue
        }
    }

    /// What may have been meant by names that no parameter has: one with nearly the same letters, or one that begins so.
    package static func helpForUnknown(_ names: [String], _ known: [String]) -> [String] {
        names.compactMap { name in
            let longer = known.filter { $0.count > 2 && name.count > 2 && ($0.hasPrefix(name) || name.hasPrefix($0)) }
            guard let near = longer.count == 1 ? longer[0] : Nearest.match(name, in: known) else {
                return nil
            }
            return "did you mean \(near)=?"
        }
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

extension BuiltinFunction {
    /// The signature that takes these arguments, and where its parameters get their values.
    func choose(_ shape: CallShape, _ arguments: some RandomAccessCollection<Value>) throws -> (
        builtin: Builtin, plan: [ArgumentSource]
    ) {
        if overloads.count == 1 { return (overloads[0], try overloads[0].plan(shape)) }
        let first = shape.positional > 0 ? arguments.first : nil
        let fitting = overloads.filter { overload in
            guard let first else { return true }
            guard let parameter = overload.bodyParameters.first else { return false }
            let type = parameter.type
            if parameter.kind == .variadic, case .list(let element) = type { return element.contains(first) }
            return type.contains(first)
        }
        var problem: (any Error)?
        for overload in fitting {
            do {
                let plan = try overload.plan(shape)
                if fitting.count == 1 || overload.accepts(plan, arguments) { return (overload, plan) }
            } catch {
                problem = problem ?? error
            }
        }
        // Several signatures fit the shape and none the types: the first gives the error about its argument.
        for overload in fitting {
            if let plan = try? overload.plan(shape) { return (overload, plan) }
        }
        if let problem { throw problem }
        guard let first else { throw Failure(.type, "\(name) needs an argument", help: [signature]) }
        var types: [String] = []
        for overload in overloads {
            guard let type = overload.bodyParameters.first?.type.description, !types.contains(type) else { continue }
            types.append(type)
        }
        throw Failure(
            .type, "\(name) takes \(LanguageType.join(types)), not \(Display.typeWithDetail(first))",
            help: overloads.map(\.signature), operands: [0: first.typeName])
    }
}

extension Builtin {
    package func plan(_ shape: CallShape) throws -> [ArgumentSource] {
        try Binding.plan(
            formals, shape, function: name, signature: signature, hiddenLeading: receiver == nil ? 0 : 1)
    }

    /// The parameters in the order of a plan: the receiver of a method leads.
    package var formalDescriptions: [ParameterDescription] { bodyParameters }

    package var formals: [FormalParameter] {
        bodyParameters.map { FormalParameter(name: $0.name, kind: $0.kind, isRequired: $0.isRequired) }
    }

    func accepts(_ plan: [ArgumentSource], _ arguments: some RandomAccessCollection<Value>) -> Bool {
        zip(bodyParameters, plan).allSatisfy { parameter, source in
            guard case .argument(let index) = source else { return true }
            return parameter.type.contains(arguments[arguments.index(arguments.startIndex, offsetBy: index)])
        }
    }

    /// The arguments in the order of the parameters, defaults filled in.
    func arrange(_ plan: [ArgumentSource], _ shape: CallShape, _ arguments: some RandomAccessCollection<Value>)
        -> [Value]
    {
        zip(bodyParameters, plan).map { parameter, source in
            source.value(in: arguments, shape) ?? parameter.defaultValue?.value ?? .none
        }
    }
}
