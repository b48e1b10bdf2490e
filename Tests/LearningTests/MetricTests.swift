import Data
import Learning
import Tensors
import Testing

/// One case of metrics.json: outputs and targets of a task, with the values scikit-learn gives.
struct MetricCase {
    let name: String
    let task: LearningTask
    let outputs: Tensor
    let dataset: Dataset
    let values: [(name: String, value: Metric.Value)]

    static let path =
        #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/metrics.json"

    static func all() throws -> [MetricCase] {
        let json = try JSON(parsing: FileBytes.read(path))
        return try (json.array ?? []).map(MetricCase.init)
    }

    init(_ json: JSON) throws {
        name = json["name"]?.string ?? ""
        task = LearningTask(rawValue: json["task"]?.string ?? "") ?? .classes
        outputs = try Self.tensor(json["outputs"])
        let dim = json["class_dim"]?.integer
        let target = TargetDeclaration(
            task: task, classDim: dim, ignoreIndex: json["ignore_index"]?.integer ?? TargetDeclaration.ignored)
        let mask = try json["mask"].map { try Self.tensor($0).to(.bool) }
        dataset = try Dataset(
            input: .tensor(outputs), y: Self.tensor(json["y"]),
            classes: json["classes"]?.array?.compactMap(\.string), mask: mask, target: target)
        guard case .object(let members)? = json["values"] else {
            values = []
            return
        }
        values = members.map { key, value in
            (key, value.array.map { .list($0.map { $0.double ?? .nan }) } ?? .number(value.double ?? .nan))
        }
    }

    private static func tensor(_ json: JSON?) throws -> Tensor {
        let shape = json?["shape"]?.array?.compactMap(\.integer) ?? []
        let values = json?["values"]?.array ?? []
        if case .bool(true)? = json?["float"] { return try Tensor(values.map { $0.double ?? .nan }, shape: shape) }
        return try Tensor(values.map { $0.integer ?? 0 }, shape: shape)
    }
}

@Suite struct `Metrics` {
    @Test func `every metric has scikit-learn's value in every case`() throws {
        let cases = try MetricCase.all()
        #expect(cases.count > 20)
        var seen: Set<String> = []
        for entry in cases {
            let predictions = try Predictions(entry.outputs, for: entry.dataset, function: "test")
            #expect(predictions.task == entry.task, "\(entry.name)")
            for (name, expected) in entry.values {
                let metric = try Metric.named(name)
                #expect(metric.tasks.contains(entry.task), "\(name) of \(entry.name)")
                seen.insert(metric.name)
                let found = try metric.measured(predictions)
                #expect(Self.agree(found, expected), "\(name) of \(entry.name): \(found), expected \(expected)")
            }
        }
        let missing = Metric.all.map(\.name).filter { !seen.contains($0) }
        #expect(missing == ["recall_at_k"], "metrics that no case has: \(missing)")
    }

    private static func agree(_ a: Metric.Value, _ b: Metric.Value) -> Bool {
        func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(1, abs(b)) }
        switch (a, b) {
        case (.number(let a), .number(let b)): return near(a, b)
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy(near)
        default: return false
        }
    }

    @Test func `values lie in the declared range, and a perfect answer is the better end`() throws {
        for entry in try MetricCase.all() {
            let predictions = try Predictions(entry.outputs, for: entry.dataset, function: "test")
            for metric in Metric.all where metric.tasks.contains(entry.task) && metric.name != "span_f1" {
                let value = try metric.value(predictions)
                #expect(value.isNaN || metric.range.contains(value), "\(metric.name) of \(entry.name): \(value)")
            }
        }
    }

    @Test(arguments: ["accuracy", "val_accuracy", "test_f1_macro", "best_val_auroc", "throughput"])
    func `declared numbers are better when larger`(_ name: String) {
        #expect(Direction.isBetterWhenLarger(name) == true)
    }

    @Test(arguments: ["loss", "val_loss", "val_nll", "hamming", "test_rmse", "latency"])
    func `declared numbers are better when smaller`(_ name: String) {
        #expect(Direction.isBetterWhenLarger(name) == false)
    }

    @Test(arguments: ["score", "my_accuracy", "kl", "lr", "error"])
    func `nothing is guessed from a name`(_ name: String) { #expect(Direction.isBetterWhenLarger(name) == nil) }

    @Test func `a metric of another task is refused by name`() throws {
        let data = try Dataset(x: .zeros([4, 2]), y: Tensor([0.5, 1, 2, 3]))
        #expect(throws: TrainingError.self) { try evaluate(Linear(2, 1), data, metrics: ["accuracy"]) }
        do { _ = try evaluate(Linear(2, 1), data, metrics: ["accuracy"]) } catch let error as TrainingError {
            #expect(error.message.contains("numbers") && error.help?.contains("rmse") == true)
        }
    }

    @Test func `a metric of one's own cannot take a declared name`() {
        #expect(throws: TrainingError.self) { try Metric.own("f1", larger: true) { _ in 0 } }
        #expect(throws: Never.self) { try Metric.own("mine", larger: true) { _ in 0 } }
    }
}

