import Glibc
import Tensors

/// `soft` from a teacher whose wrong rows were repaired with the label.
///
/// T. Wen, S. Lai, X. Qian, *Preparing Lessons: Improve Knowledge Distillation with Better Supervision*, arXiv:1911.07471;
/// the smoothed label as in KD_Lib, where it has probability 0.9 and is not softened.
public class RepairedTeacherTerm: Term {
    /// T.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    fileprivate init(temperature: Double, name: String?) throws {
        try requirePositive(Self.page.name, "T", temperature)
        self.temperature = temperature
        super.init(name: name)
    }

    /// The label says which rows are wrong.
    public override var needsLabels: Bool { true }

    /// Repairs a row of logits whose largest stands at `top` and not at the label.
    fileprivate func repair(_ row: inout ArraySlice<Double>, top: Int, label: Int) {}

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
            repair(&values[start..<start + classes], top: top, label: start + label)
        }
        return try Tensor(values, shape: teacher.shape.array).to(teacher.dtype)
    }
}

/// `soft` from a teacher in whose wrong rows the label's logit and the largest have changed places.
public final class LabelSwapTerm: RepairedTeacherTerm {
    /// The page of the method; its weight is 0.9 beside 0.1 · hard(), as soft().
    public override class var page: MethodPage {
        MethodPage(
            "label_swap",
            "Soft labels from a teacher whose wrong rows are repaired: the label's logit and the largest change places (Wen et al., 2019).",
            formula: "soft(T) with the teacher's wrong rows repaired",
            paper: "arXiv:1911.07471 (probability shift).",
            weight: 0.9, use: "{weight} * label_swap() + 0.1 * hard(), as soft().",
            when: "teachers that make mistakes on the training data: the other classes keep what the teacher says.",
            remarks: ["It needs labels."],
            family: .repairs, related: ["soft"])
    }

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public override init(temperature: Double = 4, name: String? = nil) throws {
        try super.init(temperature: temperature, name: name)
    }

    /// The options as they are written.
    public override var options: String { "T=\(number(temperature))" }

    override func repair(_ row: inout ArraySlice<Double>, top: Int, label: Int) { row.swapAt(top, label) }
}

/// `soft` from a teacher whose wrong rows have become the smoothed label, whatever T: 1 − ε at the label, ε/(K − 1) elsewhere.
public final class LabelSmoothTeacherTerm: RepairedTeacherTerm {
    /// The page of the method; its weight is 0.9 beside 0.1 · hard(), as soft().
    public override class var page: MethodPage {
        MethodPage(
            "label_smooth_teacher",
            "Soft labels from a teacher whose wrong rows are replaced by the smoothed label (Wen et al., 2019).",
            formula: "soft(T) with the teacher's wrong rows repaired",
            paper: "arXiv:1911.07471; as in KD_Lib the label has probability 0.9 in a repaired row, whatever T.",
            weight: 0.9, use: "{weight} * label_smooth_teacher() + 0.1 * hard(), as soft().",
            when: "teachers whose wrong rows are not to be trusted at all; label_swap() keeps more of them.",
            remarks: ["It needs labels."],
            family: .repairs, related: ["label_swap", "soft"])
    }

    /// ε.
    public let epsilon: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T or ε outside its range.
    public init(epsilon: Double = 0.1, temperature: Double = 4, name: String? = nil) throws {
        guard epsilon > 0, epsilon < 1 else {
            throw DistillationError.option(
                term: Self.page.name, problem: "epsilon must lie between 0 and 1, given \(number(epsilon))")
        }
        self.epsilon = epsilon
        try super.init(temperature: temperature, name: name)
    }

    /// The options as they are written.
    public override var options: String { "epsilon=\(number(epsilon)), T=\(number(temperature))" }

    override func repair(_ row: inout ArraySlice<Double>, top: Int, label: Int) {
        let rest = epsilon / Double(max(1, row.count - 1))
        // Times T: dividing by it leaves the label as it is.
        for position in row.indices { row[position] = temperature * log(position == label ? 1 - epsilon : rest) }
    }
}
