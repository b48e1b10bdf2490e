import CMachine
import Diagnostics
import Syntax

/// Makes instructions from the tree of one function; the functions inside it are made by compilers of their own.
final class Compiler {
    enum Kind: Equatable {
        case top, function, method, module
    }
    struct Local {
        var register: Int
        var isCell: Bool
    }
    /// Where a name's value is found.
    enum Place {
        case register(Int)
        case cell(Int)
        case capture(Int)
        case global(Int)
        case field(Int)
    }
    struct Loop {
        var breaks: [Int] = []
        var continues: [Int] = []
        /// What has to be undone on the way out: `no_grad` modes and error handlers opened inside the loop.
        var openScopes: Int
    }
    enum OpenScope {
        case gradients(Int)
        case handler
    }

    let machine: Machine
    let source: SourceText
    let facts: [SourceSpan: ScopeFacts]
    let parent: Compiler?
    let kind: Kind
    let file: FileScope
    let prototype: Prototype
    /// The fields of a module's body, constructor parameters first.
    var fieldNames: [String] = []
    /// Those of them that the body binds: what the state consists of.
    private(set) var boundFields: Set<String> = []
    /// Those that functions inside the module read.
    private(set) var fieldsReadInside: Set<String> = []
    var scopes: [[String: Local]] = [[:]]
    var code: [Instruction] = []
    var marks: [Mark] = []
    var top = 0
    var loops: [Loop] = []
    var openScopes: [OpenScope] = []
    var assigned: Set<String> = []
    private var captureIndices: [String: Int] = [:]

    init(
        machine: Machine, source: SourceText, facts: [SourceSpan: ScopeFacts], parent: Compiler?, kind: Kind,
        file: FileScope, prototype: Prototype
    ) {
        self.machine = machine
        self.source = source
        self.facts = facts
        self.parent = parent
        self.kind = kind
        self.file = file
        self.prototype = prototype
    }

    // MARK: Emitting

    @discardableResult
    func emit(
        _ operation: Opcode, a: Int = 0, b: Int = 0, c: Int = 0, d: Int = 0, at span: SourceSpan,
        operands: [SourceSpan] = [],
        callee: SourceSpan? = nil, argumentNames: [SourceSpan] = []
    ) -> Int {
        code.append(Instruction(operation, a: a, b: b, c: c, d: d))
        marks.append(Mark(span: span, operands: operands, callee: callee, argumentNames: argumentNames))
        return code.count - 1
    }

    func temporary() throws -> Int {
        let register = top
        top += 1
        if top > prototype.registerCount { prototype.registerCount = top }
        guard top < 30_000 else {
            throw Failure(.limit, "\(prototype.name) is too large: it needs more than 30000 values at once")
        }
        return register
    }

    /// Makes the jump at `index` lead to the next instruction.
    func patch(_ index: Int) { code[index].d = Int32(truncatingIfNeeded: code.count - index) }
    func patch(_ indices: [Int]) { for index in indices { patch(index) } }

    func jumpBack(to target: Int, at span: SourceSpan) { emit(.loop, d: target - code.count, at: span) }

    /// Runs `body` and frees the temporaries it took.
    func scoped<T>(_ body: () throws -> T) rethrows -> T {
        let before = top
        defer { top = before }
        return try body()
    }

    func load(_ value: Value, into target: Int, at span: SourceSpan) {
        if case .int(let int) = value, let small = Int32(exactly: int) {
            emit(.loadInt, a: target, d: Int(small), at: span)
        } else {
            emit(.loadConstant, a: target, d: machine.constant(value), at: span)
        }
    }

    /// Appends the finished code to the machine's.
    func finish() {
        prototype.entry = machine.code.count
        machine.code.append(contentsOf: code)
        machine.marks.append(contentsOf: marks)
        prototype.end = machine.code.count
        machine.prototypes.append(prototype)
    }

    // MARK: Names

    private func local(_ name: String) -> Local? {
        for scope in scopes.reversed() { if let local = scope[name] { return local } }
        return nil
    }

    func place(of name: String) -> Place {
        if let local = local(name) { return local.isCell ? .cell(local.register) : .register(local.register) }
        if kind == .module, let field = fieldNames.firstIndex(of: name) { return .field(field) }
        var ancestor = parent
        while let compiler = ancestor {
            if compiler.local(name) != nil { break }
            if compiler.kind == .module, let field = compiler.fieldNames.firstIndex(of: name) {
                compiler.fieldsReadInside.insert(name)
                return .field(field)
            }
            ancestor = compiler.parent
        }
        if let index = capture(name) { return .capture(index) }
        return .global(machine.slot(of: name, in: file))
    }

