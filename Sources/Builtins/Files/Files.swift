import Runtime

extension Library {
    func addFiles() {
        let path = Parameter<String>("path", "the path")
        let source = Parameter<ReadPath>("path", "the path")
        let text = Parameter<String>("text", "what the file is to hold")
        let missing = Example("exists(\"no/such/file\")", "false")
        add(
            Builtin(
                "exists", .core, "Whether there is a file or folder.", parameters: [path.description],
                returns: "a bool",
                seeAlso: ["read_text"], examples: [missing]
            ) { call in call.interpreter.files.exists(try call[path]) })
        add(
            Builtin(
                "read_text", .core, "The whole text of a file, which must be UTF-8.", parameters: [path.description],
                returns: "a string", seeAlso: ["write_text", "exists"],
                examples: [Example("try { read_text(\"no/such/file\") } catch e { e.kind }", "io")]
            ) { call in
                let name = try call[source].found()
                guard let text = String(validating: try call.interpreter.files.read(name), as: UTF8.self) else {
                    throw Failure(.io, "read_text: \(name) is not UTF-8", operands: [0: ""])
                }
                return text
            })
        add(
            Builtin(
                "write_text", .core, "Replaces a file by a text, whole or not at all.",
                parameters: [path.description, text.description], returns: "nothing", seeAlso: ["read_text"],
                examples: [Example("try { write_text(\"/no/such/folder/a\", \"x\") } catch e { e.kind }", "io")]
            ) { call in
                try call.interpreter.files.write(Array(try call[text].utf8), to: try call[path])
                return NoValue()
            })
    }
}
