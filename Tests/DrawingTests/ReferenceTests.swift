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
        "images",
    ]

    @Test(.enabled(if: hasFont, "DejaVu Sans is not installed"), arguments: names)
    func picturesLookAsTheyDid(_ name: String) throws {
        let sample = try #require(try Samples.ordinary().first { $0.name == name })
        var options = sample.options
        options.width = 360
        options.height = name == "reliability" || name == "confusion" ? 340 : 240
        options.dpi = 96
        options.theme = ["bands", "bars", "scatter"].contains(name) ? .dark : .light
        let bytes = try Figure(sample.chart, options).png(metadata: PictureMetadata(description: name))
        if getenv("DISTILL_RECORD") != nil { try record(bytes, "reference-\(name).png") }
        let drawn = try PNG.decode(bytes, channels: .rgba).image
        let reference = try PNG.decode(fixture("reference-\(name).png"), channels: .rgba).image
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
