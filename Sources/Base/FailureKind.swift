/// The sorts of mistakes, as a script sees them in `e.kind`.
public enum FailureKind: String, CaseIterable, Sendable {
    /// A text that is no program.
    case syntax
    /// A name without a value.
    case name
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
    /// What a script raised itself.
    case raised
    /// An assertion that does not hold.
    case assert
    /// Memory, time or nesting that cannot be had.
    case limit
    /// The user asked to stop.
    case interrupt
    /// A fault of this program, never the user's.
    case `internal`
}
