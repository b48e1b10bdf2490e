import Runtime
import Tensors

/// Nested lists of numbers on their way to a tensor.
enum TensorData {
    /// What the numbers are altogether.
    private enum Kind: Int {
        case bool, int, float32, float64

        var dtype: DType {
            switch self {
            case .bool: .bool
            case .int: .int64
            case .float32: .float32
            case .float64: .float64
            }
        }
    }

    /// The tensor of a number, a nested list or another tensor.
    static func tensor(_ data: Value, dtype: DType?) throws -> Tensor {
        if case .tensor(let tensor) = data { return try tensor.detach().clone().to(dtype ?? tensor.dtype) }
        if case .range(let range) = data {
            let numbers = try Tensor.arange(.int(range.start), .int(range.stop), step: .int(range.step))
            return try numbers.to(dtype ?? .int64)
        }
        var shape: [Int] = []
        var kind: Kind?
        var count = 0
        try measure(data, depth: 0, &shape, &kind, &count)
        let found = kind ?? .float32
        switch found {
        case .bool, .int:
            var elements: [Int] = []
            elements.reserveCapacity(count)
            try collect(data) { elements.append($0.integer) }
            if dtype == .uint8 {
                for element in elements { try DType.uint8.check(holds: .int(element), for: "tensor", argument: "data") }
            }
            let result = try Tensor(elements, shape: shape)
            return try result.to(dtype ?? found.dtype)
        case .float32, .float64:
            var elements: [Double] = []
            elements.reserveCapacity(count)
            try collect(data) { elements.append($0.double) }
            let target = dtype ?? found.dtype
            if !target.isFloating {
                for element in elements { try target.check(holds: .float(element), for: "tensor", argument: "data") }
            }
            return try Tensor(elements, shape: shape).to(dtype ?? found.dtype)
        }
    }

    /// Finds the shape, the kind and the number of elements, and refuses what is neither number nor regular list.
    private static func measure(
        _ value: Value, depth: Int, _ shape: inout [Int], _ kind: inout Kind?, _ count: inout Int
    ) throws {
        func meet(_ found: Kind) throws {
            guard depth == shape.count else { throw ragged() }
            kind = Kind(rawValue: max(found.rawValue, kind?.rawValue ?? 0))
            count += 1
        }
        switch value {
        case .bool: try meet(.bool)
        case .int: try meet(.int)
        case .float: try meet(.float32)
        case .tensor(let tensor) where tensor.count == 1:
            switch tensor.dtype {
            case .bool: try meet(.bool)
            case .int64, .uint8: try meet(.int)
            case .float32: try meet(.float32)
            case .float64: try meet(.float64)
            }
        case .list(let list):
            try enter(list.elements.count, depth, count > 0, &shape)
            for element in list.elements { try measure(element, depth: depth + 1, &shape, &kind, &count) }
        case .range(let range):
            try enter(range.count, depth, count > 0, &shape)
            if range.count > 0 {
                guard range.count <= 1 << 24 else {
                    throw Failure(.limit, "tensor: a range of \(range.count) numbers is too long to stand in a list")
                }
                try measure(.int(range[0]), depth: depth + 1, &shape, &kind, &count)
                count += range.count - 1
            }
        case .tensor(let tensor):
            throw Failure(
                .type,
                "tensor: lists may hold numbers and single-element tensors, not a tensor of shape \(tensor.shape)",
                help: ["stack(tensors) joins tensors of one shape"])
        default:
            throw Failure(
                .type,
                depth == 0
                    ? "tensor: data must be a number or lists of numbers, not \(Display.typeWithDetail(value))"
                    : "tensor: lists may hold numbers and bools, not \(Display.typeWithDetail(value))")
        }
    }

    private static func enter(_ size: Int, _ depth: Int, _ isSettled: Bool, _ shape: inout [Int]) throws {
        if depth < shape.count {
            guard shape[depth] == size else { throw ragged() }
        } else {
            // A new level after the first number has been met would nest deeper than its neighbours did.
            guard depth == shape.count, !isSettled else { throw ragged() }
            guard depth < Shape.maximumRank else {
                throw Failure(.shape, "tensor: lists may nest at most \(Shape.maximumRank) deep")
            }
            shape.append(size)
        }
    }

    private static func collect(_ value: Value, into take: (Scalar) -> Void) throws {
        switch value {
        case .bool(let bool): take(.bool(bool))
        case .int(let int): take(.int(int))
        case .float(let float): take(.float(float))
        case .tensor(let tensor): take(try tensor.item())
        case .list(let list): for element in list.elements { try collect(element, into: take) }
        case .range(let range): for index in 0..<range.count { take(.int(range[index])) }
        default: break
        }
    }

    private static func ragged() -> Failure {
        Failure(.shape, "tensor: lists of one level must have the same length", help: ["pad them, or cat the parts"])
    }

    /// The elements of a tensor as nested lists; a number for a tensor without dimensions.
    static func list(_ tensor: Tensor) throws -> Value {
        let values: [Value]
        switch tensor.dtype {
        case .bool: values = try tensor.booleans().map { .bool($0) }
        case .int64, .uint8: values = try tensor.integers().map { .int($0) }
        case .float32, .float64: values = try tensor.doubles().map { .float($0) }
        }
        guard tensor.rank > 0 else { return values.first ?? .none }
        var level = values
        for dim in stride(from: tensor.rank - 1, to: 0, by: -1) {
            let size = tensor.shape[dim]
            // A tensor without elements can have more rows than any memory holds.
            let groups = tensor.shape.prefix(dim).reduce(1) { product, size in
                product.multipliedReportingOverflow(by: size).overflow ? .max : product * size
            }
            try Interpreter.claim(groups, of: Interpreter.textSize, for: "tolist")
            level = (0..<groups).map { .list(Array(level[$0 * size..<($0 + 1) * size])) }
        }
        return .list(level)
    }
}

extension Scalar {
    /// The number as a value of the language.
    var value: Value {
        switch self {
        case .int(let int): .int(int)
        case .float(let float): .float(float)
        case .bool(let bool): .bool(bool)
        }
    }
}
