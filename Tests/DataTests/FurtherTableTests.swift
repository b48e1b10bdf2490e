import Base
import Tensors
import Testing

@testable import Data

/// Tables in other forms than text between separators.
@Suite struct `Tables of other forms` {
    private func written(_ text: String, _ name: String) throws -> String {
        let path = "/tmp/distill-table-tests-\(name)"
        try WholeFile.write(Array(text.utf8), to: path)
        return path
    }

    @Test func `one JSON object a line`() throws {
        let path = try written(
            """
            {"id": "a", "age": 31, "kind": "cat", "size": {"w": 1.5, "h": 2}, "v": [1, 2], "ok": true}

            {"id": "b", "size": {"w": null, "h": 4}, "age": 7, "v": [3, 4], "kind": "dog", "ok": false}
            {"id": "c", "age": null, "kind": "cat", "size": {"w": 2.5, "h": 6}, "v": [5, 6], "ok": true}
            """, "a.jsonl")
        var options = CSVOptions()
        options.id = .name("id")
        let data = try readCSV(path, labels: [.name("kind")], options: options)
        #expect(data.table?.features.map(\.name) == ["age", "size.w", "size.h", "v.0", "v.1", "ok"])
        #expect(data.classes == ["cat", "dog"] && data.ids == ["a", "b", "c"])
        let x = try data.x().doubles()
        #expect(Array(x[0..<6]) == [31, 1.5, 2, 1, 2, 1])
        #expect(x[7].isNaN && x[12].isNaN && x[8] == 4)
        #expect(try data.describe().contains("one JSON object a line"))
        let other = try written(
            #"{"ok": false, "v": [0, 1], "kind": "dog", "size": {"h": 1, "w": 1}, "age": 2, "id": "z"}"#, "b.jsonl")
        let like = try readCSV(other, like: data)
        #expect(try like.x().doubles() == [2, 1, 1, 0, 1, 0] && like.y?.integers() == [1] && like.ids == ["z"])
    }

    @Test func `an arff file keeps the order of its values`() throws {
        let path = try written(
            """
            % a comment
            @RELATION 'the weather'
            @ATTRIBUTE outlook {sunny, overcast, 'light rain'}
            @attribute temperature numeric
            @attribute "wind speed" REAL
            @attribute play {yes, no}

            @DATA
            sunny, 85, ?, no
            % another
            'light rain',70,96.5,yes
            {1 64, 2 65, 3 no}
            """, "a.arff")
        let data = try readCSV(path, labels: [.name("play")])
        #expect(data.classes == ["yes", "no"])
        #expect(try data.y?.integers() == [1, 0, 1])
        #expect(data.table?.features.map(\.name) == ["outlook", "temperature", "wind speed"])
        #expect(data.table?.features[0].categories == ["sunny", "overcast", "light rain"])
        let x = try data.x().doubles()
        #expect(Array(x[0..<4]) == [1, 0, 0, 85] && x[4].isNaN)
        #expect(Array(x[5..<10]) == [0, 0, 1, 70, 96.5])
        #expect(Array(x[10..<15]) == [1, 0, 0, 64, 65])
    }

    @Test(arguments: [
        ("a.jsonl", "[1, 2]", ":1: expected an object"), ("b.jsonl", "{\"a\": 1}\n{\"a\": }", ":2: no JSON"),
        ("c.jsonl", "{\"a\": 1}\n{\"a\": \"x\"}", ":2: column \"a\": expected a number as above, found \"x\""),
        ("d.jsonl", "{\"a\": 1, \"a\": 2}", "\"a\" stands twice"), ("e.jsonl", "\n", "holds no rows"),
        ("a.arff", "@data\n1", "declares no @attribute"),
        ("b.arff", "@attribute a numeric\n@data\nx", "expected a number, found \"x\""),
        ("c.arff", "@attribute a {p, q}\n@data\nr", "\"r\" is not among p, q"),
        ("d.arff", "@attribute a numeric\n@data\n1,2", "expected 1 values, found 2"),
        ("e.arff", "@attribute a relational\n@data\n1", "the type \"relational\" is not read"),
        ("f.arff", "a,b\n1,2", "expected @relation"),
        ("g.arff", "@attribute 'a numeric\n@data\n1", "a quote has no end"),
        ("h.arff", "@attribute a numeric\n@data\n{5 1}", "the number of an attribute"),
        ("i.arff", "@attribute a numeric\n@data\n{0 1, 0 2}", "has attribute 0 twice"),
        ("j.arff", "@attribute a numeric\n@data\n{0 }", "attribute 0 has no value"),
        ("k.arff", "@attribute a {p, q, p}\n@data\np", "declares a value twice"),
        ("l.csv", "a,id\n1,x\n2,x\n", "the ids x occur more than once"),
        ("m.csv", "a,id\n1,x\n2,\n", "row 1 has no id"),
    ])
    func `a broken file is an error that names the line`(name: String, text: String, message: String) throws {
        let path = try written(text, "broken-" + name)
        var options = CSVOptions()
        if name.hasSuffix(".csv") { options.id = .name("id") }
        let error = #expect(throws: DataError.self) { try readCSV(path, options: options) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `sparse rows hold quoted values, and may be empty`() throws {
        let path = try written(
            """
            @relation r
            @attribute kind {'light, rain', sun}
            @attribute t numeric
            @data
            {0 sun, 1 4}
            {}
            {0 'light, rain' , 1 5}
            """, "sparse.arff")
        #expect(try readCSV(path).x().doubles() == [0, 1, 4, 1, 0, 0, 1, 0, 5])
    }

    @Test func `whole numbers of JSON keep their digits as ids`() throws {
        let path = try written(
            #"{"id": 9007199254740993, "a": 1}"# + "\n" + #"{"id": 9007199254740992, "a": 2}"#, "big.jsonl")
        var options = CSVOptions()
        options.id = .name("id")
        #expect(try readCSV(path, options: options).ids == ["9007199254740993", "9007199254740992"])
    }

    @Test func `an option that a form does not have is refused`() throws {
        let path = try written(#"{"a": 1}"#, "unused.jsonl")
        var options = CSVOptions()
        options.separator = ";"
        let error = #expect(throws: DataError.self) { try readCSV(path, options: options) }
        #expect(error?.message.contains("unused.jsonl") == true, "\(error?.message ?? "")")
    }

    @Test func `ids by their number are the text of the file`() throws {
        let path = try written("id,a\n007,1\n010,2\n", "by-number.csv")
        var options = CSVOptions()
        options.id = .index(0)
        #expect(try readCSV(path, options: options).ids == ["007", "010"])
    }

    @Test func `ids of a table are texts and no input`() throws {
        let path = try written("id,a,y\n007,1,0\n010,2,1\n", "ids.csv")
        var options = CSVOptions()
        options.id = .name("id")
        let data = try readCSV(path, labels: [.name("y")], options: options)
        #expect(data.ids == ["007", "010"] && data.inputShape == [2, 1])
        #expect(try data.rows([1]).ids == ["010"])
        #expect(try Dataset.concat([data, data]).ids == ["007", "010", "007", "010"])
        #expect(try data.describe().contains("ids: 007, …"))
        #expect(throws: DataError.self) { try Dataset(x: .zeros([2, 1]), y: nil, ids: ["a"]) }
    }

    // MARK: Synthetic rows

    private func table() throws -> Dataset {
        let path = try written(
            "a,kind,b,y\n"
                + (0..<40).map { "\($0).5,\(["u", "v", "w"][$0 % 3]),\($0 * $0),\($0 % 2)" }.joined(separator: "\n"),
            "transfer.csv")
        return try readCSV(path, labels: [.name("y")])
    }

    @Test func `synthetic rows take values of others, have no label and keep categories whole`() throws {
        let data = try table()
        let more = try data.transferSet(resampling: 0.5, copies: 3, seed: 4)
        #expect(more.count == 160 && more.classes == data.classes)
        let (x, own) = (try more.x().doubles(), try data.x().doubles())
        #expect(Array(x[..<own.count]) == own)
        #expect(try Array(more.y?.integers()[..<40] ?? []) == data.y?.integers())
        #expect(try more.y?.integers()[40...].allSatisfy { $0 == -100 } == true)
        // a, kind=u, v, w, b: every value occurs, each row has one category, about half of the columns moved.
        var moved = 0
        for row in 40..<160 {
            let cells = Array(x[row * 5..<row * 5 + 5]), source = Array(own[row % 40 * 5..<row % 40 * 5 + 5])
            #expect(cells[1] + cells[2] + cells[3] == 1)
            #expect(cells[0].truncatingRemainder(dividingBy: 1) == 0.5)
            moved += (cells[0] != source[0] ? 1 : 0) + (cells[4] != source[4] ? 1 : 0)
        }
        #expect(abs(Double(moved) / 240 - 0.5) < 0.12)
        let again = try data.transferSet(resampling: 0.5, copies: 3, seed: 4)
        #expect(try again.x().doubles() == x)
        #expect(try data.transferSet(resampling: 0.5, copies: 3, seed: 5).x().doubles() != x)
    }

    @Test func `noise is in units of the column and spares categories`() throws {
        let data = try table()
        let more = try data.transferSet(resampling: 0, noise: 0.1, copies: 20, seed: 1)
        let (x, own) = (try more.x().doubles(), try data.x().doubles())
        for column in [0, 4] {
            let mean = (0..<40).reduce(0.0) { $0 + own[$1 * 5 + column] } / 40
            let deviation =
                ((0..<40).reduce(0.0) { $0 + (own[$1 * 5 + column] - mean) * (own[$1 * 5 + column] - mean) } / 40)
                .squareRoot()
            let changes = (40..<840).map { x[$0 * 5 + column] - own[$0 % 40 * 5 + column] }.filter { $0 != 0 }
            #expect(abs(Double(changes.count) / 800 - 0.1) < 0.04)
            let size = (changes.reduce(0) { $0 + $1 * $1 } / Double(changes.count)).squareRoot()
            #expect(abs(size / deviation - 0.1) < 0.03)
        }
        for column in 1...3 { #expect((40..<840).allSatisfy { x[$0 * 5 + column] == own[$0 % 40 * 5 + column] }) }
    }

    @Test func `rows of numbers and several labels lose their targets, images are refused`() throws {
        let numbers = try Dataset(x: .randn([10, 3]), y: .randn([10]))
        #expect(
            try numbers.transferSet(resampling: 0.1, copies: 1, seed: 0).y?.doubles()[10...].allSatisfy(\.isNaN) == true
        )
        let images = try Dataset(x: .randn([10, 1, 4, 4]), y: nil)
        #expect(throws: DataError.self) { try images.transferSet(resampling: 0.1, seed: 0) }
        #expect(throws: DataError.self) { try numbers.transferSet(resampling: 2, seed: 0) }
        #expect(throws: DataError.self) { try numbers.transferSet(resampling: 0.1, noise: -1, seed: 0) }
        #expect(throws: DataError.self) { try numbers.transferSet(resampling: 0.1, copies: 0, seed: 0) }
    }

    // MARK: Narrow numbers

    @Test(arguments: [
        StoredElement.float16, .bfloat16, .int8, .int16, .int32, .uint8, .uint16, .uint32, .int64, .uint64, .float64,
    ])
    func `numbers are stored as narrow as is said, and read again`(element: StoredElement) throws {
        let isFloat = [.float16, .bfloat16, .float64].contains(element)
        let x = isFloat ? try Tensor([Float(0.5), -2, 1.5, 0]) : try Tensor([0, 1, 100, 127])
        let file = SafeTensors(["x": x, "other": try .ones([3])], elements: ["x": element])
        let again = try SafeTensors(parsing: file.bytes(), path: "x.safetensors")
        #expect(try again.tensors["x"]?.doubles() == x.doubles())
        #expect(try again.tensors["other"]?.doubles() == [1, 1, 1])
        #expect(try element.rounded(x).doubles() == x.doubles())
        guard !isFloat, element.size < 8 else { return }
        #expect(throws: DataError.self) { try element.bytes(of: Tensor([1 << 33])) }
    }
}
