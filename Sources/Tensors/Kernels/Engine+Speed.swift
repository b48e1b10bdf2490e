import CKernels

extension Engine {
    /// How fast something was.
    public struct Speed: Sendable {
        /// What was computed.
        public let name: String
        /// Multiplications and additions a second, in thousand millions, counted as the definition counts them.
        public let gigaflops: Double
        /// The share of what the processor can do, where that is known.
        public let share: Double?
    }

    /// The processor's measured peak, a product and a convolution of float32 with all threads; each takes some tens of
    /// milliseconds and is the best of several.
    ///
    /// - Throws: `TensorError.outOfMemory`, or `TensorError.interrupted`.
    public static func speeds() throws -> [Speed] {
        let peak = ck_measured_peak() / 1e9
        func speed(_ name: String, operations: Double, _ body: () throws -> Void) throws -> Speed {
            let clock = ContinuousClock()
            var best = Double.infinity
            for _ in 0..<5 {
                let (seconds, parts) = try clock.measure(body).components
                best = min(best, Double(seconds) + Double(parts) * 1e-18)
            }
            let gigaflops = operations / best / 1e9
            return Speed(name: name, gigaflops: gigaflops, share: peak > 0 ? gigaflops / peak : nil)
        }
        return try Gradients.disabled {
            let a = try Tensor.full([1024, 1024], .float(0.5)), b = try Tensor.full([1024, 1024], .float(0.25))
            let images = try Tensor.full([8, 64, 56, 56], .float(0.5))
            let filter = try Tensor.full([64, 64, 3, 3], .float(0.25))
            let product = try speed("product 1024 x 1024 x 1024", operations: 2 * 1024 * 1024 * 1024) {
                _ = try a.matmul(b)
            }
            let convolution = try speed(
                "convolution 3 x 3, 64 to 64 channels, 8 x 56 x 56", operations: 2 * 8 * 56 * 56 * 64 * 64 * 9
            ) { _ = try images.conv2d(filter, padding: 1) }
            return (peak > 0 ? [Speed(name: "peak of the processor", gigaflops: peak, share: nil)] : [])
                + [product, convolution]
        }
    }

    /// The widest vector instructions that the processor offers.
    public static var offeredSIMD: String { Level.processor.name }
}
