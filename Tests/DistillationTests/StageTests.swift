import Data
import Learning
import Tensors
import Testing

@testable import Distillation

private func toy(_ count: Int = 150) throws -> Dataset {
    Randomness.seed(7)
    let x = try Tensor.randn([count, 4])
    let values = try x.doubles()
    let y = (0..<count).map { (row: Int) -> Int in
        let start = row * 4
        guard values[start] + values[start + 1] > 0 else { return 2 }
        return values[start + 2] > 0 ? 1 : 0
    }
    return try Dataset(x: x, y: Tensor(y))
}

@Suite struct HintStageTests {
    @Test(arguments: ["fitnet", "factor", "boundary", "fsp"])
    func `Hints train the student up to the hint then drop out`(_ method: String) throws {
        let data = try toy()
        let teacher = try net([4, 8, 8, 3])
        let student = try net([4, 8, 8, 3])
        let pairs = [LayerPair("0", "0"), LayerPair("2", "2")]
        let term: Term =
            switch method {
            case "fitnet": FitNetTerm(pairs: [pairs[1]])
            case "factor": try FactorTerm(pairs: [pairs[1]], paraphraserEpochs: 1)
            case "boundary": try BoundaryTerm(pairs: [pairs[1]])
            default: try FlowTerm(pairs: pairs)
            }
        term.hintEpochs = 2
        #expect(term.description.contains("hint_epochs=2"))
        let start = try student.stateDict()
        var options = TrainingOptions()
        options.epochs = 5
        var heads: [[Double]] = []
        var trunks: [[Double]] = []
        options.callback = { run in
            heads.append(try run.net.parameters()[4].doubles())
            trunks.append(try run.net.parameters()[0].doubles())
            return true
        }
        let run = try distill(teacher, into: student, data, loss: term + HardTerm(), options: options)
        let head = try #require(try start["4.weight"]?.doubles())
        #expect(heads[0] == head && heads[1] == head, "the layer behind the hint waits")
        #expect(heads[2] != head, "and trains then")
        #expect(trunks[0] != (try start["0.weight"]?.doubles()))
        let curve = try #require(run[method])
        #expect(curve[0].isFinite && curve[1].isFinite && curve[2].isNaN && curve[4].isNaN)
        let labels = try #require(run["hard"])
        #expect(labels[0].isNaN && labels[1].isNaN && labels[2].isFinite)
    }

