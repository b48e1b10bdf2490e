import Base
import Checking
import Data
import Diagnostics
import Notebook
import Syntax

/// Definitions, references and renaming, across the files that import each other.
extension LanguageServer {
    /// A name with the file that binds it.
    private struct Target {
        let document: Document
        let index: Int
        var symbol: Occurrences.Symbol { document.occurrences.symbols[index] }
    }

    /// A stretch of a file.
    private struct Place {
        let document: Document
        let span: SourceSpan
        let binds: Bool
    }

    /// A file as it is edited, or as it is on disk.
    private func file(_ path: String) -> Document? {
        if let open = documents.values.first(where: { $0.path == path }) { return open }
        guard let bytes = try? WholeFile.read(path, atMost: 1 << 24) else { return nil }
        return Document(
            uri: FileAddress.uri(of: path), version: 0, text: String(decoding: bytes, as: UTF8.self), unit: unit)
    }

    /// What a name behind a point is in the file that it is taken from.
    func imported(at span: SourceSpan, in document: Document) -> (file: Document, symbol: Occurrences.Symbol)? {
        member(at: span, in: document).map { ($0.document, $0.symbol) }
    }

    private func member(at span: SourceSpan, in document: Document) -> Target? {
        let occurrences = document.occurrences
        guard let member = occurrences.members.first(where: { $0.name.span == span }),
            let written = occurrences.symbols[member.file].path, !written.hasPrefix("std/"),
            let file = file(Check.path(ofImport: written, in: document.path)),
            let index = file.occurrences.symbols.firstIndex(where: { $0.home == .file && $0.name == member.name.text })
        else { return nil }
        return Target(document: file, index: index)
    }

    private func target(_ document: Document, _ parameters: JSON) throws(ResponseError) -> Target? {
        let offset = try document.offset(of: parameters["position"])
        guard let token = document.name(at: offset) else { return nil }
        if let index = document.occurrences.symbol(at: token.span.lower) {
            return Target(document: document, index: index)
        }
        return member(at: token.span, in: document)
    }

    /// Arguments may be passed by name where it cannot be seen that this function gets them: by a name that holds it, and in
    /// files that import this one.
    private func refuseParameter(_ target: Target) throws(ResponseError) {
        let symbol = target.symbol
        guard symbol.kind == .parameter else { return }
        let occurrences = target.document.occurrences
        for (function, name) in occurrences.namedArguments where name.text == symbol.name {
            let callee = occurrences.symbols[function]
            if callee.declaration == nil || callee.bindings.count > 1 {
                throw .failed(
                    "\(symbol.name) is passed by name to \(callee.name), and which function that holds is known only when it runs"
                )
            }
        }
        for other in dependents(of: target.document) {
            let text = other.source.text
            guard ["\(symbol.name)=", "\(symbol.name) ="].contains(where: { text.contains($0) }) else { continue }
            throw .failed(
                "\(other.path) imports this file and may pass \(symbol.name) by name: rename it there by hand")
        }
    }

    private func places(of target: Target) -> [Place] {
        let symbol = target.symbol
        var places = symbol.bindings.map { Place(document: target.document, span: $0, binds: true) }
        places += symbol.reads.map { Place(document: target.document, span: $0, binds: false) }
        guard symbol.home == .file else { return places }
        for other in dependents(of: target.document) {
            for member in other.occurrences.members where member.name.text == symbol.name {
                guard let written = other.occurrences.symbols[member.file].path,
                    Check.path(ofImport: written, in: other.path) == target.document.path
                else { continue }
                places.append(Place(document: other, span: member.name.span, binds: false))
            }
        }
        return places
    }

    /// The open files, and those of the editor's folders, that import a file.
    private func dependents(of document: Document) -> [Document] {
        scripts(beside: document).filter { $0.imports.contains(document.path) }
    }

