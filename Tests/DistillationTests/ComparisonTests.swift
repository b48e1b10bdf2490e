import Data
import Distillation
import Learning
import OrderedCollections
import Tensors
import Testing

/// Fixtures/statistics.json, written by scripts/golden/significance.py from SciPy, NumPy and scikit-learn.
private func fixture(_ key: String) throws -> [JSON] {
    let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return try JSON(parsing: FileBytes.read("/\(path)/Fixtures/statistics.json"))[key]?.array ?? []
}

private func numbers(_ json: JSON?) -> [Double] { (json?.array ?? []).compactMap(\.double) }

private func matrix(_ json: JSON?) throws -> Tensor {
    let rows = (json?.array ?? []).map { ($0.array ?? []).compactMap(\.double) }
    return try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows.first?.count ?? 0])
}

private func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    abs(a - b) <= tolerance * max(1e-12, abs(b))
}

@Suite struct VerdictTests {
    @Test func `The distribution is sci pys`() throws {
        let cases = try fixture("t")
        #expect(cases.count == 56)
        for entry in cases {
            let degrees = try #require(entry["degrees"]?.double)
            let t = try #require(entry["t"]?.double)
            let p = try #require(entry["p"]?.double)
            #expect(isClose(StudentDistribution(degrees: degrees).twoSided(t), p, 1e-9), "\(degrees) \(t)")
            if p < 0.999, p > 1e-12 {
                #expect(
                    isClose(StudentDistribution(degrees: degrees).quantile(twoSided: p), t, 1e-7), "\(degrees) \(t)")
            }
        }
    }

    @Test func `The test is sci pys`() throws {
        let cases = try fixture("tests")
        #expect(cases.count == 16)
        var outcomes: Set<Verdict.Outcome> = []
        for entry in cases {
            let verdict = try Verdict(
                numbers(entry["a"]), numbers(entry["b"]), metric: "accuracy", largerIsBetter: true,
                level: #require(entry["level"]?.double))
            #expect(isClose(verdict.p, try #require(entry["p"]?.double), 1e-8))
            #expect(isClose(verdict.interval.low, try #require(entry["low"]?.double), 1e-7))
            #expect(isClose(verdict.interval.high, try #require(entry["high"]?.double), 1e-7))
            // The interval leaves out 0 exactly when the test is conclusive.
            #expect((verdict.outcome == .inconclusive) == (verdict.interval.low <= 0 && verdict.interval.high >= 0))
            outcomes.insert(verdict.outcome)
        }
        #expect(outcomes == [.better, .worse, .inconclusive])
    }

    @Test func `Smaller is better for losses`() throws {
        let low = [0.30, 0.31, 0.29, 0.30]
        let high = [0.40, 0.42, 0.39, 0.41]
        #expect(try Verdict(low, high, metric: "nll", largerIsBetter: false).outcome == .better)
        #expect(try Verdict(high, low, metric: "nll", largerIsBetter: false).outcome == .worse)
        #expect(try Verdict(low, low, metric: "nll", largerIsBetter: false).outcome == .inconclusive)
    }

    @Test(arguments: [([0.9], [0.8]), ([], []), ([0.9, 0.8], [0.7]), ([0.9, .nan], [0.7, 0.8])])
    func `What is no evidence is refused`(_ a: [Double], _ b: [Double]) {
        #expect(throws: DistillationError.self) { try Verdict(a, b, metric: "accuracy", largerIsBetter: true) }
    }
}

@Suite struct TrialTableTests {
    private func table() -> TrialTable {
        TrialTable(
            [(1, 0, 0.5), (1, 1, 0.7), (4, 0, 0.9), (4, 1, 0.8)].map { t, seed, accuracy in
                TrialTable.Row(
                    settings: ["T": .integer(t), "seed": .integer(seed)], metrics: ["accuracy": accuracy])
            })
    }

    @Test func `Groups are rows that differ in their seed alone`() throws {
        let groups = table().groups
        #expect(groups.count == 2)
        #expect(isClose(try #require(groups[0].mean("accuracy")), 0.6, 1e-12))
        // The sample standard deviation: |0.5 − 0.7| / √2.
        #expect(isClose(try #require(groups[0].deviation("accuracy")), 0.2 / 2.0.squareRoot(), 1e-12))
        #expect(table().best("accuracy", largerIsBetter: true)?.settings["T"] == .integer(4))
        #expect(table().best("accuracy", largerIsBetter: false)?.settings["T"] == .integer(1))
    }

    @Test func `Tables are sorted filtered and written`() throws {
        let sorted = table().sorted(by: "accuracy", descending: true)
        #expect(sorted.rows.map { $0.metrics["accuracy"] } == [0.9, 0.8, 0.7, 0.5])
        #expect(table().filter { $0.settings["T"] == .integer(4) }.rows.count == 2)
        #expect(table().csv() == "T,seed,accuracy\n1,0,0.5\n1,1,0.7\n4,0,0.9\n4,1,0.8\n")
        let odd = TrialTable([TrialTable.Row(settings: ["loss": .text("a, \"b\"")], metrics: [:])])
        #expect(odd.csv() == "loss\n\"a, \"\"b\"\"\"\n")
    }

    @Test func `Only one setting is compared by seed`() throws {
        #expect(throws: DistillationError.self) { try table().bySeed("accuracy") }
        #expect(throws: DistillationError.self) { try table().bySeed("nll") }
        let one = table().filter { $0.settings["T"] == .integer(4) }
        #expect(try one.bySeed("accuracy").values.elementsEqual([0.9, 0.8]))
        let twice = TrialTable(one.rows + one.rows)
        #expect(throws: DistillationError.self) { try twice.bySeed("accuracy") }
    }
}

