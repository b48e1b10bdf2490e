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
        let saved = Array(registers[globalCount..<max(globalCount, stackTop)])
        let savedTop = stackTop - globalCount
        let outerFile = currentFile
        currentFile = file
        defer {
            currentFile = outerFile
            for index in globalCount..<min(registers.count, globalCount + max(4096, saved.count)) {
                registers[index] = .unbound
            }
            for (index, value) in saved.enumerated() { registers[globalCount + index] = value }
            stackTop = globalCount + savedTop
        }
        let prototype = try compile(program, of: source, in: file)
        return try enter(prototype.entry, base: globalCount, limit: globalCount + prototype.registerCount)
    }

    private func compile(_ program: Program, of source: SourceText, in file: FileScope) throws -> Prototype {
        let codeCount = code.count
        do {
            let (facts, top) = Resolver.resolve(program)
            let prototype = Prototype(
                name: source.name, source: source, span: program.span, documentation: nil, parameters: [],
                parameterTexts: [], isMethod: false, isDeclared: false)
            let compiler = Compiler(
                interpreter: self, source: source, facts: facts, parent: nil, kind: .top, file: file,
                prototype: prototype)
            for name in top.bound { file.declare(name) }
            try compiler.program(program)
            compiler.finish()
            guard slotNames.count < 32_000 else { throw Failure(.limit, "more than 32000 global variables") }
            return prototype
        } catch let failure as Failure {
            code.removeLast(code.count - codeCount)
            marks.removeLast(marks.count - codeCount)
            throw Diagnostic(
                failure.kind, failure.message, code: failure.code?.rawValue,
                labels: [Diagnostic.Label(source, Span(program.span.lower, program.span.lower))])
        }
    }

    /// Runs code until the call that began it returns.
    func enter(_ entry: Int, base: Int, limit: Int) throws -> Value {
        guard nativeDepth < deepestNativeCalls else {
            throw Failure(
                .limit, "calls nest too deep: \(nativeDepth) calls go through library functions",
                help: ["a function that calls itself through map or a network needs a base case"])
        }
        guard MachineHooks.isInstalled else {
            throw Failure(
                .internal, "the compiler of this build lays out values in another way than the machine expects")
        }
        nativeDepth += 1
        let gradients = Gradients.isEnabled
        let floor = frames.count
        let handlerFloor = handlers.count
        var cursor = Cursor(pc: entry, base: base, limit: limit)
        var slowSteps = 0
        reserve(limit)
        defer {
            nativeDepth -= 1
            frames.removeLast(max(0, frames.count - floor))
            handlers.removeLast(max(0, handlers.count - handlerFloor))
        }
        while true {
            switch execute(&cursor, floor: floor) {
            case .finished(let value):
                return value
            case .slow:
                let before = shift
                do {
                    stackTop = cursor.limit
                    // A loop whose every round comes here never uses up the instruction loop's own budget.
                    slowSteps &+= 1
                    if Interrupt.isRequested || slowSteps & 255 == 0 { try poll() }
                    try slow(&cursor)
                    cursor.base += shift - before
                    cursor.limit += shift - before
                } catch {
                    cursor.base += shift - before
                    cursor.limit += shift - before
                    try unwind(error, &cursor, floor: floor, handlerFloor: handlerFloor, gradients: gradients)
                }
            case .poll:
                do {
                    try poll()
                } catch {
                    try unwind(error, &cursor, floor: floor, handlerFloor: handlerFloor, gradients: gradients)
                }
            case .failed(let error):
                try unwind(error, &cursor, floor: floor, handlerFloor: handlerFloor, gradients: gradients)
            }
        }
    }

    /// Makes sure that registers up to `limit` exist.
    func reserve(_ limit: Int) {
        guard limit > registers.count else { return }
        registers.append(contentsOf: repeatElement(.unbound, count: max(limit - registers.count, registers.count)))
    }

    private func poll() throws {
        if Interrupt.isRequested { try checkInterrupt() }
        steps += 1
        if let stepLimit, steps > stepLimit {
            var failure = Failure(.limit, "the program took more than \(stepLimit) thousand steps")
            failure.endsRun = true
            throw failure
        }
        try checkLimits()
    }

    /// Goes on in the handler that takes the error, or throws it on as a diagnostic.
    private func unwind(
        _ error: any Error, _ cursor: inout Cursor, floor: Int, handlerFloor: Int, gradients: Bool
    ) throws {
        let diagnostic = diagnostic(for: error, at: cursor)
        let endsRun = diagnostic.kind == .interrupt || (error as? Failure)?.endsRun == true
        guard handlers.count > handlerFloor, !endsRun, let handler = handlers.popLast() else {
            Gradients.setEnabled(gradients)
            for index in cursor.base..<min(cursor.limit, registers.count) where floor > 0 {
                registers[index] = .unbound
            }
            throw diagnostic
        }
        frames.removeLast(max(0, frames.count - handler.frameCount))
        for index in handler.limit..<min(max(cursor.limit, handler.limit), registers.count) {
            registers[index] = .unbound
        }
        cursor = Cursor(pc: handler.target, base: handler.base, limit: handler.limit)
        Gradients.setEnabled(handler.gradients)
        registers[handler.register] = ErrorObject(diagnostic).encode(in: self)
    }

    // MARK: Diagnostics

    /// The error with its place in the source and the calls under way.
    func diagnostic(for error: any Error, at cursor: Cursor) -> Diagnostic {
        if let diagnostic = error as? Diagnostic { return diagnostic }
        let failure = Failure(error)
        if let caught = failure.caught { return caught.diagnostic }
        var diagnostic = Diagnostic(
            failure.kind, failure.message, code: failure.code?.rawValue, notes: failure.notes, help: failure.help)
        guard marks.indices.contains(cursor.pc), let function = prototype(at: cursor.pc) else { return diagnostic }
        let mark = marks[cursor.pc]
        var operandLabels: [Diagnostic.Label] = []
        for (index, text) in operands(of: failure, at: cursor.pc, mark, in: function.source) {
            operandLabels.append(Diagnostic.Label(function.source, mark.operands[index], text))
        }
        switch failure.code {
        case .unknownName, .unknownAttribute, .missingArgument, .notCallable:
            if let callee = mark.callee { operandLabels = [Diagnostic.Label(function.source, callee)] }
        case .unknownArgument, .doubledArgument:
            if let index = failure.operands.keys.first, let name = mark.argumentName(index) {
                operandLabels = [Diagnostic.Label(function.source, name)]
            }
        default: break
        }
        let isCall = operandLabels.contains { $0.span.lower >= mark.span.lower && $0.span.upper <= mark.span.upper }
        if operandLabels.isEmpty || !isCall {
            operandLabels.insert(Diagnostic.Label(function.source, mark.span), at: 0)
        }
        diagnostic.labels = operandLabels
        diagnostic.frames = trace(from: cursor.pc)
        return diagnostic
    }

    /// The operands to underline, by index: those the error names, else the argument or subscript it is about.
    private func operands(
        of failure: Failure, at pc: Int, _ mark: Mark, in source: SourceText
    ) -> [(key: Int, value: String)] {
        var operands = failure.operands
        if operands.isEmpty {
            if code[pc].operation == .getIndex || code[pc].operation == .setIndex {
                if failure.kind == .index || failure.kind == .key { operands = [1: ""] }
            } else if let index = argument(meantBy: failure, mark, in: source) {
                operands = [index: ""]
            }
        }
        return operands.filter { mark.operands.indices.contains($0.key) }.sorted { $0.key < $1.key }
    }

    /// The argument that a message such as `fit: epochs must be at least 1` is about; of one about a file, its path.
    private func argument(meantBy failure: Failure, _ mark: Mark, in source: SourceText) -> Int? {
        guard let callee = mark.callee else { return nil }
        let name = source.text(in: callee)
        let positional = mark.operands.count - mark.argumentNames.count
        for overload in library.functions[name]?.overloads ?? [] {
            for (index, parameter) in overload.parameters.enumerated() where parameter.kind == .single {
                let isMeant =
                    failure.kind == .io
                    ? parameter.name == "path" : failure.message.hasPrefix("\(name): \(parameter.name) ")
                guard isMeant else { continue }
                let named = mark.argumentNames.firstIndex { source.text(in: $0) == parameter.name }
                return named.map { positional + $0 } ?? (index < positional ? index : nil)
            }
        }
        return nil
    }

    /// One entry per Dist function under way, innermost first; of a long recursion only both ends.
    private func trace(from pc: Int) -> [Diagnostic.Frame] {
        var result: [Diagnostic.Frame] = []
        var pc = pc
        for frame in frames.innermostFirst {
            guard let function = prototype(at: pc) else { break }
            let call = frame.returnPC - 1
            guard let caller = prototype(at: call), marks.indices.contains(call) else { break }
            let place = caller.source.position(at: marks[call].span.lower)
            result.append(
                Diagnostic.Frame(
                    function: function.name, caller: "\(caller.source.name):\(place.line):\(place.column)"))
            pc = call
        }
        guard result.count > 12 else { return result }
        let skipped = Diagnostic.Frame(
            function: "… \(result.count - 10) more calls", caller: result[result.count - 6].caller)
        return Array(result.prefix(5)) + [skipped] + Array(result.suffix(5))
    }

    /// The function whose code holds an instruction.
    func prototype(at pc: Int) -> Prototype? {
        var low = 0
        var high = prototypes.count
        while low < high {
            let middle = (low + high) / 2
            if prototypes[middle].end <= pc { low = middle + 1 } else { high = middle }
        }
        return low < prototypes.count && prototypes[low].entry <= pc ? prototypes[low] : nil
    }
}

extension Compiler {
    /// The statements of a file or cell; the last expression's value is the cell's.
    func program(_ program: Program) throws {
        for statement in program.statements.dropLast() { try self.statement(statement) }
        let register = try temporary()
        if let last = program.statements.last, case .expression(let expression) = last.kind, !last.isSilenced {
            try value(expression, to: register)
            emit(.halt, a: register, at: program.span)
        } else {
            if let last = program.statements.last { try statement(last) }
            load(.none, into: register, at: program.span)
            emit(.halt, a: register, at: program.span)
        }
    }
}
