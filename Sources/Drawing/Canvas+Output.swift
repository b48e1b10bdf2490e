import CCairo
import CPNG

extension Canvas {
    /// The finished picture as PNG.
    func png(metadata: PictureMetadata, dpi: Double) throws -> [UInt8] {
        cairo_surface_flush(surface)
        guard let pixels = cairo_image_surface_get_data(surface) else {
            throw DrawingError(.internal, "figure: the picture has no pixels")
        }
        return try PNG.encode(metadata) { writer in
            cpng_writer_write(
                writer, pixels, UInt32(cairo_image_surface_get_width(surface)),
                UInt32(cairo_image_surface_get_height(surface)), Int(cairo_image_surface_get_stride(surface)),
                CPNG_CAIRO, UInt32((dpi / 0.0254).rounded()))
        }
    }

    /// The finished document as PDF or SVG.
    func document(metadata: PictureMetadata) throws -> [UInt8] {
        if format == .pdf {
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, metadata.title ?? "")
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, metadata.software)
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, metadata.description ?? "")
            // The date of creation would differ at every run.
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z")
        }
        cairo_surface_finish(surface)
        let status = cairo_surface_status(surface)
        guard status == CAIRO_STATUS_SUCCESS, let stream else {
            throw DrawingError(.limit, "figure: not enough memory for the document")
        }
        var bytes = [UInt8](repeating: 0, count: cpng_buffer_count(stream))
        cpng_buffer_copy(stream, &bytes)
        return bytes
    }
}
