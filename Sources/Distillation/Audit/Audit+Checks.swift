import Data
import Glibc
import Learning
import Tensors

extension Audit {
    /// Tries an objective on one batch.
    ///
    /// Nothing is trained and the networks stay as they are. Without a teacher a copy of the student teaches whose parameters
    /// were moved at random by three tenths of their spread.
    ///
    /// - Parameters:
    ///   - objective: the objective.
    ///   - family: the objective at other temperatures, if it has one.
    ///   - student: the network.
    ///   - teacher: what it is compared with.
    ///   - data: at least one example; 16 are looked at.
    /// - Throws: what the objective finds wrong with networks and data.
    public convenience init(
        _ objective: Objective, family: ((Double) throws -> Objective)? = nil, student: Module, teacher: Module? = nil,
        data: Dataset
    ) throws {
        let bench = try AuditBench(objective, student, teacher: teacher ?? Self.neighbour(of: student), data)
        var outcomes: [(Property, Outcome)] = []
        for property in Property.allCases {
            switch property {
            case .zeroAtTeacher:
                guard bench.comparesAll, !bench.isTrained else {
                    outcomes.append((property, .doesNotApply))
                    continue
                }
                let equal = try AuditBench(objective, student, teacher: student.copy(), data)
                let value = try abs(equal.value().itemDouble()), scale = try abs(bench.value().itemDouble())
                outcomes.append((property, Self.outcome(value / max(scale, 1e-6), within: 1e-3)))
            case .temperature:
                guard let family, bench.isOnLogits else {
                    outcomes.append((property, .doesNotApply))
                    continue
                }
                let norms = try [1.0, 2, 4, 8].map { temperature in
                    try AuditBench(family(temperature), student, teacher: bench.teacher, data).gradientNorm()
                }
                // The power of T that the norms follow, least squares in logarithms.
                let slope =
                    zip([-1.5, -0.5, 0.5, 1.5], norms).reduce(0) { $0 + $1.0 * log2(max($1.1, 1e-30)) } / 5
                outcomes.append((property, Self.outcome(abs(slope), within: 0.75, shown: slope)))
            default:
                do {
                    outcomes.append((property, try bench.outcome(of: property)))
                } catch is DistillationError {
                    // A term that is of this very batch, as one that looks up partners of its rows, has no other to be tried on.
                    outcomes.append((property, .doesNotApply))
                }
            }
        }
        self.init(
            objective: objective.description, outcomes: outcomes, gradientBesideHard: try bench.gradientBesideHard(),
            rows: bench.rows)
    }

    /// A measured deviation that may be so large.
    static func outcome(_ deviation: Double, within bound: Double, shown: Double? = nil) -> Outcome {
        deviation <= bound ? .holds(shown ?? deviation) : .fails(shown ?? deviation)
    }

    /// A network near another one: every parameter moved at random by three tenths of its spread.
    private static func neighbour(of net: Module) throws -> Module {
        let copy = try net.copy()
        let state = Randomness.state
        defer { Randomness.state = state }
        Randomness.seed(17)
        try Gradients.disabled {
            for parameter in copy.parameters() where parameter.dtype.isFloating {
                let spread = try parameter.count > 1 ? parameter.std().itemDouble() : 0
                let size = max(spread, 0.1)
                _ = try parameter.add_(Tensor.randn(parameter.shape.array, dtype: parameter.dtype) * Scalar(0.3 * size))
            }
        }
        return copy
    }
}

/// An objective with its networks and one batch, on which it can be computed in changed circumstances.
private final class AuditBench {
    let teacher: Module
    private let run: ObjectiveRun
    private let student: Module
    private let data: Dataset
    /// How many rows there are.
    let rows: Int
    private let layout: TaskLayout

