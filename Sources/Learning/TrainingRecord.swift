import Data
import OrderedCollections

/// What a network was trained on and how: it travels with the network into model files.
public struct TrainingRecord: Sendable, Equatable {
    /// What the inputs were normalised with, if they were: new inputs need the same.
    public var normalization: Normalization?
    /// The names of the classes, in the order of the logits.
    public var classes: [String]?
    /// What the targets were.
    public var target: TargetDeclaration?
    /// What the inputs were: sizes and columns.
    public var input: InputRecord?
    /// Where the weights come from: objective, epochs, seed, data, metrics, by name.
    public var provenance: OrderedDictionary<String, String>
    /// The ``Data/Dataset/fingerprint()`` of the data that chose which epoch's weights to keep; nil when the last were kept.
    public var chosenOn: String?

    /// A record from its parts.
    public init(
        normalization: Normalization? = nil, classes: [String]? = nil,
        provenance: OrderedDictionary<String, String> = [:]
    ) {
        self.normalization = normalization
        self.classes = classes
        self.provenance = provenance
    }

    /// The record of a training that gave `run`, whose epoch was chosen on a dataset with the fingerprint `chosenOn`.
    init(_ run: Run, on data: Dataset, chosenOn: String?) {
        self.chosenOn = chosenOn
        normalization = data.normalization
        classes = data.classes
        target = data.target
        input = InputRecord(of: data)
        provenance = ["run": run.name, "data": "\(data.name), \(data.count) examples"]
        for (key, value) in run.configuration where key != "loss" { provenance[key] = value.description }
        provenance["objective"] = run.objective
        provenance["epochs"] = String(run.epochs)
        if run.keptBy != "last" { provenance["kept"] = "epoch \(run.bestEpoch + 1), best by \(run.keptBy)" }
        for (key, value) in run.keptBy == "last" ? run.last : run.best where key == "loss" || key.hasPrefix("val_") {
            provenance[key] = "\(value)"
        }
    }

    /// The record as JSON.
    public var json: JSON {
        var members: [(key: String, value: JSON)] = []
        if let normalization {
            members.append(
                (
                    "normalization",
                    .object([
                        ("mean", .array(normalization.mean.map { .number($0) })),
                        ("std", .array(normalization.std.map { .number($0) })),
                    ])
                ))
        }
        if let classes { members.append(("classes", .array(classes.map { .string($0) }))) }
        if let target {
            var entries: [(key: String, value: JSON)] = [("ignore_index", .integer(target.ignoreIndex))]
            if let task = target.task { entries.append(("task", .string(task.rawValue))) }
            if let dim = target.classDim { entries.append(("class_dim", .integer(dim))) }
            members.append(("target", .object(entries)))
        }
        if let input { members.append(("input", input.json)) }
        if let chosenOn { members.append(("chosen_on", .string(chosenOn))) }
        members.append(("provenance", .object(provenance.map { ($0.key, .string($0.value)) })))
        return .object(members)
    }

    /// A record from what ``json`` gave; what is missing or wrong there is left out.
    public init(_ json: JSON) {
        if let mean = json["normalization"]?["mean"]?.array?.compactMap(\.double),
            let std = json["normalization"]?["std"]?.array?.compactMap(\.double)
        {
            normalization = try? Normalization(mean: mean, std: std)
        }
        classes = json["classes"]?.array?.compactMap(\.string)
        chosenOn = json["chosen_on"]?.string
        if let entries = json["target"] {
            target = TargetDeclaration(
                task: entries["task"]?.string.flatMap(LearningTask.init), classDim: entries["class_dim"]?.integer,
                ignoreIndex: entries["ignore_index"]?.integer ?? TargetDeclaration.ignored)
        }
        input = json["input"].map { InputRecord($0) }
        provenance = [:]
        if case .object(let members)? = json["provenance"] {
            for (key, value) in members { provenance[key] = value.string }
        }
    }
}
