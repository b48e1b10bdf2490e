import CKernels

extension Kernels {
    static func uniform(_ shape: Shape, _ dtype: DType, _ stream: Randomness.Stream) throws -> Values {
        let out = try Values(shape, dtype)
        Trace.note(.draws)
        let position = ck_random_advance(stream.rawValue, ck_random_cost(dtype.code, Int64(out.count)))
        ck_random_uniform(dtype.code, ck_random_get().seed, stream.rawValue, position, out.raw, Int64(out.count))
        return out
    }

    static func normal(_ shape: Shape, _ dtype: DType, _ stream: Randomness.Stream) throws -> Values {
        let out = try Values(shape, dtype)
        Trace.note(.draws)
        let position = ck_random_advance(stream.rawValue, ck_random_cost(dtype.code, Int64(out.count)))
        ck_random_normal(dtype.code, ck_random_get().seed, stream.rawValue, position, out.raw, Int64(out.count))
        return out
    }

    static func integers(_ shape: Shape, low: Int, high: Int) throws -> Values {
        let out = try Values(shape, .int64)
        let stream = Randomness.Stream.sampling.rawValue
        Trace.note(.draws)
        let position = ck_random_advance(stream, UInt64((out.count + 1) / 2))
        ck_random_integers(
            ck_random_get().seed, stream, position, Int64(low), Int64(high),
            out.raw.assumingMemoryBound(to: Int64.self),
            Int64(out.count))
        return out
    }

    static func permutation(_ count: Int, seed: UInt64, stream: Randomness.Stream, position: UInt64) -> [Int] {
        [Int](unsafeUninitializedCapacity: count) { buffer, used in
            if let base = buffer.baseAddress {
                UnsafeMutableRawPointer(base).withMemoryRebound(to: Int64.self, capacity: count) { pointer in
                    ck_random_permutation(seed, stream.rawValue, position, pointer, Int64(count))
                }
            }
            used = count
        }
    }

    static func dropout(_ x: Values, p: Double) throws -> (out: Values, mask: Values) {
        // The draws belong to elements in row-major order.
        let x = try x.rowMajor()
        let out = try Values(x.shape, x.dtype)
        let mask = try Values(x.shape, .bool)
        let stream = Randomness.Stream.dropout.rawValue
        Trace.note(.draws)
        let position = ck_random_advance(stream, UInt64((x.count + 3) / 4))
        ck_dropout(
            x.dtype.code, ck_random_get().seed, stream, position, p, x.raw, out.raw,
            mask.raw.assumingMemoryBound(to: UInt8.self), Int64(x.count))
        return (out, mask)
    }
}
