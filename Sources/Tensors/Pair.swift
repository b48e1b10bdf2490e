/// A number for both spatial dimensions, or one for each: `3` or `Pair(3, 5)`.
public struct Pair: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The number for the height.
    public let height: Int
    /// The number for the width.
    public let width: Int

    /// Height and width.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    /// The same number twice.
    public init(_ both: Int) { self.init(both, both) }

    /// The same number twice.
    public init(integerLiteral value: Int) { self.init(value) }

    /// As the language writes it: `3` or `[3, 5]`.
    public var description: String { height == width ? "\(height)" : "[\(height), \(width)]" }

    /// - Throws: `TensorError.wrongValue` unless both lie in minimum … 2³¹.
    func check(_ name: String, _ argument: String, atLeast minimum: Int) throws {
        for value in [height, width] {
            guard value >= minimum && value <= 1 << 31 else {
                throw TensorError.wrongValue(
                    function: name, argument: argument, value: description,
                    expected: value < minimum ? "at least \(minimum)" : "at most 2147483648")
            }
        }
    }
}
