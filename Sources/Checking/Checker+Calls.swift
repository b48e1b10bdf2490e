import Diagnostics
import Runtime
import Syntax

/// An argument of a call as the check sees it.
struct CheckedArgument {
    /// The name it is passed under.
    var name: String?
    var known: Known
    var span: SourceSpan
}

/// The arguments of a call; with `*list` or `**dict` among them their number is not known.
struct CheckedArguments {
    var positional: [CheckedArgument] = []
    var named: [CheckedArgument] = []
    var isOpen = false

    var shape: CallShape { CallShape(positional: positional.count, names: named.map { $0.name ?? "" }) }
    /// In the order in which a binding plan counts them.
    var all: [CheckedArgument] { positional + named }
}

extension Checker {
    // MARK: Calls

    mutating func call(
        _ callee: Expression, _ arguments: [Argument], at span: SourceSpan, leading: CheckedArgument? = nil
    )
        -> Known
    {
        if case .attribute(let owner, let name) = callee.kind {
            return callMember(owner, name, arguments, at: span, leading: leading)
        }
        let function = visit(callee)
        var checked = visit(arguments)
        if let leading { checked.positional.insert(leading, at: 0) }
        return call(function, checked, at: span, callee: callee.span)
    }

    /// `value |> f |> g(1)`
    mutating func pipe(_ first: Known, _ span: SourceSpan, _ stages: [Expression]) -> Known {
        var value = first
        var span = span
        for stage in stages {
            let leading = CheckedArgument(known: value, span: span)
            if case .call(let callee, let arguments) = stage.kind {
                value = call(callee, arguments, at: stage.span, leading: leading)
            } else {
                let function = visit(stage)
                value = call(function, CheckedArguments(positional: [leading]), at: stage.span, callee: stage.span)
            }
            span = SourceSpan(span.lower, stage.span.upper)
        }
        return value
    }

    private mutating func visit(_ arguments: [Argument]) -> CheckedArguments {
        var checked = CheckedArguments()
        for argument in arguments {
            let known = visit(argument.value)
            switch argument.kind {
            case .positional: checked.positional.append(CheckedArgument(known: known, span: argument.span))
            case .named(let name):
                checked.named.append(CheckedArgument(name: name.text, known: known, span: argument.span))
            case .spread, .spreadNamed: checked.isOpen = true
            }
        }
        return checked
    }

    private mutating func call(
        _ function: Known, _ arguments: CheckedArguments, at span: SourceSpan, callee: SourceSpan
    ) -> Known {
        switch function {
        case .builtin(let builtin):
            let result = check(builtin.overloads, arguments, callee: callee, hidden: 0)
            return self.result(of: builtin, result, arguments, at: span)
        case .declared(let declared):
            check(declared, arguments, callee: callee)
            return declared.isModule ? .type(.module) : .unknown
        case .lambda(let lambda):
            check(lambda, arguments, callee: callee)
            return .unknown
        case .network(let layer):
            if !arguments.isOpen, arguments.all.count == 1, case .tensor(let sizes) = arguments.all[0].known {
                return flow(
                    through: layer,
                    from: Flow(
                        library, sizes: sizes, origin: source.text(in: arguments.all[0].span), arguments.all[0].span))
            }
            return .unknown
        case .literal(let value):
            report(
                Failure(.type, "a value of type \(value.typeName) cannot be called", code: .notCallable), at: callee)
            return .unknown
        case .tensor:
            report(Failure(.type, "a value of type tensor cannot be called", code: .notCallable), at: callee)
            return .unknown
        case .file:
            report(
                Failure(
                    .type, "a value of type import cannot be called", code: .notCallable,
                    help: ["its names are behind a point"]), at: callee)
            return .unknown
        case .type, .elements, .unknown: return .unknown
        }
    }

    // MARK: Members

