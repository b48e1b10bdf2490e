/// Reads a graph for a plan: whether it is closed, what is needed, what can be joined.
struct PlanReader {
    private let graph: Graph
    private let inputs: Set<Int>
    private let outputs: Set<Int>
    private let state: Set<ObjectIdentifier>
    /// The node that made a value.
    private var makers: [Int: Int] = [:]
    private var needed: Set<Int> = []
    /// The needed nodes that take a value, one entry for each time.
    private var users: [Int: [Int]] = [:]

    init(_ graph: Graph, inputs: [Int], state: [Tensor], outputs: [Int]) throws {
        self.graph = graph
        self.inputs = Set(inputs)
        self.outputs = Set(outputs)
        self.state = Set(state.map { ObjectIdentifier($0) })
        for (index, node) in graph.nodes.enumerated() { for output in node.outputs { makers[output] = index } }
        for node in graph.nodes {
            if case .effect(let effect) = node.operation { try check(effect, node) }
        }
        var pending = outputs
        while let value = pending.popLast() {
            guard !self.inputs.contains(value), let index = makers[value], needed.insert(index).inserted else {
                continue
            }
            for case .value(let input)? in graph.nodes[index].inputs { pending.append(input) }
        }
        for index in needed {
            for case .value(let input)? in graph.nodes[index].inputs { users[input, default: []].append(index) }
        }
    }

    private func check(_ effect: Graph.Effect, _ node: Graph.Node) throws {
        switch effect {
        case .reads: throw EvaluationPlan.Refusal("numbers are taken out of a tensor")
        case .draws: throw EvaluationPlan.Refusal("random numbers are drawn")
        case .writes(let function):
            // What was made on the way may be written: its value before and after are two.
            guard case .value(let value)?? = node.inputs.first, !inputs.contains(value), let maker = makers[value],
                graph.nodes[maker].operation != .constant(Graph.Constant())
            else { throw EvaluationPlan.Refusal("\(function) writes into a tensor") }
        }
    }

    /// Where a value comes from.
    ///
    /// - Throws: `EvaluationPlan.Refusal` for a tensor from outside.
    func source(_ value: Int) throws -> EvaluationPlan.Source {
        if inputs.contains(value) { return .slot(value) }
        if let maker = makers[value] {
            switch graph.nodes[maker].operation {
            case .constant: break
            case .effect: throw EvaluationPlan.Refusal("elements of a tensor are assigned")
            default: return .slot(value)
            }
        }
        if let tensor = graph.tensor(value), makers[value] != nil || state.contains(ObjectIdentifier(tensor)) {
            return .kept(tensor)
        }
        throw EvaluationPlan.Refusal(
            "a tensor \(graph.kind(value).shape) is neither an input nor a parameter nor a buffer nor made by an operation "
                + "of the graph")
    }

    private func source(_ input: Graph.Input?) throws -> EvaluationPlan.Source? {
        switch input {
        case nil: nil
        case .value(let value)?: try source(value)
        case .scalar(let scalar)?: .scalar(scalar)
        }
    }

    /// What is to be computed, in order.
    func steps() throws -> (steps: [EvaluationPlan.Step], fused: Int) {
        var absorbed: Set<Int> = []
        /// The joined work that stands where its last operation stood.
        var joined: [Int: EvaluationPlan.Work] = [:]
        for index in needed.sorted() where !absorbed.contains(index) {
            guard let chain = try self.chain(from: index, without: absorbed) else { continue }
            absorbed.formUnion(chain.nodes)
            joined[chain.last] = chain.work
        }
        var steps: [EvaluationPlan.Step] = []
        for index in needed.sorted() {
            if let work = joined[index] {
                steps.append(EvaluationPlan.Step(work: work))
            } else if !absorbed.contains(index) {
                let node = graph.nodes[index]
                if case .constant = node.operation { continue }
                if case .effect = node.operation { throw EvaluationPlan.Refusal("elements of a tensor are assigned") }
                steps.append(
                    EvaluationPlan.Step(
                        work: .operation(
                            node.operation.form, inputs: try node.inputs.map { try source($0) }, outputs: node.outputs))
                )
            }
        }
        free(&steps)
        return (steps, absorbed.count - joined.count)
    }

