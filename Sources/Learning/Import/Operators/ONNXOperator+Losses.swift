import Data
import Tensors

extension ONNXOperator {
    /// Losses, and functions of rows.
    static let losses: [String: ONNXOperator] = [
        "NegativeLogLikelihoodLoss": .one { try $0.likelihoodLoss($0.x()) },
        "SoftmaxCrossEntropyLoss": ONNXOperator { call in
            let logarithms = try call.x().logSoftmax(dim: 1)
            return [try call.likelihoodLoss(logarithms), logarithms]
        },
        "Hardmax": .one { call in
            let x = try call.x(), isOld = call.opset < 13
            let axis = try call.dimension(call.int("axis", isOld ? 1 : -1), of: x.rank)
            // Before opset 13 the dimensions from the axis on are one.
            let rows = isOld ? try x.reshape([x.shape.prefix(axis).reduce(1, *), -1]) : x
            let dim = isOld ? 1 : axis
            let place = try rows.argmax(dim: dim, keepdim: true)
            return try rows.zerosLike().scatter(dim: dim, index: place, .scalar(.float(1))).reshape(x.shape.array)
        },
        "MeanVarianceNormalization": .one { call in
            let x = try call.x(), dims = call.ints("axes") ?? [0, 2, 3]
            let axes = try dims.map { try call.dimension($0, of: x.rank) }
            let centred = try x.sub(x.mean(dims: axes, keepdim: true))
            return try centred.div(centred.square().mean(dims: axes, keepdim: true).sqrt().add(.float(1e-9)))
        },
        "Shrink": .one { call in
            let x = try call.x(), bias = call.float("bias", 0), bound = call.float("lambd", 0.5)
            let low = try Tensor.where(
                x.lt(.float(-bound)), .tensor(x.add(.float(bias))), .tensor(x.zerosLike()))
            return try Tensor.where(x.gt(.float(bound)), .tensor(x.sub(.float(bias))), .tensor(low)).to(x.dtype)
        },
    ]
}

extension ONNXCall {
    /// -w_y x_y over [N, C, …], without the rows that are to be ignored.
    fileprivate func likelihoodLoss(_ x: Tensor) throws -> Tensor {
        let target = try self.x(1).to(.int64)
        guard x.rank == target.rank + 1, x.rank >= 2 else { throw refusal("targets \(target.shape) for \(x.shape)") }
        guard let reduction = Reduction(rawValue: text("reduction", "mean")), reduction != .batchmean else {
            throw refusal("reduction=\(text("reduction", "mean")) is not read")
        }
        // No label is the one that nothing stands for.
        let loss = try x.nllLoss(
            target, weight: optional(2)?.to(x.dtype), ignoreIndex: int("ignore_index") ?? .min, reduction: reduction)
        return withoutGradient(loss, for: 2)
    }
}
