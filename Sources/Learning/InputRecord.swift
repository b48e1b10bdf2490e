import Data

/// What a network was trained to take: the sizes of one example, and the columns of the table that the examples come from.
public struct InputRecord: Sendable, Equatable {
    /// A column of the table.
    public struct Column: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// The categories, one 0/1 column of the input each, in this order; nil for numbers.
        public let categories: [String]?
    }

    /// The sizes of one example; nil for texts, pairs and inputs by name.
    public let shape: [Int]?
    /// The columns of numbers and categories, in the order of the input; empty where the data were no table.
    public let columns: [Column]
    /// The column of texts that the input is made of, if it is.
    public let text: String?
    /// The columns of the labels, in order.
    public let labels: [String]
    /// The column that names the rows, if its name is known.
    public let id: String?

    /// What a dataset holds.
    public init(of data: Dataset) {
        shape = data.inputShape.map { Array($0.dropFirst()) }
        columns = data.table?.features.map { Column(name: $0.name, categories: $0.categories) } ?? []
        text = data.table?.text
        labels = data.table?.labels ?? []
        id = if case .name(let name)? = data.table?.options.id { name } else { nil }
    }

    /// The record as JSON; what is not known is left out.
    public var json: JSON {
        var members: [(key: String, value: JSON)] = []
        if let shape { members.append(("shape", .array(shape.map { .integer($0) }))) }
        if !columns.isEmpty {
            members.append(
                (
                    "columns",
                    .array(
                        columns.map { column in
                            let categories = column.categories.map { JSON.array($0.map { .string($0) }) }
                            return .object(
                                [("name", .string(column.name))] + (categories.map { [("categories", $0)] } ?? []))
                        })
                ))
        }
        if let text { members.append(("text", .string(text))) }
        if !labels.isEmpty { members.append(("labels", .array(labels.map { .string($0) }))) }
        if let id { members.append(("id", .string(id))) }
        return .object(members)
    }

    /// A record from what ``json`` gave; what is missing or wrong there is left out.
    public init(_ json: JSON) {
        shape = json["shape"]?.array.flatMap { sizes in
            let known = sizes.compactMap(\.integer).filter { $0 >= 0 }
            return known.count == sizes.count ? known : nil
        }
        columns = (json["columns"]?.array ?? []).compactMap { column in
            column["name"]?.string.map {
                Column(name: $0, categories: column["categories"]?.array?.compactMap(\.string))
            }
        }
        text = json["text"]?.string
        labels = json["labels"]?.array?.compactMap(\.string) ?? []
        id = json["id"]?.string
    }
}
