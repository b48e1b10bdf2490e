import Tensors

/// How a number stands in a file, and the dtype it becomes here: what the formats of tensors have in common.
public enum StoredElement: String, Sendable {
    /// Floating-point numbers of 2, 2, 4 and 8 bytes.
    case float16, bfloat16, float32, float64
    /// Integers with a sign.
    case int8, int16, int32, int64
    /// Integers without.
    case uint8, uint16, uint32, uint64
    /// One byte, 0 or 1.
    case bool

    /// Bytes per number in the file.
    public var size: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// The dtype of the tensor: half precision is widened, small integers become int64.
    public var dtype: DType {
        switch self {
        case .float16, .bfloat16, .float32: .float32
        case .float64: .float64
        case .uint8: .uint8
        case .bool: .bool
        case .int8, .int16, .int32, .int64, .uint16, .uint32, .uint64: .int64
        }
    }

    /// The element that holds a dtype without loss.
    init(_ dtype: DType) {
        self =
            switch dtype {
            case .float32: .float32
            case .float64: .float64
            case .int64: .int64
            case .uint8: .uint8
            case .bool: .bool
            }
    }

    /// The bytes that `shape` takes, or nil when no memory could hold them.
    func byteCount(_ shape: [Int]) -> Int? {
        var count = size
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            count = product
        }
        return count
    }

    /// The tensor of `shape` whose numbers are `bytes`, which must be as many as ``byteCount(_:)`` says.
    ///
    /// - Throws: a limit error when memory is short, a shape error for too many dimensions.
    func tensor(_ bytes: ArraySlice<UInt8>, shape: [Int], isBigEndian: Bool = false) throws -> Tensor {
        try bytes.withUnsafeBytes { try tensor($0, shape: shape, isBigEndian: isBigEndian) }
    }

    /// The tensor of `shape` whose numbers are `bytes`, which must be as many as ``byteCount(_:)`` says.
    func tensor(_ bytes: UnsafeRawBufferPointer, shape: [Int], isBigEndian: Bool = false) throws -> Tensor {
        guard !isMemory || isBigEndian && size > 1 else { return try Tensor(bytes: bytes, shape: shape, dtype: dtype) }
        return try Tensor(shape: shape, dtype: dtype) { target in
            func word<Word: FixedWidthInteger>(_ index: Int, _: Word.Type) -> Word {
                let word = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                return isBigEndian ? Word(bigEndian: word) : word
            }
            func fill<Element: BitwiseCopyable>(_ element: (Int) -> Element) {
                let places = target.bindMemory(to: Element.self)
                for index in places.indices { places[index] = element(index) }
            }
            switch self {
            case .float16: fill { Float(Float16(bitPattern: word($0, UInt16.self))) }
            case .bfloat16: fill { Float(bitPattern: UInt32(word($0, UInt16.self)) << 16) }
            case .float32: fill { Float(bitPattern: word($0, UInt32.self)) }
            case .float64: fill { Double(bitPattern: word($0, UInt64.self)) }
            case .bool: fill { bytes[$0] != 0 ? UInt8(1) : 0 }
            case .uint8: fill { bytes[$0] }
            case .int8: fill { Int(word($0, Int8.self)) }
            case .int16: fill { Int(word($0, Int16.self)) }
            case .int32: fill { Int(word($0, Int32.self)) }
            case .uint16: fill { Int(word($0, UInt16.self)) }
            case .uint32: fill { Int(word($0, UInt32.self)) }
            case .int64, .uint64: fill { word($0, Int.self) }
            }
        }
    }

    /// Whether the file's bytes, in the machine's order, are the tensor's.
    var isMemory: Bool {
        switch self {
        case .float32, .float64, .int64, .uint8, .uint64: true
        default: false
        }
    }
}

extension StoredElement {
    /// The numbers of a tensor as they stand in a file: floats are rounded to the nearest, whole numbers must fit.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for a number beyond the element's range.
    public func bytes(of tensor: Tensor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tensor.count * size)
        func append<Word: FixedWidthInteger>(_ word: Word) {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        func whole<Word: FixedWidthInteger>(_: Word.Type) throws {
            for number in try tensor.doubles() {
                guard let word = Word(exactly: number) else {
                    throw DataError.argument(
                        function: "save", problem: "\(number) is no number of the type \(rawValue)", help: nil)
                }
                append(word)
            }
        }
        switch self {
        case .float16: for number in try tensor.doubles() { append(Float16(number).bitPattern) }
        case .bfloat16:
            // To the nearest, halves to even.
            for number in try tensor.doubles() {
                let bits = Float(number).bitPattern
                append(number.isNaN ? 0x7FC0 : UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16))
            }
        case .float32: for number in try tensor.doubles() { append(Float(number).bitPattern) }
        case .float64: for number in try tensor.doubles() { append(number.bitPattern) }
        case .int8: try whole(Int8.self)
        case .int16: try whole(Int16.self)
        case .int32: try whole(Int32.self)
        case .int64: for number in try tensor.integers() { append(number) }
        case .uint8: try whole(UInt8.self)
        case .uint16: try whole(UInt16.self)
        case .uint32: try whole(UInt32.self)
        case .uint64: try whole(UInt64.self)
        case .bool: for truth in try tensor.booleans() { append(truth ? UInt8(1) : 0) }
        }
        return bytes
    }

    /// What is read again of numbers that were stored as this element.
    ///
    /// - Throws: as ``bytes(of:)``.
    public func rounded(_ tensor: Tensor) throws -> Tensor {
        try self.tensor(bytes(of: tensor)[...], shape: tensor.shape.array)
    }
}

extension Tensor {
    /// The elements as the files hold them: little-endian, row after row.
    public func storedBytes() -> [UInt8] { withBytes { Array($0) } }
}
