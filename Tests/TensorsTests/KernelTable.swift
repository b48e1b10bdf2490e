import CKernels
import Testing

@testable import Tensors

/// A type of numbers that kernels are compiled for.
protocol KernelNumber: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    static var code: ck_dtype { get }
    /// How far a kernel may be from the exact result, relative to its size.
    static var tolerance: Double { get }
}
extension Float: KernelNumber {
    static var code: ck_dtype { CK_FLOAT32 }
    static var tolerance: Double { 4e-6 }
}
extension Double: KernelNumber {
    static var code: ck_dtype { CK_FLOAT64 }
    static var tolerance: Double { 1e-12 }
}

/// Where a kernel runs: at a level of vector instructions with so many threads, or plainly.
struct Place: CustomStringConvertible, Sendable {
    let level: Engine.Level
    let threads: Int
    var isPlain = false
    var description: String { isPlain ? "plainly" : "\(level.name) with \(threads) threads" }

    /// Every level that this processor has, with one, two and three threads; and the plain twins.
    static let all =
        Engine.Level.allCases.filter { $0 <= .processor }.flatMap { level in
            [1, 2, 3].map { Place(level: level, threads: $0) }
        } + [Place(level: .baseline, threads: 1, isPlain: true)]

    /// Runs `body` here.
    func run(_ body: () throws -> Void) throws {
        let threads = Threads.count
        defer { Threads.count = threads }
        Threads.count = self.threads
        try #require(try Engine.with(level, { try Plain.run(isPlain, body) }) != nil, "\(level.name) is missing")
    }
}

/// Numbers that are the same in every run.
struct Numbers {
    private var state: UInt64
    init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// Uniform in -1 ..< 1.
    mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) * 0x1p-52 - 1
    }
    mutating func array<T: KernelNumber>(_ count: Int, _: T.Type = T.self, scale: Double = 1) -> [T] {
        (0..<count).map { _ in T(next() * scale) }
    }
}

/// Whether two lists agree: bit patterns of NaN and infinity where they are expected, and small differences elsewhere.
func expectClose<T: KernelNumber>(
    _ found: [T], _ expected: [Double], _ what: @autoclosure () -> String, tolerance: Double = T.tolerance,
    at location: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, sourceLocation: location)
    for (i, (a, b)) in zip(found, expected).enumerated() {
        let x = Double(a)
        if x == b || (x.isNaN && b.isNaN) || (x - b).magnitude <= tolerance * max(1, b.magnitude) { continue }
        Issue.record("\(what()): element \(i) is \(x), not \(b)", sourceLocation: location)
        return
    }
}
