import Glibc

/// How a noisy curve is smoothed.
public enum Smoothing: Sendable, Equatable {
    /// Not at all.
    case none
    /// By an exponential moving average whose weight grows with the number of points; not below 50 points, and not
    /// where no curve is rough.
    case auto
    /// By an exponential moving average with this weight, from 0 (nothing) to below 1.
    case weight(Double)

    /// The weight used for a curve of `count` points; `nil` when it is drawn as it is.
    public func weight(count: Int) -> Double? {
        switch self {
        case .none: return nil
        case .weight(let weight): return weight > 0 ? weight : nil
        case .auto:
            guard count >= 50 else { return nil }
            // The average looks back about 1 / (1 − w) points: a fortieth of the curve, at most 100 points.
            let window = min(max(Double(count) / 40, 2.5), 100)
            return ((1 - 1 / window) * 100).rounded() / 100
        }
    }

    /// Whether the course of a curve is hard to see: it turns in more than a fifth of its points, and goes up and down
    /// by more than half of its range beyond that range. What falls steadily needs no smoothing, which would only draw
    /// it too late.
    static func isRough(_ values: [Double]) -> Bool {
        var (last, turns, steps, way) = (0.0, 0, 0, 0.0)
        var (low, high) = (Double.infinity, -Double.infinity)
        var previous = Double.nan
        for value in values where value.isFinite {
            let step = value - previous
            previous = value
            (low, high) = (min(low, value), max(high, value))
            guard step.isFinite, step != 0 else { continue }
            steps += 1
            way += abs(step)
            if step * last < 0 { turns += 1 }
            last = step > 0 ? 1 : -1
        }
        return steps > 0 && Double(turns) > 0.2 * Double(steps) && way > 1.5 * (high - low)
    }

    /// The bias-corrected exponential moving average.
    ///
    /// m_t = w·m_{t−1} + (1 − w)·y_t with m_0 = 0, shown as m_t / (1 − w^t): the correction of Adam (Kingma and Ba,
    /// 2015), without which the first values are pulled to zero. Values that are not finite are left out of the
    /// average and stay as they are.
    public static func exponentialMovingAverage(_ values: [Double], weight: Double) -> [Double] {
        var mean = 0.0
        var remaining = 1.0
        return values.map { value in
            guard value.isFinite else { return value }
            mean = weight * mean + (1 - weight) * value
            remaining *= weight
            return mean / (1 - remaining)
        }
    }
}
