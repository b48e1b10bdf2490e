import ArgumentParser
import Diagnostics
import Glibc
import Jupyter
import Notebook

/// `distill kernel install`, and what Jupyter starts.
struct KernelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel", abstract: "The Jupyter kernel: install it, and notebooks run Dist.",
        discussion: """
              distill kernel install                  for you
              distill kernel install --sys-prefix     into the active Python environment
              distill kernel uninstall

            Jupyter starts the kernel itself, by distill kernel --connection FILE.
            """,
        subcommands: [Install.self, Uninstall.self])

    @Option(help: ArgumentHelp("The file that says where the client waits.", valueName: "file"))
    var connection: String?

    @OptionGroup var options: RunOptions

    func run() throws {
        guard let connection else { throw CleanExit.helpRequest(self) }
        let status = try Self.reporting { () throws(KernelError) -> Int32 in
            let kernel = try Kernel(try Connection(file: connection))
            // Whoever started the kernel reads its messages, not its terminal.
            let session = Runner(options.settings).session()
            session.onOutput = { _ in }
            return kernel.run(session)
        }
        throw ExitCode(status)
    }

    /// Turns what a kernel cannot do into a message and exit status 1.
    fileprivate static func reporting<Result>(_ body: () throws(KernelError) -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            var line = Markup("error", .error)
            line.append(": \(error.message)")
            if let help = error.help { line.append("\n = help: \(help)") }
            OutputStream(descriptor: 2, color: .auto).writeLine(line)
            throw ExitCode(1)
        }
    }

    /// Where the kernel's description goes.
    struct PlaceOptions: ParsableArguments {
        @Flag(help: "For you alone; so also without an option.")
        var user = false

        @Flag(help: "In the active Python environment.")
        var sysPrefix = false

        @Option(help: ArgumentHelp("In share/jupyter below a folder.", valueName: "dir"))
        var prefix: String?

        func validate() throws {
            guard [user, sysPrefix, prefix != nil].filter({ $0 }).count <= 1 else {
                throw ValidationError("--user, --sys-prefix and --prefix exclude each other")
            }
        }

        func place() throws(KernelError) -> Kernelspec.Place {
            if let prefix { return .prefix(prefix) }
            return sysPrefix ? try .activeEnvironment() : .user
        }
    }

    /// `distill kernel install`.
    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tell Jupyter about the kernel.")
        @OptionGroup var place: PlaceOptions

        func run() throws {
            let folder = try KernelCommand.reporting { () throws(KernelError) -> String in
                try Kernelspec.install(try place.place(), program: Self.program)
            }
            OutputStream(descriptor: 1, color: .auto).writeLine(Markup("installed in \(folder)"))
        }

        /// The path of this program.
        private static var program: String {
            var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = readlink("/proc/self/exe", &bytes, bytes.count)
            return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : "distill"
        }
    }

    /// `distill kernel uninstall`.
    struct Uninstall: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take the kernel's description away.")
        @OptionGroup var place: PlaceOptions

        func run() throws {
            let folder = try KernelCommand.reporting { () throws(KernelError) -> String? in
                try Kernelspec.uninstall(try place.place())
            }
            let text = folder.map { "removed \($0)" } ?? "the kernel was not installed there"
            OutputStream(descriptor: 1, color: .auto).writeLine(Markup(text))
        }
    }
}
