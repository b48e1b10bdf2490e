import Base
import CKernels

/// Where a gradient goes: nowhere, to a leaf, or to the operation that made an input.
enum Edge {
    case none
    case leaf(Tensor)
    case interior(Operation)
}

/// One step of a computation that gradients flow back through. Each subclass holds what its derivative needs; forward and
/// backward stand together in its file. Operations are numbered in order of creation, which is the order of the graph.
class Operation {
    final let number: Int
    @exclusivity(unchecked) private final var first: Edge
    @exclusivity(unchecked) private final var second: Edge
    @exclusivity(unchecked) private final var others: [Edge]
    /// The gradient of the result, summed up while later operations are worked off.
    @exclusivity(unchecked) fileprivate final var upstream: Values?
    @exclusivity(unchecked) fileprivate final var isQueued = false
    @exclusivity(unchecked) private final var isFreed = false

    /// - Parameters: up to two inputs; those that need no gradient are not kept.
    init(_ first: Tensor?, _ second: Tensor? = nil) {
        number = Int(ck_next_number())
        self.first = first?.edge ?? .none
        self.second = second?.edge ?? .none
        others = []
    }

    /// An operation with more inputs than two.
    init(_ first: Tensor?, _ second: Tensor? = nil, others: [Tensor]) {
        number = Int(ck_next_number())
        self.first = first?.edge ?? .none
        self.second = second?.edge ?? .none
        self.others = others.map(\.edge)
    }

    /// An operation whose only input is the operation that computes it together with others.
    init(madeFrom source: Operation) {
        number = Int(ck_next_number())
        first = .interior(source)
        second = .none
        others = []
    }

    /// The name in the language, for messages.
    class var name: String { "operation" }

    /// Sends the gradient of each input, given that of the result.
    func backward(_ gradient: Values, _ walk: Walk) throws { throw TensorError.noHistory(function: Self.name) }

    /// The same for a gradient that nobody else may hold: its memory can be used for what is sent on.
    func backward(consuming gradient: consuming Values, _ walk: Walk) throws { try backward(gradient, walk) }

    /// Called instead of `backward` when the operation was only enqueued: it has collected its gradients itself.
    func backwardWithoutGradient(_ walk: Walk) throws {}

    /// What arrives for one input; input 0 and 1 are those of `init`, then come `others`.
    final func edge(_ index: Int) -> Edge {
        switch index {
        case 0: first
        case 1: second
        default: others[index - 2]
        }
    }

    /// Whether input `index` wants its gradient.
    final func needs(_ index: Int) -> Bool {
        if case .none = edge(index) { false } else { true }
    }

    /// Sends a gradient to input `index`, which has that shape and dtype.
    final func send(_ gradient: consuming Values, to index: Int, _ walk: Walk) throws {
        try walk.send(gradient, along: edge(index))
    }

    /// Lets go of the inputs, so that what only this operation kept alive is freed.
    fileprivate final func free() {
        isFreed = true
        first = .none
        second = .none
        others = []
    }

    fileprivate final func checkNotFreed(for name: String) throws {
        if isFreed { throw TensorError.graphFreed(operation: name) }
    }

    private final var hasInteriorEdge: Bool {
        if case .interior = first { return true }
        if case .interior = second { return true }
        return !others.isEmpty
    }

    private final func moveInterior(to list: inout [Operation]) {
        if case .interior(let operation) = first { list.append(operation) }
        if case .interior(let operation) = second { list.append(operation) }
        for case .interior(let operation) in others { list.append(operation) }
        first = .none
        second = .none
        others = []
    }

    // A chain of a million operations must not free itself by a million nested calls.
    deinit {
        guard hasInteriorEdge else { return }
        var list: [Operation] = []
        moveInterior(to: &list)
        while var operation = list.popLast() {
            if isKnownUniquelyReferenced(&operation) { operation.moveInterior(to: &list) }
        }
    }
}

/// Values that a derivative needs, with the means to notice that they were overwritten.
struct Saved {
    private let values: Values
    private let version: Int
    private let owner: Int
    /// The tensor's own memory where `values` are a copy of it in another order. Whoever writes into that has overwritten what
    /// was used, as everywhere else.
    private weak var origin: Storage?
    private var originVersion = 0

    init(_ tensor: Tensor) {
        values = tensor.values
        version = tensor.values.storage.version
        owner = tensor.number
    }

    /// A tensor's values in the order that a kernel brought them into.
    init(_ tensor: Tensor, as values: Values) {
        self.init(values, madeBy: tensor.number)
        let storage = tensor.values.storage
        if storage !== values.storage { (origin, originVersion) = (storage, storage.version) }
    }

    /// The result of the operation `number`, which is about to become a tensor.
    init(_ values: Values, madeBy number: Int) {
        self.values = values
        version = values.storage.version
        owner = number
    }

    /// The values as they were.
    /// - Throws: `TensorError.overwritten` when a tensor that showed them has been written since.
    func restored(for name: @autoclosure () -> String) throws -> Values {
        guard isIntact else { throw TensorError.overwritten(operation: name()) }
        return values
    }

