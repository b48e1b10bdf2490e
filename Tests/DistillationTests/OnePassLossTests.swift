import Data
import Learning
import Tensors
import Testing

@testable import Distillation

/// Soft and hard loss are computed in one pass where nobody asks for more. The numbers are those of the terms.
@Suite struct OnePassLossTests {
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
        Case(name: "soft and labels", soft: 0.9, hard: 0.1),
        Case(name: "soft alone", soft: 1), Case(name: "without biases", bias: false, soft: 0.5, hard: 0.5),
        Case(name: "ReLU at the end", reluLast: true, soft: 0.9, hard: 0.1),
        Case(name: "first layer frozen", frozen: [0], soft: 0.9, hard: 0.1),
        Case(name: "last layer frozen", frozen: [4], soft: 0.9, hard: 0.1),
        Case(name: "one layer", widths: [64, 10], soft: 0.9, hard: 0.1),
        Case(name: "float64", dtype: .float64, soft: 0.9, hard: 0.1),
        Case(name: "clipped", isSGD: true, clip: 0.05, soft: 0.9, hard: 0.1),
        Case(name: "wide", widths: [64, 256, 256, 10], isSGD: true, soft: 0.9, hard: 0.1),
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

    private func train(_ test: Case, onePass: Bool) throws -> (run: Run, state: [String: [Double]], steps: Int) {
        // 150 examples are four batches of 32 and one of 22.
        let part = try digits().take(150)
        let y = try #require(part.y), x = try part.x()
        let data = try Dataset(x: x.to(test.dtype), y: y)
        Randomness.seed(4)
        let teacher = try Sequential([linear(64, 32, bias: true, test.dtype), linear(32, 10, bias: true, test.dtype)])
        let net = try student(test)
        var summands: [Objective] = []
        if let soft = test.soft { summands.append(soft * (try SoftTerm(temperature: 4))) }
        if let hard = test.hard { summands.append(hard * HardTerm()) }
        let objective = try #require(summands.dropFirst().reduce(summands.first) { sum, next in sum.map { $0 + next } })
        let loss = try ObjectiveRun(objective, teachers: [.network(teacher)])
        loss.fusesPlainTerms = onePass
        var options = TrainingOptions()
        options.epochs = 3
        options.batchSize = 32
        options.optimizer = test.isSGD ? try SGD(lr: 0.1) { $0.momentum = 0.9 } : try Adam(lr: 1e-2)
        options.clipGradNorm = test.clip
        Randomness.seed(6)
        let run = try Trainer(net, data, loss: loss, options: options).train()
        var state: [String: [Double]] = [:]
        for (name, tensor) in try net.stateDict() { state[name] = try tensor.doubles() }
        return (run, state, loss.fusedSteps)
    }

    @Test(arguments: cases) func `one pass trains like the terms one by one`(_ test: Case) throws {
        let fused = try train(test, onePass: true), plain = try train(test, onePass: false)
        #expect(fused.steps == 15 && plain.steps == 0)
        let bound = test.dtype == .float64 ? 1e-11 : 2e-4
        for (name, curve) in plain.run.curves {
            let other = try #require(fused.run.curves[name])
            for (a, b) in zip(curve, other) {
                #expect(abs(a - b) <= bound * (1 + abs(a)), "\(name)")
            }
        }
        for (name, values) in plain.state {
            let other = try #require(fused.state[name])
            let largest = values.reduce(0) { max($0, abs($1)) }
            #expect(zip(values, other).allSatisfy { abs($0 - $1) <= bound * 10 * largest }, "\(name)")
        }
        let before = try student(test).stateDict()
        let moved = try before.filter { try $0.value.doubles() != fused.state[$0.key] }
        #expect(moved.count == before.count - test.frozen.count * (test.bias ? 2 : 1))
    }

    @Test func `other objectives are computed term by term`() throws {
        func steps(_ objective: Objective) throws -> Int {
            Randomness.seed(4)
            let loss = try ObjectiveRun(objective, teachers: [.network(net([64, 8, 10]))])
            var options = TrainingOptions()
            options.epochs = 1
            _ = try Trainer(net([64, 8, 10]), digits().take(64), loss: loss, options: options).train()
            return loss.fusedSteps
        }
        let soft = try SoftTerm(temperature: 4)
        #expect(try steps(0.9 * soft + 0.1 * HardTerm()) == 1)
        #expect(try steps(Objective(HardTerm())) == 0)
        #expect(try steps(0.9 * soft + 0.1 * HardTerm(labelSmoothing: 0.1)) == 0)
        #expect(try steps(0.9 * SoftTerm(temperature: 4, reduction: .mean) + 0.1 * HardTerm()) == 0)
    }
}
