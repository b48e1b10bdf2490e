import Tensors

/// A tensor as a file describes it: nothing of its numbers has been read.
public struct StoredTensor: Sendable {
    /// How the numbers stand in the file.
    public let element: StoredElement
    /// The sizes of the dimensions.
    public let shape: [Int]
    /// Whether the file's program trained it.
    public let isParameter: Bool
    /// Elements from one index to the next, for each dimension.
    let strides: [Int]
    /// Where the first element stands in the storage.
    let offset: Int
    let place: Place

    enum Place: Sendable {
        /// A storage of the file.
        case storage(Int)
        /// Bytes within the pickle, and whether their numbers have the most significant byte first.
        case bytes([UInt8], isBigEndian: Bool)
    }

    /// How many numbers there are.
    public var count: Int { shape.reduce(1, *) }

    /// The elements of the storage from the first to the last that it shows, one more than the last's position; none when
    /// sizes or strides make no sense.
    var reach: Int? {
        guard offset >= 0, shape.count == strides.count else { return nil }
        var total = 1
        var last = offset
        for (size, stride) in zip(shape, strides) {
            guard size >= 0, stride >= 0 else { return nil }
            let (product, beyond) = total.multipliedReportingOverflow(by: max(1, size))
            let (step, tooFar) = stride.multipliedReportingOverflow(by: max(0, size - 1))
            let (sum, outside) = last.addingReportingOverflow(step)
            guard !beyond, !tooFar, !outside, product < 1 << 46 else { return nil }
            (total, last) = (product, sum)
        }
        return shape.contains(0) ? offset : last + 1
    }

    /// Whether its elements lie row after row without gaps.
    var isContiguous: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            guard stride == expected else { return false }
            expected *= size
        }
        return true
    }

    /// The strides of rows one after the other.
    static func rowStrides(_ shape: [Int], isFortran: Bool = false) -> [Int] {
        var strides = shape
        var step = 1
        for index in isFortran ? Array(shape.indices) : shape.indices.reversed() {
            strides[index] = step
            step = step.multipliedReportingOverflow(by: max(1, shape[index])).partialValue
        }
        return strides
    }
}

extension StoredElement {
    /// The element of `FloatStorage` and `float32`; none for those that have no tensor here.
    init?(torch name: String) {
        let names: [String: StoredElement] = [
            "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16,
            "BFloat16Storage": .bfloat16, "CharStorage": .int8, "ShortStorage": .int16, "IntStorage": .int32,
            "LongStorage": .int64, "ByteStorage": .uint8, "BoolStorage": .bool, "UntypedStorage": .uint8,
            "float": .float32, "double": .float64, "half": .float16, "short": .int16, "int": .int32, "long": .int64,
        ]
        guard let element = names[name] ?? StoredElement(rawValue: name) else { return nil }
        self = element
    }

    /// The element of NumPy's `f4` and its like.
    init?(numpy name: String) {
        let names: [String: StoredElement] = [
            "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
            "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
        ]
        guard let element = names[name] else { return nil }
        self = element
    }

    /// Bytes per element of a storage class that has no tensor here, such as complex numbers.
    static func size(ofStorage type: String) -> Int {
        if let element = StoredElement(torch: type) { return element.size }
        switch type {
        case "ComplexFloatStorage": return 8
        case "ComplexDoubleStorage": return 16
        case "QInt32Storage": return 4
        default: return 1
        }
    }
}
