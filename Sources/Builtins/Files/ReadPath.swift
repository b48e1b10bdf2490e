import Runtime

/// A file or folder that a function reads: a relative path is looked up in the working folder, then beside the script.
struct ReadPath: ValueDecodable {
    /// The path as the program has it.
    let given: String
    private let interpreter: Interpreter

    static var languageType: LanguageType { .string }

    static func decode(_ value: Value, in interpreter: Interpreter) -> ReadPath? {
        if case .string(let text) = value { ReadPath(given: text.text, interpreter: interpreter) } else { nil }
    }

    /// Where it is; one line says which of two was taken.
    ///
    /// - Throws: an `io` failure that names the places when it is in none of them.
    func found() throws -> String {
        let found = try interpreter.files.find(given)
        if let note = found.note { interpreter.warn(note) }
        return found.path
    }
}
