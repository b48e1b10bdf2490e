import Base

/// One error as data: what is wrong, where, and the way out. Rendering is `DiagnosticRenderer`'s.
public struct Diagnostic: Error, Equatable, Sendable {
    /// A place in a source with a few words about it.
    public struct Label: Equatable, Sendable {
        /// The text the span points into.
        public var source: SourceText
        /// The underlined stretch.
        public var span: SourceSpan
        /// The words beside the underline, possibly none.
        public var text: String
        /// Whether this is where the error happened, and not where something related stands.
        public var isPrimary: Bool

        /// A place, primary unless said otherwise.
        public init(_ source: SourceText, _ span: SourceSpan, _ text: String = "", isPrimary: Bool = true) {
            self.source = source
            self.span = span
            self.text = text
            self.isPrimary = isPrimary
        }

        /// Two labels are equal when they point at the same place of the same source with the same words.
        public static func == (left: Label, right: Label) -> Bool {
            left.source === right.source && left.span == right.span && left.text == right.text
                && left.isPrimary == right.isPrimary
        }
    }

    /// A call that was under way when the error happened.
    public struct Frame: Equatable, Sendable {
        /// The function that was running.
        public var function: String
        /// Where it was called, `kd.dist:12:10`.
        public var caller: String

        /// A frame of `function`, called at `caller`.
        public init(function: String, caller: String) {
            self.function = function
            self.caller = caller
        }
    }

    /// The sort of mistake.
    public var kind: FailureKind
    /// The stable code that `distill explain` takes, such as `E0104`; none for what a script raises itself.
    public var code: String?
    /// One sentence in the words of the field, with the values that matter.
    public var message: String
    /// The places, the first primary one leading.
    public var labels: [Label]
    /// Further facts ("defined here …") without a place of their own.
    public var notes: [String]
    /// Ways out.
    public var help: [String]
    /// The Dist calls under way, innermost first.
    public var frames: [Frame]

    /// An error with its parts.
    public init(
        _ kind: FailureKind, _ message: String, code: String? = nil, labels: [Label] = [], notes: [String] = [],
        help: [String] = [], frames: [Frame] = []
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.labels = labels
        self.notes = notes
        self.help = help
        self.frames = frames
    }
}
