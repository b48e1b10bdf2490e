import Builtins
import Foundation
import Runtime
import Testing

/// `examples/methods.dist`, and for texts `examples/sentences.dist`, leave out no term and no scheme that the library has.
@Suite struct `The example of all methods` {
    @Test func `It names every term and every scheme`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../examples")
        let text = try ["methods.dist", "sentences.dist"].map {
            try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
        }.joined()
        let library = Library.standard()
        let builtins = library.functions.values.flatMap(\.overloads).filter { $0.group.title == "Distillation" }
        let terms = builtins.filter { $0.resultType == .object("objective") }.map(\.name)
        let schemes = builtins.filter { $0.parameters.contains { $0.name == "clip_grad_norm" } }.map(\.name)
        #expect(terms.count > 30 && schemes.count > 7)
        // The label term for float targets has no place among classes.
        for name in terms + schemes where name != "regression" {
            #expect(text.contains("\(name)("), "\(name) is missing")
        }
    }
}
