import Builtins
import Diagnostics
import Glibc
import Runtime
import Tensors
import Testing

/// Every example of everything that a program can call shows what its declaration says.
@Suite struct `Examples of the standard library` {
    static let examples: [(name: String, example: Example)] = {
        let library = Library.standard()
        let builtins =
            library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap { $0.values.flatMap(\.overloads) }
        return builtins.flatMap { builtin in builtin.examples.map { (builtin.name, $0) } }
            + library.attributes.values.flatMap { attributes in
                attributes.values.flatMap { attribute in attribute.examples.map { (attribute.name, $0) } }
            }
    }()

    @Test(arguments: examples.indices) func `Every example displays what it says`(_ index: Int) throws {
        let (name, example) = Self.examples[index]
        let lines = try StandardScripts.lines(example.source)
        if let output = example.output { #expect(lines == output, "\(name): \(example.source)") }
    }

    @Test func `Every example displays what it says when computed plainly`() throws {
        for (name, example) in Self.examples {
            let lines = try Plain.run { try StandardScripts.lines(example.source) }
            if let output = example.output { #expect(lines == output, "\(name): \(example.source)") }
        }
    }

    @Test func `Every declaration has a summary and an example`() {
        let library = Library.standard()
        for builtin in library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap({ $0.values.flatMap(\.overloads) })
        {
            #expect(builtin.summary.hasSuffix("."), "\(builtin.name): the summary is a sentence")
            #expect(!builtin.examples.isEmpty, "\(builtin.name): has an example")
            #expect(
                builtin.parameters.allSatisfy { !$0.documentation.isEmpty }, "\(builtin.name): documents its parameters"
            )
        }
        for attribute in library.attributes.values.flatMap(\.values) {
            #expect(attribute.summary.hasSuffix("."), "\(attribute.name): the summary is a sentence")
            #expect(!attribute.examples.isEmpty, "\(attribute.name): has an example")
        }
    }

    @Test func `What a declaration refers to exists`() {
        let library = Library.standard()
        let names = Set(library.names).union(library.methods.values.flatMap(\.keys))
            .union(library.attributes.values.flatMap(\.keys))
        let builtins =
            library.functions.values.flatMap(\.overloads)
            + library.methods.values.flatMap { $0.values.flatMap(\.overloads) }
        for builtin in builtins {
            for name in builtin.seeAlso { #expect(names.contains(name), "\(builtin.name) refers to \(name)") }
        }
    }
}

/// Runs scripts against the whole library, as a cell would.
enum StandardScripts {
    /// The lines that a cell displays: what it prints, and its last value unless that is none.
    static func lines(_ source: String) throws -> [String] {
        var printed = ""
        let interpreter = Interpreter(library: .standard(), output: { printed += $0.plain })
        interpreter.files = TemporaryFiles()
        let value = try interpreter.run(SourceText(name: "cell", text: source))
        if case .none = value {} else { printed += Display.text(value, in: interpreter) }
        return printed.split(separator: "\n").map(String.init)
    }
}

/// Files below /tmp, for examples that write.
struct TemporaryFiles: FileAccess {
    func resolve(_ path: String, from importer: String?) -> String { path }

    func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw Failure(.io, "cannot read \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return bytes
    }

    func write(_ bytes: [UInt8], to path: String) throws {
        guard path.hasPrefix("/tmp/"), let file = fopen(path, "wb") else { throw Failure(.io, "cannot write \(path)") }
        defer { fclose(file) }
        for byte in bytes { fputc(Int32(byte), file) }
    }
}
