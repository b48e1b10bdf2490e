import Base
import Builtins
import Data
import Learning
import Testing

/// What a saved network says about its inputs.
@Suite struct `Inputs of saved networks` {
    @Test func `Sizes and columns of a table travel with the network, through a file and a second save`() throws {
        _ = try StandardScripts.lines(
            """
            write_text("/tmp/distill-input.csv", "key,age,kind,y\\n1,3,a,no\\n2,4,b,yes\\n3,5,a,no\\n4,7,c,yes\\n")
            table = read_csv("/tmp/distill-input.csv", label="y", id="key")
            net = Linear(4, 2)
            fit(net, table, epochs=1)
            save(net, "/tmp/distill-input-1.distill")
            save(load("/tmp/distill-input-1.distill"), "/tmp/distill-input-2.distill")
            other = Linear(4, 2)
            save(other, "/tmp/distill-input-3.distill", data=table);
            """)
        for number in 1...3 {
            let file = try SafeTensors(reading: "/tmp/distill-input-\(number).distill")
            let text = try #require(file.metadata["distill.record"])
            let input = try #require(try TrainingRecord(JSON(parsing: Array(text.utf8))).input)
            #expect(input.shape == [4])
            #expect(input.columns.map(\.name) == ["age", "kind"])
            #expect(input.columns.map(\.categories) == [nil, ["a", "b", "c"]])
            #expect(input.labels == ["y"])
            #expect(input.id == "key")
            #expect(input.text == nil)
            let page = try FilePage.markup(of: "/tmp/distill-input-\(number).distill", isWhole: false).plain
            let lines = page.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
            let facts = Dictionary(lines.compactMap { $0.count == 2 ? ($0[0], $0[1]) : nil }) { first, _ in first }
                .mapValues { $0.drop { $0 == " " } }
            #expect(facts["input"] == "[4]")
            #expect(facts["columns"] == "age, kind (a b c)")
            #expect(facts["label"] == "y")
            #expect(facts["id"] == "key")
        }
    }

    @Test(
        arguments: [
            ("take(dataset(\"digits\"), 20)", "Linear(64, 10)", [64], nil),
            ("TensorDataset(randn(9, 2, 5), arange(9) % 2)", "Sequential(Flatten(), Linear(10, 2))", [2, 5], nil),
        ] as [(String, String, [Int], String?)])
    func `Data without columns keep their sizes`(_ data: String, _ net: String, _ shape: [Int], _ text: String?) throws
    {
        _ = try StandardScripts.lines(
            "net = \(net); fit(net, \(data), epochs=1); save(net, \"/tmp/distill-input-4.distill\");")
        let file = try SafeTensors(reading: "/tmp/distill-input-4.distill")
        let record = try TrainingRecord(JSON(parsing: Array(#require(file.metadata["distill.record"]).utf8)))
        #expect(record.input?.shape == shape)
        #expect(record.input?.columns == [])
        #expect(record.input?.text == text)
        let page = try FilePage.markup(of: "/tmp/distill-input-4.distill", isWhole: false).plain
        #expect(!page.contains("columns"))
    }

    @Test func `Files of before load as they did, and what is damaged is left out`() throws {
        _ = try StandardScripts.lines("save(Linear(3, 2), \"/tmp/distill-input-5.distill\");")
        let file = try SafeTensors(reading: "/tmp/distill-input-5.distill")
        for (record, shape, columns) in [
            (#"{"classes": ["a", "b"], "provenance": {}}"#, nil, nil),
            (#"{"classes": ["a", "b"], "input": 3, "provenance": {}}"#, nil, []),
            (#"{"classes": ["a", "b"], "input": {"shape": [-1], "columns": 7, "labels": [1]}}"#, nil, []),
            (#"{"classes": ["a", "b"], "input": {"shape": [3], "columns": [{"name": "u"}, {}]}}"#, [3], ["u"]),
        ] as [(String, [Int]?, [String]?)] {
            var metadata = file.metadata
            metadata["distill.record"] = record
            try SafeTensors(file.tensors, metadata: metadata).write(to: "/tmp/distill-input-6.distill")
            #expect(try StandardScripts.lines("load(\"/tmp/distill-input-6.distill\").classes") == ["[\"a\", \"b\"]"])
            let input = try TrainingRecord(JSON(parsing: Array(record.utf8))).input
            #expect(input?.shape == shape)
            #expect(input?.columns.map(\.name) == columns)
            _ = try FilePage.markup(of: "/tmp/distill-input-6.distill", isWhole: false)
        }
    }
}
