import Data
import Glibc
import Tensors

extension ONNXOperator {
    /// Inverse functions and what else elements and small matrices need.
    static let inverses: [String: ONNXOperator] = [
        "Asin": .one { try $0.x().smooth(asin) { try $0.square().neg().add(.int(1)).rsqrt() } },
        "Acos": .one { try $0.x().smooth(acos) { try $0.square().neg().add(.int(1)).rsqrt().neg() } },
        "Atan": .one { try $0.x().smooth(atan) { try $0.square().add(.int(1)).reciprocal() } },
        // log(a + √(a² + 1)) without losing what is small.
        "Asinh": .one { call in
            try call.x().odd { a in
                try a.withLogarithmicTail { a in
                    try a.add(a.square().div(a.square().add(.int(1)).sqrt().add(.int(1)))).log1p()
                }
            }
        },
        "Acosh": .one { call in
            try call.x().withLogarithmicTail { x in
                let less = try x.sub(.int(1))
                return try less.add(less.mul(x.add(.int(1))).sqrt()).log1p()
            }
        },
        "Atanh": .one { call in
            try call.x().odd { try $0.mul(.int(2)).div($0.neg().add(.int(1))).log1p().div(.int(2)) }
        },
        "Det": .one { call in
            let x = try call.x()
            guard x.rank >= 2, x.shape[x.rank - 1] == x.shape[x.rank - 2], x.dtype.isFloating else {
                throw call.refusal("no square matrices: \(x.shape)")
            }
            let n = x.shape[x.rank - 1], numbers = try x.doubles()
            let values = (0..<(n > 0 ? x.count / (n * n) : 0)).map {
                determinant(Array(numbers[$0 * n * n..<($0 + 1) * n * n]), n)
            }
            let result = try Tensor(values, shape: Array(x.shape.dropLast(2))).to(x.dtype)
            return call.withoutGradient(result, for: 0)
        },
        "EyeLike": .one { call in
            let x = try call.x(), shift = call.int("k", 0)
            guard x.rank == 2 else { throw call.refusal("an input \(x.shape)") }
            let row = try Tensor.arange(.int(x.shape[0])).reshape([-1, 1])
            let isOne = try Tensor.arange(.int(x.shape[1])).reshape([1, -1]).sub(row).eq(.int(shift))
            guard let code = call.int("dtype") else { return try isOne.to(x.dtype) }
            guard let dtype = ONNXModel.element(code)?.dtype else { throw call.refusal("dtype=\(code) is not read") }
            return try isOne.to(dtype)
        },
        "CumProd": .one { call in
            let x = try call.x()
            guard let axis = try call.whole(1) else { throw call.refusal("no axis") }
            let dim = try call.dimension(axis, of: x.rank), n = x.shape[dim]
            let isReversed = call.flag("reverse"), isExclusive = call.flag("exclusive")
            var parts = try x.split(1, dim: dim)
            guard n > 0 else { return x }
            if isReversed { parts.reverse() }
            var product = isExclusive ? try parts[0].onesLike() : parts[0], products = [product]
            for index in 1..<max(n, 1) {
                product = try product.mul(parts[isExclusive ? index - 1 : index])
                products.append(product)
            }
            return try Tensor.cat(isReversed ? products.reversed() : products, dim: dim)
        },
    ]

    /// The determinant of n × n numbers, by elimination with the largest pivot.
    private static func determinant(_ given: [Double], _ n: Int) -> Double {
        var a = given, result = 1.0
        for column in 0..<n {
            let pivot = (column..<n).max { abs(a[$0 * n + column]) < abs(a[$1 * n + column]) } ?? column
            guard a[pivot * n + column] != 0 else { return 0 }
            if pivot != column {
                for index in 0..<n { a.swapAt(pivot * n + index, column * n + index) }
                result = -result
            }
            result *= a[column * n + column]
            for row in (column + 1)..<max(n, column + 1) {
                let factor = a[row * n + column] / a[column * n + column]
                for index in column..<n { a[row * n + index] -= factor * a[column * n + index] }
            }
        }
        return result
    }
}

extension Tensor {
    /// A function that no operation computes: its values by elements, and its derivative where gradients are wanted, as
    /// f(a) + f'(a) (x - a) at a = x.
    fileprivate func smooth(_ value: (Double) -> Double, _ slope: (Tensor) throws -> Tensor) throws -> Tensor {
        let values = try Tensor(doubles().map(value), shape: shape.array).to(dtype.isFloating ? dtype : .float32)
        guard requiresGradient, Gradients.isEnabled else { return values }
        // An infinity less itself is no number.
        let own = try maskedFill(isinf(), 0), fixed = try own.detach()
        return try values.add(own.sub(fixed).mul(slope(fixed)))
    }

    /// An odd function, f(-x) = -f(x), computed where x ≥ 0.
    fileprivate func odd(_ f: (Tensor) throws -> Tensor) throws -> Tensor {
        // Not sign(): at 0 the slope would be lost.
        let sign = try lt(.int(0)).to(dtype.isFloating ? dtype : .float32).mul(.int(-2)).add(.int(1))
        return try f(mul(sign)).mul(sign)
    }

    /// f(x) of a function that is log(2x) for large x, whose square is no number any more.
    fileprivate func withLogarithmicTail(_ f: (Tensor) throws -> Tensor) throws -> Tensor {
        let bound = try Tensor.full([], .float(0x1p27), dtype: dtype.isFloating ? dtype : .float32)
        return try f(minimum(bound)).add(maximum(bound).div(bound).log())
    }
}
