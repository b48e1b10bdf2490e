extension Composition {
    /// Fills the cells of a table, writes their texts where all of them fit and frames the best one.
    ///
    /// - Parameters:
    ///   - details: a second, smaller line in each cell.
    ///   - best: row and column of the cell to frame.
    mutating func cells(
        _ values: [[Double]], texts: [[String]], details: [[String]]? = nil, best: (row: Int, column: Int)?,
        _ frame: Frame, colour: (Double) -> Colour
    ) {
        let rows = values.count
        let columns = values.first?.count ?? 0
        guard rows > 0, columns > 0 else { return }
        let plot = frame.plot
        let (width, height) = (plot.width / Double(columns), plot.height / Double(rows))
        func cell(_ row: Int, _ column: Int) -> Rect {
            Rect(
                x: plot.minX + Double(column) * width, y: plot.minY + Double(row) * height, width: width, height: height
            )
        }
        if rows * columns > 4000 {
            picture(values, rows, columns, plot, colour)
        } else {
            for (r, row) in values.enumerated() {
                for (c, value) in row.enumerated() {
                    // A hair larger than the cell, so that no seam shows between neighbours.
                    let rect = cell(r, c).inset(by: -0.25)
                    fill(.rectangle(rect), value.isFinite ? colour(value) : theme.grid)
                }
            }
        }
        if width >= 12, height >= 12 {
            let stroke = Stroke(colour: theme.background, width: 1, crisp: true)
            let uprights = (1..<max(columns, 2)).prefix(columns - 1).map { c -> (Point, Point) in
                let x = plot.minX + Double(c) * width
                return (Point(x, plot.minY), Point(x, plot.maxY))
            }
            let levels = (1..<max(rows, 2)).prefix(rows - 1).map { r -> (Point, Point) in
                let y = plot.minY + Double(r) * height
                return (Point(plot.minX, y), Point(plot.maxX, y))
            }
            if !uprights.isEmpty || !levels.isEmpty { self.stroke(.segments(uprights + levels), stroke) }
        }
        write(values, texts, details, best, frame, width, height, colour, cell)
        if let best {
            let rect = cell(best.row, best.column)
            stroke(.rectangle(rect.inset(by: 0.5), radius: 1), Stroke(colour: theme.background, width: 4.5))
            stroke(.rectangle(rect.inset(by: 0.5), radius: 1), Stroke(colour: theme.text, width: 2.5))
        }
    }

    private mutating func write(
        _ values: [[Double]], _ texts: [[String]], _ details: [[String]]?, _ best: (row: Int, column: Int)?,
        _ frame: Frame, _ width: Double, _ height: Double, _ colour: (Double) -> Colour, _ cell: (Int, Int) -> Rect
    ) {
        let sizes = [frame.fonts.value.size, frame.fonts.value.size * 0.9, frame.fonts.value.size * 0.8, 7.5]
        let all = texts.joined()
        let small = details?.joined().map { $0 } ?? []
        for size in sizes {
            // Bold is the widest form that a cell can have.
            let widest = all.map { measurer.width($0, Font(size: size, bold: true)) }.max() ?? 0
            guard widest + 6 <= width, size * 1.5 <= height else { continue }
            let detail = Font(size: size * 0.8)
            let room = small.map { measurer.width($0, detail) }.max() ?? 0
            let showsDetails = details != nil && room + 4 <= width && size * 2.7 <= height
            for (r, row) in texts.enumerated() {
                for (c, text) in row.enumerated() {
                    let rect = cell(r, c)
                    let value = values[r][c]
                    let ink = value.isFinite ? colour(value).inkOnTop : theme.mutedText
                    let isBest = best.map { $0.row == r && $0.column == c } ?? false
                    let second = showsDetails ? details?[r][c] ?? "" : ""
                    let y = second.isEmpty ? rect.midY : rect.midY - size * 0.5
                    self.text(
                        text, at: Point(rect.midX, y), Font(size: size, bold: isBest),
                        details != nil && text == "0" ? ink.opacity(0.4) : ink, .value,
                        horizontal: .middle, vertical: .middle)
                    if !second.isEmpty {
                        self.text(
                            second, at: Point(rect.midX, rect.midY + size * 0.7), detail, ink.opacity(0.8), .value,
                            horizontal: .middle, vertical: .middle)
                    }
                }
            }
            return
        }
    }

    /// The cells as pixels: thousands of rectangles would be slow to draw and large to store.
    private mutating func picture(
        _ values: [[Double]], _ rows: Int, _ columns: Int, _ plot: Rect, _ colour: (Double) -> Colour
    ) {
        // More cells than the plot has pixels are sampled.
        let (height, width) = (min(rows, 2048), min(columns, 2048))
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            let row = values[y * rows / height]
            for x in 0..<width {
                let value = row[x * columns / width]
                let shade = value.isFinite ? colour(value) : theme.grid
                pixels.append(UInt8((min(max(shade.red, 0), 1) * 255).rounded()))
                pixels.append(UInt8((min(max(shade.green, 0), 1) * 255).rounded()))
                pixels.append(UInt8((min(max(shade.blue, 0), 1) * 255).rounded()))
            }
        }
        if let image = try? RasterImage(width: width, height: height, channels: 3, pixels: pixels) {
            elements.append(.image(image, plot))
        }
    }
}
