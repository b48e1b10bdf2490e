import Diagnostics

/// The smallest piece of a source text that means something.
public struct Token: Equatable, Sendable {
    /// What a token is.
    public enum Kind: UInt8, Sendable {
        // Values
        case name, integer, float, string
        /// The number 2^63, which only a minus in front of it makes an `int`.
        case integerLimit
        /// An f-string: `formattedStart (text | fieldStart … [format] fieldEnd)* formattedEnd`.
        case formattedStart, text, fieldStart, format, fieldEnd, formattedEnd
        // Keywords
        case fn, `if`, `else`, `for`, `in`, `while`, `break`, `continue`, `return`, `try`, `catch`, raise, assert
        case and, or, not, `true`, `false`, none, noGradient
        // Brackets
        case leftParenthesis, rightParenthesis, leftBracket, rightBracket, leftBrace, rightBrace
        // Operators
        case plus, minus, star, slash, doubleSlash, percent, doubleStar, at, ampersand, bar, tilde
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
        case assign, plusAssign, minusAssign, starAssign, slashAssign, doubleSlashAssign, percentAssign
        case doubleStarAssign, atAssign
        case comma, colon, semicolon, dot, ellipsis, arrow, doubleArrow, pipe
        /// Signs of other languages that get a hint: `&& || ! === !== := ?`.
        case doubleAmpersand, doubleBar, exclamation, tripleEqual, notTripleEqual, colonAssign, question
        /// What the lexer has already reported.
        case invalid
        case endOfText
        /// What the parser sees in front of a token that begins a new statement; no token has this kind.
        case lineEnd
    }

    /// What it is.
    public var kind: Kind
    /// Where it stands.
    public var span: SourceSpan
    /// Whether it is the first token of its line.
    public var isFirstOfLine: Bool
    /// Whether the line before it is finished, so that in a block a new statement begins here.
    public var startsLine: Bool
    /// Whether it is the first token of a cell.
    public var beginsCell: Bool
    /// An integer's value, a float's bits, the index of a string or format, or for a bracket the index of the token
    /// that closes it (-1 when nothing does).
    var payload: Int
}

extension Token.Kind {
    /// The keywords as written.
    static let keywords: [(text: StaticString, kind: Token.Kind)] = [
        ("fn", .fn), ("if", .if), ("else", .else), ("for", .for), ("in", .in), ("while", .while), ("break", .break),
        ("continue", .continue), ("return", .return), ("try", .try), ("catch", .catch), ("raise", .raise),
        ("assert", .assert), ("and", .and), ("or", .or), ("not", .not), ("true", .true), ("false", .false),
        ("none", .none), ("no_grad", .noGradient),
    ]

    /// Whether it is a keyword.
    public var isKeyword: Bool { rawValue >= Self.fn.rawValue && rawValue <= Self.noGradient.rawValue }

    /// Whether a line that ends in it goes on in the next one.
    var continuesLine: Bool {
        switch self {
        case .plus, .minus, .star, .slash, .doubleSlash, .percent, .doubleStar, .at, .ampersand, .bar, .equal,
            .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .assign, .plusAssign, .minusAssign,
            .starAssign, .slashAssign, .doubleSlashAssign, .percentAssign, .doubleStarAssign, .atAssign, .comma,
            .arrow, .doubleArrow, .pipe, .and, .or, .in, .doubleAmpersand, .doubleBar, .tripleEqual,
            .notTripleEqual, .colonAssign:
            true
        default: false
        }
    }

    /// Whether an expression can begin with it.
    var beginsExpression: Bool {
        switch self {
        case .name, .integer, .float, .string, .integerLimit, .formattedStart, .if, .try, .not, .true, .false, .none,
            .noGradient, .leftParenthesis, .leftBracket, .leftBrace, .minus, .tilde, .invalid:
            true
        default: false
        }
    }

    /// Whether it closes a bracket.
    var closes: Bool {
        switch self {
        case .rightParenthesis, .rightBracket, .rightBrace, .fieldEnd, .formattedEnd: true
        default: false
        }
    }

    /// Whether it opens a bracket.
    var opens: Bool {
        switch self {
        case .leftParenthesis, .leftBracket, .leftBrace, .fieldStart, .formattedStart: true
        default: false
        }
    }

    /// The operator of `a += b` and its like.
    var augmentedOperator: BinaryOperator? {
        switch self {
        case .plusAssign: .add
        case .minusAssign: .subtract
        case .starAssign: .multiply
        case .slashAssign: .divide
        case .doubleSlashAssign: .floorDivide
        case .percentAssign: .remainder
        case .doubleStarAssign: .power
        case .atAssign: .matmul
        default: nil
        }
    }
}

/// The words of the language.
public enum Keywords {
    /// Words that are never names.
    public static let reserved: [String] = Token.Kind.keywords.map { "\($0.text)" }
    /// Words that mean something only in their statements.
    public static let contextual = ["module", "param", "import", "as"]
}

/// A comment and where it stands.
public struct Comment: Equatable, Sendable {
    /// From `#` to the end of the line.
    public var span: SourceSpan
    /// Whether nothing but blanks stands in front of it on its line.
    public var isAlone: Bool
    /// Whether it is a `# %%` marker that starts a cell.
    public var isMarker: Bool
}

/// A text cut into tokens.
public struct TokenStream: Sendable {
    /// The tokens; the last one is `endOfText`.
    public internal(set) var tokens: [Token] = []
    /// The comments, in order.
    public internal(set) var comments: [Comment] = []
    /// What is wrong with the text as a sequence of tokens.
    public internal(set) var diagnostics: [Diagnostic] = []
    /// The values of string tokens.
    var strings: [String] = []
    /// The values of format tokens.
    var formats: [FormatSpecification] = []
    /// The opening quotes of a `"""` string that the text does not close.
    var openString: SourceSpan?
}
