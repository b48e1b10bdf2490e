import Drawing

/// The picture of the kernel: what a large disc knows goes into a small one.
enum Logo {
    private static let blue: (Double, Double, Double) = (0x2a, 0x6f, 0x97)
    private static let orange: (Double, Double, Double) = (0xe0, 0x7a, 0x3f)

    /// The picture as SVG.
    static let svg = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
        <circle cx="24" cy="24" r="20" fill="#2a6f97"/>
        <circle cx="51" cy="51" r="9" fill="#e07a3f"/>
        <line x1="36" y1="36" x2="45" y2="45" stroke="#e07a3f" stroke-width="4"/>
        </svg>

        """

    /// The picture as PNG of `size` × `size` pixels, with a transparent ground.
    static func png(_ size: Int) throws -> [UInt8] {
        let samples = 4, unit = 64.0 / Double(size * samples)
        var pixels: [UInt8] = []
        for row in 0..<size {
            for column in 0..<size {
                var sum = (0.0, 0.0, 0.0), covered = 0.0
                for i in 0..<samples {
                    for j in 0..<samples {
                        let x = (Double(column * samples + j) + 0.5) * unit
                        let y = (Double(row * samples + i) + 0.5) * unit
                        guard let color = color(x, y) else { continue }
                        sum = (sum.0 + color.0, sum.1 + color.1, sum.2 + color.2)
                        covered += 1
                    }
                }
                let parts = covered > 0 ? [sum.0 / covered, sum.1 / covered, sum.2 / covered] : [0, 0, 0]
                pixels += parts.map { UInt8($0.rounded()) }
                pixels.append(UInt8((255 * covered / Double(samples * samples)).rounded()))
            }
        }
        return try PNG.encode(RasterImage(width: size, height: size, channels: 4, pixels: pixels))
    }

    private static func color(_ x: Double, _ y: Double) -> (Double, Double, Double)? {
        func isInside(_ cx: Double, _ cy: Double, _ r: Double) -> Bool {
            (x - cx) * (x - cx) + (y - cy) * (y - cy) <= r * r
        }
        if isInside(51, 51, 9) { return orange }
        let along = (x + y) / 2, across = abs(x - y) / 2.0.squareRoot()
        if along >= 36, along <= 45, across <= 2 { return orange }
        return isInside(24, 24, 20) ? blue : nil
    }
}
