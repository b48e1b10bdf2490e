import Base
import Data
import Glibc
import Tensors

extension ONNXOperator {
    /// Fourier transforms, as products with matrices of sines and cosines.
    static let signals: [String: ONNXOperator] = [
        "DFT": .one { call in
            let x = try call.x(ranks: 2...Shape.maximumRank)
            let axis = call.opset >= 20 ? try call.whole(2) ?? -2 : call.int("axis", 1)
            let dim = try call.dimension(axis, of: x.rank)
            guard dim < x.rank - 1 else { throw call.refusal("axis \(axis) holds real and imaginary parts") }
            return try call.transformed(x, dim, try call.whole(1), call.flag("inverse"), call.flag("onesided"))
        },
        "STFT": .one { call in
            let x = try call.x(ranks: 3...3)
            guard let step = try call.whole(1), step > 0 else { throw call.refusal("no step") }
            let window = call.optional(2)
            guard let length = try call.whole(3) ?? window?.count, length > 0, length <= x.shape[1] else {
                throw call.refusal("no frame_length that fits \(x.shape)")
            }
            let frames = (x.shape[1] - length) / step + 1
            _ = try call.work([x.shape[0], frames, length, x.shape[2]], "the frames")
            let places = try Tensor((0..<frames).flatMap { frame in (0..<length).map { frame * step + $0 } })
            var parts = try x.indexSelect(dim: 1, index: places).reshape([x.shape[0], frames, length, x.shape[2]])
            if let window {
                guard window.rank == 1, window.count <= length else {
                    throw call.refusal("a window of \(window.count) elements")
                }
                let before = (length - window.count) / 2
                let padded = try window.pad([before, length - window.count - before])
                parts = try parts.mul(padded.reshape([length, 1]))
            }
            return try call.transformed(parts, 2, length, false, call.flag("onesided", true))
        },
    ]
}

extension ONNXCall {
    /// Σ x_n e^{∓2πi kn/N} along a dimension of a signal whose last dimension holds real and imaginary part.
    fileprivate func transformed(
        _ x: Tensor, _ dim: Int, _ length: Int?, _ inverse: Bool, _ onesided: Bool
    ) throws -> Tensor {
        let given = x.shape[dim], isReal = x.shape[x.rank - 1] == 1, givesReal = inverse && onesided
        let n = length ?? (givesReal ? 2 * (given - 1) : given)
        guard (1...1 << 14).contains(n), isReal || x.shape[x.rank - 1] == 2, !(givesReal && isReal) else {
            throw refusal("a transform of \(n) numbers of \(x.shape)")
        }
        let used = min(given, givesReal ? n / 2 + 1 : n), count = onesided && !inverse ? n / 2 + 1 : n
        guard used > 0 else { throw refusal("a transform of an empty signal \(x.shape)") }
        let sign = inverse ? 1.0 : -1.0, factor = inverse ? 1 / Double(n) : 1
        let angles = (0..<n).map { 2 * Double.pi * Double($0) / Double(n) }
        let cosines = try Tensor(angles.map { factor * cos($0) }),
            sines = try Tensor(angles.map { sign * factor * sin($0) })
        // Of a real signal only one half is there; the other is its mirror.
        let weights = try Tensor((0..<used).map { givesReal && $0 > 0 && 2 * $0 != n ? 2.0 : 1 })
        let signal = try x.narrow(dim: dim, start: 0, length: used)
        func part(_ index: Int) throws -> Tensor {
            try signal.select(dim: x.rank - 1, index: index).transpose(dim, x.rank - 2)
        }
        let real = try part(0), imaginary = try isReal ? nil : part(1)
        var res: [Tensor] = [], ims: [Tensor] = []
        // Some frequencies at a time: the matrix of all may be large.
        let step = max((1 << 20) / used, 1)
        for first in stride(from: 0, to: count, by: step) {
            try Interrupt.check()
            let rows = min(step, count - first)
            let turns = try Tensor.arange(.int(first), .int(first + rows), step: .int(1)).reshape([rows, 1])
                .mul(Tensor.arange(.int(used))).remainder(.int(n)).reshape([-1])
            func matrix(_ circle: Tensor) throws -> Tensor {
                try circle.indexSelect(dim: 0, index: turns).reshape([rows, used]).mul(weights).to(x.dtype)
            }
            let c = try matrix(cosines), s = try matrix(sines)
            var re = try real.linear(c), im = try real.linear(s)
            if let imaginary {
                re = try re.sub(imaginary.linear(s))
                im = try im.add(imaginary.linear(c))
            }
            res.append(re)
            ims.append(im)
        }
        var re = try Tensor.cat(res, dim: -1)
        let im = try Tensor.cat(ims, dim: -1)
        re = try re.transpose(dim, x.rank - 2)
        if givesReal { return try re.unsqueeze(dim: x.rank - 1) }
        return try Tensor.stack([re, im.transpose(dim, x.rank - 2)], dim: x.rank - 1)
    }
}
