import CMachine
import Diagnostics
import Learning
import OrderedCollections
import Syntax
import Tensors

extension Interpreter {
    /// Does the one instruction at the cursor in full generality, and moves on.
    ///
    /// `registers` is free here: what this calls may run Dist code.
    func slow(_ cursor: inout Cursor) throws {
        let i = code[cursor.pc]
        let base = cursor.base
        func r(_ operand: Int16) -> Value { registers[base + Int(operand)] }
        func store(_ value: Value, moved before: Int) { registers[base + (shift - before) + Int(i.a)] = value }
        let before = shift
        switch i.operation {
        case .loadGlobal:
            let slot = Int(i.d)
            let value = registers[globalCount - 1 - slot]
            if case .unbound = value { throw unknownName(slotNames[slot], isLocal: false) }
            store(value, moved: before)
        case .checkBound: try checkBound(i, base)
        case .makeCell: store(.cell(Cell(r(i.a))), moved: before)
        case .newCell: store(.cell(Cell(.unbound)), moved: before)
        case .loadCell:
            guard case .cell(let cell) = r(i.b) else { throw Failure(.internal, "a shared variable has no cell") }
            if case .unbound = cell.value, i.c == 0 { throw unknownName(name(i), isLocal: true) }
            store(cell.value, moved: before)
        case .loadCapture, .loadCaptureCell:
            guard case .function(let function) = registers[base - 1], let closure = function as? Closure else {
                throw Failure(.internal, "a closure lost its variables")
            }
            let value = closure.cells[Int(i.b)].value
            if case .unbound = value, i.c == 0 { throw unknownName(name(i), isLocal: true) }
            store(value, moved: before)
        case .closure: store(.function(try makeClosure(prototypes[Int(i.d)], base)), moved: before)
        case .moduleDeclaration:
            let prototype = prototypes[Int(i.d)]
            let closure = try makeClosure(prototype, base)
            let fields = fields[ObjectIdentifier(prototype)] ?? []
            store(.function(ModuleDeclaration(closure, fields: fields)), moved: before)
        case .loadField:
            guard case .module(let module) = r(i.b), let scripted = module as? ScriptedModule else {
                throw Failure(.internal, "self is no module")
            }
            store(try scripted.field(Int(i.c), name(i)), moved: before)
        case .storeField:
            guard case .module(let module) = r(i.a), let scripted = module as? ScriptedModule else {
                throw Failure(.internal, "self is no module")
            }
            try scripted.setField(Int(i.c), r(i.b))
        case .add where i.d == 1 && i.a == i.b:
            if try !extend(base + Int(i.a), with: r(i.c)) {
                store(try binary(.add, r(i.b), r(i.c), inPlace: true), moved: before)
            }
        case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .matmul, .bitAnd, .bitOr:
            store(try binary(i.operation, r(i.b), r(i.c), inPlace: i.d == 1), moved: before)
        case .addImmediate:
            let isSubtraction = i.c & 1 == 1
            let number = Value.int(isSubtraction ? -Int(i.d) : Int(i.d))
            store(try binary(isSubtraction ? .subtract : .add, r(i.b), number, inPlace: i.c & 2 != 0), moved: before)
        case .addConstant, .subtractConstant, .multiplyConstant, .divideConstant, .floorDivideConstant,
            .remainderConstant:
            let operation = i.operation.withoutConstant
            store(try binary(operation, r(i.b), constants[Int(i.d)], inPlace: i.c == 1), moved: before)
        case .negate, .complement: store(try unary(i.operation, r(i.b)), moved: before)
        case .not: store(.bool(try !truth(r(i.b))), moved: before)
        case .toBool: store(.bool(try truth(r(i.b))), moved: before)
        case .equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual, .contains:
            store(try compare(i.operation, r(i.b), r(i.c)), moved: before)
        case .jumpUnlessEqual, .jumpUnlessUnequal, .jumpUnlessLess, .jumpUnlessLessOrEqual, .jumpUnlessGreater,
            .jumpUnlessGreaterOrEqual:
            let holds = try truth(try compare(i.operation.comparison, r(i.a), r(i.b)))
            cursor.pc += holds ? 1 : Int(i.d)
            return
        case .jumpUnlessEqualImmediate, .jumpUnlessUnequalImmediate, .jumpUnlessLessImmediate,
            .jumpUnlessLessOrEqualImmediate, .jumpUnlessGreaterImmediate, .jumpUnlessGreaterOrEqualImmediate:
            let holds = try truth(try compare(i.operation.comparison, r(i.a), .int(Int(i.c))))
            cursor.pc += holds ? 1 : Int(i.d)
            return
        case .jumpIfFalse:
            cursor.pc += try truth(r(i.a)) ? 1 : Int(i.d)
            return
        case .jumpIfTrue:
            cursor.pc += try truth(r(i.a)) ? Int(i.d) : 1
            return
        case .iterate:
            try iterate(r(i.b), state: base + Int(i.a))
            // A list comprehension without conditions: c says that d takes as many elements as there are rounds.
            if i.c == 1, case .list(let list) = registers[base + shift - before + Int(i.d)] {
                try prepare(list, forRoundsOf: base + shift - before + Int(i.a))
            }
        case .next, .nextRound:
            guard case .object(let object) = r(i.a), let elements = object.payload as? ElementIterator else {
                throw Failure(.internal, "a loop lost its elements")
            }
            let element = try elements.next()
            if let element { registers[base + shift - before + Int(i.b)] = element }
            cursor.pc += (i.operation == .next) == (element == nil) ? Int(i.d) : 1
            return
        case .newDict: store(.dict(DictObject()), moved: before)
        case .append:
            guard case .list(let list) = r(i.a) else { throw Failure(.internal, "there is no list to append to") }
            try Self.claimGrowth(of: list)
            list.append(r(i.b))
        case .setEntry:
            guard case .dict(let dict) = r(i.a) else { throw Failure(.internal, "there is no dict to fill") }
            let key = try dictKey(r(i.b))
            if i.d == 1, dict.entries[key] != nil { throw Failure(.type, "\(Display.brief(key.value)) is given twice") }
            dict.entries[key] = r(i.c)
        case .makePair: store(.pair(r(i.b), r(i.c)), moved: before)
        case .unpack:
            let elements = try unpack(r(i.b), count: Int(i.c))
            for (index, element) in elements.enumerated() {
                registers[base + shift - before + Int(i.a) + index] = element
            }
        case .slice:
            let bounds = try (0..<3).map { try bound(registers[base + Int(i.b) + $0]) }
            store(Slice(start: bounds[0], stop: bounds[1], step: bounds[2]).encode(in: self), moved: before)
        case .getIndex: store(try index(r(i.b), [r(i.c)]), moved: before)
        case .getItems:
            let first = base + Int(i.c)
            store(try index(r(i.b), Array(registers[first..<first + Int(i.d)])), moved: before)
        case .setIndex: try setIndex(r(i.a), [r(i.b)], r(i.c))
        case .refusePart:
            if case .tensor = r(i.a) {
                let way = Display.text(constants[Int(i.d)], in: self)
                throw Failure(
                    .type,
                    "a part of a tensor is a tensor of its own, and writing into it changes nothing: write \(way)",
                    operands: [0: "tensor"])
            }
        case .setItems:
            let first = base + Int(i.b)
            try setIndex(r(i.a), Array(registers[first..<first + Int(i.c)]), registers[base + Int(i.d)])
        case .getAttribute: store(try attribute(name(i), of: r(i.b)), moved: before)
        case .setAttribute: try setAttribute(name(i), of: r(i.a), r(i.b), isAugmented: i.c == 1)
        case .extendList:
            guard case .list(let list) = r(i.a) else { throw Failure(.internal, "there is no list to extend") }
            list.elements += try elements(of: r(i.b), for: "*")
        case .extendDict:
            guard case .dict(let dict) = r(i.a) else { throw Failure(.internal, "there is no dict to extend") }
            guard case .dict(let other) = r(i.b) else {
                throw Failure(.type, "** needs a dict, not \(Display.typeWithDetail(r(i.b)))")
            }
            for (key, value) in other.entries {
                guard case .string(let name) = key else {
                    throw Failure(.type, "argument names are strings, not \(Display.brief(key.value))")
                }
                if dict[name] != nil { throw Failure(.type, "\(name) is given twice", code: .doubledArgument) }
                dict[name] = value
            }
        case .callGlobal:
            let callee = registers[globalCount - 1 - Int(i.d)]
            if case .unbound = callee { throw unknownName(slotNames[Int(i.d)], isLocal: false) }
            registers[base + Int(i.a)] = callee
            try call(&cursor, window: base + Int(i.a), site: Int(i.c))
            return
        case .call:
            try call(&cursor, window: base + Int(i.a), site: Int(i.d))
            return
        case .callMethod:
            try callMethod(&cursor, window: base + Int(i.a), site: Int(i.d))
            return
        case .callSpread, .callMethodSpread:
            try callSpread(&cursor, i)
            return
        case .format:
            let text =
                i.d < 0
                ? Display.text(r(i.b), in: self) : try Formatting.format(r(i.b), formats[Int(i.d)], in: self)
            store(.string(text), moved: before)
        case .join:
            let first = base + Int(i.b)
            let parts = registers[first..<first + Int(i.c)].map { Display.text($0, in: self) }
            try Self.claim(parts.reduce(0) { $0 + $1.utf8.count }, of: 1, for: "f-string")
            store(.string(parts.joined()), moved: before)
        case .pushHandler:
            handlers.append(
                Handler(
                    target: cursor.pc + Int(i.d), register: base + Int(i.a), frameCount: frames.count, base: base,
                    limit: cursor.limit, gradients: Gradients.isEnabled))
        case .popHandler: handlers.removeLast()
        case .raise: throw raised(r(i.a))
        case .failAssert: throw assertion(r(i.a), i.c == 1 ? (r(i.b), registers[base + Int(i.b) + 1]) : nil)
        case .disableGradients:
            store(.bool(Gradients.isEnabled), moved: before)
            Gradients.setEnabled(false)
        case .restoreGradients:
            if case .bool(let enabled) = r(i.a) { Gradients.setEnabled(enabled) }
        case .importFile:
            let file = try importFile(name(i))
            registers[globalCount + Int(i.a)] = file.encode(in: self)
        case .parameter: store(try parameter(name(i), r(i.a)), moved: before)
        case .loadInt, .loadConstant, .move, .jumpIfBound, .jump, .loop, .newList, .return, .halt, .storeCell:
            throw Failure(.internal, "\(i.operation) cannot fail")
        }
        cursor.pc += 1
    }

