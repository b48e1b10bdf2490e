import Diagnostics
import Testing

@Suite struct SourceTextTests {
    @Test func `Reads CRLF as LF`() {
        let source = SourceText(name: "a.dist", text: "x\r\ny\rz\n")
        #expect(source.text == "x\ny\rz\n")
        #expect(source.lineStarts == [0, 2, 6])
    }

    @Test func `Counts columns in scalars`() {
        let source = SourceText(name: "a.dist", text: "αβ = 1\n  b")
        #expect(source.position(at: 4).column == 3)
        #expect(source.position(at: 11) == (2, 3))
        #expect(source.position(at: 10_000).line == 2)
    }
}
