import Base
import Glibc
import Runtime

/// Writes reports in the format that the file's name asks for.
package enum ReportFile {
    /// Why nothing can be written at `path`, found before a long run and not after it; none when it looks well.
    package static func problem(with path: String) -> String? {
        guard isPage(path) || path.hasSuffix(".md") else {
            return "a report is written as .html or .md, not as \(path)"
        }
        let folder = WholeFile.folder(of: path)
        guard access(folder, F_OK) == 0 else { return "cannot write \(path): there is no folder \(folder)" }
        guard access(folder, W_OK) == 0 else {
            return "cannot write \(path): \(FileError.reason(errno))"
        }
        return nil
    }

    private static func isPage(_ path: String) -> Bool { path.hasSuffix(".html") || path.hasSuffix(".htm") }

    /// Writes one HTML file, or Markdown with its pictures beside it: everything, or nothing new.
    ///
    /// - Throws: a `Failure` of kind `io`.
    package static func write(_ report: Report, to path: String) throws(Failure) {
        if let problem = problem(with: path) { throw Failure(.io, problem) }
        var added: [String] = []
        do throws(FileError) {
            if isPage(path) {
                try WholeFile.write(Array(ReportHTML.page(report).utf8), to: path)
                return
            }
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let folder = path.dropLast(name.count)
            let (text, pictures) = ReportMarkdown.page(report, stem: String(name.dropLast(3)))
            for (name, png) in pictures {
                let isNew = !WholeFile.exists(folder + name)
                try WholeFile.write(png, to: folder + name)
                if isNew { added.append(folder + name) }
            }
            try WholeFile.write(Array(text.utf8), to: path)
        } catch {
            for picture in added { unlink(picture) }
            throw Failure(.io, error.message)
        }
    }
}
