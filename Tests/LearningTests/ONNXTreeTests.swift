import Data
import Learning
import Tensors
import Testing

/// Trees of `ai.onnx.ml` against ONNX Runtime 1.32, over what makes it answer differently: which classes have weights, whether
/// any is negative, base values and what becomes of the scores. Where its answer is not defined (a row that only one of two
/// classes has a score for, two base values for one score), the file is refused.
@Suite struct `Trees of ONNX files` {
    struct Trees: CustomTestStringConvertible {
        let classes: Int
        let ids: [Int]
        let weights: [Double]
        let base: [Double]
        let transform: String
        /// Those of ONNX Runtime; none where it takes the second class for the better without looking at the first.
        let labels: [Int]
        let scores: [Double]
        var testDescription: String { "\(classes) classes, weights \(weights) of \(ids), base \(base), \(transform)" }

        init(
            _ classes: Int, _ ids: [Int], _ weights: [Double], _ base: [Double], _ transform: String, _ labels: [Int],
            _ scores: [Double]
        ) {
            (self.classes, self.ids, self.weights, self.base) = (classes, ids, weights, base)
            (self.transform, self.labels, self.scores) = (transform, labels, scores)
        }

        /// One tree with two leaves, x ≤ 0.5 and above.
        func node() throws -> OneNode {
            var options: [(name: String, value: ONNXModel.Attribute)] =
                Self.shape + [
                    ("class_treeids", .ints(ids.map { _ in 0 })),
                    ("class_nodeids", .ints(ids.indices.map { 2 * $0 < ids.count ? 1 : 2 })), ("class_ids", .ints(ids)),
                    ("class_weights", .floats(weights)), ("classlabels_int64s", .ints(Array(0..<classes))),
                    ("post_transform", .string(transform)),
                ]
            if !base.isEmpty { options.append(("base_values", .floats(base))) }
            return OneNode(
                "TreeEnsembleClassifier", [try Tensor([Float(0), 1], shape: [2, 1])], options, results: 2,
                domain: "ai.onnx.ml")
        }

        static let shape: [(name: String, value: ONNXModel.Attribute)] = [
            ("nodes_treeids", .ints([0, 0, 0])), ("nodes_nodeids", .ints([0, 1, 2])),
            ("nodes_featureids", .ints([0, 0, 0])), ("nodes_modes", .strings(["BRANCH_LEQ", "LEAF", "LEAF"])),
            ("nodes_values", .floats([0.5, 0, 0])), ("nodes_truenodeids", .ints([1, 0, 0])),
            ("nodes_falsenodeids", .ints([2, 0, 0])),
        ]
    }

