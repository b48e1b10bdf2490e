import Diagnostics

/// A node of the tree that stands for a value.
///
/// Operators of one precedence that chain without limit (`a + b - c`, `a and b`, `x |> f |> g`) are one flat node, so
/// that no walk over the tree recurses deeper than the source nests brackets.
public struct Expression: Equatable, Sendable {
    /// What it is.
    public indirect enum Kind: Equatable, Sendable {
        case none
        case bool(Bool)
        case integer(Int)
        case float(Double)
        case string(String)
        case formatted([FormattedPart])
        case name(String)
        case list([Expression])
        case dict([DictEntry])
        case listComprehension(element: Expression, clauses: [ComprehensionClause])
        case dictComprehension(entry: DictEntry, clauses: [ComprehensionClause])
        /// An expression in round brackets: the same value, kept so that a formatter writes what the user wrote.
        case parenthesized(Expression)
        /// `-x` and `~x`.
        case unary(UnaryOperator, operatorSpan: SourceSpan, Expression)
        case not(Expression)
        /// Left-associative operators of one precedence: `a * b / c`.
        case chain(Expression, [Link])
        /// `a ** b ** c`, which associates to the right: base first.
        case power([Expression])
        /// `a < b <= c`.
        case comparison(Expression, [ComparisonLink])
        case and([Expression])
        case or([Expression])
        /// `teacher -> student`.
        case pair(Expression, Expression)
        /// `x |> f |> g(1)`.
        case pipe(Expression, [Expression])
        case call(Expression, [Argument])
        case attribute(Expression, Name)
        case index(Expression, [Subscript])
        case lambda(Lambda)
        case choice(Choice)
        case noGradient(Block)
        case attempt(Attempt)
        /// Stands where the parser could not read an expression; a tree that holds one is never run.
        case missing
    }

    /// What it is.
    public var kind: Kind
    /// Where it stands, brackets included.
    public var span: SourceSpan

    /// A node at a place.
    public init(_ kind: Kind, _ span: SourceSpan) {
        self.kind = kind
        self.span = span
    }
}

/// A name and where it stands.
public struct Name: Equatable, Sendable {
    /// The name in NFC.
    public var text: String
    /// Its place.
    public var span: SourceSpan

    /// A name at a place.
    public init(_ text: String, _ span: SourceSpan) {
        self.text = text
        self.span = span
    }
}

/// A part of an f-string.
public enum FormattedPart: Equatable, Sendable {
    /// Literal text, escapes and doubled braces resolved.
    case text(String)
    /// `{value:format}`; the format is none when there is no `:`.
    case field(Expression, format: FormatSpecification?)
}

/// Python's format mini-language: `[[fill]align][sign][0][width][,][.precision][type]`.
public struct FormatSpecification: Equatable, Sendable {
    /// Where the text goes when it is narrower than the width.
    public enum Alignment: Character, Sendable {
        case left = "<"
        case right = ">"
        case center = "^"
        case afterSign = "="
    }
    /// Whether positive numbers show a sign.
    public enum Sign: Character, Sendable {
        case always = "+"
        case negative = "-"
        case space = " "
    }
    /// How the value is written.
    public enum Presentation: Character, Sendable {
        case decimal = "d"
        case exponent = "e"
        case fixed = "f"
        case general = "g"
        case string = "s"
        case hexadecimal = "x"
        case percent = "%"
    }

    /// The padding character.
    public var fill: Character = " "
    /// The alignment, when given.
    public var alignment: Alignment?
    /// The sign rule.
    public var sign: Sign = .negative
    /// The least number of characters.
    public var width = 0
    /// Whether thousands are separated by commas.
    public var grouped = false
    /// Digits behind the point, or the longest text.
    public var precision: Int?
    /// How the value is written, when given.
    public var presentation: Presentation?
    /// Where it stands, without the colon.
    public var span: SourceSpan

    /// The default format at a place.
    public init(span: SourceSpan) { self.span = span }
}

/// `key: value` in a dict.
public struct DictEntry: Equatable, Sendable {
    /// The key.
    public var key: Expression
    /// The value.
    public var value: Expression

    /// An entry.
    public init(key: Expression, value: Expression) {
        self.key = key
        self.value = value
    }
}

/// `for x in xs` or `if condition` inside a comprehension.
public enum ComprehensionClause: Equatable, Sendable {
    case each(Pattern, Expression)
    case only(Expression)
}

