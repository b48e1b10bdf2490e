import Glibc

/// The weight of a term over the epochs.
public indirect enum WeightSchedule: CustomStringConvertible {
    /// The same in every epoch.
    case constant(Double)
    /// `from` in the first epoch, linearly to `to`, reached in the epoch number `epochs` (counted from 1), which stays.
    case ramp(from: Double, to: Double, epochs: Int)
    /// As ``ramp(from:to:epochs:)`` along half a cosine: to + (from − to)(1 + cos(π·phase))/2.
    case cosine(from: Double, to: Double, epochs: Int)
    /// 1 before epoch `epoch`, 0 from then on.
    case until(epoch: Int)
    /// Any function of the epoch (from 0).
    case function((Int) throws -> Double)
    /// Another schedule times a number.
    case product(WeightSchedule, Double)

    /// The weight in an epoch, counted from 0.
    ///
    /// - Throws: what a function throws; ``DistillationError/weight(value:epoch:)`` for a weight that is no number.
    public func value(at epoch: Int) throws -> Double {
        let value: Double
        switch self {
        case .constant(let weight): value = weight
        case .ramp(let from, let to, let epochs): value = from + (to - from) * Self.phase(epoch, epochs)
        case .cosine(let from, let to, let epochs):
            value = to + (from - to) * (1 + cos(.pi * Self.phase(epoch, epochs))) / 2
        case .until(let end): value = epoch < end ? 1 : 0
        case .function(let function): value = try function(epoch)
        case .product(let schedule, let factor): value = try schedule.value(at: epoch) * factor
        }
        guard value.isFinite else { throw DistillationError.weight(value: value, epoch: epoch) }
        return value
    }

    private static func phase(_ epoch: Int, _ epochs: Int) -> Double {
        epochs <= 1 ? 1 : min(1, Double(epoch) / Double(epochs - 1))
    }

    /// The same schedule times a number.
    public func times(_ factor: Double) -> WeightSchedule {
        switch self {
        case .constant(let weight): .constant(weight * factor)
        case .product(let schedule, let other): .product(schedule, other * factor)
        default: .product(self, factor)
        }
    }

    /// The schedule as it is written.
    public var description: String {
        switch self {
        case .constant(let weight): number(weight)
        case .ramp(let from, let to, let epochs): "ramp(\(number(from)), \(number(to)), epochs=\(epochs))"
        case .cosine(let from, let to, let epochs): "cosine(\(number(from)), \(number(to)), epochs=\(epochs))"
        case .until(let epoch): "until(epoch=\(epoch))"
        case .function: "weight(epoch)"
        case .product(let schedule, let factor): "\(number(factor)) * \(schedule)"
        }
    }
}

/// A number as people write it: `4`, `0.9`.
func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
}
