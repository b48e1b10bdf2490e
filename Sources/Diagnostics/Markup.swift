/// Text whose parts say what they are, so that a terminal, a web page and a plain file each show them their way.
public struct Markup: Equatable, Sendable, ExpressibleByStringLiteral {
    /// What a part of a text is.
    public enum Style: String, CaseIterable, Sendable {
        case plain, strong, dim, error, warning, note, help, gutter, primary, secondary, prompt, result
        case keyword, name, number, string, comment, function, heading, good, bad
        /// What was measured and differs from run to run, such as a time.
        case measured
    }

    /// A stretch of text of one style.
    public struct Run: Equatable, Sendable {
        /// The text.
        public var text: String
        /// What it is.
        public var style: Style
    }

    /// The parts, in order.
    public private(set) var runs: [Run] = []

    /// An empty text.
    public init() {}

    /// A text of one style.
    public init(_ text: String, _ style: Style = .plain) { append(text, style) }

    /// A plain text.
    public init(stringLiteral value: String) { append(value) }

    /// Adds text at the end, joining it to the last part when the style is the same.
    public mutating func append(_ text: String, _ style: Style = .plain) {
        guard !text.isEmpty else { return }
        if let last = runs.indices.last, runs[last].style == style {
            runs[last].text += text
        } else {
            runs.append(Run(text: text, style: style))
        }
    }

    /// Adds another text at the end.
    public mutating func append(_ other: Markup) {
        for run in other.runs { append(run.text, run.style) }
    }

    /// Whether there is no text.
    public var isEmpty: Bool { runs.isEmpty }

    /// The text alone.
    public var plain: String { runs.map(\.text).joined() }

    /// The text with ANSI colours (the 16 of every terminal, so that the user's theme decides).
    public var ansi: String {
        runs.map { run in
            let code = Self.ansiCode(run.style)
            return code.isEmpty ? run.text : "\u{1B}[\(code)m\(run.text)\u{1B}[0m"
        }.joined()
    }

    /// The text as HTML: `<span class="style">`, escaped.
    public var html: String {
        runs.map { run in
            let text = Self.escapeHTML(run.text)
            if run.style == .measured { return "<span data-measured>\(text)</span>" }
            return run.style == .plain ? text : "<span class=\"\(run.style.rawValue)\">\(text)</span>"
        }.joined()
    }

    /// Text with `& < > " '` as entities, safe in element content and in attributes.
    public static func escapeHTML(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func ansiCode(_ style: Style) -> String {
        switch style {
        case .plain, .measured: ""
        case .strong, .heading: "1"
        case .dim, .comment: "2"
        case .error, .bad: "1;31"
        case .primary: "31"
        case .warning: "33"
        case .note, .gutter, .secondary: "34"
        case .help, .good, .prompt: "32"
        case .result: "31"
        case .keyword: "35"
        case .name: "36"
        case .number: "33"
        case .string: "32"
        case .function: "34"
        }
    }
}
