/// What a picture says about itself: text chunks in PNG, document properties in PDF, a description in SVG.
///
/// There is no time stamp, so that the same figure gives the same bytes on every run.
public struct PictureMetadata: Sendable, Equatable {
    /// The title; the figure's own when it is `nil`.
    public var title: String?
    /// What the picture shows, in words; the figure's alternative text when it is `nil`.
    public var description: String?
    /// The program that made it.
    public var software: String
    /// The hash of the script that made it.
    public var scriptHash: String?
    /// The seed of the run that made it.
    public var seed: UInt64?
    /// Further keyword–text pairs in the order to write them; keywords have 1 to 79 ASCII characters.
    public var entries: [(keyword: String, text: String)] = []

    /// Metadata from its parts.
    public init(
        title: String? = nil, description: String? = nil, software: String = "distill", scriptHash: String? = nil,
        seed: UInt64? = nil
    ) {
        self.title = title
        self.description = description
        self.software = software
        self.scriptHash = scriptHash
        self.seed = seed
    }

    /// Whether both say the same.
    public static func == (a: PictureMetadata, b: PictureMetadata) -> Bool {
        a.texts.elementsEqual(b.texts) { $0.keyword == $1.keyword && $0.text == $1.text }
    }

    /// The pairs to write, in order, with PNG's registered keywords where there is one.
    var texts: [(keyword: String, text: String)] {
        var result: [(keyword: String, text: String)] = []
        if let title, !title.isEmpty { result.append(("Title", title)) }
        if let description, !description.isEmpty { result.append(("Description", description)) }
        if !software.isEmpty { result.append(("Software", software)) }
        if let scriptHash { result.append(("Script", scriptHash)) }
        if let seed { result.append(("Seed", String(seed))) }
        return result + entries
    }
}
