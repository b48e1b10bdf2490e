import Data
import Learning
import OrderedCollections
import Tensors

/// The teacher's classifier reused: the student learns the feature in front of it, ⟨(r(f_s) − f_t)²⟩, and answers through it.
///
/// r is a trained projector of 1×1, 3×3 and 1×1 convolutions with half the teacher's channels in between, each followed by
/// batch normalisation and ReLU; for rows [B, D] they are linear layers. The larger map is averaged down. The network of the
/// run is the student up to the feature, the projector, and a copy of the teacher's classifier: it is what is validated,
/// compared and saved, and what label terms of the same objective judge.
/// D. Chen et al., *Knowledge Distillation with the Reused Teacher Classifier*, arXiv:2203.14001.
public final class SimKDTerm: PairTerm {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "simkd",
            "The teacher's classifier reused: the student learns the feature in front of it and answers through it (Chen et al., 2022).",
            formula: "⟨(r(f_s) − f_t)²⟩, answers by the teacher's classifier behind r(f_s)",
            paper: "arXiv:2203.14001.",
            use: "simkd() alone, as the authors; soft() and hard() may be added.",
            when:
                "the last per cent of accuracy, when a projector between the student's and the teacher's channels is affordable.",
            remarks: [
                "run.net is the student up to the feature, the projector and a copy of the teacher's classifier: compare and save that one, not the student."
            ],
            family: .classifier, related: ["review"])
    }

    /// A term for one pair: what goes into the teacher's classifier, and the student's feature that takes its place.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` for several pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) throws {
        guard pairs.count <= 1 else {
            throw DistillationError.option(
                term: "simkd", problem: "a teacher has one classifier: give one pair, not \(pairs.count)")
        }
        super.init(name: name, pairs: pairs)
    }

    /// The projector is trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the projector, takes the classifier off the teacher, and puts the network together.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        guard let teacher = context.teacher, let pair = context.pairs.first,
            let feature = try example.features(for: self).first
        else { throw DistillationError.teacher(problem: "simkd reuses a teacher network's classifier", help: nil) }
        let (s, t) = (feature.student.shape.array, feature.teacher.shape.array)
        guard s.count == t.count, s.count == 2 || s.count == 4 else {
            throw DistillationError.unequal(term: name, student: s, teacher: t)
        }
        let pooled = s.count == 4 && (s[2] > t[2] || s[3] > t[3]) ? [min(s[2], t[2]), min(s[3], t[3])] : nil
        let projector = try Self.projector(from: s, to: t)
        let classifier = try classifier(of: teacher, behind: pair.teacher, example)
        try classifier.freeze()
        classifier.eval()
        var parts: OrderedDictionary<String, Module> = ["trunk": try Self.trunk(of: context.student, up: pair.student)]
        if let pooled { parts["pool"] = AdaptiveAvgPool2d(Pair(pooled[0], pooled[1])) }
        parts["projector"] = projector
        parts["classifier"] = classifier
        return ReusedClassifier(
            self, network: Sequential(named: parts), pooled: pooled, projector: projector, classifier: classifier)
    }

    private static func projector(from student: [Int], to teacher: [Int]) throws -> Sequential {
        let middle = max(1, teacher[1] / 2)
        var layers: [Module] = []
        for (from, to, kernel) in [(student[1], middle, 1), (middle, middle, 3), (middle, teacher[1], 1)] {
            if student.count == 2 {
                layers += [try Linear(from, to, bias: false), try BatchNorm1d(to), Activation(.relu)]
            } else {
                let convolution = try Conv2d(from, to, Pair(kernel), padding: Pair(kernel / 2), bias: false)
                layers += [convolution, try BatchNorm2d(to), Activation(.relu)]
            }
        }
        return Sequential(layers)
    }

    /// The student up to a layer: its first children where it is a `Sequential`, else a network that runs it and takes the feature.
    private static func trunk(of student: Module, up path: LayerPath) throws -> Module {
        if let sequence = student as? Sequential, path.components.count == 1,
            let position = sequence.position(of: path.components[0])
        {
            return sequence[0..<(path.side == .input ? position : position + 1)]
        }
        return try FeatureExtractor(student, at: path.description)
    }

    /// What the teacher does behind a layer, found by what reproduces its logits from the feature.
    private func classifier(of teacher: Module, behind path: LayerPath, _ example: TermInput) throws -> Module {
        guard let view = example.teacher, let feature = view.features.first else {
            throw DistillationError.noTeacher(term: name)
        }
        for candidate in try candidates(teacher, path, example.batch) {
            let answer = try? inEvaluation(candidate) { try candidate(feature) }
            guard let answer, answer.shape == view.logits.shape,
                try answer.allclose(view.logits, rtol: 1e-4, atol: 1e-4)
            else { continue }
            return try candidate.copy()
        }
        throw DistillationError.feature(
            term: name,
            problem:
                "what the teacher does behind \"\(path)\" cannot be taken off it: name what goes into its last layer, "
                + "such as \"fc@input\"")
    }

    private func candidates(_ teacher: Module, _ path: LayerPath, _ batch: Batch) throws -> [Module] {
        var found: [Module] = []
        if let sequence = teacher as? Sequential, path.components.count == 1,
            let position = sequence.position(of: path.components[0])
        {
            found.append(sequence[(path.side == .input ? position : position + 1)..<sequence.count])
        }
        let last = try inEvaluation(teacher) { try LastChildCalled.inputPath(of: teacher) { try teacher(batch) } }
        let head = try teacher.module(at: LayerPath(components: last.components))
        found.append(Sequential([head]))
        found.append(Sequential([Flatten(), head]))
        found.append(Sequential([AdaptiveAvgPool2d(1), Flatten(), head]))
        return found
    }
}

