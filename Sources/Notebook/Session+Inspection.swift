import Diagnostics
import Runtime
import Tensors

extension Session {
    /// A variable as `:vars` lists it.
    package struct Variable {
        /// Its name.
        package let name: String
        /// The type, with the shape of a tensor.
        package let type: String
        /// The value in a few words.
        package let brief: String
    }

    /// The variables, those of the REPL itself (`_`, `_3`, `Out`) left out.
    package var variables: [Variable] {
        interpreter.globals.filter { !isOwn($0.name) }.map { name, value in
            Variable(name: name, type: typeDescription(of: value), brief: brief(value))
        }
    }

    private func isOwn(_ name: String) -> Bool {
        name == "Out" || (name.hasPrefix("_") && name.dropFirst().allSatisfy(\.isNumber))
    }

    private func brief(_ value: Value) -> String {
        switch value {
        case .tensor, .function, .module: ""
        default: Display.brief(value)
        }
    }

    /// The type of a shown value, with what matters of it: `tensor [2, 3] float32`.
    package func typeDescription(of shown: Presentation) -> String { typeDescription(of: shown.value) }

    private func typeDescription(of value: Value) -> String {
        switch value {
        case .tensor(let tensor): "tensor \(tensor.shape) \(tensor.dtype)"
        case .list(let list): "list of \(list.elements.count)"
        case .dict(let dict): "dict of \(dict.entries.count)"
        case .function(let function): "function \(function.signature)"
        case .module: "module \(Display.repr(value, in: interpreter).prefix { $0 != "(" && $0 != "\n" })"
        default: value.typeName
        }
    }

    /// What completion knows about this session.
    package func knowledge(commands: [String]) -> Completion.Knowledge {
        Completion.Knowledge(
            library: interpreter.library, interpreter: interpreter,
            variables: interpreter.globals.map(\.name).filter { !isOwn($0) },
            value: { [interpreter] in interpreter.global($0) },
            commands: commands)
    }

    /// Help on a variable: its type and value, of a function its signature and docstring, or its source; none when no
    /// variable has the name.
    package func describe(_ name: String, withSource: Bool) -> Markup? {
        guard let value = interpreter.global(name) else { return nil }
        guard case .function(let function) = value else {
            var page = Markup(name, .name)
            page.append(": \(typeDescription(of: value))\n", .dim)
            page.append(Presentation(of: value, in: interpreter).text)
            return page
        }
        if function is BuiltinFunction { return Help(library: interpreter.library).page(for: function.name) }
        var page = Markup()
        if withSource, let closure = function as? Closure {
            page.append(Highlight.source(closure.source))
            return page
        }
        page.append(function.signature, .function)
        if let documentation = function.documentation { page.append("\n\n\(documentation)") }
        return page
    }
}
