/// Fewer points for the same picture.
enum Simplification {
    /// Points of a curve on the canvas; where many share a column of half a logical pixel, only the first, lowest,
    /// highest and last of them (which draws the same pixels, as in the M4 aggregation of Jugel et al., 2014).
    ///
    /// Values without a place become gaps. Places far off the plot are pulled near it: Cairo's coordinates end at 2²³.
    static func polyline(_ xs: [Double], _ ys: [Double], _ x: Scale, _ y: Scale) -> [Point] {
        let count = min(xs.count, ys.count)
        var points: [Point] = []
        let reach = 16_384.0
        let gap = Point(.nan, .nan)
        func place(_ index: Int) -> Point {
            let point = Point(x.position(xs[index]), y.position(ys[index]))
            guard point.isFinite, ys[index].isFinite else { return gap }
            return Point(min(max(point.x, -reach), reach), min(max(point.y, -reach), reach))
        }
        let dense = Double(count) > 6 * abs(x.end - x.start)
        guard dense else {
            points.reserveCapacity(count)
            for index in 0..<count { points.append(place(index)) }
            return points
        }
        var column = Int.min
        var bucket: (first: Point, low: Point, high: Point, last: Point, lowFirst: Bool)?
        func flush() {
            guard let b = bucket else { return }
            points.append(b.first)
            let middle = b.lowFirst ? [b.low, b.high] : [b.high, b.low]
            for point in middle where point != b.first && point != b.last { points.append(point) }
            if b.last != b.first { points.append(b.last) }
            bucket = nil
        }
        for index in 0..<count {
            let point = place(index)
            guard point.isFinite else {
                flush()
                if points.last?.isFinite == true { points.append(gap) }
                column = Int.min
                continue
            }
            let own = Int((point.x * 2).rounded(.down))
            if own != column || bucket == nil {
                flush()
                column = own
                bucket = (point, point, point, point, true)
            } else {
                bucket?.last = point
                if let b = bucket {
                    if point.y > b.low.y {
                        bucket?.low = point
                        bucket?.lowFirst = false
                    }
                    if point.y < b.high.y {
                        bucket?.high = point
                        bucket?.lowFirst = true
                    }
                }
            }
        }
        flush()
        return points
    }
}
