import Glibc

/// Writes reports in the format that the file's name asks for.
package enum ReportFile {
    /// Why a report could not be written.
    package struct Failure: Error {
        /// One sentence.
        package let message: String
    }

    /// Writes one HTML file, or Markdown with its pictures beside it.
    package static func write(_ report: Report, to path: String) throws(Failure) {
        do {
            if path.hasSuffix(".html") || path.hasSuffix(".htm") {
                try TextFile.write(Array(ReportHTML.page(report).utf8), to: path)
            } else if path.hasSuffix(".md") {
                let name = path.split(separator: "/").last.map(String.init) ?? path
                let folder = path.dropLast(name.count)
                let (text, pictures) = ReportMarkdown.page(report, stem: String(name.dropLast(3)))
                for (name, png) in pictures { try TextFile.write(png, to: folder + name) }
                try TextFile.write(Array(text.utf8), to: path)
            } else {
                throw Failure(message: "a report is written as .html or .md, not as \(path)")
            }
        } catch let failure as TextFile.Failure {
            throw Failure(message: "cannot write \(failure.path): \(failure.reason)")
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(message: "\(error)")
        }
    }
}
