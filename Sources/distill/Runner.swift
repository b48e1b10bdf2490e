import Base
import CReadline
import Diagnostics
import Glibc
import Notebook
import Runtime
import Tensors

/// Runs scripts and expressions, and starts the REPL.
struct Runner {
    let face: TerminalFace
    private let options: RunSettings

    init(_ options: RunSettings) {
        self.options = options
        face = TerminalFace(color: options.color, isQuiet: options.isQuiet)
        if let threads = options.threads { Threads.count = threads }
        if options.isPlain { Plain.setForProcess(true) }
        if !options.isQuiet, let warning = Engine.warning() {
            var line = Markup("warning", .warning)
            line.append(": " + warning)
            face.errors.writeLine(line)
        }
        editor_catch_interrupts({ Interrupt.request() }, { Interrupt.isRequested }, { Interrupt.clear() })
    }

    /// Whether a person sits in front.
    var isInteractive: Bool { isatty(0) == 1 && isatty(1) == 1 }

    /// A fresh session that writes to this terminal.
    func session(command: [String]? = nil, pictureDPI: Double? = nil) -> Session {
        var settings = Session.Options()
        settings.pictureDPI = pictureDPI
        settings.command = command?.joined(separator: " ")
        settings.seed = options.seed ?? 0
        settings.parameters = options.parameters.map { ($0.name, $0.value) }
        settings.memoryLimit = options.memoryLimit
        settings.timeLimit = options.timeLimit
        let session = Session(settings)
        face.attach(to: session)
        return session
    }

    /// Runs a script; exit status 0, 1 or 130.
    func run(file path: String, staysOpen: Bool, record folder: String? = nil) -> Int32 {
        guard let source = face.read(path) else { return 1 }
        let session = session(command: ["distill", "run", Self.quoted(path)] + settings)
        do {
            let scriptFolder = path == "-" ? nil : WholeFile.folder(of: path)
            // A record keeps the figures itself.
            if path != "-", folder == nil, !options.isQuiet { face.script = path }
            let errors = try session.run(script: source, folder: scriptFolder) { cell in
                // A notebook shows what its cells give, as the REPL and reports do.
                if let value = cell.result?.value, !options.isQuiet { face.show(value, prompt: Markup()) }
            }
            face.finishLine()
            face.show(errors)
            if let folder, !keep(session, errors, in: folder) { return 1 }
            return finish(errors, staysOpen: staysOpen, session)
        } catch {
            return unknownParameter(error)
        }
    }

    /// Writes the record of a script that has run; false when it cannot be written.
    private func keep(_ session: Session, _ errors: [Diagnostic], in folder: String) -> Bool {
        let name = folder.split(separator: "/").last.map(String.init) ?? folder
        let (record, files) = session.record(named: name, errors: errors)
        do {
            try record.write(to: folder, files: files)
            return true
        } catch {
            let failure = Failure(error)
            face.show([Diagnostic(failure.kind, failure.message, help: failure.help)])
            return false
        }
    }

    /// Runs one cell and shows its value.
    func run(text: String, named name: String, displaysValues: Bool, staysOpen: Bool) -> Int32 {
        let session = session()
        let result = session.run(SourceText(name: name, text: text), range: nil)
        face.finishLine()
        if displaysValues, let value = result.value { face.show(value, prompt: Markup()) }
        face.show(result.diagnostics)
        return finish(result.diagnostics, staysOpen: staysOpen, session)
    }

    /// Runs a script and writes its report, also when it fails; its pictures have `dpi` pixels per inch.
    func report(file path: String, to output: String, dpi: Double? = nil) -> Int32 {
        if let problem = ReportFile.problem(with: output) {
            face.show([Diagnostic(.io, problem)])
            return 1
        }
        guard let source = face.read(path) else { return 1 }
        let session = session(pictureDPI: dpi)
        // What a report holds is not printed as well.
        session.onOutput = { _ in }
        do {
            let density = dpi.map { ["--dpi", $0 == $0.rounded() ? String(Int($0)) : String($0)] } ?? []
            let command = (["distill", "report", Self.quoted(path)] + density + settings).joined(separator: " ")
            let (report, errors) = try session.report(running: source, path: path, command: command)
            face.finishLine()
            face.show(errors)
            do {
                try ReportFile.write(report, to: output)
            } catch {
                face.show([Diagnostic(.io, error.message)])
                return 1
            }
            face.note("written to \(output)")
            return errors.first.map { $0.kind == .interrupt ? 130 : 1 } ?? 0
        } catch {
            return unknownParameter(error)
        }
    }

    /// The options that make the same run again.
    private var settings: [String] {
        options.parameters.flatMap { ["--set", Self.quoted("\($0.name)=\($0.value)")] }
            + (options.seed.map { ["--seed", String($0)] } ?? [])
            + (options.threads.map { ["--threads", String($0)] } ?? [])
            + (Plain.isOn ? ["--plain"] : [])
    }

    /// A word as a shell reads it.
    static func quoted(_ word: String) -> String {
        let isPlain = word.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || "0123456789=._-/+,".unicodeScalars.contains($0)
        }
        if isPlain { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Starts the REPL.
    func startREPL(readsInitFile: Bool) -> Int32 {
        let repl = REPL(session: session(), face: face, runner: self)
        return repl.run(readsInitFile: readsInitFile, showsBanner: !options.isQuiet)
    }

    private func finish(_ errors: [Diagnostic], staysOpen: Bool, _ session: Session) -> Int32 {
        if staysOpen, isInteractive {
            face.script = nil
            return REPL(session: session, face: face, runner: self).run(readsInitFile: false, showsBanner: false)
        }
        // The process ends now: to free everything one by one would only delay it.
        _ = Unmanaged.passRetained(session)
        guard let first = errors.first else { return 0 }
        return first.kind == .interrupt ? 130 : 1
    }

    func unknownParameter(_ problem: Session.UnknownParameter) -> Int32 {
        let near = Nearest.match(problem.name, in: problem.declared).map { "did you mean \($0)? " } ?? ""
        let known =
            problem.declared.isEmpty
            ? "the script declares no param" : "its params are " + problem.declared.joined(separator: ", ")
        face.errors.writeLine(
            UsageFailure("--set \(problem.name): the script has no param of that name", help: near + known).markup)
        return 2
    }
}
