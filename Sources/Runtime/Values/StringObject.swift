import Glibc

/// An immutable sequence of Unicode scalars.
///
/// Indexing counts scalars. ASCII text, which nearly all text in scripts is, is indexed by byte; other text is spread
/// into an array of scalars the first time it is indexed.
public final class StringObject {
    /// The text.
    public let text: String
    /// Whether every scalar is a single byte.
    public private(set) lazy var isASCII = text.utf8.allSatisfy { $0 < 0x80 }
    /// The hash by which dicts file it.
    private(set) lazy var tableHash = DictKey.tableHash(of: text)
    private lazy var scalars = Array(text.unicodeScalars)

    /// A string of a text.
    public init(_ text: String) { self.text = text }

    /// The number of Unicode scalars.
    public var count: Int { isASCII ? text.utf8.count : scalars.count }

    /// The scalar at `index`, which must lie in `0..<count`.
    public subscript(index: Int) -> Unicode.Scalar {
        guard isASCII else { return scalars[index] }
        let view = text.utf8
        return Unicode.Scalar(view[view.index(view.startIndex, offsetBy: index)])
    }

    /// The scalars at `indices`, each of which must lie in `0..<count`.
    public func selecting(_ indices: some Sequence<Int>) -> String {
        var result = String.UnicodeScalarView()
        for index in indices { result.append(self[index]) }
        return String(result)
    }

    /// Whether two texts hold the same scalars; Swift's own `==` also equates composed and decomposed characters.
    public static func haveSameScalars(_ left: String, _ right: String) -> Bool {
        // Texts of the same two words are the same text: short ones have theirs in them.
        if MemoryLayout<String>.size == 16,
            unsafeBitCast(left, to: (UInt64, UInt64).self) == unsafeBitCast(right, to: (UInt64, UInt64).self)
        {
            return true
        }
        guard left.utf8.count == right.utf8.count else { return false }
        let quick = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { right in
                guard let left = left.baseAddress, let other = right.baseAddress else { return true }
                return memcmp(left, other, right.count) == 0
            }
        }
        if case .some(.some(let same)) = quick { return same }
        return left.utf8.elementsEqual(right.utf8)
    }

    /// Whether `left` comes first in the order of scalar values.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
