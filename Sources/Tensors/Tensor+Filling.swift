extension Tensor {
    /// A tensor whose memory `body` fills with the elements as the machine holds them, row after row.
    ///
    /// - Throws: a limit error when memory is short, a shape error for sizes that no tensor has, what `body` throws.
    package convenience init(
        shape: [Int], dtype: DType, filling body: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
        let values = try Values(Shape(shape), dtype)
        try body(UnsafeMutableRawBufferPointer(start: values.raw, count: values.count * dtype.itemSize))
        self.init(values)
    }
}
