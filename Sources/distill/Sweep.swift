import Base
import Builtins
import CReadline
import Diagnostics
import Drawing
import Glibc
import Notebook
import Runtime
import Syntax
import Tensors

/// A sweep under way: which runs are wanted, which are there, who starts the rest, and what came of them.
struct Sweep {
    private let command: SweepCommand
    private let face: TerminalFace
    private let grid: SweepGrid
    private let folder: String

    init(_ command: SweepCommand) {
        self.command = command
        face = TerminalFace(color: command.color.choice, isQuiet: true)
        grid = SweepGrid(command.axes)
        let name = command.file.split(separator: "/").last.map(String.init) ?? command.file
        var folder = command.output ?? "runs/" + (name.hasSuffix(".dist") ? String(name.dropLast(5)) : name)
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        self.folder = folder
        editor_catch_interrupts({ Interrupt.request() }, { Interrupt.isRequested }, { Interrupt.clear() })
    }

    /// Exit status: 0 when every run has finished, 1 when some have not, 130 after Ctrl-C.
    func run() throws -> Int32 {
        guard let source = face.read(command.file) else { return 1 }
        let parsed = Parser.parse(source)
        guard parsed.diagnostics.isEmpty else {
            face.show(parsed.diagnostics)
            return 1
        }
        do {
            try Session.check(command.axes.map(\.name), in: parsed.program)
        } catch {
            let near = Nearest.match(error.name, in: error.declared).map { "did you mean \($0)? " } ?? ""
            throw UsageFailure(
                "--set \(error.name): the script has no param of that name",
                help: near
                    + (error.declared.isEmpty
                        ? "the script declares no param" : "its params are " + error.declared.joined(separator: ", ")))
        }
        for axis in command.axes {
            for value in axis.values {
                guard let problem = Session.problem(setting: axis.name, to: value, in: parsed.program) else { continue }
                throw UsageFailure(
                    problem, help: "values are given as --set \(axis.name)=1,2,4 or as --set \(axis.name)=1..4")
            }
        }
        let hash = SHA256.hex(of: source.utf8)
        let wanted = try missing(hash)
        if command.dryRun {
            for point in wanted { face.output.write(line(point) + "\n") }
            return 0
        }
        do {
            try WholeFile.makeFolder(folder)
        } catch {
            face.show([Diagnostic(error.kind, error.message)])
            return 1
        }
        var status: [SweepGrid.Point: Int32] = [:]
        if !wanted.isEmpty {
            switch command.launcher {
            case .local: status = local(wanted)
            case .parallel: guard try parallel(wanted) else { return 130 }
            case .slurm: guard try slurm(wanted) else { return 0 }
            }
        }
        return gather(status, interrupted: Interrupt.isRequested)
    }

    // MARK: What is missing

    private func missing(_ hash: String) throws -> [SweepGrid.Point] {
        let points = grid.points
        let found = points.filter { WholeFile.exists("\(folder)/\($0.name)/\(RunRecord.fileName)") }
        guard !found.isEmpty, !command.overwrite else { return points }
        guard command.resume || command.dryRun else {
            throw UsageFailure(
                "\(folder) already holds \(found.count) of these \(points.count) runs",
                help: "--resume completes what is missing, --overwrite begins anew, -o chooses another folder")
        }
        var finished: Set<SweepGrid.Point> = []
        var changed = 0
        for point in found {
            guard let record = try? RunRecord(folder: "\(folder)/\(point.name)"), record.status == "finished" else {
                continue
            }
            // A result of another script is no result of this one.
            guard record.provenance["script SHA-256"] == hash else {
                changed += 1
                continue
            }
            finished.insert(point)
        }
        if changed > 0 { face.note("the script has changed since \(changed) of the runs; they run again") }
        return points.filter { !finished.contains($0) }
    }

    // MARK: Starting

