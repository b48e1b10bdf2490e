import Data

/// The paths of an imported graph's layers: those that the network had where it was exported, as far as the names of nodes say
/// them.
///
/// PyTorch's exporter writes `/layer1/layer1.0/conv1/Conv`, this program `layer1.0.conv1` or, where a layer takes several nodes,
/// `layer1.0.conv1.Add`. Any other name becomes one identifier.
struct ONNXLayerNames {
    /// How many nodes a scope has itself.
    private var counts: [String: Int] = [:]
    /// What has something below it.
    private var parents: Set<String> = []
    private var used: Set<String> = []

    init(_ nodes: [ONNXModel.Node]) {
        for node in nodes {
            let (scope, leaf) = Self.parts(node)
            counts[scope, default: 0] += 1
            var path = leaf.isEmpty ? scope : scope + "." + leaf
            // A scope alone may become the layer; then nothing is below it but what has a longer scope.
            if !leaf.isEmpty { path = scope }
            while let dot = path.lastIndex(of: ".") {
                path = String(path[..<dot])
                parents.insert(path)
            }
        }
    }

    /// The path of a node's layer, which no other has.
    mutating func path(of node: ONNXModel.Node) -> String {
        let (scope, leaf) = Self.parts(node)
        let isAlone = counts[scope] == 1 && !parents.contains(scope)
        let end = leaf.isEmpty ? isAlone ? "" : Self.identifier(node.operation) : isAlone && !scope.isEmpty ? "" : leaf
        let base = end.isEmpty ? scope : scope.isEmpty ? end : scope + "." + end
        var path = base
        var next = 2
        while parents.contains(path) || !used.insert(path).inserted {
            path = "\(base)_\(next)"
            next += 1
        }
        return path
    }

    /// Where a node stands, and what it is called there.
    private static func parts(_ node: ONNXModel.Node) -> (scope: String, leaf: String) {
        let name = node.name.isEmpty ? node.outputs.first ?? node.operation : node.name
        if name.hasPrefix("/") {
            let names = name.split(separator: "/").map(String.init)
            var scope: [String] = []
            for (index, part) in names.dropLast().enumerated() {
                // A child of a list repeats its parent: /layer1/layer1.0.
                let start = index > 0 ? names[index - 1] + "." : ""
                scope.append(!start.isEmpty && part.hasPrefix(start) ? String(part.dropFirst(start.count)) : part)
            }
            return (
                scope.flatMap { $0.split(separator: ".") }.map { identifier(String($0)) }.joined(separator: "."),
                identifier(names.last ?? node.operation)
            )
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isPath =
            parts.count > 1 && !node.name.isEmpty
            && parts.allSatisfy {
                !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            }
        return (isPath ? name : identifier(name), "")
    }

    /// A name that paths can hold.
    static func identifier(_ name: String) -> String {
        let letters = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        let trimmed = String(letters.drop { $0 == "_" })
        return trimmed.isEmpty ? "node" : trimmed
    }
}
