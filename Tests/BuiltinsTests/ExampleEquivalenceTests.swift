import Builtins
import Diagnostics
import Foundation
import Runtime
import Testing

/// The loops of `examples/by_hand_*.dist` and the one-line forms that they write out give the same loss in every epoch.
@Suite struct `Hand-written loops and their one-line forms` {
    @Test(arguments: ["soft", "feature", "combined"]) func `Losses agree`(_ name: String) throws {
        let hand = try losses("by_hand_\(name)", as: "losses")
        let line = try losses(name, as: "run.loss")
        try #require(hand.count == 3 && line.count == 3)
        for (a, b) in zip(hand, line) { #expect(abs(a - b) <= 1e-5 * abs(a), "\(hand) and \(line)") }
    }

    /// Runs an example up to where the student is trained, three epochs each, and gives the numbers of `expression`.
    private func losses(_ name: String, as expression: String) throws -> [Double] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../examples/\(name).dist")
        let text = try String(contentsOf: file, encoding: .utf8)
        let training = try #require(text.components(separatedBy: "# %% The same student").first)
        let shortened =
            training
            .replacingOccurrences(of: "epochs = 200", with: "epochs = 3")
            .replacingOccurrences(of: "epochs=200", with: "epochs=3")
            .replacingOccurrences(of: "epochs=30", with: "epochs=3")
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        let value = try interpreter.run(SourceText(name: name, text: shortened + "\n" + expression))
        guard case .list(let list) = value else { return [] }
        return list.elements.compactMap(\.number)
    }
}
