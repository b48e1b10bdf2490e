import Base
import Notebook
import Testing

/// The examples of tasks other than one class among several.
@Suite("Examples of other tasks")
struct TaskExampleTests {
    private func run(_ name: String, _ settings: String...) throws -> (output: String, picture: [UInt8]) {
        let place = try Program.temporaryFolder()
        let result = try Program.run(
            ["run", ExampleTests.folder + "/\(name).dist"] + settings.flatMap { ["--set", $0] }, folder: place)
        #expect(result.status == 0, "\(result.errors)")
        return (result.output, try WholeFile.read(place + "/\(name).png"))
    }

    /// The number behind a word in the line of a network.
    private func number(_ word: String, of network: String, in output: String) throws -> Double {
        let line = try #require(output.split(separator: "\n").first { $0.hasPrefix(network) })
        let parts = line.split(separator: " ")
        let place = try #require(parts.firstIndex { $0 == word })
        return try #require(Double(parts[place + 1]))
    }

    @Test("One logit: the distilled student ranks better than the one of labels alone")
    func binary() throws {
        let (output, picture) = try run("binary")
        let teacher = try number("AUROC", of: "teacher", in: output)
        #expect(teacher > 0.98)
        #expect(
            try number("AUROC", of: "distilled", in: output) > number("AUROC", of: "labels alone", in: output))
        #expect(try number("AUROC", of: "distilled", in: output) > 0.95)
        #expect(try number("AUROC", of: "distilled", in: output) <= teacher + 0.01)
        #expect(output.contains("calibrated"))
        #expect(picture.count > 20_000)
    }

    @Test("Pixels: the distilled student overlaps more than the one of labels alone")
    func segmentation() throws {
        let (output, picture) = try run("segmentation", "epochs=20")
        #expect(try number("mIoU", of: "teacher", in: output) > 0.7)
        #expect(
            try number("mIoU", of: "distilled", in: output) > number("mIoU", of: "labels alone", in: output) + 0.03)
        #expect(output.contains("miou"))
        #expect(picture.count > 20_000)
    }

    @Test("A table: a forest's probabilities teach a network")
    func tabular() throws {
        let (output, picture) = try run("tabular", "data=\(ExampleTests.folder)/data", "epochs=60")
        #expect(abs(try number("accuracy", of: "forest", in: output) - 0.9415) < 1e-3)
        #expect(try number("accuracy", of: "taught", in: output) > 0.92)
        #expect(picture.count > 20_000)
    }
}