    init(_ objective: Objective, _ student: Module, teacher: Module, _ data: Dataset) throws {
        guard data.count > 0 else {
            throw TrainingError.data(function: "audit", problem: "the dataset has no examples", help: nil)
        }
        let data = try data.withoutAugmentation()
        let needsTeacher = objective.summands.contains { $0.term.needsTeacher }
        run = try ObjectiveRun(
            objective, teachers: needsTeacher ? [.network(teacher)] : [], cache: .off, function: "audit")
        self.student = student
        self.teacher = teacher
        // An even number of rows, so that halves and quarters weigh the same.
        let count = min(16, data.count)
        let some = try data.rows(0..<(count >= 4 ? count / 4 * 4 : count))
        let probe = try Batches(some, size: max(1, some.count)).batch(0)
        try run.prepare(TrainingContext(student: student, data: some, epochs: 1, batchSize: some.count))
        try run.begin(epoch: 0, of: 1)
        let outputs = try inEvaluation(student) { try student(probe) }
        layout = try some.layout(outputs: outputs.shape.array, function: "audit")
        (self.data, rows) = (some, some.count)
    }

    private var terms: [Term] { run.objective.summands.map(\.term) }
    /// Whether every term compares with the teacher.
    var comparesAll: Bool { terms.allSatisfy { $0.needsTeacher && !$0.needsLabels } }
    /// Whether some term trains or remembers something.
    var isTrained: Bool { run.activeTerms.contains { !$0.modules.isEmpty || !$0.memory.isEmpty } }
    /// Whether every term is computed from outputs alone.
    var isOnLogits: Bool { terms.allSatisfy { $0.pairs.isEmpty && !$0.usesDefaultPair } && !isTrained }

    /// One batch with everything that a term gets, by term.
    private func inputs(_ batch: Batch) throws -> [TermInput] {
        try inEvaluation(student) {
            try Gradients.enabled {
                let view = try run.runStudent(student, batch)
                let views = try run.teachers.map { try $0.view(batch) }
                return try terms.indices.map { try run.input(for: $0, student: view, teachers: views, batch) }
            }
        }
    }

    private func batch(_ rows: Range<Int>? = nil) throws -> Batch {
        let part = try rows.map { try data.rows($0) } ?? data
        return try Batches(part, size: max(1, part.count)).batch(0)
    }

    private func total(_ inputs: [TermInput]) throws -> Tensor {
        var sum: Tensor?
        for (index, input) in inputs.enumerated() {
            let value = try run.activeTerms[index].value(input, of: terms[index]).loss
            let weighted = try value * Scalar(run.weights[index])
            sum = try sum.map { try $0 + weighted } ?? weighted
        }
        return try sum ?? .zeros([])
    }

    func value() throws -> Tensor { try total(inputs(batch())) }

    // MARK: Properties

    func outcome(of property: Audit.Property) throws -> Audit.Outcome {
        switch property {
        case .doubledBatch:
            guard !isTrained else { return .doesNotApply }
            return try compared(total(inputs(joined(batch(), with: batch(), counting: true))))
        case .padding:
            guard layout.classDim != nil || layout.width == 1 else { return .doesNotApply }
            guard !isTrained, data.mask == nil, layout.task != .positions else { return .doesNotApply }
            let whole = try batch(0..<rows)
            let junk = try Batch(
                input: whole.input.mapped { $0.dtype.isFloating ? try $0 * Scalar(3.0) + Scalar(1.0) : $0 },
                y: whole.y, index: whole.index)
            return try compared(total(inputs(joined(whole, with: junk, counting: false))))
        case .accumulation:
            guard !isTrained, rows >= 4, !holdsMissingLabels else { return .doesNotApply }
            var worst = 0.0
            for parts in [2, 4] {
                let size = rows / parts
                let sum = try (0..<parts).reduce(0.0) {
                    try $0 + total(inputs(batch($1 * size..<($1 + 1) * size))).itemDouble()
                }
                let own = try deviation(sum / Double(parts))
                guard !own.isNaN else { return .fails(.nan) }
                worst = max(worst, own)
            }
            return Audit.outcome(worst, within: 1e-3)
        case .permutation: return try changed { try permuted($0) }
        case .constant:
            guard !layout.isBernoulli, layout.task?.hasClasses ?? true else { return .doesNotApply }
            // Another one for each row, and for each side: the same on both would vanish in a difference.
            return try changed { input in
                let rows = try Tensor.arange(.int(input.student.logits.shape[0])).to(input.student.logits.dtype)
                    .unsqueeze(dim: 1)
                return try self.mapped(
                    input, logits: { try $0 + rows + Scalar(3.0) },
                    teacher: { try $0 - rows * Scalar(0.5) + Scalar(1.0) })
            }
        case .moreClasses:
            guard !layout.isBernoulli, layout.task?.hasClasses ?? true else { return .doesNotApply }
            return try changed { input in
                try self.mapped(
                    input,
                    labels: { y in
                        guard y.dtype.isFloating else { return y }
                        return try Tensor.cat([y, y * Scalar(0.0)], dim: 1)
                    },
                    logits: { z in
                        let low = try z.detach().amin(dims: [1], keepdim: true) - Scalar(1e3)
                        return try Tensor.cat([z, low.expand(z.shape.array)], dim: 1)
                    })
            }
        case .extremes: return try extremes()
        case .zeroAtTeacher, .temperature: return .doesNotApply
        }
    }

