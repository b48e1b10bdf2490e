import Base

/// What can be wrong with a tokenizer, and with what it is asked for.
public enum TokenizerError: DescribedError, Equatable {
    /// A part of a tokenizer file that is not read, such as a pre-tokenizer of an unknown kind.
    case unknownPart(path: String, place: String, what: String, name: String)
    /// A value in a tokenizer file that cannot be what it is.
    case malformed(path: String, place: String, problem: String)
    /// A folder or file without a tokenizer.
    case missing(path: String, problem: String, help: String?)
    /// A library that is loaded when it is first needed, and is not here.
    case library(name: String, package: String, purpose: String)
    /// A pattern that is none.
    case pattern(String, problem: String)
    /// A pattern that goes through a text in too many ways.
    case hopelessPattern(String)
    /// A text with something that is not in the vocabulary, and no token for what is unknown.
    case noUnknownToken(String?)
    /// Padding without a token for it.
    case noPaddingToken
    /// A number that is no token's.
    case noToken(id: Int, count: Int)
    /// A text that replacements make longer than so many bytes.
    case swelling(atMost: Int)
    /// A length that special tokens alone exceed.
    case length(Int, special: Int)

    /// The error kind of the language.
    public var kind: FailureKind {
        switch self {
        case .unknownPart, .malformed, .missing, .library: .io
        case .pattern, .noPaddingToken, .length, .noUnknownToken: .value
        case .hopelessPattern, .swelling: .limit
        case .noToken: .index
        }
    }

    /// One sentence with the values that matter.
    public var message: String {
        switch self {
        case .unknownPart(let path, let place, let what, let name):
            "\(path): \(place): the \(what) \"\(name)\" is not read"
        case .malformed(let path, let place, let problem): "\(path): \(place): \(problem)"
        case .missing(let path, let problem, _): "tokenizer: \(path): \(problem)"
        case .library(let name, _, let purpose): "tokenizer: \(purpose) needs the library \(name), which is not here"
        case .pattern(let pattern, let problem): "tokenizer: the pattern \(pattern) is none: \(problem)"
        case .hopelessPattern(let pattern): "tokenizer: the pattern \(pattern) matches this text in too many ways"
        case .swelling(let limit): "tokenizer: replacements make more than \(limit) bytes of this text"
        case .noUnknownToken(let token?):
            "tokenizer: the text has parts that are not in the vocabulary, nor is \"\(token)\", which stands for them"
        case .noUnknownToken(nil):
            "tokenizer: the text has parts that are not in the vocabulary, and no token stands for them"
        case .noPaddingToken: "tokenizer: there is no token for padding"
        case .noToken(let id, let count): "tokenizer: \(id) is no token's number; there are \(count)"
        case .length(let length, let special):
            "tokenizer: max_length=\(length) leaves no room beside the \(special) special tokens"
        }
    }

    /// A way out, where there is one.
    public var help: String? {
        switch self {
        case .missing(_, _, let help): help
        case .library(_, let package, _): "apt-get install \(package)"
        case .noPaddingToken: "texts of one length need no padding; padding=false gives one text at a time"
        case .length(_, let special): "max_length must be at least \(special); special=false leaves them out"
        default: nil
        }
    }
}
