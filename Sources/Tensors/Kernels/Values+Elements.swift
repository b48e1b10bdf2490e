import CKernels

extension Values {
    init(_ list: [Float], _ shape: Shape) throws {
        try self.init(shape, .float32)
        list.withUnsafeBytes { copy($0) }
    }

    init(_ list: [Double], _ shape: Shape) throws {
        try self.init(shape, .float64)
        list.withUnsafeBytes { copy($0) }
    }

    init(_ list: [Int], _ shape: Shape) throws {
        try self.init(shape, .int64)
        list.withUnsafeBytes { copy($0) }
    }

    init(_ list: [UInt8], _ shape: Shape) throws {
        try self.init(shape, .uint8)
        list.withUnsafeBytes { copy($0) }
    }

    init(_ list: [Bool], _ shape: Shape) throws {
        try self.init(shape, .bool)
        list.withUnsafeBytes { copy($0) }
    }

    /// Contents from bytes in the machine's order.
    init(bytes: UnsafeRawBufferPointer, _ shape: Shape, _ dtype: DType) throws {
        try self.init(shape, dtype)
        copy(bytes)
    }

    private func copy(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == count * dtype.itemSize)
        if let base = bytes.baseAddress { raw.copyMemory(from: base, byteCount: bytes.count) }
    }

    /// The elements of values of that dtype.
    func array<Element: BitwiseCopyable>(of type: Element.Type) -> [Element] {
        precondition(MemoryLayout<Element>.size == dtype.itemSize)
        return [Element](unsafeUninitializedCapacity: count) { buffer, used in
            if let target = buffer.baseAddress { copyRowMajor(to: UnsafeMutableRawPointer(target)) }
            used = count
        }
    }

    /// One element, counted in row-major order.
    func scalar(at index: Int) -> Scalar {
        precondition(index >= 0 && index < count)
        let index = isChannelsLast ? channels.place(of: index) : index
        switch dtype {
        case .float32: return .float(Double(base.assumingMemoryBound(to: Float.self)[index]))
        case .float64: return .float(base.assumingMemoryBound(to: Double.self)[index])
        case .int64: return .int(base.assumingMemoryBound(to: Int.self)[index])
        case .uint8: return .int(Int(base.assumingMemoryBound(to: UInt8.self)[index]))
        case .bool: return .bool(base.assumingMemoryBound(to: UInt8.self)[index] != 0)
        }
    }

    /// Calls `body` with the bytes in row-major order.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        if isChannelsLast {
            let bytes = [UInt8](unsafeUninitializedCapacity: count * dtype.itemSize) { buffer, used in
                if let target = buffer.baseAddress { copyRowMajor(to: UnsafeMutableRawPointer(target)) }
                used = count * dtype.itemSize
            }
            return try bytes.withUnsafeBytes(body)
        }
        return try withExtendedLifetime(storage) {
            try body(UnsafeRawBufferPointer(start: base, count: count * dtype.itemSize))
        }
    }

    private func copyRowMajor(to target: UnsafeMutableRawPointer) {
        guard isChannelsLast else { return target.copyMemory(from: base, byteCount: count * dtype.itemSize) }
        let sizes = channels
        ck_channels_first(dtype.itemSize, base, target, Int64(sizes.n), Int64(sizes.c), Int64(sizes.spatial))
    }
}
