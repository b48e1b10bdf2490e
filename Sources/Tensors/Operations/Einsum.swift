extension Tensor {
    /// Einstein's summation: `einsum("bij,bjk->bik", [x, y])`. Letters name dimensions; those missing on the right are
    /// summed over; without an arrow the right side is every letter that occurs once, in order; `...` stands for leading
    /// dimensions that broadcast.
    /// - Throws: `TensorError` for a malformed equation and for sizes that disagree.
    public static func einsum(_ equation: String, _ operands: [Tensor]) throws -> Tensor {
        let plan = try EinsumPlan(equation, operands.map(\.shape))
        let dtype = operands.reduce(operands[0].dtype) { DType.promote($0, $1.dtype) }
        // Operands are multiplied one after the other; letters nobody needs any more are summed on the way.
        var result = try plan.prepared(operands[0].to(dtype), 0)
        for position in operands.indices.dropFirst() {
            let next = try plan.prepared(operands[position].to(dtype), position)
            let needed = Set(plan.output + plan.inputs[(position + 1)...].flatMap { $0 })
            result = try EinsumPlan.multiply(result, next, keeping: needed)
        }
        return try EinsumPlan.arranged(result, plan.output)
    }
}

/// The letters of an equation. Dimensions under `...` get letters of their own, the digits 0, 1, … counted from the right.
private struct EinsumPlan {
    typealias Labelled = (tensor: Tensor, letters: [Character])
    var inputs: [[Character]] = []
    var output: [Character] = []

    init(_ equation: String, _ shapes: [Shape]) throws {
        func fail(_ expected: String) -> TensorError {
            .wrongValue(function: "einsum", argument: "equation", value: "\"\(equation)\"", expected: expected)
        }
        let text = equation.filter { $0 != " " }
        let sides = text.split(separator: ">", omittingEmptySubsequences: false)
        guard sides.count <= 2, !shapes.isEmpty else { throw fail("of one or two sides, with operands") }
        var left = String(sides[0])
        if sides.count == 2 {
            guard left.hasSuffix("-") else { throw fail("with -> between the sides") }
            left.removeLast()
        }
        let terms = left.split(separator: ",", omittingEmptySubsequences: false)
        guard terms.count == shapes.count else { throw fail("of \(shapes.count) terms, one for each operand") }
        var sizes: [Character: Int] = [:]
        var widest = 0
        for (term, shape) in zip(terms, shapes) {
            let letters =
                try EinsumPlan.letters(String(term), rank: shape.rank)
                ?? { throw fail("of letters that match the dimensions of \(shape)") }()
            widest = max(widest, letters.filter(\.isNumber).count)
            for (letter, size) in zip(letters, shape) {
                let known = sizes[letter, default: size]
                guard known == size || known == 1 || size == 1 else {
                    throw TensorError.wrongShape(
                        function: "einsum", shape: shape,
                        expected: "size \(known) for \"\(letter)\" in \"\(equation)\"",
                        argument: inputs.count + 1)
                }
                sizes[letter] = max(known, size)
            }
            inputs.append(letters)
        }
        let ellipsis = (0..<widest).reversed().map { Character("\($0)") }
        if sides.count == 2 {
            let wanted = String(sides[1])
            guard
                let letters = EinsumPlan.letters(
                    wanted, rank: wanted.filter { $0 != "." }.count + (wanted.contains(".") ? widest : 0)),
                Set(letters).count == letters.count, letters.allSatisfy({ sizes[$0] != nil })
            else { throw fail("with letters of the left side, each once, on the right") }
            output = letters
        } else {
            let all = inputs.flatMap { $0 }.filter(\.isLetter)
            output = ellipsis + Set(all).filter { letter in all.filter { $0 == letter }.count == 1 }.sorted()
        }
        guard output.count <= Shape.maximumRank else {
            throw TensorError.tooManyDimensions(function: "einsum", count: output.count)
        }
    }

    private static func letters(_ term: String, rank: Int) -> [Character]? {
        var result: [Character] = []
        var rest = Substring(term)
        var hasEllipsis = false
        let named = term.filter(\.isLetter).count
        while let letter = rest.first {
            if rest.hasPrefix("...") {
                guard !hasEllipsis, rank >= named else { return nil }
                hasEllipsis = true
                result += (0..<rank - named).reversed().map { Character("\($0)") }
                rest = rest.dropFirst(3)
            } else {
                guard letter.isLetter else { return nil }
                result.append(letter)
                rest = rest.dropFirst()
            }
        }
        return result.count == rank ? result : nil
    }

