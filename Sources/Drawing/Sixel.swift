/// Pictures as DEC's sixel sequences, which xterm, foot, mlterm, WezTerm, Konsole and others show between lines of text.
///
/// A band of six rows is sent colour by colour; each character holds one column of six pixels. Source: DEC, *VT330/VT340
/// Programmer Reference Manual*, chapter 14.
public enum Sixel {
    /// The sequence that shows a picture, in at most 256 colours; more are gathered with their neighbours.
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
        // Colours that lie close together share a cell, as small as 256 cells allow, and take its mean.
        var step = 1
        var cells: [Int: (index: Int, count: Int, red: Int, green: Int, blue: Int)] = [:]
        repeat {
            cells = [:]
            for (color, count) in counts {
                var cell = cells[Self.cell(of: color, step)] ?? (0, 0, 0, 0, 0)
                cell.count += count
                cell.red += count * Int(color.red)
                cell.green += count * Int(color.green)
                cell.blue += count * Int(color.blue)
                cells[Self.cell(of: color, step)] = cell
            }
            step += 1
        } while cells.count > 256
        var palette: [Percent] = []
        for key in cells.keys.sorted() {
            guard var cell = cells[key] else { continue }
            cell.index = palette.count
            palette.append(
                Percent(
                    red: UInt8(cell.red / cell.count), green: UInt8(cell.green / cell.count),
                    blue: UInt8(cell.blue / cell.count)))
            cells[key] = cell
        }
        return (colors.map { UInt8(cells[Self.cell(of: $0, step - 1)]?.index ?? 0) }, palette)
    }

    private static func cell(of color: Percent, _ step: Int) -> Int {
        (Int(color.red) / step * 101 + Int(color.green) / step) * 101 + Int(color.blue) / step
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
