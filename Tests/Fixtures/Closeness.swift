/// The first element at which numbers differ by more than `tolerance`, relative to the element itself or, where sums
/// cancel, to a twentieth of the largest one, and at least to 0.001, so that rounding about zero passes; nil when they
/// agree. NaN equals NaN.
package func firstDifference(_ found: [Double], _ expected: [Double], tolerance: Double) -> Int? {
    guard found.count == expected.count else { return min(found.count, expected.count) }
    let scale = expected.filter(\.isFinite).map(abs).max() ?? 0
    for (index, (x, y)) in zip(found, expected).enumerated() {
        if x == y || (x.isNaN && y.isNaN) { continue }
        guard abs(x - y) <= tolerance * max(abs(y), min(scale, 1) * 0.5, scale * 0.05, 1e-3) else { return index }
    }
    return nil
}