/// `-` and `~` in front of a value.
public enum UnaryOperator: String, Sendable {
    case negative = "-"
    case complement = "~"
}

/// An operator that combines two values into one.
public enum BinaryOperator: String, CaseIterable, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case remainder = "%"
    case power = "**"
    case matmul = "@"
    case bitAnd = "&"
    case bitOr = "|"
}

/// `== != < <= > >= in`.
public enum ComparisonOperator: String, CaseIterable, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case `in` = "in"
}

/// One `operator operand` of a chain.
public struct Link: Equatable, Sendable {
    /// The operator.
    public var operation: BinaryOperator
    /// Where the operator stands.
    public var operatorSpan: SourceSpan
    /// What stands on its right.
    public var operand: Expression

    /// A link.
    public init(_ operation: BinaryOperator, _ operatorSpan: SourceSpan, _ operand: Expression) {
        self.operation = operation
        self.operatorSpan = operatorSpan
        self.operand = operand
    }
}

/// One `operator operand` of a chained comparison.
public struct ComparisonLink: Equatable, Sendable {
    /// The operator.
    public var operation: ComparisonOperator
    /// Where the operator stands.
    public var operatorSpan: SourceSpan
    /// What stands on its right.
    public var operand: Expression

    /// A link.
    public init(_ operation: ComparisonOperator, _ operatorSpan: SourceSpan, _ operand: Expression) {
        self.operation = operation
        self.operatorSpan = operatorSpan
        self.operand = operand
    }
}

/// An argument of a call.
public struct Argument: Equatable, Sendable {
    /// How the value is passed.
    public enum Kind: Equatable, Sendable {
        case positional
        case named(Name)
        /// `*list`.
        case spread
        /// `**dict`.
        case spreadNamed
    }

    /// How the value is passed.
    public var kind: Kind
    /// The value.
    public var value: Expression
    /// The whole argument, name or stars included.
    public var span: SourceSpan

    /// An argument.
    public init(_ kind: Kind, _ value: Expression, _ span: SourceSpan) {
        self.kind = kind
        self.value = value
        self.span = span
    }
}

/// What stands between the commas of `x[…]`.
public enum Subscript: Equatable, Sendable {
    case index(Expression)
    case slice(start: Expression?, stop: Expression?, step: Expression?, SourceSpan)
    case ellipsis(SourceSpan)
}

/// A parameter of a function, lambda or module.
public struct ParameterSyntax: Equatable, Sendable {
    /// Which arguments it takes.
    public enum Kind: Equatable, Sendable {
        /// One argument; the default, when there is one, is evaluated at each call.
        case single(defaultValue: Expression?)
        /// `*rest`: a list of the further positional arguments.
        case rest
        /// `**options`: a dict of the further named arguments.
        case options
    }

    /// Its name.
    public var name: Name
    /// Which arguments it takes.
    public var kind: Kind

    /// A parameter.
    public init(_ name: Name, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// `x => x ** 2` and `(a, b=1) => { … }`.
public struct Lambda: Equatable, Sendable {
    /// What a lambda computes.
    public enum Body: Equatable, Sendable {
        case expression(Expression)
        case block(Block)
    }

    /// The parameters.
    public var parameters: [ParameterSyntax]
    /// What it computes.
    public var body: Body

    /// A lambda.
    public init(parameters: [ParameterSyntax], body: Body) {
        self.parameters = parameters
        self.body = body
    }
}

/// `if … { } else if … { } else { }`, statement and expression in one; the branches are a flat list.
public struct Choice: Equatable, Sendable {
    /// One condition with its block.
    public struct Branch: Equatable, Sendable {
        /// The condition.
        public var condition: Expression
        /// What runs when it holds.
        public var block: Block

        /// A branch.
        public init(condition: Expression, block: Block) {
            self.condition = condition
            self.block = block
        }
    }

    /// The conditions, tried in order; at least one.
    public var branches: [Branch]
    /// What runs when none holds.
    public var otherwise: Block?

    /// A choice.
    public init(branches: [Branch], otherwise: Block?) {
        self.branches = branches
        self.otherwise = otherwise
    }
}

/// `try { } catch e { }`.
public struct Attempt: Equatable, Sendable {
    /// What is tried.
    public var body: Block
    /// The name the error gets.
    public var error: Name
    /// What runs when it failed.
    public var handler: Block

    /// An attempt.
    public init(body: Block, error: Name, handler: Block) {
        self.body = body
        self.error = error
        self.handler = handler
    }
}
