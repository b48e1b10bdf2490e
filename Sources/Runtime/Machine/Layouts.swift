import CMachine
import Tensors

/// Whether values, lists, dicts and strings lie in memory as the loop in C reads and writes them.
///
/// Swift promises none of it, so it is looked at before the loop first runs: a compiler that lays out things in another
/// way costs speed and nothing else.
enum MemoryLayouts {
    static var areAsExpected: Bool {
        valuesLieAsExpected && listsLieAsExpected && dictsLieAsExpected && stringsLieAsExpected
    }

    /// A dict holds the arrays of its entries behind its header, and behind those what it found last.
    private static var dictsLieAsExpected: Bool {
        let dict = DictObject([.string("a"): .int(1), .string("b"): .int(2)])
        let key = StringObject("b")
        guard dict.entries.position(of: Value.string(key)) == 1 else { return false }
        let object = UnsafeRawPointer(Unmanaged.passUnretained(dict).toOpaque())
        return withExtendedLifetime((dict, key)) {
            guard let values = object.load(fromByteOffset: 24, as: UnsafeRawPointer?.self) else { return false }
            return dict.entries.values.withUnsafeBufferPointer { all in
                all.baseAddress.map(UnsafeRawPointer.init) == values + 32
                    && object.load(fromByteOffset: 48, as: UnsafeRawPointer?.self)
                        == UnsafeRawPointer(Unmanaged.passUnretained(key).toOpaque())
                    && object.load(fromByteOffset: 56, as: Int.self) == 1
            }
        }
    }

    /// A list holds its array's block behind its header; there stand the count, the capacity, and the elements.
    private static var listsLieAsExpected: Bool {
        let list = ListObject([.int(1), .int(2), .int(3)])
        list.elements.reserveCapacity(11)
        let object = UnsafeRawPointer(Unmanaged.passUnretained(list).toOpaque())
        return withExtendedLifetime(list) {
            guard let block = object.load(fromByteOffset: 16, as: UnsafeRawPointer?.self) else { return false }
            return list.elements.withUnsafeBufferPointer { elements in
                block.load(fromByteOffset: 16, as: Int.self) == 3
                    && block.load(fromByteOffset: 24, as: Int.self) >> 1 == list.elements.capacity
                    && elements.baseAddress.map(UnsafeRawPointer.init) == block + 32
            }
        }
    }

    /// A string's text stands behind its header; a short one is in its two words, with its length in the last byte.
    private static var stringsLieAsExpected: Bool {
        guard MemoryLayout<String>.size == 16 else { return false }
        let texts = ["", "k7", "fifteen letters"]
        return texts.allSatisfy { text in
            // Not the compiler's text but one made at run time, as those are that the loop meets.
            let string = StringObject(String(decoding: Array(text.utf8), as: UTF8.self))
            let object = UnsafeRawPointer(Unmanaged.passUnretained(string).toOpaque())
            return withExtendedLifetime(string) {
                let bytes = UnsafeRawBufferPointer(start: object + 16, count: 16)
                return bytes.prefix(text.utf8.count).elementsEqual(text.utf8)
                    && bytes[text.utf8.count..<15].allSatisfy { $0 == 0 }
                    && bytes[15] == 0xE0 | UInt8(text.utf8.count)
            }
        }
    }

    private static var valuesLieAsExpected: Bool {
        guard MemoryLayout<Value>.size == 9, MemoryLayout<Value>.stride == MemoryLayout<machine_value>.stride else {
            return false
        }
        let list = ListObject([])
        let function = Function(name: "", layout: .none)
        let cell = Cell(.none)
        guard let tensor = try? Tensor([0 as Float]) else { return false }
        func bits(_ object: AnyObject) -> Int64 { Int64(Int(bitPattern: Unmanaged.passUnretained(object).toOpaque())) }
        let samples: [(value: Value, tag: Int, content: Int64)] = [
            (.int(-7), machine_int, -7),
            (.float(0.5), machine_float, Int64(bitPattern: (0.5).bitPattern)),
            (.list(list), machine_list, bits(list)),
            (.function(function), machine_function, bits(function)),
            (.cell(cell), machine_cell, bits(cell)), (.tensor(tensor), machine_tensor, bits(tensor)),
            (.none, machine_empty, 0), (.unbound, machine_empty, 1),
        ]
        func tag(_ bytes: UnsafeRawBufferPointer) -> Int { Int(bytes.load(fromByteOffset: 8, as: UInt8.self)) }
        for sample in samples {
            let agrees = withUnsafeBytes(of: sample.value) { bytes in
                tag(bytes) == sample.tag && bytes.load(as: Int64.self) == sample.content
            }
            guard agrees else { return false }
        }
        return withUnsafeBytes(of: Value.bool(true)) { bytes in tag(bytes) == machine_bool && bytes.load(as: Bool.self)
        }
    }
}
