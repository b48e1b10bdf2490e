import Tensors

/// How a number stands in a file, and the dtype it becomes here: what the formats of tensors have in common.
enum StoredElement: Equatable {
    case float16, bfloat16, float32, float64
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case bool

    /// Bytes per number in the file.
    var size: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// The dtype of the tensor: half precision is widened, small integers become int64.
    var dtype: DType {
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
        func word(_ position: Int, _ width: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in 0..<width {
                let offset = isBigEndian ? index : width - 1 - index
                value = value << 8 | UInt64(bytes[bytes.startIndex + position * width + offset])
            }
            return value
        }
        let count = bytes.count / size
        switch self {
        case .float32 where !isBigEndian, .float64 where !isBigEndian, .int64 where !isBigEndian, .uint8:
            return try bytes.withUnsafeBytes { try Tensor(bytes: $0, shape: shape, dtype: dtype) }
        case .bool: return try Tensor(bytes.map { $0 != 0 }, shape: shape)
        case .float16:
            return try Tensor((0..<count).map { Float(Float16(bitPattern: UInt16(word($0, 2)))) }, shape: shape)
        case .bfloat16:
            return try Tensor((0..<count).map { Float(bitPattern: UInt32(word($0, 2)) << 16) }, shape: shape)
        case .float32:
            return try Tensor((0..<count).map { Float(bitPattern: UInt32(word($0, 4))) }, shape: shape)
        case .float64: return try Tensor((0..<count).map { Double(bitPattern: word($0, 8)) }, shape: shape)
        case .int8: return try Tensor(bytes.map { Int(Int8(bitPattern: $0)) }, shape: shape)
        case .int16:
            return try Tensor((0..<count).map { Int(Int16(truncatingIfNeeded: word($0, 2))) }, shape: shape)
        case .int32:
            return try Tensor((0..<count).map { Int(Int32(truncatingIfNeeded: word($0, 4))) }, shape: shape)
        case .uint16, .uint32: return try Tensor((0..<count).map { Int(word($0, size)) }, shape: shape)
        case .int64, .uint64:
            return try Tensor((0..<count).map { Int(truncatingIfNeeded: word($0, 8)) }, shape: shape)
        }
    }
}

extension Tensor {
    /// The elements as the files hold them: little-endian, row after row.
    public func storedBytes() -> [UInt8] { withBytes { Array($0) } }
}
