import Base
import Diagnostics
import Glibc
import Notebook
import Syntax
import Testing

@Suite struct ExampleTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// The notebooks of a folder of the repository.
    private static func notebooks(_ folder: String) -> [String] {
        guard let directory = opendir("\(root)/\(folder)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".dist") { names.append("\(root)/\(folder)/\(name)") }
        }
        return names.sorted()
    }

    private static func source(_ path: String) -> SourceText {
        var bytes: [UInt8] = []
        if let file = fopen(path, "r") {
            while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
            fclose(file)
        }
        return SourceText(name: path, bytes: bytes)
    }

    @Test func `There are examples`() { #expect(!Self.notebooks("examples").isEmpty) }

    @Test(arguments: notebooks("examples"))
    func `Every example parses and keeps its tree when formatted`(_ path: String) throws {
        let source = Self.source(path)
        let before = Parser.parse(source)
        #expect(before.diagnostics.map { DiagnosticRenderer.render($0).plain } == [])
        let formatted = SourceText(name: path, text: try Formatter.format(source))
        #expect(Parser.parse(formatted).program.equalsIgnoringSpans(before.program))
        #expect(Cells.split(formatted).map(\.title) == Cells.split(source).map(\.title))
        for cell in Cells.split(source) {
            #expect(Parser.parse(source, range: cell.span).diagnostics.isEmpty)
        }
    }

    private static var texts: [String] {
        let transcripts = "Tests/NotebookTests/Transcripts"
        let features = WholeFile.namesIfAny(in: "\(root)/\(transcripts)").filter { $0.hasSuffix("/") }
        let folders = ["examples", "Sources/Builtins/Standard", "scripts/bench/jobs", "scripts/bench/language"]
        return (folders + features.map { "\(transcripts)/\($0.dropLast())" }).flatMap(notebooks)
    }

    /// One pass gives a text whose tree and comments are those of the source and which formatting leaves alone; what has
    /// syntax errors on purpose is looked at cell by cell.
    @Test func `Every text of the repository keeps its tree when formatted`() throws {
        #expect(Self.texts.count > 50)
        for path in Self.texts {
            let source = Self.source(path)
            for cell in Cells.split(source) {
                let part = SourceText(name: path, text: source.text(in: cell.span))
                let before = Parser.parse(part)
                guard before.diagnostics.isEmpty else { continue }
                let once = SourceText(name: path, text: try Formatter.format(part))
                #expect(Parser.parse(once).program.equalsIgnoringSpans(before.program), "\(path)")
                #expect(Lexer.tokens(of: once).comments.count == Lexer.tokens(of: part).comments.count, "\(path)")
                #expect(try Formatter.format(once) == once.text, "\(path)")
            }
        }
    }
}
