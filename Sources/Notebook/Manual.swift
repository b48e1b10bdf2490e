import Diagnostics
import Runtime

/// The reference manual, written from the declarations of the library.
package enum Manual {
    /// The whole manual as Markdown: a chapter a group, then what belongs to types.
    package static func markdown(of library: Library) -> String {
        var text = "# The Dist library\n"
        var groups: [Builtin.Group] = []
        for builtin in library.functions.values.compactMap(\.overloads.first) where !groups.contains(builtin.group) {
            groups.append(builtin.group)
        }
        for group in groups {
            text += "\n## \(group.title)\n"
            for function in library.functions.values where function.overloads.first?.group == group {
                text += entry(function.overloads, prefix: "")
            }
        }
        if !library.constants.isEmpty {
            text += "\n## Constants\n\n"
            for constant in library.constants.values {
                text += "- `\(constant.name)` = \(constant.value.source): \(constant.summary)\n"
            }
        }
        text += "\n## Types\n"
        for receiver in library.receivers { text += chapter(of: receiver, in: library) }
        return text + counterparts(in: library)
    }

    /// The page of a function or constant as Markdown, without a heading; none when the library has no such name.
    package static func page(of name: String, in library: Library) -> String? {
        if let function = library.functions[name] { return page(of: function.overloads, prefix: "") }
        return library.constants[name].map { "`\($0.name)` = \($0.value.source): \($0.summary)\n" }
    }

    /// The pages of everything with a receiver that bears a name, as Markdown; none when no type has it.
    package static func page(ofMember name: String, in library: Library) -> String? {
        let pages = library.receivers.compactMap { receiver -> String? in
            if let method = library.methods[receiver]?[name] {
                return page(of: method.overloads, prefix: "\(receiver.name).")
            }
            return library.attributes[receiver]?[name].map {
                "\n`\(receiver.name).\($0.name)`: \($0.type)\n\n\($0.summary)\n"
            }
        }
        return pages.isEmpty ? nil : pages.joined(separator: "\n")
    }

    /// A table of every name that has a counterpart in PyTorch: the same, or what differs.
    private static func counterparts(in library: Library) -> String {
        var rows: [String] = []
        func add(_ overloads: [Builtin], prefix: String) {
            for builtin in overloads {
                let name = "| `\(prefix)\(builtin.name)` "
                let row: String
                switch builtin.pytorch {
                case .none: continue
                case .same(let counterpart): row = name + "| `\(counterpart)` | same as PyTorch |"
                case .differs(let counterpart, let difference):
                    row = name + "| `\(counterpart)` | \(cell(difference)) |"
                }
                if rows.last != row { rows.append(row) }
            }
        }
        for function in library.functions.values { add(function.overloads, prefix: "") }
        for receiver in library.receivers {
            for method in (library.methods[receiver] ?? [:]).values {
                add(method.overloads, prefix: "\(receiver.name).")
            }
        }
        return "\n## Beside PyTorch\n\nEvery name with a counterpart in PyTorch 2. Names that are not here are this "
            + "library's own.\n\n| name | PyTorch | |\n|---|---|---|\n" + rows.joined(separator: "\n") + "\n"
    }

    private static func chapter(of receiver: Builtin.Receiver, in library: Library) -> String {
        var text = "\n### \(receiver.name)\n"
        if case .object(let name) = receiver, let type = library.objectTypes[name] { text += "\n\(type.summary)\n" }
        if let attributes = library.attributes[receiver], !attributes.isEmpty {
            text += "\n| attribute | type | |\n|---|---|---|\n"
            for attribute in attributes.values {
                text += "| `\(attribute.name)` | \(cell("\(attribute.type)")) | \(cell(attribute.summary)) |\n"
            }
        }
        for method in (library.methods[receiver] ?? [:]).values { text += entry(method.overloads, prefix: ".") }
        return text
    }

    private static func entry(_ overloads: [Builtin], prefix: String) -> String {
        guard let first = overloads.first else { return "" }
        return "\n\(prefix.isEmpty ? "###" : "####") \(prefix)\(first.name)\n" + page(of: overloads, prefix: prefix)
    }

    private static func page(of overloads: [Builtin], prefix: String) -> String {
        var text = ""
        for builtin in overloads {
            text += "\n```dist\n\(prefix)\(builtin.signature)\n```\n\n\(builtin.summary)\n"
            if let formula = builtin.formula { text += "\n    \(formula)\n" }
            if !builtin.parameters.isEmpty {
                text += "\n| argument | type | default | |\n|---|---|---|---|\n"
                for parameter in builtin.parameters {
                    let value = parameter.defaultValue.map { "`\(parameter.defaultText ?? $0.source)`" } ?? ""
                    text +=
                        "| `\(parameter.name)` | \(cell("\(parameter.type)")) | \(cell(value)) "
                        + "| \(cell(parameter.documentation)) |\n"
                }
            }
            if !builtin.result.isEmpty { text += "\nResult: \(builtin.result)\n" }
            for note in builtin.notes { text += "\n\(note)\n" }
            switch builtin.pytorch {
            case .none: break
            case .same(let name): text += "\nPyTorch: `\(name)`, the same.\n"
            case .differs(let name, let difference): text += "\nPyTorch: `\(name)`; \(difference)\n"
            }
            for example in builtin.examples {
                text += "\n```dist\n\(example.source)\n"
                for line in example.output ?? [] { text += "# \(line)\n" }
                text += "```\n"
            }
        }
        let related = overloads.flatMap(\.seeAlso)
        if !related.isEmpty { text += "\nSee also: \(related.map { "`\($0)`" }.joined(separator: ", "))\n" }
        return text
    }

    /// Text in a table's cell: no line ends, no bars.
    private static func cell(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "|": result += "\\|"
            case "\n": result += " "
            default: result.append(character)
            }
        }
    }
}
