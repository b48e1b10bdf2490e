import Data
import Learning
import Tensors
import Testing

/// Fixtures/optimizers.json, written by scripts/golden/learning.py: the parameter after each of 50 steps.
private func fixture() throws -> JSON {
    let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try JSON(parsing: FileBytes.read("/\(path)/Fixtures/optimizers.json"))
}

private func recipe(_ name: String) throws -> OptimizerRecipe? {
    switch name {
    case "sgd": try .sgd(lr: 0.05)
    case "sgd_momentum": try .sgd(lr: 0.02, momentum: 0.9, weightDecay: 0.01)
    case "sgd_nesterov": try .sgd(lr: 0.02, momentum: 0.9, nesterov: true)
    case "sgd_dampening": try .sgd(lr: 0.02, momentum: 0.9, dampening: 0.5)
    case "adam": try .adam(lr: 0.05)
    case "adam_decay_amsgrad": try .adam(lr: 0.05, weightDecay: 0.1, amsgrad: true)
    case "adamw": try .adamW(lr: 0.05)
    case "rmsprop": try .rmsprop(lr: 0.01)
    case "rmsprop_centered": try .rmsprop(lr: 0.01, momentum: 0.5, centered: true)
    case "adagrad": try .adagrad(lr: 0.1, lrDecay: 0.01)
    default: nil
    }
}

private func schedule(_ name: String) -> ScheduleRecipe? {
    switch name {
    case "StepLR": .step(stepSize: 7, gamma: 0.5)
    case "MultiStepLR": .multiStep(milestones: [5, 20], gamma: 0.2)
    case "CosineAnnealingLR": .cosine(tMax: 30, etaMin: 0.001)
    case "OneCycleLR": .oneCycle(maxLR: 0.3, totalSteps: 50)
    case "LinearLR": .linear(start: 0.25, end: 1, iterations: 8)
    case "ExponentialLR": .exponential(gamma: 0.95)
    default: nil
    }
}

@Suite struct OptimizerTests {
    @Test func fiftyStepsAgreeWithPyTorch() throws {
        for entry in try fixture()["optimizers"]?.array ?? [] {
            let name = entry["name"]?.string ?? ""
            let made = try recipe(name)
            let recipe = try #require(made)
            let p = try Tensor([1.0, -2, 0.5], shape: [3]).requireGradient()
            let scale = try Tensor([1.0, 3, 0.2], shape: [3])
            let optimizer = try Optimizer(recipe, [p])
            for expected in entry["path"]?.array ?? [] {
                optimizer.zeroGrad()
                try ((p * p * scale).sum() + p.sin().sum()).backward()
                try optimizer.step()
                let values = try p.detach().doubles()
                for (a, b) in zip(values, expected.array ?? []) {
                    #expect(abs(a - (b.double ?? .nan)) < 1e-9, "\(name)")
                }
            }
        }
    }

    @Test func schedulesAgreeWithPyTorch() throws {
        for entry in try fixture()["schedules"]?.array ?? [] {
            let name = entry["name"]?.string ?? ""
            let recipe = try #require(schedule(name))
            let p = try Tensor([1.0]).requireGradient()
            let optimizer = try Optimizer(.sgd(lr: 0.1, momentum: 0.9), [p])
            let scheduler = try Scheduler(recipe, for: optimizer)
            for expected in entry["rates"]?.array ?? [] {
                #expect(abs(optimizer.learningRate - (expected.double ?? .nan)) < 1e-12, "\(name)")
                scheduler.step()
            }
        }
    }

    @Test func plateauReducesAfterPatience() throws {
        let p = try Tensor([1.0]).requireGradient()
        let optimizer = try Optimizer(.sgd(lr: 1), [p])
        let scheduler = try Scheduler(.reduceOnPlateau(factor: 0.5, patience: 2), for: optimizer)
        var rates: [Double] = []
        for metric in [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9] {
            scheduler.step(metric)
            rates.append(optimizer.learningRate)
        }
        #expect(rates == [1, 1, 1, 1, 0.5, 0.5, 0.5])
    }

    @Test func clippingBoundsTheCommonNorm() throws {
        let a = try Tensor([3.0]).requireGradient()
        let b = try Tensor([4.0]).requireGradient()
        try ((a * a).sum() * 0.5 + (b * b).sum() * 0.5).backward()
        #expect(try clipGradNorm([a, b], 1) == 5)
        #expect(abs(try gradientNorm([a, b]) - 1) < 1e-6)
    }

    @Test func impossibleOptionsAreErrors() throws {
        #expect(throws: OptimizerError.self) { try OptimizerRecipe.adam(lr: -1) }
        #expect(throws: OptimizerError.self) { try OptimizerRecipe.sgd(nesterov: true) }
        #expect(throws: OptimizerError.self) { try Optimizer(.adam(), []) }
    }
}
