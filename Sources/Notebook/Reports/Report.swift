import Diagnostics

/// A notebook after a run: its cells with what they gave, ready to be written as a page.
package struct Report {
    /// A value as a page shows it.
    package struct Picture {
        /// The PNG file.
        package let png: [UInt8]
        /// The PNG file for readers who prefer dark pages; none when there is only one form.
        package let dark: [UInt8]?
        /// Its words for readers who cannot see it.
        package let altText: String
        /// The size in logical pixels, so that a page has its layout before the picture is decoded.
        package let size: (width: Int, height: Int)?

        /// A picture with its alternative text.
        package init(png: [UInt8], dark: [UInt8]? = nil, altText: String, size: (width: Int, height: Int)? = nil) {
            self.png = png
            self.dark = dark
            self.altText = altText
            self.size = size
        }
    }

    /// What a cell gave, in order.
    package enum Output {
        /// What was printed.
        case text(Markup)
        /// A shown value that is text.
        case value(Markup)
        /// A shown figure.
        case picture(Picture)
        /// A shown table: header and rows.
        case table([[Markup]])
        /// Markdown that the script added.
        case markdown(String)
        /// A remark on what could mislead.
        case warning(String)
        /// An assertion of the cell and whether it held.
        case assertion(String, holds: Bool)
        /// The error that ended the cell.
        case failure(Diagnostic)
    }

    /// A cell after its run.
    package struct Cell {
        /// The title behind `# %%`.
        package var title: String?
        /// The code, or the Markdown of a text cell.
        package var source: String
        /// Whether it is text.
        package var isMarkdown: Bool
        /// What it gave.
        package var outputs: [Output]
        /// How long it took; none when it did not run.
        package var seconds: Double?

        /// Whether an error before it kept it from running.
        var wasSkipped: Bool {
            !isMarkdown && seconds == nil && !outputs.contains { if case .failure = $0 { true } else { false } }
        }

        /// A cell with what it gave.
        package init(
            title: String?, source: String, isMarkdown: Bool, outputs: [Output] = [], seconds: Double? = nil
        ) {
            self.title = title
            self.source = source
            self.isMarkdown = isMarkdown
            self.outputs = outputs
            self.seconds = seconds
        }
    }

    /// The file's name, or what stands for it.
    package var name: String
    /// The cells.
    package var cells: [Cell]
    /// Where it all comes from.
    package var provenance: Provenance

    /// A report from its parts.
    package init(name: String, cells: [Cell], provenance: Provenance) {
        self.name = name
        self.cells = cells
        self.provenance = provenance
    }

    /// The first heading of the text, else the file's name without its folder.
    package var title: String {
        for cell in cells where cell.isMarkdown {
            for line in cell.source.split(separator: "\n") where line.hasPrefix("# ") {
                return String(line.dropFirst(2))
            }
        }
        return String(name.split(separator: "/").last ?? "report")
    }

    /// What the cells' times add up to.
    var seconds: Double { cells.reduce(0) { $0 + ($1.seconds ?? 0) } }
}

/// Durations as text.
package enum Duration {
    /// `0.4 ms`, `12 ms`, `1.23 s`, `2 min 05 s`.
    package static func text(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
        if seconds < 1e-3 { return "\(fixed(seconds * 1e6, 0)) µs" }
        if seconds < 1e-2 { return "\(fixed(seconds * 1e3, 1)) ms" }
        if seconds < 1 { return "\(fixed(seconds * 1e3, 0)) ms" }
        if seconds < 60 { return "\(fixed(seconds, 2)) s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
        return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
    }

    /// A time of any size with three digits: `12.3 ns`, `4.56 µs`, `789 ms`.
    package static func fine(_ seconds: Double) -> String {
        for (factor, unit) in [(1e9, "ns"), (1e6, "µs"), (1e3, "ms")] where seconds * factor < 999.5 {
            let value = seconds * factor
            return fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0) + " " + unit
        }
        return fixed(seconds, 2) + " s"
    }

    /// A number with a fixed count of decimals, without Foundation.
    package static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(scaled) }
        let digits = String(scaled % Int(scale))
        return "\(sign)\(scaled / Int(scale))." + String(repeating: "0", count: decimals - digits.count) + digits
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
