import OrderedCollections
import Tensors

/// Elements of an array in some order: where they begin, and how far neighbours along each dimension are apart.
struct CView {
    /// An expression for the array.
    let pointer: String
    let strides: [Int]
    let offset: Int

    init(_ pointer: String, _ strides: [Int], offset: Int = 0) {
        (self.pointer, self.strides, self.offset) = (pointer, strides, offset)
    }
}

/// What an expression in C takes an element from.
enum COperand {
    case number(String)
    case view(CView)
}

/// A file in C under construction from two traces of the same computation, with one example each.
///
/// Every value is an array of floats in the order of its elements: the caller's `x` or `y`, a constant array, or a part of the
/// scratch memory, which the next value takes over when nobody needs it any more. Truth values are 0 and 1.
struct CGraph {
    /// What every name begins with.
    let prefix: String
    private let run: TracedRun
    private let nodes: [Graph.Node]
    private let others: [Int: Int]
    private let stateNames: [ObjectIdentifier: String]
    private let layerNames: [ObjectIdentifier: String]
    private var places: [Int: Place] = [:]
    /// The value in whose memory another one lies.
    private var roots: [Int: Int] = [:]
    private var memory = ScratchMemory()
    private var written: [Int: String] = [:]
    private var names: Set<String> = []

    /// The constant arrays in the order of their first use.
    private(set) var arrays: OrderedDictionary<String, [Float]> = [:]
    /// The lists of positions.
    private(set) var positions: OrderedDictionary<String, [Int]> = [:]
    /// The functions that statements call.
    private(set) var functions: Set<CFunction> = []
    /// The statements of the function.
    private(set) var lines: [String] = []

    private enum Place {
        case input, output
        case array(String)
        case scratch(Int)
    }

    static let otherFormats = "save(net, \"net.onnx\", input=…) writes more operations"

    init(
        _ run: TracedRun, repeated: TracedRun, prefix: String, state: [(name: String, tensor: Tensor)],
        layers: [(path: String, module: Module)]
    ) throws {
        (self.run, self.prefix) = (run, prefix)
        layerNames = Dictionary(layers.map { (ObjectIdentifier($0.module), $0.path) }) { first, _ in first }
        stateNames = Dictionary(state.map { (ObjectIdentifier($0.tensor), $0.name) }) { first, _ in first }
        try run.requireSame(repeated)
        let needed = run.needed()
        nodes = run.nodes.indices.filter(needed.contains).map { run.nodes[$0] }
        var others: [Int: Int] = [:]
        for index in needed {
            for pair in zip(run.nodes[index].inputs, repeated.nodes[index].inputs) {
                switch pair {
                case (.value(let number)?, .value(let other)?): others[number] = other
                case (let number, let other):
                    guard number == other else {
                        throw ModuleError.export(
                            problem: "\(run.nodes[index].operation.name) takes a number that depends on the input",
                            help: "numbers taken out of tensors with item() cannot be exported")
                    }
                }
            }
        }
        self.others = others
        try requireSameConstants(repeated)
        try write()
    }

    /// Makes sure that what does not depend on the input is the same in both runs: nothing was drawn.
    private func requireSameConstants(_ repeated: TracedRun) throws {
        let dependent = run.graph.dependents(of: run.inputs.values)
        for node in nodes {
            for case .value(let number)? in node.inputs where !dependent.contains(number) {
                guard let tensor = run.graph.tensor(number),
                    let other = others[number].flatMap({ repeated.graph.tensor($0) })
                else { continue }
                guard tensor === other || tensor.shape == other.shape && tensor.storedBytes() == other.storedBytes()
                else {
                    throw ModuleError.export(
                        problem:
                            "\(node.operation.name) takes a tensor \(tensor.shape) whose numbers depend on the input in a "
                            + "way that cannot be written down",
                        help: "random numbers and numbers taken out with item() cannot be exported")
                }
            }
        }
    }

    // MARK: Values

    /// How much scratch memory is used, in floats.
    var scratch: Int { memory.size }

    /// The floating-point operations of what is written.
    var flops: Int { nodes.reduce(0) { $0 + run.graph.flops(of: $1) } }

    /// How many numbers the constant arrays hold.
    private(set) var count = 0

