import Data
import Learning
import Tensors
import Testing

@testable import Distillation

/// A perceptron's step is planned; somebody who looks at a layer makes it an ordinary one. The numbers are the same.
@Suite struct PlannedStepTests {
    private final class Onlooker: ModuleObserver {
        func module(_ module: Module, took input: Tensor?, gave output: Tensor) {}
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var widths = [64, 48, 24, 10]
        var bias = true
        var reluLast = false
        var frozen: [Int] = []
        var dtype = DType.float32
        var isSGD = false
        var clip: Double?
        var soft: Double?
        var hard: Double?
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "labels", hard: 1), Case(name: "soft and labels", soft: 0.9, hard: 0.1),
        Case(name: "soft alone", soft: 1), Case(name: "without biases", bias: false, soft: 0.5, hard: 0.5),
        Case(name: "ReLU at the end", reluLast: true, hard: 1), Case(name: "first layer frozen", frozen: [0], hard: 1),
        Case(name: "last layer frozen", frozen: [4], soft: 0.9, hard: 0.1),
        Case(name: "one layer", widths: [64, 10], hard: 1),
        Case(name: "float64", dtype: .float64, soft: 0.9, hard: 0.1),
        Case(name: "clipped", isSGD: true, clip: 0.05, hard: 1),
        Case(name: "wide", widths: [64, 256, 256, 10], soft: 0.9, hard: 0.1),
    ]

    private func linear(_ inputs: Int, _ outputs: Int, bias: Bool, _ dtype: DType) throws -> Linear {
        let layer = try Linear(inputs, outputs, bias: bias)
        func converted(_ x: Tensor) throws -> Tensor { try x.detach().to(dtype).clone().requireGradient() }
        return try Linear(weight: converted(layer.weight), bias: layer.bias.map(converted))
    }

    private func student(_ test: Case) throws -> Sequential {
        Randomness.seed(5)
        var layers: [Module] = []
        for index in 0..<test.widths.count - 1 {
            layers.append(try linear(test.widths[index], test.widths[index + 1], bias: test.bias, test.dtype))
            if test.reluLast || index + 2 < test.widths.count { layers.append(Activation(.relu)) }
        }
        let net = Sequential(layers)
        for parameter in test.frozen.flatMap({ layers[$0].parameters() }) { try parameter.requireGradient(false) }
        return net
    }

    private func train(_ test: Case, planned: Bool) throws -> (run: Run, state: [String: [Double]], steps: Int) {
        // 150 examples are four batches of 32 and one of 22.
        let part = try digits().take(150)
        let y = try #require(part.y), x = try part.x()
        let data = try Dataset(x: x.to(test.dtype), y: y)
        Randomness.seed(4)
        let teacher = try Sequential([linear(64, 32, bias: true, test.dtype), linear(32, 10, bias: true, test.dtype)])
        let net = try student(test)
        let onlooker = Onlooker()
        if !planned { net.layers[0].observe(with: onlooker) }
        var summands: [Objective] = []
        if let soft = test.soft { summands.append(soft * (try SoftTerm(temperature: 4))) }
        if let hard = test.hard { summands.append(hard == 1 ? Objective(HardTerm()) : hard * HardTerm()) }
        let objective = try #require(summands.dropFirst().reduce(summands.first) { sum, next in sum.map { $0 + next } })
        let loss = try DistillationLoss(objective, teachers: test.soft == nil ? [] : [.network(teacher)])
        var options = TrainingOptions()
        options.epochs = 3
        options.batchSize = 32
        options.optimizer = test.isSGD ? try .sgd(lr: 0.1, momentum: 0.9) : try .adam(lr: 1e-2)
        options.clipGradNorm = test.clip
        Randomness.seed(6)
        let run = try Trainer(net, data, loss: loss, options: options).train()
        var state: [String: [Double]] = [:]
        for (name, tensor) in try net.stateDict() { state[name] = try tensor.doubles() }
        return (run, state, loss.plannedSteps)
    }

    @Test(arguments: cases) func trainsLikeTheOperationsOneByOne(_ test: Case) throws {
        let planned = try train(test, planned: true), ordinary = try train(test, planned: false)
        #expect(planned.steps == 15 && ordinary.steps == 0)
        #expect(planned.run.steps == ordinary.run.steps)
        #expect(planned.run.curves == ordinary.run.curves)
        #expect(planned.state == ordinary.state)
        let before = try student(test).stateDict()
        let moved = try before.filter { try $0.value.doubles() != planned.state[$0.key] }
        #expect(moved.count == before.count - test.frozen.count * (test.bias ? 2 : 1))
    }

    @Test func otherNetworksAndObjectivesAreNotPlanned() throws {
        func steps(_ net: Module, _ objective: Objective) throws -> Int {
            let loss = try DistillationLoss(objective)
            var options = TrainingOptions()
            options.epochs = 1
            _ = try Trainer(net, digits().take(64), loss: loss, options: options).train()
            return loss.plannedSteps
        }
        let hard = Objective(HardTerm())
        #expect(try steps(net([64, 8, 10]), hard) == 1)
        let tanh = Sequential([try Linear(64, 8), Activation(.tanh), try Linear(8, 10)])
        #expect(try steps(tanh, hard) == 0)
        #expect(try steps(net([64, 8, 10]), Objective(HardTerm(labelSmoothing: 0.1))) == 0)
        #expect(try steps(net([64, 8, 10]), 0.5 * HardTerm()) == 0)
        let shared = try Linear(64, 64)
        #expect(try steps(Sequential([shared, Activation(.relu), shared, try Linear(64, 10)]), hard) == 0)
    }
}
