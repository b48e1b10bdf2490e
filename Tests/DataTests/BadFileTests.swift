import Data
import Glibc
import Tensors
import Testing

@Suite("Bad files")
struct BadFileTests {
    private func error(_ body: () throws -> Void) -> DataError {
        do {
            try body()
            return .content(path: "", problem: "nothing was thrown", help: nil)
        } catch { return error as? DataError ?? .content(path: "", problem: "\(error)", help: nil) }
    }

    private func idx(_ bytes: [UInt8], _ problem: String, at offset: Int, line: Int = #line) throws {
        try Fixture.withFolder { folder in
            let path = try Fixture.write(bytes, "x.idx", in: folder)
            let found = error { _ = try readIDX(path) }
            #expect(found.message.hasPrefix("\(path): byte \(offset): "), "\(found.message), line \(line)")
            #expect(problem.isEmpty || found.message.contains(problem), "\(found.message), line \(line)")
            #expect(found.kind == .io)
        }
    }

    @Test
    func `An IDX file that is something else, cut short or lies about its sizes`() throws {
        try idx([], "ends in the middle of the IDX magic number", at: 0)
        try idx([0, 0, 8], "magic number", at: 3)
        try idx(Array("GIF89a".utf8), "found 47 49 46 38", at: 0)
        try idx([0, 0, 7, 1, 0, 0, 0, 1, 5], "element type of IDX", at: 2)
        try idx([0, 0, 8, 0], "dimensions, found 0", at: 3)
        try idx([0, 0, 8, 200] + [UInt8](repeating: 1, count: 900), "dimensions, found 200", at: 3)
        try idx([0, 0, 8, 2, 0, 0, 0, 1], "its 2 sizes", at: 8)
        try idx(
            Fixture.idx([3, 4], [1, 2, 3]), "expected 12 bytes for 3 × 4 elements as the header says, found 3", at: 15)
        try idx(Fixture.idx([2], [1, 2, 3]), "expected 2 bytes", at: 10)
        try idx(Fixture.idx([1 << 30, 1 << 30], [1]), "larger than any memory", at: 8)
        try idx(Fixture.idx([1 << 30, 1 << 17], [1]), "expected 140737488355328 bytes", at: 13)
    }

    @Test
    func `gzip: cut short, damaged, with something behind it, of another size than the header says`() throws {
        let whole = try Fixture.bytes("images.idx.gz")
        try idx(Array(whole.prefix(20)), "the gzip file ends early", at: 20)
        try idx(whole + [0], "", at: whole.count - 3)
        try idx(Array(whole.prefix(3)), "ends early", at: 3)
        var damaged = whole
        damaged[whole.count - 6] ^= 0xFF
        try idx(damaged, "the gzip file is damaged here", at: whole.count - 4)
    }

    @Test
    func `A small gzip file that claims or holds gigabytes is refused`() throws {
        // bomb.gz: 64 MiB of zeros behind a header of 4 × 4; lie.gz: a header of 2^31 bytes and nothing behind it.
        try idx(
            try Fixture.bytes("bomb.idx.gz"), "expected 16 bytes for 4 × 4 elements as the header says, found",
            at: 65_264)
        try idx(try Fixture.bytes("lie.idx.gz"), "expected 2147483648 bytes", at: 34)
    }

    @Test
    func `Labels and images that do not belong together`() throws {
        let found = error {
            _ = try readIDX(Fixture.path("uint8.idx"), labels: Fixture.path("labels.idx"))
        }
        #expect(found.message.contains("6 labels for the 5 examples of"))
        let square = error { _ = try readIDX(Fixture.path("uint8.idx"), labels: Fixture.path("uint8.idx")) }
        #expect(square.message.contains("one label an example"))
        let names = error {
            _ = try readIDX(Fixture.path("images.idx.gz"), labels: Fixture.path("labels.idx"), classes: ["a", "b"])
        }
        #expect(names.message.contains("label 2 among 2 classes"))
    }

