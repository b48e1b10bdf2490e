import Data
import Learning
import OrderedCollections
import Tensors

/// A network of one operator, for tests: its inputs are all given.
struct OneNode {
    var operation: String
    var inputs: [Tensor?]
    var options: [(name: String, value: ONNXModel.Attribute)] = []
    var results = 1
    var domain = ""
    var opset = 22
    /// How the numbers of inputs stand in the file.
    var elements: [Int: StoredElement] = [:]

    init(
        _ operation: String, _ inputs: [Tensor?], _ options: [(name: String, value: ONNXModel.Attribute)] = [],
        results: Int = 1, domain: String = "", opset: Int = 22, elements: [Int: StoredElement] = [:]
    ) {
        (self.operation, self.inputs, self.options, self.results) = (operation, inputs, options, results)
        (self.domain, self.opset, self.elements) = (domain, opset, elements)
    }

    func network() throws -> ONNXNetwork {
        var model = ONNXModel()
        model.operatorSet = opset
        if !domain.isEmpty { model.domains[domain] = 3 }
        for (index, input) in inputs.enumerated() {
            guard let input else { continue }
            var port = ONNXModel.Port("x\(index)", input.dtype, [])
            port.element = elements[index]
            model.inputs.append(port)
        }
        var node = ONNXModel.Node(
            operation, inputs.enumerated().map { $1 == nil ? "" : "x\($0)" }, (0..<results).map { "y\($0)" }, options)
        node.domain = domain
        model.nodes = [node]
        for index in 0..<results { model.outputs.append(ONNXModel.Port("y\(index)", .float32, [])) }
        return try ONNXNetwork(model, outputs: (0..<results).map { "y\($0)" })
    }

    /// What it gives.
    func run() throws -> [Tensor] {
        var given: OrderedDictionary<String, Tensor> = [:]
        for (index, input) in inputs.enumerated() { given["x\(index)"] = input }
        return try network().results(given)
    }
}
