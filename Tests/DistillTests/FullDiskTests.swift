import Base
import Glibc
import Notebook
import Testing

/// Whether a user namespace may mount a disk in memory.
private let canMount = system("unshare -rm mount -t tmpfs -o size=64k none /mnt 2>/dev/null") == 0

/// A disk without room leaves what was there and says so, wherever the program writes.
@Suite("Full disk", .enabled(if: canMount, "a small disk cannot be mounted here"))
struct FullDiskTests {
    /// Runs the program on a disk of 64 kB with a file or two and `free` kB of room.
    ///
    /// - Returns: what it printed, and the files of the disk as they are afterwards.
    private func run(_ arguments: [String], existing: [String], free: Int) throws -> (Program.Result, String) {
        let folder = try Program.temporaryFolder()
        #expect(mkdir(folder + "/disk", 0o755) == 0)
        let script = """
            # %% Figure
            x = range(300)
            plot(x, [sin(i / 20) for i in x])

            """
        try WholeFile.write(Array(script.utf8), to: folder + "/kd.dist")
        let old = existing.map { "mkdir -p \"$(dirname 'disk/\($0)')\"; echo old > 'disk/\($0)'" }
        let words = ([Program.path] + arguments).map { "'" + $0 + "'" }.joined(separator: " ")
        let steps =
            ["mount -t tmpfs -o size=64k none disk"] + old + [
                "head -c 1000000 /dev/zero > disk/fill 2>/dev/null",
                "head -c $(($(stat -c %s disk/fill) - \(free * 1024))) /dev/zero > .fill; cat .fill > disk/fill",
                "\(words); status=$?", "rm disk/fill",
                "(cd disk; find . -type f | sort | while read f; do echo \"$f: $(head -c 200 \"$f\")\"; done) > after",
                "exit $status",
            ]
        try WholeFile.write(Array(steps.joined(separator: "\n").utf8), to: folder + "/steps.sh")
        let result = try Program.run("-c", "exec unshare -rm sh steps.sh", folder: folder, shell: true)
        return (result, String(decoding: try WholeFile.read(folder + "/after"), as: UTF8.self))
    }

    /// Room for none of the first write, and for a part of it.
    static let room = [0, 4]

    @Test(arguments: ["png", "svg", "pdf"], room)
    func `A figure`(_ format: String, _ free: Int) throws {
        let program = "x = range(300); save(plot(x, [sin(i / 20) for i in x]), \"disk/a.\(format)\")"
        let (result, files) = try run(["-e", program], existing: ["a.\(format)"], free: free)
        #expect(result.status == 1)
        #expect(result.errors.contains("error[io]: cannot write disk/a.\(format)"), "\(result.errors)")
        #expect(result.errors.contains("no space left on device"))
        #expect(result.errors.contains("1│ x = range(300)"))
        #expect(files == "./a.\(format): old\n")
    }

    @Test(arguments: ["html", "md"], room)
    func `A report`(_ format: String, _ free: Int) throws {
        let (result, files) = try run(
            ["report", "kd.dist", "-o", "disk/a.\(format)"], existing: ["a.\(format)"], free: free)
        #expect(result.status == 1)
        #expect(result.errors.contains("error[io]: cannot write disk/a"), "\(result.errors)")
        #expect(result.errors.contains("no space left on device"))
        #expect(files == "./a.\(format): old\n")
    }

    @Test(arguments: room)
    func `The report that a script asks for`(_ free: Int) throws {
        let program = "report(\"disk/a.html\"); plot([3, 1, 2])"
        let (result, files) = try run(["-e", program], existing: ["a.html"], free: free)
        #expect(result.status == 1)
        #expect(result.errors.contains("no space left on device"), "\(result.errors)")
        #expect(files == "./a.html: old\n")
    }

    @Test(arguments: room)
    func `A record of a run`(_ free: Int) throws {
        let (result, files) = try run(
            ["run", "kd.dist", "--record", "disk/r"], existing: ["r/record.json", "r/old.csv"], free: free)
        #expect(result.status == 1)
        #expect(result.errors.contains("error[io]: cannot write disk/r: no space left on device"), "\(result.errors)")
        #expect(files == "./r/old.csv: old\n./r/record.json: old\n")
    }

    @Test(arguments: ["a.safetensors", "a.distill", "a.onnx", "a.npy", "a.txt"], room)
    func `A network, a tensor, a text`(_ name: String, _ free: Int) throws {
        let write =
            switch name {
            case "a.npy": "save(zeros(100, 100), \"disk/a.npy\")"
            case "a.txt": "write_text(\"disk/a.txt\", \"words \" * 9999)"
            case "a.onnx": "save(Linear(64, 64), \"disk/a.onnx\", input=[64])"
            default: "save(Linear(64, 64), \"disk/\(name)\")"
            }
        let (result, files) = try run(["-e", write], existing: [name], free: free)
        #expect(result.status == 1)
        #expect(result.errors.lowercased().contains("no space left on device"), "\(result.errors)")
        #expect(result.errors.contains("1│ "))
        #expect(files == "./\(name): old\n")
    }

    @Test(arguments: room)
    func `A Jupyter notebook`(_ free: Int) throws {
        let (result, files) = try run(
            ["convert", "kd.dist", "disk/a.ipynb", "--run"], existing: ["a.ipynb"], free: free)
        #expect(result.status == 1)
        #expect(result.errors.contains("no space left on device"), "\(result.errors)")
        #expect(files == "./a.ipynb: old\n")
    }
}
