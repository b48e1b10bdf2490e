import Data
import Tensors

/// How an operator of ONNX is computed. Each stands beside the operation that is written as it (`ONNXForm`).
public struct ONNXOperator: Sendable {
    /// What computes the results of one node. What its options determine is worked out once, when the network is opened.
    typealias Run = @Sendable (ONNXCall) throws -> [Tensor]

    /// The computation for a node, given as a call without inputs.
    let open: @Sendable (ONNXCall) throws -> Run
    /// What files of PyTorch call the inputs that are weights, by position; nothing for operators without weights.
    let weights: [Int: String]
    /// Which of them are statistics and not trained.
    let statistics: Set<Int>

    init(
        weights: [Int: String] = [:], statistics: Set<Int> = [],
        _ run: @escaping Run
    ) {
        (open, self.weights, self.statistics) = ({ _ in run }, weights, statistics)
    }

    /// An operator whose options are worth reading once.
    init(opening open: @escaping @Sendable (ONNXCall) throws -> Run) {
        (self.open, weights, statistics) = (open, [:], [])
    }

    /// An operator of one result.
    static func one(
        weights: [Int: String] = [:], _ run: @escaping @Sendable (ONNXCall) throws -> Tensor
    ) -> ONNXOperator { ONNXOperator(weights: weights) { [try run($0)] } }

    /// The operators of ONNX's own domain that are read, by name.
    static let all: [String: ONNXOperator] = {
        var all: [String: ONNXOperator] = [:]
        let families = [
            elements, images, windows, normalizations, products, reductions, shapes, selections, attentions, losses,
            bits,
            inverses, quantised, recurrences, samplings, choices, signals,
        ]
        for family in families {
            all.merge(family) { first, _ in first }
        }
        return all
    }()
    /// The operator of a node, if it is read.
    static func of(_ node: ONNXModel.Node) -> ONNXOperator? {
        switch node.domain {
        case "": all[node.operation]
        case "ai.onnx.ml": learned[node.operation]
        default: nil
        }
    }

    /// The operators that are read, by domain, in order.
    public static let names: [(domain: String, names: [String])] = [
        ("ONNX", all.keys.sorted()), ("ai.onnx.ml", learned.keys.sorted()),
    ]

    /// x Wᵀ: a product with a transposed weight, as a linear layer has it.
    static let turnedProduct = ONNXOperator.one(weights: [1: "weight"]) { try $0.x().linear($0.x(1)) }

    /// The newest operator set that is known.
    public static let newestOpset = 28
    /// The oldest operator set that is read.
    public static let oldestOpset = 7
}
