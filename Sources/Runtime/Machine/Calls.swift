import CMachine
import Diagnostics
import Learning
import Tensors

extension Machine {
    private func arguments(from first: Int, _ shape: CallShape) -> [Value] {
        Array(registers[first..<first + shape.count])
    }

    /// A call instruction: of what stands in a register or a global variable, of a method, or with spread arguments.
    func call(_ cursor: inout Cursor, _ i: Instruction) throws {
        let window = cursor.base + Int(i.a)
        switch i.operation {
        case .callGlobal:
            let slot = Int(i.d)
            guard isBound(slot: slot) else { throw interpreter.unknownName(slotNames[slot], isLocal: false) }
            registers[window] = self[global: slot]
            try call(&cursor, window: window, site: Int(i.c))
        case .call: try call(&cursor, window: window, site: Int(i.d))
        case .callMethod: try callMethod(&cursor, window: window, site: Int(i.d))
        case .callSpread, .callMethodSpread: try callSpread(&cursor, i)
        default: throw misplaced(i)
        }
    }

    /// Calls what stands at `window` with the arguments behind it: a Dist function gets a frame, anything else runs here.
    private func call(_ cursor: inout Cursor, window: Int, site number: Int) throws {
        let site = sites[number]
        try call(
            &cursor, registers[window], site.shape, arguments(from: window + 1, site.shape), first: window + 1,
            result: cursor.base + Int(records[number].result), site: site)
    }

    /// Calls a function with its arguments; a Dist function's registers begin at `first`.
    private func call(
        _ cursor: inout Cursor, _ callee: Value, _ shape: CallShape, _ arguments: [Value], first: Int, result: Int,
        site: CallSite?
    ) throws {
        switch callee {
        case .function(let closure as Closure):
            return try enterFrame(&cursor, closure, shape, arguments, base: first, result: result, site: site)
        case .module(let module as ScriptedModule) where !module.isObserved:
            guard let forward = module.method("forward") else { break }
            var methodShape = shape
            methodShape.positional += 1
            return try enterFrame(
                &cursor, forward, methodShape, [callee] + arguments, base: max(cursor.limit, first + shape.count) + 1,
                result: result, site: nil)
        default: break
        }
        let value = try callNatively(callee, shape, arguments, returnPC: cursor.pc + 1, cursor: cursor)
        // From the arguments on, registers hold what nobody reads again (a Dist function's frame would lie there). Left full,
        // they would keep the memory of tensors that nothing else holds.
        if case .tensor = value { registers.clear(first..<max(cursor.limit, first + shape.count)) }
        registers[result] = value
        cursor.pc += 1
    }

    /// Runs what needs Swift's stack; calls that come back from there see the caller in their trace.
    private func callNatively(
        _ callee: Value, _ shape: CallShape, _ arguments: [Value], returnPC: Int, cursor: Cursor
    ) throws -> Value {
        let depth = frames.count
        frames.append(Frame(returnPC: returnPC, base: cursor.base, limit: cursor.limit, result: cursor.base))
        let top = stackTop
        defer {
            stackTop = top
            frames.cut(to: depth)
        }
        switch callee {
        case .function(let builtin as BuiltinFunction): return try interpreter.call(builtin, shape, arguments)
        default:
            let named = zip(shape.names, arguments[shape.positional...]).map { (name: $0, value: $1) }
            return try interpreter.call(callee, Array(arguments[..<shape.positional]), named: named)
        }
    }

    /// `x.name(args)`: a method or field of `x`, else the function `name` with `x` in front.
    private func callMethod(_ cursor: inout Cursor, window: Int, site number: Int) throws {
        let site = sites[number]
        let result = cursor.base + Int(records[number].result)
        let receiver = registers[window + 1]
        if records[number].appends, case .list(let list) = receiver, site.shape.count == 2 {
            try Interpreter.claimGrowth(of: list)
            list.append(registers[window + 2])
            registers[result] = .none
            cursor.pc += 1
            return
        }
        let (callee, takesReceiver) = try resolve(
            site.name ?? "", of: receiver, fallback: registers[window], slot: site.fallbackSlot)
        if takesReceiver {
            if case .list = receiver, case .function(let function) = callee, site.shape.names.isEmpty {
                site.listBody = function.quickBody
                site.listCount = function.quickCount
                records[number].appends = site.name == "append" && site.listCount == 2
            }
            try call(
                &cursor, callee, site.shape, arguments(from: window + 1, site.shape), first: window + 1,
                result: result, site: site)
        } else {
            var shape = site.shape
            shape.positional -= 1
            do {
                try call(
                    &cursor, callee, shape, arguments(from: window + 2, shape), first: window + 2, result: result,
                    site: nil)
            } catch {
                // In the source the receiver counts as the first operand.
                guard !(error is Diagnostic) else { throw error }
                var failure = Failure(error)
                failure.operands = Dictionary(uniqueKeysWithValues: failure.operands.map { ($0.key + 1, $0.value) })
                throw failure
            }
        }
    }

    /// What a method call calls, and whether the receiver is its first argument.
    private func resolve(_ name: String, of receiver: Value, fallback: Value, slot: Int?) throws -> (Value, Bool) {
        if case .module(let module) = receiver, let scripted = module as? ScriptedModule {
            if let method = scripted.method(name) { return (.function(method), true) }
        }
        if let method = interpreter.library.method(name, of: receiver) { return (.function(method), true) }
        if let field = try interpreter.callableField(name, of: receiver) { return (field, false) }
        if case .function(let function) = fallback, isDeclared(function, as: name) { return (fallback, true) }
        if let slot {
            let value = self[global: slot]
            if case .function(let function) = value, isDeclared(function, as: name) { return (value, true) }
        }
        if let function = interpreter.library.functions[name] { return (.function(function), true) }
        throw interpreter.unknownAttribute(name, of: receiver, isCall: true)
    }

    private func isDeclared(_ function: Function, as name: String) -> Bool {
        switch function {
        case let closure as Closure: closure.prototype.isDeclared && closure.name == name
        case is BuiltinFunction, is ModuleDeclaration: function.name == name
        default: false
        }
    }

    /// `f(*list, **dict)` and `x.f(*list, **dict)`.
    private func callSpread(_ cursor: inout Cursor, _ i: Instruction) throws {
        let window = cursor.base + Int(i.a)
        let isMethod = i.operation == .callMethodSpread
        let offset = isMethod ? 2 : 1
        guard case .list(let list) = registers[window + offset], case .dict(let dict) = registers[window + offset + 1]
        else { throw Failure(.internal, "a call lost its arguments") }
        var callee = registers[window]
        var arguments = list.elements
        if isMethod {
            let site = sites[Int(i.d)]
            let receiver = registers[window + 1]
            let (found, takesReceiver) = try resolve(
                site.name ?? "", of: receiver, fallback: callee, slot: site.fallbackSlot)
            callee = found
            if takesReceiver { arguments.insert(receiver, at: 0) }
        }
        guard arguments.count < 100_000 else {
            throw Failure(.limit, "a call with \(arguments.count) arguments")
        }
        let shape = CallShape(positional: arguments.count, names: dict.entries.keys.map { $0.value.text ?? "" })
        // They stand in containers, not in a window: a Dist function's registers begin behind the running one's.
        try call(
            &cursor, callee, shape, arguments + dict.entries.values, first: cursor.limit + 1, result: window, site: nil)
    }
}
