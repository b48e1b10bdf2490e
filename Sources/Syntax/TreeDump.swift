import Diagnostics

/// Writes a tree as nested lists without places: `(= x (+ 1 2))`.
///
/// Two texts mean the same exactly when their dumps are equal.
public struct TreeDump {
    private var output = ""

    /// The tree of a program, one statement a line.
    public static func of(_ program: Program) -> String {
        var dump = TreeDump()
        for (place, statement) in program.statements.enumerated() {
            if place > 0 { dump.output += "\n" }
            dump.add(statement)
        }
        return dump.output
    }

    /// The tree of an expression.
    public static func of(_ expression: Expression) -> String {
        var dump = TreeDump()
        dump.add(expression)
        return dump.output
    }

    private mutating func list(_ head: String, _ body: (inout TreeDump) -> Void) {
        output += "(" + head
        body(&self)
        output += ")"
    }

    private mutating func spaced(_ expression: Expression) {
        output += " "
        add(expression)
    }

    private mutating func spaced(_ block: Block) {
        output += " {"
        for (place, statement) in block.statements.enumerated() {
            if place > 0 { output += "; " }
            add(statement)
        }
        output += "}"
    }

    private mutating func add(_ statement: Statement) {
        switch statement.kind {
        case .expression(let value): add(value)
        case .assign(let targets, let value):
            list("=") { dump in
                for target in targets { dump.add(target) }
                dump.spaced(value)
            }
        case .augment(let place, let operation, _, let value):
            list(operation.rawValue + "=") { dump in
                dump.spaced(place)
                dump.spaced(value)
            }
        case .function(let declaration): add(declaration, "fn")
        case .module(let declaration): add(declaration, "module")
        case .parameter(let name, let value): list("param " + name.text) { $0.spaced(value) }
        case .importFile(let path, _, let name): output += "(import \(Self.quoted(path)) \(name.text))"
        case .forEach(let pattern, let values, let body):
            list("for") { dump in
                dump.add(pattern)
                dump.spaced(values)
                dump.spaced(body)
            }
        case .whileLoop(let condition, let body):
            list("while") { dump in
                dump.spaced(condition)
                dump.spaced(body)
            }
        case .breakLoop: output += "(break)"
        case .continueLoop: output += "(continue)"
        case .returnValue(let value): list("return") { dump in value.map { dump.spaced($0) } }
        case .raise(let value): list("raise") { $0.spaced(value) }
        case .assert(let condition, let message):
            list("assert") { dump in
                dump.spaced(condition)
                message.map { dump.spaced($0) }
            }
        case .missing: output += "(missing)"
        }
        if statement.isSilenced { output += ";" }
    }

    private mutating func add(_ declaration: FunctionDeclaration, _ word: String) {
        list("\(word) \(declaration.name.text)") { dump in
            dump.output += " "
            dump.add(declaration.parameters)
            if let text = declaration.documentation { dump.output += " " + Self.quoted(text) }
            dump.spaced(declaration.body)
        }
    }

    private mutating func add(_ parameters: [ParameterSyntax]) {
        output += "("
        for (place, parameter) in parameters.enumerated() {
            if place > 0 { output += " " }
            switch parameter.kind {
            case .single(let value):
                output += parameter.name.text
                if let value {
                    output += "="
                    add(value)
                }
            case .rest: output += "*" + parameter.name.text
            case .options: output += "**" + parameter.name.text
            }
        }
        output += ")"
    }

    private mutating func add(_ target: Target) {
        switch target {
        case .place(let place): spaced(place)
        case .list(let targets, _):
            output += " "
            list("list") { dump in
                for target in targets { dump.add(target) }
            }
        }
    }

    private mutating func add(_ pattern: Pattern) {
        switch pattern {
        case .name(let name): output += " " + name.text
        case .list(let items, _):
            output += " "
            list("list") { dump in
                for item in items { dump.add(item) }
            }
        }
    }

    private mutating func add(_ head: String, _ operands: [Expression]) {
        list(head) { dump in
            for operand in operands { dump.spaced(operand) }
        }
    }

