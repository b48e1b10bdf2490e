import Base
import Builtins
import Diagnostics
import Drawing
import Glibc
import Notebook
import Runtime
import Testing

@Suite("Records, comparisons and sweeps")
struct RecordTests {
    private func folder() throws -> String {
        var template = Array("/tmp/distill-records-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func record(_ name: String, T: Int, accuracy: Double) -> RunRecord {
        var record = RunRecord(name: name)
        record.parameters = ["T": "\(T)", "alpha": "0.9"]
        record.configuration = [
            "lr": .number(0.1), "betas": .list([.number(0.9), .number(0.99)]), "epochs": .integer(3),
        ]
        record.metrics = ["run.val_accuracy": accuracy, "run.loss": .nan]
        record.curves = ["run": ["val_accuracy": [0.1, accuracy], "loss": [2, .nan]]]
        record.provenance = ["seed": "0"]
        return record
    }

    @Test
    func `A record comes back as it was written, NaN included`() throws {
        let place = try folder() + "/runs/a"
        try record("a", T: 4, accuracy: 0.9).write(to: place, files: [("note.txt", Array("x".utf8))])
        let read = try RunRecord(folder: place)
        #expect(read.parameters == ["T": "4", "alpha": "0.9"])
        #expect(read.configuration == record("a", T: 4, accuracy: 0.9).configuration)
        #expect(read.metrics["run.val_accuracy"] == 0.9)
        #expect(read.metrics["run.loss"]?.isNaN == true)
        #expect(read.curves["run"]?["val_accuracy"] == [0.1, 0.9])
        #expect(WholeFile.exists(place + "/note.txt"))
        // A newer record replaces the folder as a whole.
        try record("a", T: 8, accuracy: 0.8).write(to: place + "/")
        #expect(try RunRecord(folder: place).parameters["T"] == "8")
        #expect(!WholeFile.exists(place + "/note.txt"))
        #expect(WholeFile.namesIfAny(in: WholeFile.folder(of: place)) == ["a/"])
    }

    @Test
    func `A folder that is no record is neither read nor replaced`() throws {
        let place = try folder()
        try WholeFile.write(Array("mine".utf8), to: place + "/thesis.txt")
        #expect(throws: Failure.self) { try RunRecord(folder: place) }
        #expect(throws: Failure.self) { try record("a", T: 1, accuracy: 0).write(to: place) }
        #expect(WholeFile.namesIfAny(in: place) == ["thesis.txt"])
        try WholeFile.write(Array("{".utf8), to: place + "/record.json")
        #expect(throws: Failure.self) { try RunRecord(folder: place) }
    }

    @Test
    func `save(run, folder) and a comparison of two: only what differs`() throws {
        let place = try folder()
        let session = Session()
        let text = """
            train, val = split(take(dataset("digits"), 200), test=0.2)
            for k in [1, 2] {
                manual_seed(0)
                save(fit(Linear(64, 10), train, epochs=k, validate=val, name=f"k{k}"), f"\(place)/run{k}")
            }
            """
        let result = session.enter(text)
        #expect(result.succeeded, "\(result.diagnostics.map(\.message))")
        #expect(
            WholeFile.namesIfAny(in: place + "/run1") == [
                "curves.csv", "curves.png", "net.safetensors", "record.json", "run.json",
            ])
        let comparison = try RecordComparison(folders: [place + "/run1", place + "/run2/"])
        #expect(comparison.names == ["run1", "run2"])
        let (rows, equal) = comparison.table(showingAll: false)
        let titles = rows.map { $0[0].plain }
        #expect(titles.contains("epochs") && titles.contains("val_accuracy") && !titles.contains("batch_size"))
        #expect(equal > 5)
        #expect(comparison.table(showingAll: true).rows.count == rows.count + equal)
        #expect(rows.first?.last?.plain == "difference")
        let words = try comparison.figure().altText
        #expect(words.contains("run1, k1") == false && words.contains("run2"), "\(words)")
        #expect(throws: Failure.self) { try comparison.figure(curve: "nothing") }
    }

    @Test
    func `Values of a sweep: lists, ranges, quoted commas, and what is none`() throws {
        #expect(SweepGrid.Axis("T=1,2,4")?.values == ["1", "2", "4"])
        #expect(SweepGrid.Axis("seed=0..4")?.values == ["0", "1", "2", "3", "4"])
        #expect(SweepGrid.Axis("seed=-1..1,7")?.values == ["-1", "0", "1", "7"])
        #expect(SweepGrid.Axis("name=\"a,b\",c")?.values == ["\"a,b\"", "c"])
        #expect(SweepGrid.Axis("hidden=[1, 2],[3]")?.values == ["[1, 2]", "[3]"])
        #expect(SweepGrid.Axis("lr=1e-3")?.values == ["1e-3"])
        let endless = "T=-9223372036854775807..9223372036854775807"
        for wrong in ["", "=1", "T", "T=", "T=1,,2", "T=0..99999999", "T=3..1", endless] {
            #expect(SweepGrid.Axis(wrong) == nil, "\(wrong)")
        }
    }

    @Test
    func `Every combination has a folder of its own`() throws {
        let axes = try ["T=1,2", "seed=0..1", "name=a/b"].map { try #require(SweepGrid.Axis($0)) }
        let grid = SweepGrid(axes)
        #expect(grid.points.map(\.name) == ["T=1,seed=0", "T=1,seed=1", "T=2,seed=0", "T=2,seed=1"])
        #expect(grid.varying == [0])
        #expect(SweepGrid([axes[2]]).points.map(\.name) == ["name=a_b"])
        let large = try (0..<9).map { try #require(SweepGrid.Axis("a\($0)=1..100000")) }
        #expect(SweepGrid(large).count == Int.max)
    }

    @Test
    func `Results over seeds are mean ± standard deviation, missing runs are counted`() throws {
        let place = try folder()
        let axes = try ["T=1,4", "seed=0..2"].map { try #require(SweepGrid.Axis($0)) }
        let grid = SweepGrid(axes)
        for (index, point) in grid.points.enumerated() where index != 5 {
            try record(point.name, T: 1, accuracy: [0.5, 0.6, 0.7, 0.8, 0.9][index]).write(to: "\(place)/\(point.name)")
        }
        let results = SweepResults(grid, in: place)
        #expect(results.usual == ["run.val_accuracy"])
        let text = Markup(table: results.table(results.usual)).plain
        #expect(text.contains("0.6000 ± 0.1000"))
        #expect(text.contains("2 of 3"))
        #expect(text.contains("0.8500 ± 0.0707"))
        #expect(results.csv.split(separator: "\n").count == 7)
        #expect(results.csv.contains("missing"))
        #expect(try results.figure("run.val_accuracy").altText.contains("3 runs"))
        #expect(try #require(try results.curves("run.val_accuracy")).altText.contains("T = 4"))
    }

    @Test
    func `Two settings make a heat map whose best cell is named`() throws {
        let place = try folder()
        let axes = try ["T=1,4", "alpha=0.5,0.9"].map { try #require(SweepGrid.Axis($0)) }
        let grid = SweepGrid(axes)
        for (index, point) in grid.points.enumerated() {
            try record(point.name, T: 1, accuracy: Double(index)).write(to: "\(place)/\(point.name)")
        }
        let words = try SweepResults(grid, in: place).figure("run.val_accuracy").altText
        #expect(words.contains("best 3 at T = 4, alpha = 0.9"), "\(words)")
    }
}
