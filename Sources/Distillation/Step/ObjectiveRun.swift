import Data
import Learning
import OrderedCollections
import Tensors

/// An objective at work on a student and its teachers: what the trainer of `distill` minimises.
public final class ObjectiveRun: TrainingLoss {
    /// The objective.
    public let objective: Objective
    /// The terms' curve names.
    public let termNames: [String]
    let sources: [TeacherSource]
    /// The teachers as they answer for validation data.
    var validators: [Teacher] = []
    private let teacherWeights: [Double]
    private let teacherInputs: TeacherInputs?
    private let average: TeacherAverage
    private let policy: CachePolicy
    private let function: String

    private(set) var teachers: [Teacher] = []
    /// The terms at work, once they are prepared.
    private(set) var activeTerms: [ActiveTerm] = []
    /// The layers that the terms look at, found by ``prepare(_:)``.
    private(set) var layers: LayerCapture
    private(set) var weights: [Double] = []
    /// The epochs in which some terms train alone; nil without hints.
    private var hints: Hints?
    /// The term that rebuilds the student, if there is one.
    private(set) var rebuilding: (term: any StudentRebuilding, index: Int)?
    let termBalance: TermBalance?
    /// Whether soft and hard loss may be computed in one pass.
    var fusesPlainTerms = true
    /// What is to be said of labels that are left out.
    var labelsNote: String?
    /// How many steps computed both in one pass.
    private(set) var fusedSteps = 0
    private var lastInputs: [TermInput?] = []
    private var data: Dataset?
    private var batchSize = 1
    /// How the targets and the student's outputs fit together.
    private(set) var layout: TaskLayout?
    private var labelWeights = LabelWeights()
    /// Whether the labels of some examples or classes count more than others.
    var isWeighted: Bool { !labelWeights.isUniform }

