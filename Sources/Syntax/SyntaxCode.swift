import Diagnostics

/// Every way in which a text can fail to be Dist, with the stable code that `distill explain` takes.
public enum SyntaxCode: String, CaseIterable, Sendable {
    // Characters and literals
    case invalidUTF8 = "E0101"
    case unexpectedCharacter = "E0102"
    case unterminatedString = "E0103"
    case invalidEscape = "E0104"
    case malformedNumber = "E0105"
    case integerOverflow = "E0106"
    case lookalike = "E0107"
    case formattedField = "E0108"
    case formatSpecification = "E0109"
    // Brackets and shape of statements
    case unclosedBracket = "E0110"
    case unmatchedBracket = "E0111"
    case expectedExpression = "E0112"
    case expectedEndOfStatement = "E0113"
    case expectedSeparator = "E0114"
    case expectedBlock = "E0115"
    case misplacedBranch = "E0116"
    case expectedName = "E0117"
    case expectedToken = "E0118"
    case tryWithoutCatch = "E0119"
    case tuple = "E0120"
    case nestingTooDeep = "E0121"
    case chainTooLong = "E0122"
    // Meaning of statements
    case returnOutsideFunction = "E0123"
    case loopControlOutsideLoop = "E0124"
    case notAtTopLevel = "E0125"
    case doubledParameter = "E0126"
    case parameterOrder = "E0127"
    case argumentOrder = "E0128"
    case invalidTarget = "E0129"
    case assignmentInExpression = "E0130"
    case chainedAssignment = "E0131"
    case invalidSubscript = "E0132"
    case dictEntry = "E0133"
    case needsParentheses = "E0134"
    case chainedPair = "E0135"
    case misplacedSpread = "E0136"
    case adjacentStrings = "E0137"
    case generator = "E0138"
    case doubledParam = "E0139"
    // Habits from Python and other languages
    case pythonConstant = "E0150"
    case foreignDefinition = "E0151"
    case colonBlock = "E0152"
    case elseIf = "E0153"
    case pythonImport = "E0154"
    case increment = "E0155"
    case conditionalExpression = "E0156"
    case pythonComparison = "E0157"
    case foreignOperator = "E0158"
    case pythonStatement = "E0159"
    case typeAnnotation = "E0160"
    case foreignDeclaration = "E0161"
    case lineContinuation = "E0162"
    case foreignComment = "E0163"
    case printStatement = "E0164"

    /// The code as shown, such as `E0104`.
    public var code: String { rawValue }

    /// Finds a code as the user types it, in any case.
    public init?(_ text: String) { self.init(rawValue: text.uppercased()) }

    /// A few words that name the mistake.
    public var title: String { description.title }

    /// What the rule is and why.
    public var explanation: String { description.explanation }

    /// A text with this mistake.
    public var wrong: String { description.wrong }

    /// The same, right.
    public var right: String { description.right }

    struct Description {
        var title: String
        var explanation: String
        var wrong: String
        var right: String

        init(_ title: String, _ explanation: String, wrong: String, right: String) {
            self.title = title
            self.explanation = explanation
            self.wrong = wrong
            self.right = right
        }
    }
}
