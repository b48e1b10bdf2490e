import Base
import Builtins
import Data
import Glibc
import Learning
import Tensors
import Testing

/// Networks as files in C, compiled and run.
@Suite struct `Networks in C` {
    static let strict = "-std=c99 -Wall -Wextra -pedantic -Werror"
    static let compiler: String? = ["gcc", "cc"].first { shell("command -v \($0)") == 0 }
    static let levels = ["-O0", "-O2", "-O3", "-O1 -fsanitize=undefined -fno-sanitize-recover=all"]

    private static func shell(_ command: String) -> Int32 { system("\(command) > /dev/null 2>&1") }

    /// A folder of one's own, which goes afterwards.
    private static func inFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/distill-c-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        let path = try #require(made)
        defer { _ = shell("rm -r \(path)") }
        return try body(path)
    }

    /// What the compiled file gives for rows of inputs, each computed twice: in the file's buffer and in the caller's.
    private static func run(_ folder: String, _ flags: String, _ rows: [[Float]], outputs: Int) throws -> [[Float]] {
        let main = """
            #include "net.c"
            #include <stdio.h>

            int main(void)
            {
                static float x[NET_INPUTS], y[NET_OUTPUTS], z[NET_OUTPUTS], scratch[NET_SCRATCH];
                for (;;) {
                    for (int i = 0; i < NET_INPUTS; i++)
                        if (scanf("%a", &x[i]) != 1) return i != 0;
                    for (int i = 0; i < NET_SCRATCH; i++) scratch[i] = NAN;
                    net_predict(x, y);
                    net_predict_with(x, z, scratch);
                    for (int i = 0; i < NET_OUTPUTS; i++) {
                        if (y[i] != z[i] && !(isnan(y[i]) && isnan(z[i]))) return 2;
                        printf("%a\\n", y[i]);
                    }
                }
            }
            """
        try WholeFile.write(Array(main.utf8), to: folder + "/main.c")
        let numbers = rows.joined().map { CNumberText.text($0) }.joined(separator: "\n")
        try WholeFile.write(Array((numbers + "\n").utf8), to: folder + "/x.txt")
        let compiler = try #require(compiler)
        let messages = "2> \(folder)/messages.txt"
        // The file by itself first, as somebody else's project would compile it.
        for command in [
            "\(compiler) \(strict) \(flags) -c \(folder)/net.c -o \(folder)/net.o \(messages)",
            "\(compiler) \(strict) \(flags) \(folder)/main.c -o \(folder)/main -lm \(messages)",
            "\(folder)/main < \(folder)/x.txt > \(folder)/y.txt \(messages)",
        ] {
            let status = system(command)
            let said = (try? FileBytes.read(folder + "/messages.txt")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            try #require(status == 0, "\(command): \(said)")
        }
        let text = String(decoding: try FileBytes.read(folder + "/y.txt"), as: UTF8.self)
        let results = text.split(separator: "\n").map { strtof(String($0), nil) }
        try #require(results.count == rows.count * outputs)
        return (0..<rows.count).map { Array(results[$0 * outputs..<($0 + 1) * outputs]) }
    }

    /// Saves a network, runs it in C, and compares with the network, and with the sample of the comment.
    private static func compare(_ source: String, _ shape: String, levels: [String]) throws {
        guard compiler != nil else {
            print("Networks in C: no gcc and no cc, nothing is compiled")
            return
        }
        try inFolder { folder in
            _ = try StandardScripts.lines(
                """
                manual_seed(3)
                \(source)
                net.eval()
                x = randn(4, *\(shape))
                save(x.flatten(1), "\(folder)/x.npy")
                save(cat([net(x[i:i + 1]).float().reshape(1, -1) for i in range(4)]), "\(folder)/y.npy")
                save(net, "\(folder)/net.c", input=\(shape));
                """)
            let x = try NPY.read(folder + "/x.npy"), y = try NPY.read(folder + "/y.npy")
            let width = x.shape[1], outputs = y.shape[1]
            let numbers = try x.floats(), expected = try y.floats()
            var rows = (0..<4).map { Array(numbers[$0 * width..<($0 + 1) * width]) }
            rows.append((0..<width).map { Float($0 * 37 % 101 - 50) / 50 })
            let scale = max(1, expected.filter(\.isFinite).map(abs).max() ?? 1)
            for level in levels {
                let found = try run(folder, level, rows, outputs: outputs)
                for (a, b) in zip(found.prefix(4).joined(), expected) {
                    #expect(a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-5 * scale, "\(level): \(a) and \(b)")
                }
                let comment = String(decoding: try FileBytes.read(folder + "/net.c"), as: UTF8.self)
                let sample = comment.split(separator: "gives y[0], y[1], ...")[1].split(separator: "*/")[0]
                    .split(whereSeparator: { " ,*\n".contains($0) }).compactMap { Float(String($0)) }
                for (a, b) in zip(found[4], sample.prefix(min(16, outputs))) {
                    #expect(
                        a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-5 * scale, "\(level), sample: \(a) and \(b)")
                }
                #expect(sample.count >= min(16, outputs))
            }
        }
    }

    @Test(arguments: [
        ("import \"std/models.dist\" as models; net = models.mlp(64, [32, 16], 10)", "[64]"),
        ("import \"std/models.dist\" as models; net = models.lenet5()", "[1, 28, 28]"),
        ("import \"std/models.dist\" as models; net = models.resnet8()\nnet(randn(8, 3, 16, 16));", "[3, 16, 16]"),
        ("net = TransformerEncoderLayer(16, 4, 32, batch_first=true, activation=\"gelu\")", "[5, 16]"),
    ]) func `a network gives in C what it gives here, at every level`(_ source: String, _ shape: String) throws {
        try Self.compare(source, shape, levels: Self.levels)
    }

    @Test(arguments: [
        (
            "import \"std/models.dist\" as models; net = models.mobilenet_v2(10, 0.25)\nnet(randn(4, 3, 16, 16));",
            "[3, 16, 16]"
        ),
        ("net = Linear(5, 3)", "[5]"), ("net = Linear(5, 3, bias=false)", "[7, 5]"), ("net = Flatten()", "[2, 3]"),
        (
            "net = Sequential(Conv2d(4, 6, [3, 2], stride=[2, 1], padding=[2, 1], dilation=[1, 2], groups=2), GroupNorm(3, 6))",
            "[4, 7, 6]"
        ),
        ("net = Sequential(Conv1d(3, 4, 3, padding=1), BatchNorm1d(4), ReLU(), Flatten(), Linear(36, 2))", "[3, 9]"),
        (
            "net = Sequential(ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), Tanh())",
            "[4, 3, 5]"
        ),
        (
            "net = Sequential(MaxPool2d(3, stride=2, padding=1, ceil_mode=true), AvgPool2d(2, ceil_mode=true, padding=1, count_include_pad=false))",
            "[2, 11, 12]"
        ),
        ("net = Sequential(AdaptiveMaxPool2d([1, 1]))", "[2, 5, 6]"),
        ("net = Sequential(AdaptiveAvgPool2d([2, 3]), LayerNorm([2, 3]))", "[4, 7, 8]"),
        ("net = quantize(Sequential(Linear(9, 8), ReLU(), Linear(8, 3)))", "[9]"),
    ]) func `a layer gives in C what it gives here`(_ source: String, _ shape: String) throws {
        try Self.compare(source, shape, levels: ["-O2", Self.levels[3]])
    }

    /// What forward returns for x [1, 3, 4].
    @Test(arguments: [
        "x + 1.5", "2 - x", "x * x[:, :1]", "x / (abs(x) + 1)", "abs(x) ** 1.5", "maximum(x, 0.1)",
        "minimum(x[:, :, :1], x)",
        "x // 0.3", "x % 0.7", "where(x > 0, x, -2 * x)", "((x > 0) & (x < 1) | ~(x != 2)).float()",
        "cat([-x, sign(x), x * x, round(x), floor(x), ceil(x), 1 / (x + 9)], dim=1)",
        "cat([exp(x), log(abs(x)), log1p(abs(x)), expm1(x), sqrt(abs(x)), rsqrt(abs(x)), sin(x), cos(x)], dim=1)",
        "cat([tanh(x), sigmoid(x), erf(x), relu(x), leaky_relu(x, 0.2), elu(x, 0.5), gelu(x), silu(x), softplus(x)], dim=1)",
        "cat([gelu(x, approximate=\"tanh\"), clamp(x, min=-0.5), clamp(x, -0.5, 0.5), softplus(9 * x, beta=3)], dim=1)",
        "log(x)", "x.permute(0, 2, 1)", "x.permute(0, 2, 1).reshape(1, 12)", "x[:, 1:, ::2]", "x[:, [2, 0, 2]]",
        "x.unsqueeze(1).expand(1, 5, 3, 4)", "pad(x, [1, 2, 0, 1], value=3)", "pad(x, [-1, 2])", "tril(x)",
        "triu(x, diagonal=1)",
        "stack([x, 2 * x], dim=1)", "x.cumsum(dim=1)", "gather(x, 1, tensor([[[0, 2, 1, 1], [1, 1, 0, 2]]]))",
        "sum(x)", "x.sum(dim=1)", "x.mean(dim=[1, 2], keepdim=true)", "x.prod(dim=2)", "amax(x, dim=1)",
        "amin(x, dim=2)",
        "logsumexp(x, dim=2)", "norm(x, dim=2)", "norm(x, p=1)", "norm(x, p=3, dim=1)", "var(x, dim=1)",
        "std(x, dim=[1, 2], correction=0)",
        "softmax(x, dim=1)", "log_softmax(x, dim=-1)", "x.matmul(x.transpose(1, 2))",
        "x.matmul(tensor([1.0, 2, 3, 4]))",
        "any(x > 1, dim=1).float()", "all(x > -1).float()",
        "x.matmul(x.transpose(1, 2)).unsqueeze(1).matmul(x.unsqueeze(2).expand(1, 3, 3, 4))",
        "softmax(x.matmul(x.transpose(1, 2)) + triu(full([3, 3], -inf), diagonal=1), dim=2)",
        "x + (x * 0 + x).reshape(1, 4, 3).reshape(1, 3, 4)",
    ]) func `an operation gives in C what it gives here`(_ body: String) throws {
        try Self.compare(
            "module M() { fn forward(x) { \(body) } }\nnet = M()", "[3, 4]",
            levels: ["-O1 -fsanitize=undefined -fno-sanitize-recover=all"])
    }

    @Test func `normalisation goes into the file, or its comment says it`() throws {
        try Self.compare(
            """
            net = Linear(6, 2)
            train = normalize(TensorDataset(3 + 2 * randn(40, 6), randint(0, 2, [40])))
            fit(net, train, epochs=1)
            inner = net
            module Whole() { n = inner
                fn forward(x) { n((x - tensor(n.normalization["mean"])) / tensor(n.normalization["std"])) } }
            net = Whole()
            """, "[6]", levels: ["-O2"])
        let lines = try StandardScripts.lines(
            """
            net = Linear(2, 2)
            train = normalize(TensorDataset(randn(40, 2), randint(0, 2, [40])), mean=[3, 4], std=[0.5, 1])
            fit(net, train, epochs=1)
            save(net, "/tmp/distill-c-raw.c", input=[2], normalize=true)
            save(net, "/tmp/distill-c-normal.c", input=[2])
            for name in ["raw", "normal"] {
                text = read_text("/tmp/distill-c-" + name + ".c")
                print(text.contains("normalised by (x - mean) / std"), text.contains("3.0, 4.0"))
            }
            """)
        #expect(lines.suffix(2) == ["false false", "true true"])
    }

    @Test(arguments: [
        ("module M() { fn forward(x) { x + randn(4) } }; net = M()", "[4]", "cannot be written down"),
        ("module M() { fn forward(x) { x * x.sum().item() } }; net = M()", "[4]", "takes a number out of a tensor"),
        ("module M() { fn forward(x) { y = relu(x); y[:, 0] = 0; y } }; net = M()", "[4]", "an assignment to elements"),
        ("module M() { fn forward(x) { ones(1, 3) } }; net = M()", "[4]", "does not depend on the input"),
        ("module M() { fn forward(x) { argmax(x, dim=1) } }; net = M()", "[4]", "argmax gives int64"),
        ("module M() { fn forward(x) { topk(x, 2)[0] } }; net = M()", "[4]", "topk has no form in C"),
        (
            "module M() { fn forward(x) { interpolate(x, size=[2, 2]) } }; net = M()", "[1, 4, 4]",
            "interpolate has no form in C"
        ),
        (
            "net = LSTM(4, 3, batch_first=true)\nmodule M() { l = net\nfn forward(x) { l(x)[0] } }; net = M()",
            "[5, 4]", "lstm has no form in C"
        ),
        ("net = BatchNorm1d(4, track_running_stats=false)", "[4]", "statistics of the batch"),
        ("net = Embedding(9, 4)", "tensor([[1, 2]])", "takes one array of float32"),
        ("net = Linear(3000, 2000)", "[3000]", "at most 5000000 parameters"),
    ]) func `what has no form in C is an error by name`(_ source: String, _ input: String, _ message: String) {
        let error = `Saving and loading`.error("\(source)\nsave(net, \"/tmp/distill-no.c\", input=\(input))")
        #expect(error?.kind.rawValue == "value")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "no error")")
        #expect(!WholeFile.exists("/tmp/distill-no.c"))
    }

    @Test func `a file needs the shape of an example, and names are C's`() throws {
        let error = `Saving and loading`.error("save(Linear(2, 2), \"/tmp/distill-no.c\")")
        #expect(error?.message.contains("input=") == true)
        guard let compiler = Self.compiler else { return }
        try Self.inFolder { folder in
            for (file, prefix) in [("7 segments-2", "net_7_segments_2"), ("größe", "gr__e"), ("_x", "net__x")] {
                _ = try StandardScripts.lines(
                    """
                    net = Sequential(predict=Linear(2, 2), linear=Linear(2, 2))
                    save(net, "\(folder)/\(file).c", input=[2]);
                    """)
                let text = String(decoding: try FileBytes.read("\(folder)/\(file).c"), as: UTF8.self)
                #expect(text.contains("void \(prefix)_predict(const float *x, float *y);"))
                let status = Self.shell("\(compiler) \(Self.strict) -c '\(folder)/\(file).c' -o \(folder)/a.o")
                #expect(status == 0, "\(file)")
            }
            // Classes are others' texts.
            _ = try StandardScripts.lines(
                """
                net = Linear(2, 3)
                train = TensorDataset(randn(9, 2), tensor([0, 1, 2, 0, 1, 2, 0, 1, 2]), classes=["a */ int b;", "/* c", "d\\\\"])
                fit(net, train, epochs=1)
                save(net, "\(folder)/classes.c", input=[2]);
                """)
            #expect(Self.shell("\(compiler) \(Self.strict) -c \(folder)/classes.c -o \(folder)/a.o") == 0)
        }
    }
}

/// Floats for the program in C, to the bit.
private enum CNumberText {
    static func text(_ number: Float) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { buffer in
            withVaList([Double(number)]) { _ = vsnprintf(buffer.baseAddress, 40, "%a", $0) }
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }
}