    private mutating func write() throws {
        guard let input = run.inputs.values.first else { return }
        places[input] = .input
        var last: [Int: Int] = [:]
        let dependent = run.graph.dependents(of: [input])
        for (index, node) in nodes.enumerated() {
            for case .value(let number)? in node.inputs { last[root(number)] = index }
            if node.operation.cForm?.isSameInMemory == true, case .value(let number)?? = node.inputs.first {
                for output in node.outputs { roots[output] = root(number) }
            }
        }
        guard dependent.contains(run.output) else {
            throw ModuleError.export(problem: "the result does not depend on the input", help: nil)
        }
        for (index, node) in nodes.enumerated() {
            guard let form = node.operation.cForm else {
                throw ModuleError.export(
                    problem: "\(node.operation.name) has no form in C here", help: Self.otherFormats)
            }
            for output in node.outputs { try check(output, node) }
            guard !form.isSameInMemory else { continue }
            for output in node.outputs {
                places[output] =
                    output == root(run.output)
                    ? .output : .scratch(memory.take(run.graph.kind(output).shape.elementCount, for: output))
            }
            let path = self.path(of: node)
            let title = (path.isEmpty ? "" : path + ": ") + node.operation.name
            lines.append("    /* \(CComment.text(title)) \(run.graph.kind(node.outputs[0]).shape) */")
            try form.write(node, to: &self)
            for output in node.outputs where last[output] == nil { memory.give(back: output) }
            for (value, end) in last where end == index { memory.give(back: value) }
        }
        if root(run.output) == input {
            let size = run.graph.kind(run.output).shape.elementCount
            lines.append("    for (long i = 0; i < \(size); i++) y[i] = x[i];")
        }
    }

    private func root(_ value: Int) -> Int { roots[value] ?? value }

    private func check(_ output: Int, _ node: Graph.Node) throws {
        let dtype = run.graph.kind(output).dtype
        guard dtype == .float32 || dtype == .bool else {
            throw ModuleError.export(
                problem: "the file computes in float32, and \(node.operation.name) gives \(dtype)",
                help: dtype == .float64 ? "a network of float32 can be written" : Self.otherFormats)
        }
    }

    /// The kind of an operation's first result.
    func kind(of node: Graph.Node) -> Graph.Kind { run.graph.kind(node.outputs[0]) }

    /// The kind of a tensor among the inputs.
    func kind(_ node: Graph.Node, _ position: Int) throws -> Graph.Kind {
        guard let number = value(node, position) else { throw Self.number(node) }
        return run.graph.kind(number)
    }

    /// Whether an input is there.
    func has(_ node: Graph.Node, _ position: Int) -> Bool {
        node.inputs.indices.contains(position) && node.inputs[position] != nil
    }

    private func value(_ node: Graph.Node, _ position: Int) -> Int? {
        guard has(node, position), case .value(let number)? = node.inputs[position] else { return nil }
        return number
    }

    private static func number(_ node: Graph.Node) -> ModuleError {
        .export(problem: "\(node.operation.name) of a number has no form in C here", help: otherFormats)
    }

    /// A tensor among the inputs that does not depend on the network's input; nil if it does.
    func constantTensor(_ node: Graph.Node, _ position: Int) throws -> Tensor? {
        guard let number = value(node, position) else { return nil }
        switch places[root(number)] {
        case nil, .array: return run.graph.tensor(number)
        case .input, .output, .scratch: return nil
        }
    }

    /// The array of a tensor among the inputs.
    mutating func pointer(_ node: Graph.Node, _ position: Int) throws -> String {
        guard let number = value(node, position) else { throw Self.number(node) }
        return try pointer(of: number)
    }

    /// The same, or a null pointer for an input that is left out.
    mutating func optional(_ node: Graph.Node, _ position: Int) throws -> String {
        has(node, position) ? try pointer(node, position) : "0"
    }

    private mutating func pointer(of value: Int) throws -> String {
        switch places[root(value)] {
        case .input: return "x"
        case .output: return "y"
        case .array(let name): return name
        case .scratch(let offset): return offset == 0 ? "scratch" : "(scratch + \(offset))"
        case nil:
            guard let tensor = run.graph.tensor(value) else {
                throw ModuleError.export(problem: "a value of the network was not kept", help: nil)
            }
            let name = array(try Self.floats(tensor), stateNames[ObjectIdentifier(tensor)] ?? "constant")
            places[value] = .array(name)
            return name
        }
    }

    private static func floats(_ tensor: Tensor) throws -> [Float] {
        if tensor.dtype == .float32 { return try tensor.floats() }
        let numbers = try tensor.doubles()
        if !tensor.dtype.isFloating, let large = numbers.first(where: { abs($0) > 16_777_216 }) {
            throw ModuleError.export(
                problem: "the file computes in float32, which does not hold the number \(large)", help: otherFormats)
        }
        return numbers.map { Float($0) }
    }

