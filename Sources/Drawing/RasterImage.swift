/// A picture made of 8-bit samples: grey (1 channel), RGB (3) or RGB with straight alpha (4), row by row.
public struct RasterImage: Sendable, Equatable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Samples in a pixel: 1, 3 or 4.
    public let channels: Int
    /// `height · width · channels` samples.
    public let pixels: [UInt8]

    /// A picture from its samples.
    ///
    /// - Throws: ``DrawingError`` of kind `shape` when the number of samples is not `height · width · channels`.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws {
        guard [1, 3, 4].contains(channels) else {
            throw DrawingError(.shape, "image: \(channels) channels; a picture has 1 (grey), 3 (RGB) or 4 (RGBA)")
        }
        guard width > 0, height > 0, width <= 32_767, height <= 32_767 else {
            throw DrawingError(.shape, "image: \(width) × \(height) pixels; each side has 1 to 32767")
        }
        guard pixels.count == width * height * channels else {
            throw DrawingError(
                .shape,
                "image: \(width) × \(height) × \(channels) is \(width * height * channels) samples, got \(pixels.count)"
            )
        }
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// A picture from numbers, `range` being mapped to black … white; values outside are cut, NaN is black.
    ///
    /// - Parameters:
    ///   - values: samples in the order channel, row, column (as `[C, H, W]` tensors hold them).
    ///   - range: the values of black and white; the finite extremes of `values` when `nil`.
    /// - Throws: ``DrawingError`` of kind `shape` when the number of samples does not fit.
    public init(
        width: Int, height: Int, channels: Int, values: [Float], range: ClosedRange<Float>? = 0...1
    ) throws {
        guard width > 0, height > 0, width <= 32_767, height <= 32_767, channels == 1 || channels == 3,
            values.count == width * height * channels
        else {
            throw DrawingError(
                .shape, "image: \(values.count) values do not make \(channels) × \(height) × \(width)",
                help: "a picture is [H, W], [1, H, W] or [3, H, W]")
        }
        let finite = values.lazy.filter(\.isFinite)
        let low = range?.lowerBound ?? finite.min() ?? 0
        let high = range?.upperBound ?? finite.max() ?? 1
        let factor = high > low ? 255 / (high - low) : 0
        var pixels = [UInt8](repeating: 0, count: values.count)
        let plane = width * height
        for channel in 0..<channels {
            for index in 0..<plane {
                let value = (values[channel * plane + index] - low) * factor
                let sample = value.isNaN ? 0 : min(max(value, 0), 255).rounded()
                pixels[index * channels + channel] = UInt8(sample)
            }
        }
        try self.init(width: width, height: height, channels: channels, pixels: pixels)
    }
}
