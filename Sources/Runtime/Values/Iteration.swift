import Learning
import Tensors

/// The elements of something that is no list or range, one at a time.
final class ElementIterator: LanguageObject {
    static var languageName: String { "iterator" }
    let next: () throws -> Value?

    init(_ next: @escaping () throws -> Value?) { self.next = next }
}

/// What a loop goes through.
enum Rounds {
    case numbers(RangeObject)
    case list(ListObject)
    case elements(ElementIterator)
}

extension Interpreter {
    /// How a loop goes through a value: it counts, goes through a list, or asks an iterator.
    func rounds(of value: Value) throws -> Rounds {
        switch value {
        case .range(let range): return .numbers(range)
        case .tensor(let tensor) where tensor.rank > 0:
            var index = 0
            let rows = tensor.shape[0]
            return .elements(
                ElementIterator {
                    guard index < rows else { return nil }
                    defer { index += 1 }
                    return .tensor(try tensor.select(dim: 0, index: index))
                })
        case .object(let object):
            if let iterate = object.type.iterate {
                return .elements(ElementIterator(try iterate(object.payload, self)))
            }
            guard let length = object.type.length, let element = object.type.element else { break }
            let count = try length(object.payload)
            var index = 0
            return .elements(
                ElementIterator { [unowned self] in
                    guard index < count else { return nil }
                    defer { index += 1 }
                    return try element(object.payload, .int(index), self)
                })
        default: break
        }
        return .list(ListObject(try elements(of: value, for: "for")))
    }

    /// All elements of something that can be iterated.
    public func elements(of value: Value, for name: String = "for") throws -> [Value] {
        switch value {
        case .list(let list): return list.elements
        case .dict(let dict):
            try Self.claim(dict.entries.count, of: Self.textSize, for: name)
            return dict.entries.keys.map(\.value)
        case .string(let string):
            try Self.claim(string.text.utf8.count, of: Self.textSize, for: name)
            return string.text.unicodeScalars.map { .string(String($0)) }
        case .range(let range): return try spread(range, for: name)
        case .pair(let pair): return [pair.left, pair.right]
        case .tensor(let tensor) where tensor.rank > 0:
            try Self.claim(tensor.shape[0], of: Self.tensorSize, for: name)
            return try (0..<tensor.shape[0]).map { index in
                if index & 0xFFF == 0xFFF { try checkInterrupt() }
                return .tensor(try tensor.select(dim: 0, index: index))
            }
        case .module(let module as ModuleDict): return module.children.keys.map { .string($0) }
        case .module(let module)
        where module is ModuleList || !module.children.isEmpty && !(module is ScriptedModule):
            return module.children.values.map { .module($0) }
        case .object(let object):
            if let iterate = object.type.iterate {
                let next = try iterate(object.payload, self)
                var result: [Value] = []
                while let element = try next() { result.append(element) }
                return result
            }
            if let length = object.type.length, let element = object.type.element {
                let count = try length(object.payload)
                try Self.claim(count, for: name)
                return try (0..<count).map { index in
                    if index & 0xFFF == 0xFFF { try checkInterrupt() }
                    return try element(object.payload, .int(index), self)
                }
            }
        default: break
        }
        var help: [String] = []
        if case .int(let int) = value { help.append("write range(\(int)) to count") }
        throw Failure(
            .type, "\(name): a value of type \(Display.typeWithDetail(value)) has no elements to go through",
            code: .notIterable, help: help)
    }

    /// The number of elements, as `len` gives it.
    public func length(of value: Value) throws -> Int? {
        switch value {
        case .list(let list): return list.elements.count
        case .dict(let dict): return dict.entries.count
        case .string(let string): return string.count
        case .range(let range): return range.count
        case .pair: return 2
        case .tensor(let tensor) where tensor.rank > 0: return tensor.shape[0]
        case .module(let module): return module.children.count
        case .object(let object): return try object.type.length?(object.payload)
        default: return nil
        }
    }
}