    /// Notes after which step a value is not needed any more.
    private func free(_ steps: inout [EvaluationPlan.Step]) {
        var later = outputs
        for index in steps.indices.reversed() {
            var slots: [Int] = []
            func use(_ source: EvaluationPlan.Source?) { if case .slot(let slot)? = source { slots.append(slot) } }
            switch steps[index].work {
            case .operation(_, let inputs, let results):
                for input in inputs { use(input) }
                slots += results
            case .fused(_, let x, let residual, let output):
                use(x)
                use(residual)
                slots.append(output)
            }
            for slot in slots where later.insert(slot).inserted { steps[index].freed.append(slot) }
        }
    }

    // MARK: Joining

    private struct Chain {
        var nodes: [Int]
        var last: Int
        var work: EvaluationPlan.Work
    }

    /// The only node that takes a value, if nobody else wants it.
    private func next(_ value: Int, _ absorbed: Set<Int>) -> Int? {
        guard !outputs.contains(value), let users = users[value], users.count == 1, !absorbed.contains(users[0]) else {
            return nil
        }
        return users[0]
    }

    /// A convolution or normalisation with fixed statistics, and what behind it goes into the same pass: the normalisation of
    /// a convolution, a sum with something of the same kind, max(·, 0).
    private func chain(from start: Int, without absorbed: Set<Int>) throws -> Chain? {
        let first = graph.nodes[start]
        guard let input = first.inputs.first ?? nil, case .value(let number) = input, let x = try self.source(input)
        else {
            return nil
        }
        let kind = graph.kind(first.outputs[0])
        guard kind.dtype.isFloating, kind.shape.elementCount > 0 else { return nil }
        var nodes = [start], value = first.outputs[0]
        let work: FusedColumns
        switch first.operation {
        case .convolution(let form):
            guard graph.arguments(of: first).first.flatMap({ $0?.count }) ?? 0 > 0,
                case .kept(let weight)? = try self.source(first.inputs[1])
            else { return nil }
            var bias: Tensor?
            if let given = first.inputs[2] {
                guard case .kept(let tensor)? = try self.source(given) else { return nil }
                bias = tensor
            }
            work = FusedColumns(convolution: form, weight: weight, bias: bias, shape: kind.shape)
            if let index = next(value, absorbed), let norm = try self.norm(index, of: value) {
                work.norm = norm
                nodes.append(index)
                value = graph.nodes[index].outputs[0]
            }
        case .batchNorm:
            guard let norm = try self.norm(start, of: number) else { return nil }
            work = FusedColumns(norm: norm, shape: kind.shape)
        default: return nil
        }
        var residual: EvaluationPlan.Source?
        if let index = next(value, absorbed), let other = addend(index, value), graph.kind(other) == kind {
            residual = try self.source(other)
            nodes.append(index)
            value = graph.nodes[index].outputs[0]
        }
        if let index = next(value, absorbed), case .pointwise(let form) = graph.nodes[index].operation,
            form.function == .relu
        {
            work.isRectified = true
            nodes.append(index)
            value = graph.nodes[index].outputs[0]
        }
        guard let last = nodes.last else { return nil }
        return Chain(nodes: nodes, last: last, work: .fused(work, x: x, residual: residual, output: value))
    }

    /// The statistics and factors of a node that normalises `value` with them.
    private func norm(_ index: Int, of value: Int) throws -> FoldedNorm? {
        let node = graph.nodes[index]
        guard case .batchNorm(let form) = node.operation, !form.usesBatch, node.inputs[0] == .value(value) else {
            return nil
        }
        var tensors: [Tensor?] = []
        for input in node.inputs.dropFirst() {
            switch try source(input) {
            case nil: tensors.append(nil)
            case .kept(let tensor)?: tensors.append(tensor)
            default: return nil
            }
        }
        guard let mean = tensors[2], let variance = tensors[3] else { return nil }
        return FoldedNorm(weight: tensors[0], bias: tensors[1], mean: mean, variance: variance, eps: form.eps)
    }

    /// What a node adds to `value`, if that is what it does.
    private func addend(_ index: Int, _ value: Int) -> Int? {
        let node = graph.nodes[index]
        guard node.operation == .arithmetic(Graph.Arithmetic(.add)), case .value(let a)? = node.inputs[0],
            case .value(let b)? = node.inputs[1], a != b
        else { return nil }
        return a == value ? b : a
    }
}

extension Graph.Argument {
    /// The elements of a tensor.
    fileprivate var count: Int? {
        if case .tensor(let kind) = self { kind.shape.elementCount } else { nil }
    }
}
