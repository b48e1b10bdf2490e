import CMachine
import Diagnostics

/// Arithmetic and comparisons.
extension Machine {
    func compute(_ i: Instruction, _ base: Int) throws {
        // Read anew each time: a list that is extended in place must have no reference but its register.
        var left: Value { self[base, i.b] }
        switch i.operation {
        case .add where i.d == 1 && i.a == i.b:
            if try !extend(base + Int(i.a), with: self[base, i.c]) {
                self[base, i.a] = try interpreter.binary(.add, left, self[base, i.c], inPlace: true)
            }
        case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .matmul, .bitAnd, .bitOr:
            self[base, i.a] = try interpreter.binary(i.operation, left, self[base, i.c], inPlace: i.d == 1)
        case .addImmediate:
            let isSubtraction = i.c & 1 == 1
            let number = Value.int(isSubtraction ? -Int(i.d) : Int(i.d))
            self[base, i.a] = try interpreter.binary(
                isSubtraction ? .subtract : .add, left, number, inPlace: i.c & 2 != 0)
        case .addConstant, .subtractConstant, .multiplyConstant, .divideConstant, .floorDivideConstant,
            .remainderConstant:
            self[base, i.a] = try interpreter.binary(
                i.operation.withoutConstant, left, constants[Int(i.d)], inPlace: i.c == 1)
        case .negate, .complement: self[base, i.a] = try interpreter.unary(i.operation, left)
        case .not: self[base, i.a] = .bool(try !interpreter.truth(left))
        case .toBool: self[base, i.a] = .bool(try interpreter.truth(left))
        case .equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual, .contains:
            self[base, i.a] = try interpreter.compare(i.operation, left, self[base, i.c])
        default: throw misplaced(i)
        }
    }

    /// `xs += ys` on a list that nobody else holds: then growing it is the same as making a new one, and much faster.
    /// False when it is not such a list.
    private func extend(_ register: Int, with value: Value) throws -> Bool {
        guard case .list = registers[register], case .list(let other) = value else { return false }
        // Out of its register the list has no reference but this one.
        var taken = registers[register]
        registers[register] = .none
        defer { registers[register] = taken }
        guard case .list(var list) = taken else { return false }
        taken = .none
        defer { taken = .list(list) }
        guard isKnownUniquelyReferenced(&list) else { return false }
        try Interpreter.claim(list.elements.count + other.elements.count, for: "+")
        list.elements += other.elements
        return true
    }
}
