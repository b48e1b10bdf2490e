import CKernels

extension Kernels {
    /// A convolution whose operands are at hand: x with its channels innermost, weights as the user has them.
    final class Convolution {
        let geometry: ck_convolution
        let shape: Shape
        let x: Values
        let weight: Values
        let bias: Values?
        private let packed: PackedWeights?

        /// - Throws: `TensorError.outOfMemory` when the weights in the engine's form do not fit.
        init(_ geometry: ck_convolution, shape: Shape, x: Values, weight: Values, bias: Values?) throws {
            self.geometry = geometry
            self.shape = shape
            self.x = x
            self.weight = try weight.rowMajor()
            self.bias = bias
            packed = Plain.isOn ? nil : try Kernels.packed(geometry, CK_CONV_FORWARD, self.weight)
        }

        /// act((conv(x) + bias)·scale + shift + residual) in one pass.
        /// - Parameters:
        ///   - scale: One factor for each output channel.
        ///   - shift: One number for each output channel.
        ///   - residual: What is added, of the result's shape.
        ///   - relu: Whether negative numbers become 0 in the end.
        /// - Returns: The result, channels innermost.
        /// - Throws: `TensorError.outOfMemory`.
        func run(
            scale: [Double]? = nil, shift: [Double]? = nil, residual: Values? = nil, relu: Bool = false
        ) throws -> Values {
            let out = try Values(forImages: shape, x.dtype)
            var geometry = geometry
            if Plain.isOn {
                ckp_convolution_forward(
                    x.dtype.code, false, &geometry, x.imagePointer, weight.raw, try bias?.rowMajor().raw, out.raw)
                guard scale != nil || shift != nil || residual != nil || relu else { return out }
                let ones = [Double](repeating: 1, count: Int(geometry.co))
                return try Kernels.scaleColumns(
                    out, scale: scale ?? ones, shift: shift ?? ones.map { _ in 0 }, residual: residual, relu: relu)
            }
            let residual = try residual?.forImages()
            let channels = Int(geometry.co)
            var offsets: [Double]?
            if bias != nil || shift != nil {
                let own = bias.map { Kernels.widened($0) } ?? [Double](repeating: 0, count: channels)
                offsets = (0..<channels).map { own[$0] * (scale?[$0] ?? 1) + (shift?[$0] ?? 0) }
            }
            if let packed, packed.prepare(scale: scale) {
                let done = Kernels.withFloats(offsets) { bias in
                    var epilogue = ck_conv_epilogue(
                        bias: bias, residual: residual.map { UnsafePointer($0.floats) }, relu: relu)
                    return ck_conv_forward(&geometry, x.floats, packed.memory, &epilogue, out.floats)
                }
                if done { return out }
            }
            let dtype = x.dtype.code
            try Kernels.checkScratch(
                ck_conv_plain_forward(dtype, &geometry, x.imagePointer, weight.raw, nil, out.base))
            if scale == nil, offsets == nil, residual == nil, !relu { return out }
            let rows = geometry.n * geometry.oh * geometry.ow
            try Kernels.checkScratch(
                ck_scale_columns(
                    dtype, out.base, scale ?? [Double](repeating: 1, count: channels),
                    offsets ?? [Double](repeating: 0, count: channels), residual?.base, relu, out.base, rows,
                    geometry.co))
            return out
        }
    }

    /// Weights in the form that one pass of one convolution wants, kept with the weights until these are written.
    final class PackedWeights {
        fileprivate let key: Key
        private let block: Values
        private var version = -1
        private var scale: [Double]?
        /// Unretained, because the storage keeps this object.
        private unowned let storage: Storage

        fileprivate struct Key: Equatable {
            let offset: Int
            let pass: UInt32
            let geometry: [Int64]
        }

        fileprivate init(_ key: Key, _ storage: Storage, bytes: Int) throws {
            self.key = key
            self.storage = storage
            block = try Values(Shape(bytes), .uint8)
            geometry = ck_convolution()
        }

        fileprivate var geometry: ck_convolution
        var memory: UnsafeRawPointer { UnsafeRawPointer(block.base) }

        /// Brings the memory up to date, with every output channel times `scale`.
        func prepare(scale: [Double]?) -> Bool {
            if version == storage.version && self.scale == scale { return true }
            let weight = (storage.pointer + key.offset * DType.float32.itemSize).assumingMemoryBound(to: Float.self)
            let done = Kernels.withFloats(scale) { factors in
                ck_conv_pack(&geometry, ck_conv_pass(rawValue: key.pass), weight, factors, block.base)
            }
            version = done ? storage.version : -1
            self.scale = scale
            return done
        }
    }

