import Base
import Tensors

/// What can go wrong with a run.
public enum TrainingError: DescribedError, Equatable {
    /// The loss became NaN or infinite.
    case diverged(function: String, term: String, value: Double, epoch: Int, step: Int)
    /// An option that makes no sense.
    case option(function: String, problem: String, help: String?)
    /// A metric nobody knows.
    case metric(name: String, known: [String])
    /// Data that does not fit the loss or the metric.
    case data(function: String, problem: String, help: String?)
    /// A checkpoint of another experiment.
    case checkpoint(path: String, problem: String, help: String?)

    /// The error kind of the language.
    public var kind: FailureKind {
        switch self {
        case .diverged: .math
        case .option, .metric: .value
        case .data: .value
        case .checkpoint: .io
        }
    }

    /// One sentence with the values that matter.
    public var message: String {
        switch self {
        case .diverged(let function, let term, let value, let epoch, let step):
            "\(function): the term \(term) became \(value.isNaN ? "nan" : "\(value)") in epoch \(epoch), step \(step)"
        case .option(let function, let problem, _), .data(let function, let problem, _): "\(function): \(problem)"
        case .metric(let name, _): "no metric \"\(name)\""
        case .checkpoint(let path, let problem, _): "\(path): \(problem)"
        }
    }

    /// A way out, where there is one.
    public var help: String? {
        switch self {
        case .diverged: "a smaller learning rate, clip_grad_norm=1, or a smaller weight of this term"
        case .option(_, _, let help), .data(_, _, let help), .checkpoint(_, _, let help): help
        case .metric(_, let known): "there are " + known.joined(separator: ", ")
        }
    }
}
