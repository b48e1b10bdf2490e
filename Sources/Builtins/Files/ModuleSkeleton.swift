import Data
import Diagnostics
import OrderedCollections

/// A `module` declaration whose fields have the names and shapes of a file's tensors: what one would otherwise type.
///
/// A layer is told by the tensors it has: four dimensions are a convolution, running means a batch norm, `weight_ih_l0` an
/// LSTM. What no tensor says (strides, padding, activations, heads) has the usual value and a comment; `forward` is left.
struct ModuleSkeleton {
    private final class Node {
        var tensors: OrderedDictionary<String, [Int]> = [:]
        var children: OrderedDictionary<String, Node> = [:]
        /// How deep it may be.
        static let mostLevels = 100
    }

    private var declarations: [String] = []
    private var known: [String: String] = [:]
    private var used: Set<String> = []
    /// Whether the layer before was fully connected: batch norms behind it have one dimension.
    private var isFlat = false

    /// The source of a module for tensors of these names and shapes.
    ///
    /// - Throws: a `DataError` for names that are nested too deeply.
    static func source(_ shapes: OrderedDictionary<String, [Int]>, name: String, path: String) throws -> String {
        let root = Node()
        for (name, shape) in shapes {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= Node.mostLevels else {
                throw DataError.content(path: path, problem: "a name has \(parts.count) parts", help: nil)
            }
            var node = root
            for part in parts.dropLast() {
                let child = node.children[part] ?? Node()
                node.children[part] = child
                node = child
            }
            node.tensors[parts.last ?? name] = shape
        }
        var skeleton = ModuleSkeleton()
        if let layer = skeleton.layer(root, name) {
            return "# \(path) holds one layer\nnet = \(layer)\n"
        }
        _ = skeleton.module(root, name)
        return skeleton.declarations.joined(separator: "\n")
    }

    // MARK: Layers

    /// The call that makes a node's layer, if its tensors are those of a layer.
    private mutating func layer(_ node: Node, _ name: String) -> String? {
        let tensors = node.tensors
        if let input = tensors["in_proj_weight"], let out = node.children["out_proj"], input.count == 2,
            out.children.isEmpty
        {
            let width = input[1]
            let bias = tensors["in_proj_bias"] == nil ? ", bias=false" : ""
            return
                "MultiheadAttention(\(width), \(width % 64 == 0 && width > 64 ? width / 64 : 1)\(bias), batch_first=true)"
        }
        guard node.children.isEmpty else { return nil }
        if let first = tensors["weight_ih_l0"], let second = tensors["weight_hh_l0"], first.count == 2,
            second.count == 2,
            second[0] == 4 * second[1]
        {
            var layers = 1
            while tensors["weight_ih_l\(layers)"] != nil { layers += 1 }
            let options =
                (layers > 1 ? ", num_layers=\(layers)" : "") + (tensors["bias_ih_l0"] == nil ? ", bias=false" : "")
                + (tensors["weight_ih_l0_reverse"] == nil ? "" : ", bidirectional=true")
            return "LSTM(\(first[1]), \(second[1])\(options), batch_first=true)"
        }
        let names = Set(tensors.keys)
        let norms: Set<String> = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        if let mean = tensors["running_mean"], mean.count == 1, names.isSubset(of: norms) {
            let affine = tensors["weight"] == nil ? ", affine=false" : ""
            return "\(isFlat ? "BatchNorm1d" : "BatchNorm2d")(\(mean[0])\(affine))"
        }
        guard let weight = tensors["weight"], names.isSubset(of: ["weight", "bias"]),
            tensors["bias"].map({ $0.count == 1 }) ?? true
        else { return nil }
        let bias = tensors["bias"] == nil ? ", bias=false" : ""
        switch weight.count {
        case 4:
            isFlat = false
            let kernel = weight[2] == weight[3] ? "\(weight[2])" : "[\(weight[2]), \(weight[3])]"
            let padding = weight[2] == weight[3] ? (weight[2] - 1) / 2 : 0
            let isDepthwise = weight[1] == 1 && weight[0] > 1
            return "Conv2d(\(isDepthwise ? weight[0] : weight[1]), \(weight[0]), \(kernel)"
                + (padding > 0 ? ", padding=\(padding)" : "") + (isDepthwise ? ", groups=\(weight[0])" : "") + bias
                + ")"
        case 3:
            isFlat = true
            let padding = (weight[2] - 1) / 2
            return "Conv1d(\(weight[1]), \(weight[0]), \(weight[2])" + (padding > 0 ? ", padding=\(padding)" : "")
                + bias + ")"
        case 2:
            isFlat = true
            if tensors["bias"] == nil, name.lowercased().contains("emb") {
                return "Embedding(\(weight[0]), \(weight[1]))"
            }
            return "Linear(\(weight[1]), \(weight[0])\(bias))"
        case 1:
            guard tensors["bias"] == nil || tensors["bias"] == weight else { return nil }
            return "LayerNorm(\(weight[0])\(bias))"
        default: return nil
        }
    }

