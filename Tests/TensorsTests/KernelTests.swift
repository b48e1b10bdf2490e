import CKernels
import Glibc
import Testing

@testable import Tensors

/// Every family of kernels beside plain loops, at sizes on both sides of every boundary: a vector of each width, two and
/// four of them, the blocks of sums, the pieces that threads share.
@Suite(.serialized) struct KernelTests {
    private static let sizes = [
        0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 255, 256, 257, 2047, 2048, 2049, 8193,
    ]

    @Test(arguments: Place.all) func `operations on two numbers agree with plain loops`(_ place: Place) throws {
        try place.run {
            binary(Float.self, Self.sizes + [(1 << 17) + 1])
            binary(Double.self, Self.sizes)
        }
    }

    private func binary<T: KernelNumber>(_: T.Type, _ sizes: [Int]) {
        let operations: [(ck_binary_op, (T, T) -> T)] = [
            (CK_ADD, { $0 + $1 }), (CK_SUB, { $0 - $1 }), (CK_MUL, { $0 * $1 }), (CK_DIV, { $0 / $1 }),
            (CK_MAXIMUM, { $0.isNaN ? $0 : $1.isNaN ? $1 : max($0, $1) }),
            (CK_MINIMUM, { $0.isNaN ? $0 : $1.isNaN ? $1 : min($0, $1) }),
            (CK_POW, { T(pow(Double($0), Double($1))) }),
        ]
        for n in sizes {
            var numbers = Numbers(n)
            var a = numbers.array(n, T.self), b = numbers.array(n, T.self)
            if n > 2 { (a[0], a[n - 1], b[n - 1], b[n / 2]) = (.infinity, .nan, -.infinity, 0) }
            for (operation, exact) in operations {
                for (sa, sb) in [(1, 1), (1, 0), (0, 1)] where n > 0 {
                    var out = [T](repeating: 0, count: n)
                    _ = ck_binary(operation, T.code, a, Int64(sa), b, Int64(sb), &out, Int64(n))
                    let expected = (0..<n).map { Double(exact(a[sa * $0], b[sb * $0])) }
                    expectClose(out, expected, "operation \(operation.rawValue), n \(n), strides \(sa) \(sb)")
                }
            }
        }
    }

    @Test(arguments: Place.all) func `broadcast operands, comparisons and choices agree`(_ place: Place) throws {
        try place.run {
            for (rows, columns) in [(1, 1), (3, 5), (7, 16), (5, 33), (17, 129)] {
                var numbers = Numbers(rows * columns)
                let a: [Float] = numbers.array(rows), b: [Float] = numbers.array(columns)
                let count = rows * columns, sizes = [Int64(rows), Int64(columns)]
                var out = [Float](repeating: 0, count: count), flags = [UInt8](repeating: 9, count: count)
                _ = ck_binary_broadcast(CK_SUB, CK_FLOAT32, a, [1, 0], b, [0, 1], &out, 2, sizes)
                expectClose(out, (0..<count).map { Double(a[$0 / columns] - b[$0 % columns]) }, "broadcast \(sizes)")
                ck_compare_broadcast(CK_LT, CK_FLOAT32, a, [1, 0], b, [0, 1], &flags, 2, sizes)
                #expect(flags == (0..<count).map { a[$0 / columns] < b[$0 % columns] ? 1 : 0 })
                var chosen = [Float](repeating: 0, count: count)
                ck_where_broadcast(4, flags, [Int64(columns), 1], a, [1, 0], b, [0, 1], &chosen, 2, sizes)
                #expect(chosen == (0..<count).map { min(a[$0 / columns], b[$0 % columns]) })
            }
        }
    }

    @Test(arguments: Place.all) func `functions of one number and their derivatives agree`(_ place: Place) throws {
        try place.run {
            unary(Float.self)
            unary(Double.self)
        }
    }

