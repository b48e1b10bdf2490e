import Learning
import OrderedCollections
import Tensors

/// A term of one's own: any function of what student and teacher did with a batch, with modules that train along.
public final class CustomTerm: Term {
    private let function: (TermInput) throws -> Tensor
    private let ownModules: OrderedDictionary<String, Module>
    private let adapter: AdapterChoice
    private let comparesWithTeacher: Bool
    private let comparesWithLabels: Bool
    private let ownName: String

    /// - Parameters:
    ///   - pairs: layers whose features the function finds in `input.student.features` and `input.teacher.features`.
    ///   - modules: what trains along with the student.
    ///   - adapter: what the student's features go through where their shapes differ from the teacher's.
    ///   - function: gives the loss of a batch, 0-d, with its graph.
    public init(
        _ name: String, pairs: [LayerPair] = [], modules: OrderedDictionary<String, Module> = [:],
        adapter: AdapterChoice = .auto, needsTeacher: Bool = true, needsLabels: Bool = false,
        function: @escaping (TermInput) throws -> Tensor
    ) {
        self.function = function
        self.adapter = adapter
        ownModules = modules
        comparesWithTeacher = needsTeacher
        comparesWithLabels = needsLabels
        ownName = name
        super.init(name: name, pairs: pairs)
    }

    /// The name that was given.
    public override var method: String { ownName }
    /// What the function computes is its own.
    public override var formula: String { description }
    /// The function knows what the outputs are.
    public override var comparesLogits: Bool { false }
    /// The function knows what the mask leaves: `batch.mask` fits its features.
    public override var keepsShapes: Bool { true }
    /// Whether a teacher has to be there.
    public override var needsTeacher: Bool { comparesWithTeacher }
    /// Whether labels have to be there.
    public override var needsLabels: Bool { comparesWithLabels }
    /// The function sees the batch as it is.
    override var judgesLabelledRows: Bool { false }

    /// Makes the adapters; `adapter: .none` leaves features of unlike shapes to the function.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        var adapters: [Module?] = []
        if case .none = adapter {
        } else if example.teacher != nil {
            adapters = try example.features(for: self).enumerated().map { index, feature in
                try context.adapter(
                    feature.student.shape.array, feature.teacher.shape.array, adapter, for: self, pair: index)
            }
        }
        return ActiveTerm(adapters: adapters, prefix: "adapter", beside: ownModules, loss)
    }

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