    private func capture(_ name: String) -> Int? {
        if let index = captureIndices[name] { return index }
        guard let parent else { return nil }
        let source: Prototype.Capture
        if let local = parent.local(name) {
            guard local.isCell else { return nil }
            source = .register(local.register)
        } else if let index = parent.capture(name) {
            source = .outer(index)
        } else {
            return nil
        }
        prototype.captures.append(source)
        captureIndices[name] = prototype.captures.count - 1
        return prototype.captures.count - 1
    }

    /// Reads a name into `target`, or gives the register where it already is.
    func read(_ name: String, at span: SourceSpan, to target: Int? = nil) throws -> Int {
        switch place(of: name) {
        case .register(let register):
            checkBound(register, name, at: span)
            guard let target, target != register else { return register }
            emit(.move, a: target, b: register, at: span)
            return target
        case .cell(let register):
            let result = try target ?? temporary()
            emit(.loadCell, a: result, b: register, d: machine.constant(.string(name)), at: span)
            return result
        case .capture(let index):
            let result = try target ?? temporary()
            emit(.loadCapture, a: result, b: index, d: machine.constant(.string(name)), at: span)
            return result
        case .global(let slot):
            if kind == .top {
                let register = -1 - slot
                checkBound(register, name, at: span)
                guard let target else { return register }
                emit(.move, a: target, b: register, at: span)
                return target
            }
            let result = try target ?? temporary()
            emit(.loadGlobal, a: result, d: slot, at: span)
            return result
        case .field(let index):
            let result = try target ?? temporary()
            // Where closures share the module it is read into a register of its own, which ends here: the arguments of a call
            // stand right behind their callee.
            try scoped {
                let owner = try read("self", at: span)
                emit(.loadField, a: result, b: owner, c: index, d: machine.constant(.string(name)), at: span)
            }
            return result
        }
    }

    private func checkBound(_ register: Int, _ name: String, at span: SourceSpan) {
        guard !assigned.contains(name) else { return }
        if kind == .top, register < 0, machine.isBound(slot: -1 - register) { return }
        emit(.checkBound, a: register, c: kind == .top ? 0 : 1, d: machine.constant(.string(name)), at: span)
    }

    /// Binds a name to the value in a register.
    func write(_ name: String, from register: Int, at span: SourceSpan) throws {
        switch place(of: name) {
        case .register(let target): if target != register { emit(.move, a: target, b: register, at: span) }
        case .cell(let cell): emit(.storeCell, a: cell, b: register, at: span)
        case .global(let slot): emit(.move, a: -1 - slot, b: register, at: span)
        case .field(let index):
            let owner = try read("self", at: span)
            emit(.storeField, a: owner, b: register, c: index, at: span)
            if kind == .module { boundFields.insert(name) }
        case .capture: throw Failure(.internal, "\(name) is bound outside this function")
        }
        assigned.insert(name)
    }

    /// The register that an assignment can compute straight into, when the name lives in one.
    func directRegister(_ name: String) -> Int? {
        switch place(of: name) {
        case .register(let register): register
        case .global(let slot) where kind == .top: -1 - slot
        default: nil
        }
    }

    /// Gives the names of a scope registers, and cells to those that closures share.
    func declare(_ facts: ScopeFacts, at span: SourceSpan, fresh: Bool) throws {
        for name in facts.bound where scopes[scopes.count - 1][name] == nil {
            let register = try temporary()
            let isCell = facts.shared.contains(name)
            scopes[scopes.count - 1][name] = Local(register: register, isCell: isCell)
            if isCell, !fresh { emit(.newCell, a: register, at: span) }
        }
    }

    // MARK: Functions

