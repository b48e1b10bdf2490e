import Base
import Diagnostics

/// The families of errors that arise while a program runs, with the stable code that `distill explain` takes.
public enum ErrorCode: String, ExplainedCode {
    case unknownName = "E0201"
    case unboundName = "E0202"
    case unknownAttribute = "E0203"
    case rebinding = "E0204"
    case wrongType = "E0301"
    case badOperands = "E0302"
    case notCallable = "E0303"
    case notACondition = "E0304"
    case notIterable = "E0305"
    case missingArgument = "E0311"
    case unknownArgument = "E0312"
    case doubledArgument = "E0313"
    case tooManyArguments = "E0314"
    case wrongOption = "E0315"
    case wrongValue = "E0401"
    case unpacking = "E0402"
    case shape = "E0501"
    case indexOutOfRange = "E0601"
    case missingKey = "E0602"
    case arithmetic = "E0701"
    case io = "E0801"
    case importCycle = "E0802"
    case raised = "E0901"
    case assertion = "E0902"
    case limit = "E1001"
    case interrupted = "E1002"
    case fault = "E1003"

    /// The family of an error of which only the kind is known.
    public static func general(_ kind: FailureKind) -> ErrorCode? {
        switch kind {
        case .syntax: nil
        case .name: .unknownName
        case .type: .wrongType
        case .value: .wrongValue
        case .shape: .shape
        case .index: .indexOutOfRange
        case .key: .missingKey
        case .math: .arithmetic
        case .io: .io
        case .raised: .raised
        case .assert: .assertion
        case .limit: .limit
        case .interrupt: .interrupted
        case .internal: .fault
        }
    }
}
