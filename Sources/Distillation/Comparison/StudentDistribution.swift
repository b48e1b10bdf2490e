import Glibc

/// Student's t distribution, exactly: through the regularised incomplete beta function.
public struct StudentDistribution: Sendable {
    /// The degrees of freedom, above 0.
    public let degrees: Double

    /// The distribution with so many degrees of freedom.
    public init(degrees: Double) { self.degrees = degrees }

    /// The probability of a value at least as far from 0 as t: I_{ν/(ν+t²)}(ν/2, ½).
    public func twoSided(_ t: Double) -> Double {
        guard !t.isNaN else { return .nan }
        guard t.isFinite else { return 0 }
        return Self.incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
    }

    /// The t that is exceeded in size with probability `p`, 0 < p < 1.
    public func quantile(twoSided p: Double) -> Double {
        guard p > 0, p < 1 else { return p >= 1 ? 0 : .infinity }
        var high = 1.0
        while twoSided(high) > p, high < 1e300 { high *= 2 }
        var low = 0.0
        // The probability falls with t: halve until neighbouring numbers are left.
        while true {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { return high }
            if twoSided(middle) > p { low = middle } else { high = middle }
        }
    }

    /// I_x(a, b) by its continued fraction (Lentz's method), on the side where it converges quickly.
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
        if x < (a + 1) / (a + b + 2) { return front * fraction(x, a, b) / a }
        return 1 - front * fraction(1 - x, b, a) / b
    }

    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
        var c = 1.0
        var d = 1 / away(1 - (a + b) * x / (a + 1))
        var result = d
        for m in 1...10_000 {
            let k = Double(m)
            let even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
            d = 1 / away(1 + even * d)
            c = away(1 + even / c)
            result *= d * c
            let odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
            d = 1 / away(1 + odd * d)
            c = away(1 + odd / c)
            result *= d * c
            if abs(d * c - 1) < 1e-16 { break }
        }
        return result
    }
}