    /// `xs += ys` on a list that nobody else holds: then growing it is the same as making a new one, and much faster.
    /// False when it is not such a list.
    private func extend(_ register: Int, with value: Value) throws -> Bool {
        guard case .list = registers[register], case .list(let other) = value else { return false }
        // Out of its register the list has no reference but this one.
        var taken = Value.none
        swap(&taken, &registers[register])
        defer { swap(&taken, &registers[register]) }
        guard case .list(var list) = taken else { return false }
        taken = .none
        defer { taken = .list(list) }
        guard isKnownUniquelyReferenced(&list) else { return false }
        try Self.claim(list.elements.count + other.elements.count, for: "+")
        list.elements += other.elements
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
        try Self.claim(rounds, for: "comprehension")
        list.reserveCapacity(min(rounds, 1 << 20))
    }

    private func name(_ i: Instruction) -> String { constants[Int(i.d)].text ?? "" }

    private func checkBound(_ i: Instruction, _ base: Int) throws {
        guard case .unbound = registers[base + Int(i.a)] else { return }
        throw unknownName(name(i), isLocal: i.c == 1)
    }

    /// The error for a name that has no value, with the nearest one that has.
    func unknownName(_ name: String, isLocal: Bool) -> Failure {
        if isLocal {
            let hasOuter = currentFile.slots[name].map { isBound(slot: $0) } ?? false
            return hasOuter
                ? Self.rebinding(name)
                : Failure(
                    .name, "\(name) is read before it is bound", code: .unboundName,
                    help: ["assign it before this line"])
        }
        var candidates = currentFile.declared.filter { name in
            currentFile.slots[name].map { isBound(slot: $0) } ?? false
        }
        candidates += library.names
        var help: [String] = []
        if let near = Nearest.match(name, in: candidates) { help.append("did you mean \(near)?") }
        if let hint = Self.pythonNames[name] { help = [hint] }
        return Failure(.name, "\(name) is not defined", code: .unknownName, help: help)
    }

