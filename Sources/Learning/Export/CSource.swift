import Data
import OrderedCollections
import Tensors

/// A network as one C99 file that needs `<math.h>` and nothing else: constant arrays, `NAME_predict(x, y)` for one example, and
/// `NAME_predict_with(x, y, scratch)`, which works in memory of the caller's.
public struct CSource {
    /// How many numbers a file may hold: compilers take long over more.
    public static let mostNumbers = 5_000_000

    /// The text.
    public let bytes: [UInt8]

    /// A network in evaluation mode, written operation by operation as it runs.
    ///
    /// The network runs twice, on one example each with different numbers: what differs between the two cannot be written down.
    ///
    /// - Parameters:
    ///   - net: the network.
    ///   - inputs: an example batch by name; the file takes one input of floats.
    ///   - path: the file's path, whose name names the functions.
    /// - Throws: ``ModuleError/export(problem:help:)`` for what has no form in C here and for a network that is too large, and what
    ///   the network throws.
    public init(tracing net: Module, inputs: OrderedDictionary<String, Tensor>, path: String) throws {
        guard inputs.count == 1, let example = inputs.values.first, example.dtype == .float32 else {
            let kinds = inputs.map { "\($0.key): \($0.value.dtype)" }.joined(separator: ", ")
            throw ModuleError.export(
                problem: "the function in C takes one array of float32, and the network's input is \(kinds)",
                help: CGraph.otherFormats)
        }
        let count = net.parameters().reduce(0) { $0 + $1.count }
        guard count <= Self.mostNumbers else { throw Self.tooLarge(count, "parameters") }
        let state = Randomness.state
        defer { Randomness.state = state }
        let run = try TracedRun(net, inputs, count: 1, seed: 1),
            repeated = try TracedRun(net, inputs, count: 1, seed: 2)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let prefix = Self.identifier(String(name.dropLast(name.hasSuffix(".c") ? 2 : 0)))
        let graph = try CGraph(
            run, repeated: repeated, prefix: prefix, state: net.namedState(), layers: net.namedModules())
        guard graph.count <= Self.mostNumbers else { throw Self.tooLarge(graph.count, "numbers") }

        let shapes = (run.graph.kind(run.inputs.values[0]).shape, run.graph.kind(run.output).shape)
        let sample = (0..<shapes.0.elementCount).map { Float($0 * 37 % 101 - 50) / 50 }
        let result = try inEvaluation(net) { try net(Tensor(sample, shape: shapes.0.array)).to(.float32).floats() }
        var text = CComment.header(
            name: name, prefix: prefix, input: shapes.0, output: shapes.1, record: net.record, parameters: count,
            numbers: graph.arrays.values.reduce(0) { $0 + $1.count }, scratch: graph.scratch, flops: graph.flops,
            checksum: Self.checksum(graph.arrays.values), sample: result)
        let macro = prefix.uppercased()
        text += """
            #include <math.h>

            #define \(macro)_INPUTS \(shapes.0.elementCount)
            #define \(macro)_OUTPUTS \(shapes.1.elementCount)
            #define \(macro)_SCRATCH \(max(1, graph.scratch))

            void \(prefix)_predict_with(const float *x, float *y, float *scratch);
            void \(prefix)_predict(const float *x, float *y);


            """
        var bytes = Array(text.utf8)
        for (name, numbers) in graph.arrays {
            bytes += "static const float \(name)[\(max(1, numbers.count))] = {".utf8
            CNumber.write(numbers, to: &bytes)
            bytes += "\n};\n\n".utf8
        }
        for (name, numbers) in graph.positions {
            let list = Self.wrapped(numbers.map(String.init), indent: "    ")
            bytes +=
                "static const long \(name)[\(max(1, numbers.count))] = {\n\(list.isEmpty ? "0" : list)\n};\n\n".utf8
        }
        let functions = graph.functions.union(graph.functions.flatMap(\.needs))
        for function in CFunction.allCases where functions.contains(function) {
            bytes += (function.source(prefix) + "\n\n").utf8
        }
        bytes +=
            """
            void \(prefix)_predict_with(const float *x, float *y, float *scratch)
            {
            \(graph.scratch == 0 ? "    (void)scratch;\n" : "")\(graph.lines.joined(separator: "\n"))
            }

            #ifndef \(macro)_NO_BUFFER
            static float \(prefix)_buffer[\(macro)_SCRATCH];

            void \(prefix)_predict(const float *x, float *y) { \(prefix)_predict_with(x, y, \(prefix)_buffer); }
            #endif

            """.utf8
        self.bytes = bytes
    }

    private static func tooLarge(_ count: Int, _ what: String) -> ModuleError {
        .export(
            problem: "a file in C holds at most \(mostNumbers) \(what), the network has \(count)",
            help: "save(net, \"net.onnx\", input=…) writes networks of any size")
    }

    /// CRC-32 of the arrays' bytes, little-endian, one array after the other.
    private static func checksum(_ arrays: some Sequence<[Float]>) -> String {
        var bytes: [UInt8] = []
        for numbers in arrays {
            for number in numbers {
                let bits = number.bitPattern
                for shift in stride(from: UInt32(0), to: 32, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
                }
            }
        }
        return Checksum.text(of: bytes)
    }

