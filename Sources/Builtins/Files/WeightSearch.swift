import Data
import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors

/// Finds in a file the tensors that fill a network: where they lie, and how their names begin.
struct WeightSearch {
    /// Tensors by name somewhere in a file, not read yet.
    struct Candidate {
        /// The keys that lead there.
        let place: [String]
        /// The shapes by name.
        let shapes: OrderedDictionary<String, [Int]>
        /// Reads them.
        let read: () throws -> OrderedDictionary<String, Tensor>
    }

    /// Where checkpoints keep weights.
    static let usualKeys = [
        "state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params", "teacher", "ema",
        "model_ema", "state_dict_ema", "ema_state_dict", "student",
    ]

    let path: String
    let candidates: [Candidate]

    // MARK: Where

    /// The tensors of a PyTorch file: the value itself, then what lies under the usual keys, one level and two, then
    /// under any other.
    init(_ file: TorchFile, key: String?) throws {
        path = file.path
        var found: [Candidate] = []
        func add(_ value: PickleValue, _ place: [String]) throws {
            guard let state = try file.state(of: value) else { return }
            found.append(
                Candidate(place: place, shapes: state.mapValues(\.shape)) {
                    try state.mapValues { try file.tensor($0) }
                }
            )
        }
        func members(_ value: PickleValue) throws -> [(key: String, value: PickleValue)] {
            let members = try file.members(of: value)
            let usual = Self.usualKeys.compactMap { key in members.first { $0.key == key } }
            return usual + members.filter { !Self.usualKeys.contains($0.key) }.prefix(100)
        }
        var root = file.root
        var start: [String] = []
        if let key {
            root = try Self.value(at: key, of: file)
            start = [key]
        }
        try add(root, start)
        for (name, value) in try members(root) { try add(value, start + [name]) }
        if found.isEmpty {
            for (name, value) in try members(root) {
                for (inner, value) in try members(value) { try add(value, start + [name, inner]) }
            }
        }
        guard !found.isEmpty else {
            let names = try file.members(of: root).map { "\"\($0.key)\"" }
            let place = key.map { "under \"\($0)\" " } ?? ""
            throw Failure(
                .value,
                "load: \(path) holds no weights \(place)"
                    + (names.isEmpty ? "" : "but " + names.prefix(12).joined(separator: ", ")),
                help: ["load(\"\(path)\") gives what it holds"], operands: [1: ""])
        }
        candidates = found
    }

    /// The tensors of a file that holds nothing else.
    init(path: String, tensors: OrderedDictionary<String, Tensor>) {
        self.path = path
        candidates = [Candidate(place: [], shapes: tensors.mapValues { $0.shape.array }) { tensors }]
    }

