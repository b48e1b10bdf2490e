import Data

/// Where in a network a feature is taken: the output of a layer, what goes into it (`"fc@input"`), or something that it
/// computes on the way (`"self_attn@scores"`).
///
/// A path names children joined by dots, unnamed children by their number: `"layer3.0.bn1"`.
public struct LayerPath: Hashable, Sendable, CustomStringConvertible {
    /// Which side of the layer.
    public enum Side: Hashable, Sendable {
        /// What the layer gives.
        case output
        /// What the layer is given.
        case input
        /// Something that the layer computes on the way, by its name: the `"scores"` of an attention.
        case inside(String)

        /// What stands behind the layer's path.
        var suffix: String {
            switch self {
            case .output: ""
            case .input: "@input"
            case .inside(let name): "@" + name
            }
        }
    }

    /// The names from the root down; empty for the network itself.
    public let components: [String]
    /// Which side of the layer is meant.
    public let side: Side

    /// A path from its text. `"output"` and `""` both mean the network itself.
    public init(_ text: String) {
        var path = text[...]
        var side = Side.output
        if let sign = path.lastIndex(of: "@") {
            let name = path[path.index(after: sign)...]
            side = name == "input" ? .input : .inside(String(name))
            path = path[..<sign]
        }
        self.init(components: path.split(separator: ".").map(String.init), side: side)
    }

    /// A path from its parts.
    public init(components: [String], side: Side = .output) {
        self.components = components
        self.side = side
    }

    /// What a feature taken here is known to be.
    public var kind: TargetRows.FeatureKind {
        switch side {
        case .inside("query"), .inside("key"), .inside("value"): .heads
        case .inside("scores"), .inside("probabilities"): .attention
        default: .any
        }
    }

    /// The layer alone, without its side.
    public var layer: String { components.joined(separator: ".") }

    /// The path as it is written.
    public var description: String {
        layer + side.suffix
    }
}
