import Data
import Learning
import Tensors
import Testing

@testable import Distillation

@Suite struct TrainedTermTests {
    static let fixtures = TermFixture.all("trained_terms")

    @Test func `There are fixtures`() { #expect(Self.fixtures.count >= 20) }

    @Test(arguments: fixtures.indices) func `Values and gradients are those of the formulas`(_ index: Int) throws {
        let example = Self.fixtures[index]
        let term = try example.term()
        let student = try example.student.map { try $0.tensor(.float32).requireGradient() }
        let teacher = try example.teacher.map { try $0.tensor(.float32) }
        let count = student[0].shape[0]
        let labels = try example.labels.map { try Tensor($0) }
        let batch = Batch(
            input: .tensor(teacher[0]), y: labels, index: try Tensor(example.index ?? Array(0..<count)))
        // Logit terms read the features as logits; whatever needs the networks finds a teacher that ends in one layer.
        let input = TermInput(
            student: NetworkView(logits: student[0], features: student),
            teacher: NetworkView(logits: teacher[0], features: teacher), labels: labels, batch: batch)
        let active = try prepare(term, example, input, examples: example.index == nil ? count : 12)
        try load(example, into: active)
        if example.method == "progressive" { try active.begin(epoch: 1, of: 4) }
        if example.method == "ctkd" { try active.begin(epoch: 5, of: 100) }
        if let banks = active as? ContrastiveEmbeddings {
            banks.chosenNegatives = try example.negatives?.tensor(.int64)
        }
        for module in active.modules.values { module.train() }

        let loss = try active.loss(input)
        let found = try loss.itemDouble()
        #expect(
            abs(found - example.value) <= 2e-5 * (1 + abs(example.value)), "\(example): \(found) for \(example.value)")
        try loss.backward()
        for (tensor, expected) in zip(student, example.gradient) { check(tensor.gradient, expected, "\(example)") }
        for (name, tensor) in parameters(of: active) {
            let expected = example.parameterGradients[name]
            if expected == nil { #expect(!tensor.requiresGradient, "\(example): no gradient for \(name)") }
            if let expected { check(tensor.gradient, expected, "\(example), \(name)") }
        }
        try active.stepped(input)
        for (name, expected) in example.memoryAfter {
            let after = try active.memory[name]?.doubles() ?? []
            let worst = zip(after, expected.values).map { abs($0 - $1) }.max() ?? .nan
            #expect(after.count == expected.values.count && worst < 1e-5, "\(example), \(name): off by \(worst)")
        }
    }

    private func check(_ gradient: Tensor?, _ expected: [Double], _ what: String) {
        let found = (try? gradient?.doubles()) ?? [Double](repeating: 0, count: expected.count)
        #expect(found.count == expected.count, "\(what)")
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .nan
        #expect(worst <= 5e-5 * (1 + (expected.map(abs).max() ?? 0)), "\(what): gradient off by \(worst)")
    }

    private func prepare(
        _ term: Term, _ example: TermFixture, _ input: TermInput, examples: Int
    ) throws -> ActiveTerm {
        let labels = try Tensor(example.labels ?? (0..<examples).map { $0 % 3 })
        let x = try Tensor.randn([examples] + example.teacher[0].shape.dropFirst())
        let data = try Dataset(x: x, y: labels)
        var example = input
        var teacher: Module?
        if term is SimKDTerm {
            let width = x.shape.array.dropFirst().reduce(1, *)
            let net = Sequential([Flatten(), try Linear(width, 3)])
            teacher = net
            example = TermInput(
                student: input.student,
                teacher: NetworkView(
                    logits: try net(input.batch.x ?? x), features: input.teacher?.features ?? []), batch: input.batch)
        }
        return try term.prepare(
            example,
            TermContext(
                student: Sequential([Identity(), try Linear(1, 1)]), teacher: teacher, data: data, epochs: 4,
                batchSize: 4, pairs: term.pairs,
                teacherFeatures: { batch in
                    try input.teacher?.features.map { feature in
                        try feature.rows(at: (batch.index.to(.int64)).remainder(Scalar(feature.shape[0])))
                    } ?? []
                }))
    }

    private func parameters(of term: ActiveTerm) -> [(String, Tensor)] {
        term.modules.flatMap { name, module in
            module.namedParameters().map { (name + "." + $0.name, $0.parameter) }
        }
    }

    private func load(_ example: TermFixture, into term: ActiveTerm) throws {
        let own = parameters(of: term)
        #expect(Set(own.map(\.0)) == Set(example.parameters.keys))
        try Gradients.disabled {
            for (name, tensor) in own {
                let new = try #require(example.parameters[name]).tensor(.float32)
                #expect(new.shape == tensor.shape, "\(example), \(name)")
                try tensor.copy_(new)
            }
            for (name, tensor) in term.memory {
                if let new = example.memory[name] { try tensor.copy_(new.tensor(.float32)) }
            }
        }
    }

    /// Helper modules with batch normalisation take a batch of one example, too.
    @Test(arguments: Set(fixtures.map(\.call)).filter { $0.contains("->") }.sorted())
    func `Zeros huge features and a single example stay finite`(_ call: String) throws {
        for shape in [[3, 4], [1, 4], [3, 4, 2, 2], [1, 4, 2, 2]] {
            for scale in [0, 1, 1e4] {
                let example = try #require(Self.fixtures.first { $0.call == call })
                let layers = example.student.count
                let student = try (0..<layers).map { _ in
                    try (Tensor.randn(shape) * Scalar(scale)).detach().clone().requireGradient()
                }
                let teacher = try (0..<layers).map { _ in try Tensor.randn(shape) * Scalar(scale) }
                let term = try example.term()
                let batch = Batch(input: .tensor(teacher[0]), y: nil, index: try .arange(.int(shape[0])))
                let input = TermInput(
                    student: NetworkView(logits: student[0], features: student),
                    teacher: NetworkView(logits: teacher[0], features: teacher), batch: batch)
                let active = try prepare(term, example.with(shape), input, examples: 12)
                for module in active.modules.values { module.train() }
                let loss = try active.loss(input)
                #expect(try loss.itemDouble().isFinite, "\(call) on \(shape) · \(scale)")
                try loss.backward()
                for point in student {
                    #expect(
                        try point.gradient?.doubles().allSatisfy { $0.isFinite } != false,
                        "\(call) on \(shape) · \(scale)")
                }
            }
        }
    }
}

extension TermFixture {
    /// The same case with teachers of another shape.
    fileprivate func with(_ shape: [Int]) -> TermFixture {
        var copy = self
        copy.teacher = teacher.map { _ in FixtureTensor(shape: shape) }
        return copy
    }
}

extension FixtureTensor {
    fileprivate init(shape: [Int]) {
        self.shape = shape
        values = []
    }
}
