/// Pictures as DEC's sixel sequences, which xterm, foot, mlterm, WezTerm, Konsole and others show between lines of text.
///
/// A band of six rows is sent colour by colour; each character holds one column of six pixels. Source: DEC, *VT330/VT340
/// Programmer Reference Manual*, chapter 14.
public enum Sixel {
    /// The sequence that shows a picture, at most 256 colours: those that cover most pixels, the others by their nearest.
    ///
    /// - Parameter image: the picture; transparent pixels are laid over white.
    public static func encode(_ image: RasterImage) -> String {
        let (indices, palette) = indexed(image)
        let (width, height) = (image.width, image.height)
        var text = "\u{1B}P0;1;0q\"1;1;\(width);\(height)"
        for (index, color) in palette.enumerated() {
            text += "#\(index);2;\(color.red);\(color.green);\(color.blue)"
        }
        var masks = [UInt8](repeating: 0, count: palette.count * width)
        for top in stride(from: 0, to: height, by: 6) {
            var isUsed = [Bool](repeating: false, count: palette.count)
            for row in top..<min(top + 6, height) {
                let bit = UInt8(1) << UInt8(row - top)
                for column in 0..<width {
                    let color = Int(indices[row * width + column])
                    isUsed[color] = true
                    masks[color * width + column] |= bit
                }
            }
            var isFirst = true
            for color in palette.indices where isUsed[color] {
                text += isFirst ? "#\(color)" : "$#\(color)"
                isFirst = false
                append(masks[(color * width)..<((color + 1) * width)], to: &text)
                for column in 0..<width { masks[color * width + column] = 0 }
            }
            text += "-"
        }
        return text + "\u{1B}\\"
    }

    /// A colour in percent, the unit of the format.
    private struct Percent: Hashable {
        let red: UInt8, green: UInt8, blue: UInt8

        func distance(to other: Percent) -> Int {
            let r = Int(red) - Int(other.red), g = Int(green) - Int(other.green), b = Int(blue) - Int(other.blue)
            return 2 * r * r + 4 * g * g + 3 * b * b
        }
    }

    /// Runs of four and more are written as their count.
    private static func append(_ masks: ArraySlice<UInt8>, to text: inout String) {
        // What follows the last pixel of this colour need not be sent.
        let end = masks.lastIndex { $0 != 0 }.map { $0 + 1 } ?? masks.startIndex
        var index = masks.startIndex
        while index < end {
            var next = index + 1
            while next < end, masks[next] == masks[index] { next += 1 }
            let character = Character(UnicodeScalar(63 + masks[index]))
            if next - index > 3 {
                text += "!\(next - index)\(character)"
            } else {
                text += String(repeating: character, count: next - index)
            }
            index = next
        }
    }

    private static func indexed(_ image: RasterImage) -> (indices: [UInt8], palette: [Percent]) {
        let colors = percents(of: image)
        var counts: [Percent: Int] = [:]
        for color in colors { counts[color, default: 0] += 1 }
        let ranked = counts.sorted {
            $0.value != $1.value ? $0.value > $1.value : order($0.key) < order($1.key)
        }
        let palette = ranked.prefix(256).map(\.key)
        var index: [Percent: UInt8] = [:]
        for (number, color) in palette.enumerated() { index[color] = UInt8(number) }
        for (color, _) in ranked.dropFirst(256) {
            let nearest = palette.indices.min { palette[$0].distance(to: color) < palette[$1].distance(to: color) }
            index[color] = UInt8(nearest ?? 0)
        }
        return (colors.map { index[$0] ?? 0 }, palette)
    }

    private static func order(_ color: Percent) -> Int {
        (Int(color.red) * 101 + Int(color.green)) * 101 + Int(color.blue)
    }

    private static func percents(of image: RasterImage) -> [Percent] {
        let channels = image.channels
        return (0..<(image.width * image.height)).map { pixel in
            let start = pixel * channels
            let alpha = channels == 4 ? Int(image.pixels[start + 3]) : 255
            func percent(_ channel: Int) -> UInt8 {
                let sample = Int(image.pixels[start + (channels == 1 ? 0 : channel)])
                let laid = (sample * alpha + 255 * (255 - alpha)) / 255
                return UInt8((laid * 100 + 127) / 255)
            }
            return Percent(red: percent(0), green: percent(1), blue: percent(2))
        }
    }
}

extension RasterImage {
    /// The picture with at most `width` pixels in a row, each the mean of those it stands for; never enlarged.
    ///
    /// - Throws: nothing that a valid picture can cause.
    public func scaled(toWidth target: Int) throws -> RasterImage {
        guard target > 0, target < width else { return self }
        let rows = max(1, (height * target + width / 2) / width)
        var result = [UInt8](repeating: 0, count: target * rows * channels)
        for y in 0..<rows {
            let (top, bottom) = (y * height / rows, max(y * height / rows + 1, (y + 1) * height / rows))
            for x in 0..<target {
                let (left, right) = (x * width / target, max(x * width / target + 1, (x + 1) * width / target))
                for channel in 0..<channels {
                    var sum = 0
                    for row in top..<bottom {
                        for column in left..<right { sum += Int(pixels[(row * width + column) * channels + channel]) }
                    }
                    let count = (bottom - top) * (right - left)
                    result[(y * target + x) * channels + channel] = UInt8((sum + count / 2) / count)
                }
            }
        }
        return try RasterImage(width: target, height: rows, channels: channels, pixels: result)
    }
}