    /// A few numbers of any float dtype as doubles.
    static func widened(_ x: Values) -> [Double] {
        (0..<x.count).map { position in
            x.dtype == .float32
                ? Double(x.raw.assumingMemoryBound(to: Float.self)[position])
                : x.raw.assumingMemoryBound(to: Double.self)[position]
        }
    }

    static func withFloats<Result>(_ numbers: [Double]?, _ body: (UnsafePointer<Float>?) -> Result) -> Result {
        guard let numbers else { return body(nil) }
        return numbers.map { Float($0) }.withUnsafeBufferPointer { body($0.baseAddress) }
    }

    /// The packed weights of a pass, or nil where it must take the plain path.
    fileprivate static func packed(_ geometry: ck_convolution, _ pass: ck_conv_pass, _ weight: Values) throws
        -> PackedWeights?
    {
        guard weight.dtype == .float32 else { return nil }
        var geometry = geometry
        let g = geometry
        let key = PackedWeights.Key(
            offset: weight.offset, pass: UInt32(pass.rawValue),
            geometry: [g.n, g.g, g.ci, g.co, g.ih, g.iw, g.oh, g.ow, g.kh, g.kw, g.sh, g.sw, g.ph, g.pw, g.dh, g.dw])
        if let known = weight.storage.packed.first(where: { $0.key == key }) { return known }
        let bytes = ck_conv_packed_bytes(&geometry, pass)
        guard bytes > 0 else { return nil }
        let fresh = try PackedWeights(key, weight.storage, bytes: bytes)
        fresh.geometry = geometry
        // A flat buffer holds many weights; a network fed with many image sizes must not keep a copy for each.
        let mine = weight.storage.packed.filter { $0.key.offset == weight.offset }
        if mine.count >= 8, let oldest = mine.first { weight.storage.packed.removeAll { $0 === oldest } }
        weight.storage.packed.append(fresh)
        return fresh
    }

    /// The gradient of a convolution's input, channels innermost.
    static func convolutionBackwardData(_ geometry: ck_convolution, _ g: Values, _ weight: Values, _ shape: Shape)
        throws
        -> Values
    {
        let out = try Values(forImages: shape, g.dtype)
        let g = try g.forImages(), weight = try weight.rowMajor()
        var geometry = geometry
        if Plain.isOn {
            ckp_convolution_backward_data(g.dtype.code, false, &geometry, g.imagePointer, weight.raw, out.raw)
            return out
        }
        if let packed = try packed(geometry, CK_CONV_BACKWARD_DATA, weight), packed.prepare(scale: nil),
            ck_conv_backward_data(&geometry, g.floats, packed.memory, out.floats)
        {
            return out
        }
        try checkScratch(
            ck_conv_plain_backward_data(g.dtype.code, &geometry, g.imagePointer, weight.raw, out.base))
        return out
    }

    /// The gradients of a convolution's weights and, if asked, bias.
    static func convolutionBackwardWeights(
        _ geometry: ck_convolution, _ x: Values, _ g: Values, _ weightShape: Shape, bias: Bool
    ) throws -> (weight: Values, bias: Values?) {
        let weight = try Values(weightShape, g.dtype)
        let sums = bias ? try Values(Shape(Int(geometry.co)), g.dtype) : nil
        let x = try x.forImages()
        let g = try g.forImages()
        var geometry = geometry
        if Plain.isOn {
            ckp_convolution_backward_weights(
                g.dtype.code, false, &geometry, x.imagePointer, g.imagePointer, weight.raw, sums?.raw)
            return (weight, sums)
        }
        if g.dtype == .float32,
            ck_conv_backward_weights(
                &geometry, x.floats, g.floats, weight.raw.assumingMemoryBound(to: Float.self),
                sums?.raw.assumingMemoryBound(to: Float.self))
        {
            return (weight, sums)
        }
        try checkScratch(
            ck_conv_plain_backward_weights(
                g.dtype.code, &geometry, x.imagePointer, g.imagePointer, weight.raw, sums?.raw))
        return (weight, sums)
    }
}

extension Values {
    /// The first element of float32 values whose channels are innermost, or whose order makes no difference.
    fileprivate var floats: UnsafeMutablePointer<Float> {
        imagePointer.assumingMemoryBound(to: Float.self)
    }
}
