import Builtins
import Diagnostics
import Runtime
import Snapshots
import Testing

/// What the compiler makes of twenty programs; `DISTILL_UPDATE_SNAPSHOTS=1` stores what it makes now.
@Suite struct DisassemblyTests {
    struct Program: CustomTestStringConvertible, Sendable {
        let name: String
        let source: String
        var testDescription: String { name }
    }

    static let programs = [
        Program(name: "arithmetic", source: "x = 7\ny = 2 * x + x ** 2 - x // 3 % 5 / 1.5\n-y + 1 @ ~x"),
        Program(name: "globals", source: "total = 1\nfn f(k) { return total + k }\ntotal = f(total)"),
        Program(name: "branches", source: "fn sign(x) { if x > 0 { 1 } else if x == 0 { 0 } else { -1 } }"),
        Program(
            name: "conditions",
            source: "fn f(a, b) { if a and (b or not a) { return a < b < 3 }; return a in [b] }"),
        Program(name: "counting_loop", source: "fn f(n) { t = 0; for i in range(n) { t += i * 2 % 7 }; t }"),
        Program(
            name: "while_loop",
            source: "fn f(n) { while n > 1 { if n == 5 { break }; n = n // 2; continue }; n }"),
        Program(
            name: "comprehension",
            source: "[x * x for x in range(10)]\n[x for x in [1, 2, 3] if x != 2]"),
        Program(
            name: "containers",
            source: "xs = [1, 2]\nd = {a: 1, \"b c\": xs}\nd.a += xs[0]\nxs[1:] \nxs[0] = d[\"a\"]"),
        Program(
            name: "unpacking",
            source: "a, b = [1, 2]\nb, a = a, b\nfor k, v in [[1, 2]] { print(k, v) }"),
        Program(
            name: "calls",
            source: "fn f(a, b=2, *rest, **named) { a }\nf(1)\nf(1, b=3)\nf(*[1, 2], **{c: 3})\n1 |> f(2)"),
        Program(name: "methods", source: "xs = []\nxs.append(1)\n\"a b\".split(\" \")\n[3, 1] |> sorted"),
        Program(name: "closures", source: "fn make() { n = 0; fn next() { n }; return [() => n, next] }"),
        Program(name: "defaults", source: "fn f(x, scale=x * 2) { scale }\ng = (a, b=1) => a + b"),
        Program(name: "recursion", source: "fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }"),
        Program(name: "text", source: "x = 0.5\nf\"loss {x:.3f} of {1 + 1}\""),
        Program(
            name: "errors",
            source: "try { raise \"no\" } catch e { print(e.message) }\nassert 1 < 2, \"order\""),
        Program(
            name: "early_exit",
            source: "fn f(xs) { for x in xs { try { no_grad { return x } } catch e { break } } }"),
        Program(
            name: "module",
            source: "module Net(width) {\n  a = Linear(4, width)\n  fn forward(x) { relu(a(x)) * width }\n}\nNet(3)"),
        Program(
            name: "augmented",
            source: "x = 1\nx -= 2\nxs = [x]\nxs[0] *= 3\nfn f(y) { y /= 2; y += [1]; y }"),
        Program(name: "pairs_and_parameters", source: "param T = 4.0\np = T -> 2\np[0]"),
    ]

    @Test(arguments: programs)
    func `the code of a program is what is stored`(_ program: Program) throws {
        let library = Library()
        library.addCore()
        let interpreter = Interpreter(library: library)
        // Only compiling counts: what these programs would run into is no matter.
        _ = try? interpreter.run(SourceText(name: program.name, text: program.source))
        let code = "\(program.source)\n---\n\(Disassembly.text(of: interpreter))\n"
        #expect(code.split(separator: "\n").count > 4)
        #expect(Snapshot.stored(program.name, updating: code, beside: #filePath) == code)
    }
}
