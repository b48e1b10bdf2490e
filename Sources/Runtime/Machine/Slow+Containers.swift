import CMachine
import Diagnostics
import Tensors

/// Lists, dicts, pairs, subscripts, attributes.
extension Machine {
    func handleContainer(_ i: Instruction, _ base: Int) throws {
        func r(_ operand: Int16) -> Value { self[base, operand] }
        func store(_ value: Value) { self[base, i.a] = value }
        switch i.operation {
        case .newList: store(.list(Array(registers[base + Int(i.b)..<base + Int(i.b) + Int(i.c)])))
        case .newDict: store(.dict(DictObject()))
        case .append:
            guard case .list(let list) = r(i.a) else { throw Failure(.internal, "there is no list to append to") }
            try Interpreter.claimGrowth(of: list)
            list.append(r(i.b))
        case .setEntry:
            guard case .dict(let dict) = r(i.a) else { throw Failure(.internal, "there is no dict to fill") }
            let key = try interpreter.dictKey(r(i.b))
            if i.d == 1, dict.entries[key] != nil { throw Failure(.type, "\(Display.brief(key.value)) is given twice") }
            dict.entries[key] = r(i.c)
        case .makePair: store(.pair(r(i.b), r(i.c)))
        case .unpack:
            let elements = try unpack(r(i.b), count: Int(i.c))
            for (index, element) in elements.enumerated() {
                registers[base + Int(i.a) + index] = element
            }
        case .slice:
            let bounds = try (0..<3).map { try bound(registers[base + Int(i.b) + $0]) }
            store(Slice(start: bounds[0], stop: bounds[1], step: bounds[2]).encode(in: interpreter))
        case .getIndex: store(try interpreter.index(r(i.b), [r(i.c)]))
        case .getItems:
            let first = base + Int(i.c)
            store(try interpreter.index(r(i.b), Array(registers[first..<first + Int(i.d)])))
        case .setIndex: try interpreter.setIndex(r(i.a), [r(i.b)], r(i.c))
        case .refusePart:
            if case .tensor = r(i.a) {
                let way = Display.text(constants[Int(i.d)], in: interpreter)
                throw Failure(
                    .type,
                    "a part of a tensor is a tensor of its own, and writing into it changes nothing: write \(way)",
                    operands: [0: "tensor"])
            }
        case .setItems:
            let first = base + Int(i.b)
            try interpreter.setIndex(r(i.a), Array(registers[first..<first + Int(i.c)]), registers[base + Int(i.d)])
        case .getAttribute: store(try interpreter.attribute(name(i), of: r(i.b)))
        case .setAttribute: try interpreter.setAttribute(name(i), of: r(i.a), r(i.b), isAugmented: i.c == 1)
        case .extendList:
            guard case .list(let list) = r(i.a) else { throw Failure(.internal, "there is no list to extend") }
            list.elements += try interpreter.elements(of: r(i.b), for: "*")
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
        default: throw misplaced(i)
        }
    }

    private func bound(_ value: Value) throws -> Int? {
        switch value {
        case .none: return nil
        case .int(let int): return int
        default: throw Failure(.type, "the bounds of a slice are ints, not \(Display.typeWithDetail(value))")
        }
    }

    private func unpack(_ value: Value, count: Int) throws -> [Value] {
        let elements: [Value]
        switch value {
        case .list(let list): elements = list.elements
        case .pair(let pair): elements = [pair.left, pair.right]
        case .range(let range) where range.count == count: elements = (0..<range.count).map { .int(range[$0]) }
        case .tensor(let tensor) where tensor.rank > 0 && tensor.shape[0] == count:
            elements = try interpreter.elements(of: value, for: "unpacking")
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
}
