import Base
import CMachine
import Diagnostics
import Tensors

/// Why the instruction loop stopped.
enum Exit {
    /// The instruction at the cursor needs more than the loop does itself.
    case slow
    /// Time to look whether somebody wants the program to stop.
    case poll
    case finished(Value)
    case failed(any Error)
}

extension Machine {
    /// Back-jumps and calls between two looks at the limits.
    static let pollInterval = 4096

    /// Runs code until the call that began it returns.
    func enter(_ entry: Int, base: Int, limit: Int) throws -> Value {
        guard nativeDepth < interpreter.deepestNativeCalls else {
            throw Failure(
                .limit, "calls nest too deep: \(nativeDepth) calls go through library functions",
                help: ["a function that calls itself through map or a network needs a base case"])
        }
        nativeDepth += 1
        let gradients = Gradients.isEnabled
        let floor = frames.count
        let handlerFloor = handlers.count
        var cursor = Cursor(pc: entry, base: base, limit: limit)
        var slowSteps = 0
        registers.reserve(limit)
        defer {
            nativeDepth -= 1
            frames.cut(to: floor)
            handlers.removeLast(max(0, handlers.count - handlerFloor))
        }
        while true {
            do {
                switch try runsInSwift ? executeInSwift(&cursor, floor: floor) : execute(&cursor, floor: floor) {
                case .finished(let value): return value
                case .slow:
                    stackTop = cursor.limit
                    // A loop whose every round comes here never uses up the instruction loop's own budget.
                    slowSteps &+= 1
                    if Interrupt.isRequested || slowSteps & 255 == 0 { try interpreter.poll() }
                    if let value = try step(&cursor, floor: floor) { return value }
                case .poll: try interpreter.poll()
                case .failed(let error): throw error
                }
            } catch {
                try unwind(error, &cursor, floor: floor, handlerFloor: handlerFloor, gradients: gradients)
            }
        }
    }

    /// Runs the loop in C, which does by itself what is frequent and cheap (numbers, comparisons, jumps, calls of Dist
    /// functions and of builtins that cannot call back), until an instruction needs more.
    ///
    /// There every register stays where the processor wants it, and no value is counted that is only looked at. The loop
    /// borrows the registers all along, so nothing it calls may come back to the machine.
    private func execute(_ cursor: inout Cursor, floor: Int) -> Exit {
        var frames = CallStack(room: 0)
        swap(&frames, &self.frames)
        var registers = Registers()
        swap(&registers, &self.registers)
        defer {
            swap(&frames, &self.frames)
            swap(&registers, &self.registers)
        }
        frames.makeRoom()
        let code = self.code
        let constants = self.constants
        let context = Unmanaged.passUnretained(self).toOpaque()
        var result = Value.none
        let exit = registers.withPointer { registers, registerCount in
            code.withUnsafeBufferPointer { code in
                constants.withUnsafeBytes { constants in
                    records.withUnsafeMutableBufferPointer { records in
                        frames.withFrames(atMost: Self.deepestCalls) { frames, frameCount, capacity -> MachineExit? in
                            guard let code = code.baseAddress, let registers else { return nil }
                            var state = machine_state(
                                code: code, registers: registers, constants: constants.baseAddress ?? .init(registers),
                                records: records.baseAddress, frames: frames, machine: context,
                                registerCount: registerCount, frameCount: frameCount, frameCapacity: capacity,
                                floor: floor, pc: cursor.pc, base: cursor.base, limit: cursor.limit,
                                budget: Self.pollInterval, result: machine_value())
                            let exit = machine_run(&state)
                            frameCount = state.frameCount
                            cursor = Cursor(pc: state.pc, base: state.base, limit: state.limit)
                            if exit == .finished {
                                result = withUnsafeMutableBytes(of: &state.result) {
                                    $0.assumingMemoryBound(to: Value.self).baseAddress?.move() ?? .none
                                }
                            }
                            return exit
                        }
                    }
                }
            }
        }
        switch exit {
        case .slow: return .slow
        case .poll: return .poll
        case .finished: return .finished(result)
        case .failed, nil:
            let error = pendingError ?? Failure(.internal, "the machine has no code")
            pendingError = nil
            return .failed(error)
        }
    }

    /// Runs every instruction in Swift, until it is time to look at the limits.
    private func executeInSwift(_ cursor: inout Cursor, floor: Int) throws -> Exit {
        var budget = Self.pollInterval
        var others = 0
        while true {
            if Interrupt.isRequested { return .poll }
            stackTop = cursor.limit
            let operation = code[cursor.pc].operation
            let depth = frames.count
            if let value = try step(&cursor, floor: floor) { return .finished(value) }
            if operation == .loop || operation == .nextRound || frames.count > depth {
                budget -= 1
                if budget == 0 { return .poll }
            } else {
                // These are no steps that a limit counts, but some take long.
                others += 1
                if others & 255 == 0 { try interpreter.checkLimits() }
            }
        }
    }

    /// Goes on in the handler that takes the error, or throws it on as a diagnostic.
    private func unwind(
        _ error: any Error, _ cursor: inout Cursor, floor: Int, handlerFloor: Int, gradients: Bool
    ) throws {
        let diagnostic = diagnostic(for: error, at: cursor)
        let endsRun = diagnostic.kind == .interrupt || (error as? Failure)?.endsRun == true
        guard handlers.count > handlerFloor, !endsRun, let handler = handlers.popLast() else {
            Gradients.setEnabled(gradients)
            if floor > 0 { registers.clear(cursor.base..<cursor.limit) }
            throw diagnostic
        }
        frames.cut(to: handler.frameCount)
        registers.clear(handler.limit..<max(cursor.limit, handler.limit))
        cursor = Cursor(pc: handler.target, base: handler.base, limit: handler.limit)
        Gradients.setEnabled(handler.gradients)
        registers[handler.register] = ErrorObject(diagnostic).encode(in: interpreter)
    }
}
