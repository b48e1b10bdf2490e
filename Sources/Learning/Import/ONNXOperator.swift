import Data
import Tensors

/// How an operator of ONNX is computed. Each stands beside the operation that is written as it (`ONNXForm`).
public struct ONNXOperator: Sendable {
    /// The results for a node's inputs.
    let run: @Sendable (ONNXCall) throws -> [Tensor]
    /// What files of PyTorch call the inputs that are weights, by position; nothing for operators without weights.
    let weights: [Int: String]
    /// Which of them are statistics and not trained.
    let statistics: Set<Int>

    init(
        weights: [Int: String] = [:], statistics: Set<Int> = [],
        _ run: @escaping @Sendable (ONNXCall) throws -> [Tensor]
    ) {
        (self.run, self.weights, self.statistics) = (run, weights, statistics)
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

/// One node with what goes into it.
struct ONNXCall {
    let node: ONNXModel.Node
    /// The version of the operators.
    let opset: Int
    /// What goes in; nil for what is left out.
    let inputs: [Tensor?]
    /// How the numbers of the inputs stood in the file, where that is known.
    var elements: [StoredElement?] = []

    /// An input that has to be there.
    func x(_ position: Int = 0) throws -> Tensor {
        guard let tensor = optional(position) else { throw refusal("input \(position) is missing") }
        return tensor
    }

    /// An input that may be left out.
    func optional(_ position: Int) -> Tensor? { inputs.indices.contains(position) ? inputs[position] : nil }

    /// The numbers of an input of integers.
    func integers(_ position: Int) throws -> [Int]? { try optional(position)?.to(.int64).integers() }

    /// The number in an input of one.
    func number(_ position: Int) throws -> Double? {
        guard let tensor = optional(position) else { return nil }
        guard tensor.count == 1 else { throw refusal("input \(position) has \(tensor.count) elements instead of one") }
        return try tensor.item().double
    }

    /// The number in an input of one whole number.
    func whole(_ position: Int) throws -> Int? {
        guard let tensor = optional(position) else { return nil }
        guard tensor.count == 1, !tensor.dtype.isFloating else {
            throw refusal("input \(position) is \(tensor.dtype) \(tensor.shape) instead of one whole number")
        }
        return try tensor.to(.int64).integers()[0]
    }

    /// Whether a result is asked for.
    func wants(_ position: Int) -> Bool {
        node.outputs.indices.contains(position) && !node.outputs[position].isEmpty
    }

    // MARK: Options

    private func value(_ name: String) -> ONNXModel.Attribute? { node.attributes.first { $0.name == name }?.value }

    func int(_ name: String) -> Int? { if case .int(let number)? = value(name) { number } else { nil } }
    func int(_ name: String, _ usual: Int) -> Int { int(name) ?? usual }
    func flag(_ name: String, _ usual: Bool = false) -> Bool { int(name).map { $0 != 0 } ?? usual }
    func ints(_ name: String) -> [Int]? { if case .ints(let numbers)? = value(name) { numbers } else { nil } }
    func float(_ name: String, _ usual: Double) -> Double {
        if case .float(let number)? = value(name) { number } else { usual }
    }
    /// A number without a usual value.
    func number(_ name: String) -> Double? { if case .float(let number)? = value(name) { number } else { nil } }
    func floats(_ name: String) -> [Double]? { if case .floats(let numbers)? = value(name) { numbers } else { nil } }
    func text(_ name: String, _ usual: String) -> String {
        if case .string(let text)? = value(name) { text } else { usual }
    }
    func texts(_ name: String) -> [String]? { if case .strings(let texts)? = value(name) { texts } else { nil } }
    func tensor(_ name: String) -> Tensor? { node.tensors[name]?.tensor }

    /// The error for what this reader has no form of.
    func refusal(_ problem: String) -> ModuleError {
        .argument(layer: node.operation, problem: problem)
    }

    /// A dimension, counted from the end if negative.
    func dimension(_ axis: Int, of rank: Int) throws -> Int {
        guard axis >= -rank, axis < max(rank, 1) else { throw refusal("axis \(axis) is outside \(rank) dimensions") }
        return axis < 0 ? axis + rank : axis
    }
}
