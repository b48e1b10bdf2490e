import Diagnostics

/// A closed set of strings such as `reduction="mean" | "sum" | "none"`: an enum with string raw values.
///
/// Conforming is all it takes: decoding, the error that lists the options, completion and `distill check` follow.
public protocol StringOption: CaseIterable, RawRepresentable<String>, Sendable, ValueDecodable, LiteralEncodable {}

extension StringOption {
    /// The option strings.
    public static var optionNames: [String] {
        // A key path would be looked up by name at every start.
        allCases.map { $0.rawValue }
    }
    /// The options.
    public static var languageType: LanguageType { .options(optionNames) }
    /// Options call nothing.
    @inlinable public static var mayCallBack: Bool { false }
    /// Takes one of the strings.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> Self? {
        value.text.flatMap(Self.init(rawValue:))
    }
    /// Lists the options, and names the nearest.
    public static func mismatch(_ value: Value) -> Mismatch {
        var help: [String] = []
        if let text = value.text, let near = Nearest.match(text, in: optionNames) {
            help.append("did you mean \"\(near)\"?")
        }
        return Mismatch(
            expected: "one of " + optionNames.map { "\"\($0)\"" }.joined(separator: ", "), help: help,
            isValueError: value.text != nil)
    }
    /// The string.
    public var literal: Literal { .string(rawValue) }
}
