import Learning
import Tensors

/// What makes a student's feature comparable with the teacher's.
public enum AdapterChoice {
    /// Nothing for equal shapes, else a learned layer.
    case auto
    /// Unequal shapes are an error.
    case none
    /// A module of one's own, trained along.
    case module(Module)
}

/// Learned layers between features of unlike shapes.
public enum Adapters {
    /// The layer for two feature shapes, batch dimension included: `Linear` on the last dimension where only that differs.
    /// Maps [B, C, H, W] go through `convolution`, which the owner of the convolution layers provides.
    ///
    /// - Returns: nil when the shapes are equal.
    /// - Throws: ``DistillationError/noAdapter(term:pair:student:teacher:)``.
    public static func make(
        student: [Int], teacher: [Int], choice: AdapterChoice, term: String, pair: String
    ) throws -> Module? {
        let failure = DistillationError.noAdapter(term: term, pair: pair, student: student, teacher: teacher)
        switch choice {
        case .module(let module): return module
        case .none:
            guard student == teacher else { throw failure }
            return nil
        case .auto:
            if student == teacher { return nil }
            guard student.count == teacher.count, let from = student.last, let to = teacher.last else { throw failure }
            if student.count <= 3, student.dropLast() == teacher.dropLast() { return try Linear(from, to) }
            if student.count == 4, let module = try convolution(student, teacher) { return module }
            throw failure
        }
    }

    /// 1×1 convolution with pooling or interpolation to the teacher's size.
    static func convolution(_ student: [Int], _ teacher: [Int]) throws -> Module? {
        try MapAdapter(student: student, teacher: teacher)
    }
}

extension TermContext {
    /// The layer between the student's feature of a pair and the teacher's; nil where none is wanted.
    ///
    /// - Throws: ``DistillationError/noAdapter(term:pair:student:teacher:)``.
    func adapter(_ student: [Int], _ teacher: [Int], _ choice: AdapterChoice, for term: Term, pair index: Int) throws
        -> Module?
    {
        try Adapters.make(
            student: student, teacher: teacher, choice: choice, term: term.name,
            pair: pairs.indices.contains(index) ? pairs[index].description : "the pair")
    }
}

/// A 1×1 convolution over channels, after the map was averaged down to the teacher's size where it is larger.
///
/// The convolution is a product over the channel dimension. It is initialised as PyTorch's `Conv2d` is.
public final class MapAdapter: Module {
    private let weight: Tensor
    private let bias: Tensor
    private let target: [Int]

    /// For maps [B, C, H, W].
    ///
    /// - Throws: a limit error when memory is short.
    public init(student: [Int], teacher: [Int]) throws {
        target = Array(teacher.suffix(2))
        let bound = 1 / Double(max(1, student[1])).squareRoot()
        weight = try Tensor.initialized([teacher[1], student[1], 1, 1], bound: bound)
        bias = try Tensor.initialized([teacher[1]], bound: bound)
        super.init()
        register(parameter: weight, as: "weight")
        register(parameter: bias, as: "bias")
    }

    /// [B, C, H, W] → [B, C', H', W'].
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 4 else {
            throw ModuleError.input(layer: "adapter", problem: "expected [B, C, H, W], given \(x.shape)", help: nil)
        }
        let sized = try Maps.resized(x, to: target)
        let (batch, channels, height, width) = (x.shape[0], x.shape[1], target[0], target[1])
        let columns = try sized.reshape([batch, channels, height * width])
        let flat = try weight.reshape([weight.shape[0], channels])
        let product = try flat.matmul(columns) + bias.reshape([bias.count, 1])
        return try product.reshape([batch, bias.count, height, width])
    }
}
