import Glibc

/// Where an axis is marked and what stands there.
package struct Ticks: Sendable, Equatable {
    /// Labelled values, ascending.
    package var values: [Double] = []
    /// One label a value.
    package var labels: [String] = []
    /// Values with a fine grid line and no label.
    package var minor: [Double] = []
    /// A factor or offset that applies to every label: `×10⁻⁶`.
    package var multiplier: String?

    /// Ticks at multiples of 1, 2 or 5 times a power of ten, at most `maximum` of them inside `lower ... upper`.
    ///
    /// All labels have the same number of decimals. Values from ten thousand on are counted in k, M, G or T; very
    /// small and very large ones share a power of ten; values that differ only far behind the point share an offset.
    package static func linear(_ lower: Double, _ upper: Double, maximum: Int, integer: Bool = false) -> Ticks {
        guard lower.isFinite, upper.isFinite, upper > lower, maximum >= 1 else { return Ticks() }
        var step = niceStep(atLeast: (upper / Double(maximum) - lower / Double(maximum)))
        if integer { step = max(1, step) }
        var values = multiples(of: step, from: lower, to: upper)
        while values.count > maximum {
            step = niceStep(atLeast: step * 1.5)
            values = multiples(of: step, from: lower, to: upper)
        }
        return labelled(values, step: step)
    }

    private static func niceStep(atLeast raw: Double) -> Double {
        guard raw > 0 else { return .leastNormalMagnitude }
        let exponent = log10(raw).rounded(.down)
        for factor in [1.0, 2, 5, 10, 20] {
            let step = exponent > 290 ? pow(10, exponent) * factor : factor / pow(10, -exponent)
            let usable = exponent < -300 ? factor * pow(10, exponent) : step
            if usable >= raw * (1 - 1e-9) { return usable }
        }
        return raw
    }

    private static func multiples(of step: Double, from lower: Double, to upper: Double) -> [Double] {
        let slack = 1e-9
        let first = (lower / step - slack).rounded(.up)
        let last = (upper / step + slack).rounded(.down)
        guard first.isFinite, last >= first, last - first < 1000 else { return [] }
        // Counting from the first keeps every tick an exact multiple, so that no 0.30000000000000004 appears.
        return (0...Int(last - first)).map { index in
            let value = (first + Double(index)) * step
            return value == 0 ? 0 : value
        }
    }

    private static func labelled(_ values: [Double], step: Double) -> Ticks {
        guard let first = values.first, let last = values.last else { return Ticks() }
        let largest = max(abs(first), abs(last))
        let stepExponent = Int((log10(step) + 1e-9).rounded(.down))
        guard largest > 0 else { return Ticks(values: values, labels: values.map { _ in "0" }) }
        let largestExponent = Int((log10(largest) + 1e-9).rounded(.down))
        // Nine digits or more say little on an axis: count from the first tick instead.
        if largestExponent - stepExponent >= 8, values.count > 1 {
            var relative = labelled(values.map { $0 - first }, step: step)
            relative.values = values
            let offset = NumberText.significant(first, digits: 12)
            relative.multiplier = [relative.multiplier, first < 0 ? offset : "+" + offset].compactMap { $0 }
                .joined(separator: " ")
            return relative
        }
        if largestExponent < -3 || largestExponent >= 15 {
            let half = largestExponent / 2
            let (a, b) = (pow(10, Double(half)), pow(10, Double(largestExponent - half)))
            let places = max(0, largestExponent - stepExponent)
            return Ticks(
                values: values, labels: values.map { NumberText.decimal($0 / a / b, places: places) },
                multiplier: "×" + NumberText.power(largestExponent))
        }
        let units: [(exponent: Int, suffix: String)] = [(12, "T"), (9, "G"), (6, "M"), (3, "k")]
        // A unit that needs decimals shortens little, one that needs more than two nothing.
        let most = largest >= 100_000 ? 2 : 0
        let usable = units.first { largestExponent >= $0.exponent && $0.exponent - stepExponent <= most }
        if largest >= 10_000, let unit = usable {
            let places = max(0, unit.exponent - stepExponent)
            let scale = pow(10, Double(unit.exponent))
            let labels = values.map { $0 == 0 ? "0" : NumberText.decimal($0 / scale, places: places) + unit.suffix }
            return Ticks(values: values, labels: labels)
        }
        let places = max(0, -stepExponent)
        return Ticks(values: values, labels: values.map { NumberText.decimal($0, places: places) })
    }

    /// Ticks at powers of ten, with 2 and 5 between them when the range is short, at most `maximum` labels.
    package static func logarithmic(_ lower: Double, _ upper: Double, maximum: Int) -> Ticks {
        guard lower > 0, upper > lower, upper.isFinite, maximum >= 1 else { return Ticks() }
        let (low, high) = (log10(lower), log10(upper))
        let first = Int((low - 1e-9).rounded(.up))
        let last = Int((high + 1e-9).rounded(.down))
        let decades = last - first + 1
        if high - low < 0.7 {
            // Less than a factor of five: the eye reads it as a linear stretch.
            var ticks = linear(lower, upper, maximum: max(1, min(maximum, 5)))
            ticks.minor = []
            return ticks
        }
        func values(_ factors: [Double], _ exponents: ClosedRange<Int>) -> [Double] {
            let (from, to) = (lower * (1 - 1e-9), upper * (1 + 1e-9))
            return exponents.flatMap { exponent -> [Double] in
                let unit = pow(10, Double(exponent))
                return factors.map { $0 * unit }.filter { $0 >= from && $0 <= to }
            }
        }
        let span = (first - 1)...(last + 1)
        var ticks = Ticks()
        if decades <= 3 {
            for factors in [[1.0, 2, 5], [1, 3], [1]] {
                let candidate = values(factors, span)
                if candidate.count <= maximum, candidate.count >= 2 {
                    ticks.values = candidate
                    break
                }
            }
            if ticks.values.isEmpty { ticks.values = Array(values([1, 2, 5], span).prefix(1)) }
        } else {
            let stride = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500].first { (decades + $0 - 1) / $0 <= maximum } ?? 1000
            let exponents = (first...last).filter { $0 % stride == 0 }
            ticks.values = (exponents.isEmpty ? [first] : exponents).map { pow(10, Double($0)) }
        }
        if decades <= 6 {
            let major = ticks.values
            ticks.minor = values([1, 2, 3, 4, 5, 6, 7, 8, 9], span).filter { value in
                !major.contains { abs($0 - value) <= 1e-9 * value }
            }
        }
        let plain = (ticks.values.first ?? 1) >= 0.999e-3 && (ticks.values.last ?? 1) <= 1.001e4
        ticks.labels = ticks.values.map {
            plain ? NumberText.significant($0, digits: 3) : NumberText.scientific($0, digits: 2)
        }
        return ticks
    }
}