    @Test func `The second stage has a fresh optimizer and counts anew`() throws {
        // Two epochs of a hint whose weight is tiny leave the student as it was, so what follows equals a run without it.
        let data = try toy()
        let teacher = try net([4, 8, 3])
        func run(_ hint: Bool) throws -> (Run, [Double]) {
            Randomness.seed(3)
            let student = try net([4, 8, 3])
            var options = TrainingOptions()
            options.epochs = hint ? 5 : 3
            options.optimizer = try SGD(lr: 0.1) { $0.momentum = 0.9 }
            options.schedule = .cosine()
            let term = FitNetTerm(pairs: [LayerPair("1", "1")])
            term.hintEpochs = 2
            let objective =
                hint
                ? Objective([(.constant(1e-30), term), (.ramp(from: 0.5, to: 1, epochs: 3), HardTerm())])
                : Objective([(.ramp(from: 0.5, to: 1, epochs: 3), HardTerm())])
            let result = try distill(teacher, into: student, data, loss: objective, options: options)
            return (result, try #require(result["lr"]))
        }
        let (_, plain) = try run(false)
        let (hinted, rates) = try run(true)
        #expect(rates.count == 5 && Array(rates[2...]) == plain, "the schedule starts again: \(rates) after \(plain)")
        #expect(hinted.bestEpoch >= 2, "no epoch of a hint is the best")
    }

    @Test func `Impossible hints are errors before the first step`() throws {
        let data = try toy()
        let teacher = try net([4, 8, 3])
        let student = try net([4, 8, 3])
        var options = TrainingOptions()
        options.epochs = 3
        func problem(_ objective: Objective) -> String {
            do {
                try distill(teacher, into: student, data, loss: objective, options: options)
                return ""
            } catch { return "\((error as? DistillationError)?.message ?? "\(error)")" }
        }
        func hint(_ epochs: Int) -> Term {
            let term = FitNetTerm(pairs: [LayerPair("1", "1")])
            term.hintEpochs = epochs
            return term
        }
        #expect(problem(hint(3) + HardTerm()).contains("hint_epochs=3 leaves none of the 3 epochs"))
        #expect(problem(Objective(hint(1))).contains("no term is left"))
        #expect(problem(hint(1) + (hint(2) + HardTerm())).contains("the same hint_epochs"))
    }
}

@Suite struct RebuiltStudentTests {
    @Test func `The runs network answers through the teachers classifier`() throws {
        let data = try toy(300)
        Randomness.seed(1)
        let teacher = try net([4, 16, 3])
        var options = TrainingOptions()
        options.epochs = 40
        options.optimizer = try Adam(lr: 1e-2)
        try fit(teacher, data, options: options)
        let before = try teacher.stateDict()
        let student = try net([4, 8, 3])
        options.validate = data
        let run = try distill(teacher, into: student, data, loss: Objective(SimKDTerm()), options: options)
        #expect(Array(run.net.children.keys) == ["trunk", "projector", "classifier"])
        let accuracy = try #require(evaluate(run.net, data)["accuracy"])
        #expect(abs(accuracy - (run["val_accuracy"]?.last ?? 0)) < 1e-9, "what is validated is what is kept")
        #expect(accuracy > 0.75)
        for (name, tensor) in try teacher.stateDict() { #expect(try before[name]?.equals(tensor) == true) }
        #expect(run.adapters.keys.contains("simkd"))
        _ = try run.net.copy()
    }

    @Test func `Label terms judge the network that is kept`() throws {
        let data = try toy()
        let (teacher, student) = (try net([4, 8, 3]), try net([4, 8, 3]))
        let head = try student.stateDict()["2.weight"]
        var options = TrainingOptions()
        options.epochs = 2
        let run = try distill(teacher, into: student, data, loss: SimKDTerm() + HardTerm(), options: options)
        #expect(run["hard"]?.allSatisfy { $0.isFinite } == true)
        #expect(try student.stateDict()["2.weight"]?.equals(#require(head)) == true, "its own classifier takes no part")
    }

    @Test func `A path that the teacher lacks is an error`() throws {
        let data = try toy()
        do {
            try distill(
                net([4, 8, 8, 3]), into: net([4, 8, 8, 3]), data,
                loss: Objective(SimKDTerm(pairs: [LayerPair("missing", "0")])))
            Issue.record("expected an error")
        } catch let error as DistillationError { #expect(error.kind == .key) }
    }
}

@Suite struct MemoryTests {
    @Test func `State and restore bring back everything that a loss remembers`() throws {
        let data = try toy()
        let teacher = try net([4, 8, 3])
        func loss() throws -> ObjectiveRun {
            let crd = try ContrastiveTerm(negatives: 8, size: 4)
            let progressive = try ProgressiveTerm()
            return try ObjectiveRun(
                crd + progressive + FitNetTerm(pairs: [LayerPair("1", "1")]), teachers: [.network(teacher)])
        }
        var options = TrainingOptions()
        options.epochs = 2
        let first = try loss()
        _ = try Trainer(net([4, 8, 3]), data, loss: first, options: options).train()
        let state = try first.state()
        #expect(state.keys.contains("memory.crd.student_bank") && state.keys.contains("memory.progressive.predictions"))
        #expect(state.keys.contains("fitnet.weight") && state.keys.contains("crd.student.weight"))
        let second = try loss()
        _ = try Trainer(net([4, 8, 3]), data, loss: second, options: options)
        try second.restore(state)
        for (name, tensor) in try second.state() { #expect(try state[name]?.equals(tensor) == true, "\(name)") }
        var short = state
        short.removeLast()
        #expect(throws: ModuleError.self) { try second.restore(short) }
    }

    @Test func `Negatives are of other classes`() throws {
        let data = try toy()
        let sampler = try NegativeSampler(data, for: "crd")
        let classes = try #require(data.y).integers()
        let index = Array(0..<20)
        let drawn = try sampler.draw(50, for: Tensor(index)).integers()
        var seen: Set<Int> = []
        for (position, other) in drawn.enumerated() {
            #expect(classes[other] != classes[index[position / 50]])
            seen.insert(other)
        }
        #expect(seen.count > 100, "and all of them get their turn")
        let one = try Dataset(x: Tensor.zeros([4, 2]), y: Tensor([1, 1, 1, 1]))
        #expect(throws: DistillationError.self) { try NegativeSampler(one, for: "crd") }
    }

    @Test func `Helper modules are no part of the student`() throws {
        let data = try toy()
        let student = try net([4, 8, 3])
        let names = student.namedParameters().map(\.name)
        let terms: [Term] = [
            FitNetTerm(pairs: [LayerPair("1", "1")]), VariationalTerm(), try CorrelationTerm(),
            OverhaulTerm(), ReviewTerm(), try ProjectorTerm(), try FactorTerm(paraphraserEpochs: 1),
            try ContrastiveTerm(negatives: 4, size: 4),
            try CurriculumTerm(),
        ]
        let objective = Objective(terms.map { (.constant(0.01), $0) })
        var options = TrainingOptions()
        // ctkd's temperature begins to learn in the second epoch.
        options.epochs = 2
        let loss = try ObjectiveRun(objective, teachers: [.network(net([4, 6, 3]))])
        let trainer = try Trainer(student, data, loss: loss, options: options)
        let before = try loss.state()
        let run = try trainer.train()
        #expect(run.net.namedParameters().map(\.name) == names)
        let after = try loss.state()
        for (name, module) in loss.trainedModules where !name.contains("paraphraser") {
            let moved = try module.namedParameters().contains { parameter in
                let key = name + "." + parameter.name
                return try before[key]?.equals(#require(after[key])) == false
            }
            #expect(moved, "\(name) is optimised with the student")
        }
        for (key, tensor) in before where key.contains("paraphraser") {
            #expect(try after[key]?.equals(tensor) == true, "the paraphraser stays as it was trained")
        }
    }

    @Test func `Progressive remembers what the network said`() throws {
        let data = try toy()
        let student = try net([4, 8, 3])
        let term = try ProgressiveTerm(alpha: 0.8)
        var options = TrainingOptions()
        options.epochs = 3
        let loss = try ObjectiveRun(Objective(term), function: "fit")
        let run = try Trainer(student, data, loss: loss, options: options).train()
        let said = try #require(loss.memory["progressive.predictions"])
        #expect(said.shape == [150, 3])
        for row in try said.sum(dims: [1]).doubles() { #expect(abs(row - 1) < 1e-5) }
        let now = try predict(run.net, data).softmax(dim: 1)
        #expect(try (said - now).abs().max().itemDouble() < 0.2, "close to what it says now, some steps later")
    }

    @Test func `Classwise partners are of the same class`() throws {
        // A network that answers with its input: partners of the same class give the same row, others do not.
        let y = (0..<60).map { $0 % 3 }
        let x = try Tensor(y.flatMap { label in (0..<3).map { $0 == label ? 5.0 : 0 } }, shape: [60, 3]).to(.float32)
        let data = try Dataset(x: x, y: Tensor(y))
        let identity = try Linear(3, 3)
        try Gradients.disabled {
            try identity.parameters()[0].copy_(.eye(3))
            try identity.parameters()[1].copy_(.zeros([3]))
        }
        var options = TrainingOptions()
        options.epochs = 1
        options.optimizer = try SGD(lr: 0)
        let run = try fit(identity, data, loss: try 1 * ClasswiseTerm() + HardTerm(), options: options)
        #expect(abs(try #require(run["cskd"]).first ?? 1) < 1e-6)
    }
}

@Suite struct BalanceTests {
    @Test func `Proposed weights make the terms pull alike`() throws {
        let data = try toy()
        let teacher = try net([4, 16, 3])
        func run(_ objective: Objective) throws -> Run {
            Randomness.seed(4)
            var options = TrainingOptions()
            options.epochs = 1
            options.optimizer = try SGD(lr: 0)
            return try distill(teacher, into: net([4, 8, 3]), data, loss: objective, options: options, balance: true)
        }
        let first = try run(0.1 * HardTerm() + 3 * SoftTerm() + 200 * FeatureTerm())
        let weights = try first.balance.mapValues { try #require($0["proposed"]) }
        #expect(weights["hard"] == 0.1, "labels are what the others are measured against")
        let again = try run(
            0.1 * HardTerm() + #require(weights["soft"]) * SoftTerm() + #require(weights["feature"]) * FeatureTerm())
        for (name, entry) in again.balance {
            #expect(abs(try #require(entry["share"]) - 1.0 / 3) < 0.03, "\(name): \(entry)")
        }
        #expect(first.curves.keys.contains("grad_soft") && first["grad_hard"]?.count == 1)
        #expect(first.notes.joined().contains("with equal pull: 0.1 * hard()"))
    }

    @Test func `Norms are those of the terms own gradients`() throws {
        let data = try toy(32)
        let teacher = try net([4, 16, 3])
        let student = try net([4, 8, 3])
        let input = try data.input().tensor
        let x = try #require(input)
        var options = TrainingOptions()
        options.epochs = 1
        options.batchSize = 32
        options.optimizer = try SGD(lr: 0)
        let run = try distill(
            teacher, into: student, data, loss: 0.5 * SoftTerm() + HardTerm(), options: options, balance: true)
        for parameter in student.parameters() { parameter.clearGradient() }
        try SoftTerm()(student: student(x), teacher: teacher(x)).backward()
        let norm = try student.parameters().reduce(0.0) { sum, parameter in
            try sum + (parameter.gradient?.doubles() ?? []).reduce(0) { $0 + $1 * $1 }
        }
        #expect(abs(try #require(run["grad_soft"]?.first) - norm.squareRoot()) < 1e-4 * norm.squareRoot())
    }

    @Test func `Measuring does not change the training`() throws {
        let data = try toy()
        let teacher = try net([4, 16, 3])
        let steps = try [false, true].map { balance in
            Randomness.seed(2)
            var options = TrainingOptions()
            options.epochs = 2
            return try distill(
                teacher, into: net([4, 8, 3]), data, loss: SoftTerm() + FeatureTerm(), options: options,
                balance: balance
            ).steps
        }
        #expect(steps[0] == steps[1])
    }
}
