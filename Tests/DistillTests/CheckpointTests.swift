import Base
import CPseudoTerminal
import Glibc
import Notebook
import Testing

/// Trainings that are killed and go on. `scripts/fuzz/kill` does the same many times.
@Suite struct `Checkpoints of the program` {
    static let script = """
        param out = "out"
        train, val = split(dataset("digits"), test=0.2)
        train = take(train, 256)
        teacher = Sequential(Linear(64, 32), ReLU(), Linear(32, 10))
        student = Sequential(Linear(64, 16), BatchNorm1d(16), ReLU(), Dropout(0.2), Linear(16, 10))
        run = distill(teacher -> student, train, loss=soft(T=4) + 0.1 * hard() + 0.5 * feature("1" -> "2"), epochs=8,
            optimizer=SGD(lr=0.05, momentum=0.9), scheduler=CosineAnnealingLR(), validate=val, keep="best",
            checkpoint=out, resume=true)
        save(student, f"{out}/student.safetensors")
        save({"loss": tensor(run.loss), "after": randn(4)}, f"{out}/curves.npz")
        """

    /// Runs the script to its end, or kills it after so many microseconds; whether it came to its end.
    private static func run(_ folder: String, _ out: String, killAfter delay: UInt32? = nil) throws -> Bool {
        let arguments = ["run", folder + "/train.dist", "--set", "out=\(folder)/\(out)"]
        let process = try Program.start(arguments, Program.environment(home: folder)) { arguments, environment in
            pt_spawn_on_files(
                Program.path, arguments, environment, folder, "/dev/null", folder + "/.output", folder + "/.errors")
        }
        if let delay {
            usleep(delay)
            kill(process, SIGKILL)
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return status == 0
    }

    @Test func `A training that is killed ends with the weights of one that is not`() throws {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(Array(Self.script.utf8), to: folder + "/train.dist")
        try #require(try Self.run(folder, "whole"))
        for (round, delays) in [[300_000, 500_000, 900_000], [700_000, 100_000, 1_300_000]].enumerated() {
            let out = "round\(round)"
            for delay in delays { _ = try Self.run(folder, out, killAfter: UInt32(delay)) }
            try #require(try Self.run(folder, out))
            for name in ["student.safetensors", "curves.npz"] {
                let isEqual =
                    try WholeFile.read("\(folder)/\(out)/\(name)") == WholeFile.read("\(folder)/whole/\(name)")
                #expect(isEqual, "\(name) differs after a kill")
            }
        }
    }

    @Test func `A checkpoint of another experiment is refused with the difference`() throws {
        let folder = try Program.temporaryFolder()
        func run(_ options: String) throws -> Program.Result {
            try Program.run(
                "-e",
                "fit(Linear(64, 10), take(dataset(\"digits\"), 64), checkpoint=\"ck\", \(options))", folder: folder)
        }
        #expect(try run("epochs=2").status == 0)
        let other = try run("epochs=3, batch_size=32, resume=true")
        #expect(other.status == 1)
        #expect(other.errors.contains("epochs is 3 here and 2 there; batch_size is 32 here and 64 there"))
        #expect(try run("epochs=2, resume=true").status == 0)
        // A damaged file is an error and not a fresh start.
        let path = folder + "/ck/fit.checkpoint"
        try WholeFile.write(Array(WholeFile.read(path).dropLast(10)), to: path)
        let damaged = try run("epochs=2, resume=true")
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("fit.checkpoint: byte"))
    }
}
