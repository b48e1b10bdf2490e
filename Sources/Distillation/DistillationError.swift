import Base
import Tensors

/// What can be wrong with a distillation.
public enum DistillationError: DescribedError, Equatable {
    /// An option outside its range.
    case option(term: String, problem: String)
    /// A weight that is no number.
    case weight(value: Double, epoch: Int)
    /// The term compares with a teacher, and there is none.
    case noTeacher(term: String)
    /// The term needs labels, and the data has none.
    case noLabels(term: String)
    /// Labels of the wrong dtype.
    case labels(term: String, dtype: DType)
    /// Logits that are not [B, K].
    case logits(term: String, shape: [Int])
    /// Outputs that are probabilities where logits belong.
    case probabilities(term: String, side: String)
    /// Unlike shapes of student and teacher.
    case unequal(term: String, student: [Int], teacher: [Int])
    /// Unlike numbers of features.
    case pairCount(term: String, teacher: Int, student: Int)
    /// A term with trained parts, tried on values.
    case trainedParts(term: String)
    /// A path that one of the networks lacks.
    case path(term: String, side: String, path: String, existing: [String])
    /// No layer adapts the student's feature to the teacher's.
    case noAdapter(term: String, pair: String, student: [Int], teacher: [Int])
    /// The feature has a shape the term cannot use.
    case feature(term: String, problem: String)
    /// What a scheme was given does not make one.
    case scheme(_ name: String, problem: String, help: String?)
    /// Teacher and data do not fit.
    case teacher(problem: String, help: String?)
    /// Predictions that are none, or not those of these data; `name` is their file.
    case predictions(name: String, problem: String, help: String?)

    /// The error kind of the language.
    public var kind: FailureKind {
        switch self {
        case .option, .weight, .noTeacher, .noLabels, .trainedParts, .teacher, .predictions, .scheme, .probabilities:
            .value
        case .labels: .type
        case .logits, .unequal, .pairCount, .noAdapter, .feature: .shape
        case .path: .key
        }
    }

    /// One sentence with the values that matter.
    public var message: String {
        switch self {
        case .option(let term, let problem), .feature(let term, let problem): "\(term): \(problem)"
        case .weight(let value, let epoch): "the weight of a term is \(value) in epoch \(epoch)"
        case .noTeacher(let term): "\(term): compares with a teacher, and there is none"
        case .noLabels(let term): "\(term): needs labels, and the data has none"
        case .labels(let term, let dtype): "\(term): expected int64 classes as labels, given \(dtype)"
        case .logits(let term, let shape): "\(term): expected logits [B, K], given \(shape)"
        case .probabilities(let term, let side):
            "\(term): the \(side) gives probabilities, every row sums to 1, and logits belong here"
        case .unequal(let term, let student, let teacher):
            "\(term): the student gives \(student) and the teacher \(teacher)"
        case .pairCount(let term, let teacher, let student):
            "\(term): \(teacher) features of the teacher for \(student) of the student"
        case .trainedParts(let term): "\(term): has parts that train with the student and cannot be tried on values"
        case .path(let term, let side, let path, _): "\(term): the \(side) has no layer \"\(path)\""
        case .noAdapter(let term, let pair, let student, let teacher):
            "\(term): \(pair) gives \(teacher) in the teacher and \(student) in the student"
        case .teacher(let problem, _): "distill: \(problem)"
        case .predictions(let name, let problem, _):
            (name.hasPrefix("predictions") ? "" : "predictions: ") + "\(name): \(problem)"
        case .scheme(let name, let problem, _): "\(name): \(problem)"
        }
    }

    /// A way out, where there is one.
    public var help: String? {
        switch self {
        case .noTeacher: "distill(teacher -> student, …) instead of fit"
        case .path(_, let side, _, let existing):
            "the \(side)'s layers are "
                + existing.prefix(40).map { "\"\($0)\"" }.joined(separator: ", ")
        case .noAdapter: "adapter=\"auto\" learns a layer between them, and adapter= takes a module"
        case .probabilities: "leave out the Softmax at the end: the terms apply it; log(p) are logits, too"
        case .labels:
            "regression() is the label term for float targets; task=\"probabilities\" of TensorDataset makes rows that sum "
                + "to 1 labels, task=\"multilabel\" any of several"
        case .teacher(_, let help), .scheme(_, _, let help), .predictions(_, _, let help): help
        default: nil
        }
    }
}
