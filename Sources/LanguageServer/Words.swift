import Checking
import Data
import Diagnostics
import Notebook
import Runtime
import Syntax

/// Completion, hover and signatures: what the prompt knows, for a file that does not run.
extension LanguageServer {
    /// The statement up to a byte, with the byte at which it begins: brackets left open further up do not matter.
    private func beginning(of offset: Int, in document: Document) -> (text: String, start: Int) {
        let tokens = document.stream.tokens
        var low = 0, high = tokens.count
        while low < high {
            let middle = (low + high) / 2
            if tokens[middle].span.lower < offset { low = middle + 1 } else { high = middle }
        }
        var start = 0
        for token in tokens[..<low].reversed() where token.isFirstOfLine {
            let line = document.source.lineStarts[document.source.line(at: token.span.lower)]
            guard token.span.lower == line, document.source.utf8[line] != UInt8(ascii: ")"),
                document.source.utf8[line] != UInt8(ascii: "]"), document.source.utf8[line] != UInt8(ascii: "}")
            else { continue }
            start = line
            break
        }
        return (document.source.text(in: SourceSpan(start, offset)), start)
    }

    private func completer(_ document: Document, _ offset: Int) -> (Completion, [Occurrences.Symbol], Int) {
        let (text, start) = beginning(of: offset, in: document)
        let visible = document.occurrences.visible(at: offset)
        var knowledge = session.knowledge(commands: [])
        knowledge.variables = visible.map(\.name)
        // A name of the file hides the function of the library.
        knowledge.value = { name in visible.contains { $0.name == name } ? Value.none : nil }
        return (Completion(text: text, point: text.utf8.count, knowing: knowledge), visible, start)
    }

    func completion(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        let offset = try document.offset(of: parameters["position"])
        let (completion, visible, start) = completer(document, offset)
        let range = document.range(SourceSpan(start + completion.start, offset))
        let symbols = Dictionary(visible.map { ($0.name, $0) }) { first, _ in first }
        var words = completion.words
        if let call = completion.openCall?.call, call.callee?.steps.isEmpty == true, call.current == nil,
            !call.hasBegun, let name = call.callee?.name, let declaration = symbols[name]?.declaration
        {
            // The arguments of a function of the file.
            let free = declaration.parameters.dropFirst(call.positional).filter { $0.isSingle }.map(\.name.text)
            words = free.filter { !call.named.contains($0) }.map { $0 + "=" } + words
        }
        return [
            "isIncomplete": .bool(false),
            "items": .array(
                words.enumerated().map { index, word in
                    [
                        "label": .string(word), "kind": .integer(kind(of: word, symbols)),
                        "sortText": .string(Self.digits(index)),
                        "textEdit": ["range": range, "newText": .string(word)],
                        "data": .string(symbols[word] == nil ? "library" : "file"),
                    ]
                }),
        ]
    }

    /// The order of the list, as text that sorts so.
    private static func digits(_ index: Int) -> String {
        let text = String(index)
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }

    private func kind(of word: String, _ symbols: [String: Occurrences.Symbol]) -> Int {
        if word.hasSuffix("=") { return 5 }
        switch symbols[word]?.kind {
        case .function?: return 3
        case .module?: return 7
        case .file?: return 9
        case .variable?, .parameter?: return 6
        case nil: break
        }
        if library.functions[word] != nil { return 3 }
        if library.constants[word] != nil { return 21 }
        if Keywords.reserved.contains(word) || Keywords.contextual.contains(word) { return 14 }
        return 10
    }

    /// A word of the list with its page.
    func resolve(_ item: JSON) -> JSON {
        guard case .object(var members) = item, let word = item["label"]?.string, item["data"] == .string("library"),
            let page = Manual.page(of: word, in: library) ?? Manual.page(ofMember: word, in: library)
        else { return item }
        members.append(("documentation", Self.markdown(page)))
        return .object(members)
    }

    private static func markdown(_ text: String) -> JSON {
        ["kind": .string("markdown"), "value": .string(String(text.drop { $0 == "\n" }))]
    }

    // MARK: Hover

