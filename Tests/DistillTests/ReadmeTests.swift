import Base
import Glibc
import Notebook
import Testing

/// The front door tells the truth.
@Suite struct ReadmeTests {
    private static let path = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/README.md"

    private func text() throws -> String { String(decoding: try WholeFile.read(Self.path), as: UTF8.self) }

    @Test func `the tour runs as it is written, in one session`() throws {
        let blocks = try text().components(between: "```dist\n", and: "```")
        try #require(blocks.count >= 4)
        let place = try Program.temporaryFolder()
        try WholeFile.write(Array(blocks.joined(separator: "\n").utf8), to: place + "/tour.dist")
        // The tour is read in a clone, whose examples it loads.
        try #require(symlink(String(Self.path.dropLast("README.md".count)) + "examples", place + "/examples") == 0)
        let result = try Program.run("run", "tour.dist", folder: place)
        #expect(result.status == 0, "\(result.errors)")
        for name in ["loss.png", "student.onnx", "student.safetensors", "student.distill", "weights.pt"] {
            #expect(WholeFile.exists("\(place)/\(name)"), "\(name)")
        }
    }

    @Test func `what it points at is there, and it fits on one screen or two`() throws {
        let text = try text()
        #expect(text.utf8.count <= 9000)
        let root = String(Self.path.dropLast("README.md".count))
        for link in text.components(between: "](", and: ")") where !link.hasPrefix("http") {
            #expect(WholeFile.exists(root + link), "\(link)")
        }
    }
}

extension String {
    /// What stands between each pair of marks.
    fileprivate func components(between start: String, and end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let from = rest.firstRange(of: start), let to = rest[from.upperBound...].firstRange(of: end) {
            found.append(String(rest[from.upperBound..<to.lowerBound]))
            rest = rest[to.upperBound...]
        }
        return found
    }
}