    private var isIntact: Bool {
        let isAsItWas = origin.map { $0.version == originVersion && !$0.departed.contains(owner) } ?? true
        return isAsItWas && values.storage.version == version && !values.storage.departed.contains(owner)
    }

    /// Multiplies a gradient by the values in its own memory, if nobody else holds that and both lie in it alike.
    /// - Throws: as `restored`.
    func multiply(_ gradient: inout Values, for name: @autoclosure () -> String) throws -> Bool {
        guard values.liesAs(gradient), gradient.isUnshared() else { return false }
        guard isIntact else { throw TensorError.overwritten(operation: name()) }
        let place = gradient.base
        _ = ck_binary(CK_MUL, gradient.dtype.code, place, 1, values.base, 1, place, Int64(gradient.count))
        return true
    }
}

extension Tensor {
    /// Where gradients of this tensor go.
    var edge: Edge {
        if let operation { return .interior(operation) }
        return isLeafRequiringGradient ? .leaf(self) : .none
    }

    /// Whether an operation on this tensor has to be recorded.
    var isRecorded: Bool { requiresGradient && Gradients.isEnabled }
}

/// One pass from a result back to the leaves, latest operation first.
final class Walk {
    @exclusivity(unchecked) private var heap: [Operation] = []
    private let keepsGraph: Bool
    private let name: String
    /// Gradients that are asked for instead of being added to leaves.
    @exclusivity(unchecked) private var wantedLeaves: [ObjectIdentifier: Values]?
    @exclusivity(unchecked) private var wantedOperations: [ObjectIdentifier: Values] = [:]

    init(name: String, keepsGraph: Bool, wanted: [Tensor]? = nil) {
        self.name = name
        self.keepsGraph = keepsGraph
        wantedLeaves = wanted == nil ? nil : [:]
    }

    /// Adds a gradient. It is taken over, so that memory nobody else holds becomes the sum or the leaf's gradient itself.
    func send(_ gradient: consuming Values, along edge: Edge) throws {
        switch edge {
        case .none: break
        case .leaf(let tensor):
            if wantedLeaves != nil {
                let key = ObjectIdentifier(tensor)
                let total = try sum(wantedLeaves?.removeValue(forKey: key), gradient)
                wantedLeaves?[key] = total
            } else {
                let owned = isKnownUniquelyReferenced(&gradient.storage)
                try tensor.accumulate(gradient, owned: owned)
            }
        case .interior(let operation):
            operation.upstream = try sum(operation.upstream.take(), gradient)
            enqueue(operation)
        }
    }

    /// Makes sure that an operation is worked off even if nothing is sent to it directly.
    func enqueue(_ operation: Operation) {
        guard !operation.isQueued else { return }
        operation.isQueued = true
        push(operation)
    }

    /// A leaf's gradient memory for kernels that add into it, when nothing else is asked for.
    func target(_ edge: Edge) -> (values: Values, beta: Double)? {
        guard wantedLeaves == nil, !Plain.isOn, case .leaf(let tensor) = edge else { return nil }
        return tensor.gradientTarget()
    }

    private func sum(_ present: consuming Values?, _ gradient: consuming Values) throws -> Values {
        guard var present else { return gradient }
        if !Plain.isOn, isKnownUniquelyReferenced(&present.storage) {
            try Kernels.add(gradient, to: present)
            return present
        }
        return try Kernels.binary(CK_ADD, present, gradient, present.shape, name: name)
    }

    /// Runs backward from `root`, whose gradient is `gradient`.
    func run(from root: Operation, _ gradient: Values, wantedInterior: [Operation] = []) throws {
        let wanted = wantedInterior.isEmpty ? [] : Set(wantedInterior.map(ObjectIdentifier.init))
        defer {
            for operation in heap {
                operation.upstream = nil
                operation.isQueued = false
            }
        }
        try send(gradient, along: .interior(root))
        try Gradients.disabled {
            while let operation = pop() {
                try Interrupt.check()
                operation.isQueued = false
                try operation.checkNotFreed(for: name)
                if let arrived = operation.upstream.take() {
                    if !wanted.isEmpty, wanted.contains(ObjectIdentifier(operation)) {
                        wantedOperations[ObjectIdentifier(operation)] = arrived
                    }
                    try operation.backward(consuming: arrived, self)
                } else {
                    try operation.backwardWithoutGradient(self)
                }
                if !keepsGraph { operation.free() }
            }
        }
    }

    func gradient(of tensor: Tensor) -> Values? {
        if let operation = tensor.operation { return wantedOperations[ObjectIdentifier(operation)] }
        return wantedLeaves?[ObjectIdentifier(tensor)]
    }

    // A binary heap on the operations' numbers.

    private func push(_ operation: Operation) {
        heap.append(operation)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].number >= heap[child].number { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private func pop() -> Operation? {
        guard let last = heap.popLast() else { return nil }
        if heap.isEmpty { return last }
        let top = heap[0]
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { break }
            if child + 1 < heap.count && heap[child + 1].number > heap[child].number { child += 1 }
            if heap[parent].number >= heap[child].number { break }
            heap.swapAt(parent, child)
            parent = child
        }
        return top
    }
}
