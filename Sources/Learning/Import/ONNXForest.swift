import Base
import Data
import Tensors

/// Decision trees as `ai.onnx.ml` lists them: each example falls from the root of each tree to a leaf, whose weights count.
struct ONNXForest: Sendable {
    /// What a node asks of a feature.
    private enum Mode: String, Sendable {
        case lessEqual = "BRANCH_LEQ"
        case less = "BRANCH_LT"
        case greaterEqual = "BRANCH_GTE"
        case greater = "BRANCH_GT"
        case equal = "BRANCH_EQ"
        case notEqual = "BRANCH_NEQ"
        case leaf = "LEAF"
    }

    private struct Node: Sendable {
        var feature = 0
        var mode = Mode.leaf
        var value: Float = 0
        /// Where it goes on, by place.
        var yes = 0, no = 0
        var takesMissing = false
        /// The weights of a leaf.
        var weights: [(target: Int, weight: Double)] = []

        func accepts(_ x: Float) -> Bool {
            if x.isNaN { return takesMissing }
            switch mode {
            case .lessEqual: return x <= value
            case .less: return x < value
            case .greaterEqual: return x >= value
            case .greater: return x > value
            case .equal: return x == value
            case .notEqual, .leaf: return x != value
            }
        }
    }

    /// A node by the numbers that the file gives it and its tree.
    private struct Key: Hashable { let tree: Int, node: Int }

    private var nodes: [Node] = []
    private var roots: [Int] = []
    private let node: ONNXModel.Node
    private let opset: Int
    private var call: ONNXCall { ONNXCall(node: node, opset: opset, inputs: []) }
    /// How many trees there are.
    var count: Int { roots.count }
    /// The targets that weights are for.
    private(set) var targets: Set<Int> = []
    /// Whether no weight is below 0.
    private(set) var isPositive = true
    /// What is added to the sums of the targets.
    let base: [Double]

    /// Reads the trees of `TreeEnsembleClassifier` (`weights` is "class") and `TreeEnsembleRegressor` ("target").
    init(_ call: ONNXCall, weights kind: String) throws {
        (node, opset) = (call.node, call.opset)
        func numbers(_ name: String) throws -> [Double] {
            try call.floats(name) ?? call.tensor(name + "_as_tensor")?.doubles() ?? []
        }
        base = try numbers("base_values")
        let modes = call.texts("nodes_modes") ?? [], trees = call.ints("nodes_treeids") ?? []
        let ids = call.ints("nodes_nodeids") ?? [], features = call.ints("nodes_featureids") ?? []
        let values = try numbers("nodes_values"), missing = call.ints("nodes_missing_value_tracks_true") ?? []
        let yes = call.ints("nodes_truenodeids") ?? [], no = call.ints("nodes_falsenodeids") ?? []
        let count = modes.count
        guard count > 0, [trees, ids, features, yes, no].allSatisfy({ $0.count == count }), values.count == count,
            missing.isEmpty || missing.count == count
        else { throw call.refusal("its lists of nodes have different lengths") }
        var places: [Key: Int] = [:]
        for index in 0..<count { places[Key(tree: trees[index], node: ids[index])] = index }
        var seen: Set<Int> = [], below: Set<Int> = []
        for index in 0..<count {
            guard let mode = Mode(rawValue: modes[index]) else {
                throw call.refusal("the mode \(modes[index]) is not read")
            }
            var node = Node(feature: features[index], mode: mode, value: Float(values[index]))
            if mode != .leaf {
                guard let first = places[Key(tree: trees[index], node: yes[index])],
                    let second = places[Key(tree: trees[index], node: no[index])]
                else {
                    throw call.refusal("node \(ids[index]) of tree \(trees[index]) goes on to one that there is not")
                }
                (node.yes, node.no) = (first, second)
                below.formUnion([first, second])
            }
            node.takesMissing = !missing.isEmpty && missing[index] != 0
            nodes.append(node)
        }
        // The first node of a tree that none goes on to.
        for index in 0..<count where !below.contains(index) && seen.insert(trees[index]).inserted {
            roots.append(index)
        }
        let owners = call.ints(kind + "_treeids") ?? [], leaves = call.ints(kind + "_nodeids") ?? []
        let kinds = call.ints(kind + "_ids") ?? [], parts = try numbers(kind + "_weights")
        guard [owners, leaves, kinds].allSatisfy({ $0.count == parts.count }) else {
            throw call.refusal("its lists of weights have different lengths")
        }
        for index in parts.indices {
            guard let place = places[Key(tree: owners[index], node: leaves[index])] else {
                throw call.refusal("a weight of no leaf")
            }
            nodes[place].weights.append((kinds[index], parts[index]))
        }
        try check()
    }