    func hover(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        let offset = try document.offset(of: parameters["position"])
        guard let token = document.name(at: offset) else { return .null }
        let name = document.source.text(in: token.span)
        func answer(_ page: String) -> JSON { ["contents": Self.markdown(page), "range": document.range(token.span)] }
        let occurrences = document.occurrences
        if let index = occurrences.symbol(at: token.span.lower), occurrences.symbols[index].name == name {
            return answer(page(of: occurrences.symbols[index], in: document))
        }
        if occurrences.free.contains(where: { $0.span == token.span }) {
            return Manual.page(of: name, in: library).map(answer) ?? .null
        }
        if let (file, symbol) = imported(at: token.span, in: document) { return answer(page(of: symbol, in: file)) }
        if document.isMember(token) { return Manual.page(ofMember: name, in: library).map(answer) ?? .null }
        return .null
    }

    private func page(of symbol: Occurrences.Symbol, in document: Document) -> String {
        let kind =
            switch symbol.kind {
            case .function, .module: ""
            case .parameter: "parameter "
            case .file: "file "
            case .variable: ""
            }
        guard let declaration = symbol.declaration else {
            let line = symbol.bindings.first.map { document.source.position(at: $0.lower).line }
            return "```dist\n\(kind)\(symbol.name)\n```\n\nbound in line \(line ?? 1)"
        }
        let word = symbol.kind == .module ? "module" : "fn"
        var page = "```dist\n\(word) \(document.signature(of: declaration).text)\n```"
        if let text = declaration.documentation { page += "\n\n\(text)" }
        return page
    }

    // MARK: Signatures

    func signatureHelp(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        let offset = try document.offset(of: parameters["position"])
        let (completion, visible, _) = completer(document, offset)
        guard let (call, builtins) = completion.openCall, let callee = call.callee else { return .null }
        var signatures: [JSON] = []
        var parameters: [[(name: String, isSingle: Bool)]] = []
        func add(_ text: String, _ summary: String, _ labels: [(text: String, summary: String)]) {
            signatures.append([
                "label": .string(text), "documentation": Self.markdown(summary),
                "parameters": .array(
                    labels.map { ["label": .string($0.text), "documentation": Self.markdown($0.summary)] }),
            ])
        }
        if callee.steps.isEmpty, let symbol = visible.first(where: { $0.name == callee.name }) {
            guard let declaration = symbol.declaration else { return .null }
            let signature = document.signature(of: declaration)
            add(signature.text, declaration.documentation ?? "", signature.parameters.map { ($0, "") })
            parameters.append(declaration.parameters.map { ($0.name.text, $0.isSingle) })
        } else {
            for builtin in builtins {
                add(
                    builtin.signature, builtin.summary, builtin.parameters.map { ($0.signature, $0.documentation) })
                parameters.append(builtin.parameters.map { ($0.name, $0.kind == .single) })
            }
        }
        guard !signatures.isEmpty else { return .null }
        // The first signature that has the argument at hand.
        func index(in list: [(name: String, isSingle: Bool)]) -> Int? {
            if let current = call.current { return list.firstIndex { $0.name == current } }
            if call.positional < list.count { return call.positional }
            return list.lastIndex { !$0.isSingle }
        }
        let active = parameters.firstIndex { index(in: $0) != nil } ?? 0
        return [
            "signatures": .array(signatures), "activeSignature": .integer(active),
            "activeParameter": index(in: parameters[active]).map { .integer($0) } ?? .null,
        ]
    }
}

extension ParameterSyntax {
    var isSingle: Bool { if case .single = kind { true } else { false } }
}

extension Document {
    /// The signature of a declaration as written, whole and parameter by parameter.
    func signature(of declaration: FunctionDeclaration) -> (text: String, parameters: [String]) {
        let parameters = declaration.parameters.map { parameter in
            switch parameter.kind {
            case .single(nil): parameter.name.text
            case .single(let value?): "\(parameter.name.text)=\(source.text(in: value.span))"
            case .rest: "*" + parameter.name.text
            case .options: "**" + parameter.name.text
            }
        }
        return ("\(declaration.name.text)(\(parameters.joined(separator: ", ")))", parameters)
    }

    /// The name at a byte or just before it.
    func name(at offset: Int) -> Token? {
        stream.tokens.last { $0.kind == .name && $0.span.lower <= offset && offset <= $0.span.upper }
    }

    /// Whether a name stands behind a point.
    func isMember(_ token: Token) -> Bool {
        token.span.lower > 0 && source.utf8[token.span.lower - 1] == UInt8(ascii: ".")
    }
}
