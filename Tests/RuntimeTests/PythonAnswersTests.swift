import Foundation
import Testing

/// Where Dist follows Python, programs print what Python prints (scripts/golden/language.py).
@Suite struct PythonAnswersTests {
    struct Program: Sendable {
        let source: String
        let expected: [String]

        /// A line of the fixture: a program, a tab, what it prints; `; ` and `|` part lines.
        init?(_ line: Substring) {
            let parts = line.split(separator: "\t")
            guard parts.count == 2 else { return nil }
            source = String(parts[0].replacing("; ", with: "\n"))
            expected = parts[1].split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    static let programs: [Program] = {
        let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        let text = (try? String(contentsOfFile: folder + "/Fixtures/language.txt", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap(Program.init)
    }()

    @Test func `Slices, whole numbers, conditions, comparisons and formats are Python's`() {
        #expect(Self.programs.count > 1_900)
        for program in Self.programs { #expect(lines(program.source) == program.expected, "\(program.source)") }
    }
}
