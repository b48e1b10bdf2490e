import Testing

/// The program as an editor starts it.
struct LanguageServerCommandTests {
    private func framed(_ messages: String...) -> String {
        messages.map { "Content-Length: \($0.utf8.count)\r\n\r\n\($0)" }.joined()
    }

    @Test(arguments: [["lsp"], ["lsp", "--stdio"]])
    func `distill lsp answers on standard output and ends as it is told`(_ arguments: [String]) throws {
        let whole = try Program.run(
            arguments,
            input: framed(
                "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"initialize\", \"params\": {\"capabilities\": {}}}",
                "{\"jsonrpc\": \"2.0\", \"id\": 2, \"method\": \"shutdown\"}",
                "{\"jsonrpc\": \"2.0\", \"method\": \"exit\"}"))
        #expect(whole.status == 0 && whole.errors.isEmpty)
        #expect(whole.output.hasPrefix("Content-Length: ") && whole.output.contains("\"name\":\"distill\""))
        #expect(whole.output.hasSuffix("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}"))
        // An editor that is gone without a word.
        #expect(try Program.run(arguments).status == 1)
    }
}
