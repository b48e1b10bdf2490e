import Data
import Runtime
import Tensors

/// The tasks that a dataset may have.
enum TaskName: String, StringOption {
    case classes, probabilities, binary, multilabel, positions, numbers, ranking

    var task: LearningTask { LearningTask(rawValue: rawValue) ?? .classes }
}

extension Library {
    /// Datasets of tensors, with all that can be said of their targets.
    func addTensorDataset() {
        let x = Parameter<Either<Tensor, OrderedTensors>>(
            "x",
            "the examples [N, …], or a dict of such, whose entries go to `forward` by name; an entry `mask` says which "
                + "positions count, and goes to a `forward` that names it")
        let y = Parameter<Tensor?>.optional(
            "y", "int64 classes [N], of positions [N, L] or [N, H, W], 0 and 1 of several labels [N, L], or floats")
        let task = Parameter<TaskName?>.optional(
            "task", "what the targets are", defaultText: "as y and the first network say; describe() shows it")
        let dim = Parameter<Int?>.optional(
            "class_dim", "the dimension of the classes in a network's outputs",
            defaultText: "the last of up to three, 1 of four and five")
        let ignore = Parameter<Int?>.optional("ignore_index", "the label that counts for nothing", defaultText: "-100")
        let classes = Parameter<[String]?>.optional("classes", "the names of the classes or labels, in order")
        let like = Parameter<Dataset?>.optional("like", "a dataset whose classes and task this one has")
        let ids = Parameter<RowNames?>.optional(
            "ids", "the names of the examples: what a teacher said elsewhere is found by them")
        add(
            Builtin(
                "TensorDataset", .data, "A dataset from tensors.",
                parameters: [
                    x.description, y.description, task.description, dim.description, ignore.description,
                    classes.description, like.description, ids.description,
                ],
                returns: "the dataset",
                notes: LearningTask.allCases.map { "task=\"\($0.rawValue)\": \($0.summary)." } + [
                    "A row without a label counts in no label term and no metric, and still in a teacher's terms: ignore_index among classes, nan among floats, −1 or nan among several labels."
                ],
                pytorch: .same("torch.utils.data.TensorDataset"), seeAlso: ["dataset", "split", "batches"],
                examples: [
                    Example("len(TensorDataset(zeros(6, 2), arange(6)))", "6"),
                    Example("TensorDataset(zeros(3, 2), tensor([0.5, 1.0, 2.0])).task", "numbers"),
                ]
            ) { call in
                let like = try call[like]
                var target = like?.target ?? TargetDeclaration()
                if let task = try call[task] { target.task = task.task }
                if let dim = try call[dim] { target.classDim = dim }
                if let ignore = try call[ignore] { target.ignoreIndex = ignore }
                let names = try call[classes] ?? like?.classes
                let rows = try call[ids]?.names
                try Dataset.checkNames(rows, of: "TensorDataset")
                switch try call[x] {
                case .first(let x): return try Dataset(x: x, y: call[y], classes: names, target: target, ids: rows)
                case .second(var inputs):
                    let mask = inputs.tensors.removeValue(forKey: "mask")
                    return try Dataset(
                        input: .named(inputs.tensors), y: call[y], classes: names, mask: mask, target: target,
                        ids: rows)
                }
            })
    }
}
