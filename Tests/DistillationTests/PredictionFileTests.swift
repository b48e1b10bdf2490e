import Base
import Data
import Diagnostics
import Distillation
import Runtime
import Testing

@testable import Builtins

/// One teacher in every kind of file that PyTorch, NumPy and safetensors write: scripts/golden/partial_teachers.py.
@Suite struct `Predictions from files` {
    private static let folder =
        "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures/predictions"

    private func expected() throws -> (json: JSON, x: String, weight: String) {
        let json = try JSON(parsing: FileBytes.read(Self.folder + "/expected.json"))
        func text(_ key: String) -> String { json[key]?.text ?? "" }
        return (json, text("x"), text("weight"))
    }

    /// The loss of a student with given weights in one batch of all rows.
    private func loss(_ teacher: String, _ term: String, ids: String = #"[f"row{i}" for i in range(6)]"#) throws
        -> Double
    {
        let (_, x, weight) = try expected()
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        let source = """
            student = Linear(3, 4, bias=false)
            student.load_state_dict({"weight": tensor(\(weight))})
            train = TensorDataset(tensor(\(x)), ids=\(ids))
            distill(\(teacher) -> student, train, loss=\(term), epochs=1, batch_size=6, optimizer=SGD(lr=1e-12)).loss[0]
            """
        guard case .float(let loss) = try interpreter.run(SourceText(name: "a run", text: source)) else { return .nan }
        return loss
    }

    private func path(_ file: String) -> String { "\"\(Self.folder)/\(file)\"" }

    @Test(arguments: [
        ("logits.npy", ""), ("logits.npz", ""), ("logits.pt", ""), ("numbered.safetensors", ", values_T=1"),
        ("probabilities.csv", #", kind="probabilities", values_T=1"#),
    ])
    func `all classes of a file are the teacher at any temperature`(file: String, options: String) throws {
        let json = try expected().json
        // Numbers as ids: of rows that have none.
        let ids = file == "numbered.safetensors" ? "none" : #"[f"row{i}" for i in range(6)]"#
        for temperature in ["1", "4"] {
            let own = try loss("predictions(\(path(file))\(options))", "soft(T=\(temperature))", ids: ids)
            #expect(abs(own - (json["full"]?[temperature]?.double ?? .nan)) < 1e-5, "T = \(temperature)")
        }
    }

    @Test(arguments: [
        ("top.npz", "log_probabilities", 1e-5), ("top.pt", "log_probabilities", 2e-3),
        ("top.safetensors", "probabilities", 1e-5),
    ])
    func `the most probable classes of a file leave the rest in one bucket`(file: String, kind: String, bound: Double)
        throws
    {
        let json = try expected().json
        let ids = file == "top.safetensors" ? "none" : #"[f"row{i}" for i in range(6)]"#
        let own = try loss(#"predictions(\#(path(file)), kind="\#(kind)", values_T=1)"#, "soft(T=1)", ids: ids)
        #expect(abs(own - (json["top"]?.double ?? .nan)) < bound)
    }

    @Test func `several files are several teachers`() throws {
        let both = try loss("predictions([\(path("logits.npz")), \(path("logits.pt"))])", "soft(T=4)")
        #expect(abs(both - (try expected().json["full"]?["4"]?.double ?? .nan)) < 1e-5)
    }

    @Test func `what is saved is read again by the same name`() throws {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        let source = """
            train = TensorDataset(randn(30, 3), ids=[f"r{i}" for i in range(30)])
            teacher = Linear(3, 5)
            save(predictions(teacher, train, top=5), "/tmp/distill-predictions-all.safetensors")
            save(predictions(teacher, train, top=2), "/tmp/distill-predictions-top.safetensors", values="int8")
            student = Linear(3, 5)
            fn loss(t) { distill(t -> student.copy(), train, loss=soft(T=1), epochs=1, optimizer=SGD(lr=1e-12)).loss[0] }
            p = predictions("/tmp/distill-predictions-top.safetensors")
            [abs(loss(predictions("/tmp/distill-predictions-all.safetensors")) - loss(teacher)) < 2e-3, len(p), p.ids[29],
             0 < loss(p) and loss(p) <= loss(teacher) + 0.02]
            """
        let value = try interpreter.run(SourceText(name: "a run", text: source))
        #expect(Display.repr(value, in: interpreter) == #"[true, 30, "r29", true]"#)
    }

    @Test func `rows of one byte whose rounding gives more than all mass are read and priced`() throws {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        // Row by row nearly sure, with logarithms down to -60: 1/127 of that is a coarse step.
        let source = """
            manual_seed(0)
            teacher = Linear(4, 4)
            teacher.load_state_dict({"weight": 20 * eye(4), "bias": zeros(4)})
            train = TensorDataset(rand(60, 4) * 3, randint(0, 4, [60]))
            save(predictions(teacher, train, top=4), "/tmp/distill-predictions-sure.safetensors", values="int8")
            student = Linear(4, 4)
            run = distill(predictions("/tmp/distill-predictions-sure.safetensors") -> student, train, loss=soft(T=1), epochs=1)
            price(teacher, train)
            isfinite(tensor(run.loss)).all().item()
            """
        let value = try interpreter.run(SourceText(name: "a run", text: source))
        #expect(Display.repr(value, in: interpreter) == "true")
    }
}