    /// The error for a function that means an outer variable but assigns the name and so has one of its own.
    package static func rebinding(_ name: String) -> Failure {
        Failure(
            .name, "\(name) is read before it is bound", code: .rebinding,
            help: [
                "the function assigns \(name), which makes it the function's own; the \(name) outside can be read "
                    + "but not rebound: use another name, or return the new value"
            ])
    }

    /// What to write instead of names that Python and PyTorch have.
    package static let pythonNames = [
        "True": "write true", "False": "write false", "None": "write none", "self": "self exists in module methods",
        "isinstance": "write type(x) == \"list\"", "torch": "the names of torch are here without the prefix",
        "nn": "the layers are here without the prefix: Linear(784, 10)",
        "F": "functions are here without the prefix: relu(x)",
        "append": "write xs.append(x)", "dir": "write help(x)", "input": "there is no input; use param",
    ]

    private func makeClosure(_ prototype: Prototype, _ base: Int) throws -> Closure {
        let cells = try prototype.captures.map { capture -> Cell in
            switch capture {
            case .register(let register):
                guard case .cell(let cell) = registers[base + register] else {
                    throw Failure(.internal, "a captured variable has no cell")
                }
                return cell
            case .outer(let index):
                guard case .function(let function) = registers[base - 1], let closure = function as? Closure else {
                    throw Failure(.internal, "a closure lost its variables")
                }
                return closure.cells[index]
            }
        }
        return Closure(prototype, cells: cells)
    }

