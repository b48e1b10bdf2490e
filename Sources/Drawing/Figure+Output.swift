import Base
import Glibc

extension Figure {
    /// The file formats a figure is written in.
    public enum Format: String, Sendable, CaseIterable {
        /// Pixels, `dpi` of them per inch.
        case png
        /// Scalable, for web pages.
        case svg
        /// Scalable, for papers.
        case pdf

        /// The format that the path's extension names.
        ///
        /// - Throws: ``DrawingError`` of kind `value` for any other extension.
        public init(path: String) throws {
            let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            let ending = parts.count > 1 ? parts.last.map { $0.lowercased() } ?? "" : ""
            guard let format = Format(rawValue: ending) else {
                throw DrawingError(
                    .value, "save: a figure cannot be written as “\(name)”",
                    help: "figures are written as .png, .svg or .pdf")
            }
            self = format
        }
    }

    /// The figure as a PNG file, `dpi / 96` pixels for each logical pixel, with its metadata in text chunks.
    ///
    /// - Throws: ``DrawingError`` of kind `limit` for a picture of more than 200 million pixels.
    public func png(metadata: PictureMetadata = PictureMetadata()) throws -> [UInt8] {
        let (width, height) = size
        let density = options.dpi / 96
        let pixels = (width * density).rounded() * (height * density).rounded()
        guard pixels <= 200e6, max(width, height) * density <= 32_000 else {
            throw DrawingError(
                .limit,
                "figure: \(NumberText.plain(width * density)) × \(NumberText.plain(height * density)) pixels are too many",
                help: "lower dpi=, width= or height=")
        }
        let canvas = try Canvas(.png, width: width, height: height, density: density)
        try draw(on: canvas)
        return try canvas.png(metadata: completed(metadata), dpi: options.dpi)
    }

    /// The figure as an SVG file, text as outlines so that it looks the same everywhere.
    public func svg(metadata: PictureMetadata = PictureMetadata()) throws -> [UInt8] {
        let canvas = try Canvas(.svg, width: size.width, height: size.height, density: 1)
        try draw(on: canvas)
        let bytes = try canvas.document(metadata: metadata)
        return SVG.finished(bytes, metadata: completed(metadata))
    }

    /// The figure as a PDF file of one page.
    public func pdf(metadata: PictureMetadata = PictureMetadata()) throws -> [UInt8] {
        let canvas = try Canvas(.pdf, width: size.width, height: size.height, density: 1)
        try draw(on: canvas)
        return try canvas.document(metadata: completed(metadata))
    }

    /// The figure in one of the formats.
    public func encoded(_ format: Format, metadata: PictureMetadata = PictureMetadata()) throws -> [UInt8] {
        switch format {
        case .png: try png(metadata: metadata)
        case .svg: try svg(metadata: metadata)
        case .pdf: try pdf(metadata: metadata)
        }
    }

    /// Writes the figure in the format that the extension names: completely, or not at all.
    ///
    /// - Throws: ``DrawingError`` of kind `value` for an unknown extension, and `FileError` when the file cannot be written.
    public func write(to path: String, metadata: PictureMetadata = PictureMetadata()) throws {
        let format = try Format(path: path)
        try WholeFile.write(encoded(format, metadata: metadata), to: path)
    }

    private func draw(on canvas: Canvas) throws {
        canvas.paint(options.theme.background)
        try canvas.draw(composed().elements)
    }

    private func completed(_ metadata: PictureMetadata) -> PictureMetadata {
        var metadata = metadata
        metadata.title = metadata.title ?? options.title
        metadata.description = metadata.description ?? altText
        return metadata
    }
}
