import Runtime

extension Library {
    func addStrings() {
        let text = Parameter<String>("s", "the string")
        func method(_ name: String, _ summary: String, _ example: Example, _ body: @escaping (String) -> String) {
            add(
                Builtin(name, on: .string, .core, summary, text, returns: "a string", examples: [example]) { s in
                    body(s)
                })
        }
        method("upper", "The string in upper case.", Example("\"abc\".upper()", "ABC")) { $0.uppercased() }
        method("lower", "The string in lower case.", Example("\"ABC\".lower()", "abc")) { $0.lowercased() }
        method("strip", "The string without blanks at either end.", Example("\" a \".strip()", "a")) {
            TextFunctions.strip($0)
        }
        let separator = Parameter<String?>("sep", "where to split; runs of blanks when none", default: nil)
        add(
            Builtin(
                "split", on: .string, .core, "The parts between separators.", text, separator,
                returns: "a list of strings",
                seeAlso: ["join"],
                examples: [
                    Example("\"a,b\".split(\",\")", "[\"a\", \"b\"]"), Example("\" a  b\".split()", "[\"a\", \"b\"]"),
                ]
            ) { s, sep in try TextFunctions.split(s, sep) })
        let parts = Parameter<[String]>("parts", "the strings to join")
        add(
            Builtin(
                "join", on: .string, .core, "Strings joined with this one between them.", text, parts,
                returns: "a string", seeAlso: ["split"], examples: [Example("\", \".join([\"a\", \"b\"])", "a, b")]
            ) { s, parts in parts.joined(separator: s) })
        let old = Parameter<String>("old", "what to replace")
        let new = Parameter<String>("new", "what to put there")
        add(
            Builtin(
                "replace", on: .string, .core, "The string with every occurrence replaced.", text, old, new,
                returns: "a string", examples: [Example("\"a-b-c\".replace(\"-\", \"+\")", "a+b+c")]
            ) { s, old, new in
                guard !old.isEmpty else { throw Failure(.value, "replace: old must not be empty", operands: [1: ""]) }
                return try TextFunctions.split(s, old).joined(separator: new)
            })
        let part = Parameter<String>("part", "what to look for")
        add(
            Builtin(
                "startswith", on: .string, .core, "Whether the string begins with a part.", text, part,
                examples: [Example("\"layer1.0\".startswith(\"layer1\")", "true")]
            ) { s, part in s.utf8.starts(with: part.utf8) })
        add(
            Builtin(
                "endswith", on: .string, .core, "Whether the string ends with a part.", text, part,
                examples: [Example("\"net.onnx\".endswith(\".onnx\")", "true")]
            ) { s, part in s.utf8.reversed().starts(with: part.utf8.reversed()) })
        add(
            Builtin(
                "contains", on: .string, .core, "Whether a part occurs in the string.", text, part, seeAlso: ["find"],
                examples: [Example("\"abc\".contains(\"b\")", "true")]
            ) { s, part in TextSearch.find(part, in: s) != nil })
        add(
            Builtin(
                "find", on: .string, .core, "Where a part first occurs, or -1.", text, part, returns: "an int",
                seeAlso: ["contains"],
                examples: [Example("\"abc\".find(\"c\")", "2"), Example("\"abc\".find(\"x\")", "-1")]
            ) { s, part in TextSearch.find(part, in: s) ?? -1 })
    }
}

/// Text functions by Unicode scalars.
enum TextFunctions {
    static func strip(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }

    static func split(_ text: String, _ separator: String?) throws -> [String] {
        guard let separator else {
            return text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map {
                String(String.UnicodeScalarView($0))
            }
        }
        guard !separator.isEmpty else { throw Failure(.value, "split: sep must not be empty", operands: [1: ""]) }
        let bytes = Array(text.utf8)
        let mark = Array(separator.utf8)
        var result: [String] = []
        var start = 0
        var index = 0
        while index + mark.count <= bytes.count {
            if bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark) {
                result.append(String(decoding: bytes[start..<index], as: UTF8.self))
                index += mark.count
                start = index
            } else {
                index += 1
            }
        }
        result.append(String(decoding: bytes[start...], as: UTF8.self))
        return result
    }
}
