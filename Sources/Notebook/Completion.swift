import Base
import Diagnostics
import Learning
import Runtime
import Syntax

/// The words that fit at the cursor, from what is known without running code: declarations and the values of variables.
package struct Completion {
    /// What a session knows while completing.
    package struct Knowledge {
        /// The library.
        package var library: Library
        /// The interpreter that reads attributes of values.
        package var interpreter: Interpreter
        /// The names of the variables.
        package var variables: [String]
        /// The value of a variable.
        package var value: (String) -> Value?
        /// The commands of the REPL, with their colon.
        package var commands: [String]

        /// Everything a session knows.
        package init(
            library: Library, interpreter: Interpreter, variables: [String], value: @escaping (String) -> Value?,
            commands: [String]
        ) {
            self.library = library
            self.interpreter = interpreter
            self.variables = variables
            self.value = value
            self.commands = commands
        }
    }

    private let knowledge: Knowledge
    private let context: CompletionContext

    /// Completes at byte `point` of `text`.
    package init(text: String, point: Int, knowing knowledge: Knowledge) {
        self.knowledge = knowledge
        context = CompletionContext(text: text, point: point)
    }

    /// The byte at which the word begins.
    package var start: Int { context.start }

    /// The innermost open call with the declarations that its callee may have; none outside of brackets.
    package var openCall: (call: CompletionContext.Call, declarations: [Builtin])? {
        guard let call = context.call else { return nil }
        return (call, call.callee.map(builtins) ?? [])
    }

    /// The words that begin with what is typed, or, when none does, those that begin so in another case.
    package var words: [String] {
        switch context.wanted {
        case .nothing: return []
        case .name: return names()
        case .member(let place): return fitting(place.map(members) ?? [])
        case .string(let subscripted): return strings(subscripted)
        case .command: return fitting(knowledge.commands)
        case .commandArgument(let command): return arguments(of: command)
        case .topic: return fitting(Help(library: knowledge.library).names.sorted() + knowledge.variables)
        }
    }

    private func fitting(_ candidates: [String]) -> [String] {
        let prefix = context.prefix
        var seen: Set<String> = []
        let unique = candidates.filter { seen.insert($0).inserted }
        let exact = unique.filter { $0.hasPrefix(prefix) }
        if !exact.isEmpty || prefix.isEmpty { return exact }
        let folded = prefix.lowercased()
        return unique.filter { $0.lowercased().hasPrefix(folded) }
    }

    // MARK: Names

    /// In a call whose free arguments fit what is typed, only those; else variables, functions and keywords.
    private func names() -> [String] {
        if let call = context.call, call.current == nil, !call.hasBegun {
            let arguments = fitting(freeArguments(of: call)).map { $0 + "=" }
            if !arguments.isEmpty, !context.prefix.isEmpty { return arguments }
            if !arguments.isEmpty { return arguments + fitting(knowledge.variables).sorted() }
        }
        let words = Keywords.reserved + Keywords.contextual
        // Sorted last: of thousands of names few fit.
        return fitting(knowledge.variables + knowledge.library.names + words).sorted()
    }

    /// The names of the arguments that are not yet given.
    private func freeArguments(of call: CompletionContext.Call) -> [String] {
        guard let callee = call.callee else { return [] }
        var names: [String] = []
        for parameters in signatures(of: callee) {
            // What is given by position cannot be given by name.
            for parameter in parameters.dropFirst(call.positional) where !call.named.contains(parameter) {
                if !names.contains(parameter) { names.append(parameter) }
            }
        }
        return names
    }

    /// The parameter names of every signature of a callee.
    private func signatures(of callee: CompletionContext.Place) -> [[String]] {
        let declared = builtins(of: callee)
        if !declared.isEmpty {
            return declared.map { $0.parameters.filter { $0.kind == .single }.map(\.name) }
        }
        guard case .function(let function)? = value(of: callee) else { return [] }
        if let closure = function as? Closure { return [closure.parameterNames] }
        return [Self.parameterNames(in: function.signature)]
    }

    /// The names in `kd(s, t, T=4)`; stars take arguments without a name of their own.
    static func parameterNames(in signature: String) -> [String] {
        guard let open = signature.firstIndex(of: "("), let close = signature.lastIndex(of: ")"), open < close else {
            return []
        }
        var names: [String] = []
        var depth = 0
        var current = ""
        for character in signature[signature.index(after: open)..<close] + "," {
            if "([{".contains(character) { depth += 1 }
            if ")]}".contains(character) { depth -= 1 }
            guard character == ",", depth == 0 else {
                current.append(character)
                continue
            }
            let name = String(current.drop { $0 == " " }.prefix { $0 != "=" && $0 != " " })
            if !name.isEmpty, !name.hasPrefix("*"), name != "…" { names.append(name) }
            current = ""
        }
        return names
    }

    /// The declarations behind a callee: a library function, or the methods of that name that its receiver has.
    private func builtins(of callee: CompletionContext.Place) -> [Builtin] {
        guard !callee.isCalled || !callee.steps.isEmpty else { return [] }
        if callee.steps.isEmpty {
            if let value = knowledge.value(callee.name) {
                if case .function(let function as BuiltinFunction) = value { return function.overloads }
                return []
            }
            return knowledge.library.functions[callee.name]?.overloads ?? []
        }
        guard case .attribute(let name)? = callee.steps.last else { return [] }
        var receiver = callee
        receiver.steps.removeLast()
        if let value = value(of: receiver) {
            if let method = knowledge.library.method(name, of: value) { return method.overloads }
            if case .module(let module) = value, module.children[name] != nil { return [] }
        } else {
            for type in receivers(ofResult: receiver) {
                if let method = knowledge.library.methods[type]?[name] { return method.overloads }
            }
        }
        // `x.name(…)` falls back to the function with `x` as first argument, which is then not to be named.
        return []
    }

    // MARK: Values

    /// The value at a place, as far as reading variables, keys, children and attributes goes.
    private func value(of place: CompletionContext.Place) -> Value? {
        guard !place.isCalled else { return nil }
        var current = knowledge.value(place.name)
        for step in place.steps {
            guard let value = current else { return nil }
            current = part(step, of: value)
        }
        return current
    }

    private func part(_ step: CompletionContext.Step, of value: Value) -> Value? {
        switch (step, value) {
        case (.attribute(let name), .dict(let dict)): return dict[name]
        case (.key(let name), .dict(let dict)): return dict[name]
        case (.attribute(let name), .module(let module)):
            if let child = module.children[name] { return .module(child) }
            if let tensor = module.ownParameters[name] ?? module.ownBuffers[name] { return .tensor(tensor) }
            return attribute(name, of: value)
        case (.attribute(let name), _): return attribute(name, of: value)
        case (.index(let index), .list(let list)):
            let position = index < 0 ? list.elements.count + index : index
            return list.elements.indices.contains(position) ? list.elements[position] : nil
        case (.index(let index), .module(let module)):
            return module.children[String(index)].map { .module($0) }
        case (.index(let index), .pair(let pair)):
            return index == 0 ? pair.left : index == 1 ? pair.right : nil
        default: return nil
        }
    }

    private func attribute(_ name: String, of value: Value) -> Value? {
        guard let attribute = knowledge.library.attribute(name, of: value) else { return nil }
        return try? attribute.get(value, knowledge.interpreter)
    }

    // MARK: Members

    private func members(of place: CompletionContext.Place) -> [String] {
        if place.name == "builtin", place.steps.isEmpty { return knowledge.library.names.sorted() }
        guard let value = value(of: place) else {
            return receivers(ofResult: place).flatMap { receiver in
                Array(knowledge.library.attributes[receiver]?.keys ?? [])
                    + Array(knowledge.library.methods[receiver]?.keys ?? [])
            }.sorted()
        }
        var own: [String] = []
        switch value {
        case .module(let module):
            own = Array(module.children.keys) + Array(module.ownParameters.keys) + Array(module.ownBuffers.keys)
        case .dict(let dict):
            own = dict.entries.keys.compactMap { if case .string(let name) = $0 { name } else { nil } }
        case .tensor: own = tensorFunctions
        default: break
        }
        return own.filter(Self.isName) + knowledge.library.members(of: value).sorted()
    }

    /// The functions that take a tensor first, which `x.name(…)` calls as well.
    private var tensorFunctions: [String] {
        knowledge.library.functions.values.filter { function in
            function.overloads.contains { $0.group != .core && $0.parameters.first?.type == .tensor }
        }.map(\.name).sorted()
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.first, first.isLetter || first == "_" else { return false }
        return text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }

    /// What the result of a call to a library function has: `Linear(4, 2).`.
    private func receivers(ofResult place: CompletionContext.Place) -> [Builtin.Receiver] {
        guard place.isCalled, place.steps.isEmpty, let function = knowledge.library.functions[place.name] else {
            return []
        }
        return function.overloads.flatMap { Self.receivers(of: $0.resultType) }
    }

    private static func receivers(of type: LanguageType) -> [Builtin.Receiver] {
        switch type {
        case .string, .options: [.string]
        case .list: [.list]
        case .dict: [.dict]
        case .range: [.range]
        case .pair: [.pair]
        case .function: [.function]
        case .tensor: [.tensor]
        case .module: [.module]
        case .object(let name): [.object(name)]
        case .union(let types): types.flatMap(receivers)
        case .any, .none, .bool, .int, .float, .number: []
        }
    }

    // MARK: Strings

    /// Keys in brackets, the options of an argument, submodule paths where a layer is asked for, and file paths.
    private func strings(_ subscripted: CompletionContext.Place?) -> [String] {
        if let place = subscripted, let value = value(of: place) { return fitting(keys(of: value)) }
        let layers = fitting(modulePaths())
        guard let call = context.call, let callee = call.callee else { return fitting(paths()) }
        for builtin in builtins(of: callee) {
            let singles = builtin.parameters.filter { $0.kind == .single }
            let parameter =
                call.current.flatMap { name in builtin.parameters.first { $0.name == name } }
                ?? (call.current == nil && call.positional < singles.count ? singles[call.positional] : nil)
            guard let parameter else { continue }
            let options = fitting(parameter.options)
            if !options.isEmpty { return options }
            if ["pairs", "path", "paths", "layer", "layers"].contains(parameter.name), !layers.isEmpty,
                parameter.name != "path"
            {
                return layers
            }
        }
        if ["feature", "features"].contains(callee.name), !layers.isEmpty { return layers }
        return fitting(paths())
    }

    private func keys(of value: Value) -> [String] {
        switch value {
        case .dict(let dict): dict.entries.keys.compactMap { if case .string(let name) = $0 { name } else { nil } }
        case .module(let module): module.paths
        default:
            if case .list(let columns)? = attribute("columns", of: value) {
                columns.elements.compactMap(\.text)
            } else {
                []
            }
        }
    }

    private func modulePaths() -> [String] {
        knowledge.variables.flatMap { name -> [String] in
            if case .module(let module)? = knowledge.value(name) { module.paths } else { [] }
        }
    }

    /// The paths that go on from what is typed.
    private func paths() -> [String] {
        let folder = context.prefix.lastIndex(of: "/").map { String(context.prefix[...$0]) } ?? ""
        let typed = context.prefix.dropFirst(folder.count)
        var names = WholeFile.namesIfAny(in: folder.isEmpty ? "." : folder)
        if !typed.hasPrefix(".") { names.removeAll { $0.hasPrefix(".") } }
        var paths = names.map { folder + $0 }
        if folder.isEmpty || folder.hasPrefix("std/") { paths += knowledge.library.sources.keys }
        return paths
    }

    private func arguments(of command: String) -> [String] {
        switch command {
        case "run", "load", "save", "report", "plot": fitting(paths())
        case "help": fitting(Help(library: knowledge.library).names.sorted())
        case "set": fitting(["color", "seed", "threads"])
        default: []
        }
    }
}
