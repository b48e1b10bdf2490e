import Data
import OrderedCollections
import Tensors

/// What teachers are given where that is not what the student is: another size, another normalisation, another column.
public enum TeacherInputs {
    /// Entries of a dict dataset; one goes to the teacher as it is, several by name.
    case entries([String])
    /// What a function makes of a batch, augmented or not.
    case function((Batch) throws -> DatasetInput)

    /// What it is, for messages and checkpoints.
    var summary: String {
        switch self {
        case .entries(let names): names.joined(separator: ", ")
        case .function: "a function of the batch"
        }
    }

    /// The batch as the teacher sees it.
    ///
    /// - Throws: ``DistillationError/teacher(problem:help:)`` for entries that there are not, and for what is not one row for
    ///   each example; what the function throws.
    func batch(_ batch: Batch) throws -> Batch {
        let input = try input(batch)
        guard input.tensors.allSatisfy({ $0.shape.first == batch.count }) else {
            throw DistillationError.teacher(
                problem: "teacher_inputs gives \(input.tensors.map { "\($0.shape)" }.joined(separator: ", ")) for "
                    + "\(batch.count) examples", help: "one row for each example of the batch")
        }
        return Batch(
            input: input, y: batch.y, mask: batch.mask, index: batch.index, epoch: batch.epoch, mixture: batch.mixture,
            tokenWidth: batch.tokenWidth)
    }

    private func input(_ batch: Batch) throws -> DatasetInput {
        switch self {
        case .function(let function): return try function(batch)
        case .entries(let names):
            if batch.input.texts != nil { throw DataError.texts("distill") }
            guard case .named(let inputs) = batch.input else {
                throw DistillationError.teacher(
                    problem: "teacher_inputs=\(summary), and the dataset has one input without a name",
                    help:
                        "TensorDataset({\"x\": small, \"\(names.first ?? "big")\": large}, y), or a function of the batch"
                )
            }
            let own = inputs.filter { names.contains($0.key) }
            guard own.count == Set(names).count, let first = own.values.first else {
                let unknown = names.filter { inputs[$0] == nil }.joined(separator: ", ")
                throw DistillationError.teacher(
                    problem: "teacher_inputs: the dataset has no entry \(unknown)",
                    help: "there are \(inputs.keys.joined(separator: ", "))")
            }
            return own.count == 1 ? .tensor(first) : .named(own)
        }
    }

    /// What tells values that a teacher gave for the same data apart; nil for a function, of which nothing is known.
    func mark(_ dataMark: UInt64?) -> UInt64? {
        guard case .entries(let names) = self, let dataMark else { return nil }
        return names.joined(separator: ",").utf8.reduce(dataMark) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
