/// Random damage to texts.
package enum Mutation {
    private static let inserted: [[UInt8]] = [
        "(", ")", "[", "]", "{", "}", "\"", "'", "\"\"\"", "f\"", "\n", "#", "# %%\n", "\\", ":", "=", "=>", "|>",
        "->", "else", "catch", "in", "not", "**", "-", "0", ".", "..", "...", ";", ",", "\u{0}", "é", "“", "if", "fn",
        "def", "lambda", "try", "9223372036854775807", "1e308", " * 10 ** 18", "none", "[]", "(0)",
    ].map { Array($0.utf8) }

    private static let loose = [
        "(", ")", "[", "]", "{", "}", "\"", "f\"", "{x", "}", "\n", " ", "if ", "else ", "fn f", "x", "1", "+", "=",
        ",", ":", "=>", "not ", "try ", "catch e ", "|>", "*", ".", ";", "# c\n", "for ", "in ", "return ", "\"\"\"",
        "-",
    ]

    /// Removes, changes, inserts, cuts or doubles bytes at a few places.
    package static func apply(to bytes: inout [UInt8], using random: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let stretch = place..<min(bytes.count, place + Int.random(in: 1...20, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.remove(at: place)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2:
                bytes.insert(contentsOf: inserted[Int.random(in: 0..<inserted.count, using: &random)], at: place)
            case 3:
                let copy = bytes[stretch]
                bytes.insert(contentsOf: copy, at: Int.random(in: 0...bytes.count, using: &random))
            default: bytes.removeSubrange(stretch)
            }
        }
    }

    /// Up to forty pieces of programs in any order.
    package static func pieces(using random: inout SeededGenerator) -> String {
        let count = Int.random(in: 0...40, using: &random)
        return (0..<count).map { _ in loose[Int.random(in: 0..<loose.count, using: &random)] }.joined()
    }
}
