import ArgumentParser
import Diagnostics
import Notebook

/// Who starts the runs of a sweep.
enum Launcher: String, CaseIterable, ExpressibleByArgument {
    /// This program, some at a time.
    case local
    /// GNU parallel, also on other machines over ssh.
    case parallel
    /// An array job of Slurm.
    case slurm
}

/// `distill sweep FILE --set T=1,2,4,8 --set seed=0..4`.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Run a script for every combination of settings, and gather the results.",
        discussion: """
              distill sweep kd.dist --set T=1,2,4,8 --set alpha=0.5,0.9 --set seed=0..4 --jobs 2
              distill sweep kd.dist --set seed=0..9 --resume            completes what is missing
              distill sweep kd.dist --set seed=0..9 --launcher parallel --launcher-options '--sshlogin a,b'

            Each run is a process of its own with a record in runs/kd/. The numbers gathered are those the script's
            variables hold at its end (`result` alone, if there is one); seeds become mean ± standard deviation.
            """)

    @Argument(help: "The script.", completion: .file(extensions: ["dist"]))
    var file: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A `param` with its values: a,b,c or a..b, both ends included.", valueName: "name=values"),
        transform: { text in
            guard let axis = SweepGrid.Axis(text) else { throw ValidationError(SweepGrid.Axis.problem(with: text)) }
            return axis
        })
    var axes: [SweepGrid.Axis] = []

    @Option(help: "How many runs at a time.")
    var jobs = 1

    @Option(name: .shortAndLong, help: "The folder of the records; runs/ and the script's name when left out.")
    var output: String?

    @Option(help: "A number to gather, such as run.val_accuracy; may be given several times.")
    var value: [String] = []

    @Flag(help: "Run only what has no finished record yet.")
    var resume = false

    @Flag(help: "Replace the records that are there.")
    var overwrite = false

    @Option(help: "Who starts the runs: local, parallel or slurm.")
    var launcher: Launcher = .local

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Options for the launcher, such as '--sshlogin a,b' or '--partition=cpu'.", valueName: "text"))
    var launcherOptions: String = ""

    @Flag(help: "Print the commands and run nothing.")
    var dryRun = false

    @Option(help: "The seed of all random streams, for scripts without a `param seed`.")
    var seed: UInt64?

    @Option(help: "How many threads each run computes with; the processors divided by --jobs when left out.")
    var threads: Int?

    @Option(help: ArgumentHelp("The most memory for a run, such as 2GB.", valueName: "size"))
    var maxMemory: String?

    @Option(help: ArgumentHelp("Stop a run after this many seconds.", valueName: "seconds"))
    var timeout: Double?

    @Flag(name: .shortAndLong, help: "No line for each run.")
    var quiet = false

    @OptionGroup var color: ColorOptions

    func validate() throws {
        guard !axes.isEmpty else { throw ValidationError("give settings that vary, such as --set T=1,2,4,8") }
        guard Set(axes.map(\.name)).count == axes.count else { throw ValidationError("a name is given to --set twice") }
        guard jobs >= 1, jobs <= 1024 else { throw ValidationError("--jobs must be between 1 and 1024, not \(jobs)") }
        if let threads, threads < 1 || threads > 1024 {
            throw ValidationError("--threads must be between 1 and 1024, not \(threads)")
        }
        if let timeout, !(timeout > 0) { throw ValidationError("--timeout must be a positive number of seconds") }
        if let maxMemory, ByteCount(argument: maxMemory) == nil {
            throw ValidationError("--max-memory takes a size such as 2GB, not \(maxMemory)")
        }
        if resume, overwrite { throw ValidationError("--resume keeps records and --overwrite replaces them") }
        let count = SweepGrid(axes).count
        guard count <= SweepGrid.limit else {
            throw ValidationError("these settings make \(count) runs; a sweep has at most \(SweepGrid.limit)")
        }
    }

    func run() throws { throw ExitCode(try Sweep(self).run()) }
}
