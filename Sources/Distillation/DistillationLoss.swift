import Data
import Learning
import OrderedCollections
import Tensors

/// An objective at work on a student and its teachers: what the trainer of `distill` minimises.
public final class DistillationLoss: TrainingLoss {
    /// The objective.
    public let objective: Objective
    /// The terms' curve names.
    public let termNames: [String]
    private let sources: [TeacherSource]
    private let teacherWeights: [Double]
    private let average: TeacherAverage
    private let policy: CachePolicy
    private let function: String

    private(set) var teachers: [Teacher] = []
    /// The terms at work, once they are prepared.
    private(set) var activeTerms: [ActiveTerm] = []
    /// Each term's layer pairs, those found for the networks where it names none.
    private var pairs: [[LayerPair]]
    private var studentPaths: [LayerPath] = []
    private(set) var capture: FeatureCapture?
    /// For each term the positions of its features among those captured.
    private var studentSlots: [[Int]] = []
    private var teacherSlots: [[Int]] = []
    private(set) var weights: [Double] = []
    /// What the hints alone train, and what everything else trains; nil without hints.
    private var hint: (epochs: Int, parameters: [Tensor], later: [Tensor])?
    /// The term that rebuilds the student, if there is one.
    private(set) var rebuilding: (term: any StudentRebuilding, index: Int)?
    let termBalance: TermBalance?
    /// Whether soft and hard loss may be computed in one pass.
    var fusesPlainTerms = true
    /// How many steps computed both in one pass.
    private(set) var fusedSteps = 0
    private var lastInputs: [TermInput?] = []
    private var data: Dataset?
    private var batchSize = 1

    /// Bytes in memory for the teachers' values; what is more lies in a file.
    var cacheLimit = Teacher.memoryLimit
    /// How often the teachers' networks were run.
    var teacherPasses: Int { teachers.reduce(0) { $0 + $1.passes } }
    /// Whether any teacher's values lie in a file.
    var isCacheOnDisk: Bool { teachers.contains(where: \.isOnDisk) }

    /// - Parameters:
    ///   - objective: the sum of terms.
    ///   - teachers: none for `fit`.
    ///   - weights: the teachers' shares; equal unless given, normalised to sum 1.
    ///   - balance: whether the gradients of the terms are measured, see ``TermBalance``.
    /// - Throws: ``DistillationError`` for weights that do not fit.
    public init(
        _ objective: Objective, teachers: [TeacherSource] = [], average: TeacherAverage = .probabilities,
        weights: [Double]? = nil, cache: CachePolicy = .auto, balance: Bool = false, function: String = "distill"
    ) throws {
        guard !objective.summands.isEmpty else {
            throw DistillationError.option(term: function, problem: "the objective has no terms")
        }
        self.objective = objective
        termNames = objective.curveNames
        pairs = objective.summands.map(\.term.pairs)
        termBalance = balance ? TermBalance(terms: termNames) : nil
        sources = teachers
        self.average = average
        policy = cache
        self.function = function
        let shares = weights ?? teachers.map { _ in 1 }
        let sum = shares.reduce(0, +)
        guard shares.count == teachers.count, shares.allSatisfy({ $0 >= 0 && $0.isFinite }), teachers.isEmpty || sum > 0
        else {
            throw DistillationError.teacher(
                problem: "\(shares.count) weights for \(teachers.count) teachers", help: "one number ≥ 0 per teacher")
        }
        teacherWeights = shares.map { $0 / sum }
    }

    /// The objective as it is written.
    public var formula: String { objective.description(pairs: pairs) }

    /// The modules of all terms, by the terms' names.
    public var trainedModules: OrderedDictionary<String, Module> {
        var modules: OrderedDictionary<String, Module> = [:]
        for (name, term) in zip(termNames, activeTerms) {
            let own = term.modules
            for (part, module) in own { modules[own.count == 1 ? name : "\(name).\(part)"] = module }
        }
        return modules
    }

    /// The teachers' weights or stored logits, the shares of several and how they are averaged.
    public var identity: OrderedDictionary<String, String> {
        var entries: OrderedDictionary<String, String> = [:]
        for (index, source) in sources.enumerated() {
            let name = sources.count == 1 ? "the teacher" : "teacher \(index + 1)"
            switch source {
            case .network(let net):
                entries[name] =
                    "\(net.typeName), \(net.parameterCount) parameters, "
                    + Checksum.text(of: net.namedState().map(\.tensor))
            case .logits(let logits): entries[name] = "logits \(logits.shape), \(Checksum.text(of: [logits]))"
            }
        }
        if sources.count > 1 { entries["average"] = "\(average.rawValue), \(teacherWeights)" }
        return entries
    }

