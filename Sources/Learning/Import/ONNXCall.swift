import Data
import Tensors

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

    /// An input that has to have so many dimensions.
    func x(_ position: Int = 0, ranks: ClosedRange<Int>) throws -> Tensor {
        let tensor = try x(position)
        guard ranks.contains(tensor.rank) else {
            let wanted =
                ranks.count == 1
                ? "\(ranks.lowerBound)"
                : ranks.upperBound > Shape.maximumRank
                    ? "at least \(ranks.lowerBound)" : "\(ranks.lowerBound) to \(ranks.upperBound)"
            throw refusal("input \(position) is \(tensor.shape) and not of \(wanted) dimensions")
        }
        return tensor
    }

    /// How the numbers of an input stood in the file, where that is known.
    func element(_ position: Int) -> StoredElement? { elements.indices.contains(position) ? elements[position] : nil }

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

    // MARK: Sizes

    /// The largest size, step or distance: sums and products of two of them are numbers.
    static let largestSize = 1 << 31
    /// The most elements of what is worked out beside the results.
    static let largestWork = 1 << 26

    /// - Throws: ``ModuleError/argument(layer:problem:)`` for a number outside a range that sizes lie in.
    func bounded(
        _ numbers: [Int], _ name: String, in range: ClosedRange<Int> = 0...ONNXCall.largestSize
    ) throws -> [Int] {
        guard numbers.allSatisfy(range.contains) else {
            throw refusal("\(name)=\(numbers) is not within \(range.lowerBound) … \(range.upperBound)")
        }
        return numbers
    }

    /// An option that is a size.
    func size(_ name: String, _ usual: Int, in range: ClosedRange<Int> = 0...ONNXCall.largestSize) throws -> Int {
        guard let number = int(name) else { return usual }
        guard range.contains(number) else {
            throw refusal("\(name)=\(number) is not within \(range.lowerBound) … \(range.upperBound)")
        }
        return number
    }

    /// An option of sizes.
    func sizes(_ name: String, in range: ClosedRange<Int> = 0...ONNXCall.largestSize) throws -> [Int]? {
        try ints(name).map { try bounded($0, name, in: range) }
    }

    /// An input of sizes.
    func sizes(_ position: Int, in range: ClosedRange<Int> = 0...ONNXCall.largestSize) throws -> [Int]? {
        try integers(position).map { try bounded($0, "input \(position)", in: range) }
    }

    /// How many elements there are of these sizes.
    ///
    /// - Throws: `TensorError` for a size below 0 and for more elements than any memory holds.
    func count(_ sizes: [Int]) throws -> Int {
        // More dimensions than tensors have may come together here.
        var shape: [Int] = [1]
        for size in sizes { shape = [try Shape([shape[0], size], for: node.operation).elementCount] }
        return shape[0]
    }

    /// The same for what is worked out beside the results.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` beyond what is reasonable, naming the sizes.
    func work(_ sizes: [Int], _ what: String) throws -> Int {
        let count = (try? self.count(sizes)) ?? .max
        guard count <= Self.largestWork else {
            let list = sizes.map(String.init).joined(separator: " · ")
            throw refusal("\(what) would take \(list) numbers, and at most \(Self.largestWork) are computed")
        }
        return count
    }

    /// A result whose gradient for the inputs at these positions is not known.
    func withoutGradient(_ result: Tensor, for positions: Int...) -> Tensor {
        result.withoutDerivative(for: positions.compactMap { optional($0) }, of: node.operation)
    }

    /// The results of a computation; what a tensor function refuses in it, the operator refuses by its name.
    func results(_ run: ONNXOperator.Run) throws -> [Tensor] {
        do {
            return try run(self)
        } catch let error as TensorError {
            switch error.kind {
            case .interrupt: throw error
            case .limit:
                if case .tooLarge(_, let sizes) = error {
                    throw TensorError.tooLarge(function: node.operation, sizes: sizes)
                }
                throw error
            default:
                throw ModuleError.input(
                    layer: node.operation + (node.name.isEmpty ? "" : " \"\(node.name)\""), problem: error.message,
                    help: nil)
            }
        }
    }

    /// The error for what this reader has no form of.
    func refusal(_ problem: String) -> ModuleError {
        .argument(layer: node.operation, problem: problem)
    }

    /// A dimension, counted from the end if negative.
    func dimension(_ axis: Int, of rank: Int) throws -> Int {
        guard axis >= -rank, axis < rank else { throw refusal("axis \(axis) is outside \(rank) dimensions") }
        return axis < 0 ? axis + rank : axis
    }
}
