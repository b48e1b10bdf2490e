import CMachine
import Diagnostics

/// Jumps and loops.
extension Machine {
    /// Whether a jump is taken.
    func jumps(_ i: Instruction, _ base: Int) throws -> Bool {
        switch i.operation {
        case .jump, .loop: return true
        case .jumpIfBound: if case .unbound = self[base, i.a] { return false } else { return true }
        case .jumpIfFalse: return try !interpreter.truth(self[base, i.a])
        case .jumpIfTrue: return try interpreter.truth(self[base, i.a])
        case .jumpUnlessEqual, .jumpUnlessUnequal, .jumpUnlessLess, .jumpUnlessLessOrEqual, .jumpUnlessGreater,
            .jumpUnlessGreaterOrEqual:
            return try !holds(i, self[base, i.a], self[base, i.b])
        case .jumpUnlessEqualImmediate, .jumpUnlessUnequalImmediate, .jumpUnlessLessImmediate,
            .jumpUnlessLessOrEqualImmediate, .jumpUnlessGreaterImmediate, .jumpUnlessGreaterOrEqualImmediate:
            return try !holds(i, self[base, i.a], .int(Int(i.c)))
        case .next: return try !advance(i, base)
        case .nextRound: return try advance(i, base)
        default: throw misplaced(i)
        }
    }

    private func holds(_ i: Instruction, _ left: Value, _ right: Value) throws -> Bool {
        try interpreter.truth(try interpreter.compare(i.operation.comparison, left, right))
    }

    /// Fills the three registers of a loop: the next number, how many are left and their distance; or a list and the
    /// position of its next element; or an iterator.
    func iterate(_ i: Instruction, _ base: Int) throws {
        let state = base + Int(i.a)
        switch try interpreter.rounds(of: self[base, i.b]) {
        case .numbers(let range):
            registers[state] = .int(range.start)
            registers[state + 1] = .int(range.count)
            registers[state + 2] = .int(range.step)
        case .list(let list):
            registers[state] = .list(list)
            registers[state + 1] = .int(0)
        case .elements(let iterator): registers[state] = iterator.encode(in: interpreter)
        }
        // A list comprehension without conditions: c says that d takes as many elements as there are rounds.
        if i.c == 1, case .list(let list) = registers[base + Int(i.d)] { try prepare(list, forRoundsOf: state) }
    }

    private static let lost = Failure(.internal, "a loop lost its elements")

    /// Gives a loop's variable its next value; false when there is none.
    private func advance(_ i: Instruction, _ base: Int) throws -> Bool {
        let state = base + Int(i.a)
        switch (registers[state], registers[state + 1], registers[state + 2]) {
        case (.int(let next), .int(let left), .int(let step)):
            guard left > 0 else { return false }
            registers[state] = .int(next &+ step)
            registers[state + 1] = .int(left - 1)
            self[base, i.b] = .int(next)
        case (.list(let list), .int(let position), _):
            guard position < list.elements.count else { return false }
            registers[state + 1] = .int(position + 1)
            self[base, i.b] = list.elements[position]
        case (.object(let object), _, _):
            guard let elements = object.payload as? ElementIterator else { throw Self.lost }
            guard let element = try elements.next() else { return false }
            self[base, i.b] = element
        default: throw Self.lost
        }
        return true
    }

    /// Makes room for as many elements as a loop has rounds.
    private func prepare(_ list: ListObject, forRoundsOf state: Int) throws {
        let rounds: Int
        switch (registers[state], registers[state + 1]) {
        case (.int, .int(let count)): rounds = count
        case (.list(let source), _): rounds = source.elements.count
        default: return
        }
        try Interpreter.claim(rounds, for: "comprehension")
        list.reserveCapacity(min(rounds, 1 << 20))
    }
}
