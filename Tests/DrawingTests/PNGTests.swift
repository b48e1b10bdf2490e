import Drawing
import Glibc
import Testing

/// A file of the tests' `Fixtures` folder.
func fixture(_ name: String) throws -> [UInt8] {
    let path = String(#filePath.dropLast("PNGTests.swift".count)) + "Fixtures/" + name
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0, "cannot read \(path)")
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &part, part.count)
        try #require(count >= 0)
        if count == 0 { return bytes }
        bytes += part[..<count]
    }
}

@Suite struct PNGTests {
    /// The sample of the picture that `scripts/golden/png_kinds.py` writes.
    private func sample(_ x: Int, _ y: Int, _ channel: Int, bits: Int) -> Int {
        (x * 37 + y * 59 + channel * 101) % (1 << bits)
    }

    @Test(arguments: [
        ("grey1", 1), ("grey2", 2), ("grey4", 4), ("grey8", 8), ("grey16", 16), ("grey8-interlaced", 8),
    ])
    func `Grey of every depth is read`(_ name: String, _ bits: Int) throws {
        let image = try PNG.decode(fixture(name + ".png")).image
        #expect((image.width, image.height, image.channels) == (13, 9, 1))
        let largest = Double((1 << bits) - 1)
        for y in 0..<9 {
            for x in 0..<13 {
                let expected = UInt8((Double(sample(x, y, 0, bits: bits)) / largest * 255).rounded())
                #expect(image.pixels[y * 13 + x] == expected, "\(x), \(y)")
            }
        }
    }

    @Test(arguments: [
        ("rgb8", 8, 3), ("rgb16", 16, 3), ("rgba8", 8, 4), ("rgba16-interlaced", 16, 4), ("grey-alpha8", 8, 2),
    ])
    func `Colour and transparency are read`(_ name: String, _ bits: Int, _ channels: Int) throws {
        let image = try PNG.decode(fixture(name + ".png")).image
        #expect(image.channels == 4)
        let largest = Double((1 << bits) - 1)
        for y in 0..<9 {
            for x in 0..<13 {
                let read = Array(image.pixels[(y * 13 + x) * 4..<(y * 13 + x) * 4 + 4])
                let samples = (0..<channels).map {
                    UInt8((Double(sample(x, y, $0, bits: bits)) / largest * 255).rounded())
                }
                let expected =
                    channels == 2
                    ? [samples[0], samples[0], samples[0], samples[1]]
                    : samples + (channels == 3 ? [255] : [])
                #expect(read == expected, "\(x), \(y)")
            }
        }
    }

    @Test(arguments: [false, true])
    func `Palettes are read`(_ transparent: Bool) throws {
        let image = try PNG.decode(fixture(transparent ? "palette4-transparent.png" : "palette4.png")).image
        for y in 0..<9 {
            for x in 0..<13 {
                let index = sample(x, y, 0, bits: 4)
                let colour = [17, 5, 11].map { UInt8((index * $0) % 256) }
                let alpha = transparent && index < 8 ? UInt8(index * 16) : 255
                #expect(Array(image.pixels[(y * 13 + x) * 4..<(y * 13 + x) * 4 + 4]) == colour + [alpha])
            }
        }
    }

