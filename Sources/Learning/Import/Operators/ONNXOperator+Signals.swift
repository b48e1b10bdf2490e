import Data
import Glibc
import Tensors

extension ONNXOperator {
    /// Fourier transforms, as products with matrices of sines and cosines.
    static let signals: [String: ONNXOperator] = [
        "DFT": .one { call in
            let x = try call.x()
            let axis = call.opset >= 20 ? try call.whole(2) ?? -2 : call.int("axis", 1)
            let dim = try call.dimension(axis, of: x.rank)
            guard dim < x.rank - 1 else { throw call.refusal("axis \(axis) holds real and imaginary parts") }
            return try call.transformed(x, dim, try call.whole(1), call.flag("inverse"), call.flag("onesided"))
        },
        "STFT": .one { call in
            let x = try call.x()
            guard let step = try call.whole(1), step > 0, x.rank == 3 else { throw call.refusal("a signal \(x.shape)") }
            let window = call.optional(2)
            guard let length = try call.whole(3) ?? window?.count, (1...x.shape[1]).contains(length) else {
                throw call.refusal("no frame_length that fits \(x.shape)")
            }
            let frames = (x.shape[1] - length) / step + 1
            let places = try Tensor((0..<frames).flatMap { frame in (0..<length).map { frame * step + $0 } })
            var parts = try x.indexSelect(dim: 1, index: places).reshape([x.shape[0], frames, length, x.shape[2]])
            if let window {
                guard window.count <= length else { throw call.refusal("a window of \(window.count) elements") }
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
        let sign = inverse ? 1.0 : -1.0
        var cosines: [Double] = [], sines: [Double] = []
        for k in 0..<count {
            for index in 0..<used {
                let angle = 2 * Double.pi * Double(k * index % n) / Double(n)
                // Of a real signal only one half is there; the other is its mirror.
                let isMirrored = givesReal && index > 0 && 2 * index != n
                let factor = (inverse ? 1 / Double(n) : 1) * (isMirrored ? 2 : 1)
                cosines.append(factor * cos(angle))
                sines.append(sign * factor * sin(angle))
            }
        }
        let c = try Tensor(cosines, shape: [count, used]).to(x.dtype)
        let s = try Tensor(sines, shape: [count, used]).to(x.dtype)
        let signal = try x.narrow(dim: dim, start: 0, length: used)
        func part(_ index: Int) throws -> Tensor {
            try signal.select(dim: x.rank - 1, index: index).transpose(dim, x.rank - 2)
        }
        let real = try part(0)
        var re = try real.linear(c), im = try real.linear(s)
        if !isReal {
            let imaginary = try part(1)
            re = try re.sub(imaginary.linear(s))
            im = try im.add(imaginary.linear(c))
        }
        re = try re.transpose(dim, x.rank - 2)
        if givesReal { return try re.unsqueeze(dim: x.rank - 1) }
        return try Tensor.stack([re, im.transpose(dim, x.rank - 2)], dim: x.rank - 1)
    }
}
