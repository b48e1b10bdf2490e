import Data
import Distillation
import Learning
import Tensors

/// Shape and values of a tensor in a fixture.
struct FixtureTensor {
    let shape: [Int]
    let values: [Double]

    init(_ json: JSON) {
        shape = (json["shape"]?.array ?? []).compactMap(\.integer)
        values = (json["values"]?.array ?? []).compactMap(\.double)
    }

    func tensor(_ dtype: DType = .float64) throws -> Tensor { try Tensor(values, shape: shape).to(dtype) }
}

/// One case of Fixtures/terms.json or trained_terms.json, written by scripts/golden/distillation.py and trained_terms.py.
struct TermFixture: CustomStringConvertible {
    let name: String
    let value: Double
    let labels: [Int]?
    let student: [FixtureTensor]
    var teacher: [FixtureTensor]
    let gradient: [[Double]]
    let parameters: [String: FixtureTensor]
    let parameterGradients: [String: [Double]]
    let memory: [String: FixtureTensor]
    let memoryAfter: [String: FixtureTensor]
    let index: [Int]?
    let negatives: FixtureTensor?

    var description: String { "\(name) \(student.map(\.shape))" }

    static func all(_ file: String) -> [TermFixture] {
        let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        guard let json = try? JSON(parsing: FileBytes.read("/\(path)/Fixtures/\(file).json")) else { return [] }
        return (json.array ?? []).map(TermFixture.init)
    }

    private init(_ entry: JSON) {
        func members(_ key: String) -> [(key: String, value: JSON)] {
            if case .object(let members)? = entry[key] { members } else { [] }
        }
        func named(_ key: String) -> [String: FixtureTensor] {
            Dictionary(uniqueKeysWithValues: members(key).map { ($0.key, FixtureTensor($0.value)) })
        }
        func numbers(_ json: JSON?) -> [Double] { (json?.array ?? []).compactMap(\.double) }
        name = entry["name"]?.string ?? ""
        value = entry["value"]?.double ?? .nan
        labels = entry["labels"]?.array?.compactMap(\.integer)
        student = (entry["student"]?.array ?? []).map(FixtureTensor.init)
        teacher = (entry["teacher"]?.array ?? []).map(FixtureTensor.init)
        gradient = (entry["gradient"]?.array ?? []).map { numbers($0) }
        parameters = named("parameters")
        parameterGradients = Dictionary(
            uniqueKeysWithValues: members("parameter_gradients").map { ($0.key, numbers($0.value)) })
        memory = named("memory")
        memoryAfter = named("memory_after")
        index = entry["index"]?.array?.compactMap(\.integer)
        negatives = entry["negatives"].map(FixtureTensor.init)
    }
}

private let pair = [LayerPair("a", "a")]

/// The term of a fixture without trained parts: its method, then what sets it apart from the defaults.
func plainTerm(_ name: String) throws -> Term? {
    switch name {
    case "hard": HardTerm()
    case "hard_smoothing": try HardTerm(labelSmoothing: 0.1)
    case "soft": try SoftTerm(temperature: 4)
    case "soft_T1_mean": try SoftTerm(temperature: 1, scale: .none, reduction: .mean)
    case "soft_none": try SoftTerm(temperature: 3, scale: .none)
    case "soft_sum": try SoftTerm(temperature: 3, reduction: .sum)
    case "soft_standardize": try SoftTerm(temperature: 2, standardize: true)
    case "logit_mse": LogitMSETerm()
    case "dkd": try DecoupledTerm()
    case "dkd_standardize": try DecoupledTerm(alpha: 2, beta: 3, temperature: 2, standardize: true)
    case "dist": try DistTerm()
    case "dist_general": try DistTerm(beta: 2, gamma: 0.5, temperature: 4)
    case "nkd": try NormalizedTerm()
    case "wsld": try WeightedSoftTerm()
    case "mlkd": try MultiLevelTerm()
    case "mlkd_2": try MultiLevelTerm(temperatures: [1, 3])
    case "jsd_0": try JensenShannonTerm(beta: 0)
    case "jsd_0.3": try JensenShannonTerm(beta: 0.3)
    case "jsd_1": try JensenShannonTerm(beta: 1)
    case "label_swap": try RepairedTeacherTerm(.swap)
    case "label_smooth_teacher": try RepairedTeacherTerm(.smooth(0.1))
    case "virtual_teacher": try VirtualTeacherTerm()
    case "cskd": try ClasswiseTerm()
    case "regression": RegressionTerm()
    case "regression_l1": RegressionTerm(metric: .l1)
    case "regression_huber": RegressionTerm(metric: .huber)
    case "attention": try AttentionTerm()
    case "attention_1": try AttentionTerm(power: 1)
    case "attention_3": try AttentionTerm(power: 3)
    case "similarity": SimilarityTerm()
    case "pkt": ProbabilisticTerm()
    case "rkd": RelationalTerm()
    case "channel": try ChannelTerm()
    case "channel_1": try ChannelTerm(temperature: 1)
    case "pearson": PearsonTerm()
    case "icc": InterChannelTerm()
    case "nst": SelectivityTerm()
    case "boundary": try BoundaryTerm()
    case "boundary_0.5": try BoundaryTerm(margin: 0.5)
    case "fsp": try FlowTerm(pairs: pair + pair)
    case "svd": try SingularVectorTerm(pairs: pair + pair)
    case "svd_2": try SingularVectorTerm(pairs: pair + pair, rank: 2)
    case "feature": FeatureTerm()
    case "feature_l1": FeatureTerm(metric: .l1)
    case "feature_smooth_l1": FeatureTerm(metric: .smoothL1)
    case "feature_cosine": FeatureTerm(metric: .cosine)
    default: nil
    }
}

/// The term on values, as the language calls it.
func value(of term: Term, _ student: [Tensor], _ teacher: [Tensor], _ labels: Tensor? = nil) throws -> Tensor {
    if term.usesDefaultPair || !term.pairs.isEmpty {
        return try term(studentFeatures: student, teacherFeatures: teacher)
    }
    if term is RegressionTerm { return try term(student: student[0], labels: teacher[0]) }
    return try term(student: student[0], teacher: teacher[0], labels: labels)
}
