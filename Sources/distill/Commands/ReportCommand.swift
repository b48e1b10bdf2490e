import ArgumentParser
import Diagnostics
import Notebook

/// `distill report FILE -o kd.html`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Run a script in a fresh session and write a report.",
        discussion:
            "The report is one HTML file, or Markdown with its pictures beside it, as the name of the output says.")

    @Argument(help: "The script.", completion: .file(extensions: ["dist"]))
    var file: String

    @Option(name: .shortAndLong, help: "The file to write, .html or .md; the script's name with .html when left out.")
    var output: String?

    @Option(help: "Pixels per inch of the pictures, 48 to 600; 96 makes small files, left out the figures' own counts.")
    var dpi: Double?

    @OptionGroup var options: RunOptions

    func validate() throws {
        if let dpi, !(48...600).contains(dpi) { throw ValidationError("--dpi lies between 48 and 600") }
        if let output, ![".html", ".htm", ".md"].contains(where: { output.hasSuffix($0) }) {
            throw ValidationError("a report is written as .html or .md, not as \(output)")
        }
    }

    func run() throws {
        let stem = file.hasSuffix(".dist") ? String(file.dropLast(5)) : file
        throw ExitCode(Runner(options.settings).report(file: file, to: output ?? stem + ".html", dpi: dpi))
    }
}
