import Base
import Glibc
import Testing

/// Relative paths of what a script reads: the working folder first, then beside the script.
@Suite("Paths that scripts read")
struct ReadingPathTests {
    /// A folder with `script/s.dist` beside `script/data`, and a working folder.
    private struct Place {
        let root: String
        var working: String { root + "/working" }

        init(_ source: String) throws {
            root = try Program.temporaryFolder()
            for folder in ["working", "script/data/cat", "working/data"] {
                try WholeFile.makeFolder(root + "/" + folder)
            }
            try write(source, "script/s.dist")
        }

        func write(_ text: String, _ name: String) throws {
            try WholeFile.write(Array(text.utf8), to: root + "/" + name)
        }

        func run() throws -> Program.Result { try Program.run("run", "../script/s.dist", folder: working) }
    }

    /// Every function that reads takes the file beside the script when the working folder has none.
    @Test(arguments: [
        #"print(len(read_csv("data/a.csv")))"#, #"print(read_text("data/a.csv").split("\n")[0])"#,
        #"print(exists("data/a.csv"))"#, #"print(load("data/w.npy").shape)"#,
        #"print(load(Linear(2, 1, bias=false), "data/w.safetensors").weight.shape)"#,
        #"print(len(image_folder("data/pictures")))"#,
        #"print(predict(Sequential(Flatten(), Linear(48, 2)), "data/pictures/p.png", size=4).shape)"#,
        #"print(len(top(Sequential(Flatten(), Linear(48, 2)), "data/pictures/p.png", 1, size=4)))"#,
        #"print("weight" in skeleton("data/w.safetensors") or true)"#, #"print(read_idx("data/i.idx").shape)"#,
    ])
    func `a reader finds what lies beside the script`(line: String) throws {
        let place = try Place(line)
        try place.write("a,b\n1,2\n3,4\n", "script/data/a.csv")
        try WholeFile.makeFolder(place.root + "/script/data/pictures")
        try WholeFile.write([0, 0, 8, 1, 0, 0, 0, 2, 5, 6], to: place.root + "/script/data/i.idx")
        try place.write(
            """
            save(ones(2), "w.npy"); save({"weight": ones(1, 2)}, "w.safetensors")
            save(plot_images(zeros(1, 3, 8, 8)), "pictures/p.png")
            """, "script/data/make.dist")
        let made = try Program.run("run", "make.dist", folder: place.root + "/script/data")
        #expect(made.status == 0, "\(made.errors)")
        let result = try place.run()
        #expect(result.status == 0, "\(result.errors)")
        #expect(!result.output.contains("false") && !result.output.isEmpty)
        #expect(!result.errors.contains("working folder"))
    }

    @Test func `the working folder comes first, and one line says so where the files differ`() throws {
        let place = try Place(#"for i in range(3) { print(read_text("data/a.csv").strip()) }"#)
        try place.write("beside", "script/data/a.csv")
        try place.write("working", "working/data/a.csv")
        let different = try place.run()
        #expect(different.output == "working\nworking\nworking\n", "\(different.errors)")
        let notes = (different.output + different.errors).split(separator: "\n").filter {
            $0.contains("beside the script")
        }
        #expect(notes.count == 1)
        try place.write("beside", "working/data/a.csv")
        let equal = try place.run()
        #expect(equal.output == "beside\nbeside\nbeside\n")
        #expect(!equal.errors.contains("beside the script"))
    }

    @Test func `a file in neither place is an error that names both and the nearest name`() throws {
        let place = try Place(#"read_csv("data/train.csv")"#)
        try place.write("a,b\n1,2\n", "script/data/trian.csv")
        let result = try place.run()
        #expect(result.status == 1)
        #expect(result.errors.contains("neither in the working folder nor beside the script"))
        #expect(result.errors.contains("../script/data/train.csv"))
        #expect(result.errors.contains("trian.csv"))
    }

    @Test func `a published dataset is found beside the script`() throws {
        let place = try Place(#"print(len(dataset("mnist")), len(dataset("mnist", split="test")))"#)
        for (part, count) in [("train", UInt8(3)), ("t10k", 2)] {
            let folder = place.root + "/script/data/mnist"
            try WholeFile.makeFolder(folder)
            let images = [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28]
            try WholeFile.write(
                images + [UInt8](repeating: 7, count: Int(count) * 784), to: "\(folder)/\(part)-images-idx3-ubyte")
            try WholeFile.write(
                [0, 0, 8, 1, 0, 0, 0, count] + [UInt8](repeating: 1, count: Int(count)),
                to: "\(folder)/\(part)-labels-idx1-ubyte")
        }
        let result = try place.run()
        #expect(result.output == "3 2\n", "\(result.errors)")
    }

    // MARK: Figures that no terminal shows

    @Test func `a figure is written beside the script, and the path is said`() throws {
        let place = try Place(
            """
            # %%
            plot([3.0, 2.0, 1.0])
            # %%
            show(plot([1.0, 2.0]))
            4
            """)
        let result = try place.run()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("../script/s-1.png\n") && result.output.contains("../script/s-2.png\n"))
        for name in ["s-1.png", "s-2.png"] {
            #expect(try WholeFile.read(place.root + "/script/" + name).starts(with: [0x89, 0x50, 0x4E, 0x47]))
        }
        #expect(WholeFile.namesIfAny(in: place.working).filter { $0.hasSuffix(".png") } == [])
        // Where nothing can be written beside the script it is the working folder.
        for name in ["s-1.png", "s-2.png"] {
            unlink(place.root + "/script/" + name)
            try WholeFile.makeFolder(place.root + "/script/" + name)
        }
        let other = try place.run()
        #expect(other.status == 0 && other.output.contains("s-1.png\n"), "\(other.output)")
        #expect(other.errors.contains("../script/s-1.png cannot be written: the figure is in the working folder"))
        #expect(WholeFile.exists(place.working + "/s-1.png"))
    }

    @Test func `a figure that the program has saved is not written twice`() throws {
        let place = try Place("f = plot([3.0, 2.0, 1.0])\nsave(f, \"own.png\")\nf")
        let result = try place.run()
        #expect(result.status == 0 && result.output.hasPrefix("own.png\n"), "\(result.output)\(result.errors)")
        #expect(WholeFile.namesIfAny(in: place.root + "/script").filter { $0.hasSuffix(".png") } == [])
    }

    @Test func `a quiet run and one that keeps a record write no figure beside the script`() throws {
        let place = try Place("plot([3.0, 2.0, 1.0])")
        for arguments in [["--quiet"], ["--record", "kept"]] {
            let result = try Program.run(["run", "../script/s.dist"] + arguments, folder: place.working)
            #expect(result.status == 0, "\(result.errors)")
        }
        #expect(WholeFile.namesIfAny(in: place.root + "/script").filter { $0.hasSuffix(".png") } == [])
    }
}
