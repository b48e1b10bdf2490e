/// Random numbers that a seed repeats (SplitMix64; Steele, Lea and Flood, 2014).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// Writes random programs that follow the grammar, with comments, blank lines and odd spacing.
package struct ProgramGenerator {
    package var random: SeededGenerator
    private var budget = 0
    private var isFunction = false
    private var isLoop = false

    package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    package mutating func program() -> String {
        budget = Int.random(in: 1...120, using: &random)
        var text = ""
        while budget > 0 {
            if chance(8) { text += pick(["# %%\n", "# %% title\n", "# %% [markdown]\n# text\n"]) }
            if chance(10) { text += "import \"\(pick(["a.dist", "std/x"]))\" as \(name())\n" }
            text += statement(depth: 0) + end()
        }
        return text
    }

    private mutating func end() -> String {
        pick([
            "\n", "\n", "\n", "\n\n", "\n\n\n", ";\n", "; ", "  # comment\n", "\n# alone\n", "\n    # indented\n",
            "\n # %% no\n",
        ])
    }

    private mutating func blank() -> String { pick([" ", " ", " ", "", "  "]) }

    /// Blanks inside brackets, where line ends and comments may stand.
    private mutating func gap() -> String {
        pick(["", "", "", "", " ", "\n", "\n    ", " # gap\n", "\n# %% gap\n", "\n\n"])
    }

    private mutating func name() -> String {
        pick([
            "x", "y", "loss", "α", "net", "teacher", "_", "module", "param", "import", "as", "e5", "h2",
            "long_variable_name",
        ])
    }

    private mutating func block(_ depth: Int) -> String {
        if budget <= 0 || chance(10) { return pick(["{ }", "{}", "{\n}", "{ # empty\n}"]) }
        let count = Int.random(in: 1...3, using: &random)
        if chance(40) {
            return "{ " + (0..<count).map { _ in statement(depth: depth + 1) }.joined(separator: "; ") + " }"
        }
        var text = pick(["{\n", "{ # opened\n", "{\n\n"])
        for _ in 0..<count { text += "  " + statement(depth: depth + 1) + end() }
        return text + "\n}"
    }

    private mutating func parameters() -> String {
        var parts: [String] = []
        let names = ["a", "b", "c"]
        let plain = Int.random(in: 0...3, using: &random)
        for place in 0..<plain { parts.append(names[place]) }
        if chance(30) { parts.append("d\(blank())=\(blank())" + expression(2)) }
        if chance(15) { parts.append("*rest") }
        if chance(15) { parts.append("**options") }
        return "(" + parts.map { gap() + $0 + gap() }.joined(separator: ",") + (parts.isEmpty || !chance(20) ? "" : ",")
            + ")"
    }

    private mutating func scoped(
        isFunction function: Bool, isLoop loop: Bool, _ body: (inout ProgramGenerator) -> String
    )
        -> String
    {
        let outer = (isFunction, isLoop)
        (isFunction, isLoop) = (function, loop)
        let text = body(&self)
        (isFunction, isLoop) = outer
        return text
    }

    mutating func statement(depth: Int) -> String {
        budget -= 1
        if depth > 4 || budget <= 0 { return name() + " = " + expression(1) }
        switch Int.random(in: 0..<20, using: &random) {
        case 0:
            return "fn \(name())" + parameters() + " "
                + scoped(isFunction: true, isLoop: false) { generator in
                    generator.chance(20)
                        ? "{ \"documentation\"; \(generator.statement(depth: depth + 1)) }" : generator.block(depth)
                }
        case 1:
            return "module \(name())" + parameters() + " "
                + scoped(isFunction: false, isLoop: false) { $0.block(depth) }
        case 2:
            let header = "for \(pattern()) in " + expression(3) + " "
            return header + scoped(isFunction: isFunction, isLoop: true) { $0.block(depth) }
        case 3:
            return "while " + expression(3) + " " + scoped(isFunction: isFunction, isLoop: true) { $0.block(depth) }
        case 4: return isLoop ? pick(["break", "continue"]) : "x"
        case 5: return isFunction ? pick(["return", "return " + expression(2), "return a, " + expression(2)]) : "y"
        case 6: return "raise " + expression(2)
        case 7: return "assert " + expression(3) + (chance(50) ? ", " + expression(1) : "")
        case 8:
            return place() + " " + pick(["+=", "-=", "*=", "/=", "//=", "%=", "**=", "@="])
                + pick([" ", "\n", "# why\n"]) + expression(3)
        case 9: return "a, [b, c.d], e[0] = " + expression(3)
        case 10: return "[\(place())] = " + expression(2)
        case 11, 12: return expression(5)
        case 13: return expression(2) + ", " + expression(2)
        default: return place() + blank() + "=" + pick([" ", "\n  ", ""]) + expression(5)
        }
    }

    private mutating func pattern() -> String { pick(["i", "i, x", "[a]", "i, [a, b]", "[a, b], c", "a, "]) }

    private mutating func place() -> String {
        chance(60) ? name() : name() + pick([".weight", "[0]", "[1:2, ...]", ".in", ".layers[0].bias"])
    }

    private mutating func list(_ depth: Int, _ item: (inout ProgramGenerator) -> String) -> String {
        let count = pick([0, 1, 2, 3, 3, 9])
        let items = (0..<count).map { _ in gap() + item(&self) + gap() }
        return items.joined(separator: ",") + (count > 0 && chance(20) ? ",\n" : "")
    }

    mutating func expression(_ depth: Int) -> String {
        budget -= 1
        guard depth > 0, budget > 0 else { return atom(0) }
        switch Int.random(in: 0..<24, using: &random) {
        case 0: return name() + blank() + "=>" + pick([" ", "\n"]) + expression(depth - 1)
        case 1: return parameters() + " => " + scoped(isFunction: true, isLoop: false) { $0.expression(depth - 1) }
        case 2: return parameters() + " => " + scoped(isFunction: true, isLoop: false) { $0.block(3) }
        case 3:
            var text = "if " + operand(depth - 1) + " " + block(3)
            while chance(30) { text += " else if " + operand(depth - 1) + block(3) }
            return chance(60) ? text + " else " + block(3) : text
        case 4: return "no_grad " + block(3)
        case 5: return "try " + block(3) + " catch e " + block(3)
        case 6, 7: return pipe(depth)
        case 8: return operand(depth - 1) + blank() + "->" + pick([" ", "\n"]) + operand(depth - 1)
        default: return operand(depth)
        }
    }

    private mutating func pipe(_ depth: Int) -> String {
        var text = operand(depth - 1)
        repeat { text += " |>" + pick([" ", "\n    ", " # pipe\n"]) + operand(depth - 1) } while chance(40)
        return text
    }

    private mutating func operand(_ depth: Int) -> String {
        budget -= 1
        guard depth > 0, budget > 0 else { return atom(0) }
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1, 2:
            let signs = [
                "+", "-", "*", "/", "//", "%", "**", "@", "|", "&", "==", "!=", "<", ">=", " in ", " and ", " or ",
            ]
            var text = unary(depth - 1)
            repeat {
                text += blank() + pick(signs) + pick([" ", " ", "\n", " # op\n"]) + unary(depth - 1)
            } while chance(50)
            return text
        case 3: return "not " + operand(depth - 1)
        case 4: return unary(depth)
        default: return atom(depth)
        }
    }

    private mutating func unary(_ depth: Int) -> String { pick(["", "", "", "-", "~", "- "]) + atom(depth) }

    private mutating func atom(_ depth: Int) -> String {
        var text = primary(depth)
        while depth > 0, budget > 0, chance(35) {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: text += "." + pick(["T", "shape", "in", "e5", "if"])
            case 1:
                let named = chance(30) ? "," + gap() + "k=" + expression(depth - 1) : ""
                let body = list(depth) { $0.pickArgument(depth - 1) }
                text += "(" + body + (body.isEmpty || body.hasSuffix(",\n") ? "" : named) + gap() + ")"
            default:
                text +=
                    "[" + gap() + pick(["0", ":", "1:", "::2", "..., none", "-1", "a:b, c", "[0, 2]", "x => x:1"])
                    + gap() + "]"
            }
        }
        return text
    }

    private mutating func pickArgument(_ depth: Int) -> String { (chance(8) ? "*" : "") + expression(depth) }

    private mutating func primary(_ depth: Int) -> String {
        let simple = [
            "x", "loss", "α", "1", "42", "0xff", "1_000", "3.14", "1e-3", "true", "false", "none", "\"text\"", "'it'",
            "\"\"\"many\n  lines\"\"\"", "r\"\\d\"", "f\"{x:.2f} {{}} {d[\"k\"]}\"", "-9223372036854775808",
            "f\"\"\"\n{x}\n\"\"\"",
            "\"\\u{1F9EA}\\n\"", "\"a very long string that takes a good part of the line\"",
        ]
        guard depth > 0, budget > 0 else { return pick(simple) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return "(" + gap() + expression(depth - 1) + gap() + ")"
        case 1, 2: return "[" + list(depth) { $0.expression(depth - 1) } + gap() + "]"
        case 3:
            return "({" + list(depth) { $0.operand(depth - 1) + ":" + $0.gap() + $0.expression(depth - 1) } + gap()
                + "})"
        case 4:
            return scoped(isFunction: isFunction, isLoop: false) { generator in
                "[" + generator.gap() + generator.operand(depth - 1) + " for " + generator.pattern() + " in "
                    + generator.operand(depth - 1)
                    + (generator.chance(40) ? " if " + generator.operand(depth - 1) : "") + generator.gap() + "]"
            }
        default: return pick(simple)
        }
    }
}