    /// The scripts of the editor's folders; without one, of the file's own.
    private func scripts(beside document: Document?) -> [Document] {
        var paths: Set<String> = []
        var queue = folders
        if queue.isEmpty, let path = document?.path, path.hasPrefix("/") { queue = [WholeFile.folder(of: path)] }
        let isDeep = !folders.isEmpty
        while let folder = queue.popLast(), paths.count < Self.mostScripts {
            for name in WholeFile.namesIfAny(in: folder) where !name.hasPrefix(".") {
                let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
                if name.hasSuffix("/") {
                    if isDeep, path.split(separator: "/").count < 40 { queue.append(String(path.dropLast())) }
                } else if name.hasSuffix(".dist") {
                    paths.insert(path)
                }
            }
        }
        paths.formUnion(documents.values.map(\.path))
        return paths.sorted().compactMap { path in documents.values.first { $0.path == path } ?? file(path) }
    }

    /// A folder that holds more is no project.
    private static let mostScripts = 2000

    func definition(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        let offset = try document.offset(of: parameters["position"])
        for case .importFile(let written, let span, _) in document.program.statements.map(\.kind)
        where span.lower <= offset && offset <= span.upper {
            guard let file = file(Check.path(ofImport: written, in: document.path)) else { return .null }
            return file.location(SourceSpan(0, 0))
        }
        guard let target = try target(document, parameters) else { return .null }
        return .array(target.symbol.bindings.prefix(1).map { target.document.location($0) })
    }

    func references(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        guard let target = try target(document, parameters) else { return .array([]) }
        let wantsDeclaration = parameters["context"]?["includeDeclaration"] != .bool(false)
        return .array(
            places(of: target).filter { wantsDeclaration || !$0.binds }.map { $0.document.location($0.span) })
    }

    func highlights(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        let offset = try document.offset(of: parameters["position"])
        guard let token = document.name(at: offset) else { return .array([]) }
        let occurrences = document.occurrences
        if let index = occurrences.symbol(at: token.span.lower) {
            let symbol = occurrences.symbols[index]
            return .array(
                symbol.bindings.map { ["range": document.range($0), "kind": .integer(3)] }
                    + symbol.reads.map { ["range": document.range($0), "kind": .integer(2)] })
        }
        let name = document.source.text(in: token.span)
        let same = occurrences.members.map(\.name) + occurrences.free
        return .array(
            same.filter { $0.text == name }.map { ["range": document.range($0.span), "kind": .integer(2)] })
    }

    // MARK: Renaming

    func prepareRename(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        guard let target = try target(document, parameters),
            let token = document.name(at: try document.offset(of: parameters["position"]))
        else { throw .failed("this is no name of a file") }
        try refuseField(target)
        try refuseParameter(target)
        return ["range": document.range(token.span), "placeholder": .string(target.symbol.name)]
    }

    /// Fields are also written behind points, on values that only running tells.
    private func refuseField(_ target: Target) throws(ResponseError) {
        if target.symbol.home == .module {
            throw .failed("\(target.symbol.name) is a field of a module: what reads it behind a point cannot be found")
        }
    }

    func rename(_ document: Document, _ parameters: JSON) throws(ResponseError) -> JSON {
        guard let target = try target(document, parameters) else { throw .failed("this is no name of a file") }
        try refuseField(target)
        try refuseParameter(target)
        guard let name = parameters["newName"]?.string else { throw .invalidParameters("`newName` is missing") }
        let tokens = Lexer.tokens(of: SourceText(name: "", text: name))
        guard tokens.tokens.count == 2, tokens.tokens[0].kind == .name, tokens.diagnostics.isEmpty,
            tokens.comments.isEmpty
        else { throw .failed("\(name) is not a name") }
        var edits: [(document: Document, spans: [SourceSpan])] = []
        for place in places(of: target) {
            if let index = edits.firstIndex(where: { $0.document === place.document }) {
                edits[index].spans.append(place.span)
            } else {
                edits.append((place.document, [place.span]))
            }
        }
        for (document, spans) in edits { try check(name, at: spans, in: document) }
        return [
            "changes": .object(
                edits.map { document, spans in
                    (
                        key: document.uri,
                        value: .array(
                            spans.sorted { $0.lower < $1.lower }.map {
                                ["range": document.range($0), "newText": .string(name)]
                            })
                    )
                })
        ]
    }

