import Data
import Testing

@Suite struct CSVTableTests {
    private func table(_ text: String) throws -> CSVTable { try CSVTable(bytes: Array(text.utf8), path: "t.csv") }

    @Test func `Header is found where text stands above numbers`() throws {
        let table = try table("a,b\n1,2.5\n3,4\n")
        #expect(table.hasHeader)
        #expect(table.names == ["a", "b"])
        #expect(table.columns == [.integers([1, 3]), .numbers([2.5, 4])])
    }

    @Test func `Numbers only have no header`() throws {
        let table = try table("1,2\n3,4\n")
        #expect(!table.hasHeader)
        #expect(table.rows == 2)
        #expect(table.names == ["0", "1"])
    }

    @Test func `Quoted fields keep separators quotes and newlines`() throws {
        let table = try table("name,x\r\n\"a, \"\"b\"\"\nc\",1\r\n\"d\",2\r\n")
        #expect(table.columns[0] == .text(["a, \"b\"\nc", "d"]))
        #expect(table.columns[1] == .integers([1, 2]))
    }

    @Test func `Missing values are na n`() throws {
        let table = try table("a,b\n1,\nNA,2\n")
        guard case .numbers(let values) = table.columns[0] else { Issue.record("expected numbers"); return }
        #expect(values[0] == 1)
        #expect(values[1].isNaN)
    }

    @Test(arguments: [
        ("a,b\n1,2\n3\n", 3, "expected 2 fields"), ("a,b\n1,2\n3,x\n", 3, "expected a number as above, found \"x\""),
        ("a,b\n1,\"2\n", 2, "closing quote"), ("a,b\n1,\"2\"x\n", 2, "separator after the closing quote"),
    ])
    func `Malformed lines are named`(_ text: String, _ line: Int, _ problem: String) throws {
        do {
            _ = try table(text)
            Issue.record("expected an error for \(text)")
        } catch DataError.line(let path, let found, let message) {
            #expect(path == "t.csv")
            #expect(found == line)
            #expect(message.contains(problem))
        }
    }

    @Test func `Empty files are errors`() {
        #expect(throws: DataError.self) { try table("") }
        #expect(throws: DataError.self) { try table("a,b\n") }
    }

    @Test func `Numbers are read exactly`() throws {
        let table = try table("x\n0.1\n-2.5e-3\n123456789.123456789\n1e300\n.5\n")
        #expect(table.columns[0] == .numbers([0.1, -2.5e-3, 123456789.123456789, 1e300, 0.5]))
    }
}

@Suite struct JSONTests {
    @Test func `Values survive writing and reading`() throws {
        let value = JSON.object([
            ("a", .array([.integer(1), .number(2.5), .bool(true), .null])), ("ü\"\n", .string("𝄞\u{1}")),
        ])
        #expect(try JSON(parsing: Array(value.text.utf8)) == value)
    }

    @Test func `Escapes are understood`() throws {
        #expect(try JSON(parsing: Array(#""\u00e9\ud834\udd1e\/""#.utf8)) == .string("é𝄞/"))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "\"\\x\"", "1 2", "nul", "\"\\ud834\"", String(repeating: "[", count: 500),
    ])
    func `Malformed text is an error`(_ text: String) {
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: Array(text.utf8)) }
    }
}
