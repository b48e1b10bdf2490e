import Diagnostics

/// A node of the tree that does something.
public struct Statement: Equatable, Sendable {
    /// What it does.
    public indirect enum Kind: Equatable, Sendable {
        /// An expression; several separated by commas are a `list` expression that spans them without brackets.
        case expression(Expression)
        /// `a, [b, c] = value`; one target is a plain assignment.
        case assign([Target], Expression)
        /// `place += value`.
        case augment(Expression, BinaryOperator, operatorSpan: SourceSpan, Expression)
        case function(FunctionDeclaration)
        case module(FunctionDeclaration)
        case parameter(Name, Expression)
        case importFile(path: String, pathSpan: SourceSpan, name: Name)
        case forEach(Pattern, Expression, Block)
        case whileLoop(Expression, Block)
        case breakLoop
        case continueLoop
        case returnValue(Expression?)
        case raise(Expression)
        case assert(Expression, message: Expression?)
        /// Stands where the parser could not read a statement; a tree that holds one is never run.
        case missing
    }

    /// What it does.
    public var kind: Kind
    /// Where it stands.
    public var span: SourceSpan
    /// Whether a `;` ends it, which silences the display when it closes a cell.
    public var isSilenced: Bool

    /// A statement at a place.
    public init(_ kind: Kind, _ span: SourceSpan, isSilenced: Bool = false) {
        self.kind = kind
        self.span = span
        self.isSilenced = isSilenced
    }
}

/// Statements in curly braces.
public struct Block: Equatable, Sendable {
    /// The statements, in order.
    public var statements: [Statement]
    /// Where it stands, braces included.
    public var span: SourceSpan

    /// A block at a place.
    public init(_ statements: [Statement], _ span: SourceSpan) {
        self.statements = statements
        self.span = span
    }
}

/// `fn name(…) { … }` and `module Name(…) { … }`.
public struct FunctionDeclaration: Equatable, Sendable {
    /// Its name.
    public var name: Name
    /// Its parameters.
    public var parameters: [ParameterSyntax]
    /// The string literal that opens the body, when more stands behind it; it is not in `body`.
    public var documentation: String?
    /// The statements.
    public var body: Block

    /// A declaration.
    public init(name: Name, parameters: [ParameterSyntax], documentation: String?, body: Block) {
        self.name = name
        self.parameters = parameters
        self.documentation = documentation
        self.body = body
    }
}

/// What a `for` or a comprehension binds: a name, or a list of patterns that takes a list apart.
public indirect enum Pattern: Equatable, Sendable {
    case name(Name)
    case list([Pattern], SourceSpan)

    /// Where it stands.
    public var span: SourceSpan {
        switch self {
        case .name(let name): name.span
        case .list(_, let span): span
        }
    }
}

/// What an assignment writes: a place (a name, an attribute or an index expression) or a list of targets.
public indirect enum Target: Equatable, Sendable {
    case place(Expression)
    case list([Target], SourceSpan)

    /// Where it stands.
    public var span: SourceSpan {
        switch self {
        case .place(let place): place.span
        case .list(_, let span): span
        }
    }
}

/// A whole text as a tree.
public struct Program: Equatable, Sendable {
    /// The statements, in order.
    public var statements: [Statement]
    /// Where the text stands.
    public var span: SourceSpan

    /// A program.
    public init(_ statements: [Statement], _ span: SourceSpan) {
        self.statements = statements
        self.span = span
    }
}
