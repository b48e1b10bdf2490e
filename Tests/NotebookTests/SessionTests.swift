import Diagnostics
import Notebook
import Syntax
import Testing

@Suite("Sessions")
struct SessionTests {
    @Test
    func `Entries are numbered, failed ones too, and values are kept under their numbers`() {
        let session = Session()
        session.enter("6 * 7")
        session.enter("1 / 0")
        #expect(session.nextNumber == 3)
        #expect(session.enter("_ + _1 + Out[1]").value?.text.plain == "126")
        #expect(session.enter("x = 5").value == nil)
        #expect(session.enter("x;").value == nil)
        #expect(session.entries.map(\.number) == [1, 2, 3, 4, 5])
        #expect(session.variables.map(\.name) == ["x"])
    }

    @Test
    func `A syntax error runs nothing; the session goes on`() {
        let session = Session()
        session.enter("x = 1")
        let broken = session.enter("x = 2\ny = (")
        #expect(broken.diagnostics.first?.kind == .syntax)
        #expect(session.enter("x").value?.text.plain == "1")
        #expect(session.enter("undefined_name").diagnostics.first?.kind == .name)
        #expect(session.enter("x + 1").value?.text.plain == "2")
    }

    @Test
    func `The same seed gives the same numbers`() {
        var options = Session.Options()
        options.seed = 11
        let first = Session(options).enter("randn(3).tolist()").value?.text.plain
        let again = Session(options).enter("randn(3).tolist()").value?.text.plain
        options.seed = 12
        let other = Session(options).enter("randn(3).tolist()").value?.text.plain
        #expect(first == again)
        #expect(first != other)
    }

    @Test
    func `A script stops at its first error and says which assertions held`() throws {
        let session = Session()
        let text = "param T = 4\nassert T == 4\n# %% two\nassert T == 5, \"T\"\n# %% three\nprint(1)\n"
        var cells: [Session.ScriptCell] = []
        let errors = try session.run(script: SourceText(name: "a.dist", text: text), folder: nil) { cells.append($0) }
        #expect(errors.count == 1)
        #expect(errors.first?.kind == .assert)
        #expect(cells.map { $0.assertions.map(\.holds) } == [[true], [false], []])
        #expect(cells.last?.result == nil)
    }

    @Test
    func `A setting that no param declares is refused before anything runs`() {
        var options = Session.Options()
        options.parameters = [("TT", "8")]
        let session = Session(options)
        var printed = ""
        session.onOutput = { if case .text(let text) = $0 { printed += text.plain } }
        #expect(throws: Session.UnknownParameter.self) {
            try session.run(script: SourceText(name: "a", text: "param T = 4\nprint(T)"), folder: nil)
        }
        #expect(printed == "")
    }

    @Test(arguments: [
        ("temperature = 4", "temp", ["temperature"]),
        ("net = Sequential(trunk=Linear(4, 2), head=Linear(2, 2))", "net.tr", ["trunk", "train", "training"]),
        ("d = {\"alpha\": 1, \"beta\": 2}", "d[\"al", ["alpha"]),
        ("fn kd(student, teacher, tau=4) { return tau }", "kd(1, t", ["teacher=", "tau="]),
        ("1", "softmax(x, d", ["dim="]),
        ("1", ":va", [":vars"]),
        ("1", "?log_soft", ["log_softmax"]),
        ("1", "3.", []),
    ])
    func `Words at the cursor`(_ setup: String, _ text: String, _ expected: [String]) {
        let session = Session()
        session.enter(setup)
        let completion = Completion(
            text: text, point: text.utf8.count, knowing: session.knowledge(commands: [":vars", ":quit"]))
        #expect(Set(completion.words) == Set(expected))
    }

    @Test(arguments: ["language", "distillation"])
    func `Every topic's code runs, that about distillation in a few seconds`(_ name: String) throws {
        let topic = try #require(Topic.named(name))
        let result = Session().run(SourceText(name: name, text: topic.code), range: nil)
        #expect(result.diagnostics.map { DiagnosticRenderer.render($0).plain } == [])
    }

    @Test
    func `Every error code is explained`() {
        #expect(Explanations.codes.count > 20)
        for code in Explanations.codes { #expect(Explanations.text(for: code)?.plain.hasPrefix(code) == true) }
        #expect(Explanations.text(for: "E9999") == nil)
    }

    @Test
    func `Every name of the library has a page and stands in the manual`() {
        let library = Session.library()
        let help = Help(library: library)
        let manual = Manual.markdown(of: library)
        for name in library.names {
            #expect(help.page(for: name)?.plain.contains(name) == true, "\(name)")
            #expect(manual.contains(name), "\(name)")
        }
        #expect(manual.contains("| `softmax` | `torch.nn.functional.softmax` |"))
        #expect(manual.contains("| `Linear` | `torch.nn.Linear` | same as PyTorch |"))
        for kind in ["string", "list", "dict", "range", "tensor", "module"] {
            #expect(help.page(for: kind) != nil, "\(kind)")
        }
        #expect(help.page(for: "module")?.plain.contains("state_dict()") == true)
        #expect(help.page(for: "no_such_name") == nil)
        #expect(help.nearest(to: "sotfmax") == "softmax")
    }
}