    static let table: [Trees] = [
        Trees(2, [0, 0], [0.2, 0.9], [], "NONE", [0, 1], [0.8, 0.2, 0.1, 0.9]),
        Trees(2, [0, 0], [0.2, 0.9], [], "LOGISTIC", [0, 1], [0.4502, 0.5498, 0.2891, 0.7109]),
        Trees(2, [0, 0], [0.2, 0.9], [], "SOFTMAX", [0, 1], [0.8, 0.2, 0.1, 0.9]),
        Trees(2, [0, 0], [0.2, 0.9], [0.25], "NONE", [0, 1], [0.55, 0.45, -0.15, 1.15]),
        Trees(2, [0, 0], [0.2, 0.9], [0.25], "LOGISTIC", [0, 1], [0.3894, 0.6106, 0.2405, 0.7595]),
        Trees(2, [0, 0], [0.2, 0.9], [0.25], "SOFTMAX", [0, 1], [0.55, 0.45, -0.15, 1.15]),
        Trees(2, [0, 0], [-1.0, 2.0], [], "NONE", [0, 1], [1.0, -1.0, -2.0, 2.0]),
        Trees(2, [0, 0], [-1.0, 2.0], [], "LOGISTIC", [0, 1], [0.7311, 0.2689, 0.1192, 0.8808]),
        Trees(2, [0, 0], [-1.0, 2.0], [], "SOFTMAX", [0, 1], [1.0, -1.0, -2.0, 2.0]),
        Trees(2, [0, 0], [-1.0, 2.0], [0.25], "NONE", [0, 1], [0.75, -0.75, -2.25, 2.25]),
        Trees(2, [0, 0], [-1.0, 2.0], [0.25], "LOGISTIC", [0, 1], [0.6792, 0.3208, 0.0953, 0.9047]),
        Trees(2, [0, 0], [-1.0, 2.0], [0.25], "SOFTMAX", [0, 1], [0.75, -0.75, -2.25, 2.25]),
        Trees(2, [1, 1], [0.2, 0.9], [], "NONE", [0, 1], [0.0, 0.2, 0.0, 0.9]),
        Trees(2, [1, 1], [0.2, 0.9], [], "LOGISTIC", [0, 1], [0.5, 0.5498, 0.5, 0.7109]),
        Trees(2, [1, 1], [0.2, 0.9], [], "SOFTMAX", [0, 1], [0.4502, 0.5498, 0.2891, 0.7109]),
        Trees(2, [1, 1], [-1.0, 2.0], [], "NONE", [0, 1], [0.0, -1.0, 0.0, 2.0]),
        Trees(2, [1, 1], [-1.0, 2.0], [], "LOGISTIC", [0, 1], [0.5, 0.2689, 0.5, 0.8808]),
        Trees(2, [1, 1], [-1.0, 2.0], [], "SOFTMAX", [0, 1], [0.7311, 0.2689, 0.1192, 0.8808]),
        Trees(2, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [], "NONE", [], [0.2, 0.8, 0.9, 0.1]),
        Trees(2, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [], "LOGISTIC", [], [0.5498, 0.69, 0.7109, 0.525]),
        Trees(2, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [], "SOFTMAX", [], [0.3543, 0.6457, 0.69, 0.31]),
        Trees(2, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [0.25], "NONE", [], [0.45, 0.8, 1.15, 0.1]),
        Trees(2, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [0.25], "LOGISTIC", [], [0.6106, 0.69, 0.7595, 0.525]),
        Trees(2, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [0.25], "SOFTMAX", [], [0.4134, 0.5866, 0.7408, 0.2592]),
        Trees(2, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [], "NONE", [1, 0], [-1.0, 2.0, 1.0, -2.0]),
        Trees(2, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [], "LOGISTIC", [1, 0], [0.2689, 0.8808, 0.7311, 0.1192]),
        Trees(2, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [], "SOFTMAX", [1, 0], [0.0474, 0.9526, 0.9526, 0.0474]),
        Trees(2, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [0.25], "NONE", [1, 0], [-0.75, 2.0, 1.25, -2.0]),
        Trees(
            2, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [0.25], "LOGISTIC", [1, 0], [0.3208, 0.8808, 0.7773, 0.1192]),
        Trees(2, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [0.25], "SOFTMAX", [1, 0], [0.0601, 0.9399, 0.9627, 0.0373]),
        Trees(3, [0, 0], [0.2, 0.9], [], "NONE", [0, 0], [0.2, 0.0, 0.0, 0.9, 0.0, 0.0]),
        Trees(3, [0, 0], [0.2, 0.9], [], "LOGISTIC", [0, 0], [0.5498, 0.5, 0.5, 0.7109, 0.5, 0.5]),
        Trees(3, [0, 0], [0.2, 0.9], [], "SOFTMAX", [0, 0], [0.3792, 0.3104, 0.3104, 0.5515, 0.2242, 0.2242]),
        Trees(3, [0, 0], [-1.0, 2.0], [], "NONE", [0, 0], [-1.0, 0.0, 0.0, 2.0, 0.0, 0.0]),
        Trees(3, [0, 0], [-1.0, 2.0], [], "LOGISTIC", [0, 0], [0.2689, 0.5, 0.5, 0.8808, 0.5, 0.5]),
        Trees(3, [0, 0], [-1.0, 2.0], [], "SOFTMAX", [0, 0], [0.1554, 0.4223, 0.4223, 0.787, 0.1065, 0.1065]),
        Trees(3, [1, 1], [0.2, 0.9], [], "NONE", [1, 1], [0.0, 0.2, 0.0, 0.0, 0.9, 0.0]),
        Trees(3, [1, 1], [0.2, 0.9], [], "LOGISTIC", [1, 1], [0.5, 0.5498, 0.5, 0.5, 0.7109, 0.5]),
        Trees(3, [1, 1], [0.2, 0.9], [], "SOFTMAX", [1, 1], [0.3104, 0.3792, 0.3104, 0.2242, 0.5515, 0.2242]),
        Trees(3, [1, 1], [-1.0, 2.0], [], "NONE", [1, 1], [0.0, -1.0, 0.0, 0.0, 2.0, 0.0]),
        Trees(3, [1, 1], [-1.0, 2.0], [], "LOGISTIC", [1, 1], [0.5, 0.2689, 0.5, 0.5, 0.8808, 0.5]),
        Trees(3, [1, 1], [-1.0, 2.0], [], "SOFTMAX", [1, 1], [0.4223, 0.1554, 0.4223, 0.1065, 0.787, 0.1065]),
        Trees(3, [0, 1], [0.2, 0.9], [], "NONE", [0, 1], [0.2, 0.0, 0.0, 0.0, 0.9, 0.0]),
        Trees(3, [0, 1], [0.2, 0.9], [], "LOGISTIC", [0, 1], [0.5498, 0.5, 0.5, 0.5, 0.7109, 0.5]),
        Trees(3, [0, 1], [0.2, 0.9], [], "SOFTMAX", [0, 1], [0.3792, 0.3104, 0.3104, 0.2242, 0.5515, 0.2242]),
        Trees(3, [0, 1], [-1.0, 2.0], [], "NONE", [0, 1], [-1.0, 0.0, 0.0, 0.0, 2.0, 0.0]),
        Trees(3, [0, 1], [-1.0, 2.0], [], "LOGISTIC", [0, 1], [0.2689, 0.5, 0.5, 0.5, 0.8808, 0.5]),
        Trees(3, [0, 1], [-1.0, 2.0], [], "SOFTMAX", [0, 1], [0.1554, 0.4223, 0.4223, 0.1065, 0.787, 0.1065]),
        Trees(3, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [], "NONE", [1, 0], [0.2, 0.8, 0.0, 0.9, 0.1, 0.0]),
        Trees(
            3, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [], "LOGISTIC", [1, 0], [0.5498, 0.69, 0.5, 0.7109, 0.525, 0.5]),
        Trees(
            3, [0, 1, 0, 1], [0.2, 0.8, 0.9, 0.1], [], "SOFTMAX", [1, 0],
            [0.2747, 0.5005, 0.2249, 0.5388, 0.2421, 0.2191]),
        Trees(3, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [], "NONE", [1, 0], [-1.0, 2.0, 0.0, 1.0, -2.0, 0.0]),
        Trees(
            3, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [], "LOGISTIC", [1, 0], [0.2689, 0.8808, 0.5, 0.7311, 0.1192, 0.5]),
        Trees(
            3, [0, 1, 0, 1], [-1.0, 2.0, 1.0, -2.0], [], "SOFTMAX", [1, 0],
            [0.042, 0.8438, 0.1142, 0.7054, 0.0351, 0.2595]),
    ]

