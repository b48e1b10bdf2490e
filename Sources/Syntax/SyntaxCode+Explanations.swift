import Diagnostics

extension SyntaxCode {
    /// The page of a code.
    public var page: ExplanationPage {
        switch self {
        case .invalidUTF8, .unexpectedCharacter, .unterminatedString, .invalidEscape, .malformedNumber,
            .integerOverflow, .lookalike, .formattedField, .formatSpecification:
            literalPage
        case .unclosedBracket, .unmatchedBracket, .expectedExpression, .expectedEndOfStatement, .expectedSeparator,
            .expectedBlock, .misplacedBranch, .expectedName, .expectedToken, .tryWithoutCatch, .tuple,
            .nestingTooDeep, .chainTooLong:
            shapePage
        case .pythonConstant, .foreignDefinition, .colonBlock, .elseIf, .pythonImport, .increment,
            .conditionalExpression, .pythonComparison, .foreignOperator, .pythonStatement, .typeAnnotation,
            .foreignDeclaration, .lineContinuation, .foreignComment, .printStatement:
            habitPage
        default:
            statementPage
        }
    }

    private var literalPage: ExplanationPage {
        switch self {
        case .invalidUTF8:
            ExplanationPage(
                "invalid UTF-8",
                "Dist files are UTF-8. A byte that is not is usually left from another encoding such as Latin-1; "
                    + "save the file as UTF-8.", wrong: "name = \"caf\u{FFFD}\"  # with the byte E9 of Latin-1",
                right: "name = \"café\"")
        case .unexpectedCharacter:
            ExplanationPage(
                "unexpected character",
                "Outside strings and comments only letters, digits, the signs of the language and blanks can stand. "
                    + "Invisible characters (byte order mark, NUL, no-break space) come along when text is copied.",
                wrong: "price = 5 $", right: "price = 5")
        case .unterminatedString:
            ExplanationPage(
                "unterminated string",
                "A string in single quotes or double quotes ends on the line where it begins. "
                    + "Text of several lines stands in three double quotes.", wrong: "print(\"teacher)",
                right: "print(\"teacher\")")
        case .invalidEscape:
            ExplanationPage(
                "invalid escape",
                "The escapes are \\n \\t \\r \\0 \\\" \\' \\\\ and \\u{1F9EA}. A backslash that means itself is "
                    + "doubled or stands in a raw string.", wrong: "path = \"data\\digits\"",
                right: "path = r\"data\\digits\"")
        case .malformedNumber:
            ExplanationPage(
                "malformed number",
                "A point has digits on both sides, an integer no leading zeros, and an underscore stands between "
                    + "two digits.", wrong: "lr = .5", right: "lr = 0.5")
        case .integerOverflow:
            ExplanationPage(
                "integer too large",
                "An int has 64 bits: -9223372036854775808 to 9223372036854775807. Larger numbers are floats.",
                wrong: "n = 10000000000000000000", right: "n = 1e19")
        case .lookalike:
            ExplanationPage(
                "look-alike character",
                "Word processors and web pages replace quotes, minus signs and arrows by typographic ones that look "
                    + "alike but are other characters.", wrong: "print(“teacher”)", right: "print(\"teacher\")")
        case .formattedField:
            ExplanationPage(
                "malformed field in an f-string",
                "A field {…} of an f-string holds one expression on one line; a literal brace is doubled.",
                wrong: "print(f\"accuracy {}\")", right: "print(f\"accuracy {0.5} {{literal}}\")")
        default:
            ExplanationPage(
                "invalid format",
                "Behind the colon stands Python's format: [[fill]align][sign][0][width][,][.precision][type] with "
                    + "one of the types d e f g s x %.", wrong: "print(f\"{0.5:.2q}\")",
                right: "print(f\"{0.5:.2f}\")")
        }
    }

