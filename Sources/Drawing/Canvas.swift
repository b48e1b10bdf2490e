import CCairo
import CPNG

/// A Cairo surface of one of the three output formats, and how elements are drawn on it.
final class Canvas {
    enum Format { case png, svg, pdf }

    let format: Format
    let surface: OpaquePointer?
    private let context: OpaquePointer?
    let stream: OpaquePointer?
    /// Device pixels per logical pixel; 1 where the output is not made of pixels.
    private let density: Double
    private var font: Font?

    /// A canvas of `width` × `height` logical pixels; `density` counts device pixels in each of them.
    init(_ format: Format, width: Double, height: Double, density: Double) throws {
        guard ccairo_is_available() else {
            throw DrawingError(
                .io, "figure: Cairo (libcairo.so.2) is not installed", help: "install it: apt-get install libcairo2")
        }
        self.format = format
        let append: cairo_write_func_t = { stream, bytes, count in
            guard let stream else { return CAIRO_STATUS_WRITE_ERROR }
            return cpng_stream_append(stream, bytes, Int(count)) == 1
                ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR
        }
        switch format {
        case .png:
            stream = nil
            self.density = density
            surface = cairo_image_surface_create(
                CAIRO_FORMAT_RGB24, Int32((width * density).rounded()), Int32((height * density).rounded()))
        case .svg:
            stream = cpng_buffer_create()
            self.density = 1
            surface = cairo_svg_surface_create_for_stream(
                append, cpng_buffer_stream(stream), width, height)
            cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX)
        case .pdf:
            stream = cpng_buffer_create()
            self.density = 1
            // PDF counts in points of 1/72 inch, logical pixels are 1/96 inch.
            surface = cairo_pdf_surface_create_for_stream(
                append, cpng_buffer_stream(stream), width * 0.75, height * 0.75)
        }
        context = cairo_create(surface)
        TextMeasurer.configure(context)
        if format == .png { cairo_scale(context, density, density) }
        if format == .pdf { cairo_scale(context, 0.75, 0.75) }
        try check()
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
        cpng_buffer_destroy(stream)
    }

    private func check() throws {
        let status = cairo_status(context)
        guard status != CAIRO_STATUS_SUCCESS else { return }
        if status == CAIRO_STATUS_NO_MEMORY || status == CAIRO_STATUS_INVALID_SIZE {
            throw DrawingError(.limit, "figure: not enough memory for a picture of this size", help: "lower dpi=")
        }
        throw DrawingError(.internal, "figure: Cairo: \(String(cString: cairo_status_to_string(status)))")
    }

    // MARK: Drawing

    func paint(_ colour: Colour) {
        set(colour)
        cairo_paint(context)
    }

    func draw(_ elements: [Element]) throws {
        for element in elements {
            switch element {
            case .fill(let shape, let colour):
                set(colour)
                add(shape, crispWidth: nil)
                cairo_fill(context)
            case .stroke(let shape, let stroke): draw(shape, stroke)
            case .markers(let points, let marker, let radius, let fill, let outline):
                draw(points, marker, radius, fill, outline)
            case .text(let text): draw(text)
            case .image(let image, let area): draw(image, in: area)
            case .pushClip(let area):
                cairo_save(context)
                cairo_rectangle(context, area.x, area.y, area.width, area.height)
                cairo_clip(context)
            case .popClip: cairo_restore(context)
            }
        }
        try check()
    }

    private func set(_ colour: Colour) {
        cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.alpha)
    }

    private func draw(_ shape: Shape, _ stroke: Stroke) {
        set(stroke.colour)
        var width = stroke.width
        if stroke.crisp, format == .png { width = max(1, (width * density).rounded()) / density }
        cairo_set_line_width(context, width)
        cairo_set_dash(context, stroke.dash, Int32(stroke.dash.count), 0)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        let flat = stroke.crisp || !stroke.dash.isEmpty
        cairo_set_line_cap(context, flat ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND)
        if case .polyline(let points) = shape, points.count > 256, format == .png {
            // Long noisy lines are most of a figure's cost: the coarser sampling (invisible at this density) takes a
            // third of the time, and pieces keep the stroker's search for crossings short. Only opaque lines may be
            // cut, because pieces of a translucent or dashed one would show where they meet.
            cairo_set_antialias(context, CAIRO_ANTIALIAS_FAST)
            defer { cairo_set_antialias(context, CAIRO_ANTIALIAS_DEFAULT) }
            cairo_set_line_join(context, CAIRO_LINE_JOIN_BEVEL)
            if stroke.colour.alpha >= 1, stroke.dash.isEmpty { return drawInPieces(points) }
            add(shape, crispWidth: nil)
            return cairo_stroke(context)
        }
        add(shape, crispWidth: stroke.crisp ? width : nil)
        cairo_stroke(context)
    }

    private func drawInPieces(_ points: [Point]) {
        var start = 0
        while start < points.count - 1 {
            let end = min(start + 128, points.count - 1)
            add(.polyline(Array(points[start...end])), crispWidth: nil)
            cairo_stroke(context)
            start = end
        }
    }

    /// The coordinate moved so that a line of `width` covers whole device pixels.
    private func snap(_ value: Double, _ width: Double?) -> Double {
        guard let width, format == .png else { return value }
        let pixels = (width * density).rounded()
        let offset = pixels.truncatingRemainder(dividingBy: 2) == 0 ? 0 : 0.5
        return ((value * density - offset).rounded() + offset) / density
    }

    private func add(_ shape: Shape, crispWidth: Double?) {
        switch shape {
        case .polyline(let points):
            var open = false
            for point in points {
                guard point.isFinite else {
                    open = false
                    continue
                }
                if open {
                    cairo_line_to(context, point.x, point.y)
                } else {
                    cairo_move_to(context, point.x, point.y)
                    // A lone point between gaps would leave no trace without this dot.
                    cairo_line_to(context, point.x, point.y)
                    open = true
                }
            }
        case .polygon(let points):
            for (index, point) in points.enumerated() where point.isFinite {
                index == 0 ? cairo_move_to(context, point.x, point.y) : cairo_line_to(context, point.x, point.y)
            }
            cairo_close_path(context)
        case .rectangle(let rect, let radius):
            add(rect, radius, crispWidth)
        case .rectangles(let rects):
            for rect in rects { add(rect, 0, crispWidth) }
        case .segments(let segments):
            for (a, b) in segments {
                cairo_move_to(context, snap(a.x, crispWidth), snap(a.y, crispWidth))
                cairo_line_to(context, snap(b.x, crispWidth), snap(b.y, crispWidth))
            }
        case .circle(let centre, let radius):
            cairo_new_sub_path(context)
            cairo_arc(context, centre.x, centre.y, radius, 0, 2 * .pi)
        }
    }

    private func add(_ rect: Rect, _ radius: Double, _ crispWidth: Double?) {
        let x = snap(rect.minX, crispWidth)
        let y = snap(rect.minY, crispWidth)
        let right = snap(rect.maxX, crispWidth)
        let bottom = snap(rect.maxY, crispWidth)
        let r = min(radius, (right - x) / 2, (bottom - y) / 2)
        guard r > 0 else { return cairo_rectangle(context, x, y, right - x, bottom - y) }
        cairo_new_sub_path(context)
        cairo_arc(context, right - r, y + r, r, -.pi / 2, 0)
        cairo_arc(context, right - r, bottom - r, r, 0, .pi / 2)
        cairo_arc(context, x + r, bottom - r, r, .pi / 2, .pi)
        cairo_arc(context, x + r, y + r, r, .pi, 1.5 * .pi)
        cairo_close_path(context)
    }

    private func draw(_ points: [Point], _ marker: Marker, _ radius: Double, _ fill: Colour, _ outline: Colour?) {
        let linear = marker == .cross || marker == .plus
        let r = radius
        for point in points where point.isFinite {
            let (x, y) = (point.x, point.y)
            switch marker {
            case .circle: add(.circle(point, radius: r), crispWidth: nil)
            case .square: cairo_rectangle(context, x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76)
            case .triangle: add(triangle(x, y, r, 1), crispWidth: nil)
            case .triangleDown: add(triangle(x, y, r, -1), crispWidth: nil)
            case .diamond:
                let d = r * 1.25
                add(
                    .polygon([Point(x, y - d), Point(x + d, y), Point(x, y + d), Point(x - d, y)]),
                    crispWidth: nil)
            case .cross, .plus:
                let d = marker == .cross ? r * 0.85 : 0
                let e = marker == .cross ? r * 0.85 : r * 1.15
                let ends =
                    marker == .cross
                    ? [(Point(x - d, y - e), Point(x + d, y + e)), (Point(x - d, y + e), Point(x + d, y - e))]
                    : [(Point(x - e, y), Point(x + e, y)), (Point(x, y - e), Point(x, y + e))]
                add(.segments(ends), crispWidth: nil)
            }
            if linear {
                set(fill)
                cairo_set_line_width(context, max(1, r * 0.5))
                cairo_set_dash(context, [], 0, 0)
                cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
                cairo_stroke(context)
                continue
            }
            set(fill)
            if let outline {
                cairo_fill_preserve(context)
                set(outline)
                cairo_set_line_width(context, 0.75)
                cairo_set_dash(context, [], 0, 0)
                cairo_stroke(context)
            } else {
                cairo_fill(context)
            }
        }
    }

    private func triangle(_ x: Double, _ y: Double, _ r: Double, _ sign: Double) -> Shape {
        let d = r * 1.2
        return .polygon([
            Point(x, y - sign * d), Point(x + d * 0.95, y + sign * d * 0.7), Point(x - d * 0.95, y + sign * d * 0.7),
        ])
    }

    private func draw(_ text: TextElement) {
        if font != text.font {
            let weight = text.font.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL
            cairo_select_font_face(context, Font.family, CAIRO_FONT_SLANT_NORMAL, weight)
            cairo_set_font_size(context, text.font.size)
        }
        set(text.colour)
        cairo_save(context)
        cairo_translate(context, text.origin.x, text.origin.y)
        if text.upwards { cairo_rotate(context, -.pi / 2) }
        cairo_move_to(context, 0, 0)
        cairo_show_text(context, text.text)
        cairo_restore(context)
        cairo_new_path(context)
    }

    private func draw(_ image: RasterImage, in area: Rect) {
        guard image.width > 0, image.height > 0, area.width > 0, area.height > 0 else { return }
        let source = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(image.width), Int32(image.height))
        defer { cairo_surface_destroy(source) }
        guard let pixels = cairo_image_surface_get_data(source) else { return }
        cairo_surface_flush(source)
        cpng_premultiply(
            image.pixels, UInt32(image.width), UInt32(image.height), Int32(image.channels), pixels,
            Int(cairo_image_surface_get_stride(source)))
        cairo_surface_mark_dirty(source)
        cairo_save(context)
        cairo_translate(context, area.x, area.y)
        cairo_scale(context, area.width / Double(image.width), area.height / Double(image.height))
        cairo_set_source_surface(context, source, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
        cairo_paint(context)
        cairo_restore(context)
    }
}
