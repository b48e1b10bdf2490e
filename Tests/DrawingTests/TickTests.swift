import Drawing
import Glibc
import Testing

@Suite struct TickTests {
    @Test(arguments: [
        (0.0, 1.0, 6, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), (0, 10, 6, ["0", "2", "4", "6", "8", "10"]),
        (-0.13, 0.27, 5, ["−0.1", "0.0", "0.1", "0.2"]), (0, 200_000, 5, ["0", "50k", "100k", "150k", "200k"]),
        (0, 3e6, 4, ["0M", "1M", "2M", "3M"].map { $0 == "0M" ? "0" : $0 }),
        (9_990, 10_010, 3, ["9990", "10000", "10010"]),
    ])
    func `Labels are round`(_ lower: Double, _ upper: Double, _ maximum: Int, _ labels: [String]) {
        #expect(Ticks.linear(lower, upper, maximum: maximum).labels == labels)
    }

    @Test func `Steps are one two or five`() {
        var random = Noise(4)
        for _ in 0..<2000 {
            let lower = (random.uniform() - 0.5) * pow(10, random.uniform() * 20 - 10)
            let upper = lower + random.uniform() * pow(10, random.uniform() * 20 - 10) + abs(lower) * 1e-6
            let maximum = 2 + Int(random.uniform() * 9)
            let ticks = Ticks.linear(lower, upper, maximum: maximum)
            #expect(ticks.values.count <= maximum)
            #expect(ticks.labels.count == ticks.values.count)
            #expect(Set(ticks.labels).count == ticks.labels.count, "\(ticks.labels) repeat")
            let span = upper - lower
            #expect(ticks.values.allSatisfy { $0 >= lower - span * 1e-6 && $0 <= upper + span * 1e-6 })
            guard ticks.values.count >= 2 else { continue }
            let step = ticks.values[1] - ticks.values[0]
            // The leading digit is only known as well as the difference of two large numbers.
            guard step > abs(lower) * 1e-9 else { continue }
            let mantissa = step / pow(10, log10(step).rounded(.down))
            #expect([1, 2, 5, 10].contains { abs(mantissa - $0) < 1e-4 }, "step \(step)")
        }
    }

    @Test func `Labels of an axis have the same decimals`() {
        let labels = Ticks.linear(0, 0.02, maximum: 5).labels
        #expect(Set(labels.map { $0.split(separator: ".").last?.count ?? 0 }).count == 1)
    }

    @Test func `Extreme values share a factor`() {
        let tiny = Ticks.linear(0, 3e-7, maximum: 4)
        #expect(tiny.labels == ["0", "1", "2", "3"])
        #expect(tiny.multiplier == "×10⁻⁷")
        #expect(Ticks.linear(-1e300, 1e300, maximum: 5).values.count >= 3)
        #expect(Ticks.linear(1e-300, 3e-300, maximum: 5).values.count >= 3)
    }

    @Test func `Close values share an offset`() {
        let ticks = Ticks.linear(1, 1 + 4e-9, maximum: 5)
        #expect(ticks.multiplier?.hasSuffix("+1") == true)
        #expect(ticks.labels.allSatisfy { $0.count <= 4 })
    }

    @Test func `Whole numbers stay whole`() {
        #expect(Ticks.linear(0.9, 3.1, maximum: 8, integer: true).values == [1, 2, 3])
    }

    @Test func `Nothing is marked on an impossible axis`() {
        #expect(Ticks.linear(.nan, 1, maximum: 5).values.isEmpty)
        #expect(Ticks.linear(2, 1, maximum: 5).values.isEmpty)
        #expect(Ticks.logarithmic(-1, 1, maximum: 5).values.isEmpty)
    }

    @Test func `Logarithmic ticks are powers of ten`() {
        #expect(
            Ticks.logarithmic(1e-6, 1, maximum: 10).labels == ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"])
        #expect(Ticks.logarithmic(0.9, 110, maximum: 8).labels == ["1", "2", "5", "10", "20", "50", "100"])
        #expect(Ticks.logarithmic(0.9, 110, maximum: 5).labels == ["1", "3", "10", "30", "100"])
        let wide = Ticks.logarithmic(1e-300, 1e300, maximum: 8)
        #expect((2...8).contains(wide.values.count))
        #expect(Ticks.logarithmic(1, 3, maximum: 8).values.count >= 2)
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-0.02134, "−0.0213"), (98.25, "98.3"), (1e-9, "10⁻⁹"), (-2.5e12, "−2.5×10¹²"),
        (9.9996, "10"), (123_456, "123456"), (.nan, "NaN"), (-.infinity, "−∞"),
    ])
    func `Numbers have the digits that matter`(_ value: Double, _ text: String) {
        #expect(NumberText.significant(value, digits: 3) == text)
    }

    @Test func `Decimals round and keep their sign`() {
        #expect(NumberText.decimal(2.675, places: 1) == "2.7")
        #expect(NumberText.decimal(-0.001, places: 2) == "0.00")
        #expect(NumberText.decimal(-1.5, places: 1) == "−1.5")
        #expect(NumberText.decimal(0.05, places: 2) == "0.05")
    }
}
