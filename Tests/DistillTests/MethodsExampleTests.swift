import Base
import Notebook
import Testing

/// `examples/methods.dist` in its short form: every term and every scheme trains, and the table has a line for each.
@Suite("The example of all methods")
struct MethodsExampleTests {
    @Test
    func `Every method has its line and its verdict`() throws {
        let place = try Program.temporaryFolder()
        let result = try Program.run(
            "run", ExampleTests.folder + "/methods.dist", "--set", "quick=true", "--set", "epochs=1",
            folder: place)
        #expect(result.status == 0, "\(result.errors)")
        let csv = String(decoding: try WholeFile.read(place + "/methods.csv"), as: UTF8.self)
        let lines = csv.split(separator: "\n")
        #expect(lines.first == "method,seed,accuracy,agreement")
        // Two seeds for each method; names may hold a comma.
        #expect(lines.count > 90)
        for method in ["scratch", "soft", "crd", "simkd", "progressive", "mutual", "mean_teacher"] {
            #expect(lines.count { $0.hasPrefix(method + ",") } == 2, "\(method)")
            #expect(result.output.split(separator: "\n").contains { $0.hasPrefix(method + " ") }, "\(method)")
        }
    }
}
