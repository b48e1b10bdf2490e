import Base
import Builtins
import Foundation
import Runtime
import Testing

/// Networks of up to 130 million parameters are tested one after another: two of them, with copies of their states,
/// take more memory than a small machine has.
@Suite(.serialized) enum LargeNetworks {}

extension LargeNetworks {
    /// The networks of `std/torchvision.dist` against torchvision (scripts/golden/torchvision.py).
    @Suite struct `Networks with published names` {
        static let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/"

        static func lines(_ name: String) -> [String] {
            ((try? String(contentsOfFile: folder + name, encoding: .utf8)) ?? "").split(separator: "\n").map(
                String.init)
        }

        /// The names and shapes of a network's state, and how many parameters it has.
        static let published: [String: (parameters: String, state: [String])] = {
            var networks: [String: (parameters: String, state: [String])] = [:]
            var name = ""
            for line in lines("torchvision.txt") {
                if line.hasPrefix("#") {
                    let words = line.split(separator: " ").map(String.init)
                    name = words[1]
                    networks[name] = (words[3], [])
                } else {
                    networks[name]?.state.append(line)
                }
            }
            return networks
        }()

        static let outputs = lines("torchvision_outputs.txt").map { $0.split(separator: " ").map(String.init) }

        @Test(arguments: published.keys.sorted()) func `Names and shapes are torchvision's`(_ name: String) throws {
            let lines = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                net = tv.\(name)()
                print(sum([p.numel() for p in net.parameters()]))
                state = net.state_dict()
                for name in sorted(state.keys()) { print(" ".join([name] + [str(n) for n in state[name].shape])) }
                """)
            let published = try #require(Self.published[name])
            #expect(lines.first == published.parameters)
            #expect(Array(lines.dropFirst()) == published.state)
        }

        @Test(arguments: outputs.map { $0[0] }) func `The same numbers give the same outputs`(_ name: String) throws {
            let expected = try #require(Self.outputs.first { $0[0] == name }).dropFirst().joined(separator: ", ")
            let lines = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                fn pattern(shape, k) {
                    count = 1
                    for n in shape { count *= n }
                    period = ((((37 * arange(251) + 11 * k) % 251 - 125).to("float64")) / 125).float()
                    return period.repeat(count // 251 + 1)[:count].reshape(shape)
                }
                net = tv.\(name)(num_classes=10)
                net.eval()
                state = net.state_dict()
                for k, name in enumerate(sorted(state.keys())) {
                    if name.endswith("num_batches_tracked") { continue }
                    wave = pattern(state[name].shape, k)
                    if name.endswith("running_var") { wave = 1 + wave / 4 } else if len(state[name].shape) < 2 or name.endswith("layer_scale") {
                        wave = (if name.endswith("weight") or name.endswith("layer_scale") { 1 } else { 0 }) + wave / 4
                    } else {
                        size = 1
                        for n in state[name].shape[1:] { size *= n }
                        wave = wave * sqrt(3 / size)
                    }
                    state[name] = wave.float()
                }
                net.load_state_dict(state)
                size = \(name == "vit_b_16" ? 224 : 64)
                y = net(pattern([1, 3, size, size], 3).float())[0]
                expected = tensor([\(expected)])
                print(abs(y - expected).max().item() < 1e-4 * max(1.0, abs(expected).max().item()))
                """)
            #expect(lines == ["true"], "\(name)")
        }

