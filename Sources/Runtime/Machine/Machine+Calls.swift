import CMachine
import Diagnostics
import Learning
import Tensors

extension Interpreter {
    /// Calls what stands at `window` with the arguments behind it: a Dist function gets a frame, anything else runs here.
    func call(_ cursor: inout Cursor, window: Int, site number: Int) throws {
        let site = sites[number]
        try call(
            &cursor, registers[window], shape: site.shape, first: window + 1,
            result: cursor.base + Int(records[number].result), site: site)
    }

    func call(
        _ cursor: inout Cursor, _ callee: Value, shape: CallShape, first: Int, result: Int, site: CallSite?
    ) throws {
        switch callee {
        case .function(let closure as Closure):
            try enterFrame(&cursor, closure, shape: shape, first: first, result: result, site: site)
            return
        case .module(let module as ScriptedModule) where !module.isObserved:
            guard let forward = module.method("forward") else { break }
            let arguments = [callee] + Array(registers[first..<first + shape.count])
            let base = max(cursor.limit, first + shape.count)
            reserve(base + arguments.count + 1)
            for (index, argument) in arguments.enumerated() { registers[base + 1 + index] = argument }
            var methodShape = shape
            methodShape.positional += 1
            try enterFrame(&cursor, forward, shape: methodShape, first: base + 1, result: result, site: nil)
            return
        default: break
        }
        let arguments = Array(registers[first..<first + shape.count])
        let before = shift
        let value = try callNatively(callee, shape, arguments, returnPC: cursor.pc + 1, cursor: cursor)
        let moved = shift - before
        // From the arguments on, registers hold what nobody reads again (a Dist function's frame would lie there). Left full,
        // they would keep what stands between a convolution and the normalisation or ReLU behind it, which then could not be
        // computed in one pass.
        if case .tensor = value {
            for index in first..<max(cursor.limit, first + shape.count) { registers[index + moved] = .unbound }
        }
        registers[result + moved] = value
        cursor.pc += 1
    }

    /// Runs what needs Swift's stack; calls that come back from there see the caller in their trace.
    private func callNatively(
        _ callee: Value, _ shape: CallShape, _ arguments: [Value], returnPC: Int, cursor: Cursor
    ) throws -> Value {
        frames.append(Frame(returnPC: returnPC, base: cursor.base, limit: cursor.limit, result: cursor.base))
        let depth = frames.count
        let top = stackTop
        defer {
            stackTop = top
            frames.removeLast(max(0, frames.count - depth + 1))
        }
        switch callee {
        case .function(let builtin as BuiltinFunction): return try call(builtin, shape, arguments)
        default:
            let named = zip(shape.names, arguments[shape.positional...]).map { (name: $0, value: $1) }
            return try call(callee, Array(arguments[..<shape.positional]), named: named)
        }
    }

    /// Starts a Dist function: arranges the arguments as its parameters stand, and moves the cursor to its code.
    private func enterFrame(
        _ cursor: inout Cursor, _ closure: Closure, shape: CallShape, first: Int, result: Int, site: CallSite?
    ) throws {
        let prototype = closure.prototype
        guard frames.count < Self.deepestCalls else {
            throw Failure(
                .limit, "calls nest more than \(Self.deepestCalls) deep",
                help: ["\(closure.name) calls itself without end, or far too often; write a loop"])
        }
        let plan: [ArgumentSource]
        if let site, site.cachedFunction === closure {
            plan = site.cachedPlan
        } else {
            do {
                plan = try Binding.plan(
                    prototype.parameters, shape, function: closure.name, signature: closure.signature,
                    hiddenLeading: prototype.isMethod ? 1 : 0)
            } catch {
                var failure = Failure(error)
                let place = prototype.source.position(at: prototype.span.lower)
                failure.notes.append(
                    "\(closure.name) is defined at \(prototype.source.name):\(place.line):\(place.column)")
                throw failure
            }
            site?.cachedFunction = closure
            site?.cachedPlan = plan
        }
        let arguments = Array(registers[first..<first + shape.count])
        // The callee's register stands right below its frame.
        let base = first
        let limit = base + prototype.registerCount
        reserve(limit + 1)
        registers[base - 1] = .function(closure)
        for index in base..<max(limit, base + shape.count) { registers[index] = .unbound }
        for (index, source) in plan.enumerated() {
            switch source {
            case .argument(let argument): registers[base + index] = arguments[argument]
            case .defaultValue: break
            case .rest(let from, let count): registers[base + index] = .list(Array(arguments[from..<from + count]))
            case .options(let indices):
                let dict = DictObject()
                for argument in indices { dict[shape.names[argument - shape.positional]] = arguments[argument] }
                registers[base + index] = .dict(dict)
            }
        }
        frames.append(Frame(returnPC: cursor.pc + 1, base: cursor.base, limit: cursor.limit, result: result))
        cursor = Cursor(pc: prototype.entry, base: base, limit: limit)
    }

    /// `x.name(args)`: a method or field of `x`, else the function `name` with `x` in front.
    func callMethod(_ cursor: inout Cursor, window: Int, site number: Int) throws {
        let site = sites[number]
        let result = cursor.base + Int(records[number].result)
        let receiver = registers[window + 1]
        if records[number].appends, case .list(let list) = receiver, site.shape.count == 2 {
            try Self.claimGrowth(of: list)
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
            try call(&cursor, callee, shape: site.shape, first: window + 1, result: result, site: site)
        } else {
            var shape = site.shape
            shape.positional -= 1
            registers[window + 1] = callee
            do {
                try call(&cursor, callee, shape: shape, first: window + 2, result: result, site: nil)
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
        if let method = library.method(name, of: receiver) { return (.function(method), true) }
        if let field = try callableField(name, of: receiver) { return (field, false) }
        if case .function(let function) = fallback, isDeclared(function, as: name) { return (fallback, true) }
        if let slot {
            let value = registers[globalCount - 1 - slot]
            if case .function(let function) = value, isDeclared(function, as: name) { return (value, true) }
        }
        if let function = library.functions[name] { return (.function(function), true) }
        throw unknownAttribute(name, of: receiver, isCall: true)
    }

    private func isDeclared(_ function: Function, as name: String) -> Bool {
        switch function {
        case let closure as Closure: closure.prototype.isDeclared && closure.name == name
        case is BuiltinFunction, is ModuleDeclaration: function.name == name
        default: false
        }
    }

    /// `f(*list, **dict)` and `x.f(*list, **dict)`.
    func callSpread(_ cursor: inout Cursor, _ i: Instruction) throws {
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
        let first = cursor.limit + 1
        reserve(first + shape.count + 1)
        for (index, value) in (arguments + Array(dict.entries.values)).enumerated() { registers[first + index] = value }
        let before = cursor.limit
        cursor.limit = first + shape.count
        stackTop = cursor.limit
        defer { if cursor.limit == first + shape.count { cursor.limit = before } }
        try call(&cursor, callee, shape: shape, first: first, result: window, site: nil)
        // The frame that was pushed remembers the widened limit.
        if let last = frames.indices.last, frames[last].limit == first + shape.count, frames[last].base + 0 < first {
            frames[last].limit = before
        }
    }
}
