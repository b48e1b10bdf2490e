/// Which parts of a plot area have data, on a coarse raster: what the legend must not hide.
struct Occupancy {
    private static let cell = 4.0
    private let area: Rect
    private let columns: Int
    private let rows: Int
    private var cells: [Bool]
    /// `sums[r * (columns + 1) + c]` counts the cells above and left of (r, c), so that a rectangle takes four look-ups.
    private var sums: [Int32] = []

    init(_ area: Rect) {
        self.area = area
        columns = max(1, Int((area.width / Self.cell).rounded(.up)))
        rows = max(1, Int((area.height / Self.cell).rounded(.up)))
        cells = [Bool](repeating: false, count: columns * rows)
    }

    private func column(_ x: Double) -> Int {
        Int(min(max((x - area.minX) / Self.cell, -1), Double(columns)).rounded(.down))
    }

    private func row(_ y: Double) -> Int {
        Int(min(max((y - area.minY) / Self.cell, -1), Double(rows)).rounded(.down))
    }

    mutating func add(_ point: Point) {
        guard point.isFinite else { return }
        let (c, r) = (column(point.x), row(point.y))
        if c >= 0, c < columns, r >= 0, r < rows { cells[r * columns + c] = true }
    }

    mutating func add(_ rect: Rect) {
        let (left, right) = (max(0, column(rect.minX)), min(columns - 1, column(rect.maxX)))
        let (top, bottom) = (max(0, row(rect.minY)), min(rows - 1, row(rect.maxY)))
        guard left <= right, top <= bottom else { return }
        for r in top...bottom {
            for c in left...right { cells[r * columns + c] = true }
        }
    }

    mutating func add(line points: [Point]) {
        var previous: Point?
        for point in points {
            guard point.isFinite else {
                previous = nil
                continue
            }
            if let previous {
                let longest = max(abs(point.x - previous.x), abs(point.y - previous.y))
                let steps = Int(min(longest / Self.cell * 1.5, 4000).rounded(.up))
                if steps > 1 {
                    for step in 1..<steps {
                        let t = Double(step) / Double(steps)
                        add(Point(previous.x + (point.x - previous.x) * t, previous.y + (point.y - previous.y) * t))
                    }
                }
            }
            add(point)
            previous = point
        }
    }

    /// Ends the adding; `cover` may be asked from now on.
    mutating func seal() {
        sums = [Int32](repeating: 0, count: (columns + 1) * (rows + 1))
        for r in 0..<rows {
            var run: Int32 = 0
            for c in 0..<columns {
                if cells[r * columns + c] { run += 1 }
                sums[(r + 1) * (columns + 1) + c + 1] = sums[r * (columns + 1) + c + 1] + run
            }
        }
    }

    /// The share of the rectangle's cells that have data.
    func cover(_ rect: Rect) -> Double {
        let left = min(max(0, column(rect.minX)), columns - 1)
        let right = min(max(0, column(rect.maxX)), columns - 1) + 1
        let top = min(max(0, row(rect.minY)), rows - 1)
        let bottom = min(max(0, row(rect.maxY)), rows - 1) + 1
        guard right > left, bottom > top else { return 0 }
        let stride = columns + 1
        let count =
            sums[bottom * stride + right] - sums[top * stride + right] - sums[bottom * stride + left]
            + sums[top * stride + left]
        return Double(count) / Double((right - left) * (bottom - top))
    }
}
