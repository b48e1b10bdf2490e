import Data
import Tensors

extension ONNXOperator {
    /// Numbers kept as small integers with a scale. The scales stay fixed; through the rounding goes no gradient.
    static let quantised: [String: ONNXOperator] = [
        "QuantizeLinear": .one { call in
            let element = call.element(2) ?? ONNXModel.element(call.int("output_dtype", 2))
            return try call.x().div(call.spread(1)).rounded(
                to: element, zero: call.optional(2) == nil ? nil : call.spread(2), call)
        },
        "DequantizeLinear": .one { call in
            var x = try call.x().to(.float32)
            if call.optional(2) != nil { x = try x.sub(call.spread(2).to(.float32)) }
            return try x.mul(call.spread(1))
        },
        "DynamicQuantizeLinear": ONNXOperator { call in
            let numbers = try call.x().to(.float32).floats()
            guard numbers.allSatisfy(\.isFinite) else {
                throw call.refusal("its input holds nan or infinities, which have no scale")
            }
            let low = min(numbers.min() ?? 0, 0), high = max(numbers.max() ?? 0, 0)
            let scale = high / 255 - low / 255, divisor = scale == 0 ? 1 : scale
            let zero = (-low / divisor).rounded(.toNearestOrEven)
            let values = numbers.map {
                UInt8(min(max(($0 / divisor).rounded(.toNearestOrEven) + zero, 0), 255))
            }
            return [
                try Tensor(values, shape: call.x().shape.array),
                call.withoutGradient(try Tensor([scale], shape: []), for: 0),
                try Tensor([UInt8(min(max(zero, 0), 255))], shape: []),
            ]
        },
        "MatMulInteger": .one { call in
            let a = try call.centred(0, zero: 2, dim: 0), b = try call.centred(1, zero: 3, dim: 1)
            return try a.matmul(b).to(.int64)
        },
        "QLinearMatMul": .one { call in
            let a = try call.centred(0, zero: 2, dim: 0), b = try call.centred(3, zero: 5, dim: 1)
            let y = try a.matmul(b)
            let scale = try call.along(1, of: a, dim: 0).mul(call.along(4, of: b, dim: 1))
                .div(call.along(6, of: y, dim: 0))
            return try y.mul(scale).rounded(to: call.element(7), zero: call.along(7, of: y, dim: 0), call)
        },
        "ConvInteger": .one { call in
            try call.convolution(call.centred(0, zero: 2, dim: nil), call.centred(1, zero: 3, dim: nil), bias: nil)
                .to(.int64)
        },
        "QLinearConv": .one { call in
            let x = try call.centred(0, zero: 2, dim: nil), weight = try call.centred(3, zero: 5, dim: nil)
            let y = try call.convolution(x, weight, bias: call.optional(8)?.to(.float64))
            var scale = try call.x(1).to(.float64).mul(call.x(4).to(.float64)).div(call.x(6).to(.float64))
            if scale.count > 1 { scale = try scale.reshape([-1] + [Int](repeating: 1, count: max(y.rank - 2, 0))) }
            return try y.mul(scale).rounded(to: call.element(7), zero: call.x(7), call)
        },
    ]
}

extension Tensor {
    /// The nearest whole numbers within what an element holds.
    fileprivate func rounded(to element: StoredElement?, zero: Tensor?, _ call: ONNXCall) throws -> Tensor {
        let bounds: (Double, Double)
        switch element {
        case .uint8: bounds = (0, 255)
        case .int8: bounds = (-128, 127)
        case .uint16: bounds = (0, 65535)
        case .int16: bounds = (-32768, 32767)
        default: throw call.refusal("results of 4 bits, floats or an unknown width are not read")
        }
        var whole = try round()
        if let zero { whole = try whole.add(zero.to(dtype)) }
        return try whole.clamp(min: .float(bounds.0), max: .float(bounds.1)).to(element == .uint8 ? .uint8 : .int64)
    }
}

extension ONNXCall {
    /// A scale or zero point for each element: one for all, one for each place of a dimension, or one for each block.
    fileprivate func spread(_ position: Int) throws -> Tensor {
        let x = try self.x(), given = try self.x(position)
        guard given.count > 1 else { return try given.reshape([]) }
        let axis = try dimension(int("axis", 1), of: x.rank), block = try size("block_size", 0)
        if block > 0 {
            guard given.rank == x.rank, given.shape[axis] * block >= x.shape[axis] else {
                throw refusal("block_size=\(block) for \(given.shape) of \(x.shape)")
            }
            let places = try Tensor((0..<x.shape[axis]).map { $0 / block })
            return try given.indexSelect(dim: axis, index: places)
        }
        guard given.rank == 1, given.shape[0] == x.shape[axis] else {
            throw refusal("\(given.shape) scales for \(x.shape)")
        }
        var shape = [Int](repeating: 1, count: x.rank)
        shape[axis] = given.shape[0]
        return try given.reshape(shape)
    }

    /// A scale or zero point of a matrix: one for all, one for each row (`dim` 0) or column (1), or one for each of those of many
    /// matrices.
    fileprivate func along(_ position: Int, of matrix: Tensor, dim: Int) throws -> Tensor {
        let given = try self.x(position).to(.float64)
        if given.count == 1 { return try given.reshape([]) }
        if given.rank != 1 { return given }
        guard matrix.rank >= 2, given.shape[0] == matrix.shape[matrix.rank - 2 + dim] else {
            throw refusal("input \(position) is \(given.shape) for a matrix \(matrix.shape)")
        }
        return dim == 0 ? try given.unsqueeze(dim: 1) : given
    }

    /// Integers less their zero point, exactly; `dim` is as in `along`, and nil for filters of a convolution.
    fileprivate func centred(_ position: Int, zero: Int, dim: Int?) throws -> Tensor {
        let x = try self.x(position).to(.float64)
        guard let given = optional(zero) else { return x }
        if let dim { return try x.sub(along(zero, of: x, dim: dim)) }
        if given.count == 1 { return try x.sub(given.to(.float64).reshape([])) }
        guard given.rank == 1, x.rank > 0, given.count == x.shape[0] else {
            throw refusal("input \(zero) is \(given.shape) for filters \(x.shape)")
        }
        return try x.sub(given.to(.float64).reshape([-1] + [Int](repeating: 1, count: x.rank - 1)))
    }
}
