import Builtins
import Foundation
import Testing

extension LargeNetworks {
    /// Weights under timm's and transformers' names in torchvision's networks (scripts/golden/foreign_names.py).
    @Suite struct `Weights with other names` {
        struct Network: Sendable, CustomTestStringConvertible {
            let name: String
            let ours: String
            let output: String
            var state: [String] = []

            var testDescription: String { name }
        }

        static let networks: [Network] = {
            var networks: [Network] = []
            for line in `Networks with published names`.lines("foreign_names.txt") {
                let words = line.split(separator: " ").map(String.init)
                if words[0] == "#" {
                    networks.append(
                        Network(name: words[1], ours: words[2], output: words.dropFirst(3).joined(separator: ", ")))
                } else {
                    let name = "\"\(words[0])\""
                    networks[networks.count - 1].state.append(
                        "[\(name), [\(words.dropFirst().joined(separator: ", "))]]")
                }
            }
            return networks
        }()

        @Test(arguments: networks) func `A network filled from a file gives what the file's network gives`(
            _ network: Network
        ) throws {
            let path = "/tmp/distill-test-\(network.name.replacing("/", with: "-")).safetensors"
            let lines = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                fn pattern(shape, k) {
                    count = 1
                    for n in shape { count *= n }
                    period = ((((37 * arange(251) + 11 * k) % 251 - 125).to("float64")) / 125).float()
                    return period.repeat(count // 251 + 1)[:count].reshape(shape)
                }
                state = {}
                for k, entry in enumerate([\(network.state.joined(separator: ", "))]) {
                    name, shape = entry
                    wave = pattern(shape, k)
                    if name.endswith("running_var") { wave = 1 + wave / 4 } else if name.endswith("num_batches_tracked") { wave = tensor(0) } else if len(shape) < 2 {
                        wave = (if name.endswith("weight") { 1 } else { 0 }) + wave / 4
                    } else {
                        size = 1
                        for n in shape[1:] { size *= n }
                        wave = wave * sqrt(3 / size)
                    }
                    state[name] = if name.endswith("num_batches_tracked") { wave } else { wave.float() }
                }
                save(state, "\(path)")
                state = none
                net = load(tv.\(network.ours)(num_classes=10), "\(path)")
                net.eval()
                size = \(network.ours == "vit_b_16" ? 224 : 64)
                y = net(pattern([1, 3, size, size], 3).float())[0]
                expected = tensor([\(network.output)])
                print(abs(y - expected).max().item() < 1e-4 * max(1.0, abs(expected).max().item()))
                """)
            unlink(path)
            #expect(lines.last == "true")
            let isSame = ["timm/resnet50", "timm/densenet121"].contains(network.name)
            let owner = network.name.hasPrefix("timm") ? "timm's" : "Hugging Face's"
            #expect(
                lines.dropLast()
                    == (isSame ? [] : ["load: \(path): the names are \(owner), taken as the network's"]))
        }

        @Test func `The published DenseNet's old names are those of before 2019`() throws {
            let lines = try StandardScripts.lines(
                """
                import "std/torchvision.dist" as tv
                manual_seed(0)
                net = tv.densenet121(num_classes=2)
                old = {}
                for name, x in net.state_dict().items() {
                    for kind in ["norm", "conv"] {
                        for i in ["1", "2"] { if "denselayer" in name { name = name.replace(kind + i + ".", kind + "." + i + ".") } }
                    }
                    old[name] = x
                }
                save(old, "/tmp/distill-test-densenet.pth")
                print("features.denseblock1.denselayer1.norm.1.weight" in old.keys())
                other = load(tv.densenet121(num_classes=2), "/tmp/distill-test-densenet.pth")
                net.eval(); other.eval()
                x = randn(1, 3, 64, 64)
                print(allclose(net(x), other(x)))
                """)
            #expect(
                lines == [
                    "true",
                    "load: /tmp/distill-test-densenet.pth: the names are torchvision's of before 2019, taken as the network's",
                    "true",
                ])
        }
    }
}