    private func unary<T: KernelNumber>(_: T.Type) {
        let sigmoid: (Double) -> Double = { 1 / (1 + exp(-$0)) }
        let functions: [(ck_unary_op, (Double) -> Double, (Double) -> Double)] = [
            (CK_ABS, { $0.magnitude }, { $0 > 0 ? 1 : -1 }), (CK_SQUARE, { $0 * $0 }, { 2 * $0 }),
            (CK_EXP, exp, { exp($0) }), (CK_EXPM1, expm1, { exp($0) }), (CK_SIN, sin, { cos($0) }),
            (CK_COS, cos, { -sin($0) }), (CK_TANH, tanh, { 1 - pow(tanh($0), 2) }),
            (CK_SIGMOID, sigmoid, { sigmoid($0) * (1 - sigmoid($0)) }),
            (CK_ERF, erf, { 2 / Double.pi.squareRoot() * exp(-$0 * $0) }),
            (CK_SILU, { $0 * sigmoid($0) }, { sigmoid($0) * (1 + $0 * (1 - sigmoid($0))) }),
            (
                CK_GELU, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) },
                { 0.5 * (1 + erf($0 / 2.0.squareRoot())) + $0 * exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot() }
            ),
            (CK_RELU, { max(0, $0) }, { $0 > 0 ? 1 : 0 }),
        ]
        // The derivatives of these are taken from the result.
        let byResult: [ck_unary_op] = [CK_EXP, CK_EXPM1, CK_TANH, CK_SIGMOID, CK_RELU]
        for n in [1, 3, 7, 16, 17, 33, 64, 65, 255, 8193] {
            var numbers = Numbers(n)
            let x: [T] = numbers.array(n, scale: 3), g: [T] = numbers.array(n)
            for (operation, function, derivative) in functions {
                var y = [T](repeating: 0, count: n), slope = y
                ck_unary(operation, T.code, 0, 0, x, &y, Int64(n))
                expectClose(y, x.map { function(Double($0)) }, "function \(operation.rawValue), n \(n)")
                let base = byResult.contains { $0 == operation } ? y : x
                ck_unary_backward(operation, T.code, 0, 0, g, base, &slope, Int64(n))
                let expected = zip(x, g).map { derivative(Double($0)) * Double($1) }
                expectClose(slope, expected, "derivative \(operation.rawValue), n \(n)", tolerance: 4 * T.tolerance)
            }
        }
    }

    @Test(arguments: Place.all) func `planes are copied and added from any strides`(_ place: Place) throws {
        try place.run {
            for (rows, columns) in [(1, 1), (2, 3), (31, 33), (32, 32), (33, 65), (3, 257)] {
                var numbers = Numbers(rows)
                let x: [Float] = numbers.array(rows * columns)
                var turned = [Float](repeating: 0, count: rows * columns)
                let sizes = [Int64(columns), Int64(rows)]
                ck_copy(4, 2, sizes, x, [1, Int64(columns)], &turned, [Int64(rows), 1])
                let expected = (0..<turned.count).map { Double(x[$0 % rows * columns + $0 / rows]) }
                expectClose(turned, expected, "turned \(sizes)")
                ck_add_strided(CK_FLOAT32, 2, sizes, x, [1, Int64(columns)], &turned, [Int64(rows), 1])
                expectClose(turned, expected.map { 2 * $0 }, "added \(sizes)")
            }
        }
    }

    @Test(arguments: Place.all) func `reductions agree at every block`(_ place: Place) throws {
        try place.run {
            reductions(Float.self)
            reductions(Double.self)
        }
    }

    private func reductions<T: KernelNumber>(_: T.Type) {
        let shapes = [
            (1, 1, 1), (3, 17, 1), (2, 2048, 1), (1, 2049, 1), (2, 5000, 1), (1, 127, 3), (2, 129, 255), (1, 300, 257),
        ]
        let operations: [(ck_reduce_op, (Double, Double) -> Double)] = [
            (CK_SUM, { $0 + $1 }), (CK_SUM_SQUARES, { $0 + $1 * $1 }), (CK_SUM_ABS, { $0 + $1.magnitude }),
        ]
        for (outer, n, inner) in shapes {
            var numbers = Numbers(n)
            let x: [T] = numbers.array(outer * n * inner)
            func column(_ position: Int) -> [Double] {
                (0..<n).map { Double(x[(position / inner * n + $0) * inner + position % inner]) }
            }
            for (operation, step) in operations {
                var out = [T](repeating: 0, count: outer * inner)
                ck_reduce(operation, T.code, x, &out, Int64(outer), Int64(n), Int64(inner))
                let expected = out.indices.map { column($0).reduce(0, step) }
                expectClose(
                    out, expected, "reduction \(operation.rawValue) of \((outer, n, inner))",
                    tolerance: 20 * T.tolerance)
            }
            var most = [T](repeating: 0, count: outer * inner), at = [Int64](repeating: 0, count: outer * inner)
            ck_extreme(true, T.code, x, &most, &at, Int64(outer), Int64(n), Int64(inner))
            expectClose(most, most.indices.map { column($0).max() ?? 0 }, "maximum of \((outer, n, inner))")
            var sorted = x, positions = [Int64](repeating: 0, count: x.count)
            #expect(ck_sort(T.code, false, x, &sorted, &positions, 1, Int64(x.count)))
            #expect(sorted == x.sorted() && positions.map { x[Int($0)] } == sorted)
        }
    }

    @Test(arguments: Place.all) func `columns are normalised as by plain loops`(_ place: Place) throws {
        try place.run {
            columns(Float.self)
            columns(Double.self)
        }
    }

    private func columns<T: KernelNumber>(_: T.Type) {
        for (rows, c) in [(1, 1), (7, 3), (130, 16), (65, 255), (64, 256), (9, 257), (20_000, 3)] {
            var numbers = Numbers(rows + c)
            let x: [T] = numbers.array(rows * c, scale: 2), g: [T] = numbers.array(rows * c)
            var mean = [Double](repeating: 0, count: c), squares = mean, sum = mean, product = mean
            #expect(ck_column_moments(T.code, x, Int64(rows), Int64(c), &mean, &squares))
            let exactMean = (0..<c).map { j in (0..<rows).reduce(0.0) { $0 + Double(x[$1 * c + j]) } / Double(rows) }
            let exactSquares = (0..<c).map { j in
                (0..<rows).reduce(0.0) { $0 + pow(Double(x[$1 * c + j]) - exactMean[j], 2) }
            }
            expectClose(mean, exactMean, "means of \(rows)×\(c)", tolerance: 10 * T.tolerance)
            expectClose(squares, exactSquares, "squares of \(rows)×\(c)", tolerance: 10 * T.tolerance)
            #expect(ck_column_products(T.code, g, x, nil, mean, Int64(rows), Int64(c), &sum, &product))
            let exactProducts = (0..<c).map { j in
                (0..<rows).reduce(0.0) { $0 + Double(g[$1 * c + j]) * (Double(x[$1 * c + j]) - mean[j]) }
            }
            expectClose(product, exactProducts, "products of \(rows)×\(c)", tolerance: 100 * T.tolerance)
            let factor: [Double] = numbers.array(c), slope: [Double] = numbers.array(c),
                shift: [Double] = numbers.array(c)
            var out = [T](repeating: 0, count: rows * c)
            #expect(ck_scale_columns(T.code, x, factor, shift, g, true, &out, Int64(rows), Int64(c)))
            let expected = x.indices.map { max(0, Double(x[$0]) * factor[$0 % c] + shift[$0 % c] + Double(g[$0])) }
            expectClose(out, expected, "scaled \(rows)×\(c)")
            #expect(ck_combine_columns(T.code, g, x, nil, mean, factor, slope, shift, &out, nil, Int64(rows), Int64(c)))
            let combined = x.indices.map { i in
                Double(g[i]) * factor[i % c] + (Double(x[i]) - mean[i % c]) * slope[i % c] + shift[i % c]
            }
            expectClose(out, combined, "combined \(rows)×\(c)")
        }
    }

    @Test(arguments: Place.all) func `rows are normalised as by plain loops`(_ place: Place) throws {
        try place.run {
            for (rows, n) in [(1, 1), (3, 7), (17, 16), (40, 33), (5, 1000)] {
                var numbers = Numbers(rows * n)
                let x: [Float] = numbers.array(rows * n), w: [Float] = numbers.array(n), b: [Float] = numbers.array(n)
                var out = x, mean = [Float](repeating: 0, count: rows), inverse = mean
                ck_layer_norm(CK_FLOAT32, x, w, b, 1e-5, &out, &mean, &inverse, Int64(rows), Int64(n))
                let expected = x.indices.map { i -> Double in
                    let row = x[(i / n * n)..<(i / n * n + n)].map(Double.init)
                    let m = row.reduce(0, +) / Double(n), v = row.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(n)
                    return (Double(x[i]) - m) / (v + 1e-5).squareRoot() * Double(w[i % n]) + Double(b[i % n])
                }
                expectClose(out, expected, "layer norm \(rows)×\(n)", tolerance: 2e-5)
            }
        }
    }

    @Test(arguments: Place.all) func `pooling agrees with plain loops`(_ place: Place) throws {
        try place.run {
            for (n, side, c) in [(1, 4, 1), (3, 7, 5), (2, 8, 16), (5, 9, 33)] {
                var numbers = Numbers(c)
                let x: [Float] = numbers.array(n * side * side * c), out = side / 2
                let first = (0..<out).map { Int64(2 * $0) }, last = first.map { $0 + 2 }
                let two = [Int64](repeating: 2, count: out)
                var most = [Float](repeating: 0, count: n * out * out * c), means = most
                first.withUnsafeBufferPointer { first in
                    last.withUnsafeBufferPointer { last in
                        two.withUnsafeBufferPointer { two in
                            let windows = ck_windows(
                                first: first.baseAddress, last: last.baseAddress, divisor: two.baseAddress, step: 1,
                                in: Int64(side), out: Int64(out))
                            withUnsafePointer(to: windows) { both in
                                ck_max_pool(CK_FLOAT32, both, both, Int64(n), Int64(c), x, &most, nil)
                                ck_avg_pool(CK_FLOAT32, both, both, 0, Int64(n), Int64(c), x, &means)
                            }
                        }
                    }
                }
                func window(_ i: Int) -> [Double] {
                    let channel = i % c, ox = i / c % out, oy = i / c / out % out, image = i / c / out / out
                    return [(0, 0), (0, 1), (1, 0), (1, 1)].map { dy, dx in
                        Double(x[((image * side + 2 * oy + dy) * side + 2 * ox + dx) * c + channel])
                    }
                }
                expectClose(most, most.indices.map { window($0).max() ?? 0 }, "max of \((n, side, c))")
                expectClose(means, means.indices.map { window($0).reduce(0, +) / 4 }, "mean of \((n, side, c))")
            }
        }
    }

    @Test(arguments: Place.all) func `a step of an LSTM agrees with plain loops`(_ place: Place) throws {
        try place.run {
            for (rows, h) in [(1, 1), (3, 7), (2, 16), (5, 33)] {
                var numbers = Numbers(h)
                let input: [Float] = numbers.array(rows * 4 * h, scale: 2), previous: [Float] = numbers.array(rows * h)
                var gates = input, cell = previous, hidden = previous
                ck_lstm_cell(CK_FLOAT32, &gates, previous, &cell, &hidden, Int64(rows), Int64(h))
                let sigmoid: (Float) -> Double = { 1 / (1 + exp(-Double($0))) }
                let cells = previous.indices.map { i -> Double in
                    let at = i / h * 4 * h + i % h
                    return sigmoid(input[at + h]) * Double(previous[i]) + sigmoid(input[at])
                        * tanh(Double(input[at + 2 * h]))
                }
                expectClose(cell, cells, "cell \(rows)×\(h)")
                let outputs = cells.indices.map { sigmoid(input[$0 / h * 4 * h + $0 % h + 3 * h]) * tanh(cells[$0]) }
                expectClose(hidden, outputs, "hidden \(rows)×\(h)")
            }
        }
    }
}
