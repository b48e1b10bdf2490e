import Data
import Learning
import OrderedCollections
import Tensors
import Testing

@testable import Distillation

/// Teachers of whom only some classes are stored, beside PyTorch: scripts/golden/partial_teachers.py.
@Suite struct `Teachers given as less than full logits` {
    /// A case of the fixture.
    struct Stored: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let kind: StoredPredictions.Kind
        let rest: StoredPredictions.Rest
        let valuesT: Double
        let temperature: Double
        let student: [[Double]]
        let indices: [[Int]]
        let values: [[Double]]
        let tail: [Double]?
        let loss: Double
        let gradient: [[Double]]

        init?(_ json: JSON) {
            func rows(_ key: String) -> [[Double]] {
                (json[key]?.array ?? []).map { row in
                    (row.array ?? []).map { $0.string == "-inf" ? -.infinity : $0.double ?? .nan }
                }
            }
            guard let name = json["name"]?.string,
                let kind = json["kind"]?.string.flatMap(StoredPredictions.Kind.init),
                let rest = json["rest"]?.string.flatMap(StoredPredictions.Rest.init),
                let valuesT = json["valuesT"]?.double,
                let temperature = json["T"]?.double, let loss = json["loss"]?.double
            else { return nil }
            (testDescription, self.kind, self.rest, self.valuesT) = (name, kind, rest, valuesT)
            (self.temperature, self.loss) = (temperature, loss)
            (student, values, gradient) = (rows("student"), rows("values"), rows("gradient"))
            indices = (json["indices"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
            tail = json["tail"]?.array?.compactMap(\.double)
        }

        func tensor(_ rows: [[Double]]) throws -> Tensor {
            try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
        }

        func predictions() throws -> StoredPredictions {
            try StoredPredictions(
                indices: Tensor(indices.flatMap { $0 }, shape: [indices.count, indices[0].count]),
                values: tensor(values), kind: kind, temperature: valuesT, tail: tail.map { try Tensor($0) },
                rest: kind == .counts ? nil : rest)
        }
    }

    private static let cases: [Stored] = {
        let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        guard let json = try? JSON(parsing: FileBytes.read("/\(path)/Fixtures/partial_teachers.json")) else {
            return []
        }
        return (json.array ?? []).compactMap(Stored.init)
    }()

    @Test func `the fixture is there`() { #expect(Self.cases.count == 82) }

    /// Whether the term sees rows of some classes or logits of all that the rule gives.
    @Test(arguments: cases) func `every rule is PyTorch's value and gradient`(_ test: Stored) throws {
        let predictions = try test.predictions()
        let student = try test.tensor(test.student).requireGradient()
        let term = try SoftTerm(temperature: test.temperature)
        let view = try predictions.view(at: .arange(.int(test.student.count)))
        let partial = try #require(view.partial)
        let teacher =
            partial.isDense
            ? NetworkView(logits: try partial.logits(width: student.shape[1], dtype: .float64)) : view
        let loss = try term.loss(
            TermInput(
                student: NetworkView(logits: student), teacher: teacher,
                batch: Batch(input: .tensor(student), y: nil, index: .arange(.int(test.student.count)))))
        #expect(abs(try loss.itemDouble() - test.loss) < 1e-9 * max(1, abs(test.loss)))
        try loss.backward()
        let gradient = try #require(student.gradient).doubles()
        for (own, expected) in zip(gradient, test.gradient.joined()) { #expect(abs(own - expected) < 1e-8) }
        // Rules that give logits of all classes are the same computed on the stored ones.
        if partial.isDense, test.rest == .renormalize {
            let direct = try partial.divergenceSum(
                student: test.tensor(test.student), temperature: test.temperature, of: term)
            let factor = test.temperature * test.temperature / Double(test.student.count)
            #expect(abs(try direct.itemDouble() * factor - test.loss) < 1e-9 * max(1, abs(test.loss)))
        }
    }

    // MARK: In a run

    private func trained(_ source: TeacherSource, _ term: Term, _ data: Dataset, width: Int = 6) throws -> Run {
        Randomness.seed(2)
        var options = TrainingOptions()
        options.epochs = 2
        options.batchSize = 8
        options.optimizer = try SGD(lr: 0.1)
        return try distill([source], into: Linear(4, width), data, loss: Objective(term), options: options)
    }

    private func teacher() throws -> (net: Module, data: Dataset) {
        Randomness.seed(6)
        let x = try Tensor.randn([20, 4])
        return (try Linear(4, 6), try Dataset(x: x, y: Tensor((0..<20).map { $0 % 6 })))
    }

    @Test(arguments: StoredPredictions.Rest.allCases)
    func `all classes stored are the teacher itself, whatever the rule`(rest: StoredPredictions.Rest) throws {
        let (net, data) = try teacher()
        let stored = try StoredPredictions(of: net, on: data, top: 6, temperature: 2, rest: rest)
        let whole = try trained(.network(net), SoftTerm(temperature: 3), data)
        let own = try trained(.predictions(stored), SoftTerm(temperature: 3), data)
        for (a, b) in zip(whole.loss, own.loss) { #expect(abs(a - b) < 1e-5) }
    }

    @Test(arguments: [StoredPredictions.Kind.logits, .logProbabilities, .probabilities])
    func `values of all classes are the teacher at any temperature`(kind: StoredPredictions.Kind) throws {
        let (net, data) = try teacher()
        let z = try predict(net, data)
        let values: Tensor =
            switch kind {
            case .logits, .counts: z
            case .logProbabilities: try (z / Scalar(2.0)).logSoftmax(dim: 1)
            case .probabilities: try (z / Scalar(2.0)).softmax(dim: 1)
            }
        let stored = try StoredPredictions(values, kind: kind, temperature: 2)
        let whole = try trained(.network(net), DecoupledTerm(), data)
        let own = try trained(.predictions(stored), DecoupledTerm(), data)
        for (a, b) in zip(whole.loss, own.loss) { #expect(abs(a - b) < 1e-4 * max(1, abs(a))) }
    }

    @Test func `rows are matched by ids, and what is missing is named`() throws {
        let (net, data) = try teacher()
        let names = (0..<20).map { "r\($0)" }
        let named = try Dataset(x: data.x(), y: data.y, ids: names)
        let stored = try StoredPredictions(of: net, on: named, top: 3)
        let whole = try trained(.predictions(stored), SoftTerm(temperature: 1), named)
        // Other rows in another order: only those that the dataset has are asked for.
        let order = Array((0..<20).reversed())
        let turned = try StoredPredictions(of: net, on: named.rows(order), top: 3)
        #expect(turned.ids?.first == "r19")
        #expect(try trained(.predictions(turned), SoftTerm(temperature: 1), named).loss == whole.loss)
        let part = try named.rows(3..<9)
        #expect(throws: Never.self) { try trained(.predictions(turned), SoftTerm(temperature: 1), part) }
        let fewer = try StoredPredictions(of: net, on: named.rows(0..<18), top: 3)
        let error = #expect(throws: DistillationError.self) {
            try trained(.predictions(fewer), SoftTerm(temperature: 1), named)
        }
        #expect(error?.message.contains("nothing is stored for 2 of 20 examples, the ids r18, r19") == true)
        // Numbers as ids of the file, none in the data.
        let numbered = try StoredPredictions(
            predict(net, data.rows([0, 2, 3])), ids: ["0", "2", "3"], name: "top.npz")
        let other = #expect(throws: DistillationError.self) {
            try trained(.predictions(numbered), SoftTerm(), data.rows(0..<5))
        }
        #expect(other?.message.contains("3 rows of top.npz for 5 examples; none for the examples 1, 4") == true)
    }

    @Test func `classes of another order are matched by name`() throws {
        let (net, data) = try teacher()
        let names = ["a", "b", "c", "d", "e", "f"]
        let own = try Dataset(x: data.x(), y: data.y, classes: names)
        let z = try predict(net, data)
        let turned = try StoredPredictions(
            z.indexSelect(dim: 1, index: Tensor([5, 4, 3, 2, 1, 0])), classes: names.reversed(), name: "top.csv")
        // The student's outputs get the order of the teacher's.
        let run = try trained(.predictions(turned), SoftTerm(), own)
        #expect(run.net.record?.classes == names.reversed())
        let strange = try StoredPredictions(z, classes: ["a", "b", "c", "d", "e", "x"], name: "top.csv")
        #expect(throws: TrainingError.self) { try trained(.predictions(strange), SoftTerm(), own) }
    }

    /// Terms that need all classes refuse by name where some are stored, and work where the rule gives them.
    @Test func `a term without a form for some classes refuses by name`() throws {
        let (net, data) = try teacher()
        let terms: [Term] = [
            try SoftTerm(temperature: 2), try SoftTerm(temperature: 2, standardize: true), LogitMSETerm(),
            try DecoupledTerm(), try NormalizedTerm(), try WeightedSoftTerm(), try JensenShannonTerm(), try DistTerm(),
            try MultiLevelTerm(), try LabelSwapTerm(), try LabelSmoothTeacherTerm(),
        ]
        for rest in StoredPredictions.Rest.allCases {
            let stored = try StoredPredictions(of: net, on: data, top: 2, rest: rest)
            for term in terms {
                let isDense = rest == .renormalize || rest == .uniform
                let works = isDense ? rest == .uniform || !term.comparesNumbers : term.hasPartialForm
                if works {
                    let run = try trained(.predictions(stored), term, data)
                    #expect(run.loss.allSatisfy { $0.isFinite }, "\(term.description), \(rest)")
                } else {
                    let said = message { _ = try trained(.predictions(stored), term, data) }
                    #expect(said.hasPrefix(term.name + ": "), "\(term.description), \(rest): \(said)")
                }
            }
            // Label terms do not ask.
            let both = try 0.5 * SoftTerm(temperature: 1) + 0.5 * HardTerm()
            #expect(throws: Never.self) {
                try distill([.predictions(stored)], into: Linear(4, 6), data, loss: both)
            }
        }
    }

    @Test func `positions of texts have rows of their own`() throws {
        Randomness.seed(7)
        let z = try Tensor.randn([6, 5, 4])
        let mask = try Tensor((0..<30).map { $0 % 4 == 0 ? 0 : 1 }, shape: [6, 5]).to(.bool)
        let x = try Tensor.randn([6, 5, 3])
        let data = try Dataset(input: .tensor(x), y: nil, mask: mask)
        let top = try StoredPredictions(top: 4, of: z)
        var options = TrainingOptions()
        options.epochs = 1
        options.optimizer = try SGD(lr: 0.1)
        let net = try Linear(3, 4)
        func loss(_ source: TeacherSource) throws -> Double {
            try distill([source], into: net.copy(), data, loss: Objective(SoftTerm()), options: options).loss[0]
        }
        #expect(abs(try loss(.predictions(top)) - loss(.logits(z))) < 1e-5)
        let some = try StoredPredictions(top: 2, of: z)
        #expect(try loss(.predictions(some)).isFinite)
    }

    // MARK: Files

    @Test(arguments: StoredPrecision.allCases, ["top", "counts", "full"])
    func `what is written is read again`(precision: StoredPrecision, what: String) throws {
        let (net, data) = try teacher()
        let named = try Dataset(x: data.x(), y: data.y, classes: ["a", "b", "c", "d", "e", "f"])
        let stored: StoredPredictions
        switch what {
        case "top": stored = try StoredPredictions(of: net, on: named, top: 3, temperature: 2)
        case "full": stored = try StoredPredictions(of: net, on: named)
        default:
            stored = try StoredPredictions(
                indices: Tensor([0, 5, 1, -1], shape: [2, 2]), values: Tensor([3, 1, 4, 0], shape: [2, 2]),
                kind: .counts,
                ids: ["x", "y"], width: 6)
        }
        if what == "full", precision == .int8 {
            #expect(throws: DistillationError.self) { try stored.file(precision) }
            return
        }
        let bytes = try stored.file(precision).bytes()
        let file = try SafeTensors(parsing: bytes, path: "top.safetensors")
        let again = try StoredPredictions(
            PredictionParts(file.tensors, metadata: file.metadata), PredictionOptions(), name: "top.safetensors")
        #expect(again.count == stored.count && again.classes == stored.classes && again.width == stored.width)
        #expect(again.ids == stored.ids || stored.ids == nil && again.ids == (0..<20).map { String($0) })
        #expect(again.temperature == stored.temperature && again.rest == stored.rest)
        let index = try Tensor.arange(.int(stored.count))
        let (a, b) = (try stored.view(at: index), try again.view(at: index))
        let bound = precision == .f16 ? 2e-3 : 2e-2
        if let own = a.partial, let other = b.partial {
            #expect(try own.indices.equals(other.indices) && own.kind == other.kind)
            #expect(try own.logProbabilities.exp().allclose(other.logProbabilities.exp(), rtol: 0, atol: bound))
            #expect(try own.logTail.exp().allclose(other.logTail.exp(), rtol: 0, atol: bound))
        } else {
            #expect(try a.logits.allclose(b.logits, rtol: 0, atol: bound * 4))
        }
        if what == "top" {
            // ids, values, tail, entropy: as the price says, beside row_id and the header.
            let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
            #expect(bytes.count - 8 - header == stored.count * (stored.bytesPerRow(precision) + 8))
        }
    }

    // MARK: Mistakes

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch { return (error as? DistillationError)?.message ?? "\(error)" }
    }

    @Test func `what is not said or does not fit is an error that says what`() throws {
        let index = try Tensor([0, 1, 2, 0], shape: [2, 2])
        let p = try Tensor([Float(0.5), 0.3, 0.6, 0.2], shape: [2, 2])
        let logs = try p.log()
        func parts(_ tensors: OrderedDictionary<String, Tensor>, _ change: (inout PredictionOptions) -> Void = { _ in })
            -> String
        {
            message {
                var options = PredictionOptions()
                change(&options)
                _ = try StoredPredictions(PredictionParts(tensors), options, name: "t")
            }
        }
        #expect(parts(["indices": index, "values": p]).contains("nothing says what the values are"))
        #expect(parts(["indices": index, "values": p]) { $0.kind = .probabilities }.contains("nothing says which"))
        #expect(parts(["indices": index]).contains("indices without values"))
        #expect(parts(["log_probabilities": logs]).contains("nothing says which"))
        #expect(
            parts(["log_probabilities": logs]) { $0.temperature = 1 }.contains("row 0 sums to 0.8"))
        #expect(parts(["logits": p]) { $0.rest = .bucket }.contains("all are stored"))
        #expect(parts(["a": p, "b": p]).contains("holds a, b"))
        let full = try p / p.sum(dims: [1], keepdim: true)
        #expect(parts(["logits": full]) { $0.kind = nil }.contains("sums to 1"))
        for rest in [StoredPredictions.Rest.bucket, .uniform, .truncate] {
            #expect(
                message { _ = try StoredPredictions(indices: index, values: p, kind: .logits, rest: rest) }
                    .contains("do not say how much mass"))
            #expect(
                message { _ = try StoredPredictions(indices: index, values: p, kind: .counts, rest: rest) }
                    .contains("a sample of the whole"))
        }
        let twice = try Tensor([0, 0, 2, 0], shape: [2, 2])
        #expect(
            message { _ = try StoredPredictions(indices: twice, values: p, kind: .probabilities) }
                .contains("row 0 holds a class more than once"))
        #expect(
            message { _ = try StoredPredictions(indices: index, values: p * 2, kind: .probabilities) }
                .contains("row 0 sums to 1.6"))
        #expect(
            message { _ = try StoredPredictions(indices: index, values: p, kind: .probabilities, width: 2) }
                .contains("holds the class 2, and there are 2"))
        #expect(
            message { _ = try StoredPredictions(full, ids: ["a", "a"]) }.contains("the ids a occur more than once"))
        let (_, data) = try teacher()
        let counts = try StoredPredictions(indices: index, values: p, kind: .counts, temperature: 1)
        #expect(
            message { _ = try trained(.predictions(counts), SoftTerm(temperature: 4), data.rows(0..<2)) }
                .contains("counts drawn at T = 1"))
        #expect(
            message { _ = try trained(.predictions(counts), SoftTerm(temperature: 1), data.rows(0..<2), width: 2) }
                .contains("holds the class 2"))
    }

    @Test func `the price falls with the bytes, and renormalising costs minus log P`() throws {
        let (net, data) = try teacher()
        let z = try predict(net, data)
        let price = try PredictionPrice(of: z, on: data, counts: [1, 2, 4, 6])
        #expect(price.rows.count == 4 * 2 * 3)
        let p = try z.softmax(dim: 1)
        for k in [1, 2, 4] {
            let kept = try p.topk(k, dim: 1).values.sum(dims: [1]).log().neg().mean().itemDouble()
            let row = try #require(price.rows.first { $0.k == k && $0.rest == .renormalize && $0.precision == .f16 })
            #expect(abs(row.divergence - kept) < 2e-3)
            #expect(row.bytes == 4 * k + 4 && row.top1Lost == 0)
            let bucket = try #require(price.rows.first { $0.k == k && $0.rest == .bucket && $0.precision == .f16 })
            #expect(bucket.divergence < 1e-4)
            let uniform = try #require(price.rows.first { $0.k == k && $0.rest == .uniform && $0.precision == .f16 })
            #expect(uniform.divergence < row.divergence)
            #expect(abs(uniform.calibrationError - price.teacherError) < 2e-3)
        }
    }
}
