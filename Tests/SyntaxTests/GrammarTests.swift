import Diagnostics
import Syntax
import Testing

/// The tree of a text, or its errors when it has any.
func dump(_ text: String) -> String {
    let result = Parser.parse(SourceText(name: "test.dist", text: text))
    if result.diagnostics.isEmpty { return TreeDump.of(result.program) }
    return result.diagnostics.map { "\($0.code ?? "") \($0.message)" }.joined(separator: "\n")
}

@Suite struct GrammarTests {
    @Test(arguments: [
        ("1 + 2 * 3", "(chain 1 + (chain 2 * 3))"),
        ("1 - 2 + 3", "(chain 1 - 2 + 3)"),
        ("a * b + c * d - e", "(chain (chain a * b) + (chain c * d) - e)"),
        ("-2 ** 2", "(- (** 2 2))"),
        ("2 ** -1 ** 2", "(** 2 (- (** 1 2)))"),
        ("2 ** 3 ** 4", "(** 2 3 4)"),
        ("not a == b and c or d", "(or (and (not (compare a == b)) c) d)"),
        ("a or b and not c", "(or a (and b (not c)))"),
        ("1 < x <= 3 == y in z", "(compare 1 < x <= 3 == y in z)"),
        ("a | b & c", "(chain a | (chain b & c))"),
        ("a == b | c", "(compare a == (chain b | c))"),
        ("~a & ~b", "(chain (~ a) & (~ b))"),
        ("a // b % c @ d", "(chain a // b % c @ d)"),
        ("- -x", "(- (- x))"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("teacher -> student", "(-> teacher student)"),
        ("x |> f |> g(1, k=2)", "(|> x f (call g 1 k=2))"),
        ("a -> b |> f", "(|> (-> a b) f)"),
    ])
    func `Operators`(_ text: String, _ tree: String) { #expect(dump(text) == tree) }

    @Test(arguments: [
        ("f(x)(y).z[0]", "(index (. (call (call f x) y) z) 0)"),
        ("f(*a, **b)", "(call f *a **b)"), ("f(a, dim=1,)", "(call f a dim=1)"),
        ("x[1:3, :, ::2]", "(index x (slice 1 3 _) (slice _ _ _) (slice _ _ 2))"),
        ("x[..., none]", "(index x ... none)"), ("x[[0, 2]]", "(index x (list 0 2))"),
        ("x[-1]", "(index x (- 1))"), ("2.sqrt()", "(call (. 2 sqrt))"),
        ("e.in.fn.true", "(. (. (. e in) fn) true)"), ("f(\n  1,\n  2\n)", "(call f 1 2)"),
        ("\"a\".upper()", "(call (. \"a\" upper))"),
    ])
    func `Postfix`(_ text: String, _ tree: String) { #expect(dump(text) == tree) }

    @Test(arguments: [
        ("42", "42"), ("1_000", "1000"), ("0xff", "255"), ("3.14", "3.14"), ("1e-3", "0.001"), ("1E3", "1000.0"),
        ("true", "true"), ("false", "false"), ("none", "none"), ("\"a\\n\\u{1F9EA}\"", "\"a\\n🧪\""), ("'it'", "\"it\""),
        ("r\"a\\n\"", "\"a\\\\n\""), ("\"\"\"a\nb\"\"\"", "\"a\\nb\""), ("[]", "(list)"), ("[1, 2,]", "(list 1 2)"),
        ("({})", "(group (dict))"), ("({\"a\": 1, b: 2})", "(group (dict \"a\": 1 b: 2))"),
        ("f\"loss {loss:.4f}\"", "(f \"loss \" loss:<.4f>)"), ("f\"{{}}\"", "(f \"{}\")"),
        ("f\"{x:>10,.2f}{y}\"", "(f x:< >10,.2f> y)"), ("f\"{d[\"k\"]}\"", "(f (index d \"k\"))"),
        ("f\"{x[1:2]:05d}\"", "(f (index x (slice 1 2 _)):<0=5d>)"),
        ("f\"{f\"{x}\"}\"", "(f (f x))"), ("f\"{ {\"a\": 1}[\"a\"]}\"", "(f (index (dict \"a\": 1) \"a\"))"),
        ("f'{x:*^+8}'", "(f x:<*^+8>)"),
        (
            "[x ** 2 for x in xs if x > 0]",
            "(list-of (** x 2) (for x xs) (if (compare x > 0)))"
        ),
        ("({k: v for k, v in pairs})", "(group (dict-of k: v (for (list k v) pairs)))"),
    ])
    func `Literals`(_ text: String, _ tree: String) { #expect(dump(text) == tree) }

    @Test(arguments: [
        ("x => x ** 2", "(=> (x) (** x 2))"), ("(a, b=1) => a + b", "(=> (a b=1) (chain a + b))"),
        ("() => 1", "(=> () 1)"), ("(x) => { y = x; y }", "(=> (x) {(= y x); y})"),
        ("x => ({\"a\": x})", "(=> (x) (group (dict \"a\": x)))"), ("x => y => x", "(=> (x) (=> (y) x))"),
        ("x = if a { 1 } else if b { 2 } else { 3 }", "(= x (if a {1} b {2} {3}))"),
        ("no_grad { p -= lr * p.grad }", "(no_grad {(-= p (chain lr * (. p grad)))})"),
        ("try { f() } catch e { print(e.kind) }", "(try {(call f)} e {(call print (. e kind))})"),
        ("x = 1 + (if a { 1 } else { 2 })", "(= x (chain 1 + (group (if a {1} {2}))))"),
        ("f(x => {\n  a = 1\n  a\n}, 2)", "(call f (=> (x) {(= a 1); a}) 2)"),
    ])
    func `Functions and blocks`(_ text: String, _ tree: String) { #expect(dump(text) == tree) }

    @Test(arguments: [
        ("a, b = f()", "(= a b (call f))"), ("a, [b, c.d], e[0] = x", "(= a (list b (. c d)) (index e 0) x)"),
        ("[a, b] = x", "(= (list a b) x)"), ("x = a, b", "(= x (list a b))"), ("x.y += 1", "(+= (. x y) 1)"),
        ("x @= w", "(@= x w)"), ("x //= 2; y **= 3", "(//= x 2)\n(**= y 3)"),
        ("for i, [x, y] in enumerate(b) { continue }", "(for (list i (list x y)) (call enumerate b) {(continue)})"),
        ("while true { break }", "(while true {(break)})"), ("raise \"no\"", "(raise \"no\")"),
        ("assert a > 1, \"why\"", "(assert (compare a > 1) \"why\")"),
        ("import \"std/nets.dist\" as nets", "(import \"std/nets.dist\" nets)"), ("param T = 4", "(param T 4)"),
        ("module = 1; param = 2; import = 3; as = 4", "(= module 1)\n(= param 2)\n(= import 3)\n(= as 4)"),
        ("fn f(a, b=2, *rest, **options) { return a, b }", "(fn f (a b=2 *rest **options) {(return (list a b))})"),
        ("fn f() {\n  \"doc\"\n  return\n}", "(fn f () \"doc\" {(return)})"),
        ("fn f() { \"value\" }", "(fn f () {\"value\"})"),
        ("module M(a) { x = 1\n fn forward(y) { y } }", "(module M (a) {(= x 1); (fn forward (y) {y})})"),
        ("1;", "1;"), ("1; 2", "1\n2"), ("α = 1", "(= α 1)"), ("e\u{301} = 1", "(= é 1)"),
    ])
    func `Statements`(_ text: String, _ tree: String) { #expect(dump(text) == tree) }

    @Test(arguments: [
        ("x = 1 +\n 2", "(= x (chain 1 + 2))"), ("x =\n 1", "(= x 1)"), ("a,\nb = c", "(= a b c)"),
        ("x |>\n f |>\n g", "(|> x f g)"), ("a and\n b or\n c", "(or (and a b) c)"), ("a ->\n b", "(-> a b)"),
        ("x =>\n x", "(=> (x) x)"), ("for x in\n xs { }", "(for x xs {})"), ("x += # why\n\n 1", "(+= x 1)"),
        ("x = a\n- b", "(= x a)\n(- b)"), ("f\n(x)", "f\n(group x)"), ("f\n[0]", "f\n(list 0)"),
        ("[1\n, 2\n+ 3]", "(list 1 (chain 2 + 3))"), ("(f\n(x))", "(group (call f x))"),
    ])
    func `Line ends`(_ text: String, _ tree: String) { #expect(dump(text) == tree) }
}