    /// Every place must mean after the change what it means before it.
    private func check(_ name: String, at spans: [SourceSpan], in document: Document) throws(ResponseError) {
        var bytes = document.source.utf8
        for span in spans.sorted(by: { $0.lower > $1.lower }) {
            bytes.replaceSubrange(span.lower..<span.upper, with: Array(name.utf8))
        }
        let changed = Occurrences(Parser.parse(SourceText(name: document.source.name, bytes: bytes)).program)
        guard document.occurrences.structure == changed.structure else {
            throw .failed("\(name) means something else in \(document.path) already")
        }
    }
}

extension Occurrences {
    /// How many places each name has, in the order of the names.
    fileprivate var structure: [[Int]] {
        symbols.map { [$0.bindings.count, $0.reads.count] } + [[free.count, members.count]]
    }
}

// MARK: - Symbols

extension LanguageServer {
    /// The numbers of the protocol for kinds of symbols.
    private static func number(_ kind: Occurrences.Symbol.Kind) -> Int {
        switch kind {
        case .function: 12
        case .module: 5
        case .file: 2
        case .variable, .parameter: 13
        }
    }

    /// Cells with what they bind.
    func documentSymbols(_ document: Document) -> JSON {
        let statements = document.program.statements
        let symbols = document.occurrences.symbols.filter { $0.home == .file }
        func entry(_ symbol: Occurrences.Symbol) -> JSON? {
            guard let place = symbol.bindings.first else { return nil }
            let whole = statements.first { $0.span.lower <= place.lower && place.upper <= $0.span.upper }?.span ?? place
            return Self.entry(symbol.name, Self.number(symbol.kind), whole, place, [], in: document)
        }
        func inside(_ span: SourceSpan) -> [JSON] {
            symbols.filter { symbol in
                symbol.bindings.first.map { span.lower <= $0.lower && $0.lower < span.upper } ?? false
            }.compactMap(entry)
        }
        let cells = Cells.split(document.source)
        guard cells.contains(where: { $0.marker != nil }) else { return .array(symbols.compactMap(entry)) }
        var list: [JSON] = []
        for (index, cell) in cells.enumerated() {
            guard let marker = cell.marker else {
                list += inside(cell.span)
                continue
            }
            let title = cell.title.isEmpty ? "cell \(index + 1)" : cell.title
            list.append(
                Self.entry(
                    title, cell.kind == .code ? 3 : 15, marker.joined(with: cell.span), marker, inside(cell.span),
                    in: document))
        }
        return .array(list)
    }

    private static func entry(
        _ name: String, _ kind: Int, _ whole: SourceSpan, _ place: SourceSpan, _ children: [JSON], in document: Document
    ) -> JSON {
        [
            "name": .string(name), "kind": .integer(kind), "range": document.range(whole.joined(with: place)),
            "selectionRange": document.range(place), "children": .array(children),
        ]
    }

    /// The names of all scripts that hold what was typed.
    func workspaceSymbols(_ query: String) -> JSON {
        let wanted = query.lowercased()
        var found: [JSON] = []
        for document in scripts(beside: nil) {
            for symbol in document.occurrences.symbols where symbol.home == .file {
                guard wanted.isEmpty || symbol.name.lowercased().contains(wanted), let place = symbol.bindings.first
                else { continue }
                found.append([
                    "name": .string(symbol.name), "kind": .integer(Self.number(symbol.kind)),
                    "location": document.location(place),
                ])
            }
        }
        return .array(found)
    }
}
