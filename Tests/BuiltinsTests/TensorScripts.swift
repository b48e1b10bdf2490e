import Builtins
import Diagnostics
import Runtime
import Syntax

/// Runs scripts against the tensor library, as a cell would.
struct TensorScripts {
    /// The tensor library alone.
    static func tensors() -> Library {
        let library = Library()
        library.addTensors()
        return library
    }

    /// The tensor library beside the core.
    static func library() -> Library {
        let library = Library()
        library.addCore()
        library.addTensors()
        return library
    }

    /// The lines that a cell displays: what it prints, and its last value unless that is none.
    static func lines(_ source: String) throws -> [String] {
        var printed = ""
        let interpreter = Interpreter(library: library(), output: { printed += $0.plain })
        let value = try interpreter.run(SourceText(name: "cell", text: source))
        if case .none = value {} else { printed += Display.repr(value, in: interpreter) }
        return printed.split(separator: "\n").map(String.init)
    }

    /// The last value of a cell, as it stands inside a container.
    static func value(_ source: String) throws -> String { try lines(source).joined(separator: "\n") }

    /// The kind and the message of the error that a cell ends with; nil when it runs.
    static func failure(_ source: String) -> (kind: String, message: String, help: [String])? {
        do {
            _ = try lines(source)
            return nil
        } catch let diagnostic as Diagnostic {
            return (diagnostic.kind.rawValue, diagnostic.message, diagnostic.help)
        } catch {
            return ("unknown", "\(error)", [])
        }
    }
}
