import Diagnostics
import Runtime
import Syntax

/// What is known about a value without running anything.
indirect enum Known {
    case unknown
    /// A literal, or arithmetic with literals.
    case literal(Value)
    /// A function of the library.
    case builtin(BuiltinFunction)
    /// A function or module that a file declares.
    case declared(Declared)
    /// A function without a name.
    case lambda(Declared)
    /// A function or method that cannot be told, with a result of a type.
    case type(LanguageType)
    /// A tensor, with the sizes that are known.
    case tensor([Int?])
    /// A layer or network written out.
    case network(Layer)
    /// A list written out, of which the elements are known in part.
    case elements([Known])
    /// An imported file.
    case file(CheckedFile)

    /// A declaration or a lambda, and the text it stands in.
    struct Declared {
        let name: String
        let parameters: [ParameterSyntax]
        /// The name, or the whole lambda.
        let span: SourceSpan
        let isModule: Bool
        let source: SourceText

        init(declaration: FunctionDeclaration, isModule: Bool, source: SourceText) {
            name = declaration.name.text
            parameters = declaration.parameters
            span = declaration.name.span
            self.isModule = isModule
            self.source = source
        }

        init(_ lambda: Lambda, at span: SourceSpan, source: SourceText) {
            name = "λ"
            parameters = lambda.parameters
            self.span = span
            isModule = false
            self.source = source
        }

        var formals: [FormalParameter] {
            parameters.map { parameter in
                switch parameter.kind {
                case .single(let value):
                    FormalParameter(name: parameter.name.text, kind: .single, isRequired: value == nil)
                case .rest: FormalParameter(name: parameter.name.text, kind: .variadic, isRequired: false)
                case .options: FormalParameter(name: parameter.name.text, kind: .namedVariadic, isRequired: false)
                }
            }
        }

        /// The signature as help shows it.
        var signature: String {
            let parameters = parameters.map { parameter in
                switch parameter.kind {
                case .single(nil): parameter.name.text
                case .single(let value?): "\(parameter.name.text)=\(source.text(in: value.span))"
                case .rest: "*" + parameter.name.text
                case .options: "**" + parameter.name.text
                }
            }
            return "\(name)(\(parameters.joined(separator: ", ")))"
        }
    }

    /// The type, when it is one type.
    var type: LanguageType? {
        switch self {
        case .unknown, .file: nil
        case .literal(let value): value.type
        case .builtin, .declared, .lambda: .function
        case .type(let type):
            switch type {
            case .any, .union, .options, .number, .none: nil
            default: type
            }
        case .tensor: .tensor
        case .network: .module
        case .elements: .list(.any)
        }
    }

    /// Where methods of the value are found; none when that is not known.
    var receivers: [Builtin.Receiver]? {
        switch type {
        case .string: [.string]
        case .list: [.list]
        case .dict: [.dict]
        case .range: [.range]
        case .pair: [.pair]
        case .tensor: [.tensor]
        case .int, .float, .bool: []
        default: nil
        }
    }

    /// Where methods of a library object are found, which may have further ones that are no methods.
    var objectReceiver: Builtin.Receiver? { if case .object(let name)? = type { .object(name) } else { nil } }

    var int: Int? { if case .literal(.int(let int)) = self { int } else { nil } }
    var bool: Bool? { if case .literal(.bool(let bool)) = self { bool } else { nil } }

    /// One int, or the ints of a list.
    var ints: [Int]? {
        switch self {
        case .literal(.int(let int)): return [int]
        case .literal(.list(let list)):
            let ints = list.elements.compactMap { if case .int(let int) = $0 { int } else { nil } }
            return ints.count == list.elements.count ? ints : nil
        default: return nil
        }
    }
}

/// A file that was read for an import, with the names it binds.
final class CheckedFile {
    let source: SourceText
    let bindings: Bindings

    init(source: SourceText, program: Program) {
        self.source = source
        bindings = Bindings(program.statements)
    }

    /// What a name of the file is.
    func known(_ name: String) -> Known {
        switch bindings.only(name)?.value {
        case .function(let declaration):
            .declared(Known.Declared(declaration: declaration, isModule: false, source: source))
        case .module(let declaration):
            .declared(Known.Declared(declaration: declaration, isModule: true, source: source))
        default: .unknown
        }
    }
}