    /// The value under a key, or under keys with dots between them.
    private static func value(at key: String, of file: TorchFile) throws -> PickleValue {
        let members = try file.members(of: file.root)
        if let exact = members.first(where: { $0.key == key }) { return exact.value }
        var value = file.root
        for name in key.split(separator: ".").map(String.init) {
            let members = try file.members(of: value)
            guard let next = members.first(where: { $0.key == name }) else {
                let names = members.map(\.key)
                var help = ["there are " + names.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ")]
                if let near = Nearest.match(name, in: names) { help = ["did you mean \"\(near)\"?"] }
                if names.isEmpty { help = [] }
                throw Failure(.key, "load: \(file.path) has no key \"\(key)\"", help: help, operands: [:])
            }
            value = next.value
        }
        return value
    }

    // MARK: Which

    /// The candidate that fits best, and how its names become the network's.
    struct Choice {
        let candidate: Candidate
        /// What its names begin with that the network's do not.
        let prefix: String
        /// Whose names they are, if not the network's.
        let convention: NameConvention?
        /// What was done that one did not ask for; none when nothing was.
        var note: String?

        /// The tensors under the network's names.
        func tensors(for own: [(name: String, tensor: Tensor)]) throws -> OrderedDictionary<String, Tensor> {
            var tensors: OrderedDictionary<String, Tensor> = [:]
            for (name, tensor) in try candidate.read() {
                tensors[name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name] = tensor
            }
            guard let convention else { return tensors }
            return try WeightSearch.translated(tensors, convention, own)
        }
    }

    /// Chooses for a network with these names; of those that fit equally the first counts.
    func choice(for names: Set<String>, asked: Bool) -> Choice? {
        var best: (candidate: Candidate, prefix: String, convention: NameConvention?, count: Int)?
        for candidate in candidates {
            let prefix = Self.prefix(of: candidate.shapes.keys, for: names)
            let count = candidate.shapes.keys.count { names.contains(String($0.dropFirst(prefix.count))) }
            if count > best?.count ?? -1 { best = (candidate, prefix, nil, count) }
            guard count < names.count else { continue }
            for wrapper in ["", "module.", "model."] where candidate.shapes.keys.allSatisfy({ $0.hasPrefix(wrapper) }) {
                let stripped = candidate.shapes.keys.map { String($0.dropFirst(wrapper.count)) }
                for convention in NameConvention.all {
                    // What no rule fits may have the right name already.
                    let (list, translated) = convention.translations(of: stripped, into: names)
                    let count = translated == 0 ? 0 : Set(list.map(\.target)).intersection(names).count
                    if count > best?.count ?? -1 { best = (candidate, wrapper, convention, count) }
                }
            }
        }
        guard let best else { return nil }
        var notes: [String] = []
        if !best.candidate.place.isEmpty, !asked || best.candidate.place.count > 1 {
            let place = best.candidate.place.map { "\"\($0)\"" }.joined(separator: " → ")
            let others = candidates.compactMap { $0.place.isEmpty ? nil : $0.place.joined(separator: ".") }
                .filter { $0 != best.candidate.place.joined(separator: ".") }
            notes.append(
                "the weights under \(place)"
                    + (others.isEmpty ? "" : " (there are also \(others.prefix(4).joined(separator: ", ")): key=)"))
        }
        if !best.prefix.isEmpty { notes.append("names without their \"\(best.prefix)\"") }
        if let convention = best.convention { notes.append("the names are \(convention.name), taken as the network's") }
        let note = notes.isEmpty ? nil : "load: \(path): " + notes.joined(separator: ", ")
        return Choice(candidate: best.candidate, prefix: best.prefix, convention: best.convention, note: note)
    }

    /// Tensors under the names that a convention's rules give them, parts joined, in the network's shape where only that
    /// differs: others have dimensions of 1, or the images before a fully connected layer, where it has one dimension.
    private static func translated(
        _ tensors: OrderedDictionary<String, Tensor>, _ convention: NameConvention,
        _ own: [(name: String, tensor: Tensor)]
    ) throws -> OrderedDictionary<String, Tensor> {
        let shapes = Dictionary(own.map { ($0.name, $0.tensor.shape.array) }) { first, _ in first }
        var parts: OrderedDictionary<String, [(order: Int, tensor: Tensor)]> = [:]
        for step in convention.translations(of: tensors.keys, into: Set(shapes.keys)).list {
            guard let tensor = tensors[step.source] else { continue }
            parts[step.target, default: []].append((step.part ?? 0, tensor))
        }
        return try parts.mapValues { list in
            let pieces = list.sorted { $0.order < $1.order }.map(\.tensor)
            return pieces.count == 1 ? pieces[0] : try Tensor.cat(pieces, dim: 0)
        }
        .reduce(into: [:]) { result, entry in
            let (name, tensor) = entry
            let shape = shapes[name] ?? tensor.shape.array
            let isSame = shape.first == tensor.shape.array.first && shape.reduce(1, *) == tensor.count
            result[name] = isSame && shape != tensor.shape.array ? try tensor.reshape(shape) : tensor
        }
    }

    /// What all names begin with and none of the network's needs: the beginning that makes most of them match.
    private static func prefix(of names: OrderedSet<String>, for wanted: Set<String>) -> String {
        guard let first = names.first else { return "" }
        var best = (prefix: "", count: names.count { wanted.contains($0) })
        var prefix = ""
        for part in first.split(separator: ".", omittingEmptySubsequences: false).dropLast() {
            prefix += part + "."
            guard names.allSatisfy({ $0.hasPrefix(prefix) }) else { break }
            let count = names.count { wanted.contains(String($0.dropFirst(prefix.count))) }
            if count > best.count { best = (prefix, count) }
        }
        return best.prefix
    }
}

/// How tensors by name and a network differ.
struct WeightMismatch {
    private let missing: [(name: String, shape: [Int])]
    private let unexpected: [(name: String, shape: [Int])]
    private let reshaped: [(name: String, here: [Int], there: [Int])]

