/// What Cairo's SVG lacks: names that do not depend on what was drawn before, and words for screen readers.
enum SVG {
    static func finished(_ bytes: [UInt8], metadata: PictureMetadata) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 1024)
        var numbers: [Int: Int] = [:]
        let marker = Array("surface".utf8)
        var index = 0
        var described = false
        var insideRoot = false
        while index < bytes.count {
            // Cairo numbers surfaces through the life of the process; counting anew keeps the bytes the same.
            if bytes[index] == marker[0], bytes[index...].starts(with: marker) {
                var end = index + marker.count
                var number = 0
                while end < bytes.count, bytes[end] >= 48, bytes[end] <= 57 {
                    number = (number &* 10) &+ Int(bytes[end] - 48)
                    end += 1
                }
                if end > index + marker.count {
                    let fresh = numbers[number] ?? numbers.count + 1
                    numbers[number] = fresh
                    output += marker + Array(String(fresh).utf8)
                    index = end
                    continue
                }
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
