import Learning

extension Module: ValueDecodable, ValueEncodable {
    /// `module`.
    public static var languageType: LanguageType { .module }

    /// Takes a module of this class.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> Self? {
        if case .module(let module) = value { module as? Self } else { nil }
    }

    /// The module itself.
    public func encode(in interpreter: Interpreter) -> Value { .module(self) }
}
