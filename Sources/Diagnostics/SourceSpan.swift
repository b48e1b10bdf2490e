/// A stretch of a source text, in UTF-8 bytes from its beginning; `upper` is the first byte behind it.
public struct SourceSpan: Hashable, Sendable {
    /// The first byte.
    public var lower: Int
    /// The first byte behind the stretch.
    public var upper: Int

    /// A stretch from `lower` up to, not including, `upper`.
    public init(_ lower: Int, _ upper: Int) {
        self.lower = lower
        self.upper = max(lower, upper)
    }

    /// The smallest stretch that holds both.
    public func joined(with other: SourceSpan) -> SourceSpan {
        SourceSpan(min(lower, other.lower), max(upper, other.upper))
    }
}
