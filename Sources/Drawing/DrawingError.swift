/// Why a figure could not be made, drawn, read or written.
public struct DrawingError: Error, Sendable, Equatable {
    /// The class of the failure, in the words of the language's error kinds.
    public enum Kind: String, Sendable {
        /// A value outside what the function takes.
        case value
        /// Lengths or sizes that do not fit together.
        case shape
        /// A file that cannot be read or written, or whose content is broken.
        case io
        /// More pixels or memory than allowed.
        case limit
        /// A failure that no input should cause.
        case `internal`
    }

    /// The class of the failure.
    public var kind: Kind
    /// What went wrong, with the values that matter; begins with the function's name in the language.
    public var message: String
    /// A way out, where there is one.
    public var help: String?
    /// Short labels for the arguments at fault, by argument index.
    public var operands: [Int: String]

    /// An error from its parts.
    public init(_ kind: Kind, _ message: String, help: String? = nil, operands: [Int: String] = [:]) {
        self.kind = kind
        self.message = message
        self.help = help
        self.operands = operands
    }
}

extension DrawingError: CustomStringConvertible {
    /// The message, followed by the way out.
    public var description: String { help.map { "\(message) (\($0))" } ?? message }
}
