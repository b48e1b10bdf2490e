import Data
import Glibc
import Learning
import Tensors
import Testing

/// Fixtures/optimizers.json, written by scripts/golden/learning.py: the parameter after each of 50 steps.
private func fixture() throws -> JSON {
    let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try JSON(parsing: FileBytes.read("/\(path)/Fixtures/optimizers.json"))
}

/// Every rule there is, by its name.
private let rules: [any UpdateRule.Type] = [
    SGD.self, Adam.self, AdamW.self, NAdam.self, RAdam.self, RMSprop.self, Adagrad.self, Adadelta.self, Lion.self,
]

extension UpdateRule {
    /// The rule with options by the names that it declares.
    fileprivate static func make(_ options: JSON) throws -> any UpdateRule {
        guard case .object(let members) = options else { throw OptimizerError.empty(optimizer: page.name) }
        var rule = Self()
        var unread = Set(members.map(\.key))
        for option in Self.options {
            guard let value = options[option.name] else { continue }
            unread.remove(option.name)
            switch option.kind {
            case .number(let path): rule[keyPath: path] = try #require(value.double)
            case .flag(let path): rule[keyPath: path] = value == .bool(true)
            case .shares(let first, let second):
                let values = try #require(value.array).map { try #require($0.double) }
                (rule[keyPath: first], rule[keyPath: second]) = (values[0], values[1])
            }
        }
        if options["maximize"] == .bool(true) { rule.maximize = true }
        #expect(unread.subtracting(["maximize"]).isEmpty, "\(rule.name) has no option \(unread)")
        return rule
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
    @Test(arguments: [(DType.float64, 1e-10), (.float32, 2e-5)])
    func `fifty steps of every rule agree with PyTorch`(dtype: DType, tolerance: Double) throws {
        let fixture = try fixture()
        let kept = (fixture["kept"]?.array ?? []).compactMap(\.double).map { Int($0) }
        var seen: Set<String> = []
        for entry in fixture["optimizers"]?.array ?? [] {
            let name = entry["rule"]?.string ?? ""
            seen.insert(name)
            let type = try #require(rules.first { $0.page.name == name })
            let rule = try type.make(try #require(entry["options"]))
            let start = (0..<12).map { sin(Double($0)) }
            let parameters = try [Array(start[..<5]), Array(start[5...])].map {
                try Tensor($0).to(dtype).detach().requireGradient()
            }
            let optimizer = try Optimizer(rule, parameters)
            var path = (entry["path"]?.array ?? [])[...]
            for step in 1...50 {
                var first = 0
                for parameter in parameters {
                    let values = try parameter.doubles().enumerated().map { offset, p in
                        cos(Double(first + offset) + 0.3 * Double(step)) + 0.1 * p
                    }
                    first += parameter.count
                    try parameter.setGradient(try Tensor(values).to(dtype))
                }
                try optimizer.step()
                optimizer.zeroGrad()
                guard kept.contains(step) else { continue }
                let next = path.popFirst()
                let expected = (try #require(next).array ?? []).map { $0.double ?? .nan }
                for (x, y) in try zip(parameters.flatMap { try $0.doubles() }, expected) {
                    #expect(abs(x - y) <= tolerance * max(1, abs(y)), "\(rule), step \(step): \(x), expected \(y)")
                }
            }
            #expect(path.isEmpty)
        }
        #expect(seen == Set(rules.map { $0.page.name }))
    }

    @Test(arguments: 0..<9)
    func `a rule goes on from its saved memory as if it had never stopped`(index: Int) throws {
        let rule = rules[index].init()
        func run(_ steps: Range<Int>, _ p: Tensor, _ optimizer: Optimizer) throws {
            for step in steps {
                optimizer.zeroGrad()
                try ((p * p).sum() * Scalar(Double(step + 1))).backward()
                try optimizer.step()
            }
        }
        let whole = try Tensor([1.0, -2, 0.5]).requireGradient()
        try run(0..<20, whole, Optimizer(rule, [whole]))
        let half = try Tensor([1.0, -2, 0.5]).requireGradient()
        let first = try Optimizer(rule, [half])
        try run(0..<11, half, first)
        let state = first.state()
        let second = try Optimizer(rule, [half])
        try second.restore(
            tensors: Dictionary(uniqueKeysWithValues: state.tensors.map { ($0.name, $0.tensor) }), steps: state.steps)
        try run(11..<20, half, second)
        #expect(try half.doubles() == whole.doubles())
    }

    /// Rates and momenta of PyTorch 2.13.
    @Test func `a cycle moves the momentum against the rate`() throws {
        let optimizer = try Optimizer(SGD(lr: 0.1) { $0.momentum = 0.9 }, [Tensor([1.0]).requireGradient()])
        var shape = CyclicShape(base: 0.1, top: 0.5, up: 2, down: 4)
        shape.mode = .triangular2
        let scheduler = try Scheduler(.cyclic(shape), for: optimizer)
        let expected = [
            (0.1, 0.9), (0.3, 0.85), (0.5, 0.8), (0.4, 0.825), (0.3, 0.85), (0.2, 0.875), (0.1, 0.9), (0.2, 0.875),
            (0.3, 0.85), (0.25, 0.8625), (0.2, 0.875), (0.15, 0.8875), (0.1, 0.9), (0.15, 0.8875),
        ]
        for (rate, momentum) in expected {
            let rule = try #require(optimizer.groups[0].rule as? SGD)
            #expect(abs(rule.learningRate - rate) < 1e-12 && abs(rule.momentum - momentum) < 1e-12)
            try scheduler.step()
        }
    }

    @Test func `schedules that make no sense are refused`() throws {
        let optimizer = try Optimizer(SGD(lr: 0.1), [Tensor([1.0]).requireGradient()])
        let step = ScheduleRecipe.step(stepSize: 2)
        let wrong: [ScheduleRecipe] = [
            .polynomial(iterations: 0), .warmRestarts(period: 0), .warmRestarts(period: 2, multiplier: 0),
            .cyclic(CyclicShape(base: 0.1, top: 0.5, up: 0)), .sequential([step, step], milestones: []),
            .sequential([step, step, step], milestones: [5, 5]), .sequential([step, step], milestones: [0]),
            .sequential([step, .reduceOnPlateau()], milestones: [3]),
            .sequential([step, .cyclic(CyclicShape(base: 0.1, top: 0.5))], milestones: [3]),
        ]
        for recipe in wrong {
            #expect(throws: OptimizerError.self, "\(recipe)") { try Scheduler(recipe, for: optimizer) }
        }
        struct Stop: Error {}
        #expect(throws: Stop.self) { try EpochFactors { _ in throw Stop() } }
        let late = try EpochFactors { if $0 < 20 { 1 } else { throw Stop() } }
        let scheduler = try Scheduler(.lambda(late), for: optimizer)
        for _ in 0..<19 { try scheduler.step() }
        #expect(throws: Stop.self) { try scheduler.step() }
    }

    /// Two runs that differ in any option must look different where their options are listed.
    @Test(
        arguments: [Adadelta(), Adagrad(), Adam(), AdamW(), Lion(), NAdam(), RAdam(), RMSprop(), SGD()]
            as [any UpdateRule])
    func `every option that is changed is on record`(_ rule: any UpdateRule) {
        func check<Rule: UpdateRule>(_ rule: Rule) {
            #expect(rule.changedSettings.isEmpty)
            for option in Rule.options {
                var other = rule
                switch option.kind {
                case .number(let path): other[keyPath: path] += 0.125
                case .flag(let path): other[keyPath: path].toggle()
                case .shares(let first, _): other[keyPath: first] -= 0.125
                }
                #expect(Array(other.changedSettings.keys) == [option.name], "\(rule.name)")
                #expect(other.description != rule.description, "\(rule.name)")
            }
        }
        check(rule)
    }

    @Test func `the value of an option comes back from JSON`() {
        let values: [OptionValue] = [
            .integer(3), .number(0.5), .flag(true), .text("best by val_loss"), .list([.number(0.9), .number(0.999)]),
        ]
        #expect(values.map { OptionValue($0.json) } == values)
        #expect(OptionValue(.null) == nil && OptionValue(.object([])) == nil)
    }

    @Test func `a momentum that a schedule brings in later is remembered from then on`() throws {
        for rule in [try RMSprop(lr: 0.1), try RMSprop(lr: 0.1) { $0.centered = true }, try SGD(lr: 0.1)]
            as [any UpdateRule]
        {
            let p = try Tensor([1.0]).requireGradient()
            let optimizer = try Optimizer(rule, [p])
            func step() throws -> Double {
                let before = try p.itemDouble()
                try p.setGradient(try Tensor([1.0]))
                try optimizer.step()
                return try before - p.itemDouble()
            }
            _ = try step()
            for group in optimizer.groups { group.setMomentum(0.9) }
            let first = try step(), second = try step()
            #expect(second > 1.5 * first, "\(rule)")
        }
    }

    @Test func `an option outside its range is named`() throws {
        #expect(throws: OptimizerError.option(optimizer: "NAdam", problem: "eps must be a number ≥ 0, given -1.0")) {
            try NAdam { $0.eps = -1 }
        }
        #expect(throws: OptimizerError.option(optimizer: "Lion", problem: "betas must lie in 0..<1")) {
            try Lion { $0.beta2 = 1 }
        }
        #expect(throws: OptimizerError.option(optimizer: "Adadelta", problem: "rho must be at most 1, given 2.0")) {
            try Adadelta { $0.rho = 2 }
        }
    }