    /// Whether of some teacher only some classes of each row are stored.
    private var hasPartialTeacher: Bool {
        sources.contains { if case .predictions(let stored) = $0 { stored.stored != nil } else { false } }
    }

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
    ///   - inputs: what the teachers are given; nil is what the student is.
    ///   - balance: whether the gradients of the terms are measured, see ``TermBalance``.
    /// - Throws: ``DistillationError`` for weights that do not fit.
    public init(
        _ objective: Objective, teachers: [TeacherSource] = [], average: TeacherAverage = .probabilities,
        weights: [Double]? = nil, inputs: TeacherInputs? = nil, cache: CachePolicy = .auto, balance: Bool = false,
        function: String = "distill"
    ) throws {
        guard !objective.summands.isEmpty else {
            throw DistillationError.option(term: function, problem: "the objective has no terms")
        }
        self.objective = objective
        termNames = objective.curveNames
        layers = LayerCapture(objective)
        termBalance = balance ? TermBalance(terms: termNames) : nil
        sources = teachers
        teacherInputs = inputs
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

    /// The label terms heed them.
    public var usesLabelWeights: Bool { true }

    /// Hints come first, and some terms grow over the run.
    public var dependsOnEpochs: Bool { objective.summands.contains { $0.term.dependsOnEpochs } }

    /// The objective as it is written.
    public var formula: String { objective.description(pairs: layers.pairs) }

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
            case .predictions(let predictions): entries[name] = "\(predictions.summary), \(predictions.checksum)"
            }
        }
        if let cycle = data?.viewCycle {
            // What proves that two runs saw the same views: the numbers they follow from, and the transforms.
            let transforms = data?.augmentation?.views.map(\.description).joined(separator: ", ") ?? ""
            let mark = cycle.reduce(UInt64(17)) { ($0 ^ $1) &* 0x100_0000_01B3 }
            entries["views"] = "\(cycle.count) of \(transforms), \(String(mark, radix: 16))"
        }
        if let teacherInputs { entries["teacher_inputs"] = teacherInputs.summary }
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
        layers = try LayerCapture(
            objective, sources, context.student, probe, teacherProbe: teacherInputs?.batch(probe) ?? probe)
        teachers = try zip(sources, layers.teacherPaths).map { try Teacher($0, paths: $1, inputs: teacherInputs) }
        data = context.data
        batchSize = context.batchSize
        if context.data.viewCycle == nil { try fillTeachers(epoch: 0) }
        let student = try inEvaluation(context.student) { try runStudent(context.student, probe) }
        let layout = try context.data.layout(outputs: student.logits.shape.array, function: function)
        self.layout = layout
        labelWeights = try context.labelWeights.resolved(context.data, layout, function: function)
        for (_, term) in objective.summands { try term.check(layout, context.data, function: function) }
        try checkStored(layout)
        activeTerms = try objective.summands.enumerated().map { index, summand in
            let term = summand.term
            let example = try input(for: index, student: student, teachers: teachers.map { try $0.view(probe) }, probe)
            if layers.pairs[index].isEmpty, !term.usesDefaultPair { try checkLogits(term, example) }
            return try term.prepare(
                example,
                TermContext(
                    student: context.student, teacher: sources.network(of: term), data: context.data,
                    epochs: context.epochs, batchSize: context.batchSize, pairs: layers.pairs[index],
                    teacherFeatures: { [unowned self] batch in
                        let view = try self.teachers[term.teacherIndex].view(batch)
                        return self.layers.teacherFeatures(of: index, view)
                    }))
        }
        try findRebuilding()
        hints = try Hints(
            zip(objective.summands.map(\.term), activeTerms), student: context.student, epochs: context.epochs,
            function: function, reached: { try self.reachedByHints(context.student, probe) })
        weights = objective.summands.map { _ in 0 }
        lastInputs = objective.summands.map { _ in nil }
    }

    private func fillTeachers(epoch: Int) throws {
        guard let data else { return }
        for teacher in teachers {
            try teacher.fill(
                data, policy: policy, batchSize: batchSize, epoch: epoch, limit: cacheLimit / max(1, teachers.count))
        }
    }

    /// Terms that need all classes refuse teachers of whom some are stored.
    private func checkStored(_ layout: TaskLayout) throws {
        for source in sources {
            guard case .predictions(let stored) = source else { continue }
            try stored.check(width: layout.width)
            if stored.stored != nil, layout.isBernoulli {
                throw stored.failure("holds some classes of each row, and here every output is a class of its own")
            }
            if stored.isPartial, sources.count > 1 {
                throw stored.failure(
                    "of several teachers each must say something of all classes, and \(stored.summary) are stored",
                    help: "rest=\"renormalize\" or rest=\"uniform\"")
            }
            for (_, term) in objective.summands { try term.requireForm(for: stored) }
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
        try checkShared(context.student)
    }

    /// A layer that the student trains and a teacher uses would change the teacher under way.
    private func checkShared(_ student: Module) throws {
        let own = Set(student.parameters().filter(\.requiresGradient).map(ObjectIdentifier.init))
        for case .network(let teacher) in sources {
            guard let shared = teacher.namedState().first(where: { own.contains(ObjectIdentifier($0.tensor)) }) else {
                continue
            }
            throw DistillationError.teacher(
                problem: "teacher and student share \(shared.name), and training would change the teacher",
                help: "copy() the layer for the student, or the teacher before: distill(teacher.copy() -> student, …)")
        }
    }

    private func checkLogits(_ term: Term, _ example: TermInput) throws {
        if term.comparesLogits {
            let teacher = term.needsTeacher ? example.teacher?.logits : nil
            for (side, logits) in [("student", example.student.logits), ("teacher", teacher)] {
                guard let logits, try Logits.areProbabilities(logits) else { continue }
                throw DistillationError.probabilities(term: term.name, side: side)
            }
        }
        guard term.needsTeacher, let teacher = example.teacher, teacher.partial == nil,
            teacher.logits.shape != example.student.logits.shape
        else {
            return
        }
        throw DistillationError.unequal(
            term: term.name, student: example.student.logits.shape.array, teacher: teacher.logits.shape.array)
    }

    // MARK: Stages

    /// The hints alone, then everything else with a fresh optimizer; one stage without hints.
    public func stages(of epochs: Int) throws -> [TrainingStage] {
        hints?.stages(of: epochs) ?? [TrainingStage(epochs: 0..<epochs)]
    }

    /// The student's parameters up to the hint: those that its terms give a gradient.
    private func reachedByHints(_ student: Module, _ probe: Batch) throws -> [Tensor] {
        let views = try teachers.map { try $0.view(probe) }
        try inEvaluation(student) {
            try Gradients.enabled {
                let view = try runStudent(student, probe)
                for (index, summand) in objective.summands.enumerated() where summand.term.hintEpochs > 0 {
                    let probed = try input(for: index, student: view, teachers: views, probe)
                    try activeTerms[index].value(probed, of: summand.term).loss.backward(
                        retainGraph: true)
                }
            }
        }
        let own = [student].trainable
        let reached = own.filter { $0.gradient != nil }
        for parameter in own + Array(trainedModules.values).trainable { parameter.clearGradient() }
        return reached
    }

    // MARK: Steps

    /// Sets the weights of the epoch: in the epochs of hints theirs alone, later everything but theirs, counted anew.
    public func begin(epoch: Int, of epochs: Int) throws {
        if epoch > 0 || data?.viewCycle != nil { try fillTeachers(epoch: epoch) }
        let start = hints?.epochs ?? 0
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

    /// The terms that compare the examples of a batch.
    public var comparingTerms: [String] { objective.summands.map(\.term).filter(\.comparesRows).map(\.name) }

    /// What the terms' gradients say about their weights.
    public var notes: [String] {
        let isTruncated = sources.contains {
            if case .predictions(let stored) = $0 { stored.isPartial && stored.rest == .truncate } else { false }
        }
        return
            (isTruncated
            ? ["rest=\"truncate\" sums over the stored classes alone: soft may be below 0 and is 0 not only for equals"]
            : [])
            + [labelsNote].compactMap { $0 }
            + (termBalance.map { [$0.report(weights: weights, terms: objective, pairs: layers.pairs)] } ?? [])
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
        let plain = fusesPlainTerms && !hasPartialTeacher ? try plainTerms(batch) : nil
        let view = try runStudent(student, batch)
        let teacherViews = try teachers.map { try $0.view(batch) }
        if let plain, let loss = try fused(plain, student: view.logits, teacher: teacherViews.first?.logits) {
            fusedSteps += 1
            return loss
        }
        var total: Tensor?
        var values: [Double?] = []
        var divisors: [Double?] = []
        var measured: [Tensor?] = []
        var rows: Int?
        for (index, term) in activeTerms.enumerated() {
            let weight = weights[index]
            guard weight != 0 else {
                values.append(nil)
                divisors.append(nil)
                measured.append(nil)
                continue
            }
            let input = try input(for: index, student: view, teachers: teacherViews, batch)
            lastInputs[index] = input
            rows = input.student.logits.shape.first
            let (value, divisor) = try term.value(input, of: objective.summands[index].term)
            values.append(try value.itemDouble())
            divisors.append(divisor)
            measured.append(value)
            let weighted = weight == 1 ? value : try value * Scalar(weight)
            total = try total.map { try $0 + weighted } ?? weighted
        }
        guard let total else {
            throw DistillationError.option(
                term: function, problem: "every term has weight 0 in epoch \(batch.epoch + 1)")
        }
        try termBalance?.measure(measured, of: student, along: Array(trainedModules.values).trainable)
        return StepLoss(total: total, terms: values, divisors: divisors, weights: weights, rows: rows)
    }

    /// A teacher that says nan is the cause of what follows from it.
    public func cause(of batch: Batch) throws -> (any Error)? {
        for (index, teacher) in teachers.enumerated() {
            let logits = try teacher.view(batch).logits
            // −inf is the logit of what never happens; softmax of anything else that is not finite is nan.
            let wrong = try logits.isnan().any().item() == .bool(true)
            let active = objective.summands.indices.filter { weights[$0] != 0 }.map { objective.summands[$0].term }
            if !wrong, let term = active.first(where: { $0.needsTeacher && $0.comparesNumbers }),
                try logits.eq(.float(-.infinity)).any().item() == .bool(true)
            {
                return DistillationError.option(
                    term: term.name,
                    problem: "compares the logits as numbers, and the teacher's hold −inf, the logarithm of no "
                        + "probability: soft() compares probabilities")
            }
            guard try wrong || logits.eq(.float(.infinity)).any().item() == .bool(true) else { continue }
            let name = teachers.count == 1 ? "the teacher" : "teacher \(index + 1)"
            return DistillationError.teacher(
                problem: "\(name)'s outputs hold \(wrong ? "nan" : "inf")",
                help: "isfinite(teacher(x)).all() asks before; weights that diverged, or a file with holes")
        }
        return nil
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

    func runStudent(_ student: Module, _ batch: Batch) throws -> NetworkView {
        let view = try layers.run(student, batch)
        guard let rebuilding else { return view }
        // The label terms judge the network that is kept.
        let own = layers.studentFeatures(of: rebuilding.index, view)
        return NetworkView(logits: try rebuilding.term.logits(own), features: view.features)
    }

    func input(for index: Int, student: NetworkView, teachers: [NetworkView], _ batch: Batch) throws
        -> TermInput
    {
        let term = objective.summands[index].term
        let rows = try BatchRows(layout, batch, outputs: student.logits.shape.array, weights: labelWeights, function)
        let (keeps, positions) = (term.keepsShapes, rows.rows)
        let pairs = layers.pairs[index]
        func view(_ view: NetworkView, _ features: [Tensor], _ side: KeyPath<LayerPair, LayerPath>) throws
            -> NetworkView
        {
            if let stored = view.partial?.logTail, stored.count != student.logits.count / max(1, rows.layout.width) {
                throw DistillationError.unequal(
                    term: term.name, student: student.logits.shape.array, teacher: view.logits.shape.array)
            }
            if let partial = try view.partial?.rows(positions) {
                guard partial.isDense else { return NetworkView(partial: partial) }
                return NetworkView(
                    logits: try partial.logits(width: rows.layout.width, dtype: student.logits.dtype))
            }
            return NetworkView(
                logits: try positions.logits(view.logits),
                features: keeps
                    ? features
                    : try features.enumerated().map { index, feature in
                        try positions.feature(
                            feature, pairs.indices.contains(index) ? pairs[index][keyPath: side].kind : .any)
                    })
        }
        let studentView = try view(student, layers.studentFeatures(of: index, student), \.student)
        guard !teachers.isEmpty else {
            return rows.completed(TermInput(student: studentView, labels: rows.labels, batch: batch))
        }
        let teacher = teachers[min(term.teacherIndex, teachers.count - 1)]
        let own = try view(teacher, layers.teacherFeatures(of: index, teacher), \.teacher)
        guard teachers.count > 1 else {
            return rows.completed(TermInput(student: studentView, teacher: own, labels: rows.labels, batch: batch))
        }
        let ensemble = TeacherEnsemble(
            members: try teachers.map { try view($0, [], \.teacher).logits }, weights: teacherWeights, average: average,
            isBernoulli: rows.layout.isBernoulli)
        return rows.completed(
            TermInput(
                student: studentView,
                teacher: NetworkView(logits: try ensemble.logits(at: 1), features: own.features),
                labels: rows.labels, batch: batch, ensemble: ensemble))
    }
}