    /// `owner.name` without a call.
    mutating func attribute(_ owner: Expression, _ name: Name) -> Known {
        if let function = original(owner, name) { return function }
        let known = visit(owner)
        switch known {
        case .file(let file): return entry(name, of: file)
        default:
            guard let receivers = known.receivers, receivers != [.dict] else { return .unknown }
            let attributes = library.attributes
            let attribute = receivers.compactMap { attributes[$0]?[name.text] }.first
            if let attribute { return .type(attribute.type) }
            if receivers.contains(where: { library.methods[$0]?[name.text] != nil }) { return .type(.function) }
            unknownMember(name, of: known, isCall: false)
            return .unknown
        }
    }

    /// `builtin.name`, which is the library's whatever the file binds.
    private mutating func original(_ owner: Expression, _ name: Name) -> Known? {
        guard case .name("builtin") = owner.kind, self.owner(of: "builtin") == nil else { return nil }
        if let function = library.functions[name.text] { return .builtin(function) }
        if library.constants[name.text] == nil {
            let near = Nearest.match(name.text, in: library.names)
            report(
                Failure(
                    .name, "the library has no \(name.text)", code: .unknownName,
                    help: near.map { ["did you mean \($0)?"] } ?? []), at: name.span)
        }
        return .unknown
    }

    private mutating func entry(_ name: Name, of file: CheckedFile) -> Known {
        guard !file.bindings.binds(name.text) else { return file.known(name.text) }
        var help: [String] = []
        if let near = Nearest.match(name.text, in: file.bindings.names) { help.append("did you mean \(near)?") }
        report(
            Failure(
                .name, "a value of type import has no attribute \(name.text)", code: .unknownAttribute, help: help,
                notes: ["\(file.source.name) binds \(Self.some(file.bindings.names))"]), at: name.span)
        return .unknown
    }

    /// The first few of some names.
    private static func some(_ names: [String]) -> String {
        guard !names.isEmpty else { return "no name" }
        return names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }

    private mutating func callMember(
        _ owner: Expression, _ name: Name, _ arguments: [Argument], at span: SourceSpan, leading: CheckedArgument?
    ) -> Known {
        let callee = SourceSpan(owner.span.lower, name.span.upper)
        if let function = original(owner, name) {
            var checked = visit(arguments)
            if let leading { checked.positional.insert(leading, at: 0) }
            return call(function, checked, at: span, callee: callee)
        }
        let known = visit(owner)
        var checked = visit(arguments)
        if let leading { checked.positional.insert(leading, at: 0) }
        if case .file(let file) = known {
            return call(entry(name, of: file), checked, at: span, callee: callee)
        }
        let receiver = CheckedArgument(known: known, span: owner.span)
        if let receivers = known.receivers {
            let methods = library.methods
            if let method = receivers.compactMap({ methods[$0]?[name.text] }).first {
                checked.positional.insert(receiver, at: 0)
                let result = check(method.overloads, checked, callee: name.span, hidden: 1)
                return self.result(of: method, result, checked, at: span)
            }
            if receivers.contains(where: { library.attributes[$0]?[name.text] != nil }) { return .unknown }
            guard let function = function(named: name.text) else {
                unknownMember(name, of: known, isCall: true)
                return .unknown
            }
            checked.positional.insert(receiver, at: 0)
            return call(function, checked, at: span, callee: name.span)
        }
        if let method = known.objectReceiver.flatMap({ library.methods[$0]?[name.text] }) {
            checked.positional.insert(receiver, at: 0)
            let result = check(method.overloads, checked, callee: name.span, hidden: 1)
            return self.result(of: method, result, checked, at: span)
        }
        // A value of any type: only what no value at all could take is wrong.
        if !members.contains(name.text) { unknownMember(name, of: known, isCall: true) }
        return .unknown
    }

    /// What `x.name(…)` calls when `x` has no method of that name: a declaration of the file or a library function.
    private func function(named name: String) -> Known? {
        for scope in scopes.reversed() where scope.bindings.binds(name) {
            if case .declared = scope.known[name] { return scope.known[name] }
            switch scope.bindings.sites[name]?.first?.value {
            case .function?, .module?: return .unknown
            default: continue
            }
        }
        return library.functions[name].map { .builtin($0) }
    }

