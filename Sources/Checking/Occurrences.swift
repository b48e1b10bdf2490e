import Diagnostics
import Syntax

/// Where each name of a program is bound and read, found without running it; broken parts of a program are left out.
package struct Occurrences {
    /// A name of one scope with all its places.
    package struct Symbol {
        /// What the name is first given.
        package enum Kind { case variable, parameter, function, module, file }
        /// What a name belongs to: one of the file is reached by importing it, one of a module behind a point.
        package enum Home { case file, function, module, comprehension }
        /// The name.
        package let name: String
        /// What it is.
        package fileprivate(set) var kind: Kind
        /// Where it lives.
        package let home: Home
        /// The places that bind it, then those that read it.
        package fileprivate(set) var bindings: [SourceSpan] = []
        /// The places that read or change it.
        package fileprivate(set) var reads: [SourceSpan] = []
        /// The declaration, of a function or module.
        package fileprivate(set) var declaration: FunctionDeclaration?
        /// The path as written, of an imported file.
        package fileprivate(set) var path: String?
        /// The stretch in which the name can be read.
        package let extent: SourceSpan
    }

    /// A name behind a point that is a name of an imported file: `models.lenet`.
    package struct Member {
        /// The name of the file here.
        package let file: Int
        /// The name behind the point.
        package let name: Name
    }

    /// The names, outer scopes first.
    package private(set) var symbols: [Symbol] = []
    /// The places that read a name that the program does not bind.
    package private(set) var free: [Name] = []
    /// What is taken from imported files.
    package private(set) var members: [Member] = []

    /// Arguments that are passed by name to what a name holds.
    package private(set) var namedArguments: [(function: Int, name: Name)] = []

    private var scopes: [[String: Int]] = []

    /// Reads a program.
    package init(_ program: Program) {
        enter(Bindings(program.statements), .file, extent: program.span)
        visit(program.statements)
        // An argument's name is a place of the parameter.
        for (function, name) in namedArguments {
            guard symbols[function].bindings.count == 1,
                let parameter = symbols[function].declaration?.parameters.first(where: { $0.name.text == name.text }),
                let index = symbols.firstIndex(where: { $0.bindings.first == parameter.name.span })
            else { continue }
            symbols[index].reads.append(name.span)
        }
    }

    /// The name at a byte, also just behind its end.
    package func symbol(at offset: Int) -> Int? {
        symbols.indices.first { index in
            (symbols[index].bindings + symbols[index].reads).contains { $0.lower <= offset && offset <= $0.upper }
        }
    }

    /// The names that can be read at a byte, inner ones before outer ones of the same name.
    package func visible(at offset: Int) -> [Symbol] {
        var seen: Set<String> = []
        return symbols.filter { $0.extent.lower <= offset && offset <= $0.extent.upper }.reversed().filter {
            seen.insert($0.name).inserted
        }
    }

    // MARK: Scopes

    private mutating func enter(
        _ bindings: Bindings, _ home: Symbol.Home, parameters: Set<String> = [], extent: SourceSpan
    ) {
        var scope: [String: Int] = [:]
        for name in bindings.names {
            // `self` has no place that binds it.
            let sites = (bindings.sites[name] ?? []).filter { $0.span.upper > $0.span.lower }
            guard let first = sites.first else { continue }
            var symbol = Symbol(
                name: name, kind: parameters.contains(name) ? .parameter : .variable, home: home, extent: extent)
            symbol.bindings = sites.map(\.span)
            switch first.value {
            case .function(let declaration): (symbol.kind, symbol.declaration) = (.function, declaration)
            case .module(let declaration): (symbol.kind, symbol.declaration) = (.module, declaration)
            case .file(let path): (symbol.kind, symbol.path) = (.file, path)
            default: break
            }
            scope[name] = symbols.count
            symbols.append(symbol)
        }
        scopes.append(scope)
    }

    private func owner(of name: String) -> Int? { scopes.reversed().lazy.compactMap { $0[name] }.first }

    private mutating func read(_ name: Name) {
        guard let index = owner(of: name.text) else {
            free.append(name)
            return
        }
        if !symbols[index].bindings.contains(name.span) { symbols[index].reads.append(name.span) }
    }

    // MARK: Walking

    private mutating func visit(_ statements: [Statement]) { for statement in statements { visit(statement) } }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .function(let declaration):
            visit(declaration.parameters, declaration.body.statements, extent: statement.span)
        case .module(let declaration):
            visit(declaration.parameters, declaration.body.statements, .module, extent: statement.span)
        default:
            for operand in statement.operands { visit(operand) }
            for block in statement.blocks { visit(block.statements) }
        }
    }

    private mutating func visit(
        _ parameters: [ParameterSyntax], _ statements: [Statement], _ home: Symbol.Home = .function,
        value: Expression? = nil, extent: SourceSpan
    ) {
        var bindings = Bindings()
        for parameter in parameters { bindings.add(parameter.name) }
        bindings.visit(statements)
        enter(bindings, home, parameters: Set(parameters.map(\.name.text)), extent: extent)
        for case .single(let value?) in parameters.map(\.kind) { visit(value) }
        visit(statements)
        if let value { visit(value) }
        scopes.removeLast()
    }

    private mutating func visit(_ clauses: [ComprehensionClause], _ results: [Expression], extent: SourceSpan) {
        var bindings = Bindings()
        for case .each(let pattern, _) in clauses { bindings.visit(pattern) }
        enter(bindings, .comprehension, extent: extent)
        for clause in clauses {
            switch clause {
            case .each(_, let value), .only(let value): visit(value)
            }
        }
        for result in results { visit(result) }
        scopes.removeLast()
    }

    private mutating func visit(_ expression: Expression) {
        switch expression.kind {
        case .name(let name): read(Name(name, expression.span))
        case .call(let callee, let arguments):
            if case .name(let name) = callee.kind, let index = owner(of: name) {
                for case .named(let name) in arguments.map(\.kind) { namedArguments.append((index, name)) }
            }
            for operand in expression.operands { visit(operand) }
        case .attribute(let value, let name):
            if case .name(let file) = value.kind, let index = owner(of: file), symbols[index].kind == .file,
                symbols[index].bindings.count == 1
            {
                members.append(Member(file: index, name: name))
            }
            visit(value)
        case .lambda(let lambda):
            switch lambda.body {
            case .expression(let value): visit(lambda.parameters, [], value: value, extent: expression.span)
            case .block(let block): visit(lambda.parameters, block.statements, extent: expression.span)
            }
        case .listComprehension(let element, let clauses): visit(clauses, [element], extent: expression.span)
        case .dictComprehension(let entry, let clauses):
            visit(clauses, [entry.key, entry.value], extent: expression.span)
        default:
            for operand in expression.operands { visit(operand) }
            for block in expression.blocks { visit(block.statements) }
        }
    }
}
