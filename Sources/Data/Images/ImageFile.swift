import Base
import CJPEG
import CPNG
import Tensors

/// Pixels of a picture: bytes, a row after the other, the channels of a pixel beside each other.
public struct PixelImage: Sendable {
    /// The width in pixels.
    public let width: Int
    /// The height in pixels.
    public let height: Int
    /// 1 for grey, 3 for red, green and blue.
    public let channels: Int
    /// `height · width · channels` bytes.
    public let pixels: [UInt8]

    /// The most pixels of a picture that is decoded.
    static let mostPixels = 100_000_000

    /// Decodes a PNG or JPEG file, told by content. Alpha is dropped, CMYK becomes RGB, and a picture that the camera held
    /// sideways is turned upright.
    ///
    /// - Parameter channels: 1 for grey, 3 for colour; nil as the file has it.
    /// - Throws: ``DataError/byte(path:offset:problem:)`` for a damaged file, ``DataError/content(path:problem:help:)`` for
    ///   one of another format, a limit error for more than 100 million pixels.
    public init(reading path: String, channels: Int? = nil) throws {
        try self.init(decoding: FileBytes.read(path), path: path, channels: channels)
    }

    /// Decodes the bytes of a file; `path` is its name in messages.
    public init(decoding bytes: [UInt8], path: String, channels: Int? = nil) throws {
        if bytes.starts(with: [0xFF, 0xD8]) {
            self = try Self.jpeg(bytes, path).with(channels: channels)
        } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self = try Self.png(bytes, path, channels)
        } else {
            throw DataError.byte(path: path, offset: 0, problem: "expected a PNG or JPEG image")
        }
    }

    init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }

    private static func png(_ bytes: [UInt8], _ path: String, _ channels: Int?) throws -> PixelImage {
        let header = try ImageHeader(ByteSource(bytes, path: path))
        guard let reader = cpng_reader_create() else { throw FileError(.read, path, "out of memory", kind: .limit) }
        defer { cpng_reader_destroy(reader) }
        let planes = channels ?? header.channels
        guard cpng_reader_decode(reader, bytes, bytes.count, planes == 1 ? 1 : 4, UInt64(mostPixels)) == 1 else {
            throw DataError.byte(
                path: path, offset: cpng_reader_offset(reader), problem: String(cString: cpng_reader_message(reader)))
        }
        let count = header.width * header.height
        var pixels = [UInt8](repeating: 0, count: count * Int(cpng_reader_channels(reader)))
        cpng_reader_copy_pixels(reader, &pixels)
        if planes == 3 {
            for index in 0..<count {
                for channel in 0..<3 { pixels[3 * index + channel] = pixels[4 * index + channel] }
            }
            pixels.removeLast(count)
        }
        return PixelImage(width: header.width, height: header.height, channels: planes, pixels: pixels)
    }

    private static func jpeg(_ bytes: [UInt8], _ path: String) throws -> PixelImage {
        guard let image = cjpeg_decode(bytes, bytes.count, UInt64(mostPixels)) else {
            throw FileError(.read, path, "out of memory", kind: .limit)
        }
        defer { cjpeg_destroy(image) }
        let message = String(cString: cjpeg_message(image))
        guard message.isEmpty else {
            throw DataError.byte(path: path, offset: cjpeg_offset(image), problem: "the JPEG image: " + message)
        }
        let (width, height) = (Int(cjpeg_width(image)), Int(cjpeg_height(image)))
        let channels = Int(cjpeg_channels(image))
        var pixels = [UInt8](repeating: 0, count: width * height * channels)
        cjpeg_copy_pixels(image, &pixels)
        return PixelImage(width: width, height: height, channels: channels, pixels: pixels)
            .upright(Int(cjpeg_orientation(image)))
    }

    // MARK: Changes

    /// The picture as it was seen, by the orientation that the camera noted (Exif, tag 0x0112).
    func upright(_ orientation: Int) -> PixelImage {
        guard (2...8).contains(orientation) else { return self }
        let turns = orientation >= 5
        let (newWidth, newHeight) = turns ? (height, width) : (width, height)
        var result = [UInt8](repeating: 0, count: pixels.count)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let (sourceX, sourceY): (Int, Int) =
                    switch orientation {
                    case 2: (width - 1 - x, y)
                    case 3: (width - 1 - x, height - 1 - y)
                    case 4: (x, height - 1 - y)
                    case 5: (y, x)
                    case 6: (y, height - 1 - x)
                    case 7: (width - 1 - y, height - 1 - x)
                    default: (width - 1 - y, x)
                    }
                let from = (sourceY * width + sourceX) * channels, to = (y * newWidth + x) * channels
                for channel in 0..<channels { result[to + channel] = pixels[from + channel] }
            }
        }
        return PixelImage(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }

    /// Grey as ITU-R 601 weighs the colours (Pillow's `convert("L")`), or grey in three channels.
    func with(channels wanted: Int?) -> PixelImage {
        guard let wanted, wanted != channels else { return self }
        let count = width * height
        var result: [UInt8] = []
        result.reserveCapacity(count * wanted)
        for index in 0..<count {
            if wanted == 3 {
                for _ in 0..<3 { result.append(pixels[index]) }
            } else {
                let (r, g, b) = (Int(pixels[3 * index]), Int(pixels[3 * index + 1]), Int(pixels[3 * index + 2]))
                result.append(UInt8((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16))
            }
        }
        return PixelImage(width: width, height: height, channels: wanted, pixels: result)
    }

    /// Resampled to another size by Pillow's antialiased bilinear filter.
    ///
    /// - Throws: ``FileError`` when memory is short.
    public func resized(height newHeight: Int, width newWidth: Int) throws -> PixelImage {
        guard newHeight != height || newWidth != width else { return self }
        var result = [UInt8](repeating: 0, count: newHeight * newWidth * channels)
        guard cimage_resample(pixels, height, width, channels, &result, newHeight, newWidth) == 0 else {
            throw FileError(.read, "the image", "out of memory", kind: .limit)
        }
        return PixelImage(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }

    /// A window of the picture; what lies outside is black.
    func window(top: Int, left: Int, height newHeight: Int, width newWidth: Int) -> PixelImage {
        var result = [UInt8](repeating: 0, count: newHeight * newWidth * channels)
        let columns = (left..<left + newWidth).clamped(to: 0..<width)
        for y in (top..<top + newHeight).clamped(to: 0..<height) where !columns.isEmpty {
            let from = (y * width + columns.lowerBound) * channels
            let to = ((y - top) * newWidth + columns.lowerBound - left) * channels
            let count = columns.count * channels
            result.replaceSubrange(to..<to + count, with: pixels[from..<from + count])
        }
        return PixelImage(width: newWidth, height: newHeight, channels: channels, pixels: result)
    }

    /// Brought to one size: `crop` covers it and cuts off what hangs over (torchvision's `Resize` and `CenterCrop`),
    /// `pad` fits into it with black beside, `stretch` changes the proportions.
    public func fitted(_ fit: ImageFit, height newHeight: Int, width newWidth: Int) throws -> PixelImage {
        switch fit {
        case .stretch: return try resized(height: newHeight, width: newWidth)
        case .crop, .pad:
            // The side that decides is met exactly; the other is cut down to whole pixels.
            let byHeight = newHeight * width >= newWidth * height
            let takesHeight = fit == .crop ? byHeight : !byHeight
            let scaled =
                takesHeight
                ? (newHeight, max(1, width * newHeight / height)) : (max(1, height * newWidth / width), newWidth)
            let image = try resized(height: scaled.0, width: scaled.1)
            func start(_ size: Int, _ window: Int) -> Int {
                Int((Double(size - window) / 2).rounded(.toNearestOrEven))
            }
            return image.window(
                top: start(image.height, newHeight), left: start(image.width, newWidth), height: newHeight,
                width: newWidth)
        }
    }

    /// The channels as planes one after another.
    func copyPlanes(into target: UnsafeMutableRawBufferPointer, at offset: Int) {
        let count = width * height
        for channel in 0..<channels {
            for index in 0..<count { target[offset + channel * count + index] = pixels[index * channels + channel] }
        }
    }

    /// The picture as a tensor uint8 [C, H, W].
    public func tensor() throws -> Tensor {
        try Tensor(shape: [channels, height, width], dtype: .uint8) { copyPlanes(into: $0, at: 0) }
    }
}

/// How pictures of other proportions are brought to a size.
public enum ImageFit: String, CaseIterable, Sendable {
    /// Cut off what hangs over.
    case crop
    /// Change the proportions.
    case stretch
    /// Fill up with black.
    case pad
}

/// Size and kind of an image, from the first bytes of its file.
struct ImageHeader {
    let width: Int
    let height: Int
    let channels: Int
    let isJPEG: Bool

    init(_ source: ByteSource) throws {
        let path = source.path
        // The size of a JPEG image may stand behind its thumbnail.
        var bytes = try source.prefix(1 << 18)
        isJPEG = bytes.starts(with: [0xFF, 0xD8])
        if isJPEG {
            var header = cjpeg_header(bytes, bytes.count)
            if let early = header, cjpeg_message(early).pointee != 0, source.size > bytes.count {
                cjpeg_destroy(early)
                bytes = try source.bytes(at: 0, count: source.size)
                header = cjpeg_header(bytes, bytes.count)
            }
            guard let image = header else {
                throw FileError(.read, path, "out of memory", kind: .limit)
            }
            defer { cjpeg_destroy(image) }
            let message = String(cString: cjpeg_message(image))
            guard message.isEmpty else {
                throw DataError.byte(path: path, offset: cjpeg_offset(image), problem: "the JPEG image: " + message)
            }
            let turned = cjpeg_orientation(image) >= 5
            width = Int(turned ? cjpeg_height(image) : cjpeg_width(image))
            height = Int(turned ? cjpeg_width(image) : cjpeg_height(image))
            channels = Int(cjpeg_channels(image))
        } else {
            guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
                throw DataError.byte(path: path, offset: 0, problem: "expected the signature of a PNG or JPEG file")
            }
            guard bytes.count >= 33 else {
                throw DataError.byte(
                    path: path, offset: bytes.count, problem: "the file ends in the header of the image")
            }
            func number(_ start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
            width = number(16)
            height = number(20)
            // Grey with or without alpha.
            channels = bytes[25] == 0 || bytes[25] == 4 ? 1 : 3
        }
        guard width > 0, height > 0, width <= PixelImage.mostPixels / height else {
            throw DataError.byte(
                path: path, offset: isJPEG ? 0 : 16,
                problem:
                    "an image of \(width) × \(height) pixels; the limit is \(PixelImage.mostPixels / 1_000_000) million"
            )
        }
    }
}
