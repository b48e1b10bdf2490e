import Base
import Checking
import Data
import Diagnostics
import Glibc
import Notebook
import Runtime
import Syntax

/// Answers what editors ask about scripts (Language Server Protocol 3.17), on two descriptors.
///
/// Messages are worked off in their order. Before each one everything that has arrived is read, so that a request that is
/// cancelled meanwhile is not computed, and files are checked when nothing more waits.
package final class LanguageServer {
    private enum State { case fresh, running, shutDown }

    private var reader: MessageReader
    private let output: Int32
    private var state = State.fresh
    private var waiting: [JSON] = []
    private var cancelled: Set<String> = []
    private var exitStatus: Int32?
    private var unchecked: [String] = []
    let session = Session()
    var documents: [String: Document] = [:]
    var unit = ColumnUnit.utf16
    /// The folders that the editor has open.
    var folders: [String] = []

    /// A server between two descriptors.
    package init(input: Int32 = 0, output: Int32 = 1) {
        reader = MessageReader(input)
        self.output = output
    }

    var library: Library { session.interpreter.library }

    // MARK: Messages

    /// Works until the editor ends it or is gone; the exit status: 0 after `shutdown`, else 1.
    package func run() -> Int32 {
        while exitStatus == nil {
            while let item = reader.next(waiting: false) {
                take(item)
                if exitStatus != nil { break }
            }
            if !waiting.isEmpty {
                work(waiting.removeFirst())
            } else if exitStatus == nil {
                if !unchecked.isEmpty { publish() }
                if let item = reader.next(waiting: true) { take(item) }
            }
        }
        return exitStatus ?? 1
    }

    private func take(_ item: MessageReader.Item) {
        switch item {
        case .end:
            // What came before the end is still answered.
            while !waiting.isEmpty, exitStatus == nil { work(waiting.removeFirst()) }
            if exitStatus == nil { exitStatus = state == .shutDown ? 0 : 1 }
        case .broken(let reason): send(error: .noJSON(reason), to: .null)
        case .message(let bytes):
            do {
                let message = try JSON(parsing: bytes)
                if message["method"]?.string == "$/cancelRequest" {
                    if let identifier = message["params"]?["id"] { cancel(identifier) }
                } else {
                    waiting.append(message)
                }
            } catch let problem as JSON.SyntaxError {
                send(error: .noJSON("byte \(problem.offset): \(problem.problem)"), to: .null)
            } catch {
                send(error: .noJSON("\(error)"), to: .null)
            }
        }
    }

    private func cancel(_ identifier: JSON) {
        if waiting.contains(where: { $0["id"] == identifier }) { cancelled.insert(identifier.text) }
    }

    private func work(_ message: JSON) {
        let identifier = message["id"]
        guard case .object = message, let method = message["method"]?.string else {
            // Answers to requests of the server have no method; it asks nothing.
            let isAnswer = message["result"] != nil || message["error"] != nil
            if !isAnswer { send(error: .invalidRequest("a message is an object with a `method`"), to: .null) }
            return
        }
        guard let identifier else {
            notice(method, message["params"] ?? .null)
            return
        }
        switch identifier {
        case .integer, .string: break
        default: return send(error: .invalidRequest("an `id` is a number or a text"), to: .null)
        }
        if cancelled.remove(identifier.text) != nil { return send(error: .cancelled, to: identifier) }
        do throws(ResponseError) {
            let result = try answer(method, message["params"] ?? .null)
            send(["jsonrpc": .string("2.0"), "id": identifier, "result": result])
        } catch {
            send(error: error, to: identifier)
        }
    }

    private func send(error: ResponseError, to identifier: JSON) {
        send([
            "jsonrpc": .string("2.0"), "id": identifier,
            "error": ["code": .integer(error.code), "message": .string(error.message)],
        ])
    }

    private func send(_ message: JSON) {
        let body = Array(message.text.utf8)
        let bytes = Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                exitStatus = 1
                return
            }
            sent += count
        }
    }

    // MARK: Notices

    private func notice(_ method: String, _ parameters: JSON) {
        if method == "exit" {
            exitStatus = state == .shutDown ? 0 : 1
            return
        }
        guard state == .running else { return }
        let file = parameters["textDocument"]
        let uri = file?["uri"]?.string ?? ""
        switch method {
        case "textDocument/didOpen":
            guard !uri.isEmpty, let text = file?["text"]?.string else { return }
            documents[uri] = Document(uri: uri, version: file?["version"]?.integer ?? 0, text: text, unit: unit)
            noteChange(uri)
        case "textDocument/didChange":
            guard let document = documents[uri] else { return }
            do throws(ResponseError) {
                try document.change(
                    parameters["contentChanges"]?.array ?? [], version: file?["version"]?.integer ?? 0)
            } catch {
                log("\(method): \(error.message)")
            }
            noteChange(uri)
        case "textDocument/didSave": noteChange(uri)
        case "textDocument/didClose":
            documents[uri] = nil
            unchecked.removeAll { $0 == uri }
            publish([], of: uri, version: nil)
            for other in documents.keys.sorted() { noteChange(other) }
        default: break
        }
    }

    private func log(_ text: String) {
        send([
            "jsonrpc": .string("2.0"), "method": .string("window/logMessage"),
            "params": ["type": .integer(2), "message": .string(text)],
        ])
    }

    /// A file has to be checked, and then those that import it.
    private func noteChange(_ uri: String) {
        guard documents[uri] != nil else { return }
        var queue = [uri]
        while let next = queue.popLast() {
            if !unchecked.contains(next) { unchecked.append(next) } else if next != uri { continue }
            guard let path = documents[next]?.path else { continue }
            for (other, document) in documents where other != next && !unchecked.contains(other) {
                if document.imports.contains(path) { queue.append(other) }
            }
        }
    }

    /// Checks one file, and comes back for the others when nothing else waits.
    private func publish() {
        let uri = unchecked.removeFirst()
        guard let document = documents[uri] else { return }
        publish(findings(of: document).map { report($0, in: document) }, of: uri, version: document.version)
    }

    private func publish(_ findings: [JSON], of uri: String, version: Int?) {
        var parameters: [(key: String, value: JSON)] = [("uri", .string(uri)), ("diagnostics", .array(findings))]
        if let version { parameters.append(("version", .integer(version))) }
        send([
            "jsonrpc": .string("2.0"), "method": .string("textDocument/publishDiagnostics"),
            "params": .object(parameters),
        ])
    }

    // MARK: Requests

    private func answer(_ method: String, _ parameters: JSON) throws(ResponseError) -> JSON {
        switch (state, method) {
        case (.fresh, "initialize"): return try initialize(parameters)
        case (.fresh, _): throw .notInitialized
        case (.shutDown, _): throw .invalidRequest("the server was shut down")
        case (.running, "initialize"): throw .invalidRequest("initialize comes once")
        case (.running, "shutdown"):
            state = .shutDown
            return .null
        case (.running, "completionItem/resolve"): return resolve(parameters)
        case (.running, "workspace/symbol"): return workspaceSymbols(parameters["query"]?.string ?? "")
        case (.running, _): break
        }
        guard let request = Self.requests[method] else { throw .unknownMethod(method) }
        guard let uri = parameters["textDocument"]?["uri"]?.string else {
            throw .invalidParameters("\(method) names a `textDocument`")
        }
        guard let document = documents[uri] else { throw .invalidParameters("\(uri) is not open") }
        return try request(self)(document, parameters)
    }

    /// What can be asked about a file.
    private typealias Request = (LanguageServer) -> (Document, JSON) throws(ResponseError) -> JSON
    private static var requests: [String: Request] {
        [
            "textDocument/hover": { server in { (d, p) throws(ResponseError) in try server.hover(d, p) } },
            "textDocument/completion": { server in { (d, p) throws(ResponseError) in try server.completion(d, p) } },
            "textDocument/signatureHelp": { server in
                { (d, p) throws(ResponseError) in try server.signatureHelp(d, p) }
            },
            "textDocument/definition": { server in { (d, p) throws(ResponseError) in try server.definition(d, p) } },
            "textDocument/references": { server in { (d, p) throws(ResponseError) in try server.references(d, p) } },
            "textDocument/documentHighlight": { server in
                { (d, p) throws(ResponseError) in try server.highlights(d, p) }
            },
            "textDocument/prepareRename": { server in
                { (d, p) throws(ResponseError) in try server.prepareRename(d, p) }
            },
            "textDocument/rename": { server in { (d, p) throws(ResponseError) in try server.rename(d, p) } },
            "textDocument/documentSymbol": { server in { (d, _) in server.documentSymbols(d) } },
            "textDocument/foldingRange": { server in { (d, _) in server.foldingRanges(d) } },
            "textDocument/selectionRange": { server in
                { (d, p) throws(ResponseError) in try server.selectionRanges(d, p) }
            },
            "textDocument/formatting": { server in { (d, _) throws(ResponseError) in try server.formatting(d) } },
            "textDocument/semanticTokens/full": { server in { (d, _) in server.semanticTokens(d) } },
            "textDocument/codeAction": { server in { (d, p) throws(ResponseError) in try server.codeActions(d, p) } },
            "textDocument/codeLens": { server in { (d, _) in server.codeLenses(d) } },
        ]
    }

    private func initialize(_ parameters: JSON) throws(ResponseError) -> JSON {
        let offered = parameters["capabilities"]?["general"]?["positionEncodings"]?.array ?? []
        if offered.contains(.string(ColumnUnit.utf8.rawValue)) { unit = .utf8 }
        let workspaces = parameters["workspaceFolders"]?.array?.compactMap { $0["uri"]?.string } ?? []
        let root = parameters["rootUri"]?.string.map { [$0] } ?? []
        folders = (workspaces.isEmpty ? root : workspaces).compactMap(FileAddress.path)
        state = .running
        let yes = JSON.bool(true)
        return [
            "serverInfo": ["name": .string("distill"), "version": .string(Version.text)],
            "capabilities": [
                "positionEncoding": .string(unit.rawValue),
                "textDocumentSync": ["openClose": yes, "change": .integer(2), "save": yes],
                "hoverProvider": yes,
                "completionProvider": [
                    "triggerCharacters": .array([.string("."), .string("\""), .string("(")]), "resolveProvider": yes,
                ],
                "signatureHelpProvider": ["triggerCharacters": .array([.string("("), .string(",")])],
                "definitionProvider": yes, "referencesProvider": yes, "documentHighlightProvider": yes,
                "renameProvider": ["prepareProvider": yes], "documentSymbolProvider": yes,
                "workspaceSymbolProvider": yes, "foldingRangeProvider": yes, "selectionRangeProvider": yes,
                "documentFormattingProvider": yes, "codeActionProvider": yes, "codeLensProvider": .object([]),
                "semanticTokensProvider": [
                    "legend": [
                        "tokenTypes": .array(SemanticKind.allCases.map { .string($0.rawValue) }),
                        "tokenModifiers": .array([]),
                    ], "full": yes,
                ],
            ],
        ]
    }
}
