import Base
import Data
import Diagnostics
import Distillation
import Learning
import Runtime
import Tensors
import Testing

@testable import Builtins

/// Corners of predictions, transfer sets and ranking terms, as programs with their answers.
@Suite struct `Corners of teachers that are files` {
    private func answer(_ program: String) throws -> String {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        return Display.repr(try interpreter.run(SourceText(name: "a corner", text: program)), in: interpreter)
    }

    @Test(arguments: [
        // A term's epoch loss is that of all rows, however they are cut into batches; nan grades and rows of none count not.
        (
            """
            manual_seed(3)
            none_known = arange(12).unsqueeze(1).expand(12, 5) == 3
            grades = where(none_known | (rand(12, 5) > 0.7), nan, rand(12, 5))
            data = TensorDataset(randn(12, 4), grades, task="ranking")
            teacher = Linear(4, 5)
            student = Linear(4, 5)
            fn at(term, size) {
                distill(teacher -> student.copy(), data, loss=term, epochs=1, batch_size=size, optimizer=SGD(lr=1e-12)).loss[0]
            }
            [abs(at(t, 12) - at(t, 5)) < 1e-6 for t in [margin_mse(), listwise(T=2), adr_mse()]]
            """, "[true, true, true]"
        ),
        ("adr_mse()(randn(2, 3), tensor([[1.0, nan, 2], [0, 1, 2]])).isnan().item()", "true"),
        (
            """
            save({"counts": tensor([[3, 1, 0], [0, 0, 4]])}, "/tmp/distill-corner-counts.npz")
            str(predictions("/tmp/distill-corner-counts.npz", values_T=1))
            """, #""/tmp/distill-corner-counts.npz: 2 rows of counts of 3 classes""#
        ),
        (
            """
            save({"log_probabilities": log_softmax(randn(3, 4), dim=1), "row_id": tensor([5, 9, 7])}, "/tmp/distill-corner-rows.npz")
            predictions("/tmp/distill-corner-rows.npz", values_T=1).ids
            """, #"["5", "9", "7"]"#
        ),
        // Names that look like numbers stay as they are written.
        (
            """
            named = TensorDataset(randn(3, 4), ids=["007", "10", "1e3"])
            save(predictions(Linear(4, 3), named), "/tmp/distill-corner-names.safetensors")
            predictions("/tmp/distill-corner-names.safetensors").ids
            """, #"["007", "10", "1e3"]"#
        ),
        // Logits beyond the range of half precision are stored in single precision.
        (
            """
            big = Linear(1, 2, bias=false)
            big.load_state_dict({"weight": tensor([[1.0], [-1.0]])})
            data = TensorDataset(tensor([[1e5], [3.0]]))
            save(predictions(big, data), "/tmp/distill-corner-wide.safetensors")
            student = Linear(1, 2, bias=false)
            student.load_state_dict({"weight": tensor([[0.5], [-1.0]])})
            fn loss(t) { distill(t -> student.copy(), data, loss=logit_mse(), epochs=1, optimizer=SGD(lr=1e-30)).loss[0] }
            [loss(big), loss(predictions("/tmp/distill-corner-wide.safetensors"))]
            """, "[625000000.0, 625000000.0]"
        ),
        // Synthetic rows have names of their own, whatever those of the data are.
        (
            """
            data = augment(TensorDataset(randn(3, 2), ids=["a", "a~1", "b"]), resample(0.5, copies=2))
            [len(data), len({id: 1 for id in data.ids})]
            """, "[9, 9]"
        ),
        (
            """
            data = augment(TensorDataset(randn(3, 2), tensor([0, 1, 1]).to("uint8")), resample(0.5, copies=1))
            data.y.tolist()
            """, "[0, 1, 1, -100, -100, -100]"
        ),
        (#"len(augment(TensorDataset(zeros(2, 3)), resample(0.1, copies=2**62)))"#, "100002"),
    ])
    func `an answer`(program: String, expected: String) throws {
        #expect(try answer(program) == expected)
    }

    @Test(arguments: [
        ("views(0)", "views(0): at least 1"),
        (
            #"price(Linear(3, 2), TensorDataset(zeros(0, 3), zeros(0).long(), classes=["a", "b"]), k=[1])"#,
            "has no examples"
        ),
        (
            #"price(Linear(3, 2), TensorDataset(zeros(2, 3), zeros(2).long(), classes=["a", "b"]), k=[1], T=0)"#,
            "T must be a number above 0"
        ),
        ("predictions(Linear(3, 2), TensorDataset(zeros(2, 3)), T=0)", "T must be a number above 0"),
        ("predictions(Linear(3, 2), TensorDataset(zeros(0, 3)))", "has no examples"),
        (
            #"predictions({"values": randn(2, 2), "indices": tensor([[0.5, 1], [0, 1]])}, kind="logits")"#,
            "indices are the numbers of classes"
        ),
        (#"predictions(Linear(3, 2), TensorDataset(zeros(2, 3), ids=["a", "a"]))"#, "the ids a occur more than once"),
        (#"TensorDataset(zeros(2, 3), ids=["a", ""])"#, "row 1 has no id"),
        ("augment(TensorDataset(zeros(2, 3)), resample(0.1), resample(0.1))", "only one noise() goes with it"),
        ("augment(TensorDataset(zeros(2, 3)), resample(0.1), noise(0.1), noise(0.1))", "only one noise() goes with it"),
        (
            #"audit(soft(), Linear(3, 2), TensorDataset(zeros(0, 3), zeros(0).long(), classes=["a", "b"]))"#,
            "has no examples"
        ),
        (
            """
            p = predictions({"indices": tensor([[0, 1], [2, 1]]), "values": log(tensor([[0.7, 0.3], [0.6, 0.2]]))},
                            kind="log_probabilities", values_T=1, rest="uniform")
            distill(p -> Linear(3, 3), TensorDataset(randn(2, 3)), loss=logit_mse(), epochs=1)
            """, "logit_mse: compares the logits as numbers"
        ),
        (
            """
            test = TensorDataset(randn(8, 3), arange(8) % 2)
            compare(Linear(3, 2), {"alone": Linear(3, 2)}, test, alone=Linear(3, 2))
            """, "alone"
        ),
    ])
    func `a mistake`(program: String, message: String) throws {
        let error = #expect(throws: Diagnostic.self) { try answer(program) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "none")")
    }

    @Test func `rows with names are not matched by position without a word`() throws {
        let stored = try StoredPredictions(
            of: Linear(3, 2), on: Dataset(x: .randn([4, 3]), y: nil, ids: ["d", "c", "b", "a"]))
        let nameless = try Dataset(x: .randn([4, 3]), y: nil)
        #expect(stored.note(for: nameless)?.contains("matched by position") == true)
        #expect(try stored.note(for: Dataset(x: .randn([4, 3]), y: nil, ids: ["a", "b", "c", "d"])) == nil)
    }
}
