import Diagnostics
import Syntax

/// The settings of a sweep: which `param`s vary over which values, and every combination of them.
package struct SweepGrid {
    /// One `--set`: a `param` with its values as text.
    package struct Axis: Equatable, Sendable {
        /// The name of the `param`.
        package let name: String
        /// Its values, as `--set` takes them.
        package let values: [String]

        /// Parses `T=1,2,4`, `seed=0..4` (both ends included) or one value; commas inside quotes and brackets separate
        /// nothing. None when there is no name or no value.
        package init?(_ argument: String) {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
            name = String(argument[..<equals])
            var values: [String] = []
            for part in Self.parts(argument[argument.index(after: equals)...]) {
                guard !part.isEmpty else { return nil }
                guard let (low, high) = Self.ends(part) else {
                    values.append(part)
                    continue
                }
                let (distance, overflows) = high.subtractingReportingOverflow(low)
                guard low <= high, !overflows, distance < Self.largest else { return nil }
                values += (low...high).map(String.init)
            }
            self.values = values
        }

        /// What is wrong with an argument that is none.
        package static func problem(with argument: String) -> String {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
                return "a name and its values are wanted, such as T=1,2,4"
            }
            let name = argument[..<equals]
            for part in parts(argument[argument.index(after: equals)...]) {
                if part.isEmpty { return "a value of \(name) is missing" }
                if let (low, high) = ends(part) {
                    if low > high { return "\(part) counts downwards; from \(high) to \(low) is \(high)..\(low)" }
                    return "\(part) are more than \(largest) values"
                }
            }
            return "a name and its values are wanted, such as T=1,2,4"
        }

        /// The most values that `a..b` may stand for.
        private static let largest = 100_000

        private static func parts(_ text: Substring) -> [String] {
            var parts = [""]
            var depth = 0
            var quote: Character?
            for character in text {
                if let open = quote {
                    if character == open { quote = nil }
                } else if character == "\"" || character == "'" {
                    quote = character
                } else if "([{".contains(character) {
                    depth += 1
                } else if ")]}".contains(character) {
                    depth -= 1
                } else if character == ",", depth == 0 {
                    parts.append("")
                    continue
                }
                parts[parts.count - 1].append(character)
            }
            return parts.map { $0.trimmingBlanks }
        }

        private static func ends(_ text: String) -> (low: Int, high: Int)? {
            guard let dots = text.firstRange(of: ".."), let low = Int(text[..<dots.lowerBound]),
                let high = Int(text[dots.upperBound...])
            else { return nil }
            return (low, high)
        }
    }

    /// A combination of values.
    package struct Point: Hashable, Sendable {
        /// A value for each axis, in their order.
        package let values: [String]
        /// The name of its folder: `T=4,seed=0`.
        package let name: String
    }

    /// The axes in the order given.
    package let axes: [Axis]

    /// The largest number of runs a sweep may have.
    package static let limit = 10_000

    /// A grid of axes whose names differ.
    package init(_ axes: [Axis]) { self.axes = axes }

    /// How many combinations there are.
    package var count: Int {
        axes.reduce(1) { $0.multipliedReportingOverflow(by: $1.values.count).overflow ? Int.max : $0 * $1.values.count }
    }

    /// Every combination, the last axis fastest.
    package var points: [Point] {
        var combinations: [[String]] = [[]]
        for axis in axes { combinations = combinations.flatMap { start in axis.values.map { start + [$0] } } }
        let varying = axes.indices.filter { axes[$0].values.count > 1 }
        var taken: Set<String> = []
        return combinations.map { values in
            let shown = (varying.isEmpty ? Array(axes.indices) : varying).map {
                "\(axes[$0].name)=\(Self.safe(values[$0]))"
            }
            var name = shown.joined(separator: ",")
            while !taken.insert(name).inserted { name += "'" }
            return Point(values: values, name: name)
        }
    }

    /// The axes that vary and are no repeats.
    package var varying: [Int] { axes.indices.filter { axes[$0].values.count > 1 && axes[$0].name != "seed" } }

    /// The characters that every file system takes.
    private static func safe(_ text: String) -> String {
        String(text.prefix(60).map { $0.isLetter || $0.isNumber || "._-+".contains($0) ? $0 : "_" })
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = Substring(self)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
