import Drawing
import Glibc
import Testing

@Suite struct ThemeTests {
    @Test(arguments: Theme.allCases)
    func `Marks stand out from the background`(_ theme: Theme) {
        for colour in theme.palette { #expect(colour.contrast(with: theme.background) >= 3) }
        #expect(theme.text.contrast(with: theme.background) >= 7)
        #expect(theme.mutedText.contrast(with: theme.background) >= 4.5)
    }

    /// Colours as they look without the long-wave or middle-wave cones, by Viénot, Brettel and Mollon (1999).
    private func seen(_ c: Colour, blind: Int) -> (Double, Double, Double) {
        func linear(_ v: Double) -> Double { v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4) }
        let (r, g, b) = (linear(c.red), linear(c.green), linear(c.blue))
        let long = 17.8824 * r + 43.5161 * g + 4.11935 * b
        let middle = 3.45565 * r + 27.1554 * g + 3.86714 * b
        let short = 0.0299566 * r + 0.184309 * g + 1.46709 * b
        let l = blind == 0 ? 2.02344 * middle - 2.52581 * short : long
        let m = blind == 1 ? 0.494207 * long + 1.24827 * short : middle
        let red = 0.0809444479 * l - 0.130504409 * m + 0.116721066 * short
        let green = -0.0102485335 * l + 0.0540193266 * m - 0.113614708 * short
        let blue = -0.000365296938 * l - 0.00412161469 * m + 0.693511405 * short
        func encoded(_ v: Double) -> Double { pow(min(max(v, 0), 1), 1 / 2.4) }
        return (encoded(red), encoded(green), encoded(blue))
    }

    @Test(arguments: Theme.allCases)
    func `The first four colours differ for colour blind readers`(_ theme: Theme) {
        let first = theme.palette.prefix(4)
        for blind in 0...2 {
            for (i, a) in first.enumerated() {
                for b in first.dropFirst(i + 1) {
                    let (p, q) = (seen(a, blind: blind), seen(b, blind: blind))
                    let distance = sqrt(pow(p.0 - q.0, 2) + pow(p.1 - q.1, 2) + pow(p.2 - q.2, 2))
                    #expect(distance > 0.12, "\(a) and \(b), kind \(blind): \(distance)")
                }
            }
        }
    }
}