    private mutating func unknownMember(_ name: Name, of known: Known, isCall: Bool) {
        var candidates: [String] = []
        if let receivers = known.receivers {
            for receiver in receivers {
                candidates += Array(library.methods[receiver]?.keys ?? [])
                candidates += Array(library.attributes[receiver]?.keys ?? [])
            }
            if isCall { candidates += library.names }
        } else {
            candidates = members.sorted()
        }
        var help: [String] = []
        if let near = Nearest.match(name.text, in: candidates) { help.append("did you mean \(near)?") }
        if let hint = Interpreter.foreignMembers[name.text] { help = [hint] }
        let what = known.type.map { "a value of type \($0) has no" } ?? "nothing has a"
        report(
            Failure(
                .name, "\(what) \(isCall ? "method" : "attribute") \(name.text)", code: .unknownAttribute, help: help),
            at: name.span)
    }

    // MARK: Arguments

    /// Checks a call of a function that a file declares.
    private mutating func check(_ declared: Known.Declared, _ arguments: CheckedArguments, callee: SourceSpan) {
        let formals = declared.formals
        if arguments.isOpen {
            refuseUnknownNames(formals, arguments, declared.name, declared.signature)
            return
        }
        do {
            _ = try Binding.plan(
                formals, arguments.shape, function: declared.name, signature: declared.signature)
        } catch {
            report(
                Failure(error), at: place(of: error, arguments, callee),
                [Diagnostic.Label(declared.source, declared.span, "defined here", isPrimary: false)])
        }
    }

    /// The argument that an error is about, else the callee.
    private func place(of error: any Error, _ arguments: CheckedArguments, _ callee: SourceSpan) -> SourceSpan {
        guard let index = Failure(error).operands.keys.min(), index < arguments.all.count else { return callee }
        return arguments.all[index].span
    }

    private mutating func refuseUnknownNames(
        _ formals: [FormalParameter], _ arguments: CheckedArguments, _ function: String, _ signature: String
    ) {
        guard !formals.contains(where: { $0.kind == .namedVariadic }) else { return }
        for argument in arguments.named {
            guard let name = argument.name, !formals.contains(where: { $0.name == name && $0.kind == .single }) else {
                continue
            }
            let help = Binding.helpForUnknown([name], formals.map(\.name)) + [signature]
            report(
                Failure(.type, "\(function) has no argument \(name)", code: .unknownArgument, help: help),
                at: argument.span)
        }
    }

    /// Checks a call of a library function: the signature that takes it with the source of every parameter, or none.
    private mutating func check(
        _ overloads: [Builtin], _ arguments: CheckedArguments, callee: SourceSpan, hidden: Int
    ) -> (builtin: Builtin, plan: [ArgumentSource])? {
        if arguments.isOpen {
            if overloads.count == 1 {
                let formals = Array(overloads[0].formals.dropFirst(hidden))
                refuseUnknownNames(formals, arguments, overloads[0].name, overloads[0].signature)
            }
            return nil
        }
        var problem: (any Error)?
        var fitting: [(builtin: Builtin, plan: [ArgumentSource])] = []
        for overload in overloads {
            do {
                fitting.append((overload, try overload.plan(arguments.shape)))
            } catch {
                problem = problem ?? error
            }
        }
        guard let first = fitting.first else {
            if let problem { report(Failure(problem), at: place(of: problem, arguments, callee)) }
            return nil
        }
        guard let chosen = fitting.first(where: { refusal(of: $0, arguments) == nil }) else {
            if let (failure, span) = refusal(of: first, arguments) { report(failure, at: span) }
            return nil
        }
        return fitting.count == 1 ? chosen : nil
    }

    /// What a signature has against the arguments, as far as they are known.
    private func refusal(of call: (builtin: Builtin, plan: [ArgumentSource]), _ arguments: CheckedArguments) -> (
        Failure, SourceSpan
    )? {
        let all = arguments.all
        for (parameter, place) in zip(call.builtin.formalDescriptions, call.plan) {
            switch place {
            case .argument(let index):
                if let failure = refusal(of: all[index].known, parameter.type, parameter, call.builtin) {
                    return (failure, all[index].span)
                }
            case .rest(let from, let count):
                guard case .list(let element) = parameter.type else { continue }
                for argument in all[from..<from + count] {
                    if let failure = refusal(of: argument.known, element, parameter, call.builtin) {
                        return (failure, argument.span)
                    }
                }
            case .defaultValue, .options: continue
            }
        }
        return nil
    }

