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
