import Base
import Data
import OrderedCollections
import Tensors

/// A training between two epochs: everything that decides how it goes on, so that a run that was killed ends with the same
/// bits as one that was not.
///
/// The file is a safetensors file: tensors as they are, curves and other numbers as float64, the rest as JSON in its
/// metadata. It is written beside the old one and then renamed, so that a kill at any moment leaves one of the two.
struct Checkpoint {
    /// One network of the training: usually there is one, mutual learning has several.
    struct Part {
        var network: OrderedDictionary<String, Tensor> = [:]
        /// What trains along, and what the loss remembers.
        var loss: OrderedDictionary<String, Tensor> = [:]
        var best: OrderedDictionary<String, Tensor> = [:]
        /// The moving average of the weights.
        var average: OrderedDictionary<String, Tensor> = [:]
        var averageSteps = 0
        var optimizer: OrderedDictionary<String, Tensor> = [:]
        var optimizerSteps: [Int] = []
        var learningRates: [Double] = []
        var schedule: [Double] = []
        var curves: OrderedDictionary<String, [Double]> = [:]
        var steps: [Double] = []
        var seconds = 0.0
        var bestEpoch = 0
        var bestValue = Double.nan
        var epochsSinceBest = 0
    }

    /// What was trained on what and how: another experiment has another description.
    var experiment: OrderedDictionary<String, String>
    /// How many epochs are done.
    var epochs: Int
    /// Whether training ended there, early or not.
    var isOver: Bool
    /// The generator's seed and positions.
    var generator: Randomness.State
    /// The networks.
    var parts: [Part]

    /// The file of a run in a folder.
    static func path(in folder: String, run name: String) -> String {
        folder + "/" + String(name.map { $0 == "/" || $0 == "\0" ? "_" : $0 }) + ".checkpoint"
    }

    // MARK: Writing

    /// Writes the file and makes its folder, if need be.
    ///
    /// - Throws: ``FileError``.
    func write(to path: String) throws {
        var tensors: OrderedDictionary<String, Tensor> = [:]
        var descriptions: [JSON] = []
        for (index, part) in parts.enumerated() {
            func put(_ group: String, _ entries: OrderedDictionary<String, Tensor>) {
                for (name, tensor) in entries { tensors["\(index).\(group).\(name)"] = tensor }
            }
            func put(_ group: String, _ numbers: [Double]) throws { tensors["\(index).\(group)"] = try Tensor(numbers) }
            put("network", part.network)
            put("loss", part.loss)
            put("best", part.best)
            put("average", part.average)
            put("optimizer", part.optimizer)
            for (name, values) in part.curves { try put("curve.\(name)", values) }
            try put("steps", part.steps)
            try put("schedule", part.schedule)
            try put("rates", part.learningRates)
            try put("numbers", [part.seconds, part.bestValue])
            descriptions.append(
                .object([
                    ("optimizer_steps", .array(part.optimizerSteps.map { .integer($0) })),
                    ("best_epoch", .integer(part.bestEpoch)), ("since_best", .integer(part.epochsSinceBest)),
                    ("average_steps", .integer(part.averageSteps)),
                ]))
        }
        let json = JSON.object([
            ("version", .integer(1)), ("epochs", .integer(epochs)), ("over", .bool(isOver)),
            ("experiment", .object(experiment.map { ($0.key, .string($0.value)) })),
            ("seed", .string(String(generator.seed))),
            ("positions", .array(generator.positions.map { .string(String($0)) })), ("parts", .array(descriptions)),
        ])
        let bytes = try SafeTensors(tensors, metadata: ["distill.checkpoint": json.text]).bytes()
        try WholeFile.makeFolder(WholeFile.folder(of: path))
        try WholeFile.write(bytes, to: path)
    }

    // MARK: Reading

    /// Reads a file.
    ///
    /// - Throws: ``TrainingError/checkpoint(path:problem:help:)`` for a file that is no checkpoint, and as safetensors files do.
    init(reading path: String) throws {
        let file = try SafeTensors(reading: path)
        let failure = TrainingError.checkpoint(
            path: path, problem: "the file is no checkpoint of this program", help: nil)
        guard let text = file.metadata["distill.checkpoint"], let json = try? JSON(parsing: Array(text.utf8)),
            json["version"]?.integer == 1, let epochs = json["epochs"]?.integer, epochs >= 0,
            case .bool(let isOver)? = json["over"], case .object(let experiment)? = json["experiment"],
            let seed = json["seed"]?.string.flatMap(UInt64.init),
            let positions = json["positions"]?.array?.compactMap({ $0.string.flatMap(UInt64.init) }),
            let descriptions = json["parts"]?.array
        else { throw failure }
        self.epochs = epochs
        self.isOver = isOver
        self.experiment = OrderedDictionary(
            experiment.map { ($0.key, $0.value.string ?? "") }, uniquingKeysWith: { first, _ in first })
        generator = Randomness.State(seed: seed, positions: positions)
        parts = []
        for (index, description) in descriptions.enumerated() {
            guard let steps = description["optimizer_steps"]?.array?.compactMap(\.integer),
                let bestEpoch = description["best_epoch"]?.integer, let since = description["since_best"]?.integer,
                let numbers = try file.tensors["\(index).numbers"]?.doubles(), numbers.count == 2
            else { throw failure }
            var part = Part()
            let prefix = "\(index)."
            for (name, tensor) in file.tensors where name.hasPrefix(prefix) {
                let rest = name.dropFirst(prefix.count)
                let group = rest.prefix { $0 != "." }
                let key = String(rest.dropFirst(group.count + 1))
                switch group {
                case "network": part.network[key] = tensor
                case "loss": part.loss[key] = tensor
                case "best": part.best[key] = tensor
                case "average": part.average[key] = tensor
                case "optimizer": part.optimizer[key] = tensor
                case "steps": part.steps = try tensor.doubles()
                case "schedule": part.schedule = try tensor.doubles()
                case "rates": part.learningRates = try tensor.doubles()
                case "numbers": break
                case "curve": part.curves[key] = try tensor.doubles()
                default: throw failure
                }
            }
            (part.seconds, part.bestValue) = (numbers[0], numbers[1])
            (part.optimizerSteps, part.bestEpoch, part.epochsSinceBest) = (steps, bestEpoch, since)
            part.averageSteps = description["average_steps"]?.integer ?? 0
            parts.append(part)
        }
    }

    init(
        experiment: OrderedDictionary<String, String>, epochs: Int, isOver: Bool, generator: Randomness.State,
        parts: [Part]
    ) {
        self.experiment = experiment
        self.epochs = epochs
        self.isOver = isOver
        self.generator = generator
        self.parts = parts
    }

    /// Makes sure that this is a checkpoint of `other`.
    ///
    /// - Parameter allowed: what may differ.
    /// - Throws: ``TrainingError/checkpoint(path:problem:help:)`` with what differs.
    func check(
        against other: OrderedDictionary<String, String>, path: String,
        allowing allowed: (String) -> Bool = { _ in false }
    ) throws {
        let keys = OrderedSet(experiment.keys).union(other.keys)
        guard keys.contains(where: { experiment[$0] != other[$0] && !allowed($0) }) else { return }
        let differences = keys.compactMap { key -> String? in
            guard experiment[key] != other[key] else { return nil }
            return "\(key) is \(other[key] ?? "none") here and \(experiment[key] ?? "none") there"
        }
        throw TrainingError.checkpoint(
            path: path, problem: "a checkpoint of another experiment: " + differences.joined(separator: "; "),
            help: "give this experiment a checkpoint folder or a name= of its own, or resume=false to start anew")
    }
}
