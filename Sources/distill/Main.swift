import ArgumentParser
import CReadline
import Glibc
import Notebook

/// The way in: reads the command line and runs the command on the session's thread.
@main
enum Main {
    static func main() {
        // A reader that goes away and a file that becomes larger than allowed are errors of a write, seen there.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        keep_memory()
        let status = SessionThread.run { start(Array(CommandLine.arguments.dropFirst())) }
        exit(OutputStream.status(after: status))
    }

    private static func start(_ arguments: [String]) -> Int32 {
        if let invocation = Invocation(quick: arguments) { return invocation.run() }
        do {
            var command = try RootCommand.parseAsRoot(Invocation.ordered(arguments))
            try command.run()
            return 0
        } catch let failure as UsageFailure {
            OutputStream(descriptor: 2, color: .auto).writeLine(failure.markup)
            return 2
        } catch let status as ExitStatus {
            return status.code
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let text = RootCommand.fullMessage(for: error)
            if RootCommand.exitCode(for: error) == .success {
                OutputStream(descriptor: 1, color: .never).write(text + "\n")
                return 0
            }
            OutputStream(descriptor: 2, color: .never).write(text + "\n")
            return 2
        }
    }
}