    @Test(arguments: table) func `Trees give what ONNX Runtime gives`(_ trees: Trees) throws {
        let results = try trees.node().run()
        #expect(try zip(results[1].doubles(), trees.scores).allSatisfy { abs($0 - $1) < 2e-4 })
        #expect(results[1].shape == [2, trees.classes])
        if !trees.labels.isEmpty { #expect(try results[0].integers() == trees.labels) }
    }

    static let undefined = [
        Trees(2, [0, 1], [0.2, 0.9], [], "NONE", [], []), Trees(2, [0, 0], [0.2, 0.9], [0.1, 0.2], "NONE", [], []),
        Trees(2, [1, 1], [0.2, 0.9], [0.1], "NONE", [], []), Trees(1, [0, 0], [0.2, 0.9], [], "NONE", [], []),
        Trees(3, [0, 1], [0.2, 0.9], [0.1], "NONE", [], []), Trees(3, [0, 5], [0.2, 0.9], [], "NONE", [], []),
        Trees(3, [0, .max], [0.2, 0.9], [], "NONE", [], []), Trees(3, [0, -1], [0.2, 0.9], [], "NONE", [], []),
    ]

    @Test(arguments: undefined) func `What programs answer differently is refused`(_ trees: Trees) throws {
        #expect(throws: ModuleError.self) { try trees.node().run() }
    }

    /// (aggregate, targets of the first tree, ONNX Runtime's sums for both examples)
    @Test(arguments: [
        ("SUM", 1, [-2.0, 6]), ("AVERAGE", 1, [-1, 3]), ("MIN", 1, [-3, 2]), ("MAX", 1, [1, 4]),
        ("SUM", 2, [-2, 0, 4, 2]), ("AVERAGE", 2, [-1, 0, 2, 1]), ("MIN", 2, [-3, 0, 4, 2]), ("MAX", 2, [1, 0, 4, 2]),
    ]) func `Targets without a leaf are 0`(_ aggregate: String, _ targets: Int, _ sums: [Double]) throws {
        let options: [(name: String, value: ONNXModel.Attribute)] = [
            ("nodes_treeids", .ints([0, 0, 0, 1, 1, 1])), ("nodes_nodeids", .ints([0, 1, 2, 0, 1, 2])),
            ("nodes_featureids", .ints([0, 0, 0, 0, 0, 0])),
            ("nodes_modes", .strings(["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"])),
            ("nodes_values", .floats([0.5, 0, 0, 0.5, 0, 0])), ("nodes_truenodeids", .ints([1, 0, 0, 1, 0, 0])),
            ("nodes_falsenodeids", .ints([2, 0, 0, 2, 0, 0])), ("target_treeids", .ints([0, 0, 1, 1])),
            ("target_nodeids", .ints([1, 2, 1, 2])),
            ("target_ids", .ints(targets == 1 ? [0, 0, 0, 0] : [0, 1, 0, 0])),
            ("target_weights", .floats([1, 2, -3, 4])), ("n_targets", .int(targets)),
            ("aggregate_function", .string(aggregate)),
        ]
        let x = try Tensor([Float(0), 1], shape: [2, 1])
        let node = OneNode("TreeEnsembleRegressor", [x], options, domain: "ai.onnx.ml")
        #expect(try node.run()[0].doubles() == sums)
        // A gradient for the input is an error that names the operator.
        let wanted = try x.clone().requireGradient()
        let total = try OneNode("TreeEnsembleRegressor", [wanted], options, domain: "ai.onnx.ml").run()[0].sum()
        #expect(throws: TensorError.noDerivative(function: "TreeEnsembleRegressor")) { try total.backward() }
    }

    /// (post_transform, scores of x = 0.3, 1 and -2)
    @Test(arguments: [
        ("NONE", [0.7, 0.3, 0, 1, 3, -2]), ("SOFTMAX", [0.7, 0.3, 0, 1, 3, -2]),
        ("LOGISTIC", [0.4256, 0.5744, 0.2689, 0.7311, 0.8808, 0.1192]),
    ]) func `A linear score of two classes is what ONNX Runtime makes of it`(_ transform: String, _ scores: [Double])
        throws
    {
        let results = try OneNode(
            "LinearClassifier", [Tensor([Float(0.3), 1, -2], shape: [3, 1])],
            [
                ("coefficients", .floats([1])), ("intercepts", .floats([0])), ("classlabels_ints", .ints([0, 1])),
                ("post_transform", .string(transform)),
            ], results: 2, domain: "ai.onnx.ml"
        ).run()
        #expect(try results[0].integers() == [1, 1, 0])
        #expect(try zip(results[1].doubles(), scores).allSatisfy { abs($0 - $1) < 1e-4 })
    }
}
