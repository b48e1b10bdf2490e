import Diagnostics
import Syntax
import Testing

@Suite struct FormatterTests {
    private func format(_ text: String) -> String {
        do {
            let once = try Formatter.format(SourceText(name: "a.dist", text: text))
            let twice = try Formatter.format(SourceText(name: "a.dist", text: once))
            #expect(once == twice)
            return once
        } catch {
            return error.diagnostics.map(\.message).joined(separator: "\n")
        }
    }

    @Test(arguments: [
        ("", ""), ("\n\n", ""), ("x=1", "x = 1\n"), ("x  =  1+2*3", "x = 1 + 2 * 3\n"),
        ("f( a,b , k = 1 )", "f(a, b, k=1)\n"),
        ("a;b;c;", "a\nb\nc;\n"), ("x = 1;", "x = 1\n"), ("a\n\n\n\nb", "a\n\nb\n"), ("x[1 : 3,::2]", "x[1:3, ::2]\n"),
        ("- - x", "- -x\n"), ("a - -b", "a - -b\n"), ("~ x", "~x\n"), ("2**-1", "2 ** -1\n"), ("{}", "{}\n"),
        ("({\"a\" : 1 ,})", "({\"a\": 1})\n"), ("x=>x+1", "x => x + 1\n"), ("(a,b = 1)=>{a}", "(a, b=1) => { a }\n"),
        ("if a{b}else{c}", "if a { b } else { c }\n"),
        ("if a {\nb } else { c }", "if a {\n    b\n} else {\n    c\n}\n"),
        ("fn f( ){}", "fn f() { }\n"),
        ("fn f(a,*b,**c) {\n\"doc\"\n\n\nreturn a,b\n\n}", "fn f(a, *b, **c) {\n    \"doc\"\n\n    return a, b\n}\n"),
        ("fn f() {;; \"doc\"; 1 }", "fn f() { \"doc\"; 1 }\n"),
        ("for i,[a,b] in x { break }", "for i, [a, b] in x { break }\n"),
        ("try {a} catch e {b}", "try { a } catch e { b }\n"),
        ("no_grad{x}", "no_grad { x }\n"), ("assert a,\"b\"", "assert a, \"b\"\n"),
        ("import  \"a\"  as  b", "import \"a\" as b\n"),
        ("teacher->student", "teacher -> student\n"), ("x|>f|>g", "x |> f |> g\n"),
        ("x|>\nf|>g", "x |>\n    f |>\n    g\n"),
        ("f\"{ x }\"", "f\"{ x }\"\n"), ("1 .e5", "1 .e5\n"), ("2.sqrt( )", "2.sqrt()\n"),
        ("[x for x in xs if x>0]", "[x for x in xs if x > 0]\n"),
    ])
    func `One layout`(_ text: String, _ formatted: String) { #expect(format(text) == formatted) }

    @Test(arguments: [
        ("# a\nx # b\n\n# c", "# a\nx  # b\n\n# c\n"),
        ("if a { # why\n b # c\n # d\n}", "if a {  # why\n    b  # c\n    # d\n}\n"),
        ("f(a, # first\nb)", "f(\n    a,  # first\n    b,\n)\n"), ("x = 1 + # why\n2", "# why\nx = 1 + 2\n"),
        ("[\n# only\n]", "[\n    # only\n]\n"),
        ("[1,\n# before\n2 # behind\n]", "[\n    1,\n    # before\n    2,  # behind\n]\n"),
        ("x\n# %% a\ny\n# %%\nz", "x\n\n# %% a\ny\n\n# %%\nz\n"), ("x\n # %% no cell", "x\n#%% no cell\n"),
        ("{\n}", "{}\n"), ("if a { # empty\n}", "if a {  # empty\n}\n"), ("a; b # c", "a\nb  # c\n"),
        ("a; # c", "a;  # c\n"),
    ])
    func `Keeps comments`(_ text: String, _ formatted: String) { #expect(format(text) == formatted) }

    @Test func `Breaks what is too long`() {
        let name = String(repeating: "n", count: 30)
        #expect(
            format("f(\(name), \(name), \(name), 100)") == "f(\n    \(name),\n    \(name),\n    \(name),\n    100,\n)\n"
        )
        #expect(format("x = \(name) + \(name) + \(name) + 1") == "x = \(name) +\n    \(name) +\n    \(name) +\n    1\n")
        #expect(format("f(\n1)") == "f(\n    1,\n)\n")
        #expect(format("f(x => {\na\n})") == "f(x => {\n    a\n})\n")
        #expect(format("f(1, run => {\na\nb\n})") == "f(1, run => {\n    a\n    b\n})\n")
        #expect(
            format("f(g(\(name), \(name), \(name.prefix(20)), 1), run => {\na\nb\n})")
                == "f(\n    g(\(name), \(name), \(name.prefix(20)), 1),\n    run => {\n        a\n        b\n    },\n)\n"
        )
        #expect(format("f([\n1, 2])") == "f([\n    1,\n    2,\n])\n")
        #expect(format("if a { \(name) } else { \(name); \(name); \(name) }").split(separator: "\n").count == 7)
    }

    @Test func `Keeps strings of several lines`() {
        let text = "x = f(\"\"\"a\n  b\n\n\n   c\"\"\", 1)\n"
        #expect(format(text) == text)
    }

    @Test func `Reports syntax errors`() {
        #expect(throws: FormatFailure.self) { try Formatter.format(SourceText(name: "a", text: "x = ")) }
    }
}
