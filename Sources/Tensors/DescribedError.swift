/// The kinds of failure a caller can tell apart; the language's error kinds of the same names.
public enum FailureKind: String, Sendable, Hashable {
    /// An operand of the wrong type or dtype.
    case type
    /// An argument outside its range.
    case value
    /// Shapes that do not fit together.
    case shape
    /// A position outside a dimension.
    case index
    /// A missing entry.
    case key
    /// Arithmetic that has no result.
    case math
    /// A file that cannot be read or written.
    case io
    /// Memory or nesting that cannot be had.
    case limit
    /// The user asked to stop.
    case interrupt
    /// A mistake of this library.
    case `internal`
}

/// An error that says what went wrong in the words of the field.
public protocol DescribedError: Error, CustomStringConvertible {
    /// What sort of mistake it is.
    var kind: FailureKind { get }
    /// One sentence that begins with the function's language name and carries the values that matter.
    var message: String { get }
    /// A way out, if there is an obvious one.
    var help: String? { get }
    /// Short labels for the arguments at fault, by position.
    var operands: [Int: String] { get }
}

extension DescribedError {
    /// No help by default.
    public var help: String? { nil }
    /// No labels by default.
    public var operands: [Int: String] { [:] }
    /// The message.
    public var description: String { message }
}
