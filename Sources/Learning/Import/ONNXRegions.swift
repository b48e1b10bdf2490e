import Base
import Data
import Tensors

/// The operator `RoiAlign`: parts of images, [regions, C, height, width], as means or maxima of samples in each cell of a region
/// (He et al., 2017).
struct ONNXRegions {
    private let call: ONNXCall
    private let x: Tensor
    /// Two corners of each region, x before y.
    private let corners: [Double]
    private let images: [Int]
    private let height: Int
    private let width: Int
    private let ratio: Int
    private let isHalf: Bool

    init(_ call: ONNXCall) throws {
        self.call = call
        x = try call.x(ranks: 4...4)
        images = try call.integers(2) ?? []
        height = try call.size("output_height", 1, in: 1...1 << 12)
        width = try call.size("output_width", 1, in: 1...1 << 12)
        ratio = try call.size("sampling_ratio", 0, in: 0...64)
        isHalf =
            call.text("coordinate_transformation_mode", call.opset >= 16 ? "half_pixel" : "output_half_pixel")
            == "half_pixel"
        let scale = call.float("spatial_scale", 1), shift = isHalf ? 0.5 : 0
        corners = try call.x(1).doubles().map { $0 * scale - shift }
        let count = x.shape[0]
        guard corners.count == 4 * images.count, images.allSatisfy({ (0..<count).contains($0) }),
            x.shape[2] > 0, x.shape[3] > 0
        else { throw call.refusal("\(images.count) regions of \(x.shape)") }
        guard corners.allSatisfy(\.isFinite) else { throw call.refusal("a region with a corner that is no number") }
        _ = try call.count([images.count, x.shape[1], height, width])
    }

    func aligned() throws -> Tensor {
        let isMax = call.text("mode", "avg") == "max"
        var results: [Tensor] = []
        for region in images.indices {
            try Interrupt.check()
            let rows = try samples(region, 1, height, x.shape[2]), columns = try samples(region, 0, width, x.shape[3])
            let image = try x.select(dim: 0, index: images[region])
            results.append(try isMax ? maxima(image, rows, columns) : means(image, rows, columns))
        }
        let result =
            results.isEmpty
            ? try Tensor.zeros([0, x.shape[1], height, width], dtype: x.dtype) : try Tensor.stack(results, dim: 0)
        return call.withoutGradient(result, for: 1)
    }

    /// Where samples lie between two elements of the image, and how much each of the two counts.
    private struct Sample {
        var low = 0, high = 0
        var near = 0.0, far = 0.0
    }

    /// The samples along one dimension, for each cell: as many for each; none of a region without size.
    private func samples(_ region: Int, _ axis: Int, _ cells: Int, _ size: Int) throws -> [[Sample]] {
        let first = corners[4 * region + axis]
        var extent = corners[4 * region + 2 + axis] - first
        if !isHalf { extent = max(extent, 1) }
        let cell = extent / Double(cells)
        guard ratio > 0 || cell <= 4096 else { throw call.refusal("a region of \(extent) elements for \(cells) cells") }
        let count = ratio > 0 ? ratio : Int(max(cell.rounded(.up), 0))
        return (0..<cells).map { index in
            (0..<count).map { sample in
                let place = first + (Double(index) + (Double(sample) + 0.5) / Double(count)) * cell
                // What lies further outside than one element counts for nothing.
                guard place >= -1, place <= Double(size) else { return Sample() }
                let bounded = min(max(place, 0), Double(size - 1)), low = Int(bounded)
                let far = bounded - Double(low)
                return Sample(low: low, high: min(low + 1, size - 1), near: 1 - far, far: far)
            }
        }
    }

    /// The mean over a grid of samples is a product with one matrix for the rows and one for the columns.
    private func means(_ image: Tensor, _ rows: [[Sample]], _ columns: [[Sample]]) throws -> Tensor {
        func matrix(_ cells: [[Sample]], _ size: Int) throws -> Tensor {
            var shares = [Double](repeating: 0, count: try call.work([cells.count, size], "the shares of a region"))
            for (cell, samples) in cells.enumerated() {
                for sample in samples {
                    shares[cell * size + sample.low] += sample.near / Double(samples.count)
                    shares[cell * size + sample.high] += sample.far / Double(samples.count)
                }
            }
            return try Tensor(shares, shape: [cells.count, size]).to(image.dtype)
        }
        let half = try image.linear(matrix(columns, x.shape[3]))
        return try matrix(rows, x.shape[2]).matmul(half)
    }

    /// The largest of the four weighted neighbours of a sample, as ONNX has it, then of the samples of a cell.
    private func maxima(_ image: Tensor, _ rows: [[Sample]], _ columns: [[Sample]]) throws -> Tensor {
        let own = (rows.first?.count ?? 0) * (columns.first?.count ?? 0), channels = image.shape[0]
        guard own > 0 else { return try .zeros([channels, height, width], dtype: image.dtype) }
        _ = try call.work([height, width, own], "the samples of a region")
        let flat = try image.reshape([channels, image.count / max(channels, 1)])
        let step = max((1 << 18) / (own * width), 1)
        var parts: [Tensor] = []
        for first in stride(from: 0, to: height, by: step) {
            try Interrupt.check()
            var index: [[Int]] = [[], [], [], []], shares: [[Double]] = [[], [], [], []]
            for row in rows[first..<min(first + step, height)] {
                for column in columns {
                    for y in row {
                        for x in column {
                            let neighbours = [
                                (y.low, x.low, y.near * x.near), (y.low, x.high, y.near * x.far),
                                (y.high, x.low, y.far * x.near), (y.high, x.high, y.far * x.far),
                            ]
                            for (number, (y, x, share)) in neighbours.enumerated() {
                                index[number].append(y * image.shape[2] + x)
                                shares[number].append(share)
                            }
                        }
                    }
                }
            }
            let weighted = try zip(index, shares).map { index, shares in
                try flat.indexSelect(dim: 1, index: Tensor(index)).mul(Tensor(shares).to(image.dtype))
            }
            let joined = try weighted.dropFirst().reduce(weighted[0]) { try $0.maximum($1) }
            let height = min(first + step, height) - first
            parts.append(
                try joined.reshape([channels, height * width, own]).amax(dims: [2]).reshape([channels, height, width]))
        }
        return try .cat(parts, dim: 1)
    }
}
