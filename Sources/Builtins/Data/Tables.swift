import Data
import OrderedCollections
import Runtime

/// What a column of a table is read as.
enum ColumnTypeName: String, StringOption {
    case string, number

    var type: CSVOptions.ColumnType { self == .string ? .string : .number }
}

/// How the bytes of a text file are read.
enum EncodingName: String, StringOption {
    case utf8 = "utf-8"
    case latin1 = "latin-1"
}

/// `"auto"`, or whether.
struct AutoOr: ValueDecodable, LiteralEncodable {
    let choice: Bool?

    static var languageType: LanguageType { .union([.bool, .options(["auto"])]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> AutoOr? {
        if case .bool(let choice) = value { return AutoOr(choice: choice) }
        return value.text == "auto" ? AutoOr(choice: nil) : nil
    }

    var literal: Literal { choice.map { .bool($0) } ?? .string("auto") }
}

extension Library {
    /// Tables as people have them.
    func addTables() {
        let path = Parameter<ReadPath>("path", "the file")
        let label = Parameter<OneOrMore<ColumnName>?>.optional(
            "label", "the label's column by name or position (negative from the end), or a list of several")
        let separator = Parameter<String>(
            "separator", "what stands between the fields; \"auto\" finds comma, semicolon, tab or bar", default: "auto")
        let header = Parameter<AutoOr>(
            "header", "whether the first line holds the names of the columns", default: AutoOr(choice: nil))
        let names = Parameter<[String]?>.optional(
            "names", "the names of the columns", defaultText: "those of the header")
        let decimal = Parameter<String>("decimal", "what stands before the fraction of a number", default: ".")
        let thousands = Parameter<String?>.optional("thousands", "what groups the digits of a number; needs decimal=")
        let missing = Parameter<[String]?>.optional(
            "missing", "the texts of missing values",
            defaultText: CSVOptions.usualMissing.map { "\"\($0)\"" }.joined(separator: ", ") + ", in any letters")
        let types = Parameter<OrderedDictionary<String, ColumnTypeName>?>.optional(
            "types",
            "what columns are read as, by name: {\"id\": \"string\"}; \"string\" makes categories, or classes of a label"
        )
        let like = Parameter<Dataset?>.optional(
            "like", "a dataset read of a table: this one gets its columns, categories and classes, by name")
        let classes = Parameter<[String]?>.optional(
            "classes", "the names of the classes, in order", defaultText: "those that occur, sorted")
        let encoding = Parameter<EncodingName>("encoding", "of the file", default: .utf8)
        let columns = Parameter<[ColumnName]?>.optional("usecols", "the columns that are read", defaultText: "all")
        let text = Parameter<ColumnName?>.optional(
            "text", "the column of texts that x is; other columns than the label's are passed over")
        let id = Parameter<ColumnName?>.optional(
            "id", "the column that names the rows; it is no input, and what a teacher said elsewhere is found by it")
        let skip = Parameter<Int>("skip", "lines at the beginning that are passed over", default: 0)
        let comment = Parameter<String?>.optional("comment", "what a line that says nothing begins with")
        add(
            Builtin(
                "read_csv", .data,
                "Reads a table, .csv, .jsonl or .arff: `label` names the label column, all others make x.",
                parameters: [
                    path.description, label.description, separator.description, header.description, names.description,
                    decimal.description, thousands.description, missing.description, types.description,
                    like.description, classes.description, encoding.description, columns.description,
                    skip.description, comment.description, id.description, text.description,
                ],
                returns:
                    "x int64 when all its columns are whole numbers, else float32 [N, D]; with text= a list of strings",
                notes: [
                    "A text column becomes one 0/1 column per category; a text label becomes classes. describe() says what was guessed.",
                    "Without header= the first line is a header when its fields are texts that all differ, or when one is a text above a number.",
                    "A .jsonl or .ndjson file has one JSON object a line: fields of objects are columns such as user.age, lists of numbers columns such as embedding.0. An .arff file declares its columns; nominal ones keep their order.",
                    "A test file is read with like=train, so that its columns, categories and classes are those of train.",
                ],
                pytorch: .none, seeAlso: ["dataset", "TensorDataset", "tokenize"],
                examples: [
                    Example(
                        """
                        write_text("/tmp/distill-example.csv", "a,b,kind\\n1.5,2,cat\\n0.5,4,dog\\n")
                        read_csv("/tmp/distill-example.csv", label="kind").classes
                        """, #"["cat", "dog"]"#)
                ]
            ) { call in
                var options = CSVOptions()
                let separator = try call[separator]
                if separator != "auto" { options.separator = try Self.character(separator, "separator") }
                options.header = try call[header].choice
                options.names = try call[names]
                if options.names != nil, options.header == nil { options.header = false }
                options.decimal = try Self.character(call[decimal], "decimal")
                options.thousands = try call[thousands].map { try Self.character($0, "thousands") }
                options.missing = try call[missing]
                for (name, type) in try call[types] ?? [:] { options.types[name] = type.type }
                options.classes = try call[classes]
                options.isLatin1 = try call[encoding] == .latin1
                options.columns = try call[columns]?.map(\.label)
                options.skip = try call[skip]
                options.id = try call[id]?.label
                options.text = try call[text]?.label
                options.comment = try call[comment].map { try Self.character($0, "comment") }
                let data = try readCSV(
                    call[path].found(), labels: (call[label]?.elements ?? []).map(\.label), options: options,
                    like: call[like])
                for doubt in data.table?.doubts ?? [] { call.interpreter.warn("read_csv: \(doubt)") }
                return data
            })
    }

    private static func character(_ text: String, _ name: String) throws -> Character {
        guard let character = text.first, text.utf8.count == 1 else {
            throw Failure(.value, "read_csv: the \(name) must be one ASCII character, given \"\(text)\"")
        }
        return character
    }
}