@Suite struct RepresentationTests {
    @Test func `Alignment is num pys`() throws {
        let cases = try fixture("cka")
        #expect(cases.count == 3)
        for entry in cases {
            let value = try Representation.cka(matrix(entry["x"]), matrix(entry["y"]))
            #expect(isClose(value, try #require(entry["value"]?.double), 1e-10))
        }
        let x = try Tensor.randn([9, 4])
        #expect(isClose(try Representation.cka(x, x * 3 + 1), 1, 1e-6))
    }

    @Test func `Components are scikit learns`() throws {
        for entry in try fixture("pca") {
            let scores = try Representation.pca(matrix(entry["x"]), components: #require(entry["k"]?.integer))
            #expect(try scores.allclose(matrix(entry["scores"]), rtol: 1e-8, atol: 1e-8))
        }
        #expect(throws: TrainingError.self) { try Representation.pca(Tensor.randn([4, 3]), components: 4) }
    }

    @Test func `Correlations are num pys`() throws {
        for entry in try fixture("correlation") {
            let difference = try Representation.correlationDifference(matrix(entry["t"]), matrix(entry["s"]))
            #expect(try difference.allclose(matrix(entry["value"]), rtol: 1e-8, atol: 1e-10))
        }
    }

    @Test func `Neighbours stay neighbours in the map`() throws {
        let data = try digits().take(300)
        let (map, divergences) = try Representation.tsne(data.x(), perplexity: 20, iterations: 400)
        #expect(try map.equals(Representation.tsne(data.x(), perplexity: 20, iterations: 400).positions))
        // The first value falls into the exaggerated steps, the others follow the descent.
        let last = try #require(divergences.last)
        #expect(last < divergences[0] && last < divergences[divergences.count - 3])
        // scikit-learn reaches 0.56 with its defaults on the same data.
        #expect(last < 0.75)
        let trust = try trustworthiness(data.x(), map, neighbours: 5)
        let principal = try trustworthiness(data.x(), Representation.pca(data.x()), neighbours: 5)
        #expect(trust > 0.95, "\(trust)")
        #expect(trust > principal + 0.1)
        #expect(throws: TrainingError.self) { try Representation.tsne(data.take(10).x(), perplexity: 30) }
    }

    /// How far new neighbours in the map were neighbours before (Venna and Kaski, 2001), in 0…1.
    private func trustworthiness(_ x: Tensor, _ map: Tensor, neighbours k: Int) throws -> Double {
        let n = x.shape[0]
        func order(_ points: Tensor) throws -> [[Int]] {
            let far = try points.cdist(points).doubles()
            return (0..<n).map { row in
                (0..<n).filter { $0 != row }.sorted { far[row * n + $0] < far[row * n + $1] }
            }
        }
        let before = try order(x)
        let after = try order(map)
        var penalty = 0
        for row in 0..<n {
            var rank = Array(repeating: 0, count: n)
            for (position, point) in before[row].enumerated() { rank[point] = position + 1 }
            for point in after[row].prefix(k) { penalty += max(0, rank[point] - k) }
        }
        return 1 - 2 * Double(penalty) / Double(n * k * (2 * n - 3 * k - 1))
    }
}

@Suite struct ChosenOnTests {
    @Test func `A comparison says when the test set chose the epoch`() throws {
        let parts = try split(digits().take(300), test: 0.3, validation: 0.3)
        let teacher = try Linear(64, 10)
        let student = try Linear(64, 10)
        var options = TrainingOptions()
        options.epochs = 2
        options.validate = parts[1]
        options.keep = .best
        let run = try fit(student, parts[0], options: options)
        func notes(_ data: Dataset) throws -> [String] {
            try Comparison(teacher: teacher, students: ["student": student], on: data).notes
        }
        #expect(try notes(parts[1]).count == 1)
        #expect(try notes(parts[2]).isEmpty)
        // The same examples in another dataset are the same data, and what is made of the network remembers them.
        let again = try split(digits().take(300), test: 0.3, validation: 0.3)[1]
        #expect(try notes(again).count == 1)
        #expect(try student.copy().wasChosen(on: again))
        #expect(try student.quantized().wasChosen(on: again))
        #expect(student.record.map { TrainingRecord($0.json).chosenOn } == student.record?.chosenOn)
        #expect(try !student.wasChosen(on: parts[0]) && !teacher.wasChosen(on: again))
        let table = TrialTable(
            [0, 1].map { .init(settings: ["seed": .integer($0)], metrics: run.summaryMetrics, runs: [run]) })
        #expect(table.notes.count == 1)
        #expect(TrialTable.notes(on: [run], ["accuracy"]).isEmpty)
        #expect(Comparison(runs: [run]).notes.count == 1)
        options.keep = .last
        try fit(student, parts[0], options: options)
        #expect(try notes(parts[1]).isEmpty)
        #expect(TrialTable.notes(on: [try fit(student, parts[0], options: options)], ["val_accuracy"]).isEmpty)
    }

    @Test func `Operations are counted`() throws {
        let data = try digits().take(10)
        let comparison = try Comparison(teacher: Linear(64, 10), students: ["small": Linear(64, 10)], on: data)
        #expect(comparison.rows["flops"] == [Double(2 * 64 * 10 + 10), Double(2 * 64 * 10 + 10)])
    }
}
