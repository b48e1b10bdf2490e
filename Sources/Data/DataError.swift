import Base
import Tensors

/// What can be wrong with data: files that do not hold what they should, and datasets whose parts do not fit.
public enum DataError: DescribedError, Equatable {
    /// A text file is malformed at `line` (counted from 1).
    case line(path: String, line: Int, problem: String)
    /// A binary file is malformed at byte `offset`.
    case byte(path: String, offset: Int, problem: String)
    /// The file holds none of what was asked for.
    case content(path: String, problem: String, help: String?)
    /// An argument of `function` that no dataset can have.
    case argument(function: String, problem: String, help: String?)
    /// Shapes that do not fit together.
    case shape(function: String, problem: String, help: String?)
    /// An index outside a dataset.
    case index(function: String, index: Int, count: Int)

    /// The error kind of the language.
    public var kind: FailureKind {
        switch self {
        case .line, .byte, .content: .io
        case .argument: .value
        case .shape: .shape
        case .index: .index
        }
    }

    /// One sentence with the values that matter.
    public var message: String {
        switch self {
        case .line(let path, let line, let problem): "\(path):\(line): \(problem)"
        case .byte(let path, let offset, let problem): "\(path): byte \(offset): \(problem)"
        case .content(let path, let problem, _): "\(path): \(problem)"
        case .argument(let function, let problem, _): "\(function): \(problem)"
        case .shape(let function, let problem, _): "\(function): \(problem)"
        case .index(let function, let index, let count):
            "\(function): index \(index) is outside the \(count) examples of the dataset"
        }
    }

    /// A way out, where there is one.
    public var help: String? {
        switch self {
        case .content(_, _, let help), .argument(_, _, let help), .shape(_, _, let help): help
        case .line, .byte, .index: nil
        }
    }
}
