import Builtins
import Foundation
import Runtime
import Testing

/// `examples/methods.dist` leaves out no term and no scheme that the library has.
@Suite struct `The example of all methods` {
    @Test func `It names every term and every scheme`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../examples/methods.dist")
        let text = try String(contentsOf: file, encoding: .utf8)
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
