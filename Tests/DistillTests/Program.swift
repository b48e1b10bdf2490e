import Base
import CPseudoTerminal
import Glibc
import Notebook
import Testing

/// The built program, run with arguments, input and an environment of its own.
struct Program {
    /// What a run left behind.
    struct Result {
        var output: String
        var errors: String
        /// The exit status; 128 + n when signal n ended it.
        var status: Int32
    }

    /// The program beside the test bundle, or in the build folder of the package.
    static let path: String = {
        if let path = getenv("DISTILL_BINARY") { return String(cString: path) }
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            let bundle = argument.prefix(upTo: argument.range(of: ".xctest"))
            let candidate = WholeFile.folder(of: String(bundle)) + "/distill"
            if WholeFile.exists(candidate) { return candidate }
        }
        let package = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        #if DEBUG
            return package + "/.build/debug/distill"
        #else
            return package + "/.build/release/distill"
        #endif
    }()

    /// A folder for one test, with a home of its own so that no test sees the user's files.
    static func temporaryFolder() throws -> String {
        var template = Array("/tmp/distill-tests-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func environment(home: String, _ more: [String: String] = [:]) -> [String] {
        var variables = [
            "HOME": home, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color",
        ]
        variables.merge(more) { $1 }
        return variables.map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: String..., input: String = "", folder: String? = nil, environment: [String: String] = [:],
        shell: Bool = false
    ) throws -> Result {
        try run(arguments, input: input, folder: folder, environment: environment, shell: shell)
    }

    static func run(
        _ arguments: [String], input: String = "", folder: String? = nil, environment: [String: String] = [:],
        shell: Bool = false
    ) throws -> Result {
        let path = shell ? "/bin/sh" : Self.path
        let folder = try folder ?? temporaryFolder()
        let inputPath = folder + "/.input"
        try WholeFile.write(Array(input.utf8), to: inputPath)
        let environment = self.environment(home: folder, environment)
        let process = try start(arguments, environment) { arguments, environment in
            pt_spawn_on_files(
                path, arguments, environment, folder, inputPath, folder + "/.output", folder + "/.errors")
        }
        let status = wait(for: process)
        return Result(
            output: String(decoding: try WholeFile.read(folder + "/.output"), as: UTF8.self),
            errors: String(decoding: try WholeFile.read(folder + "/.errors"), as: UTF8.self), status: status)
    }

    /// Hands arguments and environment to C.
    static func start(
        _ arguments: [String], _ environment: [String],
        _ body: ([UnsafeMutablePointer<CChar>?], [UnsafeMutablePointer<CChar>?]) -> pid_t
    ) throws -> pid_t {
        let argv = ([path] + arguments).map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer {
            argv.forEach { free($0) }
            envp.forEach { free($0) }
        }
        let process = body(argv, envp)
        try #require(process > 0, "cannot start \(path)")
        return process
    }

    static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

extension String {
    fileprivate func range(of text: String) -> String.Index {
        var start = startIndex
        while start < endIndex, !self[start...].hasPrefix(text) { start = index(after: start) }
        return start
    }
}