    @Test func `Colour is weighed to grey`() throws {
        let image = try RasterImage(
            width: 4, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 200, 100, 50])
        let grey = try PNG.decode(PNG.encode(image), channels: .grey).image
        // Pillow's convert("L") of the same four pixels.
        #expect(grey.pixels == [76, 150, 29, 124])
    }

    @Test(arguments: [1, 3, 4])
    func `Pictures survive the round trip`(_ channels: Int) throws {
        let pixels = (0..<31 * 17 * channels).map { UInt8(($0 * 7 + $0 / 13) & 255) }
        let image = try RasterImage(width: 31, height: 17, channels: channels, pixels: pixels)
        let wanted: PNG.Channels = channels == 1 ? .grey : .rgba
        let read = try PNG.decode(PNG.encode(image, dpi: 100), channels: wanted)
        #expect(read.pixelsPerMetre == 3937)
        if channels == 3 {
            #expect(read.image.pixels.enumerated().filter { $0.offset % 4 != 3 }.map(\.element) == pixels)
        } else {
            #expect(read.image.pixels == pixels)
        }
    }

    // MARK: Broken files

    @Test func `Cut files are errors`() throws {
        let whole = try fixture("rgba16-interlaced.png")
        // The end chunk carries nothing, but a file without it is not whole.
        for count in 0..<whole.count {
            #expect(throws: DrawingError.self) { try PNG.decode(Array(whole[..<count])) }
        }
    }

    @Test func `Damaged files are errors or pictures but no crash`() throws {
        var random = Noise(77)
        for name in ["grey16", "palette4-transparent", "rgba16-interlaced"] {
            let whole = try fixture(name + ".png")
            for _ in 0..<400 {
                var bytes = whole
                for _ in 0..<3 { bytes[Int(random.uniform() * Double(bytes.count))] = UInt8(random.uniform() * 255) }
                if let content = try? PNG.decode(bytes) {
                    #expect(
                        content.image.pixels.count == content.image.width * content.image.height
                            * content.image.channels)
                }
            }
        }
    }

    @Test func `Other files are named as such`() throws {
        for bytes in [[], Array("GIF89a…………".utf8), [0x89, 0x50], [UInt8](repeating: 0, count: 4000)] {
            let error = #expect(throws: DrawingError.self) { try PNG.decode(bytes) }
            #expect(error?.kind == .io)
            #expect(error?.message.contains("not a PNG") == true)
        }
    }

    @Test func `Huge pictures are refused before they are read`() throws {
        let error = #expect(throws: DrawingError.self) { try PNG.decode(fixture("rgb8.png"), maxPixels: 100) }
        #expect(error?.kind == .limit)
        #expect(error?.message.contains("13 × 9") == true)
        // A header that claims 60000 × 60000 pixels; its checksum is right.
        var bytes = try fixture("grey8.png")
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60])
        bytes.replaceSubrange(29..<33, with: checksum(bytes[12..<29]))
        #expect(throws: DrawingError.self) { try PNG.decode(bytes) }
    }

    private func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        crc = ~crc
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> UInt32($0)) }
    }

    // MARK: What figures write

    private func chunks(_ bytes: [UInt8]) -> [(kind: String, data: [UInt8])] {
        var result: [(String, [UInt8])] = []
        var offset = 8
        while offset + 8 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            let kind = String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self)
            result.append((kind, Array(bytes[offset + 8..<offset + 8 + length])))
            offset += length + 12
        }
        return result
    }

    @Test func `Figures say what they are`() throws {
        let figure = try Figure(Samples.bars(), FigureOptions(title: "Précision – T = 4", ylabel: "accuracy"))
        let metadata = PictureMetadata(scriptHash: "sha256:0123", seed: 42)
        let bytes = try figure.png(metadata: metadata)
        let kinds = chunks(bytes).map(\.kind)
        #expect(kinds.first == "IHDR" && kinds.last == "IEND")
        #expect(!kinds.contains("tIME"))
        let content = try PNG.decode(bytes)
        #expect(content.text("Title") == "Précision – T = 4")
        #expect(content.text("Software") == "distill")
        #expect(content.text("Script") == "sha256:0123")
        #expect(content.text("Seed") == "42")
        #expect(content.text("Description")?.contains("Bar chart") == true)
        #expect(content.pixelsPerMetre == 7559)
        #expect((content.image.width, content.image.height) == (1600, 1000))
        // ASCII goes into tEXt, anything else into iTXt as UTF-8.
        let texts = chunks(bytes).filter { $0.kind == "tEXt" }.map { $0.data.prefix { $0 != 0 } }
        #expect(texts.contains { $0.elementsEqual("Software".utf8) })
        let international = chunks(bytes).filter { $0.kind == "iTXt" }.map { $0.data.prefix { $0 != 0 } }
        #expect(international.contains { $0.elementsEqual("Title".utf8) })
    }

    @Test func `Keywords that PNG forbids are errors`() throws {
        var metadata = PictureMetadata()
        metadata.entries = [("", "x")]
        let figure = try Figure(CurveChart([]))
        #expect(throws: DrawingError.self) { try figure.png(metadata: metadata) }
    }

    @Test func `The same figure gives the same bytes`() throws {
        for (name, chart, options) in try Samples.ordinary() {
            let figure = try Figure(chart, options)
            for format in Figure.Format.allCases {
                #expect(try figure.encoded(format) == figure.encoded(format), "\(name) as \(format)")
            }
        }
    }

    @Test func `Resolution scales the picture`() throws {
        let options = FigureOptions(width: 301, height: 200, dpi: 120)
        let image = try PNG.decode(Figure(CurveChart([]), options).png()).image
        #expect((image.width, image.height) == (376, 250))
    }
}
