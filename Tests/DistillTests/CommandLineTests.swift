import Base
import Glibc
import Notebook
import Testing

@Suite("Command line")
struct CommandLineTests {
    @Test
    func `A text is written beside the caller, replaced whole, and read again`() throws {
        let folder = try Program.temporaryFolder()
        let program = #"write_text("a.txt", "old"); write_text("a.txt", "né\n"); [read_text("a.txt"), exists("b.txt")]"#
        let result = try Program.run("-e", program, folder: folder)
        #expect(result.output == "[\"né\\n\", false]\n", "\(result.output)\(result.errors)")
        #expect(try WholeFile.read(folder + "/a.txt") == Array("né\n".utf8))
        #expect(try Program.run("-e", #"write_text("gone/a", "x")"#, folder: folder).errors.contains("no such file"))
    }

    @Test
    func `-e shows the value of its last expression, and nothing else`() throws {
        let result = try Program.run("-e", "1 + 1")
        #expect(result.output == "2\n")
        #expect(result.errors == "")
        #expect(result.status == 0)
        #expect(try Program.run("-e", "x = 3").output == "")
        #expect(try Program.run("-e", "5;").output == "")
    }

    @Test func `options may stand before the command`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("print(\"plain\" in backend())\n".utf8), to: folder + "/a.dist")
        for arguments in [["--plain", "run", "a.dist"], ["--seed", "3", "--plain", "run", "a.dist"]] {
            let result = try Program.run(arguments, folder: folder)
            #expect(result.status == 0 && result.output == "true\n", "\(arguments): \(result.errors)")
        }
        #expect(try Program.run("--plain", "nothing", folder: folder).status != 0)
    }

    @Test func `doctor says what computes, how fast, and what holds it back`() throws {
        let page = try Program.run("doctor")
        #expect(page.status == 0, "\(page.errors)")
        let names = ["processor  ", "SIMD  ", "OpenBLAS  ", "oneDNN  ", "threads  ", "huge pages  ", "memory  "]
        for name in names + ["peak of the processor  ", "product 1024", "convolution 3 x 3"] {
            #expect(page.output.contains("\n" + name), "\(name): \(page.output)")
        }
        #expect(page.output.split(separator: "\n").count { $0.contains("% of the peak") } == 2)
        let plain = try Program.run("doctor", environment: ["DISTILL_PLAIN": "1"])
        #expect(plain.output.contains("unset DISTILL_PLAIN") && plain.output.contains("\nplain  "))
        let low = try Program.run("doctor", environment: ["DISTILL_SIMD": "baseline"])
        #expect(low.output.contains("DISTILL_SIMD holds the kernels at SSE") == !page.output.contains("\noffers   SSE"))
    }

    /// Channels that fill vectors and others, with what joins the convolution: at every level the plan is as the operations.
    @Test(arguments: ["baseline", "avx2", "avx512"])
    func `a plan of evaluation gives the same at every level of vector instructions`(_ level: String) throws {
        let source = """
            module Block(c, k) {
                conv = Conv2d(c, c, k, padding=k // 2, bias=false)
                norm = BatchNorm2d(c)
                fn forward(x) { return relu(norm(conv(x)) + x) }
            }
            for c in [1, 3, 8, 12, 16] { for k in [1, 3] {
                net = Sequential(Block(c, k), Flatten())
                no_grad { for p in net.parameters() { p += 0.3 * randn_like(p) } }
                data = TensorDataset(randn(2, c, 5, 5), randint(0, 2, [2]))
                for i in range(3) { d = (predict(net, data) - predict(net, data, plan=false)).abs().max().item() }
                if d > 1e-4 or backend(net)["evaluation"] != "planned" { print(c, k, d, backend(net)["reason"]) }
            } }
            """
        let result = try Program.run("-e", source, environment: ["DISTILL_SIMD": level])
        #expect(result.status == 0 && result.output == "", "\(result.output)\(result.errors)")
    }

    @Test
    func `--plain and DISTILL_PLAIN=1 compute plainly, and provenance says so`() throws {
        let question = "\"plain\" in backend()"
        #expect(try Program.run("-e", question).output == "false\n")
        #expect(try Program.run("--plain", "-e", question).output == "true\n")
        #expect(try Program.run("-e", question, environment: ["DISTILL_PLAIN": "1"]).output == "true\n")
        #expect(try Program.run("-e", question, environment: ["DISTILL_PLAIN": "0"]).output == "false\n")
        let folder = try Program.temporaryFolder()
        let script =
            "manual_seed(1)\nprint(Sequential(Conv2d(2, 4, 3), BatchNorm2d(4), ReLU())(randn(2, 2, 5, 5)).sum() > 0)\n"
        try WholeFile.write(Array(script.utf8), to: folder + "/a.dist")
        for arguments in [["run", "a.dist", "--plain"], ["a.dist", "--plain"]] {
            #expect(try Program.run(arguments, folder: folder).output == "true\n")
        }
        let report = try Program.run("report", "a.dist", "--plain", "-o", "a.md", "--quiet", folder: folder)
        #expect(report.status == 0, "\(report.errors)")
        let page = String(decoding: try WholeFile.read(folder + "/a.md"), as: UTF8.self)
        #expect(page.contains("scalar loops") && page.contains("--plain"))
        #expect(try Program.run("run", "--help").output.contains("--plain"))
    }

    @Test
    func `An error goes to standard error, with its place and status 1`() throws {
        let result = try Program.run("-e", "x = 1\nx / 0")
        #expect(result.output == "")
        #expect(result.errors.contains("error[math]"))
        #expect(result.errors.contains("-e:2:"))
        #expect(result.status == 1)
    }

    @Test
    func `show tells what a file holds, and --module declares a network for it`() throws {
        let folder = try Program.temporaryFolder()
        let script = #"save({"epoch": 3, "model": Sequential(fc=Linear(4, 2)).state_dict()}, "c.pth")"#
        #expect(try Program.run("-e", script, folder: folder).status == 0)
        let page = try Program.run("show", "c.pth", folder: folder)
        #expect(page.output.contains("c.pth: PyTorch, zip archive"), "\(page.output)\(page.errors)")
        #expect(page.output.contains("model: 2 tensors, 10 numbers, float32, 40 bytes"))
        #expect(page.output.contains("fc.weight  float32  [2, 4]"))
        let module = try Program.run("show", "c.pth", "--module", folder: folder)
        #expect(module.output.contains("    fc = Linear(4, 2)\n"))
        let missing = try Program.run("show", "no.pth", folder: folder)
        #expect(missing.status == 1 && missing.errors.contains("cannot read no.pth"))
    }

    @Test
    func `A script shows what it prints, up to its first error`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("print(1)\n2\n# %% two\nraise \"no\"\n# %%\nprint(3)\n".utf8), to: folder + "/a.dist")
        for arguments in [["run", "a.dist"], ["a.dist"]] {
            let result = try Program.run(arguments, folder: folder)
            // What a cell gives is shown, as the REPL and reports do.
            #expect(result.output == "1\n2\n")
            #expect(result.errors.contains("error[raised]: no"))
            #expect(result.errors.contains("a.dist:4:"))
            #expect(result.status == 1)
        }
        #expect(try Program.run(["run", "a.dist", "--quiet"], folder: folder).output == "1\n")
    }

    @Test
    func `A syntax error anywhere means that nothing runs`() throws {
        let result = try Program.run("-", input: "print(1)\n# %%\nx = (\n")
        #expect(result.output == "")
        #expect(result.errors.contains("error[syntax]"))
        #expect(result.status == 1)
    }

    @Test
    func `Standard input is run with - and without arguments`() throws {
        #expect(try Program.run("-", input: "print(2 ** 5)").output == "32\n")
        let bare = try Program.run([], input: "print(2 ** 5)")
        #expect(bare.output == "32\n")
        #expect(bare.errors == "")
        #expect(bare.status == 0)
    }

    @Test
    func `A missing file is named, with the one that was meant`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("print(1)".utf8), to: folder + "/student.dist")
        let result = try Program.run("run", "studnet.dist", folder: folder)
        #expect(result.errors.contains("cannot read studnet.dist: no such file"))
        #expect(result.errors.contains("did you mean student.dist?"))
        #expect(result.status == 1)
    }

    @Test
    func `--set overrides a param; a name that none has is a usage error`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("param T = 4\nparam name = \"x\"\nprint(T, name)".utf8), to: folder + "/p.dist")
        let result = try Program.run("p.dist", "--set", "T=8", "--set", "name=kd", folder: folder)
        #expect(result.output == "8 kd\n")
        let unknown = try Program.run("p.dist", "--set", "TT=8", folder: folder)
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("did you mean T?"))
        #expect(unknown.output == "")
        #expect(try Program.run("p.dist", "--set", "T", folder: folder).status == 2)
    }

    @Test
    func `Usage errors have status 2 and leave standard output alone`() throws {
        for arguments in [["--nonsense"], ["run"], ["doc"], ["explain", "E9999"], ["run", "a", "--threads", "0"]] {
            let result = try Program.run(arguments)
            #expect(result.status == 2, "\(arguments)")
            #expect(result.output == "", "\(arguments)")
            #expect(!result.errors.isEmpty, "\(arguments)")
        }
    }

    @Test
    func `Help, versions, codes and completions`() throws {
        #expect(try Program.run("--help").output.contains("distill help language"))
        #expect(try Program.run("help", "run").output.contains("--set"))
        #expect(try Program.run("help", "language").output.contains("Dist in ten minutes"))
        #expect(try Program.run("--version").output == "\(Version.text)\n")
        #expect(try Program.run("doc", "print").output.hasPrefix("print("))
        #expect(try Program.run("explain", "E0301").output.contains("E0301"))
        for shell in ["bash", "zsh", "fish"] {
            #expect(try Program.run("completions", shell).output.contains("distill"))
        }
    }

    @Test
    func `Colour only where it is wanted`() throws {
        let escape = "\u{1B}["
        #expect(!(try Program.run("-e", "1/0").errors.contains(escape)))
        #expect(try Program.run("-e", "1/0", "--color", "always").errors.contains(escape))
        #expect(!(try Program.run("-e", "1/0", "--color", "never").errors.contains(escape)))
    }

    @Test
    func `A reader that has seen enough ends the program quietly`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("for i in range(200000) { print(i) }".utf8), to: folder + "/many.dist")
        // What is set for OpenBLAS out there may be worth a warning.
        let program = "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE '\(Program.path)'"
        let command = "\(program) run many.dist 2>errors | head -2 >output"
        #expect(system("cd '\(folder)' && \(command)") == 0)
        #expect(String(decoding: try WholeFile.read(folder + "/output"), as: UTF8.self) == "0\n1\n")
        #expect(try WholeFile.read(folder + "/errors").isEmpty)
    }

    @Test
    func `check finds syntax errors without running`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("print(1)".utf8), to: folder + "/good.dist")
        try WholeFile.write(Array("print(1)\nx = [1,, 2]\ny = )".utf8), to: folder + "/bad.dist")
        let good = try Program.run("check", "good.dist", folder: folder)
        #expect(good.status == 0)
        #expect(good.output == "")
        let bad = try Program.run("check", "bad.dist", folder: folder)
        #expect(bad.status == 1)
        #expect(bad.errors.contains("bad.dist:2:"))
        #expect(bad.errors.contains("bad.dist:3:"))
    }

    @Test
    func `report writes one page, with the error in place, and keeps the status`() throws {
        let folder = try Program.temporaryFolder()
        let script =
            "# %% [markdown]\n# # A title\n# %% One\nprint(6 * 7)\nassert true\n# %% Two\nraise \"no\"\n# %%\n1\n"
        try WholeFile.write(Array(script.utf8), to: folder + "/a.dist")
        let result = try Program.run("report", "a.dist", "-o", "out.html", folder: folder)
        #expect(result.status == 1)
        #expect(result.output == "")
        let page = String(decoding: try WholeFile.read(folder + "/out.html"), as: UTF8.self)
        #expect(page.contains("<h1>A title</h1>"))
        #expect(page.contains("42"))
        #expect(page.contains("✓ passed"))
        #expect(page.contains("error[raised]"))
        #expect(page.contains("not run"))
        #expect(try Program.run("report", "a.dist", "-o", "out.pdf", folder: folder).status == 2)
        #expect(
            try Program.run("report", "a.dist", "-o", "gone/out.md", folder: folder).errors.contains("cannot write"))
    }

    @Test
    func `A time limit ends a loop`() throws {
        let result = try Program.run("-e", "while true { }", "--timeout", "0.2")
        #expect(result.status == 1)
        #expect(result.errors.contains("error[limit]"))
    }

    @Test(arguments: [
        "while true { try { while true { } } catch e { } }",
        "while true { try { map([1], x => { while true { } }) } catch e { } }",
        "x = randn(400, 400); fit(Linear(400, 400), TensorDataset(x, x), loss=regression(), epochs=1000000, batch_size=8)",
        "fn f() { f2 = 1; while f2 > 0 { f2 += 1 } }\nf()",
    ])
    func `A time limit ends whatever runs, and no script catches it`(_ source: String) throws {
        let result = try Program.run("-", "--timeout", "0.5", "--quiet", input: source)
        #expect(result.status == 1)
        #expect(result.errors.contains("error[limit]: the run took longer than --timeout allows"))
        #expect(result.errors.contains("<stdin>:"))
    }

    @Test
    func `A memory limit ends a script that fills a list`() throws {
        let result = try Program.run("-e", "xs = []; while true { xs.append(zeros(1000)) }", "--max-memory", "300MB")
        #expect(result.status == 1)
        #expect(result.errors.contains("--max-memory allows 300 MB"))
    }

    @Test(arguments: [
        "s = \"ab\"; while true { s = s + s }", "[x for x in range(10 ** 12) if x >= 0]",
        "d = {}; for i in range(10 ** 12) { d[i] = i }", "xs = [0]; while true { xs.extend(xs) }",
        "xs = [0]; while true { xs = xs + xs }", "s = \"ab\"; while true { s = f\"{s}{s}\" }",
        "zeros(10 ** 9)",
    ])
    func `Whatever grows ends at the memory limit, and the program goes on`(_ source: String) throws {
        let result = try Program.run(
            "-e", "try { \(source) } catch e { print(e.kind) }", "--max-memory", "200MB")
        #expect(result.status == 0)
        #expect(result.output == "limit\n")
    }

    @Test
    func `A limit error has a place, and limits hold for standard input`() throws {
        let result = try Program.run("-", "--max-memory", "200MB", input: "x = 1\ny = [0] * 10 ** 9\n")
        #expect(result.status == 1)
        #expect(result.errors.contains("error[limit]: *: the result needs 16 GB of memory"))
        #expect(result.errors.contains("<stdin>:2"))
        #expect(result.errors.contains("--max-memory allows 200 MB"))
    }

    @Test
    func `fmt writes the one layout, and --check only names what would change`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array("x=1 # one\n".utf8), to: folder + "/a.dist")
        let check = try Program.run("fmt", "--check", "a.dist", folder: folder)
        #expect(check.status == 1)
        #expect(check.output == "a.dist\n")
        #expect(try Program.run("fmt", "a.dist", folder: folder).status == 0)
        let text = String(decoding: try WholeFile.read(folder + "/a.dist"), as: UTF8.self)
        #expect(text.hasPrefix("x = 1"))
        #expect(text.contains("# one"))
        #expect(try Program.run("fmt", "--check", "a.dist", folder: folder).status == 0)
        #expect(try Program.run("fmt", "-", input: "y=2").output == "y = 2\n")
    }

    @Test func `Text is written and read, and tables with other separators are understood`() throws {
        let folder = try Program.temporaryFolder()
        let program = """
            write_text("a.csv", "a;b;y\\n1;2;0\\n3;4;1\\n")
            print(exists("a.csv"), exists("b.csv"), len(read_text("a.csv")))
            print(read_csv("a.csv", label="y", separator=";").x.shape)
            print(read_csv("a.csv", label="y").x.shape)
            read_csv("a.csv", label="y", separator=",")
            """
        let result = try Program.run("-e", program, folder: folder)
        #expect(result.output == "true false 18\n[2, 2]\n[2, 2]\n")
        #expect(result.errors.contains("separator=\";\""), "\(result.errors)")
        let refused = try Program.run("-e", "write_text(\"no/such/a.txt\", \"x\")", folder: folder)
        #expect(refused.errors.contains("cannot write no/such/a.txt: no such file or directory"))
    }
}
