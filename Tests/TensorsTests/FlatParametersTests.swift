import Glibc
import Tensors
import Testing

@Suite struct FlatParametersTests {
    @Test func fiftyStepsOfEveryOptimizerAgreeWithPyTorch() throws {
        for line in Fixture.lines("updates") {
            for (dtype, tolerance) in [(DType.float64, 1e-10), (.float32, 2e-5)] {
                let words = line.split(separator: " ").map(String.init)
                let name = words[0]
                let pairs = words.dropFirst().prefix { $0 != "|" }.map { $0.split(separator: "=").map(String.init) }
                let options = Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], strtod($0[1], nil)) })
                func option(_ key: String) -> Double { options[key] ?? 0 }
                let expected = words.drop { $0 != "|" }.dropFirst().map { strtod($0, nil) }
                let start = (0..<12).map { sin(Double($0)) }
                let parameters = try [Array(start[..<5]), Array(start[5...])].map {
                    try Tensor($0).to(dtype).detach().requireGradient()
                }
                let flat = try FlatParameters(parameters)
                let states = try (0..<3).map { _ in try flat.makeState() }
                for step in 1...50 {
                    var first = 0
                    for parameter in parameters {
                        let values = try parameter.doubles().enumerated().map { offset, p in
                            cos(Double(first + offset) + 0.3 * Double(step)) + 0.1 * p
                        }
                        first += parameter.count
                        try parameter.setGradient(try Tensor(values).to(dtype))
                    }
                    switch name {
                    case "sgd":
                        try flat.updateSGD(
                            lr: option("lr"), momentum: option("momentum"), dampening: option("dampening"),
                            weightDecay: option("weight_decay"), nesterov: option("nesterov") != 0,
                            maximize: option("maximize") != 0, buffer: option("momentum") != 0 ? states[0] : nil,
                            isFirst: step == 1)
                    case "adam", "adamw":
                        try flat.updateAdam(
                            lr: option("lr"), weightDecay: option("weight_decay"), decoupled: name == "adamw",
                            mean: states[0], square: states[1], peak: option("amsgrad") != 0 ? states[2] : nil,
                            step: step)
                    case "rmsprop":
                        try flat.updateRMSprop(
                            lr: option("lr"), weightDecay: option("weight_decay"), momentum: option("momentum"),
                            square: states[0], mean: option("centered") != 0 ? states[1] : nil,
                            buffer: option("momentum") != 0 ? states[2] : nil)
                    default:
                        try flat.updateAdagrad(lr: option("lr"), weightDecay: option("weight_decay"), sum: states[0])
                    }
                    flat.clearGradients()
                }
                let found = try parameters.flatMap { try $0.doubles() }
                for (x, y) in zip(found, expected) {
                    #expect(
                        abs(x - y) <= tolerance * max(1, abs(y)), "\(line.prefix(60)) \(dtype): \(x), expected \(y)")
                }
            }
        }
    }

    @Test func aTrainingStepAllocatesNoStorageAfterItsFirstPasses() throws {
        Randomness.seed(3)
        let x = try Tensor.randn([16, 8]), y = try Tensor.randint(high: 4, [16])
        let w1 = try Tensor.randn([32, 8]).requireGradient(), b1 = try Tensor.zeros([32]).requireGradient()
        let w2 = try Tensor.randn([4, 32]).requireGradient(), b2 = try Tensor.zeros([4]).requireGradient()
        let flat = try FlatParameters([w1, b1, w2, b2])
        let mean = try flat.makeState(), square = try flat.makeState()
        var losses: [Double] = []
        func step(_ number: Int) throws {
            let logits = try x.linear(w1, bias: b1, relu: true).linear(w2, bias: b2)
            let loss = try logits.crossEntropy(y)
            flat.clearGradients()
            try loss.backward()
            try flat.updateAdam(lr: 0.01, mean: mean, square: square, step: number)
            losses.append(try loss.itemDouble())
        }
        for number in 1...3 { try step(number) }
        let before = Memory.systemAllocations
        for number in 4...60 { try step(number) }
        #expect(Memory.systemAllocations == before)
        #expect(losses[59] < losses[0] / 2)
    }

    @Test func aGradientSomebodyKeepsIsNotOverwritten() throws {
        let w = try Tensor([1, 2] as [Float]).requireGradient()
        let flat = try FlatParameters([w])
        try w.mul(3).sum().backward()
        let kept = try #require(w.gradient)
        flat.clearGradients()
        #expect(w.gradient == nil)
        try w.mul(5).sum().backward()
        #expect(try kept.floats() == [3, 3])
        #expect(try w.gradient?.floats() == [5, 5])
        try w.mul(5).sum().backward()
        #expect(try w.gradient?.floats() == [10, 10])
        #expect(abs(try flat.clipGradientNorm(1) - 200.0.squareRoot()) < 1e-5)
        #expect(abs(try flat.gradientNorm() - 1) < 1e-5)
    }
}
