import Diagnostics
import Runtime
import Syntax

/// The files that a checked script imports: each is read and checked once.
final class CheckedImports {
    let library: Library
    private let files: any FileAccess
    private var known: [String: CheckedFile] = [:]
    private var open: [String] = []

    init(library: Library, files: any FileAccess) {
        self.library = library
        self.files = files
    }

    /// Notes the script itself, so that a cycle back to it is seen.
    func begin(_ path: String) { open.append(files.resolve(path, from: nil)) }

    /// What an import gives, with the errors of the file when this is the first import of it.
    func file(_ path: String, from importer: String, failure: inout Failure?) -> (file: CheckedFile?, [Diagnostic]) {
        let isStandard = path.hasPrefix("std/")
        let resolved = isStandard ? path : files.resolve(path, from: importer)
        if let start = open.firstIndex(of: resolved) {
            failure = Interpreter.importCycle(path, open[start...] + [resolved])
            return (nil, [])
        }
        if let file = known[resolved] { return (file, []) }
        let source: SourceText
        do {
            source = try read(resolved, as: path, isStandard: isStandard)
        } catch {
            failure = Failure(error)
            return (nil, [])
        }
        let parsed = Parser.parse(source)
        let file = CheckedFile(source: source, program: parsed.program)
        known[resolved] = file
        guard parsed.diagnostics.isEmpty else { return (file, parsed.diagnostics) }
        open.append(resolved)
        defer { open.removeLast() }
        var checker = Checker(source: source, program: parsed.program, imports: self, path: resolved)
        checker.checkProgram(parsed.program)
        return (file, checker.findings)
    }

    private func read(_ resolved: String, as path: String, isStandard: Bool) throws -> SourceText {
        if isStandard { return SourceText(name: path, text: try library.standardSource(path)) }
        return SourceText(name: resolved, bytes: try files.read(resolved))
    }
}
