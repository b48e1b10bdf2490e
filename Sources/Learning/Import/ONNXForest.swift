import Data
import Tensors

/// Decision trees as `ai.onnx.ml` lists them: each example falls from the root of each tree to a leaf, whose weights count.
struct ONNXForest {
    fileprivate struct Node {
        var feature = 0
        var mode = ""
        var value: Float = 0
        /// Where it goes on, by place; the weights of a leaf.
        var yes = 0, no = 0
        var takesMissing = false
        var weights: [(target: Int, weight: Double)] = []
    }

    private var nodes: [Node] = []
    private var roots: [Int] = []
    private let call: ONNXCall
    /// How many trees there are.
    var count: Int { roots.count }
    /// The targets that weights are for.
    private(set) var targets: Set<Int> = []

    /// Reads the trees of `TreeEnsembleClassifier` (`weights` is "class") and `TreeEnsembleRegressor` ("target").
    init(_ call: ONNXCall, weights kind: String) throws {
        self.call = call
        func numbers(_ name: String) throws -> [Double] {
            try call.floats(name) ?? call.tensor(name + "_as_tensor")?.doubles() ?? []
        }
        let modes = call.texts("nodes_modes") ?? [], trees = call.ints("nodes_treeids") ?? []
        let ids = call.ints("nodes_nodeids") ?? [], features = call.ints("nodes_featureids") ?? []
        let values = try numbers("nodes_values"), missing = call.ints("nodes_missing_value_tracks_true") ?? []
        let yes = call.ints("nodes_truenodeids") ?? [], no = call.ints("nodes_falsenodeids") ?? []
        let count = modes.count
        guard count > 0, [trees, ids, features, yes, no].allSatisfy({ $0.count == count }), values.count == count,
            missing.isEmpty || missing.count == count
        else { throw call.refusal("its lists of nodes have different lengths") }
        var places: [[Int]: Int] = [:]
        for index in 0..<count { places[[trees[index], ids[index]]] = index }
        var seen: Set<Int> = [], below: Set<Int> = []
        for index in 0..<count {
            var node = Node(feature: features[index], mode: modes[index], value: Float(values[index]))
            if node.mode != "LEAF" {
                guard let first = places[[trees[index], yes[index]]], let second = places[[trees[index], no[index]]]
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
            guard let place = places[[owners[index], leaves[index]]] else { throw call.refusal("a weight of no leaf") }
            nodes[place].weights.append((kinds[index], parts[index]))
        }
        targets = Set(kinds)
        try check()
    }

    /// Reads the trees of `TreeEnsemble`.
    init(_ call: ONNXCall) throws {
        self.call = call
        let names = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
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
            node.yes = yesLeaf[index] != 0 ? count + yes[index] : yes[index]
            node.no = noLeaf[index] != 0 ? count + no[index] : no[index]
            node.takesMissing = !missing.isEmpty && missing[index] != 0
            nodes.append(node)
        }
        for index in parts.indices { nodes.append(Node(mode: "LEAF", weights: [(kinds[index], parts[index])])) }
        roots = call.ints("tree_roots") ?? []
        targets = Set(kinds)
        try check()
    }

    private func check() throws {
        let known: Set<String> = [
            "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "LEAF",
        ]
        for node in nodes {
            guard known.contains(node.mode) else { throw call.refusal("the mode \(node.mode) is not read") }
            guard nodes.indices.contains(node.yes), nodes.indices.contains(node.no), node.feature >= 0 else {
                throw call.refusal("a node goes on to one that there is not")
            }
        }
        guard roots.allSatisfy({ nodes.indices.contains($0) }) else { throw call.refusal("a tree has no root") }
    }

    /// For each example and target the weights of the leaves, joined by `join` from `start` on: [N, targets].
    func joined(
        _ x: Tensor, targets: Int, start: Double = 0, _ join: (Double, Double) -> Double = { $0 + $1 }
    ) throws -> [Double] {
        guard x.rank == 2, targets > 0, targets < 1 << 20, nodes.allSatisfy({ $0.feature < x.shape[1] }),
            nodes.allSatisfy({ $0.weights.allSatisfy { (0..<targets).contains($0.target) } })
        else { throw call.refusal("examples \(x.shape) for its features and \(targets) targets") }
        let numbers = try x.floats(), width = x.shape[1]
        var sums = [Double](repeating: start, count: x.shape[0] * targets)
        for row in 0..<x.shape[0] {
            for root in roots {
                var place = root, steps = 0
                while nodes[place].mode != "LEAF" {
                    let node = nodes[place]
                    place = node.accepts(numbers[row * width + node.feature]) ? node.yes : node.no
                    steps += 1
                    guard steps <= nodes.count else { throw call.refusal("a tree leads back to itself") }
                }
                for (target, weight) in nodes[place].weights {
                    sums[row * targets + target] = join(sums[row * targets + target], weight)
                }
            }
        }
        return sums
    }
}

extension ONNXForest.Node {
    fileprivate func accepts(_ x: Float) -> Bool {
        if x.isNaN { return takesMissing }
        switch mode {
        case "BRANCH_LEQ": return x <= value
        case "BRANCH_LT": return x < value
        case "BRANCH_GTE": return x >= value
        case "BRANCH_GT": return x > value
        case "BRANCH_EQ": return x == value
        default: return x != value
        }
    }
}
