/// What stands at the cursor, found by reading the text before it; nothing is run and nothing need be complete.
package struct CompletionContext: Equatable {
    /// A step from a name to a part of its value.
    package enum Step: Equatable {
        case attribute(String)
        case index(Int)
        case key(String)
    }

    /// A value that can be found without running code: `net.layers[0]`.
    package struct Place: Equatable {
        /// The name it begins with.
        package var name: String
        /// The parts taken from it.
        package var steps: [Step] = []
        /// Whether it was called: what is known then is the kind of its result.
        package var isCalled = false

        /// A place from its parts.
        package init(name: String, steps: [Step] = [], isCalled: Bool = false) {
            self.name = name
            self.steps = steps
            self.isCalled = isCalled
        }
    }

    /// The call whose brackets are open at the cursor.
    package struct Call: Equatable {
        /// What is called; none when it is not a simple place.
        package var callee: Place?
        /// How many arguments without a name stand before the cursor's.
        package var positional = 0
        /// The names of the arguments before the cursor's.
        package var named: [String] = []
        /// The name of the argument the cursor is in.
        package var current: String?
        /// Whether something of the cursor's argument stands before the word.
        package var hasBegun = false
    }

    /// What sort of word is wanted.
    package enum Wanted: Equatable {
        /// A variable, a function or, inside a call, an argument name.
        case name
        /// What follows `place.`.
        case member(of: Place?)
        /// The inside of a string; `subscripted` when it is a key, `x["…`.
        case string(subscripted: Place?)
        /// The name of a command, `:vars`.
        case command
        /// The argument of a command.
        case commandArgument(of: String)
        /// A name to explain, `?softmax`.
        case topic
        /// Nothing can be completed here: a comment or a number.
        case nothing
    }

    /// What sort of word is wanted.
    package var wanted: Wanted
    /// The byte at which the word begins.
    package var start: Int
    /// What is typed of the word.
    package var prefix: String
    /// The innermost open call.
    package var call: Call?

    /// Reads the first `point` bytes of `text`.
    package init(text: String, point: Int) {
        let bytes = Array(text.utf8)
        let bounded = Array(bytes[..<min(max(0, point), bytes.count)])
        if let special = Self.special(bounded) {
            self = special
            return
        }
        var scanner = ContextScanner(bounded)
        self = scanner.scan()
    }

    init(_ wanted: Wanted, start: Int, bytes: [UInt8], call: Call? = nil) {
        self.wanted = wanted
        self.start = start
        self.prefix = String(decoding: bytes[min(start, bytes.count)...], as: UTF8.self)
        self.call = call
    }

    /// Commands and questions stand at the beginning of an entry.
    private static func special(_ bytes: [UInt8]) -> CompletionContext? {
        guard let first = bytes.firstIndex(where: { $0 != UInt8(ascii: " ") }) else { return nil }
        if bytes[first] == UInt8(ascii: "?") {
            let start = bytes[first...].firstIndex { $0 != UInt8(ascii: "?") } ?? bytes.count
            return CompletionContext(.topic, start: start, bytes: bytes)
        }
        guard bytes[first] == UInt8(ascii: ":") else { return nil }
        guard let blank = bytes[first...].firstIndex(of: UInt8(ascii: " ")) else {
            return CompletionContext(.command, start: first, bytes: bytes)
        }
        let command = String(decoding: bytes[(first + 1)..<blank], as: UTF8.self)
        if command == "time" || command == "timeit" || command == "type" {
            // What follows is code.
            var inner = CompletionContext(
                text: String(decoding: bytes[(blank + 1)...], as: UTF8.self), point: bytes.count - blank - 1)
            inner.start += blank + 1
            return inner
        }
        let start = (bytes.lastIndex(of: UInt8(ascii: " ")) ?? blank) + 1
        return CompletionContext(.commandArgument(of: command), start: start, bytes: bytes)
    }
}

/// Walks over the text before the cursor, keeping the brackets that are open.
private struct ContextScanner {
    private struct Bracket {
        let opener: UInt8
        var call: CompletionContext.Call?
        var subscripted: CompletionContext.Place?
        /// Where the current argument or element begins.
        var argumentStart: Int
    }

