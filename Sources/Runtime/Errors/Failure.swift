import Base
import Diagnostics
import Tensors

/// An error on its way from where it happened to the place that shows or catches it.
///
/// Library code throws it with the values that matter; the machine adds the places in the source.
public struct Failure: Error {
    /// The sort of mistake.
    public var kind: FailureKind
    /// The family of the message, which `distill explain` describes; none for what a script raises itself.
    public var code: ErrorCode?
    /// One sentence in the words of the field.
    public var message: String
    /// Ways out.
    public var help: [String]
    /// Further facts.
    public var notes: [String]
    /// Short labels such as `[128, 10]`, by the index of the argument they belong to.
    public var operands: [Int: String]
    /// Whether no `try` of the script takes it, so that the run ends.
    public var endsRun = false
    /// The value that a script raised, when it raised an error it had caught.
    var caught: ErrorObject?

    /// An error of a kind with its message.
    public init(
        _ kind: FailureKind, _ message: String, code: ErrorCode? = nil, help: [String] = [], notes: [String] = [],
        operands: [Int: String] = [:]
    ) {
        self.kind = kind
        self.code = code ?? ErrorCode.general(kind)
        self.message = message
        self.help = help
        self.notes = notes
        self.operands = operands
    }

    /// Any error as a failure: what the floors below throw keeps its kind, message, help and operands.
    public init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let described as any DescribedError:
            self.init(
                described.kind, described.message, help: described.help.map { [$0] } ?? [],
                operands: described.operands)
        case let diagnostic as Diagnostic:
            self.init(diagnostic.kind, diagnostic.message, help: diagnostic.help, notes: diagnostic.notes)
            caught = ErrorObject(diagnostic)
        default: self.init(.internal, "\(error)")
        }
    }
}

/// A caught error as a script sees it: `e.kind`, `e.message`, `e.help`.
public final class ErrorObject: LanguageObject, Sendable {
    /// `error`.
    public static var languageName: String { "error" }

    /// Everything that is known about it.
    public let diagnostic: Diagnostic

    /// An error value.
    public init(_ diagnostic: Diagnostic) { self.diagnostic = diagnostic }
}
