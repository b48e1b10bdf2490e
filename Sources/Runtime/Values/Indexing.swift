import Diagnostics
import Learning
import Tensors

extension Interpreter {
    /// `owner[parts]`
    func index(_ owner: Value, _ parts: [Value]) throws -> Value {
        if case .tensor(let tensor) = owner { return .tensor(try tensor.index(try parts.map(tensorIndex))) }
        if case .object(let object) = owner, let element = object.type.element {
            return try element(object.payload, parts.count == 1 ? parts[0] : .list(parts), self)
        }
        guard parts.count == 1, let part = parts.first else {
            throw Failure(.type, "a value of type \(owner.typeName) takes one index, not \(parts.count)")
        }
        let slice = slice(part)
        switch owner {
        case .list(let list):
            if let slice { return .list(try slice.indices(count: list.elements.count).map { list.elements[$0] }) }
            return list.elements[try position(part, list.elements.count, owner)]
        case .string(let string):
            if let slice { return .string(string.selecting(try slice.indices(count: string.count))) }
            return .string(String(string[try position(part, string.count, owner)]))
        case .range(let range):
            if let slice { return .list(try slice.indices(count: range.count).map { .int(range[$0]) }) }
            return .int(range[try position(part, range.count, owner)])
        case .pair(let pair): return try position(part, 2, owner) == 0 ? pair.left : pair.right
        case .dict(let dict):
            let key = try dictKey(part)
            guard let value = dict.entries[key] else { throw missingKey(key, dict) }
            return value
        case .module(let module):
            if let slice, let sequential = module as? Sequential {
                guard (slice.step ?? 1) == 1 else {
                    throw Failure(.value, "a network is sliced layer by layer: the step is 1, not \(slice.step ?? 1)")
                }
                let indices = try slice.indices(count: sequential.children.count)
                let start = indices.first { _ in true } ?? 0
                return .module(sequential[start..<start + Array(indices).count])
            }
            if module is ModuleDict, let name = part.text {
                if let child = module.children[name] { return .module(child) }
                throw Failure(
                    .key, "there is no module \"\(name)\"",
                    help: ["there are " + module.children.keys.map { "\"\($0)\"" }.joined(separator: ", ")])
            }
            let children = Array(module.children.values)
            if slice == nil, !children.isEmpty { return .module(children[try position(part, children.count, owner)]) }
        default: break
        }
        throw Failure(
            .type, "a value of type \(Display.typeWithDetail(owner)) cannot be indexed", code: .badOperands,
            operands: [0: owner.typeName])
    }

    /// `owner[parts] = value`
    func setIndex(_ owner: Value, _ parts: [Value], _ value: Value) throws {
        switch owner {
        case .tensor(let tensor):
            let operand: Operand
            switch value {
            case .tensor(let other): operand = .tensor(other)
            case .int(let int): operand = .scalar(.int(int))
            case .float(let float): operand = .scalar(.float(float))
            case .bool(let bool): operand = .scalar(.bool(bool))
            default:
                throw Failure(
                    .type, "an element of a tensor is a number or tensor, not \(Display.typeWithDetail(value))")
            }
            try tensor.setIndex(try parts.map(tensorIndex), operand)
            return
        case .list(let list) where parts.count == 1:
            if let slice = slice(parts[0]) {
                let (from, to, step) = try slice.bounds(count: list.elements.count)
                let elements = try self.elements(of: value, for: "=")
                if step == 1 {
                    list.elements.replaceSubrange(from..<to, with: elements)
                } else {
                    let indices = Array(stride(from: from, to: to, by: step))
                    guard elements.count == indices.count else {
                        throw Failure(.value, "cannot assign \(elements.count) elements to \(indices.count) places")
                    }
                    for (index, element) in zip(indices, elements) { list.elements[index] = element }
                }
                return
            }
            list.elements[try position(parts[0], list.elements.count, owner)] = value
            return
        case .dict(let dict) where parts.count == 1:
            dict.entries[try dictKey(parts[0])] = value
            return
        case .string: throw Failure(.type, "a string cannot be changed", help: ["write x.replace(old, new)"])
        default: break
        }
        throw Failure(
            .type, "the elements of a value of type \(Display.typeWithDetail(owner)) cannot be assigned",
            operands: [0: owner.typeName])
    }

    private func slice(_ value: Value) -> Slice? {
        if case .object(let object) = value { object.payload as? Slice } else { nil }
    }

    private func position(_ value: Value, _ count: Int, _ owner: Value) throws -> Int {
        guard case .int(let index) = value else {
            throw Failure(
                .type, "an index is an int, not \(Display.typeWithDetail(value))", operands: [1: value.typeName])
        }
        let position = index < 0 ? index &+ count : index
        guard position >= 0, position < count else {
            let range = count == 0 ? "it is empty" : "the indices are \(-count) … \(count - 1)"
            throw Failure(
                .index,
                "index \(index) is outside the \(owner.typeName) of \(Binding.count(count, "element")): \(range)",
                operands: [1: ""])
        }
        return position
    }

    func missingKey(_ key: DictKey, _ dict: DictObject) -> Failure {
        var help: [String] = []
        let names = dict.entries.keys.compactMap { if case .string(let text) = $0 { text } else { nil } }
        if case .string(let text) = key, let near = Nearest.match(text, in: names) {
            help.append("did you mean \"\(near)\"?")
        }
        if help.isEmpty, !dict.entries.isEmpty {
            let shown = dict.entries.keys.prefix(10).map { Display.brief($0.value) }.joined(separator: ", ")
            help.append("the keys are \(shown)\(dict.entries.count > 10 ? ", …" : "")")
        }
        return Failure(.key, "the dict has no key \(Display.brief(key.value))", help: help)
    }

    private func tensorIndex(_ value: Value) throws -> Index {
        switch value {
        case .int(let int): return .integer(int)
        case .none: return .newAxis
        case .tensor(let tensor): return .tensor(tensor)
        case .list(let list):
            if list.elements.allSatisfy({ if case .bool = $0 { true } else { false } }), !list.elements.isEmpty {
                return .tensor(try Tensor(list.elements.map { if case .bool(true) = $0 { true } else { false } }))
            }
            let integers = try list.elements.map { element -> Int in
                guard case .int(let int) = element else {
                    throw Failure(
                        .type, "a list as an index holds ints or bools, not \(Display.typeWithDetail(element))")
                }
                return int
            }
            return .tensor(try Tensor(integers))
        case .range(let range): return .tensor(try Tensor((0..<range.count).map { range[$0] }))
        case .object(let object):
            if let slice = object.payload as? Slice {
                return .slice(start: slice.start, stop: slice.stop, step: slice.step ?? 1)
            }
            if object.payload is Ellipsis { return .ellipsis }
        default: break
        }
        throw Failure(
            .type, "a tensor is indexed by ints, slices, none, ... and tensors, not \(Display.typeWithDetail(value))")
    }
}

extension Interpreter {
    /// The key that a value makes.
    func dictKey(_ value: Value) throws -> DictKey {
        if let key = DictKey(value) { return key }
        throw Failure(.type, "a dict key is a string, int, float or bool, not \(value.typeName)")
    }
}
