import Builtins
import Diagnostics
import Fixtures
import Runtime
import Syntax
import Testing

/// Expressions that are both Dist and Python, with what PyTorch gives; written by scripts/golden/library.py,
/// scripts/golden/corners.py and scripts/golden/compositions.py.
@Suite struct `Programs agree with PyTorch` {
    static let groups = [
        "layers", "updates", "methods", "edges", "promotion", "extremes", "digits", "acceptance", "trajectories",
        "compositions",
    ]

    static func cases(_ group: String) -> [(expression: String, expected: String)] {
        TextFile.lines("\(group).txt").compactMap { line in
            // The expression may hold a lambda's arrow; the last one divides the line.
            guard let arrow = line.ranges(of: " => ").last else { return nil }
            return (String(line[..<arrow.lowerBound]), String(line[arrow.upperBound...]))
        }
    }

    static let prelude =
        (TextFile.lines("prelude.dist") + TextFile.lines("corners.dist")).joined(separator: "\n") + "\n" + own

    /// Helpers that stand beside the cases of `methods` in the script.
    static let own = """
        fn grad_pair(x) {
            x = leaf(x)
            return grad((x ** 3).sum(), [x])
        }
        fn clipped(bound) {
            a = leaf(wave([3]))
            b = leaf(wave([2], 4))
            ((a ** 2).sum() + (b ** 2).sum()).backward()
            norm = clip_grad_norm([a, b], bound)
            return [float(norm), a.grad.tolist(), b.grad.tolist()]
        }
        fn meshed(x) {
            values, inverse, counts = unique(x, return_inverse=true, return_counts=true)
            return [values.tolist(), inverse.tolist(), counts.tolist(), bincount(x).tolist()]
        }
        fn moments(x) { [round(x.mean().item(), 1), round(x.std().item(), 1)] }
        """

    static func interpreter() throws -> Interpreter {
        let interpreter = Interpreter(library: .standard())
        _ = try interpreter.run(SourceText(name: "prelude.dist", text: prelude))
        return interpreter
    }

    @Test(arguments: groups) func `values, gradients, states and dtypes are PyTorch's`(_ group: String) throws {
        let cases = Self.cases(group)
        #expect(cases.count > 15)
        let interpreter = try Self.interpreter()
        for (expression, expected) in cases {
            let wanted = try interpreter.run(SourceText(name: "expected", text: expected))
            do {
                let found = try interpreter.run(SourceText(name: expression, text: expression))
                let difference = Self.difference(found, wanted)
                #expect(difference == nil, "\(expression)")
            } catch let error as Diagnostic {
                Issue.record("\(expression): \(error.message); PyTorch has \(expected)")
            }
        }
    }

    /// Random weights cannot be equal, but their spread is, to what 32,768 draws allow.
    @Test func `initialisers spread as PyTorch's`() throws {
        let interpreter = try Self.interpreter()
        for (expression, expected) in Self.cases("initialisation") {
            let numbers = try [expression, expected].map {
                Self.numbers(try interpreter.run(SourceText(name: expression, text: $0)))
            }
            #expect(abs(numbers[0][0] / numbers[1][0] - 1) < 0.02, "\(expression): standard deviation \(numbers)")
            // The largest of normal draws varies much more than the bound of uniform ones.
            let slack = expression.contains("normal") ? 0.25 : 0.001
            #expect(abs(numbers[0][1] / numbers[1][1] - 1) < slack, "\(expression): largest \(numbers)")
        }
    }

    /// Every name that claims a counterpart in PyTorch stands in some comparison.
    @Test func `every name with a counterpart in PyTorch is compared with it`() {
        var words: Set<Substring> = []
        for line in Self.groups.flatMap({ TextFile.lines("\($0).txt") }) + TextFile.lines("initialisation.txt")
            + TextFile.lines("prelude.dist") + tensorReference.split(separator: "\n") + Self.own.split(separator: "\n")
        {
            words.formUnion(line.split { !($0.isLetter || $0.isNumber || $0 == "_") })
        }
        // Compared in TensorsTests and LearningTests, or by their own tests: what concerns Dist's own objects.
        let elsewhere: Set<Substring> = [
            "gradcheck", "TensorDataset", "batches", "horizontal_flip", "image_folder", "load", "random_crop", "rotate",
            "random_resized_crop", "random_erasing", "rand_augment", "color_jitter", "Parameter",
            "Buffer", "copy", "freeze", "unfreeze",
        ]
        let library = Library.standard()
        let declared =
            library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap(\.values).flatMap(\.overloads)
        for builtin in declared {
            if case .none = builtin.pytorch { continue }
            let name = Substring(builtin.name)
            #expect(words.contains(name) || elsewhere.contains(name), "\(name) is compared with nothing")
        }
    }

    /// Truth values count as 0 and 1, as the fixtures have them.
    private static func number(_ value: Value) -> Double? {
        if case .bool(let truth) = value { return truth ? 1 : 0 }
        return value.number
    }

    private static func numbers(_ value: Value) -> [Double] {
        if case .list(let list) = value { return list.elements.flatMap(numbers) }
        return number(value).map { [$0] } ?? []
    }

    /// Where two nested lists of numbers differ: by more than float32's rounding, relative to the list around.
    private static func difference(_ found: Value, _ wanted: Value) -> String? {
        switch (found, wanted) {
        case (.list(let left), .list(let right)):
            guard left.elements.count == right.elements.count else {
                return "\(left.elements.count) elements, not \(right.elements.count)"
            }
            let scale = right.elements.compactMap(number).filter(\.isFinite).map(abs).max() ?? 0
            for (x, y) in zip(left.elements, right.elements) {
                guard let a = number(x), let b = number(y) else {
                    if let inner = difference(x, y) { return inner }
                    continue
                }
                if a == b || (a.isNaN && b.isNaN) { continue }
                guard abs(a - b) <= 2e-5 * max(abs(b), scale * 0.1, 0.2) else { return "\(a), not \(b)" }
            }
            return nil
        case (.string(let left), .string(let right)):
            return left.text == right.text ? nil : "\(left.text), not \(right.text)"
        default:
            guard let a = number(found), let b = number(wanted) else { return "of another kind" }
            return a == b || abs(a - b) <= 1e-5 * max(abs(b), 0.1) ? nil : "\(a), not \(b)"
        }
    }
}