    /// A constant array with a name of its own.
    mutating func array(_ numbers: [Float], _ base: String) -> String {
        let name = fresh(base)
        arrays[name] = numbers
        count += numbers.count
        return name
    }

    /// A list of positions.
    mutating func indices(_ numbers: [Int]) -> (name: String, count: Int) {
        let name = fresh("positions")
        positions[name] = numbers
        count += numbers.count
        return (name, numbers.count)
    }

    private mutating func fresh(_ base: String) -> String {
        let base = prefix + "_" + CSource.letters(base)
        var name = base, next = 2
        while !names.insert(name).inserted || CFunction.names.contains(String(name.dropFirst(prefix.count + 1))) {
            name = "\(base)_\(next)"
            next += 1
        }
        return name
    }

    /// The place of the first result.
    func result(_ node: Graph.Node) -> String {
        switch places[node.outputs[0]] {
        case .scratch(let offset): offset == 0 ? "scratch" : "(scratch + \(offset))"
        default: "y"
        }
    }

    /// The first result, element by element.
    func target(_ node: Graph.Node) -> CView { CView(result(node), Self.strides(kind(of: node).shape.array)) }

    /// The path of the layer that an operation comes from.
    func path(of node: Graph.Node) -> String { node.owner.flatMap { layerNames[$0] } ?? "" }

    // MARK: Statements

    /// How far neighbours along each dimension are apart.
    static func strides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }

    /// The name of a function, which the file will have.
    mutating func use(_ function: CFunction) -> String {
        functions.insert(function)
        return prefix + "_" + function.rawValue
    }

    /// A call of a function: the arrays, the result, sizes and options.
    mutating func call(
        _ function: CFunction, _ node: Graph.Node, _ operands: [String], _ sizes: [Int], _ options: [String] = []
    ) {
        let arguments = operands + [result(node)] + sizes.map(String.init) + options
        lines.append("    \(use(function))(\(arguments.joined(separator: ", ")));")
    }

    /// Statements about arrays `a`, `b`, … and the result `r`.
    mutating func block(_ node: Graph.Node, _ body: String, _ operands: [String]) {
        block(body, operands, result(node))
    }

    private mutating func block(_ body: String, _ operands: [String], _ result: String) {
        lines.append("    {")
        for (name, operand) in zip(Self.pointers, operands) {
            lines.append("        const float *\(name) = \(operand);")
        }
        lines.append("        float *r = \(result);")
        lines += body.split(separator: "\n", omittingEmptySubsequences: false).map { "        " + $0 }
        lines.append("    }")
    }

    private static let pointers = ["a", "b", "c", "d"]
    private static let counters = ["i", "j", "k", "l", "m", "n", "o", "p"]

    /// An expression for each element of the result, in which `%a`, `%b`, … are the inputs' under broadcasting.
    mutating func elementwise(_ node: Graph.Node, _ value: String) throws {
        let shape = kind(of: node).shape.array
        var operands: [COperand] = []
        for (position, input) in node.inputs.enumerated() {
            if case .scalar(let scalar)? = input {
                operands.append(.number(Self.literal(scalar.double)))
                continue
            }
            let own = try kind(node, position).shape.array
            let steps = zip(Self.strides(own), own).map { $1 == 1 ? 0 : $0 }
            let view = CView(
                try pointer(node, position), [Int](repeating: 0, count: shape.count - own.count) + steps)
            operands.append(.view(view))
        }
        each(shape, target(node), operands, value)
    }

    /// An expression for each element of a target, in which `%a`, `%b`, … are the operands' elements.
    mutating func each(_ shape: [Int], _ target: CView, _ operands: [COperand], _ value: String) {
        var views: [CView] = [], slots: [String] = []
        for operand in operands {
            switch operand {
            case .number(let number): slots.append(number)
            case .view(let view):
                slots.append("")
                views.append(view)
            }
        }
        let nest = CNest(shape, views + [target], Self.counters)
        var text = value, seen = 0
        for (letter, slot) in zip(Self.pointers, slots) {
            var element = slot
            if element.isEmpty {
                element = "\(Self.pointers[seen])[\(nest.places[seen])]"
                seen += 1
            }
            text = text.replacing("%" + letter, with: element)
        }
        let body = nest.around("r[\(nest.places[views.count])] = \(text);")
        block(body, views.map(\.pointer), target.pointer)
    }

    /// Products of matrices over leading dimensions.
    mutating func eachMatrix(
        _ node: Graph.Node, _ batch: [Int], _ left: [Int], _ right: [Int], _ size: Int, _ operands: [String],
        _ sizes: [Int]
    ) {
        let steps = Self.strides(batch).map { $0 * size }
        let nest = CNest(
            batch, [CView(operands[0], left), CView(operands[1], right), CView(result(node), steps)], Self.counters)
        let arguments =
            zip(["a", "b", "r"], nest.places).map { $1 == "0" ? $0 : "\($0) + \($1)" } + sizes.map(String.init)
        block(node, nest.around("\(use(.matrixProduct))(\(arguments.joined(separator: ", ")));"), operands)
    }

    /// Dimensions brought together: `passes` over their elements `%a` work on doubles `s` and `t`, of which `value` is made.
    mutating func reduce(
        _ node: Graph.Node, _ dims: [Int], _ start: String, _ passes: [String], _ value: String
    ) throws {
        let shape = try kind(node, 0).shape, strides = Self.strides(shape.array)
        let some = dims.map { $0 < 0 ? $0 + shape.rank : $0 }
        let reduced = some.isEmpty ? Array(0..<shape.rank) : some.sorted()
        let kept = (0..<shape.rank).filter { !reduced.contains($0) }
        let sizes = kept.map { shape[$0] }, x = try pointer(node, 0)
        let outer = CNest(
            sizes, [CView(x, kept.map { strides[$0] }), CView(result(node), Self.strides(sizes))], Self.counters)
        let inner = CNest(
            reduced.map { shape[$0] }, [CView(x, reduced.map { strides[$0] })],
            ["u", "v", "w", "z", "q", "e", "f", "g"])
        let element = "a[\(CNest.sum(outer.places[0], inner.places[0]))]"
        var body = passes.count > 1 ? "double s = \(start), t = 0;" : "double s = \(start);"
        for pass in passes { body += "\n" + inner.around(pass.replacing("%a", with: element) + ";") }
        body += "\nr[\(outer.places[1])] = \(value);"
        let inside = body.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
        block(node, outer.around("{\n\(inside)\n}"), [x])
    }

    // MARK: Numbers

    /// A number as C writes it.
    static func literal(_ number: Double) -> String {
        let text = CNumber.text(Float(number))
        return text.hasPrefix("-") ? "(\(text))" : text
    }
}

