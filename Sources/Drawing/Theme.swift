/// The colours of a figure as a whole.
public enum Theme: String, Sendable, CaseIterable {
    /// Dark marks on white, for paper and light pages.
    case light
    /// Light marks on near-black, for dark pages.
    case dark

    /// The colour behind everything.
    public var background: Colour { self == .light ? Colour(0xFFFFFF) : Colour(0x15181D) }

    /// Titles and axis labels.
    public var text: Colour { self == .light ? Colour(0x1D2329) : Colour(0xE8EAED) }

    /// Tick labels, captions and notes.
    public var mutedText: Colour { self == .light ? Colour(0x4B535C) : Colour(0xB3BAC2) }

    /// Grid lines.
    public var grid: Colour { self == .light ? Colour(0xE7EAED) : Colour(0x2A2F37) }

    /// Axis lines and frames.
    public var axis: Colour { self == .light ? Colour(0x9AA3AD) : Colour(0x5C6570) }

    /// The series' colours, in the order of use.
    ///
    /// They follow Okabe and Ito's set (distinguishable with every common colour blindness), darkened or lightened
    /// until each has a contrast of at least 3 : 1 against the background, as WCAG 2 asks of graphics.
    public var palette: [Colour] {
        switch self {
        case .light:
            [
                Colour(0x0068B0), Colour(0xD55E00), Colour(0x008F6B), Colour(0xCF5A94), Colour(0x2F97D8),
                Colour(0x9A6B00), Colour(0x5A3FA8), Colour(0x5F6771), Colour(0xB3123B), Colour(0x4E7D12),
            ]
        case .dark:
            [
                Colour(0x4DA9F0), Colour(0xFF8A3D), Colour(0x21C795), Colour(0xEE86CE), Colour(0x9AD4FF),
                Colour(0xEBC13A), Colour(0xA996FF), Colour(0xB4BBC4), Colour(0xFF6B81), Colour(0xA8D65C),
            ]
        }
    }

    func series(_ index: Int) -> Colour {
        let palette = palette
        return palette[((index % palette.count) + palette.count) % palette.count]
    }
}

/// The dash patterns that tell series apart once the eye cannot rely on colour: solid for the first four.
enum Dash {
    static let solid: [Double] = []
    static let validation: [Double] = [6, 3.5]
    static let dotted: [Double] = [1.5, 3]
    private static let cycle: [[Double]] = [[], [9, 3], [2, 2.5], [9, 3, 2, 3], [4, 2]]

    static func series(_ index: Int) -> [Double] { cycle[(max(0, index) / 4) % cycle.count] }
}