    private mutating func add(_ expression: Expression) {
        switch expression.kind {
        case .none: output += "none"
        case .bool(let value): output += "\(value)"
        case .integer(let value): output += "\(value)"
        case .float(let value): output += "\(value)"
        case .string(let text): output += Self.quoted(text)
        case .formatted(let parts):
            list("f") { dump in
                for part in parts { dump.add(part) }
            }
        case .name(let text): output += text
        case .list(let elements): add("list", elements)
        case .dict(let entries):
            list("dict") { dump in
                for entry in entries { dump.add(entry) }
            }
        case .listComprehension(let element, let clauses):
            list("list-of") { dump in
                dump.spaced(element)
                dump.add(clauses)
            }
        case .dictComprehension(let entry, let clauses):
            list("dict-of") { dump in
                dump.add(entry)
                dump.add(clauses)
            }
        case .parenthesized(let inner): add("group", [inner])
        case .unary(let operation, _, let operand): add(operation.rawValue, [operand])
        case .not(let operand): add("not", [operand])
        case .chain(let first, let links):
            list("chain") { dump in
                dump.spaced(first)
                for link in links {
                    dump.output += " " + link.operation.rawValue
                    dump.spaced(link.operand)
                }
            }
        case .power(let operands): add("**", operands)
        case .comparison(let first, let links):
            list("compare") { dump in
                dump.spaced(first)
                for link in links {
                    dump.output += " " + link.operation.rawValue
                    dump.spaced(link.operand)
                }
            }
        case .and(let operands): add("and", operands)
        case .or(let operands): add("or", operands)
        case .pair(let left, let right): add("->", [left, right])
        case .pipe(let first, let stages): add("|>", [first] + stages)
        case .call(let function, let arguments):
            list("call") { dump in
                dump.spaced(function)
                for argument in arguments { dump.add(argument) }
            }
        case .attribute(let value, let name):
            list(".") { dump in
                dump.spaced(value)
                dump.output += " " + name.text
            }
        case .index(let value, let subscripts):
            list("index") { dump in
                dump.spaced(value)
                for item in subscripts { dump.add(item) }
            }
        case .lambda(let lambda):
            list("=>") { dump in
                dump.output += " "
                dump.add(lambda.parameters)
                switch lambda.body {
                case .expression(let value): dump.spaced(value)
                case .block(let block): dump.spaced(block)
                }
            }
        case .choice(let choice):
            list("if") { dump in
                for branch in choice.branches {
                    dump.spaced(branch.condition)
                    dump.spaced(branch.block)
                }
                choice.otherwise.map { dump.spaced($0) }
            }
        case .noGradient(let block): list("no_grad") { $0.spaced(block) }
        case .attempt(let attempt):
            list("try") { dump in
                dump.spaced(attempt.body)
                dump.output += " " + attempt.error.text
                dump.spaced(attempt.handler)
            }
        case .missing: output += "(missing)"
        }
    }

    private mutating func add(_ part: FormattedPart) {
        switch part {
        case .text(let text): output += " " + Self.quoted(text)
        case .field(let value, let format):
            spaced(value)
            if let format { output += ":" + Self.text(format) }
        }
    }

    private mutating func add(_ entry: DictEntry) {
        spaced(entry.key)
        output += ":"
        spaced(entry.value)
    }

    private mutating func add(_ clauses: [ComprehensionClause]) {
        for clause in clauses {
            switch clause {
            case .each(let pattern, let values):
                output += " "
                list("for") { dump in
                    dump.add(pattern)
                    dump.spaced(values)
                }
            case .only(let condition):
                output += " "
                add("if", [condition])
            }
        }
    }

    private mutating func add(_ argument: Argument) {
        output += " "
        switch argument.kind {
        case .positional: break
        case .named(let name): output += name.text + "="
        case .spread: output += "*"
        case .spreadNamed: output += "**"
        }
        add(argument.value)
    }

    private mutating func add(_ item: Subscript) {
        switch item {
        case .index(let value): spaced(value)
        case .slice(let start, let stop, let step, _):
            output += " "
            list("slice") { dump in
                for part in [start, stop, step] {
                    if let part { dump.spaced(part) } else { dump.output += " _" }
                }
            }
        case .ellipsis: output += " ..."
        }
    }

    /// A format in its canonical spelling.
    private static func text(_ format: FormatSpecification) -> String {
        var result = ""
        if let alignment = format.alignment { result += "\(format.fill)\(alignment.rawValue)" }
        if format.sign != .negative { result += "\(format.sign.rawValue)" }
        if format.width > 0 { result += "\(format.width)" }
        if format.grouped { result += "," }
        if let precision = format.precision { result += ".\(precision)" }
        if let presentation = format.presentation { result += "\(presentation.rawValue)" }
        return "<\(result)>"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension Program {
    /// Whether two trees are equal but for the places of their nodes.
    public func equalsIgnoringSpans(_ other: Program) -> Bool { TreeDump.of(self) == TreeDump.of(other) }
}