    private func bound(_ value: Value) throws -> Int? {
        switch value {
        case .none: return nil
        case .int(let int): return int
        default: throw Failure(.type, "the bounds of a slice are ints, not \(Display.typeWithDetail(value))")
        }
    }

    func dictKey(_ value: Value) throws -> DictKey {
        if let key = DictKey(value) { return key }
        throw Failure(.type, "a dict key is a string, int, float or bool, not \(value.typeName)")
    }

    private func unpack(_ value: Value, count: Int) throws -> [Value] {
        let elements: [Value]
        switch value {
        case .list(let list): elements = list.elements
        case .pair(let pair): elements = [pair.left, pair.right]
        case .range(let range) where range.count == count: elements = (0..<range.count).map { .int(range[$0]) }
        case .tensor(let tensor) where tensor.rank > 0 && tensor.shape[0] == count:
            elements = try self.elements(of: value, for: "unpacking")
        default:
            throw Failure(
                .type, "cannot take a value of type \(Display.typeWithDetail(value)) apart into \(count) names",
                code: .unpacking)
        }
        guard elements.count == count else {
            throw Failure(
                .value,
                "cannot take \(Binding.count(elements.count, "value")) apart into \(Binding.count(count, "name"))",
                code: .unpacking)
        }
        return elements
    }

    // MARK: Errors as values

    private func raised(_ value: Value) -> Failure {
        if case .object(let object) = value, let error = object.payload as? ErrorObject {
            var failure = Failure(error.diagnostic.kind, error.diagnostic.message)
            failure.caught = error
            return failure
        }
        return Failure(.raised, Display.text(value, in: self))
    }

    private func assertion(_ message: Value, _ compared: (Value, Value)?) -> Failure {
        var text = "assertion failed"
        if case .none = message {} else { text = Display.text(message, in: self) }
        var failure = Failure(.assert, text)
        if let (left, right) = compared { failure.operands = [1: Display.brief(left), 2: Display.brief(right)] }
        return failure
    }
}
