/// A kind of mistake with a stable code and a page of its own: what `distill explain CODE` shows.
public protocol ExplainedCode: RawRepresentable, CaseIterable, Sendable where RawValue == String {
    /// The page.
    var page: ExplanationPage { get }
}

extension ExplainedCode {
    /// The code as shown, such as `E0104`.
    public var code: String { rawValue }

    /// Finds a code as the user types it, in any case.
    public init?(_ text: String) { self.init(rawValue: text.uppercased()) }

    /// A text with this mistake; empty when no text has it by itself.
    public var wrong: String { page.wrong }

    /// The same, right.
    public var right: String { page.right }
}

/// What there is to say about a kind of mistake.
public struct ExplanationPage: Sendable {
    /// A few words that name the mistake.
    public let title: String
    /// What the rule is and why.
    public let explanation: String
    /// A text with this mistake; empty when no text has it by itself.
    public let wrong: String
    /// The same, right.
    public let right: String

    /// A page of its parts.
    public init(_ title: String, _ explanation: String, wrong: String, right: String) {
        self.title = title
        self.explanation = explanation
        self.wrong = wrong
        self.right = right
    }
}
