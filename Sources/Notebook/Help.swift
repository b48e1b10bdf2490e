import Diagnostics
import Runtime

/// Reference pages, all from the declarations of the library.
package struct Help {
    private let library: Library

    /// The pages of a library.
    package init(library: Library) { self.library = library }

    /// The page of a topic, a function, a method (`run.table`), an attribute, a constant or a type; none when nothing
    /// has the name.
    package func page(for name: String) -> Markup? {
        if let topic = Topic.named(name) { return topic.text }
        if let function = library.functions[name] { return page(of: function.overloads, receiver: nil) }
        if let constant = library.constants[name] { return page(of: constant) }
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        if parts.count == 2 {
            return library.receivers.first { $0.name == parts[0] }.flatMap { page(ofMember: parts[1], of: $0) }
        }
        let members = library.receivers.compactMap { page(ofMember: name, of: $0) }
        if let first = members.first {
            return members.dropFirst().reduce(into: first) { all, page in
                all.append("\n\n")
                all.append(page)
            }
        }
        return page(ofType: name)
    }

    /// The name of a kind of value that the language itself has: a string, a list, a module.
    private func receiver(named name: String) -> Builtin.Receiver? {
        library.objectTypes[name] != nil ? .object(name) : library.receivers.first { $0.name == name }
    }

    /// The names a user may have meant, the nearest first.
    package func nearest(to name: String) -> String? { Nearest.match(name, in: names) }

    /// Everything that has a page.
    package var names: [String] {
        library.names + library.memberNames + library.objectTypes.keys + Topic.all.map(\.name)
    }

    /// The names whose page mentions every word of `text`, for `:help` with words instead of a name.
    package func search(_ text: String) -> [(name: String, summary: String)] {
        let words = text.lowercased().split(separator: " ")
        return library.functions.values.compactMap { function in
            guard let first = function.overloads.first else { return nil }
            let haystack = "\(first.name) \(first.summary) \(first.group.title)".lowercased()
            return words.allSatisfy { haystack.contains($0) } ? (first.name, first.summary) : nil
        }
    }

    // MARK: Pages

    private func page(ofMember name: String, of receiver: Builtin.Receiver) -> Markup? {
        if let method = library.methods[receiver]?[name] { return page(of: method.overloads, receiver: receiver) }
        guard let attribute = library.attributes[receiver]?[name] else { return nil }
        var page = Markup("\(receiver.name).\(name)", .function)
        page.append(": \(attribute.type)\n", .dim)
        page.append("\n\(attribute.summary)\n")
        append(attribute.examples, to: &page)
        return page
    }

    private func page(of constant: Constant) -> Markup {
        var page = Markup(constant.name, .function)
        page.append(" = \(constant.value.source)\n\n")
        page.append(constant.summary)
        return page
    }

    private func page(ofType name: String) -> Markup? {
        guard let receiver = receiver(named: name) else { return nil }
        var page = Markup(name, .heading)
        page.append("\n")
        if let type = library.objectTypes[name] { page.append("\n\(type.summary)\n") }
        if let attributes = library.attributes[receiver], !attributes.isEmpty {
            page.append("\nAttributes\n", .heading)
            append(attributes.values.map { ($0.name, $0.summary) }, to: &page)
        }
        if let methods = library.methods[receiver], !methods.isEmpty {
            page.append("\nMethods\n", .heading)
            append(methods.values.compactMap(\.overloads.first).map { ($0.signature, $0.summary) }, to: &page)
        }
        return page
    }

    private func page(of overloads: [Builtin], receiver: Builtin.Receiver?) -> Markup {
        var page = Markup()
        for (index, builtin) in overloads.enumerated() {
            if index > 0 { page.append("\n") }
            if let receiver { page.append("\(receiver.name).") }
            page.append(builtin.name, .function)
            page.append(builtin.signature.dropFirst(builtin.name.count) + "\n")
            page.append("\n\(builtin.summary)\n")
            if let formula = builtin.formula { page.append("\n    \(formula)\n") }
            appendArguments(of: builtin, to: &page)
            if !builtin.result.isEmpty {
                page.append("\nResult\n", .heading)
                page.append("  \(builtin.result)\n")
            }
            for note in builtin.notes { page.append("\n\(note)\n") }
            appendPyTorch(of: builtin, to: &page)
            append(builtin.examples, to: &page)
        }
        var related: [String] = []
        for name in overloads.flatMap(\.seeAlso) where !related.contains(name) { related.append(name) }
        if !related.isEmpty {
            page.append("\nSee also", .heading)
            page.append("  \(related.joined(separator: ", "))\n")
        }
        return page.droppingFinalNewline
    }

    private func appendArguments(of builtin: Builtin, to page: inout Markup) {
        guard !builtin.parameters.isEmpty else { return }
        page.append("\nArguments\n", .heading)
        let names = builtin.parameters.map { parameter in
            switch parameter.kind {
            case .single: parameter.name
            case .variadic: "*" + parameter.name
            case .namedVariadic: "**" + parameter.name
            }
        }
        let width = names.map { DisplayWidth.of($0) }.max() ?? 0
        for (name, parameter) in zip(names, builtin.parameters) {
            page.append("  ")
            page.append(name, .name)
            page.append(String(repeating: " ", count: width - DisplayWidth.of(name) + 2))
            page.append(parameter.documentation)
            var facts = "\(parameter.type)"
            if let value = parameter.defaultValue { facts += ", \(parameter.defaultText ?? value.source)" }
            page.append(" (\(facts))\n", .dim)
        }
    }

    private func appendPyTorch(of builtin: Builtin, to page: inout Markup) {
        switch builtin.pytorch {
        case .none: return
        case .same(let name): page.append("\nPyTorch: \(name), the same.\n")
        case .differs(let name, let difference): page.append("\nPyTorch: \(name); \(difference)\n")
        }
    }

    private func append(_ examples: [Example], to page: inout Markup) {
        guard !examples.isEmpty else { return }
        page.append(examples.count == 1 ? "\nExample\n" : "\nExamples\n", .heading)
        for example in examples {
            for line in example.source.split(separator: "\n", omittingEmptySubsequences: false) {
                page.append("    ")
                page.append(Highlight.source(String(line)))
                page.append("\n")
            }
            for line in example.output ?? [] { page.append("    \(line)\n", .dim) }
        }
    }

    private func append(_ entries: [(String, String)], to page: inout Markup) {
        for (name, summary) in entries {
            page.append("  ")
            page.append(name, .name)
            page.append("  \(summary)\n")
        }
    }
}

extension Builtin.Receiver {
    /// The type's name as users see it.
    package var name: String {
        switch self {
        case .string: "string"
        case .list: "list"
        case .dict: "dict"
        case .range: "range"
        case .pair: "pair"
        case .function: "function"
        case .tensor: "tensor"
        case .module: "module"
        case .object(let name), .moduleType(let name): name
        }
    }
}

extension Library {
    /// The types that have methods or attributes.
    var receivers: [Builtin.Receiver] {
        Array(methods.keys) + attributes.keys.filter { methods[$0] == nil }
    }

    /// The names of all methods and attributes, each once.
    var memberNames: [String] {
        var seen: Set<String> = []
        let all = methods.values.flatMap(\.keys) + attributes.values.flatMap(\.keys)
        return all.filter { seen.insert($0).inserted }
    }
}

extension Markup {
    /// The text without line ends at its end.
    var droppingFinalNewline: Markup {
        var runs = self.runs
        while var last = runs.popLast() {
            while last.text.hasSuffix("\n") { last.text.removeLast() }
            if !last.text.isEmpty {
                runs.append(last)
                break
            }
        }
        return runs.reduce(into: Markup()) { $0.append($1.text, $1.style) }
    }
}
