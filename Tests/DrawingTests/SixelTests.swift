import Drawing
import Testing

@Suite struct SixelTests {
    /// Reads a sequence back: percents of red, green and blue for every pixel that was set.
    private func decode(_ text: String) throws -> (width: Int, height: Int, pixels: [Int: [Int]]) {
        var body = Array(text.utf8)
        #expect(text.hasPrefix("\u{1B}P0;1;0q\"1;1;") && text.hasSuffix("\u{1B}\\"))
        body.removeLast(2)
        var index = "\u{1B}P0;1;0q\"".utf8.count
        func numbers() -> [Int] {
            var result = [0]
            while index < body.count, body[index] == 0x3B || (0x30...0x39).contains(body[index]) {
                if body[index] == 0x3B {
                    result.append(0)
                } else {
                    result[result.count - 1] = result[result.count - 1] * 10 + Int(body[index] - 0x30)
                }
                index += 1
            }
            return result
        }
        let size = numbers()
        let width = size[2], height = size[3]
        var palette: [Int: [Int]] = [:]
        var pixels: [Int: [Int]] = [:]
        var color = 0, column = 0, top = 0, count = 1
        while index < body.count {
            let byte = body[index]
            index += 1
            switch byte {
            case UInt8(ascii: "#"):
                let values = numbers()
                color = values[0]
                if values.count == 5 { palette[color] = Array(values[2...]) }
            case UInt8(ascii: "!"): count = numbers()[0]
            case UInt8(ascii: "$"): column = 0
            case UInt8(ascii: "-"):
                column = 0
                top += 6
            default:
                for _ in 0..<count {
                    for bit in 0..<6 where (byte - 63) >> UInt8(bit) & 1 == 1 {
                        #expect(pixels.updateValue(palette[color] ?? [], forKey: (top + bit) * width + column) == nil)
                    }
                    column += 1
                }
                count = 1
            }
        }
        return (width, height, pixels)
    }

    @Test func `Every pixel comes back in its colour`() throws {
        // 7 rows: a full band and a part of one; runs, single pixels, transparency.
        var samples: [UInt8] = []
        for row in 0..<7 {
            for column in 0..<9 {
                let colors: [[UInt8]] = [[255, 0, 0, 255], [0, 255, 0, 255], [51, 102, 204, 255], [0, 0, 0, 0]]
                samples += colors[column < 5 ? 0 : (row + column) % 4]
            }
        }
        let image = try RasterImage(width: 9, height: 7, channels: 4, pixels: samples)
        let found = try decode(Sixel.encode(image))
        #expect(found.width == 9 && found.height == 7)
        #expect(found.pixels.count == 63)
        for row in 0..<7 {
            for column in 0..<9 {
                let expected = [[100, 0, 0], [0, 100, 0], [20, 40, 80], [100, 100, 100]]
                #expect(found.pixels[row * 9 + column] == expected[column < 5 ? 0 : (row + column) % 4])
            }
        }
    }

    @Test func `More colours than the format has go to the nearest`() throws {
        var samples: [UInt8] = []
        for row in 0..<40 {
            for column in 0..<40 { samples += [UInt8(row * 6), UInt8(column * 6), UInt8((row + column) * 3)] }
        }
        let image = try RasterImage(width: 40, height: 40, channels: 3, pixels: samples)
        let found = try decode(Sixel.encode(image))
        #expect(found.pixels.count == 1600)
        #expect(Set(found.pixels.values).count <= 256)
        var error = 0
        for (pixel, color) in found.pixels {
            for channel in 0..<3 { error += abs(color[channel] * 255 / 100 - Int(samples[pixel * 3 + channel])) }
        }
        #expect(error / (1600 * 3) < 12)
    }

    @Test func `A figure shrinks to the mean of its pixels`() throws {
        let image = try RasterImage(width: 4, height: 2, channels: 1, pixels: [0, 100, 200, 200, 100, 200, 0, 0])
        let small = try image.scaled(toWidth: 2)
        #expect(small.width == 2 && small.height == 1)
        #expect(small.pixels == [100, 100])
        #expect(try image.scaled(toWidth: 10) == image)
    }

    @Test func `A whole figure becomes a sequence`() throws {
        let png = try Figure(Samples.bars(), FigureOptions(width: 320, height: 200)).png()
        let image = try PNG.decode(png).image.scaled(toWidth: 160)
        let found = try decode(Sixel.encode(image))
        #expect(found.pixels.count == image.width * image.height)
    }
}
