/// What a layer makes of the shape of its input, as far as that is known before anything runs. `check` follows networks by it.
public struct LayerShape: Sendable {
    /// Changes the shape to that of the output.
    public let apply: @Sendable (inout KnownShape, LayerArguments) throws -> Void

    /// A rule; it throws ``KnownShape/mismatch(expected:given:help:)`` where the input does not fit.
    public init(_ apply: @escaping @Sendable (inout KnownShape, LayerArguments) throws -> Void) { self.apply = apply }

    /// The output has the input's shape, whatever that is.
    public static let same = LayerShape { _, _ in }
}

/// The arguments of a layer that are known, by parameter.
public struct LayerArguments: Sendable {
    private let numbers: [String: [Int]]
    private let flags: [String: Bool]
    private let absent: Set<String>
    private let parameters: Set<String>

    /// Arguments by kind: an int stands as a list of one; `absent` are those that are `none`, `parameters` all there are.
    public init(
        numbers: [String: [Int]], flags: [String: Bool], absent: Set<String>, parameters: Set<String>
    ) {
        self.parameters = parameters
        self.numbers = numbers
        self.flags = flags
        self.absent = absent
    }

    /// One int, or the ints of a list.
    public func ints(_ name: String) -> [Int]? { numbers[name] }

    /// One int.
    public func int(_ name: String) -> Int? {
        numbers[name].flatMap { $0.count == 1 ? $0[0] : nil }
    }

    /// The int of a dimension, where one int stands for all.
    public func int(_ name: String, _ dimension: Int) -> Int? {
        guard let ints = numbers[name] else { return nil }
        return ints.count == 1 ? ints[0] : ints.indices.contains(dimension) ? ints[dimension] : nil
    }

    /// A yes or no.
    public func flag(_ name: String) -> Bool? { flags[name] }

    /// Whether the layer has a parameter of the name.
    public func has(_ name: String) -> Bool { parameters.contains(name) }

    /// Whether the argument is known to be `none`.
    public func isNone(_ name: String) -> Bool { absent.contains(name) }
}

/// What is known about the shape of a value on its way through a network.
public struct KnownShape: Sendable {
    /// The sizes, when the number of dimensions is known.
    public var sizes: [Int?]?
    /// The size of the last dimension, when that is all that is known.
    public var features: Int?
    /// What the size of the last dimension is a multiple of.
    public var factor: Int?
    /// Whether the layer gave the value its features or channels, so that a mismatch later on is told from here.
    public var isGiven = false

    /// The sizes as far as they are known; nil where not even their number is.
    public init(_ sizes: [Int?]? = nil) { self.sizes = sizes }

    /// The size of the last dimension.
    public var last: Int? { sizes.map { $0.last ?? nil } ?? features }

    /// Knows nothing any more.
    public mutating func forget() { self = KnownShape() }

    /// Notes that the layer made `size` features.
    public mutating func give(features size: Int?) {
        features = size
        giveChannels()
    }

    /// Notes that the layer made the channels.
    public mutating func giveChannels() {
        factor = nil
        isGiven = true
    }

    /// What does not fit: what the layer takes, and what it is given; for the sizes themselves leave `given` out.
    public func mismatch(_ expected: String, given: String? = nil, help: [String] = []) -> Mismatch {
        Mismatch(expected: expected, given: given ?? Self.text(sizes ?? []), help: help)
    }

    /// Two shapes that do not meet.
    public struct Mismatch: Error {
        /// What the layer takes.
        public let expected: String
        /// What it would be given.
        public let given: String
        /// Ways out.
        public let help: [String]
    }

    /// Sizes as they are written, `N` for a batch and `?` for what else is not known.
    public static func text(_ sizes: [Int?]) -> String {
        "[" + sizes.enumerated().map { $1.map(String.init) ?? ($0 == 0 ? "N" : "?") }.joined(separator: ", ") + "]"
    }
}
