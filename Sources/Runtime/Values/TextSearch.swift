/// Searching text by Unicode scalars.
public enum TextSearch {
    /// The scalar offset of the first place where `part` occurs in `text`.
    public static func find(_ part: String, in text: String) -> Int? {
        let needle = Array(part.utf8)
        let hay = Array(text.utf8)
        guard !needle.isEmpty else { return 0 }
        guard hay.count >= needle.count else { return nil }
        for start in 0...(hay.count - needle.count) where hay[start] == needle[0] {
            if hay[start..<start + needle.count].elementsEqual(needle) {
                return hay[..<start].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
            }
        }
        return nil
    }
}
