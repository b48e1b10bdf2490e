import Diagnostics
import Learning
import Tensors

/// Values as text.
public enum Display {
    /// The deepest nesting that is written out; what is deeper shows as `[...]`.
    static let deepest = 100

    /// A value as `print` shows it: strings bare.
    public static func text(_ value: Value, in interpreter: Interpreter) -> String {
        if case .string(let string) = value { return string.text }
        if case .tensor(let tensor) = value { return TensorDisplay.block(tensor) }
        if case .module(let module) = value { return module.outline }
        return repr(value, in: interpreter)
    }

    /// A value as it stands inside a container: strings quoted.
    public static func repr(_ value: Value, in interpreter: Interpreter) -> String {
        var writer = ValueWriter(interpreter: interpreter)
        writer.write(value)
        return writer.text
    }

    /// A value as a cell displays it: lists and dicts wrapped, tensors with a header.
    public static func display(_ value: Value, in interpreter: Interpreter, width: Int = 100) -> Markup {
        switch value {
        case .object(let object):
            if let shown = try? object.type.display(object.payload, interpreter) { return shown }
        case .list(let list):
            let line = repr(value, in: interpreter)
            guard line.utf8.count > width, list.elements.count > 1 else { return Markup(line) }
            return Markup(wrapped(list.elements.map { repr($0, in: interpreter) }, "[", "]", width))
        case .dict(let dict):
            let line = repr(value, in: interpreter)
            guard line.utf8.count > width, dict.entries.count > 1 else { return Markup(line) }
            let entries = dict.entries.map {
                repr($0.key.value, in: interpreter) + ": " + repr($0.value, in: interpreter)
            }
            return Markup(wrapped(entries, "{", "}", width))
        case .tensor(let tensor): return Markup(TensorDisplay.block(tensor))
        case .module(let module): return Markup(module.outline)
        default: break
        }
        return Markup(repr(value, in: interpreter))
    }

    /// Parts on lines as full as the width allows; of many lines the first and last ten.
    private static func wrapped(_ parts: [String], _ open: String, _ close: String, _ width: Int) -> String {
        var lines: [String] = []
        var line = open
        for (index, part) in parts.enumerated() {
            let piece = part + (index + 1 < parts.count ? ", " : "")
            if line.utf8.count + piece.utf8.count > width, line.utf8.count > 1 {
                lines.append(line)
                line = " "
            }
            line += piece
        }
        lines.append(line + close)
        if lines.count > 40 { lines = lines.prefix(10) + [" … \(lines.count - 20) more lines"] + lines.suffix(10) }
        return lines.joined(separator: "\n")
    }

    /// A value in a message: cut when it is long, and never a library object's whole display.
    public static func brief(_ value: Value) -> String {
        var writer = ValueWriter(interpreter: nil)
        writer.limit = 60
        writer.write(value)
        guard writer.text.unicodeScalars.count > 60 else { return writer.text }
        return String(String.UnicodeScalarView(writer.text.unicodeScalars.prefix(57))) + "…"
    }

    /// A value's type, with the value where that helps: `string "abc"`, `tensor [2, 3]`.
    public static func typeWithDetail(_ value: Value) -> String {
        switch value {
        case .int, .float, .string, .bool: "\(value.typeName) \(brief(value))"
        case .tensor(let tensor): "tensor \(tensor.shape)"
        default: value.typeName
        }
    }
}

/// Writes a value out, containers inside each other at most `Display.deepest` deep and never twice inside themselves.
struct ValueWriter {
    let interpreter: Interpreter?
    var text = ""
    /// Stops soon after so many bytes.
    var limit = Int.max
    private var open: [ObjectIdentifier] = []

    init(interpreter: Interpreter?) { self.interpreter = interpreter }

    mutating func write(_ value: Value) {
        guard text.utf8.count <= limit else { return }
        switch value {
        case .none, .unbound, .cell: text += "none"
        case .bool(let bool): text += bool ? "true" : "false"
        case .int(let int): text += String(int)
        case .float(let float): text += NumberFormat.repr(float)
        case .string(let string): text += NumberFormat.quote(string.text)
        case .list(let list):
            guard enter(list, "[...]") else { return }
            text += "["
            for (index, element) in list.elements.enumerated() {
                if index > 0 { text += ", " }
                write(element)
                if text.utf8.count > limit { break }
            }
            text += "]"
            open.removeLast()
        case .dict(let dict):
            guard enter(dict, "{...}") else { return }
            text += "{"
            for (index, entry) in dict.entries.enumerated() {
                if index > 0 { text += ", " }
                write(entry.key.value)
                text += ": "
                write(entry.value)
                if text.utf8.count > limit { break }
            }
            text += "}"
            open.removeLast()
        case .range(let range):
            text += "range(\(range.start), \(range.stop)" + (range.step == 1 ? ")" : ", \(range.step))")
        case .pair(let pair):
            guard enter(pair, "...") else { return }
            writeSide(pair.left)
            text += " -> "
            writeSide(pair.right)
            open.removeLast()
        case .function(let function): text += "<function \(function.name)>"
        case .tensor(let tensor): text += TensorDisplay.inline(tensor)
        case .module(let module): text += module.signature
        case .object(let object):
            if let interpreter, let shown = try? object.type.display(object.payload, interpreter) {
                text += shown.plain
            } else {
                text += "<\(object.type.name)>"
            }
        }
    }

    private mutating func writeSide(_ value: Value) {
        if case .pair = value {
            text += "("
            write(value)
            text += ")"
        } else {
            write(value)
        }
    }

    private mutating func enter(_ container: AnyObject, _ ellipsis: String) -> Bool {
        let identifier = ObjectIdentifier(container)
        guard open.count < Display.deepest, !open.contains(identifier) else {
            text += ellipsis
            return false
        }
        open.append(identifier)
        return true
    }
}