    private var threads: Int {
        command.threads
            ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) / (command.launcher == .local ? command.jobs : 1))
    }

    /// The shell command of a run; what it writes goes into a file beside its record.
    private func line(_ point: SweepGrid.Point) -> String {
        var words = [ChildProcess.ownPath, "run", command.file, "--quiet", "--record", "\(folder)/\(point.name)"]
        for (axis, value) in zip(grid.axes, point.values) { words += ["--set", "\(axis.name)=\(value)"] }
        if let seed = command.seed { words += ["--seed", String(seed)] }
        words += ["--threads", String(threads)]
        if Plain.isOn { words.append("--plain") }
        if let memory = command.maxMemory { words += ["--max-memory", memory] }
        if let timeout = command.timeout { words += ["--timeout", String(timeout)] }
        return words.map(Runner.quoted).joined(separator: " ")
            + " > \(Runner.quoted("\(folder)/\(point.name).log")) 2>&1"
    }

    private func local(_ points: [SweepGrid.Point]) -> [SweepGrid.Point: Int32] {
        var waiting = points[...]
        var running: [(process: pid_t, point: SweepGrid.Point, start: ContinuousClock.Instant)] = []
        var status: [SweepGrid.Point: Int32] = [:]
        var isStopping = false
        while !running.isEmpty || (!waiting.isEmpty && !isStopping) {
            while running.count < command.jobs, !isStopping, let point = waiting.popFirst() {
                RunRecord.discard("\(folder)/\(point.name)")
                if let process = ChildProcess.start("exec " + line(point)) {
                    running.append((process, point, .now))
                } else {
                    status[point] = 127
                }
            }
            for (index, child) in running.enumerated().reversed() {
                guard let ended = ChildProcess.ended(child.process) else { continue }
                running.remove(at: index)
                status[child.point] = ended
                tell(child.point, ended, status.count, points.count, child.start)
            }
            if Interrupt.isRequested, !isStopping {
                isStopping = true
                for child in running { kill(child.process, SIGINT) }
            }
            usleep(3_000)
        }
        return status
    }

    private func tell(
        _ point: SweepGrid.Point, _ status: Int32, _ done: Int, _ count: Int, _ start: ContinuousClock.Instant
    ) {
        guard !command.quiet else { return }
        let elapsed = start.duration(to: .now) / .seconds(1)
        let words = status == 0 ? "finished" : status > 128 ? "ended by signal \(status - 128)" : "failed"
        var line = Markup("[\(done)/\(count)] \(point.name)  ", .dim)
        line.append(words, status == 0 ? .good : .bad)
        line.append("  \(Notebook.Duration.text(elapsed))", .dim)
        face.errors.writeLine(line)
    }

    private func writeCommands(_ points: [SweepGrid.Point]) throws -> String {
        let path = "\(folder)/commands.txt"
        try write(points.map { line($0) + "\n" }.joined(), to: path)
        return path
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try WholeFile.write(Array(text.utf8), to: path)
        } catch {
            face.show([Diagnostic(error.kind, error.message)])
            throw ExitStatus(code: 1)
        }
    }

    private func parallel(_ points: [SweepGrid.Point]) throws -> Bool {
        guard ChildProcess.exists("parallel") else {
            throw UsageFailure("GNU parallel is not installed", help: "apt-get install parallel, or --launcher local")
        }
        for point in points { RunRecord.discard("\(folder)/\(point.name)") }
        let commands = try writeCommands(points)
        let log = Runner.quoted("\(folder)/joblog.txt")
        let status = system(
            "parallel --will-cite --jobs \(command.jobs) --joblog \(log) \(command.launcherOptions) < \(Runner.quoted(commands))"
        )
        // Its exit status is the number of runs that failed, and 255 when it could not begin.
        if (status >> 8) & 0xFF == 255 { face.note("GNU parallel itself failed, with exit status 255") }
        return status & 0x7F == 0 && !Interrupt.isRequested
    }

    /// True when the jobs are done, false when they have been handed over.
    private func slurm(_ points: [SweepGrid.Point]) throws -> Bool {
        guard ChildProcess.exists("sbatch") else {
            throw UsageFailure("there is no sbatch on the PATH", help: "run this where Slurm is, or --launcher local")
        }
        for point in points { RunRecord.discard("\(folder)/\(point.name)") }
        let commands = try writeCommands(points)
        let script = """
            #!/bin/sh
            #SBATCH --job-name=distill-sweep
            #SBATCH --array=1-\(points.count)%\(command.jobs)
            #SBATCH --cpus-per-task=\(threads)
            #SBATCH --output=/dev/null
            eval "$(sed -n "${SLURM_ARRAY_TASK_ID}p" \(Runner.quoted(commands)))"

            """
        let path = "\(folder)/array.sh"
        try write(script, to: path)
        guard system("sbatch \(command.launcherOptions) \(Runner.quoted(path)) >&2") == 0 else {
            face.show([Diagnostic(.io, "sbatch has not taken \(path)")])
            throw ExitStatus(code: 1)
        }
        if command.launcherOptions.split(separator: " ").contains("--wait") { return true }
        face.note(
            "\(points.count) runs handed to Slurm; when they are done, the same command with --resume gathers them")
        return false
    }

    // MARK: Gathering

    private func gather(_ status: [SweepGrid.Point: Int32], interrupted: Bool) -> Int32 {
        let results = SweepResults(grid, in: folder)
        let unfinished = results.records.filter { $0.record == nil }.map(\.point)
        if unfinished.count < results.records.count {
            let metrics = command.value.isEmpty ? results.usual : command.value
            for name in metrics where !results.metrics.contains(name) {
                let near = Nearest.match(name, in: results.metrics).map { ["did you mean \($0)?"] }
                face.show([
                    Diagnostic(
                        .key, "the runs have no number called \(name)",
                        help: (near ?? ["there are " + results.metrics.prefix(12).joined(separator: ", ")])
                            + ["the runs are kept: --resume with another --value gathers them"])
                ])
                return 1
            }
            face.output.writeLine(Markup(table: results.table(metrics), left: max(1, grid.varying.count)))
            var written = ["table.csv"]
            do {
                try WholeFile.write(Array(results.csv.utf8), to: "\(folder)/table.csv")
                if let main = metrics.first {
                    try results.figure(main).write(to: "\(folder)/sweep.png")
                    written.append("sweep.png")
                    if let curves = try results.curves(main) {
                        try curves.write(to: "\(folder)/curves.png")
                        written.append("curves.png")
                    }
                }
            } catch {
                let failure = Failure(error)
                face.show([Diagnostic(failure.kind, failure.message)])
                return 1
            }
            if !command.quiet { face.note("written to \(folder): \(written.joined(separator: ", "))") }
        }
        // After an interruption most have not begun: a line for all of them.
        let waiting = unfinished.filter { status[$0] == nil && !WholeFile.exists("\(folder)/\($0.name).log") }
        let isLong = waiting.count > 3
        for point in unfinished where !isLong || !waiting.contains(point) {
            face.errors.writeLine(complaint(point, status[point]))
        }
        if isLong, let first = waiting.first, let last = waiting.last {
            var line = Markup("\(first.name) … \(last.name)", .strong)
            line.append("  \(waiting.count) runs not begun", .bad)
            face.errors.writeLine(line)
        }
        if !unfinished.isEmpty {
            face.note("\(unfinished.count) of \(results.records.count) runs are missing; --resume completes them")
        }
        return interrupted ? 130 : unfinished.isEmpty ? 0 : 1
    }

    /// Why a run has no result: its error, or the end of what it wrote.
    private func complaint(_ point: SweepGrid.Point, _ status: Int32?) -> Markup {
        var line = Markup(point.name, .strong)
        let record = try? RunRecord(folder: "\(folder)/\(point.name)")
        if let error = record?.error {
            line.append("  \(error)", .bad)
        } else if let status, status > 128 {
            line.append("  ended by signal \(status - 128)", .bad)
        } else if let status, status != 0 {
            line.append("  exit status \(status)", .bad)
        } else {
            line.append("  not run", .bad)
        }
        let log = "\(folder)/\(point.name).log"
        if WholeFile.exists(log) { line.append("  see \(log)", .dim) }
        return line
    }
}

/// An end of the program that has been explained already.
struct ExitStatus: Error {
    let code: Int32
}
