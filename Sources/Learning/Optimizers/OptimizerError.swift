import Base
import Tensors

/// What can be wrong with an optimizer or a schedule.
public enum OptimizerError: DescribedError, Equatable {
    /// An option outside its range.
    case option(optimizer: String, problem: String)
    /// No parameters to follow gradients.
    case empty(optimizer: String)
    /// An optimizer that holds parameters where a recipe is needed.
    case holdsParameters(optimizer: String)
    /// A schedule that cannot be followed.
    case schedule(name: String, problem: String)

    /// The error kind of the language.
    public var kind: FailureKind { .value }

    /// One sentence with the values that matter.
    public var message: String {
        switch self {
        case .option(let name, let problem), .schedule(let name, let problem): "\(name): \(problem)"
        case .empty(let name): "\(name): got no parameters that require gradients"
        case .holdsParameters(let name): "this \(name) already holds parameters"
        }
    }

    /// A way out, where there is one.
    public var help: String? {
        switch self {
        case .holdsParameters(let name):
            "\(name)(lr=…) without parameters is a recipe that is applied to the network and to what trains with it"
        default: nil
        }
    }
}
