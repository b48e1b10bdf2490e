import Fuzzing

/// A convolution, transposed convolution or pooling of an odd geometry: filters larger than the image, with dilation, groups,
/// strides and padding of all sizes, channels that fill vectors and that do not; and a residual block of it, which is planned.
package struct GeometryProgram: PlainProgram {
    /// The sizes along one side of the image.
    struct Side: Sendable {
        var size: Int
        var kernel: Int
        var padding: Int

        func isSound(dilation: Int) -> Bool { size + 2 * padding >= dilation * (kernel - 1) + 1 }
    }

    enum Kind: String, CaseIterable, Sendable { case convolution, transposed, block, maximum, average }

    let kind: Kind
    var batch: Int
    var groups: Int
    var channels: Int
    var out: Int
    var rows: Side
    var columns: Side
    let stride: Int
    let dilation: Int

    package var smaller: [GeometryProgram] {
        var found: [GeometryProgram] = []
        if batch > 1 {
            var less = self
            less.batch = 1
            found.append(less)
        }
        if rows.size > 1 || rows.kernel > 1 {
            var less = self
            less.rows = Side(size: 1, kernel: 1, padding: 0)
            found.append(less)
        }
        return found
    }

    package var parts: (setup: [String], work: [String]) {
        var setup =
            NetworkProgram.prelude + [
                "manual_seed(51)", "x = randn(\(batch), \(channels), \(rows.size), \(columns.size))",
            ]
        let kernel = "[\(rows.kernel), \(columns.kernel)]", padding = "[\(rows.padding), \(columns.padding)]"
        let output: String
        switch kind {
        case .convolution:
            setup += [
                "w = randn(\(out), \(channels / groups), \(rows.kernel), \(columns.kernel))", "b = randn(\(out))",
            ]
            output =
                "conv2d(x, w, b, stride=\(stride), padding=\(padding), dilation=\(dilation), groups=\(groups))"
        case .transposed:
            setup += [
                "w = randn(\(channels), \(out / groups), \(rows.kernel), \(columns.kernel))", "b = randn(\(out))",
            ]
            output = "conv_transpose2d(x, w, b, stride=\(stride), groups=\(groups))"
        case .maximum:
            output = "max_pool2d(x, \(kernel), stride=\(stride), padding=\(padding), dilation=\(dilation))"
        case .average:
            output = "avg_pool2d(x, \(kernel), stride=\(stride), padding=\(padding))"
        case .block:
            setup += [
                "module Block() { f = Conv2d(\(channels), \(channels), \(kernel), padding=\(padding), dilation=\(dilation), groups=\(groups)); n = BatchNorm2d(\(channels)); fn forward(h) { return relu(n(f(h)) + h) } }",
                "net = Block()", "no_grad { for p in net.parameters() { p += 0.1 * randn_like(p) } }", "net.eval()",
            ]
            output = "net(x)"
        }
        var work = ["x.requires_grad = true"]
        let hasWeights = kind == .convolution || kind == .transposed
        if hasWeights { work.append("w.requires_grad = true; b.requires_grad = true") }
        work += [
            "y = \(output); keep(\"y\", y)", "manual_seed(52); sum(y * randn_like(y.detach())).backward()",
            "keep(\"gradient of x\", x.grad)",
        ]
        if hasWeights { work.append("keep(\"gradient of w\", w.grad); keep(\"gradient of b\", b.grad)") }
        if kind == .block {
            work += [
                "for n, p in net.named_parameters().items() { keep(\"gradient \" + n, p.grad) }",
                "data = TensorDataset(x.detach(), zeros([\(batch)]))",
                "for i in range(3) { keep(f\"predicted {i}\", predict(net, data)) }",
            ]
        }
        return (setup, work)
    }
}

extension GeometryProgram {
    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        kind = random.pick(Kind.allCases + [.convolution, .block])
        let widths = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 32, 48, 64, 96]
        groups = random.pick([1, 1, 1, 1, 2, 3, 4])
        channels = random.pick(widths) * groups
        out = kind == .block ? channels : random.pick(widths) * groups
        if kind == .convolution, random.chance(20) { (groups, out) = (channels, channels) }
        let dilation = kind == .transposed ? 1 : random.pick([1, 1, 1, 2, 2, 3, 4])
        self.dilation = dilation
        stride = kind == .block ? 1 : random.pick([1, 1, 1, 2, 3])
        let isPool = kind == .maximum || kind == .average, isBlock = kind == .block
        func side() -> Side {
            while true {
                let kernel = isBlock ? random.pick([1, 3, 3, 5, 7]) : random.pick([1, 1, 2, 3, 3, 4, 5, 7])
                let padding =
                    isBlock
                    ? dilation * (kernel / 2)
                    : isPool
                        ? random.number(0, kernel / 2)
                        : random.pick([0, kernel / 2, dilation * (kernel / 2), random.number(0, 6)])
                let near = dilation * (kernel - 1) + 1 + random.number(-3, 2)
                let size = random.chance(40) ? Swift.max(1, near) : random.number(1, 16)
                let side = Side(size: size, kernel: kernel, padding: padding)
                if side.isSound(dilation: dilation) { return side }
            }
        }
        (rows, columns) = (side(), side())
        batch = random.number(1, 4)
    }

    /// Geometries that were once computed wrongly, at one level of vector instructions or at all.
    package static let all: [GeometryProgram] = {
        func square(_ size: Int, _ kernel: Int, _ padding: Int) -> Side {
            Side(size: size, kernel: kernel, padding: padding)
        }
        func convolution(_ channels: Int, _ out: Int, _ columns: Side, dilation: Int) -> GeometryProgram {
            GeometryProgram(
                kind: .convolution, batch: 4, groups: 1, channels: channels, out: out, rows: square(8, 1, 0),
                columns: columns, stride: 1, dilation: dilation)
        }
        func block(_ channels: Int, groups: Int, _ rows: Side, _ columns: Side, dilation: Int = 1) -> GeometryProgram {
            GeometryProgram(
                kind: .block, batch: 4, groups: groups, channels: channels, out: channels, rows: rows, columns: columns,
                stride: 1, dilation: dilation)
        }
        return [
            convolution(64, 64, square(7, 5, 4), dilation: 2), convolution(64, 48, square(11, 7, 6), dilation: 2),
            convolution(32, 64, square(15, 5, 8), dilation: 4),
            block(1, groups: 1, square(1, 3, 1), square(1, 3, 1)),
            block(16, groups: 4, square(2, 3, 1), square(2, 3, 1)),
            block(10, groups: 2, square(5, 1, 0), square(5, 1, 0)),
            block(8, groups: 1, square(3, 5, 2), square(1, 5, 2)),
            block(6, groups: 2, square(3, 5, 2), square(1, 5, 2)),
            block(32, groups: 1, square(12, 5, 4), square(9, 5, 4), dilation: 2),
        ]
    }()
}