    private var holdsMissingLabels: Bool {
        guard let y = data.y else { return false }
        if y.dtype.isFloating { return (try? y.isnan().any().item().integer != 0) ?? true }
        return (try? y.min().item().integer < 0) ?? true
    }

    private func deviation(_ value: Double) throws -> Double {
        let own = try self.value().itemDouble()
        return abs(value - own) / max(abs(own), 1e-6)
    }

    private func compared(_ value: Tensor) throws -> Audit.Outcome {
        Audit.outcome(try deviation(value.itemDouble()), within: 1e-3)
    }

    /// Two batches in one; rows of the second may be left out by a mask.
    private func joined(_ first: Batch, with second: Batch, counting: Bool) throws -> Batch {
        let input: DatasetInput
        switch (first.input, second.input) {
        case (.named(let a), .named(let b)):
            var all = a
            for (name, x) in a { all[name] = try Tensor.cat([x, b[name] ?? x], dim: 0) }
            input = .named(all)
        default:
            input = .tensor(try Tensor.cat([first.input.tensors[0], second.input.tensors[0]], dim: 0))
        }
        func both(_ a: Tensor?, _ b: Tensor?) throws -> Tensor? {
            guard let a, let b else { return nil }
            return try Tensor.cat([a, b], dim: 0)
        }
        var mask = try both(first.mask, second.mask)
        if !counting {
            mask = try Tensor.cat(
                [.ones([first.count], dtype: .bool), .zeros([second.count], dtype: .bool)], dim: 0)
        }
        return Batch(
            input: input, y: try both(first.y, second.y), mask: mask,
            index: try Tensor.cat([first.index, second.index], dim: 0))
    }

    /// The value with every term's input changed.
    private func changed(_ change: (TermInput) throws -> TermInput) throws -> Audit.Outcome {
        guard isOnLogits else { return .doesNotApply }
        return try compared(total(inputs(batch()).map(change)))
    }

    /// A step with other logits on both sides, and other labels.
    private func mapped(
        _ input: TermInput, labels: (Tensor) throws -> Tensor = { $0 }, logits change: (Tensor) throws -> Tensor,
        teacher other: ((Tensor) throws -> Tensor)? = nil
    ) throws -> TermInput {
        let own = try change(input.student.logits)
        let width = own.shape[1]
        let layout = input.layout.map { TaskLayout(rows: width, task: $0.task, ignoreIndex: $0.ignoreIndex) }
        return TermInput(
            student: NetworkView(logits: own),
            teacher: try input.teacher.map { NetworkView(logits: try other?($0.logits) ?? change($0.logits)) },
            labels: try input.labels.map(labels), batch: input.batch, ensemble: nil
        ).completed(layout: layout, rowWeights: input.rowWeights, classWeights: input.classWeights)
    }

