/// Colours for a range of numbers.
public enum ColourMap: String, Sendable, CaseIterable {
    /// Viridis (van der Walt and Smith, 2015): evenly spaced to the eye, also in grey and for colour-blind readers.
    case sequential
    /// From blue over the background to red, for values around zero.
    case diverging
    /// From the background to a full blue, for shares.
    case blues

    private func anchors(_ theme: Theme) -> [UInt32] {
        switch (self, theme) {
        case (.sequential, _):
            [
                0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725,
            ]
        case (.diverging, .light):
            [0x1B5A9C, 0x4A94C9, 0xA6CEE3, 0xF4F5F6, 0xF7BB9C, 0xD9694F, 0xA31D2F]
        case (.diverging, .dark):
            [0x7FC4FF, 0x3F8ACB, 0x24507A, 0x23272E, 0x7A3A2C, 0xCF6A4C, 0xFFB08F]
        case (.blues, .light):
            [0xF3F7FB, 0xD3E4F3, 0x9FC9E6, 0x5FA3D3, 0x2B79B9, 0x0A559C, 0x083370]
        case (.blues, .dark):
            [0x1C222A, 0x1D3550, 0x1F4E7D, 0x2469AA, 0x3488D6, 0x66ABF0, 0xA5D2FF]
        }
    }

    /// The colour at `share` of the range, from 0 to 1.
    public func colour(_ share: Double, theme: Theme) -> Colour {
        let anchors = anchors(theme)
        let place = min(max(share.isNaN ? 0 : share, 0), 1) * Double(anchors.count - 1)
        let index = min(Int(place), anchors.count - 2)
        return Colour(anchors[index]).mixed(with: Colour(anchors[index + 1]), place - Double(index))
    }
}

extension Colour {
    /// Black or white, whichever is read better on this colour.
    var inkOnTop: Colour {
        let (dark, light) = (Colour(0x10141A), Colour(0xFFFFFF))
        return contrast(with: dark) >= contrast(with: light) ? dark : light
    }
}
