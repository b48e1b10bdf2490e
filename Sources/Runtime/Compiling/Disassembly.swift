import CMachine

/// Instructions as text, for tests of what the compiler makes.
package enum Disassembly {
    /// The code of everything compiled so far, one function after the other: number, operation, the operands a, b, c, d,
    /// then where a jump leads, or the constant or name that an operand stands for.
    package static func text(of interpreter: Interpreter) -> String {
        let machine = interpreter.machine
        return machine.prototypes.map { prototype in
            let header = "\(prototype.name): \(prototype.registerCount) registers"
            let lines = (prototype.entry..<prototype.end).map { index in
                let i = machine.code[index]
                let line = "\(index - prototype.entry)  \(i.operation.name) \(i.a) \(i.b) \(i.c) \(i.d)"
                if i.operation.isJump { return "\(line)  → \(index - prototype.entry + Int(i.d))" }
                return meaning(of: i, in: machine).map { "\(line)  ; \($0)" } ?? line
            }
            return ([header] + lines).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func meaning(of i: Instruction, in machine: Machine) -> String? {
        switch i.operation {
        case .loadConstant, .addConstant, .subtractConstant, .multiplyConstant, .divideConstant, .floorDivideConstant,
            .remainderConstant, .checkBound, .loadField, .getAttribute, .setAttribute, .refusePart, .importFile,
            .parameter:
            Display.brief(machine.constants[Int(i.d)])
        case .loadCell, .loadCapture: i.c == 0 ? Display.brief(machine.constants[Int(i.d)]) : nil
        case .loadGlobal, .callGlobal: machine.slotNames[Int(i.d)]
        case .callMethod, .callMethodSpread: machine.sites[Int(i.d)].name
        case .closure, .moduleDeclaration: machine.prototypes[Int(i.d)].name
        default: nil
        }
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
