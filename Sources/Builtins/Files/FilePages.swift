import Base
import Data
import Diagnostics
import OrderedCollections
import Runtime

/// What a file holds, on a screen.
package enum FilePage {
    /// The most lines that tensors take before they are put together.
    private static let screen = 36

    /// Reads a file's headers and shows them; with `isWhole` every tensor has a line.
    ///
    /// - Throws: `DataError`.
    package static func markup(of path: String, isWhole: Bool) throws -> Markup {
        var place = path
        // The folder of a record is its record.
        if WholeFile.exists(path + "/" + RunRecord.fileName) { place = path + "/" + RunRecord.fileName }
        let contents = try FileContents(of: place)
        var markup = Markup("\(path): \(contents.kind), \(bytes(contents.byteCount))\n")
        let facts = contents.facts.filter { !$0.value.isEmpty }
        if !facts.isEmpty {
            markup.append(Markup(table: facts.map { [Markup("  " + $0.key), Markup($0.value)] }, left: 2))
            markup.append("\n")
        }
        for group in contents.groups {
            let count = group.entries.reduce(0) { $0 + $1.count }
            let types = OrderedSet(group.entries.map(\.element)).joined(separator: ", ")
            let size = group.entries.reduce(0) { $0 + $1.byteCount }
            let title = group.name.isEmpty ? "" : group.name + ": "
            if contents.groups.count > 1 || group.entries.count > 1 || !group.name.isEmpty {
                markup.append(
                    "\(title)\(group.entries.count) tensors, \(grouped(count)) numbers, \(types), \(bytes(size))\n")
            }
            let rows = isWhole ? group.entries.map(row) : summary(group.entries)
            markup.append(Markup(table: rows, left: 3))
            markup.append("\n")
        }
        return markup
    }

    /// A module declaration with the names and shapes of a file.
    ///
    /// - Throws: `DataError`; a `Failure` for a file without tensors that have names.
    package static func skeleton(of path: String, key: String?) throws -> String {
        let groups = try FileContents(of: path).groups.filter { group in
            group.entries.contains { !$0.name.isEmpty }
        }
        let group: FileContents.Group?
        if let key {
            group = groups.first { $0.name == key }
        } else {
            group =
                WeightSearch.usualKeys.lazy.compactMap { key in groups.first { $0.name == key } }.first ?? groups.first
        }
        guard let group else {
            throw Failure(
                .value, "skeleton: \(path) holds no tensors with names" + (key.map { " under \"\($0)\"" } ?? ""),
                help: groups.isEmpty ? [] : ["there are " + groups.map { "\"\($0.name)\"" }.joined(separator: ", ")])
        }
        var shapes = OrderedDictionary(group.entries.map { ($0.name, $0.shape) }) { first, _ in first }
        // What all names begin with says nothing.
        while let start = shapes.keys.first?.split(separator: ".").first.map({ $0 + "." }),
            shapes.keys.allSatisfy({ $0.hasPrefix(start) }),
            shapes.keys.allSatisfy({ $0.dropFirst(start.count).contains(".") })
        {
            shapes = OrderedDictionary(shapes.map { (String($0.key.dropFirst(start.count)), $0.value) }) { first, _ in
                first
            }
        }
        return try ModuleSkeleton.source(shapes, name: "Net", path: path)
    }

    private static func row(_ entry: FileContents.Entry) -> [Markup] {
        [Markup("  " + entry.name), Markup(entry.element), Markup("\(entry.shape)")]
    }

    /// The tensors, those of a module in one line where all would not fit a screen.
    private static func summary(_ entries: [FileContents.Entry]) -> [[Markup]] {
        if entries.count <= screen { return entries.map(row) }
        func groups(_ depth: Int) -> OrderedDictionary<String, [FileContents.Entry]> {
            OrderedDictionary(grouping: entries) { $0.name.split(separator: ".").prefix(depth).joined(separator: ".") }
        }
        var best = groups(1)
        var depth = 2
        while depth < 20, case let deeper = groups(depth), deeper.count <= screen, deeper.count > best.count {
            best = deeper
            depth += 1
        }
        var rows = best.prefix(screen).map { name, members -> [Markup] in
            if members.count == 1, let only = members.first { return row(only) }
            let count = members.reduce(0) { $0 + $1.count }
            return [Markup("  " + name), Markup("\(members.count) tensors"), Markup("\(grouped(count)) numbers")]
        }
        if best.count > screen { rows.append([Markup("  … \(best.count - screen) more: --all shows them")]) }
        return rows
    }

    /// Bytes as people write them.
    private static func bytes(_ count: Int) -> String {
        if count < 1000 { return "\(count) bytes" }
        for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where Double(count) >= size {
            let value = Double(count) / size
            return TextTable.number(value, digits: value < 10 ? 2 : value < 100 ? 1 : 0) + " " + unit
        }
        return "\(count) bytes"
    }

    private static func grouped(_ count: Int) -> String {
        var text = ""
        for (index, digit) in String(count).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}

extension Library {
    /// Declarations from files.
    func addSkeletons() {
        add(
            Builtin(
                "skeleton", .files, "A module declaration whose fields have the names and shapes of a file of weights.",
                Parameter<ReadPath>("path", "a .pth, .safetensors, .npz or .onnx file"),
                Parameter<String?>.optional(
                    "key", "where in a training checkpoint", defaultText: "where weights usually are"),
                returns: "a string, the source of the module",
                notes: [
                    "Layers are told by their tensors; strides, padding, activations and heads are in no file and have the usual value. forward is left as a comment.",
                    "`distill show FILE --module` prints it.",
                ],
                seeAlso: ["load", "summary"],
                examples: [
                    Example(
                        """
                        save(Sequential(fc=Linear(4, 2)), "/tmp/distill-example-skeleton.pt")
                        print(skeleton("/tmp/distill-example-skeleton.pt"))
                        """,
                        "module Net() {", "    fc = Linear(4, 2)", "    # fn forward(x) { return fc(x) }", "}")
                ]
            ) { (path: ReadPath, key: String?) in try FilePage.skeleton(of: path.found(), key: key) })
    }
}
