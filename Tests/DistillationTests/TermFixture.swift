import Data
import Diagnostics
import Distillation
import Learning
import Runtime
import Tensors
import Testing

@testable import Builtins

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
    /// The term as the language makes it: `soft(T=1)`.
    let call: String
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

    var description: String { "\(call) \(student.map(\.shape))" }

    /// The function that makes the term.
    var method: String { String(call.prefix { $0 != "(" }) }

    /// The term, made by the language.
    func term() throws -> Term { try makeTerm(call) }

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
        call = entry["call"]?.string ?? ""
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

/// The term that a call makes in the language: options and defaults are those that users have.
func makeTerm(_ call: String) throws -> Term {
    let interpreter = Interpreter(library: .standard(), output: { _ in })
    let value = try interpreter.run(SourceText(name: "a fixture", text: call))
    let object = try #require(ObjectiveObject.decode(value, in: interpreter))
    return object.objective.summands[0].term
}

/// The term on values, as the language calls it.
func value(of term: Term, _ student: [Tensor], _ teacher: [Tensor], _ labels: Tensor? = nil) throws -> Tensor {
    if term.usesDefaultPair || !term.pairs.isEmpty {
        return try term(studentFeatures: student, teacherFeatures: teacher)
    }
    if term is RegressionTerm { return try term(student: student[0], labels: teacher[0]) }
    return try term(student: student[0], teacher: teacher[0], labels: labels)
}