        @Test func `The published weights of EfficientNet-Lite0 give the published logits`() throws {
            let package = Self.folder.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
            let places = [ProcessInfo.processInfo.environment["DISTILL_DATA"], package + "/shared/data"].compactMap {
                $0
            }
            .map { $0 + "/efficientnet_lite0/efficientnet-lite0-57934424.pth" }
            guard let file = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
                print("EfficientNet-Lite0 is not here (DISTILL_DATA, ../shared/data): its test is left out")
                return
            }
            let expected = Self.lines("efficientnet_lite0.txt").joined().split(separator: " ").joined(separator: ", ")
            let lines = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                net = load(tv.efficientnet_lite0(), "\(file)")
                net.eval()
                x = (((37 * arange(3 * 224 * 224) + 33) % 251 - 125).to("float64") / 125).float().reshape(1, 3, 224, 224)
                print(abs(net(x)[0] - tensor([\(expected)])).max().item() < 1e-4)
                """)
            #expect(lines == ["true"])
        }

        @Test(arguments: ["forms-resnet.pth", "forms-squeeze.onnx"])
        func `The example's teachers say what they say in Python`(_ file: String) throws {
            let root = Self.folder.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
            let line = try #require(Self.lines("pretrained.txt").first { $0.hasPrefix(file) })
            let logits = line.split(separator: " ").dropFirst(2).joined(separator: ", ")
            let example = String(decoding: try WholeFile.read(root + "/examples/pretrained.dist"), as: UTF8.self)
            let module = example.split(separator: "\n", omittingEmptySubsequences: false)
                .drop { !$0.hasPrefix("module ResNet8") }.prefix { !$0.hasPrefix("fn published") }.joined(
                    separator: "\n")
            let lines = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                \(module)
                net = \(file.hasSuffix(".onnx") ? "load(" : "load(ResNet8(4), ")"\(root)/examples/data/\(file)")
                net.eval()
                x = (((37 * arange(4 * 3 * 32 * 32) + 11) % 251).float() / 250).reshape(4, 3, 32, 32)
                ds = normalize(TensorDataset(x, zeros(4).long()), "imagenet")
                print(abs(predict(net, ds) - tensor([\(logits)]).reshape(4, 4)).max().item() < 1e-4)
                """)
            #expect(lines.last == "true")
        }

        @Test func `A published network trains, is copied, summarised and saved`() throws {
            let lines = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                manual_seed(0)
                net = tv.efficientnet_b0(num_classes=3)
                run = fit(net, TensorDataset(randn(6, 3, 32, 32), arange(6) % 3), epochs=1, batch_size=3)
                net.eval()
                x = randn(1, 3, 32, 32)
                save(net, "/tmp/distill-test-b0.pt")
                other = load(tv.efficientnet_b0(num_classes=3), "/tmp/distill-test-b0.pt")
                other.eval()
                print(allclose(net(x), other(x)), allclose(net.copy()(x), net(x)))
                """)
            #expect(lines.last == "true true")
        }
    }

}

extension LargeNetworks {
    /// Declarations made from files.
    @Suite struct `Skeletons` {
        static let networks = [
            "resnet18", "resnet50", "mobilenet_v3_small", "efficientnet_lite0", "shufflenet_v2_x1_0", "convnext_tiny",
            "squeezenet1_1", "densenet121",
        ]

        @Test(arguments: networks) func `A skeleton takes the weights of the file it was made from`(_ name: String)
            throws
        {
            let path = "/tmp/distill-test-skeleton-\(name).pt"
            let source = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                save(tv.\(name)(num_classes=3), "\(path)")
                print(skeleton("\(path)"))
                """
            ).joined(separator: "\n")
            let lines = try StandardScripts.lines(
                source + """

                    net = load(Net(), "\(path)")
                    print(sorted(net.state_dict().keys()) == sorted(load("\(path)").keys()))
                    """)
            #expect(lines == ["true"], "\(source)")
            try FileManager.default.removeItem(atPath: path)
        }

        @Test func `Recurrent and attention layers, embeddings and norms are told by their tensors`() throws {
            let lines = try StandardScripts.lines(
                """
                module Text() {
                    embedding = Embedding(50, 8)
                    lstm = LSTM(8, 6, num_layers=2, bidirectional=true)
                    attention = MultiheadAttention(128, 2)
                    norm = LayerNorm(12)
                    conv = Conv1d(3, 4, 5, bias=false)
                    head = Sequential(Linear(12, 7), BatchNorm1d(7), ReLU(), Linear(7, 2, bias=false))
                    scale = Parameter(ones(2, 3))
                }
                save(Text(), "/tmp/distill-test-text.safetensors")
                print(skeleton("/tmp/distill-test-text.safetensors"))
                """)
            for line in [
                "embedding = Embedding(50, 8)", "lstm = LSTM(8, 6, num_layers=2, bidirectional=true, batch_first=true)",
                "attention = MultiheadAttention(128, 2, batch_first=true)", "norm = LayerNorm(12)",
                "conv = Conv1d(3, 4, 5, padding=2, bias=false)",
                "head = Sequential(Linear(12, 7), BatchNorm1d(7), Identity(), Linear(7, 2, bias=false))",
                "scale = Parameter(zeros(2, 3))",
            ] { #expect(lines.contains("    " + line), "\(lines)") }
        }
    }
}
