import Builtins
import Diagnostics
import Runtime
import Testing

/// Runs a source and gives the lines it prints, then the value of its last expression unless it is none; an error
/// gives its kind and message as the last line.
func lines(_ source: String, files: [String: String] = [:], settings: [String: String] = [:]) -> [String] {
    var output = ""
    let library = Library()
    library.addCore()
    let interpreter = Interpreter(library: library, files: MemoryFiles(files: files), output: { output += $0.plain })
    interpreter.settings = settings
    do {
        let value = try interpreter.run(SourceText(name: "test.dist", text: source))
        if case .none = value {} else { output += Display.repr(value, in: interpreter) + "\n" }
    } catch let diagnostic as Diagnostic {
        output += "error[\(diagnostic.kind.rawValue)]: \(diagnostic.message)\n"
    } catch {
        output += "unexpected \(error)\n"
    }
    return output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}

struct MemoryFiles: FileAccess {
    var files: [String: String]
    func resolve(_ path: String, from importer: String?) -> String { path }
    func read(_ path: String) throws -> [UInt8] {
        guard let text = files[path] else { throw Failure(.io, "there is no file \(path)") }
        return Array(text.utf8)
    }
}

struct Case: CustomTestStringConvertible, Sendable {
    let source: String
    let expected: [String]
    init(_ source: String, _ expected: String...) {
        self.source = source
        self.expected = expected
    }
    var testDescription: String { source }
}

