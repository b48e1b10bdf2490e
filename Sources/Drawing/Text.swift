import CCairo

/// The size and weight of text; the family is the same throughout a figure.
struct Font: Sendable, Hashable {
    var size: Double
    var bold = false

    static let family = "DejaVu Sans"

    /// How far the box of a line reaches above and below its baseline.
    var ascent: Double { size * 0.78 }
    var descent: Double { size * 0.22 }
    /// The distance between baselines of a paragraph.
    var leading: Double { size * 1.3 }
}

/// Measures text without drawing it.
///
/// The first measurement opens the font through fontconfig (about 6 ms); a process that draws nothing never pays that.
/// Hinting is off, so that widths grow in proportion to the size and every output format has the same layout.
final class TextMeasurer {
    private static let reference = 64.0
    private let surface: OpaquePointer?
    private let context: OpaquePointer?
    private var advances: [Bool: [Unicode.Scalar: Double]] = [false: [:], true: [:]]
    private var selected: Bool?

    init() {
        surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1)
        context = cairo_create(surface)
        Self.configure(context)
        cairo_set_font_size(context, Self.reference)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// The options that both measuring and drawing use.
    static func configure(_ context: OpaquePointer?) {
        let options = cairo_font_options_create()
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
    }

    /// Whether the machine has no fonts, so that Cairo draws with its built-in one, which knows only ASCII.
    private(set) lazy var isPlain: Bool = {
        _ = advance("0", bold: false)
        return cairo_scaled_font_get_type(cairo_get_scaled_font(context)) == CAIRO_FONT_TYPE_USER
    }()

    /// The text in characters that the font at hand has.
    func drawable(_ text: String) -> String {
        guard isPlain, !text.utf8.allSatisfy({ $0 < 128 }) else { return text }
        let plain: [Character: String] = [
            "−": "-", "–": "-", "×": "x", "±": "+/-", "…": "...", "∞": "inf", "✓": "+", "✗": "x", "“": "\"", "”": "\"",
        ]
        let superscripts: [Character: String] = [
            "⁻": "-", "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8",
            "⁹": "9",
        ]
        var result = ""
        var raised = false
        for character in text {
            if let digit = superscripts[character] {
                result += raised ? digit : "^" + digit
                raised = true
                continue
            }
            raised = false
            result += plain[character] ?? (character.isASCII ? String(character) : "?")
        }
        return result
    }

    /// The advance width of one line.
    func width(_ text: String, _ font: Font) -> Double {
        var sum = 0.0
        let text = drawable(text)
        for scalar in text.unicodeScalars { sum += advance(scalar, bold: font.bold) }
        return sum * font.size
    }

    private func advance(_ scalar: Unicode.Scalar, bold: Bool) -> Double {
        if let known = advances[bold]?[scalar] { return known }
        if selected != bold {
            let weight = bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL
            cairo_select_font_face(context, Font.family, CAIRO_FONT_SLANT_NORMAL, weight)
            selected = bold
        }
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, String(scalar), &extents)
        let advance = extents.x_advance.isFinite ? extents.x_advance / Self.reference : 0.6
        advances[bold]?[scalar] = advance
        return advance
    }

    /// The text as one line: control characters, which no font draws, become spaces.
    static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isControl(scalar) ? " " : scalar) }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 32 || (scalar.value >= 127 && scalar.value < 160) || scalar.value == 0x2028
            || scalar.value == 0x2029
    }

    /// The text cut with an ellipsis so that it is at most `limit` wide; empty when not even that fits.
    func fitted(_ text: String, _ font: Font, within limit: Double) -> String {
        if width(text, font) <= limit { return text }
        let ellipsis = width("…", font)
        guard ellipsis <= limit else { return "" }
        var used = ellipsis
        var kept = ""
        for character in text {
            used += width(String(character), font)
            if used > limit { break }
            kept.append(character)
        }
        while kept.last == " " { kept.removeLast() }
        return kept + "…"
    }

    /// The text broken at spaces into at most `lines` lines of at most `limit` each; the last is cut if need be.
    func wrapped(_ text: String, _ font: Font, within limit: Double, lines: Int) -> [String] {
        var result: [String] = []
        var current = ""
        let paragraphs = text.split(separator: "\n", omittingEmptySubsequences: true)
        var words = paragraphs.flatMap { paragraph -> [(word: String, breaks: Bool)] in
            let parts = Self.oneLine(String(paragraph)).split(separator: " ").map(String.init)
            return parts.enumerated().map { ($1, $0 == 0) }
        }[...]
        while let (word, breaks) = words.first {
            let candidate = current.isEmpty ? word : current + " " + word
            let startsLine = breaks && !current.isEmpty
            if !startsLine, current.isEmpty || width(candidate, font) <= limit {
                current = candidate
                words.removeFirst()
            } else if result.count + 1 < lines {
                result.append(current)
                current = ""
            } else {
                current = ([current] + words.map(\.word)).joined(separator: " ")
                break
            }
        }
        if !current.isEmpty { result.append(current) }
        return result.map { fitted($0, font, within: limit) }
    }
}
