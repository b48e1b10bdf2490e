/// What Cairo's SVG lacks: names that do not depend on what was drawn before, and words for screen readers.
enum SVG {
    static func finished(_ bytes: [UInt8], metadata: PictureMetadata) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 1024)
        var numbers: [[UInt8]: Int] = [:]
        var index = 0
        var described = false
        var insideRoot = false
        while index < bytes.count {
            // Cairo numbers surfaces and images through the life of the process; counting anew keeps the bytes the
            // same. Names stand behind a quotation mark or a hash, which the data of pictures never contain.
            if let (name, length) = nameWithNumber(bytes, index) {
                let fresh = numbers[Array(bytes[index..<index + length])] ?? numbers.count + 1
                numbers[Array(bytes[index..<index + length])] = fresh
                output += name + Array(String(fresh).utf8)
                index += length
                continue
            }
            output.append(bytes[index])
            if !described {
                if bytes[index...].starts(with: Array("<svg".utf8)) { insideRoot = true }
                if insideRoot, bytes[index] == UInt8(ascii: ">") {
                    described = true
                    output += Array(description(metadata).utf8)
                }
            }
            index += 1
        }
        return output
    }

    /// The name that Cairo gave an element, without its number, and its length with the number.
    private static func nameWithNumber(_ bytes: [UInt8], _ index: Int) -> (name: [UInt8], length: Int)? {
        guard index > 0, bytes[index - 1] == UInt8(ascii: "\"") || bytes[index - 1] == UInt8(ascii: "#") else {
            return nil
        }
        for name in names where bytes[index...].starts(with: name) {
            let digits = bytes[(index + name.count)...].prefix { $0 >= 48 && $0 <= 57 }
            if !digits.isEmpty { return (name, name.count + digits.count) }
        }
        return nil
    }

    private static let names = ["surface", "image", "mask", "source", "pattern"].map { Array($0.utf8) }

    private static func description(_ metadata: PictureMetadata) -> String {
        var text = ""
        if let title = metadata.title, !title.isEmpty { text += "\n<title>\(escaped(title))</title>" }
        if let description = metadata.description { text += "\n<desc>\(escaped(description))</desc>" }
        let rest = metadata.texts.filter { !["Title", "Description"].contains($0.keyword) }
        let words = rest.map { "\($0.keyword): \($0.text)" }.joined(separator: "; ")
        return text + "\n<metadata>\(escaped(words))</metadata>"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result += " "
            default: if scalar.value >= 32 { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }
}