    private var shapePage: ExplanationPage {
        switch self {
        case .unclosedBracket:
            ExplanationPage(
                "bracket never closed",
                "Every bracket is closed by its counterpart. Inside an open round or square bracket line ends are "
                    + "blanks, so one missing bracket swallows the lines behind it.", wrong: "x = relu(h",
                right: "x = relu(h)")
        case .unmatchedBracket:
            ExplanationPage(
                "bracket without an opener", "A closing bracket closes the innermost one that is open.",
                wrong: "x = relu(h))", right: "x = relu(h)")
        case .expectedExpression:
            ExplanationPage(
                "expected an expression", "An operator, a keyword or a comma has no value where one belongs.",
                wrong: "x = 1 + * 2", right: "x = 1 + 2")
        case .expectedEndOfStatement:
            ExplanationPage(
                "expected the end of the statement",
                "A statement ends with its line or with `;`. A line goes on in the next one inside brackets or when it "
                    + "ends in an operator or comma.", wrong: "x = 1 y = 2", right: "x = 1; y = 2")
        case .expectedSeparator:
            ExplanationPage(
                "expected a comma or the closing bracket", "Items in brackets are separated by commas.",
                wrong: "x = [1 2]", right: "x = [1, 2]")
        case .expectedBlock:
            ExplanationPage(
                "expected a block",
                "After a header the block stands in braces, and its `{` on the same line.",
                wrong: "if acc > 0.9\n{ print(acc) }", right: "if acc > 0.9 { print(acc) }")
        case .misplacedBranch:
            ExplanationPage(
                "`else` or `catch` without what it belongs to",
                "`else` and `catch` stand on the line of the closing brace before them: the next line never changes the "
                    + "meaning of this one.", wrong: "if a { b }\nelse { c }", right: "if a { b } else { c }")
        case .expectedName:
            ExplanationPage(
                "expected a name",
                "Names begin with a letter or underscore; keywords are names only behind a point.",
                wrong: "for in = 1", right: "inside = 1")
        case .expectedToken:
            ExplanationPage(
                "incomplete statement", "The statement lacks one of its words.", wrong: "for x range(3) { }",
                right: "for x in range(3) { }")
        case .tryWithoutCatch:
            ExplanationPage(
                "`try` without `catch`",
                "`try` is followed by `catch name { }` on the line of its closing brace.",
                wrong: "try { load(\"a\") }", right: "try { load(\"a\") } catch e { print(e.message) }")
        case .tuple:
            ExplanationPage(
                "no tuples", "Several values are a list: `[1, 2]`. Round brackets only group.", wrong: "x = (1, 2)",
                right: "x = [1, 2]")
        case .nestingTooDeep:
            ExplanationPage(
                "nested too deep",
                "Brackets, blocks and unary operators nest at most 200 deep. Chains of binary operators have no limit.",
                wrong: "x = " + String(repeating: "(", count: 201) + "1" + String(repeating: ")", count: 201),
                right: "x = ((1))")
        default:
            ExplanationPage(
                "chain too long", "At most 1,000 calls, indices and attributes follow one another.",
                wrong: "x = f" + String(repeating: "()", count: 1001), right: "x = f()()")
        }
    }

    private var statementPage: ExplanationPage {
        switch self {
        case .returnOutsideFunction:
            ExplanationPage(
                "`return` outside a function",
                "`return` leaves a function (`fn` or a lambda's block). At top level the value of a cell's last "
                    + "expression is shown.", wrong: "return 1", right: "fn f() { return 1 }")
        case .loopControlOutsideLoop:
            ExplanationPage(
                "`break` or `continue` outside a loop",
                "They belong to the innermost `for` or `while` of the same function.", wrong: "break",
                right: "while true { break }")
        case .notAtTopLevel:
            ExplanationPage(
                "only at top level",
                "`import` and `param` stand at the top level of a file, so that they are known before it runs.",
                wrong: "if true { param T = 4 }", right: "param T = 4")
        case .doubledParameter:
            ExplanationPage(
                "doubled parameter", "Each parameter has its own name.", wrong: "fn f(x, x) { x }",
                right: "fn f(x, y) { x }")
        case .parameterOrder:
            ExplanationPage(
                "parameters out of order",
                "Parameters without default come first, then those with one, then `*rest`, and `**options` last.",
                wrong: "fn f(a=1, b) { a }", right: "fn f(b, a=1) { a }")
        case .argumentOrder:
            ExplanationPage(
                "positional argument behind a named one", "Positional arguments come first, named ones behind them.",
                wrong: "f(dim=1, x)", right: "f(x, dim=1)")
        case .invalidTarget:
            ExplanationPage(
                "cannot be assigned to",
                "Names, attributes `a.b`, indices `a[0]` and lists of these can be assigned to.", wrong: "f(x) = 1",
                right: "x[0] = 1")
        case .assignmentInExpression:
            ExplanationPage(
                "`=` where a value is expected", "`=` assigns, `==` compares. An assignment has no value.",
                wrong: "if x = 1 { print(x) }", right: "if x == 1 { print(x) }")
        case .chainedAssignment:
            ExplanationPage(
                "chained assignment", "A statement assigns once.", wrong: "a = b = 1", right: "a = 1; b = 1")
        case .invalidSubscript:
            ExplanationPage(
                "malformed index",
                "Between the brackets stand indices, slices `start:stop:step`, `...` or `none`, separated by commas.",
                wrong: "x[]", right: "x[0, 1:3, ..., none]")
        case .dictEntry:
            ExplanationPage(
                "malformed dict", "A dict is written `{key: value}`; there are no sets, a list is written `[1, 2]`.",
                wrong: "x = {1, 2}", right: "x = {\"a\": 1}")
        case .needsParentheses:
            ExplanationPage(
                "needs parentheses",
                "`if`, `try`, `no_grad` and lambdas are values; as operands of an operator they stand in parentheses.",
                wrong: "x = 1 + if a { 1 } else { 2 }", right: "x = 1 + (if a { 1 } else { 2 })")
        case .chainedPair:
            ExplanationPage(
                "`->` does not chain", "`a -> b` is a pair of two.", wrong: "x = a -> b -> c",
                right: "x = [a -> b, b -> c]")
        case .misplacedSpread:
            ExplanationPage(
                "misplaced `*`",
                "`*list` and `**dict` spread in calls; lists are joined by `+`.", wrong: "x = [*a, 1]",
                right: "x = a + [1]")
        case .adjacentStrings:
            ExplanationPage(
                "strings side by side", "Strings are joined by `+`.", wrong: "x = \"a\" \"b\"",
                right: "x = \"a\" + \"b\"")
        case .generator:
            ExplanationPage(
                "no generators", "A comprehension stands in square brackets and makes a list.",
                wrong: "sum(x for x in xs)", right: "sum([x for x in xs])")
        default:
            ExplanationPage(
                "`param` declared twice", "A `param` is one constant of the file.", wrong: "param T = 4\nparam T = 8",
                right: "param T = 4")
        }
    }

