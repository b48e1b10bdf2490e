import Base
import Testing

/// `distill teacher`.
@Suite struct `Asking a teacher once` {
    private func place() throws -> String {
        let folder = try Program.temporaryFolder()
        try WholeFile.write(
            Array(
                """
                kinds = ["cat", "dog", "emu"]
                rows = [f"r{i},{i}.5,{i % 5}.25,{kinds[i % 3]}" for i in range(12)]
                write_text("train.csv", "id,a,b,kind\\n" + "\\n".join(rows) + "\\n")
                train = read_csv("train.csv", label="kind", id="id")
                save(fit(Linear(2, 3), normalize(train), epochs=1).net, "teacher.distill")
                save({"x": train.x}, "x.npz")
                """.utf8), to: folder + "/make.dist")
        let made = try Program.run("run", "make.dist", folder: folder)
        #expect(made.status == 0, "\(made.errors)")
        return folder
    }

    @Test func `its file teaches without it`() throws {
        let folder = try place()
        let asked = try Program.run(
            "teacher", "teacher.distill", "train.csv", "--label", "kind", "--id", "id", "-o", "top.safetensors",
            "--top", "2",
            "--values", "int8", folder: folder)
        #expect(asked.status == 0, "\(asked.errors)")
        #expect(asked.output.contains("12 rows of the 2 of 3 classes"))
        try WholeFile.write(
            Array(
                """
                train = read_csv("train.csv", label="kind", id="id")
                run = distill(predictions("top.safetensors") -> Linear(2, 3), normalize(train), loss=soft(T=1) + hard(), epochs=2)
                print(run.epochs, predictions("top.safetensors").classes, predictions("top.safetensors").ids[11])
                """.utf8), to: folder + "/student.dist")
        let taught = try Program.run("run", "student.dist", folder: folder)
        #expect(taught.status == 0, "\(taught.errors)")
        #expect(taught.output.contains(#"2 ["cat", "dog", "emu"] r11"#), "\(taught.output)")
        #expect(!taught.errors.contains("other inputs"))
        let all = try Program.run("teacher", "teacher.distill", "x.npz", "-o", "all.safetensors", folder: folder)
        #expect(all.status == 0, "\(all.errors)")
        #expect(all.output.contains("12 rows of logits of 3 classes"))
    }

    @Test(arguments: [
        (["teacher", "gone.distill", "train.csv", "-o", "a.safetensors"], "gone.distill"),
        (["teacher", "teacher.distill", "gone.csv", "-o", "a.safetensors"], "gone.csv"),
        (["teacher", "teacher.distill", "train.csv", "-o", "a.safetensors", "--label", "sort"], "no column \"sort\""),
        (["teacher", "teacher.distill", "train.csv", "--label", "kind", "--id", "id", "-o", "a.npz"], ".safetensors"),
        (["teacher", "teacher.distill", "train.csv", "-o", "a.safetensors", "--top", "0"], "--top counts from 1"),
        (["teacher", "teacher.distill", "train.csv", "-o", "a.safetensors", "--values", "f8"], "f16 or int8"),
        (["teacher", "teacher.distill", "train.csv", "-o", "a.safetensors", "--values", "int8"], "--top"),
        (["teacher", "teacher.distill", "train.csv", "-o", "a.safetensors", "--temperature", "0"], "above 0"),
        (["teacher", "teacher.distill", "x.npz", "-o", "a.safetensors", "--id", "id"], "columns of a table"),
    ])
    func `a mistake is said and nothing is written`(arguments: [String], message: String) throws {
        let folder = try place()
        let result = try Program.run(arguments, folder: folder)
        #expect(result.status != 0)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(!WholeFile.exists(folder + "/a.safetensors") && !WholeFile.exists(folder + "/a.npz"))
    }
}
