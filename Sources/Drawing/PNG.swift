import CPNG

/// Portable Network Graphics, read and written in memory.
public enum PNG {
    /// A decoded file.
    public struct Content: Sendable {
        /// The pixels: grey or RGBA, 8 bits a sample.
        public let image: RasterImage
        /// The text chunks in file order.
        public let texts: [(keyword: String, text: String)]
        /// The resolution, when the file states one.
        public let pixelsPerMetre: Int?

        /// The first text chunk with this keyword.
        public func text(_ keyword: String) -> String? { texts.first { $0.keyword == keyword }?.text }
    }

    /// What the pixels are converted to.
    public enum Channels: Int32, Sendable {
        /// Grey for grey files without transparency, RGBA for all others.
        case asFile = 0
        /// One channel, weighted as ITU-R 601 does (and Pillow's `convert("L")`).
        case grey = 1
        /// Four channels.
        case rgba = 4
    }

    /// Decodes any PNG: grey, colour, palette, 1 to 16 bits, transparent, interlaced.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - channels: what to convert to.
    ///   - maxPixels: a larger picture is refused before memory is taken for it.
    /// - Throws: ``DrawingError`` of kind `io` when the file is broken, `limit` when it is larger than allowed.
    public static func decode(
        _ bytes: [UInt8], channels: Channels = .asFile, maxPixels: Int = 100_000_000
    ) throws -> Content {
        guard let reader = cpng_reader_create() else { throw DrawingError(.limit, "png: out of memory") }
        defer { cpng_reader_destroy(reader) }
        let limit = UInt64(max(0, maxPixels))
        guard cpng_reader_decode(reader, bytes, bytes.count, channels.rawValue, limit) == 1 else {
            let message = String(cString: cpng_reader_message(reader))
            let pixels = UInt64(cpng_reader_width(reader)) * UInt64(cpng_reader_height(reader))
            if pixels > limit || message == "out of memory" {
                throw DrawingError(
                    .limit,
                    "png: \(cpng_reader_width(reader)) × \(cpng_reader_height(reader)) pixels: \(message)")
            }
            throw DrawingError(.io, "png: \(message)")
        }
        let (width, height) = (Int(cpng_reader_width(reader)), Int(cpng_reader_height(reader)))
        let count = Int(cpng_reader_channels(reader))
        var pixels = [UInt8](repeating: 0, count: width * height * count)
        cpng_reader_copy_pixels(reader, &pixels)
        let texts = (0..<cpng_reader_text_count(reader)).map { index in
            (
                keyword: String(cString: cpng_reader_text_keyword(reader, index)),
                text: String(cString: cpng_reader_text(reader, index))
            )
        }
        let resolution = Int(cpng_reader_pixels_per_metre(reader))
        return Content(
            image: try RasterImage(width: width, height: height, channels: count, pixels: pixels), texts: texts,
            pixelsPerMetre: resolution > 0 ? resolution : nil)
    }

    /// Encodes a picture; the same picture gives the same bytes.
    ///
    /// - Throws: ``DrawingError`` of kind `value` for a keyword that PNG does not allow.
    public static func encode(
        _ image: RasterImage, metadata: PictureMetadata = PictureMetadata(), dpi: Double? = nil
    ) throws -> [UInt8] {
        let layout = image.channels == 1 ? CPNG_GREY : image.channels == 3 ? CPNG_RGB : CPNG_RGBA
        let resolution = dpi.map { UInt32(min(max($0 / 0.0254, 0), 1e9).rounded()) } ?? 0
        return try encode(metadata) { writer in
            cpng_writer_write(
                writer, image.pixels, UInt32(image.width), UInt32(image.height), image.width * image.channels,
                layout, resolution)
        }
    }

    /// Sets up a writer with its text chunks, lets `write` hand it the pixels and returns the file.
    static func encode(_ metadata: PictureMetadata, write: (OpaquePointer) -> Int32) throws -> [UInt8] {
        guard let writer = cpng_writer_create() else { throw DrawingError(.limit, "png: out of memory") }
        defer { cpng_writer_destroy(writer) }
        for (keyword, text) in metadata.texts {
            guard (1...79).contains(keyword.utf8.count), keyword.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) else {
                throw DrawingError(.value, "png: keyword “\(keyword)” must have 1 to 79 printable ASCII characters")
            }
            guard cpng_writer_add_text(writer, keyword, text) == 1 else {
                throw DrawingError(.limit, "png: out of memory")
            }
        }
        guard write(writer) == 1 else {
            throw DrawingError(.limit, "png: \(String(cString: cpng_writer_message(writer)))")
        }
        let output = cpng_writer_output(writer)
        var bytes = [UInt8](repeating: 0, count: cpng_buffer_count(output))
        cpng_buffer_copy(output, &bytes)
        return bytes
    }
}
