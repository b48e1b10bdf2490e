import Base
import CMachine
import Diagnostics
import Syntax
import Tensors

extension Interpreter {
    /// Runs one cell or a whole file in the session's scope and gives the value of its last expression, or `none`.
    ///
    /// Nothing runs when the source has a syntax error. Names bound before an error stay bound.
    ///
    /// - Throws: the `Diagnostic` of a syntax error or of the error that ended the run.
    @discardableResult
    public func run(_ source: SourceText, path: String? = nil) throws -> Value {
        let result = Parser.parse(source)
        if let first = result.diagnostics.first { throw first }
        return try run(result.program, of: source)
    }

    /// Runs a parsed program or cell in the session's scope; see ``run(_:path:)``.
    @discardableResult
    public func run(_ program: Program, of source: SourceText) throws -> Value {
        try run(program, of: source, in: session)
    }

    /// The value that a cell displays is that of its last expression unless a `;` ends the line.
    func run(_ program: Program, of source: SourceText, in file: FileScope) throws -> Value {
        // Top-level code has its registers at 0; an import runs while other code has its own there.
        let top = machine.stackTop
        let saved = Array(machine.registers[0..<top])
        let outerFile = currentFile
        currentFile = file
        defer {
            currentFile = outerFile
            machine.registers.clear(0..<max(4096, top))
            for (index, value) in saved.enumerated() { machine.registers[index] = value }
            machine.stackTop = top
        }
        let prototype = try compile(program, of: source, in: file)
        return try machine.enter(prototype.entry, base: 0, limit: prototype.registerCount)
    }

    private func compile(_ program: Program, of source: SourceText, in file: FileScope) throws -> Prototype {
        let codeCount = machine.code.count
        do {
            let (facts, top) = Resolver.resolve(program)
            let prototype = Prototype(
                name: source.name, source: source, span: program.span, documentation: nil, parameters: [],
                parameterTexts: [], isMethod: false, isDeclared: false)
            let compiler = Compiler(
                machine: machine, source: source, facts: facts, parent: nil, kind: .top, file: file,
                prototype: prototype)
            for name in top.bound { file.declare(name) }
            try compiler.program(program)
            compiler.finish()
            guard machine.slotNames.count < 32_000 else { throw Failure(.limit, "more than 32000 global variables") }
            return prototype
        } catch let failure as Failure {
            machine.code.removeLast(machine.code.count - codeCount)
            machine.marks.removeLast(machine.marks.count - codeCount)
            throw Diagnostic(
                failure.kind, failure.message, code: failure.code?.rawValue,
                labels: [Diagnostic.Label(source, SourceSpan(program.span.lower, program.span.lower))])
        }
    }

    /// Counts some steps, and looks whether a limit is reached or somebody wants the program to stop.
    func poll() throws {
        if Interrupt.isRequested { try checkInterrupt() }
        steps += 1
        if let stepLimit, steps > stepLimit {
            var failure = Failure(.limit, "the program took more than \(stepLimit) thousand steps")
            failure.endsRun = true
            throw failure
        }
        try checkLimits()
    }
}
