import Builtins
import Diagnostics
import Runtime
import Syntax
import Testing

@Suite struct `Tensor functions agree with PyTorch` {
    static let cases: [(expression: String, expected: String)] = tensorReference.split(separator: "\n").compactMap {
        line in
        let parts = line.split(separator: " => ", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    @Test func `The reference has its cases`() { #expect(Self.cases.count > 150) }

    @Test(arguments: cases.indices) func `Names, argument names, order and defaults mean the same`(_ index: Int) throws
    {
        let (expression, expected) = Self.cases[index]
        let interpreter = Interpreter(library: TensorScripts.library())
        let found = try interpreter.run(
            SourceText(
                name: expression,
                text: """
                    v = \(expression)
                    fn plain(t) { return if type(t) == "tensor" { t.to("float64").tolist() } else { t } }
                    if type(v) == "tensor" { [plain(v), v.shape, v.dtype] } else { [[plain(t) for t in v], 0, 0] }
                    """))
        let wanted = try interpreter.run(SourceText(name: "expected", text: expected))
        let isClose = agree(found, wanted)
        #expect(isClose, "\(expression): \(Display.repr(found, in: interpreter)), PyTorch has \(expected)")
    }

    private func agree(_ found: Value, _ wanted: Value) -> Bool {
        switch (found, wanted) {
        case (.list(let left), .list(let right)):
            return left.elements.count == right.elements.count && zip(left.elements, right.elements).allSatisfy(agree)
        case (.string(let left), .string(let right)): return left.text == right.text
        default:
            guard let left = found.number, let right = wanted.number else { return false }
            return abs(left - right) <= 2e-6 + 2e-5 * abs(right)
        }
    }
}