@Suite struct LanguageTests {
    @Test(arguments: [
        Case("7 // 2", "3"), Case("-7 // 2", "-4"), Case("-7 % 3", "2"), Case("7 % -3", "-2"), Case("7 / 2", "3.5"),
        Case("2 ** 10", "1024"), Case("2 ** -1", "0.5"), Case("2 ** 3 ** 2", "512"), Case("-2 ** 2", "-4"),
        Case("1e-5", "1e-05"), Case("1e16", "1e+16"), Case("0.1 + 0.2", "0.30000000000000004"), Case("1.0", "1.0"),
        Case("9223372036854775807 + 1", "error[math]: the result does not fit into 64 bits"),
        Case("1 / 0", "error[math]: division by zero"), Case("1 % 0", "error[math]: division by zero"),
        Case("1.0 / 0.0", "error[math]: division by zero"), Case("inf - inf", "nan"), Case("1 + 1.5", "2.5"),
        Case("(0 - 9223372036854775807 - 1) // -1", "error[math]: the result does not fit into 64 bits"),
        Case("true + 1", "error[type]: + is not defined for bool true and int 1"), Case("int(3.9)", "3"),
        Case("round(2.5)", "2"), Case("round(3.5)", "4"),
        Case("int(1e30)", "error[math]: int: 1e+30 has no 64-bit int"),
    ])
    func `Numbers`(_ test: Case) { #expect(lines(test.source) == test.expected) }

    @Test(arguments: [
        Case("1 == 1.0", "true"), Case("[1, [2]] == [1.0, [2.0]]", "true"), Case("1 == \"1\"", "false"),
        Case("none == 0", "false"), Case("true == 1", "false"), Case("nan == nan", "false"), Case("nan != nan", "true"),
        Case("{\"a\": 1} == {\"a\": 1}", "true"), Case("1 < 2 < 3", "true"), Case("1 < 3 < 2", "false"),
        Case("2 in [1, 2]", "true"), Case("\"b\" in \"abc\"", "true"), Case("\"k\" in {\"k\": none}", "true"),
        Case("4 in range(0, 10, 2)", "true"), Case("5 in range(0, 10, 2)", "false"), Case("\"a\" < \"b\"", "true"),
        Case("1 < \"a\"", "error[type]: < is not defined for int 1 and string \"a\""),
        Case("if 1 { }", "error[type]: a condition must be a bool, not int 1"),
        Case("not none", "error[type]: a condition must be a bool, not none"), Case("true and not false", "true"),
        Case("false and 1 / 0 == 1", "false"), Case("true or 1 / 0 == 1", "true"), Case("true & false", "false"),
        Case("xs = []; xs.append(xs); ys = []; ys.append(ys); [xs == ys, str(xs)]", "[true, \"[[...]]\"]"),
    ])
    func `Comparisons and conditions`(_ test: Case) { #expect(lines(test.source) == test.expected) }

    @Test(arguments: [
        Case("x = 3; f\"{x} {x:03d} {x + 0.5:.2f} {\"a\"} {{}}\"", "\"3 003 3.50 a {}\""),
        Case(
            "f\"{1234567:,} {0.256:.1%} {255:x} {\"ab\":>5} {3.14159:8.3f}|\"", "\"1,234,567 25.6% ff    ab    3.142|\""
        ),
        Case("f\"{1e-7:.2e} {0.0001:g} {-5:+d} {5:+d} {\"x\":*^5}\"", "\"1.00e-07 0.0001 -5 +5 **x**\""),
        Case("f\"{2.5:d}\"", "error[value]: a float cannot be shown as d"), Case("\"αβ\"[1]", "\"β\""),
        Case("\"abc\"[::-1]", "\"cba\""), Case("\"ab\" * 3", "\"ababab\""), Case("\"a\" + \"b\"", "\"ab\""),
        Case("\"a\" + 1", "error[type]: + is not defined for string \"a\" and int 1"),

        Case("print(\"a\", [\"a\"], 1.5, none, true)", "a [\"a\"] 1.5 none true"),
        Case("len(\"e\\u{301}\")", "2"), Case("\"e\\u{301}\" == \"\\u{e9}\"", "false"),
    ])
    func `Text`(_ test: Case) { #expect(lines(test.source) == test.expected) }

    @Test(arguments: [
        Case("xs = [1, 2, 3]; xs[-1] = 9; ys = xs; ys.append(4); xs", "[1, 2, 9, 4]"),
        Case("[1, 2, 3][5]", "error[index]: index 5 is outside the list of 3 elements: the indices are -3 … 2"),
        Case("[1, 2, 3, 4][1:3]", "[2, 3]"), Case("[1, 2, 3, 4][::-2]", "[4, 2]"), Case("range(10)[2:4]", "[2, 3]"),
        Case("d = {\"a\": 1, 2: 3}; d.b = 4; d[2.0] = 5; d", "{\"a\": 1, 2: 5, \"b\": 4}"),
        Case("{\"lr\": 1}.lx", "error[key]: the dict has no key \"lx\""),
        Case("{[1]: 2}", "error[type]: a dict key is a string, int, float or bool, not list"),
        Case("a, b = [1, 2]; [b, a]", "[2, 1]"), Case("a, [b, c] = [1, [2, 3]]; a + b + c", "6"),
        Case("a, b = [1]", "error[value]: cannot take 1 value apart into 2 names"), Case("x = 1, 2; x", "[1, 2]"),
        Case("p = \"t\" -> \"s\"; [p[0], p[1], p]", "[\"t\", \"s\", \"t\" -> \"s\"]"),
        Case("[x * y for x in range(3) for y in range(3) if x != y]", "[0, 0, 0, 2, 0, 2]"),
        Case("{k: v for k, v in [[\"a\", 1], [\"b\", 2]]}", "{\"a\": 1, \"b\": 2}"),
        Case("x = 1; ys = [x for x in range(3)]; x", "1"),
        Case("[f() for f in [() => i for i in range(3)]]", "[0, 1, 2]"),
        Case("xs = [1, 2]; for x in xs { if len(xs) < 9 { xs.append(x) } }; xs", "[1, 2, 1, 2]"),
        Case("[1, 2] * 2 + [3]", "[1, 2, 1, 2, 3]"), Case("d = {\"n\": 1}; d.n += 2; d[\"n\"] *= 5; d.n", "15"),
    ])
    func `Containers`(_ test: Case) { #expect(lines(test.source) == test.expected) }

    @Test(arguments: [
        Case("fn f(a, b=a * 2, *rest, **options) { [a, b, rest, options] }; f(1)", "[1, 2, [], {}]"),
        Case("fn f(a, b=2, *rest, **options) { [a, b, rest, options] }; f(1, 3, 4, k=5)", "[1, 3, [4], {\"k\": 5}]"),
        Case("fn f(a, b) { a - b }; f(b=1, a=5)", "4"), Case("fn f(a, b) { a - b }; f(*[5], **{\"b\": 2})", "3"),
        Case("fn f(a) { a }; f()", "error[type]: f needs the argument a"),
        Case("fn f(a) { a }; f(1, 2)", "error[type]: f takes at most 1 argument, 2 given"),
        Case("fn f(rate) { rate }; f(rte=1)", "error[type]: f has no argument rte"),
        Case("fn f(a) { a }; f(1, a=2)", "error[type]: f: a is given twice"), Case("fn f() { }; f()"),
        Case("(x => x ** 2)(3)", "9"), Case("((a, b=1) => { c = a + b; c * 2 })(2)", "6"),
        Case("3 |> (x => x + 1) |> str", "\"4\""), Case("fn add(a, b) { a + b }; 3 |> add(4)", "7"),
        Case("fn double(x) { x * 2 }; (4).double()", "8"),
        Case("double = x => x * 2; (4).double()", "error[name]: a value of type int has no method double"),
        Case("[3, 1].sorted()", "[1, 3]"), Case("5()", "error[type]: a value of type int 5 cannot be called"),
        Case("fn f() { n = 0; g = () => n; n = 5; g() }; f()", "5"),
        Case("n = 1; fn f() { n = n + 1; n }; f()", "error[name]: n is read before it is bound"),
        Case("fn f() { later }; later = 3; f()", "3"),
        Case("fn f(n) { if n == 0 { 0 } else { f(n - 1) } }; f(5000)", "0"),
        Case("fn f(n) { f(n + 1) }; f(0)", "error[limit]: calls nest more than 10000 deep"),
        Case("len = 3; builtin.len([1]) + len", "4"),
        Case("x = undefined_name", "error[name]: undefined_name is not defined"),
        Case("fn f() { for i in range(9) { if i == 3 { return i } } }; f()", "3"),
    ])
    func `Functions`(_ test: Case) {
        #expect(lines(test.source) == test.expected)
    }

    @Test(arguments: [
        Case("x = if 1 > 2 { \"a\" } else { \"b\" }; x", "\"b\""), Case("(if false { 1 })"),
        Case("x = no_grad { 3 }; x", "3"),
        Case("try { 1 / 0 } catch e { [e.kind, e.message, e.code] }", "[\"math\", \"division by zero\", \"E0701\"]"),
        Case("x = try { raise \"bad\" } catch e { e.message }; x", "\"bad\""),
        Case("raise \"worse\"", "error[raised]: worse"),
        Case("try { raise \"x\" } catch e { raise e }", "error[raised]: x"),
        Case("fn f() { try { return 1 } catch e { 2 } }; f() + f()", "2"),
        Case("for i in range(3) { try { if i == 1 { continue }; print(i) } catch e { } }", "0", "2"),
        Case("fn f() { g() }; fn g() { raise \"deep\" }; try { f() } catch e { e.message }", "\"deep\""),
        Case("try { map([1], x => x / 0) } catch e { e.kind }", "\"math\""),
        Case("assert 1 == 2, \"differ\"", "error[assert]: differ"),
        Case("assert 1 < 2; 5", "5"), Case("i = 0; while true { i += 1; if i > 5 { break } }; i", "6"),
        Case("for x in 5 { }", "error[type]: for: a value of type int 5 has no elements to go through"),
        Case("for k in {\"a\": 1, \"b\": 2} { print(k) }", "a", "b"), Case("print(1); x ="), Case("1; 2;"),
    ])
    func `Control`(_ test: Case) {
        let result = lines(test.source)
        if test.source == "print(1); x =" {
            #expect(result.count == 1 && result[0].hasPrefix("error[syntax]"), "a syntax error lets nothing run")
        } else {
            #expect(result == test.expected)
        }
    }

    @Test(arguments: [
        Case("module M(a, b=2) { c = a + b; fn sum(x) { x + c + b } }; m = M(1); [m.c, m.sum(10), m.a]", "[3, 15, 1]"),
        Case("module M() { n = 0; fn bump() { self.n += 1; n } }; m = M(); m.bump(); m.bump()", "2"),
        Case("module M() { n = 1; fn f() { g = () => n; self.n = 7; g() } }; M().f()", "7"),
        Case("module M() { n = 1; fn a() { self.b() }; fn b() { n } }; M().a()", "1"),
        Case("module M() { n = 1 }; M().k", "error[name]: a value of type module has no attribute k"),
        Case("module Inner() { k = 4 }; module M() { inner = Inner() }; M().inner.k", "4"),
        Case("module M(n) { fn forward(x, y=1) { x * n + y } }; M(3)(2, y=5)", "11"),
    ])
    func `Modules`(_ test: Case) { #expect(lines(test.source) == test.expected) }

    @Test func `Imports`() {
        let files = [
            "a.dist": "fn f(x) { x + k }\nk = 10\nprint(\"ran\")", "b.dist": "import \"c.dist\" as c",
            "c.dist": "import \"b.dist\" as b",
        ]
        #expect(
            lines("import \"a.dist\" as a\nimport \"a.dist\" as again\na.f(1) + again.k", files: files) == [
                "ran", "21",
            ])
        #expect(
            lines("import \"b.dist\" as b", files: files) == [
                "error[value]: b.dist imports itself: b.dist → c.dist → b.dist"
            ])
        #expect(lines("import \"gone.dist\" as b") == ["error[io]: there is no file gone.dist"])
    }

    @Test func `Parameters take settings of their type`() {
        #expect(lines("param T = 4.0\nT", settings: ["T": "8"]) == ["8.0"])
        #expect(lines("param name = \"a\"\nname", settings: ["name": "kd"]) == ["\"kd\""])
        #expect(lines("param T = 4\nT", settings: ["T": "x"]).first?.hasPrefix("error[value]") == true)
    }

    @Test func `Errors point at operands and show the calls`() throws {
        let library = Library()
        library.addCore()
        let interpreter = Interpreter(library: library)
        #expect {
            try interpreter.run(SourceText(name: "kd.dist", text: "fn f(x) { return x + \"a\" }\nf(1)"))
        } throws: { error in
            guard let diagnostic = error as? Diagnostic else { return false }
            return DiagnosticRenderer.render(diagnostic).plain.contains("= in f, called at kd.dist:2:1")
                && diagnostic.labels.contains { $0.text == "string" }
        }
        // The session goes on after an error, and what was bound stays.
        try interpreter.run(SourceText(name: "1", text: "x = 5"))
        #expect(throws: Diagnostic.self) { try interpreter.run(SourceText(name: "2", text: "x = 6; 1 / 0")) }
        let value = try interpreter.run(SourceText(name: "3", text: "x"))
        #expect(Display.repr(value, in: interpreter) == "6")
    }

    @Test func `Deep values are freed without recursion`() {
        #expect(lines("x = []; for i in range(200000) { x = [x] }; x = 0; x") == ["0"])
        #expect(lines("f = x => x; for i in range(20000) { g = f; f = [g] }; 1") == ["1"])
    }
}
