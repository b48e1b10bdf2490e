import Data
import Tensors

extension ONNXOperator {
    /// Operators on bits. Integers of all widths are int64 here, so that the width in the file decides where they end.
    static let bits: [String: ONNXOperator] = [
        "BitwiseAnd": logic { $0 & $1 }, "BitwiseOr": logic { $0 | $1 }, "BitwiseXor": logic { $0 ^ $1 },
        "BitwiseNot": .one { call in
            let element = try call.integerElement()
            return try element.tensor(bits: element.bits(of: call.x()).map { ~$0 }, like: call.x())
        },
        "BitShift": .one { call in
            let element = try call.integerElement(), width = UInt64(8 * element.size)
            let isLeft = call.text("direction", "") == "LEFT"
            let (x, y) = try call.broadcast()
            let shifts = try element.bits(of: y), isSigned = element.isSigned
            let shifted = zip(try element.bits(of: x), shifts).map { bits, shift -> UInt64 in
                // A count beyond the width, or a negative one, moves everything out.
                if shift >= width { return !isLeft && isSigned && Int64(bitPattern: bits) < 0 ? .max : 0 }
                if isLeft { return bits << shift }
                return isSigned ? UInt64(bitPattern: Int64(bitPattern: bits) >> Int64(shift)) : bits >> shift
            }
            return try element.tensor(bits: shifted, like: x)
        },
        "BitCast": .one { call in
            let from = try call.element(), code = call.int("to", 0)
            guard let to = ONNXModel.element(code), to.size == from.size else {
                throw call.refusal("to=\(code) has another width or is not read")
            }
            if to == from { return try call.x() }
            return call.withoutGradient(try to.tensor(bits: from.bits(of: call.x()), like: call.x()), for: 0)
        },
    ]

    private static func logic(_ join: @escaping @Sendable (UInt64, UInt64) -> UInt64) -> ONNXOperator {
        .one { call in
            let element = try call.integerElement(), (x, y) = try call.broadcast()
            return try element.tensor(bits: zip(element.bits(of: x), element.bits(of: y)).map(join), like: x)
        }
    }
}

extension ONNXCall {
    /// How the numbers of the first input stand in the file.
    fileprivate func element() throws -> StoredElement {
        guard let element = element(0) else {
            throw refusal("the width of its numbers is in no place of the file")
        }
        return element
    }

    fileprivate func integerElement() throws -> StoredElement {
        let element = try element()
        guard !element.dtype.isFloating else { throw refusal("\(element.rawValue) has no bits to work on") }
        return element
    }

    /// The first two inputs in one shape.
    fileprivate func broadcast() throws -> (Tensor, Tensor) {
        let x = try x(0).to(.int64), y = try self.x(1).to(.int64)
        let shape = try x.add(y).shape.array
        return (try x.expand(shape), try y.expand(shape))
    }
}

extension StoredElement {
    fileprivate var isSigned: Bool {
        switch self {
        case .int8, .int16, .int32, .int64: true
        default: false
        }
    }

    /// The bits of a tensor's numbers as the file would hold them; of integers with a sign, all 64.
    fileprivate func bits(of tensor: Tensor) throws -> [UInt64] {
        switch self {
        case .float64: try tensor.doubles().map { $0.bitPattern }
        case .float32: try tensor.floats().map { UInt64($0.bitPattern) }
        case .float16: try tensor.floats().map { UInt64(Float16($0).bitPattern) }
        case .bfloat16: try tensor.floats().map { UInt64($0.bitPattern >> 16) }
        default: try tensor.to(.int64).integers().map { UInt64(bitPattern: Int64($0)) }
        }
    }

    /// The tensor whose numbers have these bits, of which the lowest count.
    fileprivate func tensor(bits: [UInt64], like original: Tensor) throws -> Tensor {
        let shape = original.shape.array
        switch self {
        case .float64: return try Tensor(bits.map { Double(bitPattern: $0) }, shape: shape)
        case .float32: return try Tensor(bits.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }, shape: shape)
        case .float16:
            return try Tensor(
                bits.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) }, shape: shape)
        case .bfloat16:
            return try Tensor(bits.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) }, shape: shape)
        case .bool: return try Tensor(bits.map { $0 & 0xFF != 0 }, shape: shape)
        case .int8: return try Tensor(bits.map { Int(Int8(truncatingIfNeeded: $0)) }, shape: shape)
        case .int16: return try Tensor(bits.map { Int(Int16(truncatingIfNeeded: $0)) }, shape: shape)
        case .int32: return try Tensor(bits.map { Int(Int32(truncatingIfNeeded: $0)) }, shape: shape)
        case .int64, .uint64: return try Tensor(bits.map { Int(truncatingIfNeeded: $0) }, shape: shape)
        case .uint8: return try Tensor(bits.map { UInt8(truncatingIfNeeded: $0) }, shape: shape)
        case .uint16: return try Tensor(bits.map { Int(UInt16(truncatingIfNeeded: $0)) }, shape: shape)
        case .uint32: return try Tensor(bits.map { Int(UInt32(truncatingIfNeeded: $0)) }, shape: shape)
        }
    }
}
