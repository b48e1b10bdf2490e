import Testing

/// Random bodies, once as a method of a module whose fields they use and once as a function that uses globals of the same names:
/// both give the same. Closures in them share the module, registers and cells of all kinds.
@Suite struct `Bodies as methods and as functions` {
    /// Numbers that follow from a seed.
    private struct Numbers {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(bound))
        }

        mutating func pick(_ elements: [String]) -> String { elements[below(elements.count)] }
    }

    private static func expression(_ numbers: inout Numbers, _ depth: Int, _ names: [String]) -> String {
        guard depth > 0 else { return numbers.pick(names + ["1", "2", "3"]) }
        func e() -> String { expression(&numbers, depth - 1, names) }
        switch numbers.below(14) {
        case 0: return "(\(e()) + \(e()))"
        case 1: return "act(\(e()), \(e()))"
        case 2: return "own(\(e()), \(e()))"
        case 3: return "table[\(numbers.below(2))](\(e()), \(e()))"
        case 4: return "(if \(e()) > \(e()) { \(e()) } else { \(e()) })"
        case 5: return "sum([act(i, \(e())) for i in range(\(1 + numbers.below(3)))])"
        case 6: return "g(\(e()))"
        case 7: return "h(\(e()), b=\(e()))"
        case 8: return "(\(e()) |> g)"
        case 9: return "act(*[\(e()), \(e())])"
        case 10: return "({\"a\": act(\(e()), n)}.a)"
        case 11: return "max(\(e()), act(n, \(e())))"
        case 12: return "len(f\"{act(\(e()), m)}\")"
        default: return "((p => act(\(e()), n) + m)(\(e())))"
        }
    }

    private static func body(_ seed: Int) -> String {
        var numbers = Numbers(state: UInt64(seed))
        var names = ["x", "y", "n", "m"]
        var statements = ["g = z => act(z, n) + m", "fn h(a, b=2) { return act(a, b) - n }"]
        for index in 0..<(2 + numbers.below(4)) {
            let name = "v\(index)"
            switch numbers.below(5) {
            case 0: statements.append("\(name) = \(expression(&numbers, 3, names))")
            case 1:
                statements.append("\(name) = 0")
                statements.append(
                    "for j in range(\(1 + numbers.below(3))) { \(name) += act(\(expression(&numbers, 2, names + ["j"])), j) }"
                )
            case 2:
                statements.append("f\(index) = [(w => act(w, j) + n) for j in range(3)]")
                statements.append("\(name) = f\(index)[\(numbers.below(3))](\(expression(&numbers, 2, names)))")
            case 3:
                let (a, b) = (expression(&numbers, 2, names), expression(&numbers, 2, names))
                statements.append("\(name) = try { act(\(a), [1][5]) } catch e { own(\(b), 1) }")
            default:
                statements.append("\(name) = 1")
                statements.append("while \(name) < 5 { \(name) = \(name) + 1 + len([act(\(name), n)]) }")
            }
            names.append(name)
        }
        let results = (0..<3).map { _ in expression(&numbers, 3, names) }
        return (statements + ["return [\(results.joined(separator: ", "))]"]).joined(separator: "\n")
    }

    @Test(arguments: 0..<20) func `They give the same`(block: Int) {
        for seed in block * 10..<block * 10 + 10 {
            let body = Self.body(seed)
            let start = "fn pick(a, b) { return a * 3 + b * 5 % 7 }\n"
            let fields = "act = pick\ntable = [pick, pick]\nfn own(a, b) { return a - b * 2 }\n"
            let method = lines(
                start + "module A(n, m) {\n\(fields)fn run(x, y) {\n\(body)\n}\n}\nprint(A(4, 9).run(2, 3))")
            let function = lines(start + "n = 4\nm = 9\n\(fields)fn run(x, y) {\n\(body)\n}\nprint(run(2, 3))")
            #expect(method == function && method.last?.hasPrefix("[") == true, "seed \(seed):\n\(body)")
        }
    }
}
