import Data
import Learning
import Tensors
import Testing

@testable import Distillation

private func net(_ sizes: [Int], norm: Bool = false, end: Module? = nil) throws -> Sequential {
    var layers: [Module] = []
    for index in 0..<sizes.count - 1 {
        layers.append(try Linear(sizes[index], sizes[index + 1]))
        if index + 2 < sizes.count {
            if norm { layers.append(try BatchNorm1d(sizes[index + 1])) }
            layers.append(Activation(.relu))
        }
    }
    if let end { layers.append(end) }
    return Sequential(layers)
}

private func toy(_ count: Int = 96) throws -> Dataset {
    Randomness.seed(7)
    let x = try Tensor.randn([count, 4])
    return try Dataset(x: x, y: Tensor((0..<count).map { $0 % 3 }))
}

/// The traps of the field, each of which is a default, a check or a message here.
@Suite struct TrapTests {
    @Test func `Temperature squared and batchmean are the defaults`() throws {
        let term = try SoftTerm(temperature: 3)
        #expect(term.scale == .temperatureSquared && term.reduction == .batchmean)
    }

    @Test(arguments: ["student", "teacher"]) func `Probabilities where logits belong are an error`(_ side: String)
        throws
    {
        let softmax = Activation(.softmax(dim: 1))
        let teacher = try net([4, 8, 3], end: side == "teacher" ? softmax : nil)
        let student = try net([4, 8, 3], end: side == "student" ? softmax : nil)
        do {
            try distill(teacher, into: student, toy(), loss: Objective(SoftTerm()))
            Issue.record("expected an error")
        } catch let error as DistillationError {
            #expect(error == .probabilities(term: "soft", side: side))
            #expect(error.help?.contains("Softmax") == true)
        }
    }

    @Test func `A teacher in training mode teaches as in evaluation and stays as it is`() throws {
        let data = try toy()
        let teacher = try net([4, 8, 3], norm: true)
        teacher.train()
        let before = try teacher.stateDict()
        var options = TrainingOptions()
        options.epochs = 2
        for cache in [CachePolicy.auto, .off] {
            try distill(
                teacher, into: net([4, 6, 3]), data, loss: SoftTerm() + FeatureTerm(), options: options, cache: cache)
            for (name, tensor) in try teacher.stateDict() {
                #expect(try before[name]?.equals(tensor) == true, "\(name)")
            }
            #expect(teacher.namedModules().allSatisfy { $0.module.isTraining }, "its mode is given back")
        }
    }

    @Test func `A teacher is run without a graph`() throws {
        let teacher = try net([4, 8, 3])
        var options = TrainingOptions()
        options.epochs = 1
        let seen = CustomTerm("seen", pairs: [LayerPair("1", "1")]) { input in
            #expect(input.teacher?.logits.requiresGradient == false)
            #expect(input.teacher?.features.allSatisfy { !$0.requiresGradient } == true)
            return try input.student.logits.square().mean()
        }
        try distill(teacher, into: net([4, 8, 3]), toy(), loss: Objective(seen), options: options, cache: .off)
        #expect(teacher.parameters().allSatisfy { $0.gradient == nil })
    }

    @Test func `The student trains in training mode after validation`() throws {
        let data = try toy()
        let student = try net([4, 8, 3], norm: true)
        var modes: [Bool] = []
        let seen = CustomTerm("seen", needsTeacher: false) { input in
            modes.append(student.namedModules().allSatisfy { $0.module.isTraining })
            return try input.student.logits.square().mean()
        }
        var options = TrainingOptions()
        options.epochs = 3
        options.validate = data
        student.eval()
        try fit(student, data, loss: Objective(seen), options: options)
        #expect(modes.count == 6 && modes.allSatisfy { $0 })
        #expect(!student.isTraining, "and the mode it came in is given back")
    }

    @Test func `Two classes are no matter for NCKD`() throws {
        let data = try Dataset(x: Tensor.randn([8, 4]), y: Tensor([0, 1, 0, 1, 0, 1, 0, 1]))
        do {
            try distill(net([4, 2]), into: net([4, 2]), data, loss: Objective(DecoupledTerm()))
            Issue.record("expected an error")
        } catch let error as DistillationError { #expect(error.message.contains("at least 3 classes")) }
    }

    @Test func `Constant rows correlate with nothing`() throws {
        let flat = try Tensor.full([2, 3], 1, dtype: .float64)
        let other = try Tensor.randn([2, 3], dtype: .float64)
        #expect(try Correlation.ofRows(flat, other).doubles() == [0, 0])
        #expect(try Logits.standardized(flat).doubles().allSatisfy { $0 == 0 })
    }

    @Test func `Positions are asked for before the first step`() throws {
        for term in [try AttentionTerm(), try ChannelTerm(), SelectivityTerm()] as [Term] {
            var steps = 0
            let counted = CustomTerm("counted") { input in
                steps += 1
                return try input.student.logits.mean()
            }
            #expect(throws: DistillationError.self) {
                try distill(net([4, 8, 3]), into: net([4, 8, 3]), toy(), loss: counted + term)
            }
            #expect(steps == 0)
        }
    }

    @Test func `The dataset that chose the epoch is known`() throws {
        let (data, validate) = (try toy(), try toy(48))
        let student = try net([4, 8, 3])
        var options = TrainingOptions()
        options.epochs = 2
        options.validate = validate
        options.keep = .best
        let run = try fit(student, data, options: options)
        #expect(try run.net.wasChosen(on: validate) && run.keptBy == "val_loss")
    }
}