    @Test
    func `CIFAR: half a record, a label that is no class`() throws {
        let whole = try Fixture.bytes("cifar10.bin")
        let classes = NamedDataset.cifar10.classes
        try Fixture.withFolder { folder in
            let cut = try Fixture.write(Array(whole.dropLast(5)), "cut.bin", in: folder)
            let short = error { _ = try readCIFAR([cut], labelBytes: 1, classes: classes) }
            #expect(short.message == "\(cut): byte 9219: expected records of 3073 bytes, found 3068 at the end")
            var wrong = whole
            wrong[3073] = 10
            let path = try Fixture.write(wrong, "wrong.bin", in: folder)
            let label = error { _ = try readCIFAR([path], labelBytes: 1, classes: classes) }
            #expect(label.message == "\(path): byte 3073: expected a label below 10, found 10")
            let none = try Fixture.write([], "none.bin", in: folder)
            #expect(error { _ = try readCIFAR([none], labelBytes: 1, classes: classes) }.kind == .io)
        }
    }

    @Test
    func `PNG: cut, other formats, other sizes, a picture of sixteen gigapixels`() throws {
        let whole = try Fixture.bytes("colour/cat/rgb.png")
        func folder(_ files: [(String, [UInt8])]) throws -> DataError {
            try Fixture.withFolder { folder in
                for (name, bytes) in files { _ = try Fixture.write(bytes, name, in: folder) }
                return error { _ = try imageFolder(folder) }
            }
        }
        #expect(try folder([]).message.contains("no PNG or JPEG images here"))
        #expect(
            try folder([("a.png", whole), ("b.webp", [1])]).message.contains("b.webp: expected PNG or JPEG images"))
        #expect(try folder([("a.png", Array("GIF89a".utf8))]).message.contains("a.png: byte 0: expected the signature"))
        #expect(
            try folder([("a.png", Array(whole.prefix(20)))]).message.contains("byte 20: the file ends in the header"))
        for count in 33..<whole.count {
            let found = try folder([("a.png", Array(whole.prefix(count)))])
            #expect(found.message.contains("a.png: byte "), "\(count): \(found.message)")
        }
        let small = try Fixture.withFolder { folder in
            _ = try Fixture.write(whole, "a.png", in: folder)
            var other = whole
            other[19] = 7
            _ = try Fixture.write(other, "b.png", in: folder)
            return error { _ = try imageFolder(folder) }
        }
        #expect(small.message.contains("b.png: 7 × 5 pixels, where"))
        var huge = whole
        huge.replaceSubrange(16..<24, with: [0, 2, 0, 0, 0, 2, 0, 0])
        #expect(try folder([("a.png", huge)]).message.contains("byte 16: an image of 131072 × 131072 pixels"))
        #expect(error { _ = try imageFolder("/no/such/folder") }.kind == .io)
    }

    @Test
    func `CSV: a column of names is no input, a row without a label is named`() throws {
        try Fixture.withFolder { folder in
            let names = (0..<1200).map { "name\($0),\($0)" }.joined(separator: "\n")
            let path = try Fixture.write(Array(("who,x\n" + names).utf8), "names.csv", in: folder)
            #expect(error { _ = try readCSV(path) }.message.contains("holds 1200 different texts"))
            _ = try readCSV(path, labels: [.name("who")])
            let kinds = error { _ = try readCSV(Fixture.path("table.csv"), labels: [.name("kind")]) }
            #expect(kinds.message.hasSuffix("table.csv:6: no label in column \"kind\""))
        }
    }

    @Test(arguments: NamedDataset.allCases)
    func `A dataset whose files are missing says where they come from`(_ dataset: NamedDataset) {
        let found = error { _ = try dataset.read(.train, folder: "/no/such/folder") }
        #expect(found.kind == .io)
        #expect(found.help?.contains("scripts/fetch-data \(dataset.rawValue)") == true)
    }
}
