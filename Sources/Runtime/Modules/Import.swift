import Diagnostics
import Syntax
import Tensors

/// An imported file as a value: its names are its attributes.
public final class ImportedFile: LanguageObject {
    /// The path as the import wrote it.
    public let path: String
    let scope: FileScope

    /// `import`.
    public static var languageName: String { "import" }

    init(path: String, scope: FileScope) {
        self.path = path
        self.scope = scope
    }

    /// The names it declares.
    public var names: [String] { scope.declared }

    /// The value of one of its names; nil while it has none.
    package func value(of name: String, in interpreter: Interpreter) -> Value? {
        guard scope.declared.contains(name), let slot = scope.slots[name], interpreter.machine.isBound(slot: slot)
        else {
            return nil
        }
        return interpreter.machine[global: slot]
    }
}

extension Interpreter {
    /// Runs a file once and gives its names.
    package func importFile(_ path: String) throws -> ImportedFile {
        let isStandard = path.hasPrefix("std/")
        let resolved = isStandard ? path : files.resolve(path, from: currentFile.path)
        if let file = imports[resolved] { return file }
        if let start = importing.firstIndex(of: resolved) {
            throw Self.importCycle(path, importing[start...] + [resolved])
        }
        let source: SourceText
        if isStandard {
            source = SourceText(name: path, text: try library.standardSource(path))
        } else {
            source = SourceText(name: resolved, bytes: try files.read(resolved))
        }
        let result = Parser.parse(source)
        if let first = result.diagnostics.first { throw first }
        let scope = FileScope(path: resolved)
        importing.append(resolved)
        defer { importing.removeLast() }
        _ = try run(result.program, of: source, in: scope)
        let file = ImportedFile(path: path, scope: scope)
        imports[resolved] = file
        return file
    }

    /// The error for files that import each other; `cycle` begins and ends with the same file.
    package static func importCycle(_ path: String, _ cycle: ArraySlice<String>) -> Failure {
        Failure(
            .value, "\(path) imports itself: \(cycle.joined(separator: " → "))", code: .importCycle,
            help: ["put what both need into a file of its own"])
    }

    /// The value of a `param`: its default, or what `--set` says, which must be a literal of the default's type.
    func parameter(_ name: String, _ defaultValue: Value) throws -> Value {
        if !currentFile.parameters.contains(name) { currentFile.parameters.append(name) }
        var value = defaultValue
        if let text = settings[name] { value = try Self.setting(name, text, like: defaultValue) }
        parameters.removeAll { $0.name == name }
        parameters.append((name, value))
        return value
    }

    /// Why a `param` cannot be set to a text; none when it can, and when only a run could tell.
    package static func problem(setting name: String, to text: String, default expression: Expression) -> String? {
        guard let value = literal(expression) else { return nil }
        do {
            _ = try setting(name, text, like: value)
            return nil
        } catch {
            return Failure(error).message
        }
    }

    private static func setting(_ name: String, _ text: String, like defaultValue: Value) throws -> Value {
        if case .string = defaultValue, !text.hasPrefix("\""), !text.hasPrefix("'") { return .string(text) }
        let source = SourceText(name: "--set \(name)", text: text)
        let result = Parser.parse(source)
        let statements = result.program.statements
        guard result.diagnostics.isEmpty, statements.count == 1, case .expression(let expression) = statements[0].kind,
            let value = literal(expression)
        else {
            throw Failure(
                .value, "--set \(name)=\(text): the value is no literal such as 4, 0.5, true, \"mean\" or [1, 2]")
        }
        switch (defaultValue, value) {
        case (.float, .int(let int)): return .float(Double(int))
        case (.none, _), (_, .none): return value
        default:
            guard defaultValue.typeName == value.typeName else {
                throw Failure(
                    .type, "--set \(name)=\(text): \(name) is of type \(defaultValue.typeName), not \(value.typeName)")
            }
            return value
        }
    }

    static func literal(_ expression: Expression) -> Value? {
        switch expression.kind {
        case .none: return Value.none
        case .bool(let bool): return .bool(bool)
        case .integer(let int): return .int(int)
        case .float(let float): return .float(float)
        case .string(let text): return .string(text)
        case .unary(.negative, _, let inner):
            switch literal(inner) {
            case .int(let int)?: return .int(0 &- int)
            case .float(let float)?: return .float(-float)
            default: return nil
            }
        case .parenthesized(let inner): return literal(inner)
        case .list(let elements):
            let values = elements.compactMap(literal)
            return values.count == elements.count ? .list(values) : nil
        case .dict(let entries):
            let dict = DictObject()
            for entry in entries {
                guard let key = literal(entry.key).flatMap(DictKey.init), let value = literal(entry.value) else {
                    return nil
                }
                dict.entries[key] = value
            }
            return .dict(dict)
        default: return nil
        }
    }
}

extension Library {
    /// The text of an embedded file, `std/models.dist`.
    ///
    /// - Throws: an `io` error that names the nearest file, or all of them.
    package func standardSource(_ path: String) throws -> String {
        if let text = sources[path] { return text }
        var help = ["there are \(sources.keys.joined(separator: ", "))"]
        if let near = Nearest.match(path, in: sources.keys) { help = ["did you mean \"\(near)\"?"] }
        throw Failure(.io, "there is no library file \(path)", help: help)
    }
}
