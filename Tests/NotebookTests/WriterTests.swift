import Base
import Diagnostics
import Glibc
import Notebook
import Testing

/// Whatever the language writes, what the user made of the path stays: see ``WholeFile/write(_:to:)``.
@Suite struct WriterTests {
    struct Writer: CustomTestStringConvertible, Sendable {
        let ending: String
        /// The statement; PATH stands for the path.
        let source: String
        var testDescription: String { source }
    }

    static let writers = [
        Writer(ending: ".txt", source: "write_text(PATH, \"new\")"),
        Writer(ending: ".npy", source: "save(tensor([1, 2]), PATH)"),
        Writer(ending: ".npz", source: "save({\"a\": tensor([1, 2])}, PATH)"),
        Writer(ending: ".safetensors", source: "save(Linear(2, 2), PATH)"),
        Writer(ending: ".distill", source: "save(Linear(2, 2), PATH)"),
        Writer(ending: ".onnx", source: "save(Linear(2, 2), PATH, input=[2])"),
        Writer(ending: ".json", source: "save(fit(Linear(2, 2), TensorDataset(randn(4, 2), randint(2, [4]))), PATH)"),
        Writer(ending: ".csv", source: "save(trials(2, seed => ({\"score\": seed})), PATH)"),
        Writer(ending: ".png", source: "save(plot([1, 2]), PATH)"),
        Writer(ending: ".svg", source: "save(plot([1, 2]), PATH)"),
        Writer(ending: ".html", source: "report(PATH)"), Writer(ending: ".md", source: "report(PATH)"),
        Writer(
            ending: ".checkpoint",
            source: "fit(Linear(2, 2), TensorDataset(randn(4, 2), randint(2, [4])), epochs=1, checkpoint=FOLDER)"),
    ]

    @Test(arguments: writers)
    func `a writer goes through a link, keeps the permissions, and leaves nothing beside the file`(
        _ writer: Writer
    ) throws {
        var template = Array("/tmp/distill-writers-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let name = (writer.ending == ".checkpoint" ? "fit" : "file") + writer.ending
        try WholeFile.write(Array("old".utf8), to: "\(folder)/real")
        try WholeFile.write(Array("mine".utf8), to: "\(folder)/victim")
        try #require(chmod("\(folder)/real", 0o640) == 0)
        try #require(symlink("real", "\(folder)/\(name)") == 0)
        try #require(symlink("victim", "\(folder)/\(name).partial") == 0)
        let source = writer.source.split(separator: "PATH", omittingEmptySubsequences: false).joined(
            separator: "\"\(folder)/\(name)\""
        ).split(separator: "FOLDER", omittingEmptySubsequences: false).joined(separator: "\"\(folder)\"")
        let result = Session().run(SourceText(name: "test", text: source + ";"), range: nil)
        #expect(result.diagnostics.map(\.message) == [])
        var status = stat()
        try #require(lstat("\(folder)/\(name)", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
        try #require(stat("\(folder)/real", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o640)
        #expect(try WholeFile.read("\(folder)/real") != Array("old".utf8))
        #expect(try WholeFile.read("\(folder)/victim") == Array("mine".utf8))
        #expect(WholeFile.namesIfAny(in: folder) == [name, "\(name).partial", "real", "victim"].sorted())
    }
}
