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
        let characters = Parameter<String?>("chars", "the characters to take off; blanks when none", default: nil)
        add(
            Builtin(
                "strip", on: .string, .core, "The string without blanks, or other characters, at either end.", text,
                characters, returns: "a string",
                examples: [Example("\" a \".strip()", "a"), Example("\"--a-\".strip(\"-\")", "a")]
            ) { s, chars in TextFunctions.strip(s, chars) })
        let separator = Parameter<String?>("sep", "where to split; runs of blanks when none", default: nil)
        let splits = Parameter<Int>("maxsplit", "how often to split at most; -1 is without end", default: -1)
        add(
            Builtin(
                "split", on: .string, .core, "The parts between separators.", text, separator, splits,
                returns: "a list of strings",
                seeAlso: ["join"],
                examples: [
                    Example("\"a,b\".split(\",\")", "[\"a\", \"b\"]"), Example("\" a  b\".split()", "[\"a\", \"b\"]"),
                    Example("\"a=b=c\".split(\"=\", 1)", "[\"a\", \"b=c\"]"),
                ]
            ) { s, sep, maxsplit in try TextFunctions.split(s, sep, atMost: maxsplit < 0 ? .max : maxsplit) })
        let parts = Parameter<Elements>("parts", "the strings to join: a list, a string, or a dict for its keys")
        add(
            Builtin(
                "join", on: .string, .core, "Strings joined with this one between them.", text, parts,
                returns: "a string", seeAlso: ["split"], examples: [Example("\", \".join([\"a\", \"b\"])", "a, b")]
            ) { s, parts in
                let texts = try parts.values(for: "join").map { part -> String in
                    guard let text = part.text else {
                        throw Failure(
                            .type, "join: the parts must be strings, not \(Display.typeWithDetail(part))",
                            help: ["write str(x) for each of them"], operands: [1: ""])
                    }
                    return text
                }
                let size = texts.reduce(0) { $0 + $1.utf8.count } + s.utf8.count * max(0, texts.count - 1)
                try Interpreter.claim(size, of: 1, for: "join")
                return texts.joined(separator: s)
            })
        let old = Parameter<String>("old", "what to replace")
        let new = Parameter<String>("new", "what to put there")
        add(
            Builtin(
                "replace", on: .string, .core, "The string with every occurrence replaced.", text, old, new,
                returns: "a string", examples: [Example("\"a-b-c\".replace(\"-\", \"+\")", "a+b+c")]
            ) { s, old, new in
                guard !old.isEmpty else { throw Failure(.value, "replace: old must not be empty", operands: [1: ""]) }
                let parts = try TextFunctions.split(s, old)
                let size = s.utf8.count + max(0, new.utf8.count - old.utf8.count) * (parts.count - 1)
                try Interpreter.claim(size, of: 1, for: "replace")
                return parts.joined(separator: new)
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
    static func strip(_ text: String, _ characters: String? = nil) -> String {
        let taken = characters.map { Set($0.unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool { taken?.contains(scalar) ?? scalar.properties.isWhitespace }
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, goes(first) { scalars.removeFirst() }
        while let last = scalars.last, goes(last) { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func withoutLeadingBlanks(_ text: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        text.drop(while: \.properties.isWhitespace)
    }

    static func split(_ text: String, _ separator: String?, atMost splits: Int = .max) throws -> [String] {
        guard let separator else {
            // Blanks before a part belong to none.
            let parts = withoutLeadingBlanks(text.unicodeScalars[...]).split(
                maxSplits: splits, whereSeparator: \.properties.isWhitespace)
            return parts.map { String(withoutLeadingBlanks($0)) }.filter { !$0.isEmpty }
        }
        guard !separator.isEmpty else { throw Failure(.value, "split: sep must not be empty", operands: [1: ""]) }
        let bytes = Array(text.utf8)
        let mark = Array(separator.utf8)
        var result: [String] = []
        var start = 0
        var index = 0
        while index + mark.count <= bytes.count, result.count < splits {
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
