import Notebook
import Testing

@Suite("What stands at the cursor")
struct CompletionContextTests {
    /// The context at the `|` of a text.
    private func context(_ text: String) -> CompletionContext {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        return CompletionContext(text: parts.joined(), point: parts[0].utf8.count)
    }

    private func place(_ name: String, _ steps: CompletionContext.Step...) -> CompletionContext.Place {
        CompletionContext.Place(name: name, steps: steps)
    }

    @Test
    func `A name in the middle of an expression`() {
        let found = context("y = 2 * sof|")
        #expect(found.wanted == .name)
        #expect(found.prefix == "sof")
        #expect(found.start == 8)
        #expect(found.call == nil)
    }

    @Test
    func `Names outside ASCII count in bytes`() {
        let found = context("β + αlp|")
        #expect(found.prefix == "αlp")
        #expect(found.start == 5)
    }

    @Test
    func `A member of a place, through attributes and indices`() {
        #expect(context("net.hea|").wanted == .member(of: place("net")))
        #expect(context("net.layers[0].we|").wanted == .member(of: place("net", .attribute("layers"), .index(0))))
        #expect(context("runs[\"a\"].lo|").wanted == .member(of: place("runs", .key("a"))))
        #expect(context("f(x).sh|").wanted == .member(of: CompletionContext.Place(name: "f", isCalled: true)))
        #expect(context("(a + b).sh|").wanted == .member(of: nil))
    }

    @Test
    func `A number's point asks for nothing`() {
        #expect(context("x = 3.|").wanted == .nothing)
        #expect(context("x = 12|").wanted == .nothing)
        #expect(context("# a comment so|").wanted == .nothing)
    }

    @Test
    func `The call around the cursor, with what it already has`() throws {
        let found = try #require(context("softmax(x, dim=1, d|").call)
        #expect(found.callee == place("softmax"))
        #expect(found.positional == 1)
        #expect(found.named == ["dim"])
        #expect(found.current == nil)
        #expect(!found.hasBegun)
    }

    @Test
    func `The argument the cursor is in`() throws {
        let found = try #require(context("fit(net, train, loss=0.9 * so|").call)
        #expect(found.current == "loss")
        #expect(found.hasBegun)
        #expect(context("fit(net, a == b|").call?.current == nil)
        #expect(context("map(xs, x => so|").call?.current == nil)
    }

    @Test
    func `Commas inside brackets and strings do not count`() {
        #expect(context("f([1, 2], \"a, b\", g(1, 2), |").call?.positional == 3)
        #expect(context("f(1, [a, b|").call == nil)
    }

    @Test
    func `Brackets that are no call: a block, a condition`() {
        #expect(context("if (x|").call == nil)
        #expect(context("for i in range(3) { pri|").call == nil)
    }

    @Test
    func `The inside of a string, and its argument`() {
        let found = context("kl_div(a, b, reduction=\"me|")
        #expect(found.wanted == .string(subscripted: nil))
        #expect(found.prefix == "me")
        #expect(found.call?.current == "reduction")
        #expect(context("load(\"data/di|").prefix == "data/di")
    }

    @Test
    func `A key in brackets`() {
        #expect(context("table[\"T|").wanted == .string(subscripted: place("table")))
        #expect(context("[\"T|").wanted == .string(subscripted: nil))
    }

    @Test
    func `The field of an f-string is code`() {
        #expect(context("f\"loss {run.lo|").wanted == .member(of: place("run")))
        #expect(context("f\"{a} lo|").wanted == .string(subscripted: nil))
        #expect(context("f\"{{ lo|").wanted == .string(subscripted: nil))
    }

    @Test
    func `Commands and questions`() {
        #expect(context(":va|").wanted == .command)
        #expect(context(":va|").prefix == ":va")
        #expect(context(":save runs/k|").wanted == .commandArgument(of: "save"))
        #expect(context("?soft|").wanted == .topic)
        #expect(context("??k|").prefix == "k")
        let timed = context(":time net.fo|")
        #expect(timed.wanted == .member(of: place("net")))
        #expect(timed.prefix == "fo")
        #expect(timed.start == 10)
    }

    @Test
    func `Every cursor position of broken text gives a context`() {
        let texts = [
            "f(((\"a", "x[\"k\"]].y)", "}}}", "f\"{a", "\"\"\"abc", "a.b.c(.d", "'\\", "α.β[", ":", "?", "..",
            "f(*a, **", "🧪.x(",
        ]
        for text in texts {
            for point in 0...text.utf8.count {
                let found = CompletionContext(text: text, point: point)
                #expect(found.start >= 0 && found.start <= point)
            }
        }
    }
}
