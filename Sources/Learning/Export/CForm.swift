import Tensors

/// What an operation is in C. It stands beside the operation's form in ONNX (``ONNXForm``).
protocol CForm: Graph.Form {
    /// Whether the result is the first input as it lies in memory, so that nothing is to be computed.
    var isSameInMemory: Bool { get }

    /// Adds the statements that compute the operation.
    ///
    /// - Throws: ``ModuleError/export(problem:help:)`` for options and inputs that have no form in C here.
    func write(_ node: Graph.Node, to source: inout CGraph) throws
}

extension CForm {
    var isSameInMemory: Bool { false }
}

extension Graph.Operation {
    /// How it is written in C; nil for what is not written.
    var cForm: (any CForm)? {
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
        case .batchNorm(let form): form
        case .layerNorm(let form): form
        case .rowNorm(let form): form
        case .topK, .interpolation, .lstm, .constant, .effect: nil
        }
    }
}
