import Diagnostics
import Runtime
import Syntax

/// A value on its way through a network: what is known about its shape, and which text made it so.
struct Flow {
    private var shape: KnownShape
    private let library: Library
    /// What gave the value its features or channels.
    private(set) var origin: Origin?

    /// The sizes, when the number of dimensions is known.
    var sizes: [Int?]? { shape.sizes }

    struct Origin {
        let text: String
        let span: SourceSpan
        /// None for the text that is being checked.
        let source: SourceText?
    }

    /// Two sizes that do not meet.
    struct Mismatch: Error {
        let written: Layer.Written
        let expected: String
        let given: String
        let giver: String
        let origin: Origin?
        let help: [String]
    }

    /// A value of which nothing is known.
    init(_ library: Library) {
        self.library = library
        shape = KnownShape()
    }

    /// A value of a shape, with the text that makes it.
    init(_ library: Library, sizes: [Int?], origin text: String, _ span: SourceSpan) {
        self.library = library
        shape = KnownShape(sizes)
        origin = Origin(text: text.count > 40 || text.contains("\n") ? "the input" : text, span: span, source: nil)
    }

    /// Sends the value through a layer.
    ///
    /// - Throws: `Mismatch` where its shape does not fit.
    mutating func pass(_ layer: Layer) throws {
        switch layer {
        case .unknown: forget()
        case .sequence(let layers, _): for layer in layers { try pass(layer) }
        case .layer(let name, let values, let written):
            guard let rule = library.moduleType(named: name)?.shape else { return forget() }
            try pass(rule, LayerArguments(values), written)
        }
    }

    private mutating func forget() {
        shape.forget()
        origin = nil
    }

    private mutating func pass(_ rule: LayerShape, _ arguments: LayerArguments, _ written: Layer.Written) throws {
        shape.isGiven = false
        do {
            try rule.apply(&shape, arguments)
        } catch let mismatch as KnownShape.Mismatch {
            throw Mismatch(
                written: written, expected: mismatch.expected, given: mismatch.given,
                giver: origin?.text ?? "what is in front of it", origin: origin, help: mismatch.help)
        }
        if shape.isGiven { origin = Origin(text: written.text, span: written.span, source: written.source) }
        if shape.sizes == nil, shape.features == nil, shape.factor == nil { origin = nil }
    }
}

extension LayerArguments {
    fileprivate init(_ values: [String: Known]) {
        var absent: Set<String> = []
        for (name, value) in values { if case .literal(.none) = value { absent.insert(name) } }
        self.init(
            numbers: values.compactMapValues(\.ints), flags: values.compactMapValues(\.bool), absent: absent,
            parameters: Set(values.keys))
    }
}