    /// An operand with every letter once (diagonals taken) and without letters that nobody else has.
    func prepared(_ tensor: Tensor, _ position: Int) throws -> Labelled {
        var x = tensor, letters = inputs[position]
        var d = 0
        while d < letters.count {
            if let first = letters[..<d].firstIndex(of: letters[d]) {
                let n = x.shape[d]
                guard x.shape[first] == n else {
                    throw TensorError.wrongShape(
                        function: "einsum", shape: tensor.shape, expected: "equal sizes for \"\(letters[d])\"",
                        argument: position + 1)
                }
                let positions = Index.tensor(try Tensor.arange(.int(n)))
                var parts = [Index](repeating: .all, count: letters.count)
                parts[first] = positions
                parts[d] = positions
                // Neighbours keep the place of the first; others come to the front.
                let repeated = letters[d]
                x = try x.index(parts)
                letters.remove(at: d)
                if d - first > 1 {
                    letters.removeAll { $0 == repeated }
                    letters.insert(repeated, at: 0)
                }
            } else {
                d += 1
            }
        }
        let elsewhere = Set(output + inputs.enumerated().filter { $0.offset != position }.flatMap { $0.element })
        let lonely = letters.indices.filter { !elsewhere.contains(letters[$0]) }
        if !lonely.isEmpty {
            x = try x.sum(dims: lonely)
            letters = letters.filter { elsewhere.contains($0) }
        }
        return (x, letters)
    }

    /// The tensor's dimensions in the order of `order`, with size 1 where a letter is missing.
    static func arranged(_ x: Labelled, _ order: [Character]) throws -> Tensor {
        let present = order.compactMap { letter in x.letters.firstIndex(of: letter) }
        let moved = try x.tensor.permute(present)
        var sizes: [Int] = []
        var next = 0
        for letter in order {
            if x.letters.contains(letter) {
                sizes.append(moved.shape[next])
                next += 1
            } else {
                sizes.append(1)
            }
        }
        return try moved.reshape(sizes)
    }

    /// The product, as a batch of matrix products: shared letters that stay are the batch, those that go the inner size.
    static func multiply(_ a: Labelled, _ b: Labelled, keeping needed: Set<Character>) throws -> Labelled {
        var a = a, b = b
        // A size of 1 that stretches is not contracted by a product but by the sum of the other side.
        for letter in a.letters where b.letters.contains(letter) && !needed.contains(letter) {
            let i = a.letters.firstIndex(of: letter) ?? 0, j = b.letters.firstIndex(of: letter) ?? 0
            if a.tensor.shape[i] == b.tensor.shape[j] { continue }
            if a.tensor.shape[i] == 1 {
                b = (try b.tensor.sum(dims: [j], keepdim: true), b.letters)
            } else {
                a = (try a.tensor.sum(dims: [i], keepdim: true), a.letters)
            }
        }
        let shared = a.letters.filter { b.letters.contains($0) }
        let batch = shared.filter { needed.contains($0) }, inner = shared.filter { !needed.contains($0) }
        let rows = a.letters.filter { !shared.contains($0) }, columns = b.letters.filter { !shared.contains($0) }
        let left = try arranged(a, batch + rows + inner), right = try arranged(b, batch + inner + columns)
        let nb = batch.count
        func product(_ sizes: some Sequence<Int>) -> Int { sizes.reduce(1, *) }
        let batchA = Array(left.shape.array[..<nb]), batchB = Array(right.shape.array[..<nb])
        let rowSizes = Array(left.shape.array[nb..<nb + rows.count])
        let columnSizes = Array(right.shape.array[(nb + inner.count)...])
        let k = product(left.shape.array[(nb + rows.count)...])
        let x = try left.reshape(batchA + [product(rowSizes), k])
        let y = try right.reshape(batchB + [k, product(columnSizes)])
        let out = try x.matmul(y)
        return (try out.reshape(Array(out.shape.array[..<nb]) + rowSizes + columnSizes), batch + rows + columns)
    }
}
