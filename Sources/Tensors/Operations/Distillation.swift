import CKernels

extension Tensor {
    /// Soft and hard loss of a student in one pass with their gradient:
    /// soft · T² · KL(softmax(t/T) ‖ softmax(s/T)) + hard · CE(s, y), each the mean over rows.
    /// - Parameters:
    ///   - teacher: Logits [N, C]; no gradient flows to them.
    ///   - labels: Class indices [N], needed when `hard` is not 0.
    ///   - temperature: T, above 0.
    ///   - soft: Weight of the soft loss.
    ///   - hard: Weight of the hard loss.
    /// - Returns: The weighted total, and both losses unweighted (the soft one with its T²).
    /// - Throws: `TensorError` for shapes and dtypes that do not fit, and for labels outside the classes.
    /// - Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015.
    public func distillationLoss(
        teacher: Tensor, labels: Tensor?, temperature: Double, soft: Double, hard: Double
    ) throws -> (total: Tensor, soft: Double, hard: Double) {
        let name = "soft"
        guard rank == 2 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "logits of [N, C]", argument: 0)
        }
        guard teacher.shape == shape else {
            throw TensorError.unequalShapes(function: name, first: shape, second: teacher.shape)
        }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "float logits")
        }
        guard teacher.dtype == dtype else {
            throw TensorError.unequalDTypes(function: name, first: dtype, second: teacher.dtype)
        }
        guard temperature > 0, temperature.isFinite else {
            throw TensorError.wrongValue(function: name, argument: "T", value: "\(temperature)", expected: "above 0")
        }
        if let labels {
            guard labels.shape == [shape[0]] else {
                throw TensorError.wrongShape(
                    function: "hard", shape: labels.shape, expected: "labels of [\(shape[0])]", argument: 1)
            }
            guard labels.dtype == .int64 else {
                throw TensorError.wrongDType(function: "hard", dtype: labels.dtype, expected: "class indices (int64)")
            }
        } else if hard != 0 {
            throw TensorError.wrongValue(function: "hard", argument: "y", value: "none", expected: "given")
        }
        let rows = shape[0], n = shape[1]
        guard rows > 0, n > 0 else { throw TensorError.emptyReduction(function: name, shape: shape) }
        let gradient = try Values(shape, dtype)
        let loss = try Kernels.distillation(
            values, teacher.values, labels?.values, temperature: temperature, soft: soft, hard: hard, gradient,
            rows: rows,
            n: n)
        let total = try Kernels.filled(.scalar, dtype, .float(loss.total))
        return (isRecorded ? Tensor(total, DistillationLoss(self, gradient)) : Tensor(total), loss.soft, loss.hard)
    }
}

/// A loss whose gradient was computed along with it.
private final class DistillationLoss: Operation {
    private let slopes: Values
    override class var name: String { "soft" }

    init(_ student: Tensor, _ slopes: Values) {
        self.slopes = slopes
        super.init(student)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let factor = gradient.scalar(at: 0).double
        try send(factor == 1 ? slopes : try Kernels.affine(slopes, factor), to: 0, walk)
    }
}
