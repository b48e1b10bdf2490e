import Data
import Tensors

/// What an operation is in ONNX. It stands beside the operation's other properties (`Graph.Form`), here because `Tensors` knows
/// no files.
protocol ONNXForm: Graph.Form {
    /// The first version of the operator set that has all operators that are written.
    static var opset: Int { get }

    /// Adds the nodes that compute the operation, and gives its results their names.
    ///
    /// - Throws: ``ModuleError/export(problem:help:)`` for options that ONNX cannot express.
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws
}

extension ONNXForm {
    /// Since then reductions, squeezes and paddings take their axes as inputs and products broadcast.
    static var opset: Int { 13 }
}

/// One operation in both runs of a network: what differs between them comes from the number of examples.
struct ONNXSite<Form> {
    /// The node of the smaller run.
    let node: Graph.Node
    /// The same with more examples.
    let other: Graph.Node
    /// The options in the larger run.
    let otherForm: Form
}

extension Graph.Operation {
    /// How it is written in ONNX; nil for what is not written: constants become initializers, effects have no form.
    var onnxForm: (any ONNXForm)? {
        switch self {
        case .arithmetic(let form): form
        case .comparison(let form): form
        case .logic(let form): form
        case .pointwise(let form): form
        case .classification(let form): form
        case .conversion(let form): form
        case .identity(let form): form
        case .choice(let form): form
        case .attentionBias(let form): form
        case .reshape(let form): form
        case .expand(let form): form
        case .permute(let form): form
        case .slice(let form): form
        case .concatenation(let form): form
        case .padding(let form): form
        case .triangle(let form): form
        case .indexSelect(let form): form
        case .gather(let form): form
        case .topK(let form): form
        case .cumulativeSum(let form): form
        case .reduction(let form): form
        case .softmax(let form): form
        case .linear(let form): form
        case .matrixProduct(let form): form
        case .convolution(let form): form
        case .transposedConvolution(let form): form
        case .maxPool(let form): form
        case .averagePool(let form): form
        case .adaptiveAveragePool(let form): form
        case .interpolation(let form): form
        case .batchNorm(let form): form
        case .layerNorm(let form): form
        case .rowNorm(let form): form
        case .lstm(let form): form
        case .constant, .effect: nil
        }
    }

    /// Whether it computes something: constants and effects that change nothing may occur differently often in two runs.
    var isComputation: Bool {
        switch self {
        case .constant, .effect(.reads), .effect(.draws): false
        default: true
        }
    }

    /// Whether it is the same operation, its options apart.
    func isAlike(_ other: Graph.Operation) -> Bool { name == other.name }
}

extension ONNXGraph {
    /// Adds what an operation is in ONNX.
    mutating func convert(_ node: Graph.Node, _ other: Graph.Node) throws {
        guard let form = node.operation.onnxForm else {
            throw ModuleError.export(
                problem: "\(node.operation.name) has no form in ONNX here",
                help: "save(net, \"net.distill\") or save(net, \"net.safetensors\") keep the network")
        }
        try write(form, node, other)
    }

    private mutating func write<Form: ONNXForm>(_ form: Form, _ node: Graph.Node, _ other: Graph.Node) throws {
        guard let second = other.operation.form as? Form, Form.opset <= ONNXModel.opset else {
            throw ModuleError.export(
                problem: "\(form.name) has no form in opset \(ONNXModel.opset) of ONNX",
                help: "save(net, \"net.distill\") or save(net, \"net.safetensors\") keep the network")
        }
        try form.write(ONNXSite(node: node, other: other, otherForm: second), to: &self)
    }

    // MARK: Access

    /// The kind of the first result.
    func output<Form>(_ site: ONNXSite<Form>) -> Graph.Kind { small.graph.kind(site.node.outputs[0]) }

    /// The tensor of an input in the smaller run.
    func tensor<Form>(_ site: ONNXSite<Form>, _ position: Int = 0) -> Tensor? {
        small.graph.tensor(site.node.inputs[position])
    }

    /// The same in the larger run.
    func otherTensor<Form>(_ site: ONNXSite<Form>, _ position: Int = 0) -> Tensor? {
        large.graph.tensor(site.other.inputs[position])
    }

    /// The input at a position as it is, or converted.
    mutating func input<Form>(_ site: ONNXSite<Form>, _ position: Int = 0, dtype: DType? = nil) throws -> String {
        try name(site.node.inputs[position], site.other.inputs[position], of: site.node, dtype: dtype)
    }

    /// Gives the results their names.
    mutating func bind<Form>(_ site: ONNXSite<Form>, _ results: [String]) { bind(site.node, results) }

    /// Numbers that were seen in both runs as sizes.
    func sizes(_ small: some Sequence<Int>, _ large: some Sequence<Int>) -> [BatchSize] {
        zip(small, large).map { size(($0, $1)) }
    }

    /// Numbers that must not depend on the batch.
    func fixed<Value: Equatable>(_ small: Value, _ large: Value, _ option: String, of name: String) throws -> Value {
        guard small == large else {
            throw ModuleError.export(problem: "\(option) of \(name) depends on the number of examples", help: nil)
        }
        return small
    }

    /// A reshape whose sizes may grow with the batch: one of them is left to be found out.
    mutating func reshaped(_ x: String, _ target: [BatchSize]) throws -> String {
        let growing = target.filter { !$0.isFixed }
        guard growing.count == 1, !target.contains(BatchSize(0)) else {
            return one("Reshape", [x, try sizes(target)])
        }
        return one("Reshape", [x, try integers(target.map { $0.isFixed ? $0.constant : -1 })])
    }
}

extension Graph {
    /// The tensor of an input that is one.
    fileprivate func tensor(_ input: Input?) -> Tensor? {
        if case .value(let number)? = input { tensor(number) } else { nil }
    }
}
