import CMachine
import Diagnostics
import Tensors

/// Text; errors and modes.
extension Machine {
    func makeText(_ i: Instruction, _ base: Int) throws {
        switch i.operation {
        case .format:
            let part = self[base, i.b]
            self[base, i.a] = .string(
                i.d < 0
                    ? Display.text(part, in: interpreter)
                    : try Formatting.format(part, formats[Int(i.d)], in: interpreter))
        case .join:
            let first = base + Int(i.b)
            let parts = registers[first..<first + Int(i.c)].map { Display.text($0, in: interpreter) }
            try Interpreter.claim(parts.reduce(0) { $0 + $1.utf8.count }, of: 1, for: "f-string")
            self[base, i.a] = .string(parts.joined())
        default: throw misplaced(i)
        }
    }

    func changeMode(_ i: Instruction, _ cursor: Cursor) throws {
        let base = cursor.base
        switch i.operation {
        case .pushHandler:
            handlers.append(
                Handler(
                    target: cursor.pc + Int(i.d), register: base + Int(i.a), frameCount: frames.count, base: base,
                    limit: cursor.limit, gradients: Gradients.isEnabled))
        case .popHandler: handlers.removeLast()
        case .raise: throw raised(self[base, i.a])
        case .failAssert:
            throw assertion(
                self[base, i.a], i.c == 1 ? (self[base, i.b], registers[base + Int(i.b) + 1]) : nil)
        case .disableGradients:
            self[base, i.a] = .bool(Gradients.isEnabled)
            Gradients.setEnabled(false)
        case .restoreGradients:
            if case .bool(let enabled) = self[base, i.a] { Gradients.setEnabled(enabled) }
        case .importFile: self[base, i.a] = try interpreter.importFile(name(i)).encode(in: interpreter)
        case .parameter: self[base, i.a] = try interpreter.parameter(name(i), self[base, i.a])
        default: throw misplaced(i)
        }
    }

    // MARK: Errors as values

    private func raised(_ value: Value) -> Failure {
        if case .object(let object) = value, let error = object.payload as? ErrorObject {
            var failure = Failure(error.diagnostic.kind, error.diagnostic.message)
            failure.caught = error
            return failure
        }
        return Failure(.raised, Display.text(value, in: interpreter))
    }

    private func assertion(_ message: Value, _ compared: (Value, Value)?) -> Failure {
        var text = "assertion failed"
        if case .none = message {} else { text = Display.text(message, in: interpreter) }
        var failure = Failure(.assert, text)
        if let (left, right) = compared { failure.operands = [1: Display.brief(left), 2: Display.brief(right)] }
        return failure
    }
}
