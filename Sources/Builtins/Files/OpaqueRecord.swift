import Diagnostics
import Runtime

/// An object of a PyTorch file whose class is not read: its class's name and its attributes, and nothing that could be
/// computed with.
final class OpaqueRecord: LanguageObject {
    static var languageName: String { "record" }

    /// The class, `torch.optim.sgd.SGD`.
    let name: String
    /// The attributes by name.
    var attributes: [(key: String, value: Value)] = []

    init(_ name: String) { self.name = name }

    /// What is said when it is used as a value.
    func refusal(_ use: String) -> Failure {
        Failure(
            .type, "a \(name) of a PyTorch file is not read, so it cannot be \(use)",
            help: attributes.isEmpty
                ? [] : ["its attributes can be: " + attributes.prefix(8).map { ".\($0.key)" }.joined(separator: " ")])
    }
}

extension Library {
    /// What stays of a PyTorch file's objects.
    func addOpaqueRecords() {
        add(
            ObjectType(
                OpaqueRecord.self, "An object of a PyTorch file whose class is not read: its attributes are.",
                display: { record in
                    let names = record.attributes.prefix(6).map(\.key).joined(separator: ", ")
                    let more = record.attributes.count > 6 ? ", …" : ""
                    return Markup("<\(record.name)\(names.isEmpty ? "" : " with \(names)\(more)")>")
                },
                element: { record, _, _ in throw record.refusal("indexed") },
                iterate: { record, _ in throw record.refusal("gone through") },
                call: { record, _, _, _ in throw record.refusal("called") },
                member: { record, name, _ in record.attributes.first { $0.key == name }?.value },
                memberNames: { $0.attributes.map(\.key) },
                operate: { _, left, right, _ in
                    for case .object(let object) in [left, right] {
                        if let record = object.payload as? OpaqueRecord { throw record.refusal("computed with") }
                    }
                    return nil
                }))
        add(
            Attribute(
                "class_name", on: .object("record"), "The name of the class in Python.",
                examples: [
                    Example(
                        running:
                            #"save({"epoch": 3}, "/tmp/distill-example-record.pt"); load("/tmp/distill-example-record.pt")"#
                    )
                ]
            ) { (record: OpaqueRecord) in record.name })
    }
}
