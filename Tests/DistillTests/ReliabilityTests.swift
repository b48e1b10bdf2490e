import Base
import Glibc
import Testing

/// Programs and surroundings that once ended the process, lost something or went on for ever.
@Suite struct ReliabilityTests {
    // MARK: Output

    @Test(arguments: [
        ["-e", "1 + 1"], ["doc", "--manual"], ["fmt", "-"], ["run", "-q", "-"],
    ])
    func `output that cannot be written is an error with a status`(_ arguments: [String]) throws {
        let command = ([Program.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let result = try Program.run("-c", "\(command) > /dev/full", input: "print(1)\n", shell: true)
        #expect(result.status == 1)
        #expect(result.errors.contains("cannot write the output: no space left on device"), "\(result.errors)")
    }

    @Test func `a reader that goes away ends the program by the signal for that`() throws {
        let script = "for i in range(200000) { print(i) }"
        let result = try Program.run(
            "-c", "{ '\(Program.path)' -e '\(script)'; echo $? >&2; } | head -1", shell: true)
        #expect(result.output == "0\n")
        #expect(result.errors == "141\n")
    }

    // MARK: Files

    @Test func `fmt keeps permissions, links and further names`() throws {
        let folder = try Program.temporaryFolder()
        let text = Array("x   =  1\n".utf8)
        for (name, mode) in [("run.dist", 0o755), ("private.dist", 0o600), ("real.dist", 0o644), ("twice.dist", 0o644)]
            as [(String, mode_t)]
        {
            try WholeFile.write(text, to: "\(folder)/\(name)")
            try #require(chmod("\(folder)/\(name)", mode) == 0)
        }
        try #require(symlink("real.dist", "\(folder)/link.dist") == 0)
        try #require(link("\(folder)/twice.dist", "\(folder)/other.dist") == 0)
        let result = try Program.run(
            "fmt", "run.dist", "private.dist", "link.dist", "twice.dist", folder: folder)
        #expect(result.status == 0, "\(result.errors)")
        func status(_ name: String) throws -> stat {
            var status = stat()
            try #require(lstat("\(folder)/\(name)", &status) == 0)
            return status
        }
        #expect(try status("run.dist").st_mode & 0o777 == 0o755)
        #expect(try status("private.dist").st_mode & 0o777 == 0o600)
        #expect(try status("link.dist").st_mode & S_IFMT == S_IFLNK)
        #expect(try status("other.dist").st_nlink == 2)
        for name in ["run", "private", "real", "other"] {
            #expect(try WholeFile.read("\(folder)/\(name).dist") == Array("x = 1\n".utf8))
        }
    }

    @Test func `a limit on the size of files is an io error, and nothing stays`() throws {
        let folder = try Program.temporaryFolder()
        let script = #"try { save(zeros(100000), "a.npy") } catch e { print(e.kind, e.message) }; print("alive")"#
        let result = try Program.run(
            "-c", "ulimit -f 8; exec '\(Program.path)' -e '\(script)'", folder: folder, shell: true)
        #expect(result.output == "io cannot write a.npy: file too large\nalive\n", "\(result.output) \(result.errors)")
        #expect(WholeFile.namesIfAny(in: folder).filter { $0.contains("npy") } == [])
    }

    @Test(arguments: [
        #"load("pipe.npy")"#, #"read_text("pipe.npy")"#, #"read_csv("pipe.npy")"#, #"import "pipe.npy" as m"#,
    ])
    func `a timeout holds while a pipe is read that nobody writes to`(_ source: String) throws {
        let folder = try Program.temporaryFolder()
        try #require(mkfifo("\(folder)/pipe.npy", 0o600) == 0)
        let result = try Program.run(
            "-c", "timeout -s KILL 20 '\(Program.path)' run -q --timeout 1 -", input: source, folder: folder,
            shell: true)
        #expect(result.status == 1)
        #expect(result.errors.contains("longer than --timeout allows"), "\(result.errors)")
    }

    @Test func `a device is no file, and links in a circle end`() throws {
        let folder = try Program.temporaryFolder()
        try #require(symlink("/dev/zero", "\(folder)/z.npy") == 0)
        try WholeFile.makeFolder("\(folder)/li/k")
        for name in ["a", "b", "c"] { try #require(symlink(".", "\(folder)/li/k/\(name)") == 0) }
        let source = """
            try { load("z.npy") } catch e { print(e.message) }
            try { image_folder("li") } catch e { print(e.message) }
            """
        let result = try Program.run("run", "-q", "--timeout", "20", "-", input: source, folder: folder)
        #expect(
            result.output == "cannot read z.npy: it is a device, not a file\nli: no PNG or JPEG images here\n",
            "\(result.output) \(result.errors)")
    }

    // MARK: Numbers at the edge

    @Test(arguments: [
        (#"one_hot(tensor([9223372036854775807]))"#, "value"),
        (#"trials(4611686018427387904, seed => ({"score": seed}))"#, "limit"),
        (#"trials(2147483647, seed => ({"score": seed}))"#, "limit"),
        (#"fit(Linear(3, 3), ds, epochs=9223372036854775807)"#, "value"),
    ])
    func `a number that is too large is an error`(_ source: String, _ kind: String) throws {
        let result = try Program.run(
            "-e",
            """
            ds = TensorDataset(randn(20, 3), randint(3, [20]))
            try { \(source) } catch e { print(e.kind) }
            print("alive")
            """)
        #expect(result.output == "\(kind)\nalive\n", "\(result.output) \(result.errors)")
    }

    @Test(arguments: [
        "len(batches(ds, n))", "fit(Linear(3, 3), ds, epochs=1, batch_size=n).epochs",
        "distill(Linear(3, 3) -> Linear(3, 3), ds, epochs=1, batch_size=n).epochs",
    ])
    func `a batch larger than the dataset is the dataset, however large`(_ source: String) throws {
        let result = try Program.run(
            "-e", "ds = TensorDataset(randn(20, 3), randint(3, [20])); n = 9223372036854775807; print(\(source))")
        #expect(result.output == "1\n", "\(result.output) \(result.errors)")
    }

    @Test(arguments: ["1e300", "1e19", "1e9"])
    func `a timeout beyond all clocks is none`(_ seconds: String) throws {
        let result = try Program.run("run", "-q", "--timeout", seconds, "-", input: "print(1)")
        #expect(result.output == "1\n", "\(result.errors)")
    }

    // MARK: Networks

    @Test(arguments: [
        "m.copy()", "m.state_dict()", #"save(m, "a.distill")"#, #"save(m, "a.safetensors")"#, "quantize(m)",
    ])
    func `a module that is a part of itself is an error that names the field`(_ source: String) throws {
        let declaration = "module M() {\n  k = 1\n  fn forward(x) { x }\n}\nm = M()\n"
        for cycle in ["m.k = m", "m.k = Sequential(m)"] {
            let result = try Program.run(
                "-e",
                "\(declaration)\(cycle)\ntry { \(source) } catch e { print(e.kind, e.message) }; print(\"alive\")",
                folder: try Program.temporaryFolder())
            #expect(result.output.hasPrefix("value "), "\(result.output) \(result.errors)")
            #expect(result.output.contains(cycle == "m.k = m" ? ": k is a module" : ": k.0 is a module"))
            #expect(result.output.hasSuffix("alive\n"))
        }
        let list = "xs = []\nm.k = xs\nxs.append(m)"
        let result = try Program.run(
            "-e", "\(declaration)\(list)\ntry { \(source) } catch e { print(e.kind) }; print(\"alive\")",
            folder: try Program.temporaryFolder())
        #expect(result.output.hasSuffix("alive\n"), "\(result.output) \(result.errors)")
    }
}
