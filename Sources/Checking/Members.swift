import Diagnostics
import Runtime
import Syntax

/// The names that may stand behind a point: what a value of unknown type could have.
enum Members {
    /// Methods and attributes of the library, functions, and everything that the program declares or names.
    ///
    /// - Parameter sources: whether the modules that are written in Dist are meant as well.
    static func all(in program: Program, of library: Library, andSources sources: Bool = false) -> Set<String> {
        var names = Set(library.names)
        for methods in library.methods.values { names.formUnion(methods.keys) }
        for attributes in library.attributes.values { names.formUnion(attributes.keys) }
        var walk = Walk()
        walk.visit(program.statements)
        if sources {
            for (path, text) in library.sources {
                walk.visit(Parser.parse(SourceText(name: path, text: text)).program.statements)
            }
        }
        return names.union(walk.names)
    }

    /// Collects every name that a program binds, writes or passes as an argument's name: fields of modules, children of
    /// networks and entries of imports are among them.
    private struct Walk {
        var names: Set<String> = []

        mutating func visit(_ statements: [Statement]) { for statement in statements { visit(statement) } }

        private mutating func visit(_ statement: Statement) {
            switch statement.kind {
            case .function(let declaration), .module(let declaration):
                names.insert(declaration.name.text)
                visit(declaration.parameters)
                visit(declaration.body.statements)
            case .assign(let targets, _):
                for place in targets.flatMap(\.places) {
                    switch place.kind {
                    case .name(let name): names.insert(name)
                    case .attribute(_, let name): names.insert(name.text)
                    default: break
                    }
                }
            case .parameter(let name, _), .importFile(_, _, let name): names.insert(name.text)
            default: break
            }
            for expression in statement.operands { visit(expression) }
            for block in statement.blocks { visit(block.statements) }
        }

        private mutating func visit(_ parameters: [ParameterSyntax]) {
            for parameter in parameters {
                names.insert(parameter.name.text)
                if case .single(let value?) = parameter.kind { visit(value) }
            }
        }

        private mutating func visit(_ expression: Expression) {
            switch expression.kind {
            case .call(_, let arguments):
                for argument in arguments { if case .named(let name) = argument.kind { names.insert(name.text) } }
            case .dict(let entries):
                for entry in entries { if case .string(let key) = entry.key.kind { names.insert(key) } }
            case .lambda(let lambda):
                visit(lambda.parameters)
                switch lambda.body {
                case .expression(let value): visit(value)
                case .block(let block): visit(block.statements)
                }
            case .listComprehension(let element, let clauses):
                visit(element)
                visit(clauses)
            case .dictComprehension(let entry, let clauses):
                visit(entry.key)
                visit(entry.value)
                visit(clauses)
            default: break
            }
            for operand in expression.operands { visit(operand) }
            for block in expression.blocks { visit(block.statements) }
        }

        private mutating func visit(_ clauses: [ComprehensionClause]) {
            for clause in clauses {
                switch clause {
                case .each(_, let sequence): visit(sequence)
                case .only(let condition): visit(condition)
                }
            }
        }
    }
}
