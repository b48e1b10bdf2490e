import Drawing
import Glibc
import Testing

/// Small pictures of every kind of chart, compared with those that were looked at and found good.
///
/// After an intended change, run with `DISTILL_RECORD=1` and look at `Fixtures/reference-*.png` before committing them.
@Suite struct ReferenceTests {
    /// The pictures hold for the font that they were drawn with.
    static let hasFont: Bool = {
        guard let figure = try? Figure(CurveChart([]), FigureOptions(title: "Reference")) else { return false }
        let width = figure.layout().texts.first { $0.role == .title }?.box.width ?? 0
        return abs(width - 88.85) < 0.5
    }()

    static let names = [
        "curves", "training", "bands", "bars", "heat", "confusion", "scatter", "histogram", "histograms", "reliability",
        "images", "grouped", "equal aspect", "logarithmic", "grid",
    ]
    static let dark: Set = ["bands", "bars", "scatter", "grouped", "grid"]

    /// A small figure of a sample.
    private func figure(_ name: String) throws -> Figure {
        let theme: Theme = Self.dark.contains(name) ? .dark : .light
        if name == "grid" {
            let grid = try Samples.grid()
            return try Figure(
                grid.chart, FigureOptions(title: "Everything", width: 540, height: 400, dpi: 96, theme: theme))
        }
        let samples = try Samples.ordinary() + Samples.awkward()
        let sample = try #require(samples.first { $0.name == name })
        var options = sample.options
        options.width = 360
        options.height = name == "reliability" || name == "confusion" ? 340 : 240
        options.dpi = 96
        options.theme = theme
        return try Figure(sample.chart, options)
    }

    @Test(.enabled(if: hasFont, "DejaVu Sans is not installed"), arguments: names)
    func `Pictures look as they did`(_ name: String) throws {
        let bytes = try figure(name).png(metadata: PictureMetadata(description: name))
        let file = "reference-\(name.replacing(" ", with: "-")).png"
        if getenv("DISTILL_RECORD") != nil { try record(bytes, file) }
        let drawn = try PNG.decode(bytes, channels: .rgba).image
        let reference = try PNG.decode(fixture(file), channels: .rgba).image
        try #require(drawn.width == reference.width && drawn.height == reference.height)
        var (sum, strong) = (0, 0)
        for (a, b) in zip(drawn.pixels, reference.pixels) {
            let difference = abs(Int(a) - Int(b))
            sum += difference
            if difference > 64 { strong += 1 }
        }
        let count = Double(drawn.pixels.count)
        #expect(Double(sum) / count < 1.5, "mean difference")
        #expect(Double(strong) / count < 0.01, "share of samples that differ strongly")
    }

    private func record(_ bytes: [UInt8], _ name: String) throws {
        let folder = String(#filePath.dropLast("ReferenceTests.swift".count)) + "Fixtures/"
        let file = try #require(fopen(folder + name, "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }
}