    private func permuted(_ input: TermInput) throws -> TermInput {
        let width = input.student.logits.shape[1]
        // Every class goes one place further.
        let order = try Tensor((0..<width).map { ($0 + width - 1) % width })
        return try mapped(
            input,
            labels: { y in
                guard !y.dtype.isFloating else { return try y.rank == 2 ? y.indexSelect(dim: 1, index: order) : y }
                return try Tensor(y.integers().map { $0 < 0 ? $0 : ($0 + 1) % width }, shape: y.shape.array)
            }, logits: { try $0.indexSelect(dim: 1, index: order) })
    }

    private func extremes() throws -> Audit.Outcome {
        guard isOnLogits else {
            let finite = try value().itemDouble().isFinite
            return finite ? .holds(0) : .fails(.nan)
        }
        let changes: [(Tensor, Bool) throws -> Tensor] = [
            { z, _ in try z * Scalar(1e4) }, { z, _ in try z * Scalar(0.0) },
            { [layout] z, isTeacher in
                // The last class of each row never happens, unless it is all there is.
                guard isTeacher, !layout.isBernoulli, layout.task?.hasClasses ?? true, z.shape[1] > 2 else { return z }
                let last = try Tensor.arange(.int(z.shape[1])).eq(.int(z.shape[1] - 1)).unsqueeze(dim: 0)
                return try z.maskedFill(last.expand(z.shape.array), .float(-.infinity))
            },
        ]
        for (index, change) in changes.enumerated() {
            // Terms on numbers have no place for −∞ and say so.
            if index == 2, terms.contains(where: \.comparesNumbers) { continue }
            let inputs = try inputs(batch())
            let leaves = try inputs.map { try change($0.student.logits.detach(), false).clone().requireGradient() }
            let seen = try zip(inputs, leaves).map { input, leaf in
                TermInput(
                    student: NetworkView(logits: leaf),
                    teacher: try input.teacher.map { NetworkView(logits: try change($0.logits, true)) },
                    labels: input.labels, batch: input.batch, ensemble: nil
                ).completed(layout: input.layout, rowWeights: input.rowWeights, classWeights: input.classWeights)
            }
            let value = try total(seen)
            guard try value.itemDouble().isFinite else { return .fails(.nan) }
            if value.requiresGradient { try value.backward() }
            for leaf in leaves {
                if let gradient = leaf.gradient, try !gradient.doubles().allSatisfy(\.isFinite) { return .fails(.nan) }
            }
        }
        return .holds(0)
    }

    // MARK: Gradients

    /// The norm of the gradient on the student's logits.
    func gradientNorm() throws -> Double {
        let inputs = try inputs(batch())
        let leaves = try inputs.map { try $0.student.logits.detach().clone().requireGradient() }
        let seen = zip(inputs, leaves).map { input, leaf in
            TermInput(
                student: NetworkView(logits: leaf), teacher: input.teacher, labels: input.labels, batch: input.batch,
                ensemble: nil
            ).completed(layout: input.layout, rowWeights: input.rowWeights, classWeights: input.classWeights)
        }
        let value = try total(seen)
        guard value.requiresGradient else { return 0 }
        try value.backward()
        var sum: Tensor?
        for leaf in leaves { if let own = leaf.gradient { sum = try sum.map { try $0 + own } ?? own } }
        return try sum.map { try $0.square().sum().itemDouble().squareRoot() } ?? 0
    }

    /// The gradient beside that of the labels' cross entropy.
    func gradientBesideHard() throws -> Double? {
        guard isOnLogits, data.y != nil, layout.task?.hasLogits ?? false else { return nil }
        let hard = try AuditBench(Objective(HardTerm()), student, teacher: teacher, data).gradientNorm()
        return hard > 0 ? try gradientNorm() / hard : nil
    }
}
