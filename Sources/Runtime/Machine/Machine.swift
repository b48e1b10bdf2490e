import CMachine
import Diagnostics

/// What a `try` block needs to take an error.
struct Handler {
    var target: Int
    var register: Int
    var frameCount: Int
    var base: Int
    var limit: Int
    var gradients: Bool
}

/// Where the machine is: the instruction, and the registers of the running function.
struct Cursor {
    var pc: Int
    var base: Int
    /// The first register behind the running function's.
    var limit: Int
}

/// Why the instruction loop stopped.
enum Exit {
    /// The instruction at the cursor needs more than the loop does itself.
    case slow
    /// Time to look whether somebody wants the program to stop.
    case poll
    case finished(Value)
    case failed(any Error)
}

extension Interpreter {
    /// The most Dist calls inside each other.
    static let deepestCalls = 10_000
    /// Back-jumps and calls between two looks at the interrupt flag.
    static let pollInterval = 4096

    /// Runs the instruction loop, which does by itself what is frequent and cheap (numbers, comparisons, jumps, calls of
    /// Dist functions and of builtins that cannot call back), until an instruction needs more.
    ///
    /// The loop is written in C: there every register stays where the processor wants it, and no value is counted that is
    /// only looked at. It borrows the registers all along, so nothing it calls may come back to the interpreter.
    func execute(_ cursor: inout Cursor, floor: Int) -> Exit {
        var frames = CallStack(room: 0)
        swap(&frames, &self.frames)
        var registers: [Value] = []
        swap(&registers, &self.registers)
        defer {
            swap(&frames, &self.frames)
            swap(&registers, &self.registers)
        }
        frames.makeRoom()
        let code = self.code
        let constants = self.constants
        let context = Unmanaged.passUnretained(self).toOpaque()
        let registerCount = registers.count
        var result = Value.none
        let exit = registers.withUnsafeMutableBytes { registers in
            code.withUnsafeBufferPointer { code in
                constants.withUnsafeBytes { constants in
                    records.withUnsafeMutableBufferPointer { records in
                        frames.withFrames(atMost: Self.deepestCalls) { frames, frameCount, capacity -> MachineExit? in
                            guard let code = code.baseAddress, let registers = registers.baseAddress else { return nil }
                            var state = machine_state(
                                code: code, registers: registers, constants: constants.baseAddress ?? .init(registers),
                                records: records.baseAddress, frames: frames, interpreter: context,
                                registerCount: registerCount, globals: globalCount - 1, frameCount: frameCount,
                                frameCapacity: capacity, floor: floor, pc: cursor.pc, base: cursor.base,
                                limit: cursor.limit, budget: Self.pollInterval, result: machine_value())
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
}