    // MARK: Modules

    /// An expression for a node: a layer, a Sequential of numbered children, or a module of its own.
    private mutating func expression(_ node: Node, _ path: [String]) -> String {
        let name = path.last ?? "net"
        if let layer = layer(node, name) { return layer }
        let numbers = node.children.keys.compactMap(Int.init)
        if node.tensors.isEmpty, numbers.count == node.children.count, let last = numbers.max(), last < 10_000 {
            var parts: [String] = []
            for index in 0...last {
                let child = node.children[String(index)]
                parts.append(child.map { expression($0, path + [String(index)]) } ?? "Identity()")
            }
            return "Sequential(\(parts.joined(separator: ", ")))"
        }
        if node.tensors.isEmpty, node.children.keys.contains(where: { !Self.isName($0) }) {
            let parts = node.children.map { "\"\($0)\": \(expression($1, path + [$0]))" }
            return "Sequential(**{\(parts.joined(separator: ", "))})"
        }
        return module(node, Self.typeName(path)) + "()"
    }

    /// Declares a module for a node, once for nodes of equal names and shapes.
    private mutating func module(_ node: Node, _ wanted: String) -> String {
        var fields: [String] = []
        var order: [String] = []
        for (name, shape) in node.tensors {
            guard Self.isName(name) else {
                fields.append("    # \"\(name)\" \(shape): no field can have this name")
                continue
            }
            let sizes = shape.isEmpty ? "0.0" : shape.map(String.init).joined(separator: ", ")
            let isBuffer = ["running_mean", "running_var", "position_ids", "num_batches_tracked"].contains(name)
            let value = shape.isEmpty ? "tensor(0.0)" : "zeros(\(sizes))"
            fields.append("    \(name) = \(isBuffer ? "Buffer" : "Parameter")(\(value))")
        }
        for (name, child) in node.children {
            guard Self.isName(name) else {
                fields.append("    # \"\(name)\": no field can have this name")
                continue
            }
            fields.append("    \(name) = \(expression(child, [name]))")
            order.append(name)
        }
        let body = fields.joined(separator: "\n")
        if let name = known[body] { return name }
        var name = wanted
        var number = 2
        while !used.insert(name).inserted {
            name = "\(wanted)\(number)"
            number += 1
        }
        known[body] = name
        let steps = order.isEmpty ? "x" : order.reduce("x") { "\($1)(\($0))" }
        let forward =
            steps.count <= 90
            ? "    # fn forward(x) { return \(steps) }" : "    # fn forward(x) { … }  in the order of the names above"
        declarations.append("module \(name)() {\n\(body)\n\(forward)\n}\n")
        return name
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else { return false }
        let words: Set<String> = [
            "and", "or", "not", "if", "else", "for", "in", "fn", "return", "module", "import", "as", "try", "catch",
            "raise",
            "while", "break", "continue", "true", "false", "none", "param", "assert",
        ]
        return !words.contains(text)
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0))
            }
    }

    /// `LayerBlock` for `layer.block`.
    private static func typeName(_ path: [String]) -> String {
        let words = path.filter { Int($0) == nil }.suffix(2).flatMap { $0.split(separator: "_") }
        let letters = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            .filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return letters.first?.isLetter == true ? letters : "Block" + letters
    }
}
