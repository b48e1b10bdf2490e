/// Instructions as text, for tests of what the compiler makes.
public enum Disassembly {
    /// The code of everything compiled so far, one function after the other.
    public static func text(of interpreter: Interpreter) -> String {
        interpreter.prototypes.map { prototype in
            let header = "\(prototype.name): \(prototype.registerCount) registers"
            let lines = (prototype.entry..<prototype.end).map { index in
                let i = interpreter.code[index]
                let target = isJump(i.operation) ? "  → \(index - prototype.entry + Int(i.d))" : ""
                return "\(index - prototype.entry)  \(i.operation) \(i.a) \(i.b) \(i.c) \(i.d)\(target)"
            }
            return ([header] + lines).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func isJump(_ operation: Opcode) -> Bool {
        switch operation {
        case .jump, .loop, .jumpIfFalse, .jumpIfTrue, .jumpIfBound, .jumpUnlessEqual, .jumpUnlessUnequal,
            .jumpUnlessLess, .jumpUnlessLessOrEqual, .jumpUnlessGreater, .jumpUnlessGreaterOrEqual, .next, .pushHandler:
            true
        default: false
        }
    }
}