    /// What the terms remember, by the terms' names.
    public var memory: OrderedDictionary<String, Tensor> {
        var memory: OrderedDictionary<String, Tensor> = [:]
        for (name, term) in zip(termNames, activeTerms) {
            for (part, tensor) in term.memory { memory["\(name).\(part)"] = tensor }
        }
        return memory
    }

    // MARK: Before the first step

    /// Finds the layers, fills the cache, shows every term an example.
    public func prepare(_ context: TrainingContext) throws {
        try checkNeeds(context)
        let probe = try Batches(context.data.withoutAugmentation(), size: min(4, context.batchSize)).batch(0)
        try resolvePairs(context, probe)
        data = context.data
        batchSize = context.batchSize
        try fillTeachers()
        let student = try inEvaluation(context.student) { try runStudent(context.student, probe) }
        activeTerms = try objective.summands.enumerated().map { index, summand in
            let term = summand.term
            let example = try input(for: index, student: student, teachers: teachers.map { try $0.view(probe) }, probe)
            if pairs[index].isEmpty, !term.usesDefaultPair { try checkLogits(term, example) }
            return try term.prepare(
                example,
                TermContext(
                    student: context.student, teacher: teacherNetwork(of: term), data: context.data,
                    epochs: context.epochs, batchSize: context.batchSize, pairs: pairs[index],
                    teacherFeatures: { [unowned self] batch in
                        let view = try self.teachers[term.teacherIndex].view(batch)
                        return self.teacherSlots[index].map { view.features[$0] }
                    }))
        }
        try findRebuilding()
        hint = try hints(context, probe)
        weights = objective.summands.map { _ in 0 }
        lastInputs = objective.summands.map { _ in nil }
    }

    private func fillTeachers() throws {
        guard let data else { return }
        for teacher in teachers {
            try teacher.fill(
                data, policy: policy, batchSize: batchSize, limit: cacheLimit / max(1, teachers.count))
        }
    }

    private func checkNeeds(_ context: TrainingContext) throws {
        for (_, term) in objective.summands {
            if term.needsTeacher, sources.isEmpty { throw DistillationError.noTeacher(term: term.name) }
            if term.needsLabels, context.data.y == nil { throw DistillationError.noLabels(term: term.name) }
            guard term.teacherIndex >= 0, sources.isEmpty || term.teacherIndex < sources.count else {
                throw DistillationError.option(
                    term: term.name, problem: "teacher=\(term.teacherIndex) among \(sources.count) teachers")
            }
        }
        for source in sources where source.network === context.student {
            throw DistillationError.teacher(
                problem: "teacher and student are the same network", help: "distill(net.copy() -> net, …)")
        }
    }

    private func teacherNetwork(of term: Term) -> Module? {
        sources.indices.contains(term.teacherIndex) ? sources[term.teacherIndex].network : nil
    }

    private func checkLogits(_ term: Term, _ example: TermInput) throws {
        if term.comparesLogits {
            let teacher = term.needsTeacher ? example.teacher?.logits : nil
            for (side, logits) in [("student", example.student.logits), ("teacher", teacher)] {
                guard let logits, try Logits.areProbabilities(logits) else { continue }
                throw DistillationError.probabilities(term: term.name, side: side)
            }
        }
        guard term.needsTeacher, let teacher = example.teacher, teacher.logits.shape != example.student.logits.shape
        else {
            return
        }
        throw DistillationError.unequal(
            term: term.name, student: example.student.logits.shape.array, teacher: teacher.logits.shape.array)
    }

    private func resolvePairs(_ context: TrainingContext, _ probe: Batch) throws {
        var paths = Array(repeating: OrderedSet<LayerPath>(), count: sources.count)
        var studentPaths: OrderedSet<LayerPath> = []
        studentSlots = []
        teacherSlots = []
        for (index, (_, term)) in objective.summands.enumerated() {
            if term.pairs.isEmpty, term.usesDefaultPair, let teacher = teacherNetwork(of: term) {
                pairs[index] = [
                    LayerPair(try Self.defaultPath(teacher, probe), try Self.defaultPath(context.student, probe))
                ]
            }
            if pairs[index].isEmpty, term.usesDefaultPair, !sources.isEmpty {
                throw DistillationError.teacher(
                    problem: "stored logits have no layers, and \(term.name) compares features", help: nil)
            }
            try check(pairs[index], of: term, context)
            studentSlots.append(pairs[index].map { studentPaths.append($0.student).index })
            teacherSlots.append(
                sources.isEmpty ? [] : pairs[index].map { paths[term.teacherIndex].append($0.teacher).index })
        }
        self.studentPaths = Array(studentPaths)
        capture = studentPaths.isEmpty ? nil : try FeatureCapture(context.student, at: self.studentPaths)
        teachers = try zip(sources, paths).map { try Teacher($0, paths: Array($1)) }
    }

