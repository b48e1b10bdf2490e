extension CurveChart {
    /// The curves in Braille dots, two by four in each character, with the ends of both axes.
    public func sketch(columns: Int, rows: Int, options: FigureOptions) -> String? {
        let weight = weight
        let curves = series.map { series -> (xs: [[Double]], ys: [[Double]]) in
            if series.ys.count >= 3 {
                let band = CurveBand(xs: series.xs, ys: series.ys, kind: band)
                return ([band.x], [band.mean])
            }
            let courses = courses(of: series, weight: weight)
            return (series.xs, courses.isEmpty ? series.ys : courses)
        }
        var x = Domain(
            { visit in for curve in curves { for list in curve.xs { for value in list { visit(value) } } } },
            logarithmic: options.logx, padding: 0)
        var y = Domain(
            { visit in for curve in curves { for list in curve.ys { for value in list { visit(value) } } } },
            logarithmic: options.logy, padding: 0)
        x.limit(options.xlim)
        y.limit(options.ylim)
        let heading = options.title.flatMap { $0.isEmpty ? nil : TextMeasurer.oneLine($0) }
        guard !x.isEmpty, !y.isEmpty else {
            return [heading, "no data"].compactMap { $0 }.joined(separator: "\n")
        }
        func number(_ value: Double) -> String { NumberText.significant(value, digits: 3) }
        let (top, bottom) = (number(y.upper), number(y.lower))
        let margin = max(top.count, bottom.count)
        let width = max(4, columns - margin - 2)
        let height = max(1, rows - (heading == nil ? 2 : 3))
        var dots = BrailleCanvas(columns: width, rows: height)
        for (index, curve) in curves.enumerated() {
            for (xs, ys) in zip(curve.xs, curve.ys) {
                let sx = Scale(
                    lower: x.lower, upper: x.upper, logarithmic: x.logarithmic, start: 0, end: Double(width * 2 - 1))
                let sy = Scale(
                    lower: y.lower, upper: y.upper, logarithmic: y.logarithmic, start: Double(height * 4 - 1), end: 0)
                let dashed = series[index].role != .training
                dots.draw(Simplification.polyline(xs, ys, sx, sy), dashed: dashed)
            }
        }
        var lines = heading.map { [String($0.prefix(columns))] } ?? []
        for (index, line) in dots.lines.enumerated() {
            let label = index == 0 ? top : index == height - 1 ? bottom : ""
            lines.append(String(repeating: " ", count: margin - label.count) + label + " │" + line)
        }
        lines.append(String(repeating: " ", count: margin + 1) + "└" + String(repeating: "─", count: width))
        let (left, right) = (number(x.lower), number(x.upper))
        let names = series.map(\.name).filter { !$0.isEmpty }.joined(separator: ", ")
        let room = width - left.count - right.count - 4
        let middle = room > 3 ? String(names.prefix(room)) : ""
        let before = max(1, (width - left.count - right.count - middle.count) / 2)
        let after = max(1, width - left.count - right.count - middle.count - before)
        lines.append(
            String(repeating: " ", count: margin + 2) + left + String(repeating: " ", count: before) + middle
                + String(repeating: " ", count: after) + right)
        return lines.joined(separator: "\n")
    }
}

/// A picture made of Braille characters.
private struct BrailleCanvas {
    let columns: Int
    let rows: Int
    private var cells: [UInt8]

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = [UInt8](repeating: 0, count: columns * rows)
    }

    var lines: [String] {
        (0..<rows).map { row in
            var line = String.UnicodeScalarView()
            for column in 0..<columns {
                // U+2800 is the empty Braille cell; each of the eight low bits raises one dot.
                line.append(Unicode.Scalar(0x2800 + UInt32(cells[row * columns + column])) ?? " ")
            }
            return String(line)
        }
    }

    private mutating func set(_ x: Double, _ y: Double) {
        let (column, row) = (x.rounded(), y.rounded())
        guard column >= 0, row >= 0, column < Double(columns * 2), row < Double(rows * 4) else { return }
        let (c, r) = (Int(column), Int(row))
        let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
        cells[(r / 4) * columns + c / 2] |= bits[r % 4][c % 2]
    }

    mutating func draw(_ points: [Point], dashed: Bool) {
        var previous: Point?
        var travelled = 0
        for point in points {
            guard point.isFinite else {
                previous = nil
                continue
            }
            let start = previous ?? point
            let length = max(abs(point.x - start.x), abs(point.y - start.y))
            let steps = max(1, Int(min(length, 4000).rounded(.up)))
            for step in 0...steps {
                let t = Double(step) / Double(steps)
                if !dashed || (travelled / 3) % 2 == 0 {
                    set(start.x + (point.x - start.x) * t, start.y + (point.y - start.y) * t)
                }
                travelled += step > 0 ? 1 : 0
            }
            previous = point
        }
    }
}