/// A student that answers through the teacher's classifier in one run.
private final class ReusedClassifier: ActiveTerm, StudentRebuilding {
    let network: Module
    private let term: SimKDTerm
    private let pooled: [Int]?
    private let projector: Sequential
    private let classifier: Module
    /// The projection of the step, so that the label terms and this one run it once.
    private var projected: (feature: Tensor, result: Tensor)?

    init(_ term: SimKDTerm, network: Module, pooled: [Int]?, projector: Sequential, classifier: Module) {
        self.term = term
        self.network = network
        self.pooled = pooled
        self.projector = projector
        self.classifier = classifier
        super.init(modules: ["": projector], term.loss)
    }

    private func project(_ feature: Tensor) throws -> Tensor {
        if let projected, projected.feature === feature { return projected.result }
        let sized = try pooled.map { try feature.adaptiveAvgPool2d(Pair($0[0], $0[1])) } ?? feature
        let result = try MapLayers.run(projector, sized)
        projected = (feature, result)
        return result
    }

    func logits(_ features: [Tensor]) throws -> Tensor {
        guard let feature = features.first else { throw DistillationError.trainedParts(term: term.name) }
        return try classifier(project(feature))
    }

    /// The distance in front of the classifier.
    override func loss(_ input: TermInput) throws -> Tensor {
        try term.sumOverPairs(input) { _, student, teacher in
            let own = try project(student)
            let (s, t) = try Maps.toCommonSize(own, teacher)
            guard s.shape == t.shape else {
                throw DistillationError.unequal(term: term.name, student: s.shape.array, teacher: t.shape.array)
            }
            return try FeatureMetric.mse.distance(s, t)
        }
    }

    /// Lets go of the step's graph.
    override func stepped(_ input: TermInput) throws { projected = nil }
}

extension Sequential {
    /// Where a child stands, by its name or number.
    fileprivate func position(of name: String) -> Int? {
        if let position = children.index(forKey: name) { return position }
        guard let number = Int(name) else { return nil }
        let position = number < 0 ? number + count : number
        return position >= 0 && position < count ? position : nil
    }
}