    private let bytes: [UInt8]
    private var index = 0
    private var brackets: [Bracket] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func scan() -> CompletionContext {
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "#"):
                guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else {
                    return CompletionContext(.nothing, start: bytes.count, bytes: bytes)
                }
                index = end
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if let context = string(quote: byte) { return context }
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
                open(byte)
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                if !brackets.isEmpty { brackets.removeLast() }
                index += 1
            case UInt8(ascii: ","):
                endArgument()
                index += 1
            default:
                index += 1
            }
        }
        return word()
    }

    // MARK: Brackets

    private mutating func open(_ byte: UInt8) {
        var bracket = Bracket(opener: byte, argumentStart: index + 1)
        if byte == UInt8(ascii: "(") {
            let (place, isCallee) = place(endingAt: index)
            if isCallee { bracket.call = CompletionContext.Call(callee: place) }
        } else if byte == UInt8(ascii: "[") {
            bracket.subscripted = place(endingAt: index).place
        }
        brackets.append(bracket)
        index += 1
    }

    private mutating func endArgument() {
        guard var bracket = brackets.popLast() else { return }
        if bracket.call != nil {
            if let name = argumentName(from: bracket.argumentStart) {
                bracket.call?.named.append(name)
            } else {
                bracket.call?.positional += 1
            }
        }
        bracket.argumentStart = index + 1
        brackets.append(bracket)
    }

    /// `name` of `name = …` at the beginning of an argument.
    private func argumentName(from start: Int) -> String? {
        var position = start
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
        let nameStart = position
        while position < bytes.count, isWord(bytes[position]) { position += 1 }
        let name = String(decoding: bytes[nameStart..<position], as: UTF8.self)
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
        guard !name.isEmpty, position < bytes.count, bytes[position] == UInt8(ascii: "="),
            position + 1 >= bytes.count
                || (bytes[position + 1] != UInt8(ascii: "=") && bytes[position + 1] != UInt8(ascii: ">"))
        else { return nil }
        return name
    }

    private func call(wordStart: Int) -> CompletionContext.Call? {
        guard let bracket = brackets.last, var call = bracket.call else { return nil }
        call.current = argumentName(from: bracket.argumentStart)
        call.hasBegun = bytes[min(bracket.argumentStart, wordStart)..<wordStart].contains { !isBlank($0) }
        return call
    }

    // MARK: Strings

    /// Skips a string; gives the context when the cursor is inside it.
    private mutating func string(quote: UInt8) -> CompletionContext? {
        let before = index > 0 ? bytes[index - 1] : 0
        let isFormatted = before == UInt8(ascii: "f") && (index < 2 || !isWord(bytes[index - 2]))
        let isRaw = before == UInt8(ascii: "r") && (index < 2 || !isWord(bytes[index - 2]))
        let isLong = index + 2 < bytes.count && bytes[index + 1] == quote && bytes[index + 2] == quote
        let width = isLong ? 3 : 1
        let start = index + width
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\\"), !isRaw {
                position += 2
            } else if byte == UInt8(ascii: "{"), isFormatted {
                if position + 1 < bytes.count, bytes[position + 1] == byte {
                    position += 2
                } else if let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")) {
                    position = end + 1
                } else {
                    // The cursor is in a field: code of its own.
                    var inner = ContextScanner(Array(bytes[(position + 1)...]))
                    var context = inner.scan()
                    context.start += position + 1
                    return context
                }
            } else if byte == quote, !isLong || bytes[position...].starts(with: [quote, quote, quote]) {
                index = position + width
                return nil
            } else if byte == UInt8(ascii: "\n"), !isLong {
                // An unclosed string ends with its line.
                index = position
                return nil
            } else {
                position += 1
            }
        }
        let subscripted = brackets.last.flatMap { bracket in
            bracket.argumentStart == index ? bracket.subscripted : nil
        }
        return CompletionContext(
            .string(subscripted: subscripted), start: start, bytes: bytes, call: call(wordStart: index))
    }

    // MARK: Words

    private func word() -> CompletionContext {
        var start = bytes.count
        while start > 0, isWord(bytes[start - 1]) { start -= 1 }
        if start < bytes.count, isDigit(bytes[start]) {
            return CompletionContext(.nothing, start: bytes.count, bytes: bytes)
        }
        if start > 0, bytes[start - 1] == UInt8(ascii: ".") {
            if start > 1, bytes[start - 2] == UInt8(ascii: ".") {
                return CompletionContext(.nothing, start: bytes.count, bytes: bytes)
            }
            let place = place(endingAt: start - 1)
            guard place.isCallee else { return CompletionContext(.nothing, start: bytes.count, bytes: bytes) }
            return CompletionContext(.member(of: place.place), start: start, bytes: bytes, call: call(wordStart: start))
        }
        return CompletionContext(.name, start: start, bytes: bytes, call: call(wordStart: start))
    }

    /// The place whose text ends before byte `end`, read backwards; `isCallee` says whether a value stands there at all.
    private func place(endingAt end: Int) -> (place: CompletionContext.Place?, isCallee: Bool) {
        var position = end
        var steps: [CompletionContext.Step] = []
        var isCalled = false
        while position > 0 {
            let byte = bytes[position - 1]
            if isWord(byte) {
                let wordEnd = position
                while position > 0, isWord(bytes[position - 1]) { position -= 1 }
                let word = String(decoding: bytes[position..<wordEnd], as: UTF8.self)
                if position > 0, bytes[position - 1] == UInt8(ascii: ".") {
                    steps.append(.attribute(word))
                    position -= 1
                    continue
                }
                if isDigit(bytes[position]) || Self.keywords.contains(word) { return (nil, false) }
                return (CompletionContext.Place(name: word, steps: steps.reversed(), isCalled: isCalled), true)
            }
            guard let opener = matchingOpener(before: position) else { return (nil, isCalled || !steps.isEmpty) }
            if byte == UInt8(ascii: "]") {
                let inside = String(decoding: bytes[(opener + 1)..<(position - 1)], as: UTF8.self)
                if let number = Int(inside) {
                    steps.append(.index(number))
                } else if inside.count >= 2, let quote = inside.first, "\"'".contains(quote), inside.last == quote {
                    steps.append(.key(String(inside.dropFirst().dropLast())))
                } else {
                    return (nil, true)
                }
                position = opener
            } else if byte == UInt8(ascii: ")"), steps.isEmpty, !isCalled {
                isCalled = true
                position = opener
            } else {
                return (nil, true)
            }
        }
        return (nil, isCalled || !steps.isEmpty)
    }

    /// The bracket that the one just before `position` closes; strings inside are taken as they come.
    private func matchingOpener(before position: Int) -> Int? {
        var depth = 0
        var index = position - 1
        while index >= 0 {
            switch bytes[index] {
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth += 1
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
                depth -= 1
                if depth == 0 { return index }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if depth == 0 { return nil }
            default: if depth == 0 { return nil }
            }
            index -= 1
        }
        return nil
    }

    private static let keywords: Set<String> = [
        "if", "else", "for", "in", "while", "return", "raise", "assert", "and", "or", "not", "catch", "try",
    ]

    private func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || isDigit(byte)
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }
}