/// Loops over the elements of several arrays of one shape, as few as their orders allow.
private struct CNest {
    /// Where the present element of each array is.
    let places: [String]
    private let heads: [String]

    init(_ shape: [Int], _ views: [CView], _ counters: [String]) {
        var sizes: [Int] = [], strides = views.map { _ in [Int]() }
        for axis in shape.indices where shape[axis] != 1 {
            let joins =
                sizes.last != nil
                && zip(strides, views).allSatisfy { $0.last == $1.strides[axis] * shape[axis] }
            if joins { sizes[sizes.count - 1] *= shape[axis] } else { sizes.append(shape[axis]) }
            for index in views.indices {
                if joins { strides[index].removeLast() }
                strides[index].append(views[index].strides[axis])
            }
        }
        heads = zip(counters, sizes).map { "for (long \($0) = 0; \($0) < \($1); \($0)++)" }
        places = views.indices.map { index in
            var text = views[index].offset == 0 ? "" : "\(views[index].offset)"
            for (counter, stride) in zip(counters, strides[index]) where stride != 0 {
                let term = abs(stride) == 1 ? counter : "\(counter) * \(abs(stride))"
                text += text.isEmpty ? (stride < 0 ? "-" : "") + term : (stride < 0 ? " - " : " + ") + term
            }
            return text.isEmpty ? "0" : text
        }
    }

    /// The loops around a statement.
    func around(_ statement: String) -> String {
        var lines: [String] = []
        for (depth, head) in heads.enumerated() { lines.append(String(repeating: "    ", count: depth) + head) }
        let indent = String(repeating: "    ", count: heads.count)
        lines += statement.split(separator: "\n").map { indent + $0 }
        return lines.joined(separator: "\n")
    }

    /// Two places together.
    static func sum(_ first: String, _ second: String) -> String {
        first == "0" ? second : second == "0" ? first : "\(first) + \(second)"
    }
}

/// Memory that values share: each takes the first gap that is large enough.
private struct ScratchMemory {
    private(set) var size = 0
    private var taken: [(value: Int, start: Int, end: Int)] = []

    /// A place for a value.
    mutating func take(_ count: Int, for value: Int) -> Int {
        var start = 0, index = 0
        while index < taken.count, taken[index].start - start < count {
            start = taken[index].end
            index += 1
        }
        taken.insert((value, start, start + count), at: index)
        size = max(size, start + count)
        return start
    }

    /// Nobody needs a value any more.
    mutating func give(back value: Int) { taken.removeAll { $0.value == value } }
}
