import Glibc

/// The triangles of `CyclicLR`: steps up from the base rate to the top, then down again.
public struct CyclicShape: Sendable, Equatable {
    /// How the triangles change from one to the next.
    public enum Mode: String, Sendable, CaseIterable {
        /// All are alike.
        case triangular
        /// Each is half as high as the one before.
        case triangular2
        /// Each step's height is multiplied by gamma^step.
        case exponential = "exp_range"
    }

    /// The rate at the foot.
    public var base: Double
    /// The rate at the top.
    public var top: Double
    /// The steps up.
    public var up: Int
    /// The steps down.
    public var down: Int
    /// How the triangles change.
    public var mode = Mode.triangular
    /// The factor of ``Mode/exponential``.
    public var gamma = 1.0
    /// The momentum at the foot of the rates (the larger) and at their top; nil leaves it alone.
    public var momenta: (base: Double, top: Double)? { cyclesMomentum ? (baseMomentum, topMomentum) : nil }
    /// Whether momentum falls while the rate rises.
    public var cyclesMomentum = true
    /// The least momentum.
    public var baseMomentum = 0.8
    /// The largest momentum.
    public var topMomentum = 0.9

    /// A shape of the usual form.
    public init(base: Double, top: Double, up: Int = 2000, down: Int? = nil) {
        (self.base, self.top, self.up, self.down) = (base, top, up, down ?? up)
    }

    /// How high the triangle is at a step, 0…1 unless gamma is above 1.
    func height(at step: Int) -> Double {
        let (total, ratio) = (Double(up + down), Double(up) / Double(up + down))
        let cycle = (1 + Double(step) / total).rounded(.down)
        let x = 1 + Double(step) / total - cycle
        let share = x <= ratio ? x / ratio : (x - 1) / (ratio - 1)
        switch mode {
        case .triangular: return share
        case .triangular2: return share / pow(2, cycle - 1)
        case .exponential: return share * pow(gamma, Double(step))
        }
    }
}

/// The function of `LambdaLR`: the factor of each epoch.
public final class EpochFactors: Equatable {
    private let function: (Int) throws -> Double
    /// The factors of the first epochs, by which two functions are told apart where they are written.
    public let first: [Double]

    /// Asks the function for the first factors.
    ///
    /// - Throws: what the function throws.
    public init(_ function: @escaping (Int) throws -> Double) throws {
        self.function = function
        first = try (0..<8).map(function)
    }

    func factor(at epoch: Int) throws -> Double { try first.indices.contains(epoch) ? first[epoch] : function(epoch) }

    /// Whether the first factors are the same.
    public static func == (a: EpochFactors, b: EpochFactors) -> Bool { a === b || a.first == b.first }
}
