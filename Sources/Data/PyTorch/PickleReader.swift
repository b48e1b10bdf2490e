import Base
import Tensors

/// Reads a pickle of protocol 0 to 5 into a ``PickleGraph``. Nothing is looked up and nothing is run: classes and functions
/// stay names, calls stay what they would have been given.
///
/// Source: CPython, Lib/pickletools.py (the opcodes).
struct PickleReader {
    private let source: ByteSource
    /// Where the pickle begins and may at most end.
    private let bounds: Range<Int>
    private(set) var position: Int
    private var window: [UInt8] = []
    private var windowStart = 0
    var graph: PickleGraph
    var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    var opcodeOffset = 0

    /// The most levels of open marks, far above what Python writes.
    private static let mostMarks = 100_000

    init(_ source: ByteSource, _ bounds: Range<Int>, graph: PickleGraph = PickleGraph()) {
        self.source = source
        self.bounds = bounds
        self.graph = graph
        position = bounds.lowerBound
    }

    func failure(_ problem: String) -> DataError {
        .byte(path: source.path, offset: opcodeOffset, problem: "the pickle " + problem)
    }

    // MARK: Bytes

    private mutating func byte() throws -> UInt8 {
        let index = position - windowStart
        if index < window.count {
            position += 1
            return window[index]
        }
        guard position < bounds.upperBound else { throw failure("ends early") }
        window = try source.bytes(at: position, count: min(1 << 18, bounds.upperBound - position))
        windowStart = position
        position += 1
        return window[0]
    }