    private var habitPage: ExplanationPage {
        switch self {
        case .pythonConstant:
            ExplanationPage(
                "Python's constants", "They are written in lower case: `true`, `false`, `none`.", wrong: "x = True",
                right: "x = true")
        case .foreignDefinition:
            ExplanationPage(
                "definition of another language",
                "Functions are `fn name(x) { }`, lambdas `x => x + 1`, networks `module Name(…) { }`.",
                wrong: "def f(x):\n    return x", right: "fn f(x) { return x }")
        case .colonBlock:
            ExplanationPage(
                "block by indentation", "Blocks stand in braces; indentation has no meaning.",
                wrong: "if x > 1:\n    print(x)", right: "if x > 1 {\n    print(x)\n}")
        case .elseIf:
            ExplanationPage(
                "`elif`", "It is written `else if`, on the line of the closing brace.",
                wrong: "if a { b } elif c { d }", right: "if a { b } else if c { d }")
        case .pythonImport:
            ExplanationPage(
                "Python's import",
                "Layers, losses and tensor functions are there without an import; `import` takes a Dist file.",
                wrong: "import torch", right: "import \"resnets.dist\" as nets")
        case .increment:
            ExplanationPage(
                "`++` and `--`", "A variable is counted up by `x += 1`.", wrong: "x++", right: "x += 1")
        case .conditionalExpression:
            ExplanationPage(
                "`a if c else b`", "`if` is an expression: `if c { a } else { b }`.", wrong: "x = 1 if a else 2",
                right: "x = if a { 1 } else { 2 }")
        case .pythonComparison:
            ExplanationPage(
                "`is` and `not in`",
                "Equality is `==` and `!=`, also with `none`; `not x in xs` is the opposite of "
                    + "`x in xs`.", wrong: "x is none", right: "x == none")
        case .foreignOperator:
            ExplanationPage(
                "operator of another language",
                "Logic is written `and`, `or`, `not`; equality `==`; a condition `if c { a } else { b }`.",
                wrong: "x = a && not b", right: "x = a and not b")
        case .pythonStatement:
            ExplanationPage(
                "statement that Dist does not have",
                "`with torch.no_grad():` is `no_grad { }`, an empty block `{ }`, and functions see outer variables "
                    + "without `global`.", wrong: "with torch.no_grad():\n    y = net(x)",
                right: "no_grad { y = net(x) }")
        case .typeAnnotation:
            ExplanationPage(
                "type annotation", "Variables and parameters have no declared types.", wrong: "fn f(x: int) { x }",
                right: "fn f(x) { x }")
        case .foreignDeclaration:
            ExplanationPage(
                "declaration word", "A variable is made by assigning to it.", wrong: "let x = 1", right: "x = 1")
        case .lineContinuation:
            ExplanationPage(
                "backslash at the end of a line",
                "A line goes on when it ends in an operator or comma, and inside brackets.", wrong: "x = 1 \\\n    + 2",
                right: "x = 1 +\n    2")
        case .foreignComment:
            ExplanationPage(
                "comment of another language", "Comments begin with `#`.", wrong: "// a comment", right: "# a comment")
        default:
            ExplanationPage(
                "call without parentheses", "Calls have parentheses.", wrong: "print x", right: "print(x)")
        }
    }
}
