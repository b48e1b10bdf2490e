import OrderedCollections

/// A typed parameter of a builtin: its name, documentation, default and kind.
///
/// The type itself asks nothing of `T`: what it did ask, Swift would look up when the library is built, for every `T`
/// among all conformances of the program, and that was most of the time a start took.
public struct Parameter<T>: Sendable {
    /// What is known about it without the Swift type.
    public let description: ParameterDescription

    private init(_ description: ParameterDescription) { self.description = description }
}

extension Parameter where T: ValueDecodable {
    /// A parameter that must be given.
    public init(_ name: String, _ documentation: String) {
        description = ParameterDescription(
            name: name, documentation: documentation, type: T.languageType, defaultValue: nil, kind: .single)
    }

    /// A parameter with a default; `defaultText` is what help shows when the literal does not say it.
    public init(_ name: String, _ documentation: String, default defaultValue: T, defaultText: String? = nil)
    where T: LiteralEncodable {
        description = ParameterDescription(
            name: name, documentation: documentation, type: T.languageType, defaultValue: defaultValue.literal,
            defaultText: defaultText, kind: .single)
    }

    /// A parameter that may be left out, in which case it is `none`.
    public static func optional<Wrapped>(
        _ name: String, _ documentation: String, defaultText: String? = nil
    ) -> Parameter where T == Wrapped? {
        Parameter(
            ParameterDescription(
                name: name, documentation: documentation, type: T.languageType, defaultValue: Literal.none,
                defaultText: defaultText, kind: .single))
    }

    /// `*name`: all further positional arguments.
    public static func variadic<Element>(_ name: String, _ documentation: String) -> Parameter where T == [Element] {
        Parameter(
            ParameterDescription(
                name: name, documentation: documentation, type: T.languageType, defaultValue: nil, kind: .variadic))
    }

    /// `**name`: all further named arguments.
    public static func namedVariadic<Element>(_ name: String, _ documentation: String) -> Parameter
    where T == OrderedDictionary<String, Element> {
        Parameter(
            ParameterDescription(
                name: name, documentation: documentation, type: T.languageType, defaultValue: nil, kind: .namedVariadic)
        )
    }

    /// Takes the value of the argument at `index` of a call of `function`.
    @inlinable
    func decode(_ value: Value, at index: Int, in interpreter: Interpreter, for function: String) throws -> T {
        guard let decoded = T.decode(value, in: interpreter) else { throw refusal(value, at: index, of: function) }
        return decoded
    }

    /// The error for an argument that is not of the parameter's type.
    @usableFromInline
    func refusal(_ value: Value, at index: Int, of function: String) -> Failure {
        let mismatch = T.mismatch(value)
        if mismatch.isValueError {
            return Failure(
                .value, "\(function): \(description.name) must be \(mismatch.expected), not \(Display.brief(value))",
                code: .wrongOption, help: mismatch.help, operands: [index: ""])
        }
        var help = mismatch.help
        if case .list = value, help.isEmpty, mismatch.expected.contains("tensor") {
            help.append("write tensor([…]) to make a tensor of a list")
        } else if let meaning = Interpreter.otherMeanings[function], index == 0 {
            help.append(meaning)
        }
        return Failure(
            .type,
            "\(function): \(description.name) must be \(mismatch.expected), not \(Display.typeWithDetail(value))",
            help: help, operands: [index: value.typeName])
    }
}

/// A parameter without its Swift type: what help, completion and checks need.
public struct ParameterDescription: Sendable {
    /// Which arguments a parameter takes.
    public enum Kind: Sendable {
        case single, variadic, namedVariadic
    }

    /// Its name.
    public let name: String
    /// What it means, with shapes and units.
    public let documentation: String
    /// The type as users see it.
    public let type: LanguageType
    /// The value it has when it is not given; none when it must be given.
    public let defaultValue: Literal?
    /// What help shows as the default when the literal does not say it.
    public var defaultText: String?
    /// Which arguments it takes.
    public let kind: Kind

    /// Whether a call must give it.
    public var isRequired: Bool { kind == .single && defaultValue == nil }

    /// The parameter in a signature: `dim=1`, `*layers`.
    public var signature: String {
        switch kind {
        case .single:
            guard let defaultValue else { return name }
            return "\(name)=\(defaultText ?? defaultValue.source)"
        case .variadic: return "*" + name
        case .namedVariadic: return "**" + name
        }
    }

    /// The option strings, when the parameter takes a closed set of strings.
    public var options: [String] {
        func find(_ type: LanguageType) -> [String] {
            switch type {
            case .options(let names): names
            case .union(let types): types.flatMap(find)
            case .list(let element): find(element)
            default: []
            }
        }
        return find(type)
    }
}