    func compileFunction(
        name: String, parameters: [ParameterSyntax], documentation: String?, scope: SourceSpan, span: SourceSpan,
        kind: Kind,
        body: (Compiler) throws -> Void
    ) throws -> Prototype {
        var formals: [FormalParameter] = []
        var texts: [String] = []
        if kind != .function {
            formals.append(FormalParameter(name: "self", kind: .single, isRequired: true))
            texts.append("self")
        }
        for parameter in parameters {
            switch parameter.kind {
            case .single(let defaultValue):
                formals.append(
                    FormalParameter(name: parameter.name.text, kind: .single, isRequired: defaultValue == nil))
                texts.append(
                    defaultValue.map { "\(parameter.name.text)=\(source.text(in: $0.span))" } ?? parameter.name.text)
            case .rest:
                formals.append(FormalParameter(name: parameter.name.text, kind: .variadic, isRequired: false))
                texts.append("*" + parameter.name.text)
            case .options:
                formals.append(FormalParameter(name: parameter.name.text, kind: .namedVariadic, isRequired: false))
                texts.append("**" + parameter.name.text)
            }
        }
        let prototype = Prototype(
            name: name, source: source, span: span, documentation: documentation, parameters: formals,
            parameterTexts: texts, isMethod: kind != .function, isDeclared: name != "λ")
        let inner = Compiler(
            machine: machine, source: source, facts: facts, parent: self, kind: kind, file: file,
            prototype: prototype)
        let scopeFacts = facts[scope] ?? ScopeFacts()
        try inner.openFunction(formals, parameters, scopeFacts, at: span)
        try body(inner)
        inner.finish()
        return prototype
    }

    private func openFunction(
        _ formals: [FormalParameter], _ parameters: [ParameterSyntax], _ facts: ScopeFacts, at span: SourceSpan
    ) throws {
        for formal in formals {
            let register = try temporary()
            scopes[0][formal.name] = Local(register: register, isCell: false)
            assigned.insert(formal.name)
        }
        if kind == .module {
            fieldNames = formals.dropFirst().map(\.name)
            for name in facts.bound where name != "self" && !fieldNames.contains(name) { fieldNames.append(name) }
        } else {
            // Registers first, cells later: a default may read what stands before it only.
            for name in facts.bound where scopes[0][name] == nil {
                scopes[0][name] = Local(register: try temporary(), isCell: false)
            }
        }
        prototype.localCount = top
        for (index, formal) in formals.enumerated() where facts.shared.contains(formal.name) && formal.isRequired {
            emit(.makeCell, a: index, at: span)
            scopes[0][formal.name]?.isCell = true
        }
        for name in facts.bound where facts.shared.contains(name) {
            guard let local = scopes[0][name], !formals.contains(where: { $0.name == name }) else { continue }
            emit(.newCell, a: local.register, at: span)
            scopes[0][name]?.isCell = true
        }
        for parameter in parameters {
            guard let local = scopes[0][parameter.name.text], !local.isCell else { continue }
            if case .single(let defaultValue?) = parameter.kind {
                let skip = emit(.jumpIfBound, a: local.register, at: defaultValue.span)
                try scoped { try value(defaultValue, to: local.register) }
                patch(skip)
            }
            if facts.shared.contains(parameter.name.text) {
                emit(.makeCell, a: local.register, at: span)
                scopes[0][parameter.name.text]?.isCell = true
            }
        }
        guard kind == .module else { return }
        // The constructor's parameters are fields: methods read them by name.
        for (index, formal) in formals.enumerated().dropFirst() {
            let owner = try read("self", at: span)
            var register = index
            if let local = scopes[0][formal.name], local.isCell {
                register = try temporary()
                emit(.loadCell, a: register, b: local.register, d: machine.constant(.string(formal.name)), at: span)
            }
            emit(.storeField, a: owner, b: register, c: index - 1, at: span)
        }
        for formal in formals.dropFirst() { scopes[0][formal.name] = nil }
        assigned = ["self"]
    }

    /// The statements of a function's body, whose last expression is its value.
    func body(_ statements: [Statement], at span: SourceSpan) throws {
        guard let last = statements.last else {
            try returnNone(at: span)
            return
        }
        for statement in statements.dropLast() { try self.statement(statement) }
        if case .expression(let value) = last.kind {
            try scoped {
                let register = try self.value(value)
                emit(.return, a: register, at: value.span)
            }
        } else {
            try statement(last)
            try returnNone(at: span)
        }
    }

    func returnNone(at span: SourceSpan) throws {
        try scoped {
            let register = try temporary()
            load(.none, into: register, at: span)
            emit(.return, a: register, at: span)
        }
    }

    func closeScopes(downTo depth: Int, at span: SourceSpan) {
        for scope in openScopes[depth...].reversed() {
            switch scope {
            case .gradients(let register): emit(.restoreGradients, a: register, at: span)
            case .handler: emit(.popHandler, at: span)
            }
        }
    }
}
