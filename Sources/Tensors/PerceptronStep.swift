import CKernels

/// A layer x Wᵀ + b, with max(·, 0) behind it if asked.
package struct LinearLayer {
    /// W, [out, in].
    package let weight: Tensor
    /// b, [out].
    package let bias: Tensor?
    /// Whether ReLU follows.
    package let relu: Bool

    /// A layer of given parameters.
    package init(weight: Tensor, bias: Tensor?, relu: Bool) {
        self.weight = weight
        self.bias = bias
        self.relu = relu
    }
}

/// The training step of a perceptron, planned once for batches of one size and gone through again in every step: forward
/// pass, loss and backward pass in memory that is taken once, as one operation of the graph.
///
/// The kernels are those that ``Tensor/linear(_:bias:relu:)``, ``Tensor/crossEntropy(_:weight:ignoreIndex:labelSmoothing:reduction:)``
/// and ``Tensor/distillationLoss(teacher:labels:temperature:soft:hard:)`` call, in the same order: the numbers are the same
/// to the last bit. A loss has to be walked back before the next one is computed.
package final class PerceptronStep {
    private let layers: [LinearLayer]
    private let rows: Int
    private let dtype: DType
    /// What the layers give, [rows, out].
    private let outs: [Values]
    /// The gradients of it.
    private let slopes: [Values]
    /// Loss and weight of each row.
    private let losses: Values, weights: Values
    /// The inputs of the operation: x, each layer's weight, then the biases that there are.
    private let parameters: [Tensor]
    private let biasEdges: [Int?]
    /// Grows with every loss and when it is walked back.
    fileprivate private(set) var number = 0

    /// A plan for `rows` examples; nil for layers that do not fit together, whose parameters appear twice, that are traced,
    /// or that need more than 64 MB.
    /// - Throws: `TensorError.outOfMemory`.
    package init?(_ layers: [LinearLayer], rows: Int) throws {
        guard let first = layers.first, first.weight.dtype.isFloating, rows > 0, !ck_tracing() else { return nil }
        dtype = first.weight.dtype
        guard Self.fit(layers, dtype) else { return nil }
        self.layers = layers
        self.rows = rows
        let dtype = dtype
        let sizes = layers.map { Self.rounded(rows * $0.outputs) } + [Self.rounded(rows)]
        let count = 2 * sizes.reduce(0, +)
        guard count * dtype.itemSize <= Self.largestRoom else { return nil }
        let room = try Values(Shape(count), dtype)
        var start = 0
        func part(_ shape: Shape) -> Values {
            defer { start += Self.rounded(shape.elementCount) }
            return room.part(at: start, shape)
        }
        outs = layers.map { part(Shape(rows, $0.outputs)) }
        slopes = layers.map { part(Shape(rows, $0.outputs)) }
        losses = part(Shape(rows))
        weights = part(Shape(rows))
        var edges: [Int?] = [], next = 2 + layers.count
        for layer in layers {
            edges.append(layer.bias == nil ? nil : next)
            next += layer.bias == nil ? 0 : 1
        }
        biasEdges = edges
        parameters = layers.map(\.weight) + layers.compactMap(\.bias)
    }

    /// Bytes from which on the graph's objects cost nothing beside the work, and its memory is better given back.
    private static let largestRoom = 64 << 20

    /// Up to a whole line of the cache.
    private static func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    private static func fit(_ layers: [LinearLayer], _ dtype: DType) -> Bool {
        var seen: Set<ObjectIdentifier> = []
        var inputs = layers.first?.inputs
        for layer in layers {
            guard layer.weight.rank == 2, layer.inputs == inputs, layer.weight.dtype == dtype,
                seen.insert(ObjectIdentifier(layer.weight)).inserted
            else { return false }
            if let bias = layer.bias {
                guard bias.dtype == dtype, bias.shape == [layer.outputs], seen.insert(ObjectIdentifier(bias)).inserted
                else { return false }
            }
            inputs = layer.outputs
        }
        return true
    }

    /// Whether the plan is for these layers and batches like `x`.
    package func suits(_ layers: [LinearLayer], _ x: Tensor) -> Bool {
        guard layers.count == self.layers.count, Gradients.isEnabled, x.rank == 2, x.dtype == dtype, x.shape[0] == rows,
            x.shape[1] == self.layers[0].inputs, !ck_tracing()
        else { return false }
        for (own, other) in zip(self.layers, layers) {
            guard own.weight === other.weight, own.bias === other.bias, own.relu == other.relu else { return false }
        }
        return true
    }

    /// The number of classes.
    package var classes: Int { layers[layers.count - 1].outputs }

    private func forward(_ x: Tensor) {
        number += 1
        var input = x.values
        for (layer, out) in zip(layers, outs) {
            Kernels.linear(
                input, layer.weight.values, layer.bias?.values, relu: layer.relu, m: rows, n: layer.outputs,
                k: layer.inputs, into: out)
            input = out
        }
    }

    private func result(_ total: Values, _ x: Tensor, divisor: Double?) -> Tensor {
        guard parameters.contains(where: \.requiresGradient) || x.requiresGradient else { return Tensor(total) }
        return Tensor(total, PerceptronLoss(self, x, parameters, divisor: divisor))
    }

    /// The mean cross entropy of the last layer's logits with class indices [rows], none of them negative.
    /// - Throws: `TensorError.classOutOfRange`.
    package func crossEntropy(_ x: Tensor, _ labels: Tensor) throws -> Tensor {
        forward(x)
        let last = layers.count - 1
        try Kernels.crossEntropy(
            outs[last], labels.values, nil, smoothing: 0, ignore: -100, losses, weights, slopes[last], n: classes)
        let sum = try losses.reduced(CK_SUM, dims: [0]).reshaped(.scalar)
        let divisor = try weights.reduced(CK_SUM, dims: [0]).scalar(at: 0).double
        let total = try Kernels.binary(CK_DIV, sum, scalar: .float(divisor), name: "cross_entropy")
        return result(total, x, divisor: divisor)
    }

    /// Soft and hard loss, see ``Tensor/distillationLoss(teacher:labels:temperature:soft:hard:)``; `teacher` has the logits'
    /// shape and dtype, and the labels are class indices [rows].
    /// - Throws: `TensorError.classOutOfRange`.
    package func distillationLoss(
        _ x: Tensor, teacher: Tensor, labels: Tensor?, temperature: Double, soft: Double, hard: Double
    ) throws -> (total: Tensor, soft: Double, hard: Double) {
        forward(x)
        let last = layers.count - 1
        let loss = try Kernels.distillation(
            outs[last], teacher.values, labels?.values, temperature: temperature, soft: soft, hard: hard, slopes[last],
            rows: rows, n: classes)
        return (result(try Kernels.filled(.scalar, dtype, .float(loss.total)), x, divisor: nil), loss.soft, loss.hard)
    }

    /// The weights that gradients go down through, as they are now: the first one only if x wants a gradient.
    fileprivate func savedWeights(_ x: Tensor) -> [Saved?] {
        layers.indices.map { $0 > 0 || x.requiresGradient ? Saved(layers[$0].weight) : nil }
    }

    /// Sends the gradients of the last loss, times `factor`; the slopes are used up.
    fileprivate func backward(
        _ x: Saved, _ weights: [Saved?], from operation: Operation, times factor: Double?, _ walk: Walk
    ) throws {
        number += 1
        let wantsInput = operation.needs(0)
        let wanted = layers.indices.first { operation.needs(2 + $0) || biasEdges[$0].map(operation.needs) == true }
        guard let lowest = wantsInput ? 0 : wanted else { return }
        if let factor { _ = try Kernels.affine(slopes[layers.count - 1], factor, into: slopes[layers.count - 1]) }
        for index in (lowest..<layers.count).reversed() {
            let layer = layers[index], g = slopes[index], n = layer.outputs, k = layer.inputs
            try sendBias(of: index, from: operation, walk)
            if operation.needs(2 + index) {
                let input = try index == 0 ? x.restored(for: "linear") : outs[index - 1]
                if let place = walk.target(operation.edge(2 + index)) {
                    Kernels.gemm(g, input, transposeA: true, m: n, n: k, k: rows, beta: place.beta, into: place.values)
                } else {
                    let out = try Values(Shape(n, k), dtype)
                    Kernels.gemm(g, input, transposeA: true, m: n, n: k, k: rows, into: out)
                    try operation.send(out, to: 2 + index, walk)
                }
            }
            guard index > lowest || wantsInput, let weight = try weights[index]?.restored(for: "linear") else {
                continue
            }
            let out = try index > 0 ? slopes[index - 1] : Values(Shape(rows, k), dtype)
            Kernels.gemm(g, weight, m: rows, n: k, k: n, into: out)
            if index == 0 { try operation.send(out, to: 0, walk) }
        }
    }

    /// Zeros the gradient where ReLU cut off and sums it up for the bias.
    private func sendBias(of index: Int, from operation: Operation, _ walk: Walk) throws {
        let layer = layers[index], g = slopes[index], n = layer.outputs
        guard let edge = biasEdges[index], operation.needs(edge) else {
            if layer.relu { Kernels.reluBiasBackward(g, outs[index], into: g, bias: nil, rows: rows, columns: n) }
            return
        }
        let place = walk.target(operation.edge(edge))
        let isDirect = place?.beta == 0
        let sums = isDirect ? place?.values : nil
        let out = try sums ?? Values(Shape(n), dtype)
        if layer.relu {
            Kernels.fill(out, .float(0))
            Kernels.reluBiasBackward(g, outs[index], into: g, bias: out, rows: rows, columns: n)
        } else {
            _ = try Kernels.reduce(CK_SUM, g, outer: 1, n: rows, inner: n, Shape(n), into: out)
        }
        if !isDirect { try operation.send(out, to: edge, walk) }
    }
}

extension LinearLayer {
    fileprivate var outputs: Int { weight.shape[0] }
    fileprivate var inputs: Int { weight.shape[1] }
}

/// The loss of a planned step.
private final class PerceptronLoss: Operation {
    private let plan: PerceptronStep
    private let planNumber: Int
    private let x: Saved, weights: [Saved?]
    /// What the rows' losses were divided by and the slopes were not yet; nil where they were.
    private let divisor: Double?
    override class var name: String { "linear" }

    init(_ plan: PerceptronStep, _ x: Tensor, _ parameters: [Tensor], divisor: Double?) {
        self.plan = plan
        planNumber = plan.number
        self.x = Saved(x)
        weights = plan.savedWeights(x)
        self.divisor = divisor
        super.init(x, others: parameters)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        guard plan.number == planNumber else { throw TensorError.overwritten("the loss of an earlier step") }
        let upstream = gradient.scalar(at: 0).double
        let factor = divisor.map { upstream / $0 } ?? (upstream == 1 ? nil : upstream)
        try plan.backward(x, weights, from: self, times: factor, walk)
    }
}
