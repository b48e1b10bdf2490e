import Base
import Data
import Tensors

/// Windows over any number of dimensions, as places in the image: what maxima are asked for by that say where they stand, and
/// what `Col2Im` adds into.
struct ONNXWindows {
    /// How many windows there are along each dimension.
    let counts: [Int]
    /// The place in the image of each element of each window, window by window; -1 in the padding, -2 behind it.
    let places: [Int]
    /// Elements of one window.
    let size: Int

    /// - Parameter ceil: whether a window may hang over, if it begins within the image or the padding before it.
    init(_ window: ONNXWindow, sizes: [Int], ceil: Bool, _ call: ONNXCall) throws {
        counts = try window.counts(sizes, ceil: ceil, call)
        size = try call.work(window.kernel + counts, "windows \(window.kernel) over \(sizes)") / call.count(counts)
        var places: [Int] = []
        places.reserveCapacity(counts.reduce(size, *))
        try Self.each(counts) { output in
            if places.count & 0xFFFF == 0 { try Interrupt.check() }
            Self.each(window.kernel) { inside in
                var place = 0, isOutside = false, isBehind = false
                for axis in sizes.indices {
                    let at =
                        output[axis] * window.strides[axis] - window.before[axis]
                        + inside[axis] * window.dilations[axis]
                    if at < 0 || at >= sizes[axis] { isOutside = true }
                    if at >= sizes[axis] + window.after[axis] { isBehind = true }
                    place = place * sizes[axis] + at
                }
                places.append(isBehind ? -2 : isOutside ? -1 : place)
            }
        }
        self.places = places
    }

    /// All positions in a grid, the last dimension fastest.
    static func each(_ sizes: [Int], _ body: ([Int]) throws -> Void) rethrows {
        guard sizes.allSatisfy({ $0 > 0 }) else { return }
        var position = sizes.map { _ in 0 }
        while true {
            try body(position)
            var axis = sizes.count - 1
            while axis >= 0 {
                position[axis] += 1
                if position[axis] < sizes[axis] { break }
                position[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// The elements of all windows of an image [N, C, …]: [N·C, windows, size]; `value` stands outside of it.
    func elements(of x: Tensor, outside value: Double) throws -> Tensor {
        let area = x.shape.dropFirst(2).reduce(1, *), rows = x.shape[0] * x.shape[1]
        let image = try Tensor.cat(
            [x.reshape([rows, area]), Tensor.full([rows, 1], .float(value), dtype: x.dtype)], dim: 1)
        let index = try Tensor(places.map { $0 < 0 ? area : $0 })
        return try image.indexSelect(dim: 1, index: index).reshape([rows, counts.reduce(1, *), size])
    }

    /// [N·C, windows] as an image.
    func image(_ values: Tensor, like x: Tensor) throws -> Tensor {
        try values.reshape([x.shape[0], x.shape[1]] + counts)
    }
}
