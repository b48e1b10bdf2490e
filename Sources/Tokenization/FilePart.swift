import Data

/// A value in a tokenizer file, and where it stands there.
struct FilePart {
    let json: JSON
    let path: String
    /// `normalizer.normalizers[1]`.
    let place: String

    /// An error about it.
    func malformed(_ problem: String) -> TokenizerError { .malformed(path: path, place: place, problem: problem) }

    /// The member called `key`; nil if there is none or it is `null`.
    func member(_ key: String) -> FilePart? {
        guard let value = json[key], value != .null else { return nil }
        return FilePart(json: value, path: path, place: place.isEmpty ? key : "\(place).\(key)")
    }

    /// The member called `key`.
    func required(_ key: String) throws -> FilePart {
        guard let part = member(key) else { throw malformed("\"\(key)\" is missing") }
        return part
    }

    /// The elements of an array.
    func elements() throws -> [FilePart] {
        guard let array = json.array else { throw malformed("expected a list") }
        return array.enumerated().map { FilePart(json: $1, path: path, place: "\(place)[\($0)]") }
    }

    /// The text.
    func string() throws -> String {
        guard let text = json.string else { throw malformed("expected a text") }
        return text
    }

    /// The number.
    func integer() throws -> Int {
        guard let number = json.integer else { throw malformed("expected an integer") }
        return number
    }

    /// The number of a token.
    func id() throws -> Int32 {
        guard let id = Int32(exactly: try integer()), id >= 0 else { throw malformed("expected a token's number") }
        return id
    }

    /// The text of a member; the default where there is none.
    func string(_ key: String, default text: String) throws -> String { try member(key)?.string() ?? text }

    /// The truth of a member; the default where there is none.
    func bool(_ key: String, default truth: Bool) throws -> Bool {
        guard let part = member(key) else { return truth }
        guard case .bool(let value) = part.json else { throw part.malformed("expected true or false") }
        return value
    }

    /// One of the values of an enumeration.
    func option<Option: CaseIterable & RawRepresentable>(_ key: String, default option: Option) throws -> Option
    where Option.RawValue == String {
        guard let part = member(key) else { return option }
        let name = try part.string()
        guard let option = Option(rawValue: name) else {
            throw part.malformed(
                "\"\(name)\" is none of " + Option.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
        }
        return option
    }

    /// The one character of a member, as UTF-8.
    func letter(_ key: String) throws -> [UInt8] {
        let part = try required(key)
        let text = try part.string()
        guard text.unicodeScalars.count == 1 else { throw part.malformed("expected one character") }
        return Array(text.utf8)
    }

    /// `{"String": "…"}` or `{"Regex": "…"}`.
    func pattern(_ key: String) throws -> Pattern {
        let part = try required(key)
        if let text = part.member("String") { return Pattern(text: try text.string()) }
        let expression = try part.required("Regex")
        do {
            return try Pattern(expression: expression.string())
        } catch TokenizerError.pattern(let pattern, let problem) {
            throw expression.malformed("the pattern \(pattern) is none: \(problem)")
        }
    }

    /// The members of an object that gives tokens their numbers.
    func tokenNumbers() throws -> [(token: String, id: Int32)] {
        guard case .object(let members) = json else { throw malformed("expected tokens with their numbers, { … }") }
        return try members.map { token, value in
            guard let number = value.integer, let id = Int32(exactly: number), id >= 0 else {
                throw malformed("the number of \"\(token)\" is none")
            }
            return (token, id)
        }
    }
}