    init(network: [(name: String, tensor: Tensor)], file: OrderedDictionary<String, [Int]>) {
        let names = Set(network.map(\.name))
        missing = network.filter { file[$0.name] == nil }.map { ($0.name, $0.tensor.shape.array) }
        unexpected = file.filter { !names.contains($0.key) }.map { ($0.key, $0.value) }
        reshaped = network.compactMap { name, tensor in
            guard let found = file[name], found != tensor.shape.array else { return nil }
            return (name, tensor.shape.array, found)
        }
    }

    /// Lines that put what the network has beside the nearest of the file, with the shapes.
    var notes: [String] {
        var lines: [String] = []
        for (name, here, there) in reshaped.prefix(8) {
            lines.append("\"\(name)\" is \(here) in the network and \(there) in the file")
        }
        for (name, shape) in missing.prefix(8) {
            if let near = nearest(name, shape) {
                lines.append("\"\(name)\" \(shape) is missing; the file's nearest is \"\(near.name)\" \(near.shape)")
            }
        }
        return lines
    }

    /// The way out where only the number of classes differs.
    var classes: String? {
        guard missing.isEmpty, unexpected.isEmpty, let (name, here, there) = reshaped.first, here.count > 0,
            here.count == there.count, here.dropFirst() == there.dropFirst(), reshaped.count <= 2,
            reshaped.allSatisfy({ $0.here.first == here[0] && $0.there.first == there[0] })
        else { return nil }
        let layer = name.split(separator: ".").dropLast().joined(separator: ".")
        let swap =
            layer.contains(".") || here.count != 2
            ? "" : "; net.\(layer) = Linear(\(here[1]), \(here[0])) afterwards"
        return
            "the file has \(there[0]) classes and the network \(here[0]): build it with num_classes=\(there[0])\(swap)"
    }

    /// A way to make names fit that begin differently.
    var renaming: String? {
        guard let first = missing.first, let near = nearest(first.name, first.shape) else { return nil }
        let ours = first.name.split(separator: ".").map(String.init)
        let theirs = near.name.split(separator: ".").map(String.init)
        var shared = 0
        while shared < min(ours.count, theirs.count), ours[ours.count - 1 - shared] == theirs[theirs.count - 1 - shared]
        {
            shared += 1
        }
        func beginning(_ parts: [String]) -> String {
            let kept = parts.dropLast(shared)
            return kept.isEmpty ? "" : kept.joined(separator: ".") + "."
        }
        let (old, new) = (beginning(theirs), beginning(ours))
        guard shared > 0, !old.isEmpty else { return nil }
        return "rename={\"\(old)\": \"\(new)\"} changes how names begin, strict=false loads what matches"
    }

    /// The unexpected name that most resembles one of the network: same end, same shape, fewest other letters.
    private func nearest(_ name: String, _ shape: [Int]) -> (name: String, shape: [Int])? {
        let end = name.split(separator: ".").last
        var best: (name: String, shape: [Int], cost: Int)?
        for (other, found) in unexpected.prefix(2000) {
            guard other.split(separator: ".").last == end else { continue }
            let common = zip(name.reversed(), other.reversed()).prefix { $0 == $1 }.count
            let cost = (found == shape ? 0 : 1000) + abs(name.count - other.count) - 2 * common
            if cost < best?.cost ?? Int.max { best = (other, found, cost) }
        }
        return best.map { ($0.name, $0.shape) }
    }
}
