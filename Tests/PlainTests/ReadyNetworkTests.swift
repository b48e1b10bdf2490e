import Builtins
import Diagnostics
import Learning
import PlainFuzzing
import Runtime
import Syntax
import Testing

/// Every layer of every network of `std/models.dist`, computed plainly and quickly.
@Suite struct `Ready networks, plainly and quickly` {
    static let networks = [
        ReadyNetwork("mlp(16, [12, 8], 3, dropout=0.5)", "randn(4, 16)"),
        ReadyNetwork("lenet5()", "randn(3, 1, 28, 28)"),
        ReadyNetwork("cnn([8, 16, 16], inputs=3, size=12)", "randn(3, 3, 12, 12)"),
        ReadyNetwork("resnet8()", "randn(4, 3, 16, 16)"),
        ReadyNetwork("resnet20(10, shortcut=\"pad\")", "randn(4, 3, 12, 12)"),
        ReadyNetwork("resnet8x4(10)", "randn(3, 3, 12, 12)"),
        ReadyNetwork("wrn_16_2(10)", "randn(3, 3, 12, 12)"),
        ReadyNetwork("vgg8(10)", "randn(3, 3, 32, 32)"),
        ReadyNetwork("mobilenet_v2(10)", "randn(4, 3, 32, 32)"),
        ReadyNetwork("shufflenet_v2(10)", "randn(3, 3, 12, 12)"),
        ReadyNetwork("text_transformer(50, dim=16, heads=4, layers=2, length=9)", "randint(0, 50, [3, 9])"),
    ]

    @Test(arguments: networks, [true, false])
    func `every layer has the plain value in both modes`(network: ReadyNetwork, trains: Bool) throws {
        let library = Library.standard()
        let program = LayerProgram(network, paths: try network.paths(library), trains: trains, oneByOne: false)
        let outcome = ProgramComparison(program, library: library)
        #expect(outcome == .equal || outcome == .illConditioned, "\(outcome)")
    }

    @Test(arguments: networks.filter { !$0.call.hasPrefix("vgg") && !$0.call.hasPrefix("mobilenet") })
    func `a value that is kept while all others go is the plain one`(network: ReadyNetwork) throws {
        let library = Library.standard()
        let program = LayerProgram(network, paths: try network.paths(library), trains: false, oneByOne: true)
        let outcome = ProgramComparison(program, library: library)
        #expect(outcome == .equal || outcome == .illConditioned, "\(outcome)")
    }
}

/// A network of the standard module with an input of it.
struct ReadyNetwork: Sendable, CustomTestStringConvertible {
    let call: String
    let input: String

    init(_ call: String, _ input: String) { (self.call, self.input) = (call, input) }

    var testDescription: String { call }

    /// The paths of all layers that run when the network does.
    func paths(_ library: Library) throws -> [String] {
        let text = "import \"std/models.dist\" as models\nnet = models.\(call)\n"
        let source = SourceText(name: "paths.dist", text: text)
        let interpreter = Interpreter(library: library)
        _ = try interpreter.run(Parser.parse(source).program, of: source)
        guard case .module(let net)? = interpreter.global("net") else { return [] }
        // A list of modules does not run itself.
        return net.namedModules().filter { !$0.path.isEmpty && !($0.module is ModuleList) }.map(\.path)
    }
}

/// What stands at paths of a network: all together, or each in a pass of its own with nothing else kept.
private struct LayerProgram: PlainProgram {
    let network: ReadyNetwork
    let paths: [String]
    let trains: Bool
    let oneByOne: Bool

    init(_ network: ReadyNetwork, paths: [String], trains: Bool, oneByOne: Bool) {
        (self.network, self.paths, self.trains, self.oneByOne) = (network, paths, trains, oneByOne)
    }

    var smaller: [LayerProgram] { [] }

    var parts: (setup: [String], work: [String]) {
        let list = paths.map { "\"\($0)\"" }.joined(separator: ", ")
        let setup = [
            "import \"std/models.dist\" as models", "results = {}", "manual_seed(61)", "net = models.\(network.call)",
            "x = \(network.input)", "no_grad { for p in net.parameters() { p += 0.02 * randn_like(p) } }",
            "net.train(); no_grad { net(x) }",
        ]
        var lines = [trains ? "net.train()" : "net.eval()", "manual_seed(62)"]
        if oneByOne {
            lines.append("no_grad { for path in [\(list)] { results[path] = features(net, path, x) } }")
        } else {
            lines.append("f = features(net, [\(list)], x)\nfor path in f.keys() { results[path] = f[path] }")
        }
        return (setup, lines)
    }
}