    private mutating func number(_ width: Int) throws -> Int {
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(try byte()) << UInt64(8 * index) }
        return Int(truncatingIfNeeded: value)
    }

    private mutating func bytes(_ count: Int) throws -> [UInt8] {
        guard count >= 0, count <= bounds.upperBound - position else {
            throw failure(
                count < 0
                    ? "gives a negative count" : "wants \(count) bytes where \(bounds.upperBound - position) are left")
        }
        let index = position - windowStart
        if count <= window.count - index {
            position += count
            return Array(window[index..<index + count])
        }
        let bytes = try source.bytes(at: position, count: count)
        position += count
        return bytes
    }

    mutating func line() throws -> String { String(decoding: try lineBytes(), as: UTF8.self) }

    private mutating func lineBytes() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let next = try byte()
            if next == 0x0A { break }
            guard bytes.count < 1 << 24 else { throw failure("has a line without end") }
            bytes.append(next)
        }
        if bytes.last == 0x0D { bytes.removeLast() }
        return bytes
    }

    private mutating func text(_ count: Int) throws -> PickleValue {
        .string(String(decoding: try bytes(count), as: UTF8.self))
    }

    // MARK: Stack

    mutating func push(_ value: PickleValue) { stack.append(value) }

    mutating func push(node: PickleNode) throws {
        if graph.nodes.count & 4095 == 4095 {
            try Interrupt.check()
            guard graph.nodes.count * PickleGraph.nodeSize <= max(1 << 26, Tensor.availableMemory) else {
                throw failure("makes more objects than memory is left for")
            }
        }
        push(graph.add(node))
    }

    mutating func pop() throws -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw failure("takes from an empty stack")
        }
        return value
    }

    mutating func popMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw failure("lacks a mark") }
        let values = Array(stack[mark...])
        stack.removeLast(stack.count - mark)
        return values
    }

    func top() throws -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw failure("takes from an empty stack") }
        return value
    }

    private mutating func remember(_ index: Int) throws {
        guard index >= 0 else { throw failure("gives a negative memo index") }
        memo[index] = try top()
    }

    private mutating func recall(_ index: Int) throws {
        guard let value = memo[index] else { throw failure("recalls \(index), which it never kept") }
        push(value)
    }

    // MARK: Opcodes

    /// The value of the pickle that begins at the position, which then stands behind it.
    ///
    /// - Throws: ``DataError/byte(path:offset:problem:)`` at the opcode that is wrong.
    mutating func read() throws -> PickleValue {
        stack = []
        marks = []
        memo = [:]
        while true {
            opcodeOffset = position
            let opcode = try byte()
            if opcode == UInt8(ascii: ".") {
                guard stack.count == 1, marks.isEmpty else { throw failure("ends with \(stack.count) values") }
                return stack.removeLast()
            }
            if try !constant(opcode), try !container(opcode), try !construction(opcode) {
                throw failure("has the unknown opcode \(opcode)")
            }
        }
    }

    private mutating func constant(_ opcode: UInt8) throws -> Bool {
        switch Unicode.Scalar(opcode) {
        case "N": push(.none)
        case "I":
            let text = try line()
            if text == "00" || text == "01" {
                push(.bool(text == "01"))
            } else {
                try push(integer: text)
            }
        case "L": try push(integer: String(try line().prefix { $0 != "L" }))
        case "F":
            guard let value = Double(try line()) else { throw failure("has a float that is none") }
            push(.float(value))
        case "G": push(.float(Double(bitPattern: UInt64(bitPattern: Int64(try number(8))).byteSwapped)))
        case "J": push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
        case "K": push(.int(try number(1)))
        case "M": push(.int(try number(2)))
        case "S":
            let text = Array(try line().utf8)
            guard text.count >= 2, let quote = text.first, quote == 0x27 || quote == 0x22, text.last == quote else {
                throw failure("has a string without quotes")
            }
            push(.string(Self.unescaped(text[1..<text.count - 1])))
        case "V": push(.string(Self.rawUnescaped(try lineBytes())))
        case "T": push(try text(Int(Int32(truncatingIfNeeded: try number(4)))))
        case "U": push(try text(try number(1)))
        case "X": push(try text(try number(4)))
        case "B": push(.bytes(try bytes(try number(4))))
        case "C": push(.bytes(try bytes(try number(1))))
        default:
            switch opcode {
            case 0x80:
                let version = try number(1)
                guard version <= 5 else { throw failure("has protocol \(version), expected at most 5") }
            case 0x88: push(.bool(true))
            case 0x89: push(.bool(false))
            case 0x8A: try push(long: try bytes(try number(1)))
            case 0x8B: try push(long: try bytes(Int(Int32(truncatingIfNeeded: try number(4)))))
            case 0x8C: push(try text(try number(1)))
            case 0x8D: push(try text(try number(8)))
            case 0x8E, 0x96: push(.bytes(try bytes(try number(8))))
            case 0x95: _ = try number(8)  // a frame: how the writer buffered
            default: return false
            }
        }
        return true
    }

    /// Integers beyond 64 bits are records of `int`.
    private mutating func push(long bytes: [UInt8]) throws {
        guard let last = bytes.last else { return push(.int(0)) }
        let fill: UInt8 = last & 0x80 == 0 ? 0 : 0xFF
        var used = bytes.count
        while used > 8, bytes[used - 1] == fill { used -= 1 }
        if used > 8 || used == 8 && bytes.count > 8 && bytes[7] & 0x80 != fill & 0x80 {
            return try push(node: PickleNode(kind: .made, name: "int", values: [.bytes(bytes)]))
        }
        var value = fill == 0 ? 0 : -1
        for byte in bytes[..<used].reversed() { value = value << 8 | Int(byte) }
        push(.int(value))
    }

    private mutating func push(integer text: String) throws {
        if let value = Int(text) { return push(.int(value)) }
        guard text.utf8.count > 1, text.drop(while: { $0 == "-" || $0 == "+" }).allSatisfy(\.isNumber) else {
            throw failure("has an integer that is none")
        }
        try push(node: PickleNode(kind: .made, name: "int", values: [.string(text)]))
    }

    /// Text of protocol 0: a byte for each character of Latin-1, the others as `\uXXXX`.
    private static func rawUnescaped(_ bytes: [UInt8]) -> String {
        var result = String.UnicodeScalarView()
        var index = 0
        while index < bytes.count {
            let width = bytes[index] == 0x5C && index + 1 < bytes.count ? [0x75: 4, 0x55: 8][bytes[index + 1]] : nil
            if let width, index + 1 + width < bytes.count,
                let code = UInt32(String(decoding: bytes[(index + 2)..<(index + 2 + width)], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            {
                result.append(scalar)
                index += 2 + width
            } else {
                result.append(Unicode.Scalar(bytes[index]))
                index += 1
            }
        }
        return String(result)
    }

    /// Python's escapes of protocol 0.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
        var result = String.UnicodeScalarView()
        var rest = String(decoding: text, as: UTF8.self).unicodeScalars[...]
        let widths: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
        let plain: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", "\"": "\"",
        ]
        while let next = rest.popFirst() {
            guard next == "\\", let kind = rest.first else {
                result.append(next)
                continue
            }
            if let width = widths[kind], rest.count > width,
                let code = UInt32(String(String.UnicodeScalarView(rest.dropFirst().prefix(width))), radix: 16),
                let scalar = Unicode.Scalar(code)
            {
                result.append(scalar)
                rest = rest.dropFirst(width + 1)
            } else if let scalar = plain[kind] {
                result.append(scalar)
                rest = rest.dropFirst()
            } else {
                result.append(next)
            }
        }
        return String(result)
    }

    private mutating func container(_ opcode: UInt8) throws -> Bool {
        switch Unicode.Scalar(opcode) {
        case "(":
            guard marks.count < Self.mostMarks else { throw failure("is nested too deeply") }
            marks.append(stack.count)
        case "0":
            if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
        case "1": _ = try popMark()
        case "2": push(try top())
        case "]": try push(node: PickleNode(kind: .list))
        case ")": try push(node: PickleNode(kind: .tuple))
        case "}": try push(node: PickleNode(kind: .dict))
        case "l": try push(node: PickleNode(kind: .list, values: try popMark()))
        case "t": try push(node: PickleNode(kind: .tuple, values: try popMark()))
        case "d":
            let entries = try popMark()
            try push(node: PickleNode(kind: .dict))
            try set(entries)
        case "a":
            let value = try pop()
            try append([value])
        case "e": try append(try popMark())
        case "s":
            let value = try pop()
            let key = try pop()
            try set([key, value])
        case "u": try set(try popMark())
        case "g", "p":
            guard let index = Int(try line()) else { throw failure("has a memo index that is no number") }
            if opcode == UInt8(ascii: "g") { try recall(index) } else { try remember(index) }
        case "h": try recall(try number(1))
        case "j": try recall(try number(4))
        case "q": try remember(try number(1))
        case "r": try remember(try number(4))
        default:
            switch opcode {
            case 0x85...0x87:
                var values: [PickleValue] = []
                for _ in 0..<Int(opcode) - 0x84 { values.append(try pop()) }
                try push(node: PickleNode(kind: .tuple, values: values.reversed()))
            case 0x8F: try push(node: PickleNode(kind: .set))
            case 0x90: try append(try popMark())
            case 0x91: try push(node: PickleNode(kind: .set, values: try popMark()))
            case 0x94: try remember(memo.count)
            default: return false
            }
        }
        return true
    }

    /// Adds elements to what is on top of the stack.
    private mutating func append(_ values: [PickleValue]) throws {
        guard case .node(let index) = try top() else { throw failure("adds elements to no list") }
        switch graph[index].kind {
        case .list, .set: graph[index].values += values
        case .made:
            let list = graph[index].elements ?? graph.nodes.count
            if graph[index].elements == nil {
                _ = graph.add(PickleNode(kind: .list))
                graph[index].elements = list
            }
            graph[list].values += values
        case .tuple, .dict: throw failure("adds elements to a \(graph[index].kind)")
        }
    }

    /// Sets entries, keys and values by turns, in what is on top of the stack.
    private mutating func set(_ entries: [PickleValue]) throws {
        guard entries.count.isMultiple(of: 2) else { throw failure("has a key without a value") }
        guard case .node(var index) = try top() else { throw failure("sets entries of no dict") }
        switch graph[index].kind {
        case .dict: break
        case .made:
            let dict = graph[index].entries ?? graph.nodes.count
            if graph[index].entries == nil {
                _ = graph.add(PickleNode(kind: .dict))
                graph[index].entries = dict
            }
            index = dict
        case .list, .tuple, .set: throw failure("sets entries of a \(graph[index].kind)")
        }
        for start in stride(from: 0, to: entries.count, by: 2) {
            graph.set(entries[start], entries[start + 1], in: index)
        }
    }
}

/// Dotted names as they are told apart here.
enum PickleNames {
    /// A part of a storage, in the older container.
    static let view = "storage view"

    /// A name without the module of Python's own types, and the same for both names of a module.
    static func short(_ name: String) -> String {
        for (old, new) in [
            ("__builtin__.", ""), ("builtins.", ""), ("copy_reg.", "copyreg."), ("numpy._core.", "numpy.core."),
        ] where name.hasPrefix(old) {
            return new + name.dropFirst(old.count)
        }
        return name
    }
}
