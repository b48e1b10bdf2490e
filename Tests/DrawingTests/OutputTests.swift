import Base
import Drawing
import Glibc
import Testing

@Suite struct OutputTests {
    private func temporaryFolder() throws -> String {
        let path = "/tmp/distill-drawing-\(getpid())-\(UInt64.random(in: 0..<UInt64.max))"
        try #require(mkdir(path, 0o755) == 0)
        return path
    }

    private func content(of folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    @Test func `The extension chooses the format`() throws {
        let folder = try temporaryFolder()
        let figure = try Figure(Samples.bars())
        for name in ["a.png", "a.SVG", "a.b.pdf"] { try figure.write(to: "\(folder)/\(name)") }
        #expect(content(of: folder) == ["a.SVG", "a.b.pdf", "a.png"])
        let error = #expect(throws: DrawingError.self) { try figure.write(to: "\(folder)/a.jpg") }
        #expect(error?.kind == .value)
        #expect(error?.help?.contains(".svg") == true)
        #expect(throws: DrawingError.self) { try Figure.Format(path: "png") }
        #expect(throws: DrawingError.self) { try Figure.Format(path: "folder.png/name") }
    }

    @Test func `Failed writes leave nothing`() throws {
        let folder = try temporaryFolder()
        let figure = try Figure(CurveChart([]), FigureOptions(width: 64, height: 64))
        let missing = #expect(throws: FileError.self) { try figure.write(to: "\(folder)/none/a.png") }
        #expect(missing?.kind == .io)
        #expect(missing?.message.contains("no such file") == true)
        try #require(mkdir("\(folder)/b.png", 0o755) == 0)
        #expect(throws: FileError.self) { try figure.write(to: "\(folder)/b.png") }
        #expect(content(of: folder) == ["b.png"])
    }

    @Test func `Existing files are replaced`() throws {
        let folder = try temporaryFolder()
        let small = try Figure(CurveChart([]), FigureOptions(width: 64, height: 64))
        try Figure(Samples.bars()).write(to: "\(folder)/a.pdf")
        try small.write(to: "\(folder)/a.pdf")
        var information = stat()
        #expect(stat("\(folder)/a.pdf", &information) == 0)
        #expect(Int(information.st_size) == (try small.pdf()).count)
    }

    @Test func `Vector formats carry their words`() throws {
        let figure = try Figure(Samples.bars(), FigureOptions(title: "A < B & \"C\"", ylabel: "y"))
        let svg = String(decoding: try figure.svg(), as: UTF8.self)
        #expect(svg.contains("<title>A &lt; B &amp; &quot;C&quot;</title>"))
        #expect(svg.contains("<desc>A &lt; B"))
        #expect(svg.contains("width=\"800"))
        #expect(svg.hasSuffix("</svg>\n"))
        let pdf = try figure.pdf()
        #expect(pdf.starts(with: Array("%PDF-1.".utf8)))
    }

    @Test func `Other figures between do not change the bytes`() throws {
        let figure = try Samples.grid()
        let before = try figure.svg()
        _ = try Figure(Samples.images(5)).svg()
        #expect(try figure.svg() == before)
    }

    @Test func `Enormous pictures are refused`() throws {
        let figure = try Figure(CurveChart([]), FigureOptions(width: 10_000, height: 10_000, dpi: 600))
        let error = #expect(throws: DrawingError.self) { try figure.png() }
        #expect(error?.kind == .limit)
    }

    @Test(arguments: [
        FigureOptions(width: 5), FigureOptions(height: .nan), FigureOptions(width: 1e9), FigureOptions(dpi: 0),
        FigureOptions(ylim: FigureOptions.Limits(2, 1)), FigureOptions(ylim: FigureOptions.Limits(.nan, nil)),
        FigureOptions(logy: true, ylim: FigureOptions.Limits(0, 1)),
        FigureOptions(logx: true, xlim: FigureOptions.Limits(-1, nil)),
    ])
    func `Impossible options are errors`(_ options: FigureOptions) throws {
        let error = #expect(throws: DrawingError.self) { try Figure(CurveChart([]), options) }
        #expect(error?.kind == .value)
        #expect(error?.message.hasPrefix("plot: ") == true)
    }

    /// Chance, which others are held against, is no series among them.
    @Test func `a reference is a grey line without marks`() throws {
        let values = (0..<60).map { Double($0) / 60 }
        func paths(_ role: CurveSeries.Role) throws -> [Substring] {
            let chart = try CurveChart(
                [CurveSeries("a", x: values, y: values), CurveSeries("b", x: [0, 1], y: [0, 1], role: role)])
            return String(decoding: try Figure(chart).svg(), as: UTF8.self).split(separator: "\n")
                .filter { $0.contains("<path") }
        }
        let validation = try paths(.validation), reference = try paths(.reference)
        // A mark at each of two points and one in the legend go, and with them the colour of a second series.
        #expect(reference.count < validation.count)
        func dashes(_ paths: [Substring]) -> Set<Substring> {
            Set(
                paths.filter { $0.contains("stroke-dasharray") }
                    .compactMap { $0.split(separator: ";stroke:").dropFirst().first?.prefix { $0 != ";" } })
        }
        #expect(!dashes(reference).isEmpty)
        #expect(dashes(reference).isDisjoint(with: dashes(validation)))
    }
}
