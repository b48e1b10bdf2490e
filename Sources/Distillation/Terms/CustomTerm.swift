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
    private var adapters: [Module?] = []

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
        super.init(name, name: name, pairs: pairs)
    }

    /// What trains along: the modules given, and the adapters there are.
    public override var modules: OrderedDictionary<String, Module> {
        var modules = ownModules
        for (index, adapter) in adapters.enumerated() { if let adapter { modules["adapter\(index)"] = adapter } }
        return modules
    }
    /// The function knows what the outputs are.
    public override var comparesLogits: Bool { false }
    /// Whether a teacher has to be there.
    public override var needsTeacher: Bool { comparesWithTeacher }
    /// Whether labels have to be there.
    public override var needsLabels: Bool { comparesWithLabels }
    /// Trained parts belong to the caller, who can run them on values.
    public override var hasTrainedParts: Bool { false }

    /// Makes the adapters; `adapter: .none` leaves features of unlike shapes to the function.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws {
        if case .none = adapter { return }
        guard example.teacher != nil else { return }
        adapters = try example.features(for: self).enumerated().map { index, feature in
            try Adapters.make(
                student: feature.student.shape.array, teacher: feature.teacher.shape.array, choice: adapter, term: name,
                pair: pairs.indices.contains(index) ? pairs[index].description : "the pair")
        }
    }

    /// What the function gives.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` unless it is one number.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let value = try function(try adapted(input))
        guard value.count == 1 else {
            throw DistillationError.option(term: name, problem: "must give one number, gave \(value.shape)")
        }
        return value.rank == 0 ? value : try value.reshape([])
    }

    private func adapted(_ input: TermInput) throws -> TermInput {
        guard adapters.contains(where: { $0 != nil }) else { return input }
        let features = try input.student.features.enumerated().map { index, feature in
            adapters.indices.contains(index) ? try adapters[index]?(feature) ?? feature : feature
        }
        return TermInput(
            student: NetworkView(logits: input.student.logits, features: features), teacher: input.teacher,
            labels: input.labels, batch: input.batch, ensemble: input.ensemble)
    }
}
