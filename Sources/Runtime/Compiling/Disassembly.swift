import CMachine

/// Instructions as text, for tests of what the compiler makes.
public enum Disassembly {
    /// The code of everything compiled so far, one function after the other.
    public static func text(of interpreter: Interpreter) -> String {
        interpreter.prototypes.map { prototype in
            let header = "\(prototype.name): \(prototype.registerCount) registers"
            let lines = (prototype.entry..<prototype.end).map { index in
                let i = interpreter.code[index]
                let target = i.operation.isJump ? "  → \(index - prototype.entry + Int(i.d))" : ""
                return "\(index - prototype.entry)  \(i.operation.name) \(i.a) \(i.b) \(i.c) \(i.d)\(target)"
            }
            return ([header] + lines).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

extension Opcode {
    /// The name as the disassembly shows it.
    var name: String { String(cString: machine_name(self)) }

    /// Whether `d` leads to another instruction.
    fileprivate var isJump: Bool {
        switch self {
        case .jump, .loop, .jumpIfFalse, .jumpIfTrue, .jumpIfBound, .next, .nextRound, .pushHandler: true
        default: name.hasPrefix("JumpUnless")
        }
    }
}
