import Diagnostics
import Notebook
import Testing

/// Names that people bring from Python and PyTorch are answered with what to write here.
@Suite struct `Names from elsewhere` {
    static let names: [(source: String, help: String)] = [
        ("seed(0)", "write manual_seed(0)"), ("x = ones(2).to(float32)", "write \"float32\", in quotes"),
        ("zeros(2, dtype=int64)", "write \"int64\", in quotes"), ("repeat(5, seed => seed)", "trials(5"),
        ("print(train)", "split("), ("fit(Linear(2, 2), val)", "split("), ("np.array([1])", "tensor("),
        ("DataLoader(1)", "batch_size="), ("optim.Adam()", "Adam(lr=1e-3)"), ("True", "write `true`"),
    ]

    @Test(arguments: names.indices) func `are answered`(_ index: Int) throws {
        let (source, help) = Self.names[index]
        let result = Session().run(SourceText(name: "a.dist", text: source), range: nil)
        let found = try #require(result.diagnostics.first, "\(source)")
        #expect(found.help.contains { $0.contains(help) }, "\(source): \(found.help)")
    }
}
