import Diagnostics

/// A call under way: where the caller goes on.
struct Frame {
    var returnPC: Int
    var base: Int
    var limit: Int
    /// Where the result goes.
    var result: Int
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

    /// The instruction loop: it does by itself what is frequent and cheap (numbers, comparisons, jumps, calls of Dist
    /// functions and of builtins that cannot call back) and leaves everything else to `slow`, one instruction at a time.
    ///
    /// It calls nothing that could come back to the interpreter, because it borrows the registers all along.
    func execute(_ cursor: inout Cursor, floor: Int) -> Exit {
        let codeArray = code
        let constantArray = constants
        let siteArray = sites
        let code = codeArray.span
        let constants = constantArray.span
        let globals = globalCount - 1
        var pc = cursor.pc
        var base = cursor.base
        var limit = cursor.limit
        var budget = Self.pollInterval
        var frames: [Frame] = []
        swap(&frames, &self.frames)
        var array: [Value] = []
        swap(&array, &registers)
        defer {
            swap(&frames, &self.frames)
            swap(&array, &registers)
            cursor = Cursor(pc: pc, base: base, limit: limit)
        }
        var r = array.mutableSpan
        while true {
            let i = code[pc]
            let a = base &+ Int(i.a)
            switch i.operation {
            case .loadInt:
                r[a] = .int(Int(i.d))
                pc &+= 1
            case .loadConstant:
                r[a] = constants[Int(i.d)]
                pc &+= 1
            case .move:
                r[a] = r[base &+ Int(i.b)]
                pc &+= 1
            case .loadGlobal:
                let slot = globals &- Int(i.d)
                if case .unbound = r[slot] { return .slow }
                r[a] = r[slot]
                pc &+= 1
            case .checkBound:
                if case .unbound = r[a] { return .slow }
                pc &+= 1
            case .jumpIfBound:
                if case .unbound = r[a] { pc &+= 1 } else { pc &+= Int(i.d) }
            case .loadCell:
                guard case .cell(let cell) = r[base &+ Int(i.b)] else { return .slow }
                if case .unbound = cell.value { return .slow }
                r[a] = cell.value
                pc &+= 1
            case .storeCell:
                guard case .cell(let cell) = r[a] else { return .slow }
                cell.value = r[base &+ Int(i.b)]
                pc &+= 1
            case .add:
                let b = base &+ Int(i.b)
                let c = base &+ Int(i.c)
                if case .int(let x) = r[b], case .int(let y) = r[c] {
                    let (sum, overflow) = x.addingReportingOverflow(y)
                    if overflow { return .slow }
                    r[a] = .int(sum)
                } else if let x = r[b].float, let y = r[c].float {
                    r[a] = .float(x + y)
                } else {
                    return .slow
                }
                pc &+= 1
            case .addImmediate:
                let b = base &+ Int(i.b)
                if case .int(let x) = r[b] {
                    let (sum, overflow) = x.addingReportingOverflow(Int(i.d))
                    if overflow { return .slow }
                    r[a] = .int(sum)
                } else if case .float(let x) = r[b] {
                    r[a] = .float(x + Double(i.d))
                } else {
                    return .slow
                }
                pc &+= 1
            case .subtract:
                let b = base &+ Int(i.b)
                let c = base &+ Int(i.c)
                if case .int(let x) = r[b], case .int(let y) = r[c] {
                    let (difference, overflow) = x.subtractingReportingOverflow(y)
                    if overflow { return .slow }
                    r[a] = .int(difference)
                } else if let x = r[b].float, let y = r[c].float {
                    r[a] = .float(x - y)
                } else {
                    return .slow
                }
                pc &+= 1
            case .multiply:
                let b = base &+ Int(i.b)
                let c = base &+ Int(i.c)
                if case .int(let x) = r[b], case .int(let y) = r[c] {
                    let (product, overflow) = x.multipliedReportingOverflow(by: y)
                    if overflow { return .slow }
                    r[a] = .int(product)
                } else if let x = r[b].float, let y = r[c].float {
                    r[a] = .float(x * y)
                } else {
                    return .slow
                }
                pc &+= 1
            case .divide:
                guard let x = r[base &+ Int(i.b)].float, let y = r[base &+ Int(i.c)].float, y != 0 else { return .slow }
                r[a] = .float(x / y)
                pc &+= 1
            case .floorDivide:
                guard case .int(let x) = r[base &+ Int(i.b)], case .int(let y) = r[base &+ Int(i.c)], y > 0 else {
                    return .slow
                }
                let quotient = x / y
                r[a] = .int(x < 0 && quotient &* y != x ? quotient &- 1 : quotient)
                pc &+= 1
            case .remainder:
                guard case .int(let x) = r[base &+ Int(i.b)], case .int(let y) = r[base &+ Int(i.c)], y > 0 else {
                    return .slow
                }
                let rest = x % y
                r[a] = .int(rest < 0 ? rest &+ y : rest)
                pc &+= 1
            case .equal:
                guard let order = Self.quickCompare(r[base &+ Int(i.b)], r[base &+ Int(i.c)]) else { return .slow }
                r[a] = .bool(order == 0)
                pc &+= 1
            case .unequal:
                guard let order = Self.quickCompare(r[base &+ Int(i.b)], r[base &+ Int(i.c)]) else { return .slow }
                r[a] = .bool(order != 0)
                pc &+= 1
            case .less:
                guard let order = Self.quickCompare(r[base &+ Int(i.b)], r[base &+ Int(i.c)]) else { return .slow }
                r[a] = .bool(order < 0)
                pc &+= 1
            case .lessOrEqual:
                guard let order = Self.quickCompare(r[base &+ Int(i.b)], r[base &+ Int(i.c)]) else { return .slow }
                r[a] = .bool(order <= 0)
                pc &+= 1
            case .greater:
                guard let order = Self.quickCompare(r[base &+ Int(i.b)], r[base &+ Int(i.c)]) else { return .slow }
                r[a] = .bool(order > 0)
                pc &+= 1
            case .greaterOrEqual:
                guard let order = Self.quickCompare(r[base &+ Int(i.b)], r[base &+ Int(i.c)]) else { return .slow }
                r[a] = .bool(order >= 0)
                pc &+= 1
            case .contains:
                guard case .dict(let dict) = r[base &+ Int(i.c)], let key = DictKey(r[base &+ Int(i.b)]) else {
                    return .slow
                }
                r[a] = .bool(dict.entries[key] != nil)
                pc &+= 1
            case .jumpUnlessEqual:
                guard let order = Self.quickCompare(r[a], r[base &+ Int(i.b)]) else { return .slow }
                pc &+= order == 0 ? 1 : Int(i.d)
            case .jumpUnlessUnequal:
                guard let order = Self.quickCompare(r[a], r[base &+ Int(i.b)]) else { return .slow }
                pc &+= order != 0 ? 1 : Int(i.d)
            case .jumpUnlessLess:
                guard let order = Self.quickCompare(r[a], r[base &+ Int(i.b)]) else { return .slow }
                pc &+= order < 0 ? 1 : Int(i.d)
            case .jumpUnlessLessOrEqual:
                guard let order = Self.quickCompare(r[a], r[base &+ Int(i.b)]) else { return .slow }
                pc &+= order <= 0 ? 1 : Int(i.d)
            case .jumpUnlessGreater:
                guard let order = Self.quickCompare(r[a], r[base &+ Int(i.b)]) else { return .slow }
                pc &+= order > 0 ? 1 : Int(i.d)
            case .jumpUnlessGreaterOrEqual:
                guard let order = Self.quickCompare(r[a], r[base &+ Int(i.b)]) else { return .slow }
                pc &+= order >= 0 ? 1 : Int(i.d)
            case .jump:
                pc &+= Int(i.d)
            case .loop:
                pc &+= Int(i.d)
                budget &-= 1
                if budget == 0 { return .poll }
            case .jumpIfFalse:
                guard case .bool(let condition) = r[a] else { return .slow }
                pc &+= condition ? 1 : Int(i.d)
            case .jumpIfTrue:
                guard case .bool(let condition) = r[a] else { return .slow }
                pc &+= condition ? Int(i.d) : 1
            case .not:
                guard case .bool(let condition) = r[base &+ Int(i.b)] else { return .slow }
                r[a] = .bool(!condition)
                pc &+= 1
            case .toBool:
                guard case .bool(let condition) = r[base &+ Int(i.b)] else { return .slow }
                r[a] = .bool(condition)
                pc &+= 1
            case .next:
                // A range counts in the state's first register; a list stands there with the index behind it.
                switch r[a] {
                case .int(let value):
                    guard case .int(let remaining) = r[a &+ 1], case .int(let step) = r[a &+ 2] else { return .slow }
                    if remaining == 0 {
                        pc &+= Int(i.d)
                    } else {
                        r[base &+ Int(i.b)] = .int(value)
                        r[a] = .int(value &+ step)
                        r[a &+ 1] = .int(remaining &- 1)
                        pc &+= 1
                    }
                case .list(let list):
                    guard case .int(let index) = r[a &+ 1] else { return .slow }
                    if index < list.elements.count {
                        r[base &+ Int(i.b)] = list.elements[index]
                        r[a &+ 1] = .int(index &+ 1)
                        pc &+= 1
                    } else {
                        pc &+= Int(i.d)
                    }
                default: return .slow
                }
            case .append:
                guard case .list(let list) = r[a] else { return .slow }
                list.elements.append(r[base &+ Int(i.b)])
                pc &+= 1
            case .newList:
                let count = Int(i.c)
                var elements: [Value] = []
                if count > 0 {
                    elements.reserveCapacity(count)
                    let first = base &+ Int(i.b)
                    for index in first..<first &+ count { elements.append(r[index]) }
                }
                r[a] = .list(ListObject(elements))
                pc &+= 1
            case .getIndex:
                switch r[base &+ Int(i.b)] {
                case .list(let list):
                    guard case .int(var index) = r[base &+ Int(i.c)] else { return .slow }
                    if index < 0 { index &+= list.elements.count }
                    guard index >= 0, index < list.elements.count else { return .slow }
                    r[a] = list.elements[index]
                case .dict(let dict):
                    guard let key = DictKey(r[base &+ Int(i.c)]), let value = dict.entries[key] else { return .slow }
                    r[a] = value
                default: return .slow
                }
                pc &+= 1
            case .setIndex:
                switch r[a] {
                case .list(let list):
                    guard case .int(var index) = r[base &+ Int(i.b)] else { return .slow }
                    if index < 0 { index &+= list.elements.count }
                    guard index >= 0, index < list.elements.count else { return .slow }
                    list.elements[index] = r[base &+ Int(i.c)]
                case .dict(let dict):
                    guard let key = DictKey(r[base &+ Int(i.b)]) else { return .slow }
                    dict.entries[key] = r[base &+ Int(i.c)]
                default: return .slow
                }
                pc &+= 1
            case .callGlobal, .call:
                let count = Int(i.b)
                let calleeIndex = i.operation == .call ? a : globals &- Int(i.d)
                guard count >= 0, case .function(let function) = r[calleeIndex] else { return .slow }
                let layout = function.layout
                if layout.entry >= 0 {
                    let newBase = a &+ 1
                    let newLimit = newBase &+ layout.registerCount
                    guard count >= layout.required, count <= layout.parameterCount, newLimit <= r.count,
                        frames.count < Self.deepestCalls, layout.entry < code.count
                    else { return .slow }
                    if layout.isCapturing, calleeIndex != a { r[a] = r[calleeIndex] }
                    frames.append(Frame(returnPC: pc &+ 1, base: base, limit: limit, result: a))
                    var index = newBase &+ count
                    while index < newBase &+ layout.localCount {
                        r[index] = .unbound
                        index &+= 1
                    }
                    base = newBase
                    limit = newLimit
                    pc = layout.entry
                    budget &-= 1
                    if budget == 0 { return .poll }
                } else {
                    guard function.quickCount == count, let body = function.quickBody else { return .slow }
                    do {
                        let result = try body(r.span.extracting(a &+ 1..<a &+ 1 &+ count), self)
                        r[a] = result
                    } catch {
                        return .failed(error)
                    }
                    pc &+= 1
                }
            case .callMethod:
                let count = Int(i.b)
                guard count > 0, case .list(let list) = r[a &+ 1] else { return .slow }
                let site = siteArray[Int(i.d)]
                if site.isAppend, count == 2 {
                    list.elements.append(r[a &+ 2])
                    r[a] = .none
                    pc &+= 1
                    continue
                }
                guard site.listCount == count, let body = site.listBody else { return .slow }
                do {
                    let result = try body(r.span.extracting(a &+ 1..<a &+ 1 &+ count), self)
                    r[a] = result
                } catch {
                    return .failed(error)
                }
                pc &+= 1
            case .return:
                var result = Value.none
                swap(&result, &r[a])
                guard frames.count > floor, let frame = frames.popLast() else { return .finished(result) }
                var index = base
                while index < limit {
                    r[index] = .unbound
                    index &+= 1
                }
                r[frame.result] = result
                pc = frame.returnPC
                base = frame.base
                limit = frame.limit
            case .halt:
                return .finished(r[a])
            case .join:
                let first = base &+ Int(i.b)
                var text = ""
                for index in first..<first &+ Int(i.c) {
                    guard case .string(let part) = r[index] else { return .slow }
                    text += part.text
                }
                r[a] = .string(StringObject(text))
                pc &+= 1
            case .format:
                guard i.d < 0 else { return .slow }
                switch r[base &+ Int(i.b)] {
                case .string(let text): r[a] = .string(text)
                case .int(let int): r[a] = .string(StringObject(String(int)))
                default: return .slow
                }
                pc &+= 1
            default:
                return .slow
            }
        }
    }

    /// How two numbers compare: negative, zero or positive; nil when either is no number, or NaN.
    @inline(__always)
    static func quickCompare(_ left: borrowing Value, _ right: borrowing Value) -> Int? {
        if case .int(let x) = copy left, case .int(let y) = copy right { return x < y ? -1 : x == y ? 0 : 1 }
        if case .float(let x) = copy left, case .float(let y) = copy right {
            return x < y ? -1 : x == y ? 0 : x > y ? 1 : nil
        }
        return nil
    }
}

extension Value {
    /// The float of a float, or of an int beside a float.
    @inline(__always) var float: Double? {
        switch self {
        case .float(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }
}
