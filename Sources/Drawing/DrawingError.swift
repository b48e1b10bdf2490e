import Base

/// Why a figure could not be made, drawn, read or written.
public struct DrawingError: DescribedError, Equatable {
    /// The class of the failure.
    public var kind: FailureKind
    /// What went wrong, with the values that matter; begins with the function's name in the language.
    public var message: String
    /// A way out, where there is one.
    public var help: String?
    /// Short labels for the arguments at fault, by argument index.
    public var operands: [Int: String]

    /// An error from its parts.
    public init(_ kind: FailureKind, _ message: String, help: String? = nil, operands: [Int: String] = [:]) {
        self.kind = kind
        self.message = message
        self.help = help
        self.operands = operands
    }
}
