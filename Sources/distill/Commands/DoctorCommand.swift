import ArgumentParser
import Diagnostics
import Notebook
import Runtime

/// `distill doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what computes on this machine, how fast, and what would make it faster.",
        discussion: """
            Prints the processor, the vector instructions and libraries in use, memory and load, and the measured speed of a \
            product and a convolution beside what the processor can do at most. Takes less than a second.
            """)

    @OptionGroup var color: ColorOptions

    func run() throws {
        let face = TerminalFace(color: color.choice, isQuiet: true)
        do {
            face.output.write(try Checkup().markup)
        } catch {
            let failure = Failure(error)
            face.show([Diagnostic(failure.kind, failure.message, help: failure.help)])
            throw ExitCode(1)
        }
    }
}
