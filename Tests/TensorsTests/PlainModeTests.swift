import Glibc
import Tensors
import Testing

/// How the plain way is chosen, and what it leaves out. That it computes the same is for `PlainTests` to say.
@Suite struct `The plain way` {
    @Test func `is chosen for a while, by the innermost who does`() throws {
        let before = Plain.isOn
        try Plain.run {
            #expect(Plain.isOn)
            Plain.run(false) { #expect(!Plain.isOn) }
            #expect(Plain.isOn)
            struct Ended: Error {}
            #expect(throws: Ended.self) { try Plain.run(false) { throw Ended() } }
            #expect(Plain.isOn)
            _ = try Tensor.ones([2]).add(1)
        }
        #expect(Plain.isOn == before)
    }

    @Test func `belongs to the thread that chose it`() {
        final class Seen: @unchecked Sendable { var isOn: Bool? }
        let seen = Seen()
        Plain.run(!Plain.isOn) {
            var thread = pthread_t()
            let context = Unmanaged.passRetained(seen).toOpaque()
            pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Seen>.fromOpaque(context).takeRetainedValue().isOn = Plain.isOn
                    return nil
                }, context)
            pthread_join(thread, nil)
        }
        #expect(seen.isOn == Plain.isOn)
    }

    @Test func `takes no shortcut, and the quick way counts each`() throws {
        let x = try Tensor.randn([2, 3, 5, 5]), w = try Tensor.randn([4, 3, 3, 3]), c = try Tensor.ones([4])
        let flat = try Tensor.randn([2, 6]), matrix = try Tensor.randn([3, 6])
        func work() throws -> [Tensor] {
            let h = try x.conv2d(w, relu: true)
            return [
                h, try h.batchNorm(runningMean: c, runningVariance: c, residual: h, relu: true),
                try flat.linear(matrix, relu: true),
            ]
        }
        let quick = try Plain.run(false) { try work() }, plain = try Plain.run { try work() }
        #expect(Plain.run { Shortcut.allCases.allSatisfy { !$0.isTaken() } })
        for (a, b) in zip(quick, plain) { #expect(try a.allclose(b, rtol: 1e-5, atol: 1e-5)) }
        for shortcut in [Shortcut.convolutionReLU, .normalizationReLU, .normalizationSum, .linearReLU] {
            #expect(shortcut.count > 0)
        }
    }

    @Test func `a gradient is the same whatever way each part of it was computed`() throws {
        let x = try Tensor.randn([2, 4, 6, 6]).requireGradient(), w = try Tensor.randn([4, 4, 3, 3]).requireGradient()
        func result() throws -> Tensor {
            try x.conv2d(w, padding: 1).batchNorm(runningMean: nil, runningVariance: nil).relu()
        }
        var gradients: [[Double]] = []
        for (forward, backward) in [(false, false), (true, true), (false, true), (true, false)] {
            x.clearGradient()
            w.clearGradient()
            let y = try Plain.run(forward) { try result().square().mean() }
            try Plain.run(backward) { try y.backward() }
            gradients.append(try #require(w.gradient).to(.float64).doubles())
        }
        for other in gradients.dropFirst() {
            #expect(zip(gradients[0], other).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    /// Winograd's tiles mix their numbers; a nan must not reach results that have nothing to do with it.
    @Test(arguments: [Double.nan, .infinity, -.infinity, 3e38])
    func `an infinity stays in the windows that see it, forward and backward`(_ spoiler: Double) throws {
        let image = try Tensor.randn([2, 16, 12, 12]), filters = try Tensor.randn([16, 16, 3, 3])
        let upstream = try Tensor.randn([2, 16, 12, 12])
        for spoilt in 0..<3 {
            func results() throws -> [[Double]] {
                let tensors = try [image.clone(), filters.clone(), upstream.clone()]
                let place = spoilt == 1 ? [3, 5, 1, 1] : [1, 3, 5, 6]
                try tensors[spoilt].setIndex(place.map { .integer($0) }, .scalar(.float(spoiler)))
                let x = try tensors[0].requireGradient(), w = try tensors[1].requireGradient()
                let y = try x.conv2d(w, padding: 1)
                try y.backward(gradient: tensors[2])
                return try [y, #require(x.gradient), #require(w.gradient)].map { try $0.to(.float64).doubles() }
            }
            let quick = try Plain.run(false) { try results() }, plain = try Plain.run { try results() }
            for (a, b) in zip(quick, plain) {
                let finite = zip(a, b).allSatisfy { $0.isFinite == $1.isFinite && $0.isNaN == $1.isNaN }
                #expect(finite)
                #expect(b.contains { $0.isFinite })
            }
        }
    }
}