    private func refusal(
        of known: Known, _ type: LanguageType, _ parameter: ParameterDescription, _ builtin: Builtin
    ) -> Failure? {
        guard Fit.isImpossible(known, for: type) else { return nil }
        if case .literal(let value) = known, let text = value.text, !parameter.options.isEmpty {
            let near = Nearest.match(text, in: parameter.options)
            let options = parameter.options.map { "\"\($0)\"" }.joined(separator: ", ")
            return Failure(
                .value, "\(builtin.name): \(parameter.name) must be one of \(options), not \"\(text)\"",
                code: .wrongOption, help: near.map { ["did you mean \"\($0)\"?"] } ?? [])
        }
        var what = known.type?.description ?? "such a value"
        if case .literal(let value) = known { what = Display.typeWithDetail(value) }
        return Failure(
            .type, "\(builtin.name): \(parameter.name) must be \(type), not \(what)", help: [builtin.signature])
    }

    /// What a call gives.
    private mutating func result(
        of function: BuiltinFunction, _ call: (builtin: Builtin, plan: [ArgumentSource])?,
        _ arguments: CheckedArguments, at span: SourceSpan
    ) -> Known {
        if let (builtin, plan) = call, builtin.receiver == nil {
            if let sizes = Sizes.of(builtin.name, arguments, plan) { return .tensor(sizes) }
            if builtin.resultType == .module, let layer = layer(builtin, plan, arguments, at: span) {
                return .network(layer)
            }
            if builtin.name == "summary" { checkSummary(builtin, plan, arguments) }
        }
        let types = function.overloads.map(\.resultType)
        guard let first = types.first, types.allSatisfy({ $0 == first }) else { return .unknown }
        return .type(first)
    }
}

/// Whether a value can be an argument.
enum Fit {
    /// Whether a value, as far as it is known, can never be of a type. Types that a function may convert from count as
    /// possible.
    static func isImpossible(_ known: Known, for type: LanguageType) -> Bool {
        switch known {
        case .unknown, .file, .elements: return false
        case .literal(let value):
            guard !accepts(type, value) else { return false }
            return true
        case .builtin, .declared, .lambda: return !mayBe(type, .function) && !mayBe(type, .module)
        case .network: return !mayBe(type, .module) && !mayBe(type, .function)
        case .tensor: return !mayBe(type, .tensor) && !mayBe(type, .number)
        case .type(let of):
            switch of {
            case .module: return !mayBe(type, .module) && !mayBe(type, .function)
            case .string: return !mayBe(type, .string) && !hasOptions(type)
            case .dict: return !mayBe(type, .dict)
            case .pair: return !mayBe(type, .pair)
            default: return false
            }
        }
    }

    private static func accepts(_ type: LanguageType, _ value: Value) -> Bool {
        switch type {
        case .any, .function, .object, .dict, .pair, .module:
            // Library objects and functions are often made from simpler values.
            if case .object = type { return true }
            return type.contains(value)
        case .tensor:
            switch value {
            case .int, .float, .bool: return true
            default: return type.contains(value)
            }
        case .list(let element):
            if case .list(let list) = value { return list.elements.allSatisfy { accepts(element, $0) } }
            return type.contains(value)
        case .union(let types): return types.contains { accepts($0, value) }
        default: return type.contains(value)
        }
    }

    /// Whether a type is, or has among others, a kind.
    private static func mayBe(_ type: LanguageType, _ kind: LanguageType) -> Bool {
        switch type {
        case .any, .object: true
        case .union(let types): types.contains { mayBe($0, kind) }
        case .float, .number: kind == .number || kind == .float
        default: type == kind
        }
    }

    private static func hasOptions(_ type: LanguageType) -> Bool {
        switch type {
        case .options: true
        case .union(let types): types.contains(where: hasOptions)
        default: false
        }
    }
}