    @Test func `Schedules agree with py torch`() throws {
        for entry in try fixture()["schedules"]?.array ?? [] {
            let name = entry["name"]?.string ?? ""
            let recipe = try #require(schedule(name))
            let p = try Tensor([1.0]).requireGradient()
            let optimizer = try Optimizer(SGD(lr: 0.1) { $0.momentum = 0.9 }, [p])
            let scheduler = try Scheduler(recipe, for: optimizer)
            for expected in entry["rates"]?.array ?? [] {
                #expect(abs(optimizer.learningRate - (expected.double ?? .nan)) < 1e-12, "\(name)")
                try scheduler.step()
            }
        }
    }

    @Test func `Plateau reduces after patience`() throws {
        let p = try Tensor([1.0]).requireGradient()
        let optimizer = try Optimizer(SGD(lr: 1), [p])
        let scheduler = try Scheduler(.reduceOnPlateau(factor: 0.5, patience: 2), for: optimizer)
        var rates: [Double] = []
        for metric in [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9] {
            try scheduler.step(metric)
            rates.append(optimizer.learningRate)
        }
        #expect(rates == [1, 1, 1, 1, 0.5, 0.5, 0.5])
    }

    @Test func `Clipping bounds the common norm`() throws {
        let a = try Tensor([3.0]).requireGradient()
        let b = try Tensor([4.0]).requireGradient()
        try ((a * a).sum() * 0.5 + (b * b).sum() * 0.5).backward()
        #expect(try clipGradNorm([a, b], 1) == 5)
        #expect(abs(try gradientNorm([a, b]) - 1) < 1e-6)
    }

    @Test func `Impossible options are errors`() throws {
        #expect(throws: OptimizerError.self) { try Adam(lr: -1) }
        #expect(throws: OptimizerError.self) { try SGD { $0.nesterov = true } }
        #expect(throws: OptimizerError.self) { try Optimizer(Adam(), []) }
    }
}
