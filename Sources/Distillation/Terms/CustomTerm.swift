import Learning
import OrderedCollections
import Tensors

/// A term of one's own: any function of what student and teacher did with a batch, with modules that train along.
public final class CustomTerm: Term {
    private let function: (TermInput) throws -> Tensor
    private let ownModules: OrderedDictionary<String, Module>
    private let comparesWithTeacher: Bool
    private let comparesWithLabels: Bool

    /// - Parameters:
    ///   - pairs: layers whose features the function finds in `input.student.features` and `input.teacher.features`.
    ///   - modules: what trains along with the student.
    ///   - function: gives the loss of a batch, 0-d, with its graph.
    public init(
        _ name: String, pairs: [LayerPair] = [], modules: OrderedDictionary<String, Module> = [:],
        needsTeacher: Bool = true,
        needsLabels: Bool = false, function: @escaping (TermInput) throws -> Tensor
    ) {
        self.function = function
        ownModules = modules
        comparesWithTeacher = needsTeacher
        comparesWithLabels = needsLabels
        super.init(name, name: name, pairs: pairs)
    }

    /// What trains along.
    public override var modules: OrderedDictionary<String, Module> { ownModules }
    /// Whether a teacher has to be there.
    public override var needsTeacher: Bool { comparesWithTeacher }
    /// Whether labels have to be there.
    public override var needsLabels: Bool { comparesWithLabels }
    /// Trained parts belong to the caller, who can run them on values.
    public override var hasTrainedParts: Bool { false }

    /// What the function gives.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` unless it is one number.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let value = try function(input)
        guard value.count == 1 else {
            throw DistillationError.option(term: name, problem: "must give one number, gave \(value.shape)")
        }
        return value.rank == 0 ? value : try value.reshape([])
    }
}