/// What a dataset's targets are taken for, with a network of given outputs.
@Suite struct `The task of a dataset` {
    struct Row: Sendable {
        let y: [Int]
        let shape: [Int]
        let outputs: [Int]
        var classes: [String]?
        var dim: Int?
        let task: String
    }

    static let rows: [Row] = [
        Row(y: [0, 1, 2, 1], shape: [4], outputs: [4, 3], task: "classes"),
        Row(y: [0, 1, 2, 1], shape: [4, 1], outputs: [4, 3], task: "classes"),
        Row(y: [0, 1, 1, 0], shape: [4], outputs: [4, 2], task: "classes"),
        Row(y: [0, 1, 1, 0], shape: [4], outputs: [4, 1], task: "binary"),
        Row(y: [0, 1, 1, 0], shape: [4], outputs: [4], task: "binary"),
        Row(y: [0, 1, 1, 0], shape: [4, 1], outputs: [4, 1], task: "binary"),
        Row(y: [0, 1, 1, 0], shape: [4], outputs: [4, 5], task: "error: [N, 2]"),
        Row(y: [0, 1, 1, 0], shape: [4], outputs: [4, 5], classes: ["a", "b", "c"], task: "classes"),
        Row(y: [0, 1, 2, 1], shape: [4], outputs: [4, 1], task: "error: softmax"),
        Row(y: [0, 1, 1, 0], shape: [2, 2], outputs: [2, 2], task: "multilabel"),
        Row(y: [0, 1, -1, 0], shape: [2, 2], outputs: [2, 2], task: "multilabel"),
        Row(y: [0, 1, 2, 0], shape: [2, 2], outputs: [2, 2], task: "error: several labels"),
        Row(y: [0, 1, 1, 0], shape: [2, 2], outputs: [2, 2, 3], task: "positions"),
        Row(y: [0, 1, 2, 0, 1, 2], shape: [2, 3], outputs: [2, 4, 3], task: "error: class_dim=1"),
        Row(y: [0, 1, 2, 0, 1, 2], shape: [2, 3], outputs: [2, 4, 3], dim: 1, task: "positions"),
        Row(y: Array(repeating: 1, count: 12), shape: [2, 2, 3], outputs: [2, 4, 2, 3], task: "positions"),
        Row(y: Array(repeating: 1, count: 12), shape: [2, 2, 3], outputs: [2, 2, 3, 4], task: "error: dimension 3"),
    ]

    @Test(arguments: rows.indices) func `is inferred once, in this order`(_ index: Int) throws {
        let row = Self.rows[index]
        let y = try Tensor(row.y, shape: row.shape)
        let data = try Dataset(
            x: .zeros([row.shape[0], 2]), y: y, classes: row.classes, target: TargetDeclaration(classDim: row.dim))
        do {
            let layout = try data.layout(outputs: row.outputs, function: "test")
            #expect(layout.task?.rawValue == row.task)
        } catch let error as DataError {
            #expect(row.task.hasPrefix("error: "), "\(error.message)")
            let text = error.message + " " + (error.help ?? "")
            #expect(text.contains(row.task.dropFirst(7)), "\(text)")
        }
    }

    @Test func `truth values are two classes, and floats are numbers unless declared`() throws {
        let truth = try Dataset(x: .zeros([2, 2]), y: Tensor([true, false], shape: [2]))
        #expect(try truth.layout(outputs: [2, 1], function: "test").task == .binary)
        let y = try Tensor([0.25, 0.75, 1, 0], shape: [2, 2])
        #expect(try Dataset(x: .zeros([2, 2]), y: y).knownTask == .settled(.numbers))
        let declared = try Dataset(x: .zeros([2, 2]), y: y, target: TargetDeclaration(task: .probabilities))
        #expect(try declared.layout(outputs: [2, 2], function: "test").task == .probabilities)
        let wrong = try Dataset(
            x: .zeros([2, 2]), y: y * Scalar(2.0), target: TargetDeclaration(task: .probabilities))
        #expect(throws: DataError.self) { try wrong.layout(outputs: [2, 2], function: "test") }
    }

    @Test func `a label outside the classes names its row and the way out`() throws {
        for (label, way) in [(-1, "ignore_index=-1"), (7, "ignore_index=7")] {
            let y = try Tensor([0, 1, label, 2])
            let data = try Dataset(x: .zeros([4, 2]), y: y, classes: label > 0 ? nil : ["a", "b", "c"])
            do {
                _ = try evaluate(Linear(2, 3), data)
                Issue.record("expected an error")
            } catch let error as DataError {
                #expect(error.message.contains("label \(label) in row 2"))
                #expect(error.help?.contains(way) == true)
            }
        }
    }
}

/// Test files whose classes are not all those of the training data.
@Suite struct `Classes by name` {
    @Test func `labels follow the names of the network's classes`() throws {
        let data = try Dataset(x: .zeros([3, 2]), y: Tensor([0, 1, 1]), classes: ["cat", "owl"])
        let known = try data.withClasses(["cat", "dog", "owl"], of: "the network", function: "test")
        #expect(try known.y?.integers() == [0, 2, 2])
        #expect(known.classes == ["cat", "dog", "owl"])
        #expect(throws: TrainingError.self) {
            try data.withClasses(["cat", "dog"], of: "the network", function: "test")
        }
    }
}
