import Base
import Glibc
import Notebook
import Testing

/// What no input may do to the built program: end it with a signal, hang it, or fill the memory. Each is an ordinary error.
@Suite("Robustness")
struct RobustnessTests {
    /// A text that a user could hand over, made of bytes so that it need not be UTF-8.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: [UInt8]
        /// What the errors say somewhere.
        let says: String
        var testDescription: String { name }

        init(_ name: String, _ text: String, says: String) { self.init(name, Array(text.utf8), says: says) }

        init(_ name: String, _ bytes: [UInt8], says: String) {
            self.name = name
            self.bytes = bytes
            self.says = says
        }
    }

    private static func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    /// Texts that no command can read as a program.
    static let broken: [Case] = [
        Case("invalid UTF-8", Array("x = \"".utf8) + [0xE9, 0xFF] + Array("\"\n".utf8), says: "UTF-8"),
        Case("NUL bytes", Array("x = 1".utf8) + [0, 0, 0] + Array("\n".utf8), says: "error[syntax]"),
        Case("an integer of a million digits", "x = " + times("9", 1_000_000), says: "error[syntax]"),
        Case("an open string of a megabyte", "x = \"" + times("0123456789", 100_000), says: "error[syntax]"),
        Case("a hundred thousand brackets", times("(", 100_000) + times(")", 100_000), says: "200"),
        Case("a hundred thousand blocks", times("if true {\n", 100_000), says: "error[syntax]"),
        Case("a hundred thousand unary signs", "x = " + times("- ", 100_000) + "1", says: "200"),
        Case("a hundred thousand fields", times("f\"{", 100_000), says: "error[syntax]"),
        Case("ten thousand members", "x" + times(".a", 10_000), says: "1000"),
        Case("only closing brackets", times("}", 100_000), says: "error[syntax]"),
    ]

    /// Programs whose run cannot end well.
    static let greedy: [Case] = [
        Case("endless recursion", "fn f(n) { return f(n + 1) }\nf(0)", says: "error[limit]"),
        Case("endless recursion through map", "fn f(n) { return [n].map(f) }\nf(0)", says: "error[limit]"),
        Case(
            "a network that calls itself",
            "module M() {\n    inner = Identity()\n    fn forward(x) { return self(x) }\n}\nM()(ones(1))",
            says: "error[limit]"),
        Case("a huge repetition", "\"a\" * 10 ** 18", says: "error[limit]"),
        Case("a huge list", "[0] * 10 ** 17", says: "error[limit]"),
        Case("a huge tensor", "zeros(10 ** 9, 10 ** 9)", says: "error["),
        Case("more elements than an int counts", "zeros(10 ** 18, 10 ** 18)", says: "error["),
        Case("an int beyond 64 bits", "9223372036854775807 + 1", says: "error[math]"),
        Case("the negated smallest int", "-(-9223372036854775808)", says: "error[math]"),
        Case("the smallest int divided", "-9223372036854775808 // -1", says: "error[math]"),
        Case("a wide format", "f\"{1:999999999999}\"", says: "error["),
        Case("a huge layer", "Linear(10 ** 12, 10 ** 12)", says: "error["),
        Case("endless layers", "LSTM(2, 2, num_layers=9223372036854775807)", says: "error["),
        Case("an infinite int", "int(1e308 * 10)", says: "error["),
        Case("a step of the smallest int", "[1, 2][::-9223372036854775808][5]", says: "error[index]"),
        Case("windows without end over nothing", "adaptive_avg_pool2d(ones(0, 1, 2, 2), [2, 10 ** 9])", says: limit),
        Case("positions without end in nothing", "interpolate(ones(0, 1, 2, 2), size=[2, 10 ** 9])", says: limit),
        Case("a long tensor from a short call", "randperm(10 ** 10)", says: "error[limit]: randperm: 74.5 GB"),
        Case("the largest of one module", "max(a=ReLU())", says: "error[type]"),
        Case("a loop over a time limit", "while true { }", says: "timeout"),
    ]
    private static let limit = "error[limit]"

    private func expectOrdinary(_ result: Program.Result, _ test: Case) {
        #expect(result.status == 1, "\(test.name): status \(result.status)")
        #expect(result.errors.contains(test.says), "\(test.name): \(result.errors.prefix(400))")
        #expect(result.errors.utf8.count < 20_000, "\(test.name): \(result.errors.utf8.count) bytes of errors")
    }

    @Test(arguments: broken)
    func `A broken text is an error of run, check and fmt`(_ test: Case) throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(test.bytes, to: folder + "/a.dist")
        for command in ["run", "check", "fmt"] {
            expectOrdinary(try Program.run(command, "a.dist", folder: folder), test)
        }
        #expect(try WholeFile.read(folder + "/a.dist") == test.bytes)
    }

    @Test(arguments: greedy)
    func `A program that asks for too much is an error of run`(_ test: Case) throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(test.bytes, to: folder + "/a.dist")
        let arguments = ["run", "a.dist", "--timeout", "5", "--max-memory", "4GB"]
        expectOrdinary(try Program.run(arguments, folder: folder), test)
    }

    @Test
    func `Lines of ten megabytes and long chains are ordinary programs`() throws {
        let folder = try Program.temporaryFolder()
        let texts = [
            "x = \"" + Self.times("0123456789", 1_000_000) + "\"\nprint(len(x))", "# " + Self.times("a", 10_000_000),
            "x = 1" + Self.times(" + 1", 100_000) + "\nprint(x)",
            "x = 0\n" + Self.times("x += 1;", 20_000) + "\nprint(x)",
            "print(len([" + Self.times("1, ", 200_000) + "]))",
        ]
        for text in texts {
            try WholeFile.write(Array(text.utf8), to: folder + "/a.dist")
            for command in text.utf8.count > 1 << 20 ? ["run"] : ["run", "check"] {
                let result = try Program.run(command, "a.dist", folder: folder)
                #expect(result.status == 0, "\(command): \(result.errors.prefix(300))")
            }
        }
    }

    /// A brief run of what `scripts/fuzz/run` does for hours, in a process whose memory is limited.
    @Test(arguments: ["scripts", "straight", "wild"])
    func `Random programs end as they should`(_ subject: String) throws {
        let fuzzer = WholeFile.folder(of: Program.path) + "/distill-fuzz"
        try #require(WholeFile.exists(fuzzer))
        let result = try Program.run("-c", "exec '\(fuzzer)' \(subject) 300 1", shell: true)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