    private static func defaultPath(_ net: Module, _ probe: Batch) throws -> LayerPath {
        try inEvaluation(net) { try LastChildCalled.inputPath(of: net) { try net(probe.input) } }
    }

    private func check(_ pairs: [LayerPair], of term: Term, _ context: TrainingContext) throws {
        for pair in pairs {
            for (side, net, path) in [
                ("teacher", teacherNetwork(of: term), pair.teacher), ("student", context.student, pair.student),
            ] {
                guard let net else { continue }
                do {
                    _ = try net.module(at: path)
                } catch ModuleError.path(_, let existing) {
                    throw DistillationError.path(
                        term: term.name, side: side, path: path.description, existing: existing)
                }
            }
        }
    }

    // MARK: Stages

    /// The hints alone, then everything else with a fresh optimizer; one stage without hints.
    public func stages(of epochs: Int) throws -> [TrainingStage] {
        guard let hint else { return [TrainingStage(epochs: 0..<epochs)] }
        return [
            TrainingStage(epochs: 0..<hint.epochs, parameters: hint.parameters, isPreparatory: true),
            TrainingStage(epochs: hint.epochs..<epochs, parameters: hint.later),
        ]
    }

    private func hints(_ context: TrainingContext, _ probe: Batch) throws -> (Int, [Tensor], [Tensor])? {
        let terms = objective.summands.map(\.term)
        guard let first = terms.first(where: { $0.hintEpochs > 0 }) else { return nil }
        let count = first.hintEpochs
        guard terms.allSatisfy({ $0.hintEpochs == 0 || $0.hintEpochs == count }) else {
            throw DistillationError.option(
                term: function, problem: "the hints of one objective need the same hint_epochs")
        }
        guard count < context.epochs else {
            throw DistillationError.option(
                term: first.name,
                problem: "hint_epochs=\(count) leaves none of the \(context.epochs) epochs for the training proper")
        }
        guard terms.contains(where: { $0.hintEpochs == 0 }) else {
            throw DistillationError.option(
                term: first.name, problem: "after \(count) hint epochs no term is left: add soft() or hard()")
        }
        func modules(_ areHints: Bool) -> [Module] {
            zip(terms, activeTerms).filter { ($0.0.hintEpochs > 0) == areHints }.flatMap(\.1.modules.values)
        }
        let own = Self.trainable(modules(true))
        let others = Self.trainable([context.student] + modules(false))
        let reached = try reachedByHints(Self.trainable([context.student]), context.student, probe)
        return (count, reached + own, others)
    }

