import Base
import CKernels
import Diagnostics
import Runtime
import Syntax
import Tensors

/// What a program left in `results`, or the error that ended it.
package enum ProgramResults {
    case values([(name: String, numbers: Numbers)])
    case error(kind: String, message: String)

    /// The elements of a tensor in double.
    package struct Numbers {
        package let shape: [Int]
        package let isDouble: Bool
        package let elements: [Double]
    }

    /// Runs a program, the second part plainly or not.
    /// - Parameter noise: Unless 0, the seed of what the numbers of plain kernels are off by.
    package init(of program: some PlainProgram, plainly: Bool, noise: UInt64 = 0, library: Library) {
        let (setup, work) = program.parts
        let interpreter = Interpreter(library: library)
        Randomness.seed(1)
        defer { ck_set_plain_noise(0) }
        do {
            try Plain.run(false) { try Self.run(setup, in: interpreter) }
            ck_set_plain_noise(noise)
            try Plain.run(plainly) { try Self.run(work, in: interpreter) }
            ck_set_plain_noise(0)
            guard case .dict(let results)? = interpreter.global("results") else {
                self = .values([])
                return
            }
            self = .values(
                try results.entries.compactMap { key, value -> (String, Numbers)? in
                    guard case .string(let name) = key, case .tensor(let tensor) = value else { return nil }
                    let elements = try tensor.to(.float64).doubles()
                    return (
                        name, Numbers(shape: tensor.shape.array, isDouble: tensor.dtype == .float64, elements: elements)
                    )
                })
        } catch let diagnostic as Diagnostic {
            self = .error(kind: "\(diagnostic.kind)", message: diagnostic.message)
        } catch {
            let failure = Failure(error)
            self = .error(kind: "\(failure.kind)", message: failure.message)
        }
    }

    private static func run(_ lines: [String], in interpreter: Interpreter) throws {
        let source = SourceText(name: "plain.dist", text: lines.joined(separator: "\n") + "\n")
        let parsed = Parser.parse(source)
        if let first = parsed.diagnostics.first { throw first }
        _ = try interpreter.run(parsed.program, of: source)
    }
}
