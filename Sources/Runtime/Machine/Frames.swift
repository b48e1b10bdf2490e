import CMachine
import Diagnostics

/// Where the machine is: the instruction, and the registers of the running function.
struct Cursor {
    var pc: Int
    var base: Int
    /// The first register behind the running function's.
    var limit: Int
}

/// What a `try` block needs to take an error.
struct Handler {
    var target: Int
    var register: Int
    var frameCount: Int
    var base: Int
    var limit: Int
    var gradients: Bool
}

/// The calls under way, the innermost last, in one block that the instruction loop pushes to and pops from itself.
struct CallStack {
    private var storage: [Frame]
    private(set) var count = 0

    /// A stack with room for some calls; one of no room stands in while the loop works on the real one.
    init(room: Int) { storage = Array(repeating: Frame(), count: room) }

    var innermostFirst: ReversedCollection<ArraySlice<Frame>> { storage[..<count].reversed() }

    mutating func append(_ frame: Frame) {
        makeRoom()
        storage[count] = frame
        count += 1
    }

    /// Makes sure that one more call fits, so that the loop need not ask.
    mutating func makeRoom() {
        guard count == storage.count else { return }
        storage.append(contentsOf: repeatElement(Frame(), count: max(256, count)))
    }

    /// Forgets the calls beyond the first so many.
    mutating func cut(to count: Int) { self.count = min(self.count, count) }

    /// Takes the innermost call off.
    mutating func popLast() -> Frame? {
        guard count > 0 else { return nil }
        count -= 1
        return storage[count]
    }

    /// Lends the block to the instruction loop, which says how many calls are under way afterwards.
    mutating func withFrames<Result>(
        atMost capacity: Int,
        _ body: (_ frames: UnsafeMutablePointer<Frame>, _ count: inout Int, _ capacity: Int) -> Result?
    ) -> Result? {
        var count = count
        let result = storage.withUnsafeMutableBufferPointer { frames -> Result? in
            guard let start = frames.baseAddress else { return nil }
            return body(start, &count, min(capacity, frames.count))
        }
        self.count = count
        return result
    }
}

extension Machine {
    /// The most Dist calls inside each other.
    static let deepestCalls = 10_000

    /// Puts arguments where a function's parameters stand, from the register `base` on; what is left to its default stays
    /// unbound, and so does every other register of the function.
    private func place(
        _ arguments: [Value], by plan: [ArgumentSource], _ shape: CallShape, of closure: Closure, at base: Int
    ) {
        let limit = base + max(closure.prototype.registerCount, plan.count, shape.count)
        registers.reserve(limit + 1)
        // The callee's register stands right below its frame.
        registers[base - 1] = .function(closure)
        registers.clear(base..<limit)
        for (index, source) in plan.enumerated() {
            if let value = source.value(in: arguments, shape) { registers[base + index] = value }
        }
    }

    /// Starts a Dist function: arranges the arguments as its parameters stand, and moves the cursor to its code. `site` is
    /// the call in the source when its callee and shape may be the same the next time.
    func enterFrame(
        _ cursor: inout Cursor, _ closure: Closure, _ shape: CallShape, _ arguments: [Value], base: Int, result: Int,
        site: CallSite?
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
                plan = try closure.plan(shape)
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
        place(arguments, by: plan, shape, of: closure, at: base)
        frames.append(Frame(returnPC: cursor.pc + 1, base: cursor.base, limit: cursor.limit, result: result))
        cursor = Cursor(pc: prototype.entry, base: base, limit: base + prototype.registerCount)
    }

    /// Runs a Dist function that library code calls, on Swift's stack.
    func run(_ closure: Closure, _ shape: CallShape, _ arguments: [Value]) throws -> Value {
        let plan = try closure.plan(shape)
        let top = stackTop
        let base = top + 1
        let limit = base + closure.prototype.registerCount
        place(arguments, by: plan, shape, of: closure, at: base)
        defer {
            stackTop = top
            registers.clear(base - 1..<limit)
        }
        return try enter(closure.prototype.entry, base: base, limit: limit)
    }

    /// Ends the running function: its caller goes on with the value. Gives the value itself when nobody called it but
    /// Swift, and nothing otherwise.
    func leave(_ cursor: inout Cursor, with value: Value, floor: Int) -> Value? {
        registers.clear(cursor.base..<cursor.limit)
        guard frames.count > floor, let frame = frames.popLast() else { return value }
        cursor = Cursor(pc: frame.returnPC, base: frame.base, limit: frame.limit)
        registers[frame.result] = value
        return nil
    }
}

extension Closure {
    /// Where the parameters get their values when it is called like this.
    func plan(_ shape: CallShape) throws -> [ArgumentSource] {
        try Binding.plan(
            prototype.parameters, shape, function: name, signature: signature,
            hiddenLeading: prototype.isMethod ? 1 : 0)
    }
}
