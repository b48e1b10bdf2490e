/// Pictures side by side with a caption under each.
public struct ImageGridChart: Chart {
    /// Whether a picture was recognised, shown by the colour of its caption and a sign.
    public enum Mark: Sendable, Equatable {
        /// Nothing to tell.
        case none
        /// Recognised.
        case right
        /// Taken for something else.
        case wrong
    }

    /// The pictures, row by row.
    public let images: [RasterImage]
    /// One caption a picture, or none at all.
    public let captions: [String]
    /// One mark a picture, or none at all.
    public let marks: [Mark]
    /// Pictures in a row; chosen for a pleasant shape when `nil`.
    public let columns: Int?

    /// A grid of pictures.
    ///
    /// - Throws: ``DrawingError`` of kind `shape` when captions or marks do not fit the pictures, of kind `value` for
    ///   less than one column.
    public init(_ images: [RasterImage], captions: [String] = [], marks: [Mark] = [], columns: Int? = nil) throws {
        guard captions.isEmpty || captions.count == images.count else {
            throw DrawingError(.shape, "plot_images: \(images.count) images and \(captions.count) captions")
        }
        guard marks.isEmpty || marks.count == images.count else {
            throw DrawingError(.shape, "plot_images: \(images.count) images and \(marks.count) marks")
        }
        if let columns, !(1...1000).contains(columns) {
            throw DrawingError(.value, "plot_images: columns = \(columns); there are 1 to 1000")
        }
        self.images = images
        self.captions = captions
        self.marks = marks
        self.columns = columns
    }

    private var shape: (columns: Int, rows: Int) {
        let count = max(1, images.count)
        let columns = min(columns ?? (count <= 6 ? count : Int((Double(count) * 1.6).squareRoot().rounded(.up))), count)
        return (columns, (count + columns - 1) / columns)
    }

    /// The height of a picture for each unit of its width: the largest of all.
    private var aspect: Double {
        min(max(images.map { Double($0.height) / Double($0.width) }.max() ?? 1, 0.2), 5)
    }

    /// 64 to 140 logical pixels for each picture.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) {
        let (columns, rows) = shape
        let cell = min(max(900 / Double(columns), 64), 140)
        let caption = captions.isEmpty ? 8.0 : 26
        let height = Double(rows) * (cell * aspect + caption) + 24 + ((options.title ?? "").isEmpty ? 0 : 30)
        return (min(max(Double(columns) * cell + 24, 200), 4000), min(max(height, 100), 6000))
    }

    /// Number and captions.
    public func altText(_ options: FigureOptions) -> String {
        var text = images.count == 1 ? "One image" : "\(images.count) images"
        let wrong = marks.count { $0 == .wrong }
        if wrong > 0 { text += ", \(wrong) marked wrong" }
        let named = captions.filter { !$0.isEmpty }
        if !named.isEmpty {
            text += ": " + named.prefix(12).joined(separator: ", ") + (named.count > 12 ? ", …" : "")
        }
        return text + "."
    }

    /// Draws the pictures.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        let (columns, rows) = shape
        let fonts = Fonts(area)
        let inside = composition.panelTitle(options.title ?? "", in: area, fonts)
        guard !images.isEmpty else { return composition.note("no images", in: inside, fonts) }
        let cellWidth = inside.width / Double(columns)
        let cellHeight = inside.height / Double(rows)
        let size = min(fonts.tick.size, max(7.5, cellWidth * 0.13))
        let caption = captions.isEmpty || cellHeight < size * 2.5 ? 0 : size * 1.9
        let gap = min(8, cellWidth * 0.06)
        for (index, image) in images.enumerated() {
            let cell = Rect(
                x: inside.minX + Double(index % columns) * cellWidth,
                y: inside.minY + Double(index / columns) * cellHeight, width: cellWidth, height: cellHeight)
            let room = cell.inset(left: gap / 2, top: gap / 2, right: gap / 2, bottom: gap / 2 + caption)
            let scale = min(room.width / Double(image.width), room.height / Double(image.height))
            let (width, height) = (Double(image.width) * scale, Double(image.height) * scale)
            let place = Rect(x: room.midX - width / 2, y: room.maxY - height, width: width, height: height)
            composition.elements.append(.image(image, place))
            let mark = marks.isEmpty ? .none : marks[index]
            if mark == .wrong {
                composition.stroke(
                    .rectangle(place.inset(by: -1)), Stroke(colour: composition.theme.series(1), width: 2))
            } else {
                composition.stroke(
                    .rectangle(place), Stroke(colour: composition.theme.grid, width: 1, crisp: true))
            }
            guard caption > 0 else { continue }
            let sign = mark == .right ? "✓ " : mark == .wrong ? "✗ " : ""
            let font = Font(size: size)
            let text = composition.measurer.fitted(
                TextMeasurer.oneLine(sign + captions[index]), font, within: cellWidth - 2)
            let colour =
                switch mark {
                case .none: composition.theme.mutedText
                case .right: composition.theme.series(2)
                case .wrong: composition.theme.series(1)
                }
            composition.text(
                text, at: Point(room.midX, room.maxY + size * 0.5), font, colour, .caption, horizontal: .middle,
                vertical: .top)
        }
    }
}

extension Composition {
    /// Draws a title at the top of an area without axes and returns what is left, with a margin.
    mutating func panelTitle(_ title: String, in area: Rect, _ fonts: Fonts) -> Rect {
        let pad = min(12, min(area.width, area.height) * 0.05)
        var inside = area.inset(by: pad)
        guard area.height >= 80 else { return inside }
        for line in measurer.wrapped(title, fonts.title, within: inside.width, lines: 2) {
            text(line, at: Point(inside.minX, inside.minY), fonts.title, theme.text, .title, vertical: .top)
            inside = inside.inset(top: fonts.title.leading)
        }
        return title.isEmpty ? inside : inside.inset(top: 6)
    }
}