    /// A name of C: letters, digits and underscores, not beginning with a digit.
    static func identifier(_ name: String) -> String {
        let text = letters(name)
        guard let first = text.first, first != "_", !first.isNumber else {
            return "net" + (text.isEmpty ? "" : "_") + text
        }
        return text
    }

    /// A text in which everything but letters and digits is an underscore.
    static func letters(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    /// Words in lines.
    static func wrapped(_ words: [String], indent: String) -> String {
        var lines: [String] = [], line = indent
        for (index, word) in words.enumerated() {
            let word = word + (index + 1 < words.count ? "," : "")
            if line.count + word.count > 110, line != indent {
                lines.append(line)
                line = indent
            }
            line += (line == indent ? "" : " ") + word
        }
        return (line == indent ? lines : lines + [line]).joined(separator: "\n")
    }
}

/// What comments of a file in C say.
enum CComment {
    /// A text that ends no comment and begins none.
    static func text(_ text: String) -> String {
        let safe = String(text.map { $0.isNewline ? " " : $0 == "\\" || $0 == "?" ? "_" : $0 })
        return safe.replacing("*/", with: "* /").replacing("/*", with: "/ *")
    }

    /// What a file is, takes, gives and needs.
    static func header(
        name: String, prefix: String, input: Shape, output: Shape, record: TrainingRecord?, parameters: Int,
        numbers: Int, scratch: Int, flops: Int, checksum: String, sample: [Float]
    ) -> String {
        var lines = [
            "\(text(name)): a network as C99, for one example; it needs <math.h> (-lm) and nothing else.", "",
            "    void \(prefix)_predict(const float *x, float *y);",
            "    void \(prefix)_predict_with(const float *x, float *y, float *scratch);", "",
            "x        \(input.elementCount) floats, \(Array(input.dropFirst())) in the order of rows"
                + (record?.normalization == nil ? "" : ", normalised by (x - mean) / std with"),
        ]
        func list(_ numbers: [some CustomStringConvertible]) -> [String] {
            CSource.wrapped(numbers.map { text("\($0)") }, indent: "           ").split(separator: "\n").map(
                String.init)
        }
        if let normalization = record?.normalization {
            lines += ["         mean"] + list(normalization.mean) + ["         std"] + list(normalization.std)
        }
        lines.append("y        \(output.elementCount) floats, \(Array(output.dropFirst())); it may not overlap x")
        if let classes = record?.classes { lines += ["         for the classes"] + list(classes) }
        lines += [
            "scratch  \(max(1, scratch)) floats, \(4 * max(1, scratch)) bytes. \(prefix)_predict has a static buffer of that size, and one",
            "         call at a time; with \(prefix.uppercased())_NO_BUFFER defined the file has \(prefix)_predict_with alone.",
            "",
            "parameters  \(parameters)", "constants   \(numbers) floats, \(4 * numbers) bytes, CRC-32 \(checksum)",
            "work        \(flops) floating-point operations in products, convolutions, norms and pools", "",
            "Sample: x[i] = (float)(i * 37 % 101 - 50) / 50 gives y[0], y[1], ...",
        ]
        lines += list(Array(sample.prefix(16)))
        if sample.count > 16 { lines.append("           and \(sample.count - 16) more") }
        return "/* " + lines.map { $0.isEmpty ? " *" : " * " + $0 }.joined(separator: "\n").dropFirst(3) + "\n */\n"
    }
}

/// Floats as C writes them, to the bit.
enum CNumber {
    /// One number.
    static func text(_ number: Float) -> String {
        var bytes: [UInt8] = []
        write(number, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Several, six in a line.
    static func write(_ numbers: [Float], to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + 20 * numbers.count)
        for (index, number) in numbers.enumerated() {
            bytes += (index.isMultiple(of: 6) ? (index == 0 ? "\n    " : ",\n    ") : ", ").utf8
            write(number, to: &bytes)
        }
        if numbers.isEmpty { bytes += "\n    0".utf8 }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func write(_ number: Float, to bytes: inout [UInt8]) {
        guard !number.isNaN else { return bytes += "NAN".utf8 }
        if number.sign == .minus { bytes.append(UInt8(ascii: "-")) }
        guard number.isFinite else { return bytes += "INFINITY".utf8 }
        guard number != 0 else { return bytes += "0.0f".utf8 }
        // The 23 bits behind the point are six digits of four.
        var fraction = (number.bitPattern & 0x7f_ffff) << 1
        bytes += (number.isSubnormal ? "0x0" : "0x1").utf8
        if fraction != 0 { bytes.append(UInt8(ascii: ".")) }
        while fraction != 0 {
            bytes.append(digits[Int(fraction >> 20 & 0xf)])
            fraction = fraction << 4 & 0xff_ffff
        }
        let exponent = number.isSubnormal ? -126 : Int(number.exponent)
        bytes += "p\(exponent)f".utf8
    }
}