    /// Reads the trees of `TreeEnsemble`.
    init(_ call: ONNXCall) throws {
        (node, opset) = (call.node, call.opset)
        base = []
        let names: [Mode] = [.lessEqual, .less, .greaterEqual, .greater, .equal, .notEqual]
        let modes = try call.tensor("nodes_modes")?.to(.int64).integers() ?? [], count = modes.count
        let features = call.ints("nodes_featureids") ?? [], values = try call.tensor("nodes_splits")?.doubles() ?? []
        let yes = call.ints("nodes_truenodeids") ?? [], no = call.ints("nodes_falsenodeids") ?? []
        let yesLeaf = call.ints("nodes_trueleafs") ?? [], noLeaf = call.ints("nodes_falseleafs") ?? []
        let missing = call.ints("nodes_missing_value_tracks_true") ?? []
        let kinds = call.ints("leaf_targetids") ?? [], parts = try call.tensor("leaf_weights")?.doubles() ?? []
        guard count > 0, [features, yes, no, yesLeaf, noLeaf].allSatisfy({ $0.count == count }), values.count == count,
            kinds.count == parts.count, missing.isEmpty || missing.count == count
        else { throw call.refusal("its lists have different lengths") }
        for index in 0..<count {
            guard names.indices.contains(modes[index]) else { throw call.refusal("membership of sets is not read") }
            var node = Node(feature: features[index], mode: names[modes[index]], value: Float(values[index]))
            guard max(yes[index], no[index]) < max(count, parts.count), min(yes[index], no[index]) >= 0 else {
                throw call.refusal("node \(index) goes on to one that there is not")
            }
            node.yes = yesLeaf[index] != 0 ? count + yes[index] : yes[index]
            node.no = noLeaf[index] != 0 ? count + no[index] : no[index]
            node.takesMissing = !missing.isEmpty && missing[index] != 0
            nodes.append(node)
        }
        for index in parts.indices { nodes.append(Node(mode: .leaf, weights: [(kinds[index], parts[index])])) }
        roots = call.ints("tree_roots") ?? []
        try check()
    }

    private mutating func check() throws {
        for node in nodes {
            guard nodes.indices.contains(node.yes), nodes.indices.contains(node.no), node.feature >= 0 else {
                throw call.refusal("a node goes on to one that there is not, or asks for a feature below 0")
            }
            for (target, weight) in node.weights {
                targets.insert(target)
                if weight < 0 { isPositive = false }
            }
        }
        guard roots.allSatisfy({ nodes.indices.contains($0) }) else { throw call.refusal("a tree has no root") }
    }

    /// For each example and target the weights of the leaves, joined two by two, [N, targets]; nil where no leaf has one.
    ///
    /// - Throws: ``ModuleError`` for examples that are no table with the features that are asked for, and for targets beyond
    ///   `targets`.
    func joined(
        _ x: Tensor, targets: Int, _ join: (Double, Double) -> Double = { $0 + $1 }
    ) throws -> [Double?] {
        guard x.rank == 2, targets > 0, targets < 1 << 20, nodes.allSatisfy({ $0.feature < x.shape[1] }),
            self.targets.allSatisfy({ (0..<targets).contains($0) })
        else { throw call.refusal("examples \(x.shape) for its features and \(targets) targets") }
        let numbers = try x.floats(), width = x.shape[1]
        var sums = [Double?](repeating: nil, count: try call.work([x.shape[0], targets], "the scores"))
        for row in 0..<x.shape[0] {
            if row & 0xFF == 0 { try Interrupt.check() }
            for root in roots {
                var place = root, steps = 0
                while nodes[place].mode != .leaf {
                    place =
                        nodes[place].accepts(numbers[row * width + nodes[place].feature])
                        ? nodes[place].yes : nodes[place].no
                    steps += 1
                    guard steps <= nodes.count else { throw call.refusal("a tree leads back to itself") }
                }
                for (target, weight) in nodes[place].weights {
                    let index = row * targets + target
                    sums[index] = sums[index].map { join($0, weight) } ?? weight
                }
            }
        }
        return sums
    }
}