    private static func trainable(_ modules: [Module]) -> [Tensor] {
        var seen: Set<ObjectIdentifier> = []
        return modules.flatMap { $0.parameters() }
            .filter { $0.requiresGradient && seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// The student's parameters up to the hint: those that its terms give a gradient.
    private func reachedByHints(_ parameters: [Tensor], _ student: Module, _ probe: Batch) throws -> [Tensor] {
        let views = try teachers.map { try $0.view(probe) }
        try inEvaluation(student) {
            try Gradients.enabled {
                let view = try runStudent(student, probe)
                for (index, summand) in objective.summands.enumerated() where summand.term.hintEpochs > 0 {
                    try activeTerms[index].loss(input(for: index, student: view, teachers: views, probe)).backward(
                        retainGraph: true)
                }
            }
        }
        let reached = parameters.filter { $0.gradient != nil }
        for parameter in parameters + Self.trainable(Array(trainedModules.values)) { parameter.clearGradient() }
        return reached
    }

    // MARK: Steps

    /// Sets the weights of the epoch: in the epochs of hints theirs alone, later everything but theirs, counted anew.
    public func begin(epoch: Int, of epochs: Int) throws {
        if epoch > 0 { try fillTeachers() }
        let start = hint?.epochs ?? 0
        let isHint = epoch < start
        let stage = isHint ? (epoch: epoch, count: start) : (epoch: epoch - start, count: epochs - start)
        weights = try objective.summands.map { weight, term in
            guard (term.hintEpochs > 0) == isHint else { return 0 }
            return try weight.value(at: stage.epoch)
        }
        for (summand, term) in zip(objective.summands, activeTerms) where (summand.term.hintEpochs > 0) == isHint {
            try term.begin(epoch: stage.epoch, of: stage.count)
        }
        termBalance?.begin()
    }

    /// The norms of the terms' gradients in this epoch, when they are measured.
    public func measurements() -> OrderedDictionary<String, Double> { termBalance?.curves ?? [:] }

    /// What the terms' gradients say about their weights.
    public var notes: [String] {
        termBalance.map { [$0.report(weights: weights, terms: objective, pairs: pairs)] } ?? []
    }

    /// How the terms' gradients compare, by term; empty unless asked for.
    public var balance: OrderedDictionary<String, OrderedDictionary<String, Double>> {
        var entries: OrderedDictionary<String, OrderedDictionary<String, Double>> = [:]
        for share in termBalance?.shares(weights: weights, terms: objective) ?? [] {
            entries[share.name] = [
                "weight": share.weight, "gradient": share.gradient, "share": share.share, "cosine": share.agreement,
                "proposed": share.proposed,
            ]
        }
        return entries
    }

    /// Runs the student and the teachers and sums up the weighted terms; a term of weight 0 is not computed.
    public func step(_ student: Module, _ batch: Batch) throws -> StepLoss {
        let plain = fusesPlainTerms ? try plainTerms(batch) : nil
        let view = try runStudent(student, batch)
        let teacherViews = try teachers.map { try $0.view(batch) }
        if let plain, let loss = try fused(plain, student: view.logits, teacher: teacherViews.first?.logits) {
            fusedSteps += 1
            return loss
        }
        var total: Tensor?
        var values: [Double?] = []
        var measured: [Tensor?] = []
        for (index, term) in activeTerms.enumerated() {
            let weight = weights[index]
            guard weight != 0 else {
                values.append(nil)
                measured.append(nil)
                continue
            }
            let input = try input(for: index, student: view, teachers: teacherViews, batch)
            lastInputs[index] = input
            let value = try term.loss(input)
            values.append(try value.itemDouble())
            measured.append(value)
            let weighted = weight == 1 ? value : try value * Scalar(weight)
            total = try total.map { try $0 + weighted } ?? weighted
        }
        guard let total else {
            throw DistillationError.option(
                term: function, problem: "every term has weight 0 in epoch \(batch.epoch + 1)")
        }
        try termBalance?.measure(measured, of: student, along: Self.trainable(Array(trainedModules.values)))
        return StepLoss(total: total, terms: values)
    }

    /// Lets the terms update what they remember.
    public func stepped(_ student: Module, _ batch: Batch) throws {
        for (index, term) in activeTerms.enumerated() {
            guard let input = lastInputs[index] else { continue }
            try term.stepped(input)
            lastInputs[index] = nil
        }
    }

    // MARK: A rebuilt student

    /// The student, unless a term rebuilds it.
    public func evaluated(_ student: Module) -> Module { rebuilding?.term.network ?? student }

    /// The student, unless a term rebuilds it.
    public func finish(_ student: Module) throws -> Module { evaluated(student) }

    private func findRebuilding() throws {
        let found = activeTerms.enumerated().compactMap { index, term in
            (term as? any StudentRebuilding).map { (term: $0, index: index) }
        }
        guard found.count <= 1 else {
            throw DistillationError.option(
                term: objective.summands[found[1].index].term.name,
                problem: "an objective can rebuild the student only once")
        }
        rebuilding = found.first
    }

    private func runStudent(_ student: Module, _ batch: Batch) throws -> NetworkView {
        guard let capture else { return NetworkView(logits: try student(batch.input)) }
        let (output, features) = try capture.run { try student(batch.input) }
        guard let rebuilding else { return NetworkView(logits: output, features: features) }
        // The label terms judge the network that is kept.
        let own = studentSlots[rebuilding.index].map { features[$0] }
        return NetworkView(logits: try rebuilding.term.logits(own), features: features)
    }

    private func input(for index: Int, student: NetworkView, teachers: [NetworkView], _ batch: Batch) throws
        -> TermInput
    {
        let term = objective.summands[index].term
        let rows = try ValidRows(batch)
        let studentView = NetworkView(
            logits: try rows.logits(student.logits),
            features: try studentSlots[index].map { try rows.feature(student.features[$0]) })
        let labels = try batch.y.map { try rows.labels($0) }
        guard !teachers.isEmpty else {
            return TermInput(student: studentView, labels: labels, batch: batch)
        }
        let own = teachers[min(term.teacherIndex, teachers.count - 1)]
        let features = try teacherSlots[index].map { try rows.feature(own.features[$0]) }
        guard teachers.count > 1 else {
            return TermInput(
                student: studentView, teacher: NetworkView(logits: try rows.logits(own.logits), features: features),
                labels: labels, batch: batch)
        }
        let ensemble = TeacherEnsemble(
            members: try teachers.map { try rows.logits($0.logits) }, weights: teacherWeights, average: average)
        return TermInput(
            student: studentView, teacher: NetworkView(logits: try ensemble.logits(at: 1), features: features),
            labels: labels, batch: batch, ensemble: ensemble)
    }
}
