import Testing

/// Methods that share their module with a closure, so that it is read from a cell: what is called of a field gets its arguments
/// where it looks for them.
@Suite struct `Methods that closures share the module of` {
    /// Ways to call a field of the module, by what they give for x = 5, y = 7.
    private static let calls = [
        ("act(x)", "[5]"), ("act(x, y)", "[5, 7]"), ("act(x, *[y])", "[5, 7]"), ("act(x, b=y)", "[5, 7]"),
        ("act(*[x], y)", "[5, 7]"), ("act(act(x, y), y)", "[[5, 7], 7]"),
        ("[act(x, y), act(y, x)]", "[[5, 7], [7, 5]]"),
        ("x |> act", "[5]"), ("x |> act(y)", "[5, 7]"), ("own(x, y)", "[5, 7]"), ("table[0](x, y)", "[5, 7]"),
        ("inner.pair(x, y)", "[5, 7]"), ("inner.pair(x, inner.pair(y, x))", "[5, [7, 5]]"),
        ("{\"a\": act(x, y)}.a", "[5, 7]"),
        ("act(x + n, y) + [n]", "[8, 7, 3]"), ("(if x > 1 { act } else { own })(x, y)", "[5, 7]"),
        ("[act(i, y) for i in [x]]", "[[5, 7]]"), ("inner.table[0](x, y)", "[5, 7]"), ("len(act(x, y))", "2"),
        ("f\"{act(x, y)}\"", "\"[5, 7]\""), ("act(g(x), g(y))", "[8, 10]"), ("inner.n + act(x, y)[1]", "11"),
    ]

    /// The same with and without a closure that reads a field.
    @Test(arguments: calls, ["", "g = z => z + n", "fn g(z) { return z + n }", "g = z => z + inner.n - 1"])
    func `A field is called with what the call says`(call: (String, String), closure: String) {
        guard !closure.isEmpty || !call.0.contains("g(") else { return }
        let source = """
            fn pairs(a, b=none) { return if b == none { [a] } else { [a, b] } }
            module Inner(n) {
                table = [pairs]
                fn pair(a, b) { return [a, b] }
            }
            module Outer(n) {
                inner = Inner(4)
                act = pairs
                table = [pairs]
                fn own(a, b) { return [a, b] }
                fn run(x, y) {
                    \(closure)
                    return \(call.0)
                }
            }
            Outer(3).run(5, 7)
            """
        #expect(lines(source) == [call.1], "\(call.0) beside \(closure)")
    }
}
