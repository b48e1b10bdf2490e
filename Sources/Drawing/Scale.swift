import Glibc

/// The mapping from data to canvas along one axis.
public struct Scale: Sendable, Equatable {
    /// The smallest value shown.
    public let lower: Double
    /// The largest value shown.
    public let upper: Double
    /// Whether equal ratios take equal distances.
    public let logarithmic: Bool
    /// The canvas position of `lower`.
    public let start: Double
    /// The canvas position of `upper`.
    public let end: Double

    private let from: Double
    private let factor: Double

    init(lower: Double, upper: Double, logarithmic: Bool, start: Double, end: Double) {
        self.lower = lower
        self.upper = upper
        self.logarithmic = logarithmic
        self.start = start
        self.end = end
        from = logarithmic ? log10(lower) : lower
        let span = (logarithmic ? log10(upper) : upper) - from
        factor = span != 0 ? (end - start) / span : 0
    }

    /// The canvas position of a value; not a number where the axis has no place for it.
    public func position(_ value: Double) -> Double {
        if logarithmic {
            guard value > 0 else { return .nan }
            return start + (log10(value) - from) * factor
        }
        return start + (value - from) * factor
    }
}

/// The range of values that an axis shows, and how it was widened to be drawable.
struct Domain: Sendable, Equatable {
    var lower: Double
    var upper: Double
    var logarithmic: Bool
    /// Whether any value stood behind it.
    var isEmpty = false

    /// The domain of the finite (and, on a logarithmic axis, positive) values, widened by `padding` of its length.
    init(
        _ values: (inout (Double) -> Void) -> Void, logarithmic: Bool, padding: Double = 0.04, include: [Double] = []
    ) {
        var low = Double.infinity
        var high = -Double.infinity
        var visit: (Double) -> Void = { value in
            guard value.isFinite, !logarithmic || value > 0 else { return }
            if value < low { low = value }
            if value > high { high = value }
        }
        values(&visit)
        for value in include { visit(value) }
        self.init(low: low, high: high, logarithmic: logarithmic, padding: padding)
    }

    /// The domain from the extremes of the data, `low > high` meaning that there are none.
    init(low: Double, high: Double, logarithmic: Bool, padding: Double = 0.04) {
        self.logarithmic = logarithmic
        guard low <= high else {
            (lower, upper, isEmpty) = logarithmic ? (0.1, 1, true) : (0, 1, true)
            return
        }
        if logarithmic {
            let (a, b) = (log10(low), log10(high))
            let room = b - a < 1e-9 ? 0.5 : (b - a) * padding
            lower = max(pow(10, a - room), 1e-307)
            upper = min(pow(10, b + room), 1e307)
            if lower >= upper { (lower, upper) = (1e-307, 1e-306) }
        } else {
            let low = min(max(low, -1e305), 1e305)
            let high = min(max(high, -1e305), 1e305)
            let span = high - low
            let magnitude = max(abs(low), abs(high))
            let tiny = span <= magnitude * 1e-12 || span < 1e-300
            let room = tiny ? (magnitude < 1e-290 ? 0.5 : magnitude * 0.1) : span * padding
            lower = low - room
            upper = high + room
        }
    }

    /// A linear domain with exactly these ends.
    init(exact lower: Double, _ upper: Double) {
        self.lower = lower
        self.upper = upper > lower ? upper : lower + 1
        logarithmic = false
    }

    /// Moves the ends to the user's limits; when only one is given and the data lies beyond it, the other follows.
    mutating func limit(_ limits: FigureOptions.Limits?) {
        guard let limits else { return }
        if let value = limits.lower { lower = value }
        if let value = limits.upper { upper = value }
        guard lower >= upper else { return }
        let room = max(abs(lower), 1) * 0.1
        if limits.lower != nil {
            upper = logarithmic ? lower * 10 : lower + room
        } else {
            lower = logarithmic ? upper / 10 : upper - room
        }
    }

    /// The domain reaching `value`, with a little room beyond it.
    func extended(to value: Double) -> Domain {
        guard value.isFinite, value < lower || value > upper else { return self }
        var result = self
        if logarithmic {
            guard value > 0 else { return self }
            result.lower = min(lower, value / 1.1)
            result.upper = max(upper, value * 1.1)
        } else {
            let room = (max(upper, value) - min(lower, value)) * 0.04
            result.lower = value < lower ? value - room : lower
            result.upper = value > upper ? value + room : upper
        }
        return result
    }
}
