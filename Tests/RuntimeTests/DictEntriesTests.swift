import Testing

@testable import Runtime

@Suite("The entries of dicts")
struct DictEntriesTests {
    /// A generator of its own, so that a failure comes again.
    struct Sequence64: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `Agree with a list of pairs under insertion, change and removal`(_ seed: UInt64) {
        var random = Sequence64(state: seed)
        var entries = DictEntries()
        var pairs: [(key: DictKey, value: Int)] = []
        for step in 0..<3000 {
            let number = Int.random(in: 0..<60, using: &random)
            let key: DictKey = number % 3 == 0 ? .int(number) : .string("key \(number)")
            let place = pairs.firstIndex { $0.key == key }
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                let removed = entries.removeValue(forKey: key)
                #expect((removed == nil) == (place == nil))
                if let place { pairs.remove(at: place) }
            case 1:
                let found = entries.index(forKey: key)
                #expect(found == place)
            case 2:
                let found = entries.position(of: key.value)
                #expect(found == place)
            case 3:
                let found1 = entries.set(.int(step), under: key.value)
                #expect(found1)
                if let place { pairs[place].value = step } else { pairs.append((key, step)) }
            default:
                entries[key] = .int(step)
                if let place { pairs[place].value = step } else { pairs.append((key, step)) }
            }
            #expect(entries.count == pairs.count)
        }
        #expect(entries.keys == pairs.map(\.key))
        for (position, pair) in pairs.enumerated() {
            guard case .int(pair.value) = entries.values[position] else {
                Issue.record("the value of \(pair.key) is wrong")
                return
            }
        }
    }

    @Test
    func `A string that was found before is found again, and not after it was taken out`() {
        var entries = DictEntries()
        let key = Value.string("a")
        let found2 = entries.position(of: key)
        #expect(found2 == nil)
        let found3 = entries.set(.int(1), under: key)
        #expect(found3)
        let found4 = entries.position(of: key)
        #expect(found4 == 0)
        let found5 = entries.position(of: key)
        #expect(found5 == 0)
        entries.removeValue(forKey: .string("a"))
        let found6 = entries.position(of: key)
        #expect(found6 == nil)
        entries[.string("b")] = .int(2)
        entries[.string("a")] = .int(3)
        let found7 = entries.position(of: key)
        #expect(found7 == 1)
    }

    @Test
    func `Numbers that are equal are one key; texts that only look alike are two`() {
        var entries = DictEntries()
        let found8 = entries.set(.int(1), under: .int(1))
        #expect(found8)
        let found9 = entries.set(.int(2), under: .float(1))
        #expect(found9)
        let found10 = entries.set(.int(3), under: .bool(true))
        #expect(found10)
        #expect(entries.count == 2)
        let found11 = entries.set(.int(4), under: .string("\u{212B}"))
        #expect(found11)
        let found12 = entries.set(.int(5), under: .string("A\u{30A}"))
        #expect(found12)
        let found13 = entries.set(.int(6), under: .string("\u{C5}"))
        #expect(found13)
        #expect(entries.count == 5)
        let found14 = entries.set(.int(7), under: .list([]))
        #expect(!found14)
    }
}
