import Glibc
import Tensors

/// `soft` from a teacher whose wrong rows were repaired with the label.
///
/// T. Wen, S. Lai, X. Qian, *Preparing Lessons: Improve Knowledge Distillation with Better Supervision*, arXiv:1911.07471;
/// the smoothed label as in KD_Lib, where it has probability 0.9 and is not softened.
public final class RepairedTeacherTerm: Term {
    /// 0.9 beside 0.1 · hard(), as soft().
    public override class var suggestedWeight: Double { 0.9 }
    /// How a row is repaired whose largest logit is not the label's.
    public enum Repair: Sendable, Equatable {
        /// The label's logit and the largest change places.
        case swap
        /// The row becomes the smoothed label, whatever T: 1 − ε at the label, ε/(K − 1) elsewhere.
        case smooth(Double)
    }

    /// The repair.
    public let repair: Repair
    /// T.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T or ε outside its range.
    public init(_ repair: Repair, temperature: Double = 4, name: String? = nil) throws {
        let method = repair == .swap ? "label_swap" : "label_smooth_teacher"
        try requirePositive(method, "T", temperature)
        if case .smooth(let epsilon) = repair, !(epsilon > 0 && epsilon < 1) {
            throw DistillationError.option(
                term: method, problem: "epsilon must lie between 0 and 1, given \(number(epsilon))")
        }
        self.repair = repair
        self.temperature = temperature
        super.init(method, name: name)
    }

    /// The options as they are written.
    public override var options: String {
        if case .smooth(let epsilon) = repair { return "epsilon=\(number(epsilon)), T=\(number(temperature))" }
        return "T=\(number(temperature))"
    }
    /// The formula.
    public override var formula: String { "soft(T) with the teacher's wrong rows repaired" }
    /// The label says which rows are wrong.
    public override var needsLabels: Bool { true }

    /// The divergence from the repaired rows.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let teacher = try input.teacherLogits(at: temperature, for: self)
        let student = input.student.logits
        try requireEqualLogits(self, student, teacher)
        let labels = try input.classes(for: self)
        _ = try TargetMask(self, labels, classes: student.shape[1])
        let repaired = try repaired(teacher, labels.integers())
        let factor = Scalar(temperature * temperature / Double(max(1, student.shape[0])))
        return try Logits.divergenceSum(student: student, teacher: repaired, temperature: temperature) * factor
    }

    private func repaired(_ teacher: Tensor, _ labels: [Int]) throws -> Tensor {
        var values = try teacher.doubles()
        let classes = teacher.shape[1]
        for (row, label) in labels.enumerated() {
            let start = row * classes
            var top = start
            for position in start..<start + classes where values[position] > values[top] { top = position }
            guard top != start + label else { continue }
            switch repair {
            case .swap: values.swapAt(top, start + label)
            case .smooth(let epsilon):
                let rest = epsilon / Double(max(1, classes - 1))
                for position in start..<start + classes {
                    // Times T: dividing by it leaves the label as it is.
                    values[position] = temperature * log(position == start + label ? 1 - epsilon : rest)
                }
            }
        }
        return try Tensor(values, shape: teacher.shape.array).to(teacher.dtype)
    }
}
