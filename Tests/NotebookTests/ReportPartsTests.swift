import Base
import Diagnostics
import Notebook
import Syntax
import Testing

@Suite("Parts of reports")
struct ReportPartsTests {
    @Test
    func `SHA-256 of the standard's examples`() {
        #expect(
            SHA256.hex(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.hex(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
        #expect(
            SHA256.hex(of: Array(long.utf8)) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }

    @Test
    func `Base 64 of the standard's examples`() {
        for (text, encoded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.encode(Array(text.utf8)) == encoded)
        }
    }

    @Test
    func `Durations`() {
        #expect(Notebook.Duration.text(0.0000123) == "12 µs")
        #expect(Notebook.Duration.text(0.0042) == "4.2 ms")
        #expect(Notebook.Duration.text(1.234) == "1.23 s")
        #expect(Notebook.Duration.text(125) == "2 min 05 s")
        #expect(Notebook.Duration.text(.infinity) == "–")
        #expect(Notebook.Duration.fixed(-0.0004, 2) == "0.00")
        #expect(Notebook.Duration.fixed(2.5, 3) == "2.500")
    }

    private var report: Report {
        let provenance = Provenance(
            script: nil, source: Array("x".utf8), parameters: [("T", "4")], seed: 7, threads: 2,
            command: "distill report a.dist --set T=4")
        return Report(
            name: "a.dist",
            cells: [
                Report.Cell(
                    title: nil, source: "# Soft & hard\n\nSome *text* <script>alert(1)</script>", isMarkdown: true),
                Report.Cell(
                    title: "Numbers <1>", source: "print(1 < 2)\n", isMarkdown: false,
                    outputs: [
                        .text("true & done\n"), .assertion("assert x > 0", holds: false),
                        .picture(Report.Picture(png: [1, 2, 3], altText: "a \"curve\"")),
                        .table([["T", "acc"], ["4", "0.9 | 0.1"]]),
                        .failure(Diagnostic(.shape, "sizes <differ>")),
                    ], seconds: 0.5),
                Report.Cell(title: nil, source: "later()", isMarkdown: false),
            ], provenance: provenance)
    }

    @Test
    func `A page escapes what it shows and needs nothing from elsewhere`() {
        let page = ReportHTML.page(report)
        #expect(page.contains("<title>Soft &amp; hard</title>"))
        #expect(page.contains("<em>text</em>"))
        #expect(!page.contains("<script>alert"))
        #expect(page.contains("Numbers &lt;1&gt;"))
        #expect(page.contains("true &amp; done"))
        #expect(page.contains("alt=\"a &quot;curve&quot;\" src=\"data:image/png;base64,AQID\""))
        #expect(page.contains("sizes &lt;differ&gt;"))
        #expect(page.contains("✗ failed"))
        #expect(page.contains("not run"))
        #expect(page.contains("<td>0.9 | 0.1</td>"))
        #expect(page.contains("distill report a.dist --set T=4"))
        #expect(!page.contains("http://") || !page.contains("src=\"http"))
        #expect(!page.contains("href=\"http"))
        #expect(page.utf8.count < 100_000)
    }

    @Test
    func `A page says when the epoch was chosen on the data it reports`() throws {
        let program = """
            train, val, test = split(take(dataset("digits"), 200), test=0.3, val=0.3)
            net = Linear(64, 10)
            run = fit(net, train, epochs=1, validate=val, keep="best")
            # %% compared
            show(compare(net, Linear(64, 10), DATA))
            # %% evaluated
            evaluate(net, DATA)
            """
        func pages(_ data: String) throws -> [[String]] {
            let source = SourceText(name: "a.dist", text: program.replacing("DATA", with: data))
            let (report, errors) = try Session().report(running: source, path: "a.dist", command: "")
            #expect(errors.isEmpty)
            return report.cells.map { cell in
                var one = report
                one.cells = [cell]
                return [ReportHTML.page(one), ReportMarkdown.page(one, stem: "a").text]
            }
        }
        for cell in try pages("val").dropFirst() {
            for page in cell { #expect(page.contains("optimistic")) }
        }
        for cell in try pages("test").dropFirst() {
            for page in cell { #expect(!page.contains("optimistic")) }
        }
    }

    @Test
    func `A second page of the same run is the same`() {
        #expect(ReportHTML.page(report) == ReportHTML.page(report))
    }

    @Test func `Markdown in a page has GitHub's tables, and no HTML of its own`() {
        let html = ReportHTML.markdown("| a | b |\n|---|--:|\n| 1 | ~~2~~ |\n\n- [x] done\n\n<script>alert(1)</script>")
        #expect(html.contains("<table>") && html.contains("<td align=\"right\"><del>2</del></td>"))
        #expect(html.contains("checkbox"))
        #expect(!html.contains("<script"))
    }

    @Test
    func `Markdown keeps pictures beside it and fences what holds fences`() {
        var report = report
        report.cells.append(
            Report.Cell(title: nil, source: "x = \"\"\"\n```\n\"\"\"", isMarkdown: false, outputs: [.value("```")]))
        let (text, pictures) = ReportMarkdown.page(report, stem: "a")
        #expect(pictures.map(\.name) == ["a-1.png"])
        #expect(text.contains("](<a-1.png>)"))
        #expect(text.contains("````"))
        #expect(text.contains("| 4 | 0.9 \\| 0.1 |"))
    }
}
