import Data
import OrderedCollections

/// What came of a training: the network and its curves.
public final class Run {
    /// What the run is called in tables and legends.
    public let name: String
    /// The trained network.
    public internal(set) var net: Module
    /// The objective as a formula.
    public let objective: String
    /// How many epochs were completed.
    public internal(set) var epochs = 0
    /// One value per epoch under each name: `loss`, the terms unweighted, `lr`, `grad_norm`, `val_loss`, `val_accuracy`, ….
    public internal(set) var curves: OrderedDictionary<String, [Double]> = [:]
    /// The loss of every step.
    public internal(set) var steps: [Double] = []
    /// Seconds of training.
    public internal(set) var seconds = 0.0
    /// The options of the run, for tables and provenance.
    public let configuration: OrderedDictionary<String, OptionValue>
    /// The modules trained along with the student (adapters, regressors), by name.
    public internal(set) var adapters: OrderedDictionary<String, Module> = [:]
    /// The epoch whose metrics are ``best`` (from 0).
    public internal(set) var bestEpoch = 0
    /// Whether a larger value is better, by the name of a curve.
    public internal(set) var directions: OrderedDictionary<String, Bool> = [:]
    /// Whether the user stopped the run.
    public internal(set) var isInterrupted = false
    /// The epoch under way when the user stopped it, from 1; none when nobody did.
    public internal(set) var interruptedEpoch: Int?
    /// Whether the callback or patience stopped the run before its last epoch.
    public internal(set) var stoppedEarly = false
    /// What chose the weights that were kept: `last`, or `best` by a metric of a dataset.
    public internal(set) var keptBy = "last"
    /// How the terms' gradients compared, by term: weight, gradient, share, cosine and proposed weight; empty unless measured.
    public internal(set) var balance: OrderedDictionary<String, OrderedDictionary<String, Double>> = [:]
    /// What people should know about the run, a line each.
    public internal(set) var notes: [String] = []

    /// A run that has not begun.
    public init(
        name: String, net: Module, objective: String, configuration: OrderedDictionary<String, OptionValue> = [:]
    ) {
        self.name = name
        self.net = net
        self.objective = objective
        self.configuration = configuration
    }

    /// Whether a larger value of a curve is better; nil when nothing declares it.
    public func isBetterWhenLarger(_ curve: String) -> Bool? {
        directions[curve] ?? Direction.isBetterWhenLarger(curve)
    }

    /// Notes which way the curves of a run are better: metrics as they are declared, losses when they are small.
    func noteDirections(of metrics: [Metric], terms: [String], along: [String]) {
        for name in terms { directions[name] = false }
        for metric in metrics {
            directions["val_" + metric.name] = metric.isBetterWhenLarger
            for name in along { directions["val_\(name)_\(metric.name)"] = metric.isBetterWhenLarger }
        }
    }

    /// One value per epoch, or nil if the run has no such curve.
    public subscript(curve: String) -> [Double]? { curves[curve] }

    /// The training loss of each epoch, averaged over the examples.
    public var loss: [Double] { curves["loss"] ?? [] }

    /// The metrics of one epoch.
    public func metrics(at epoch: Int) -> OrderedDictionary<String, Double> {
        var metrics: OrderedDictionary<String, Double> = ["epoch": Double(epoch)]
        for (name, values) in curves where values.indices.contains(epoch) { metrics[name] = values[epoch] }
        return metrics
    }

    /// The metrics of the best epoch.
    public var best: OrderedDictionary<String, Double> { metrics(at: bestEpoch) }

    /// The metrics of the last epoch.
    public var last: OrderedDictionary<String, Double> { metrics(at: max(0, epochs - 1)) }

    /// Adds a value to a curve; a curve that begins late is filled up with NaN.
    func append(_ value: Double, to curve: String) {
        var values = curves[curve] ?? []
        while values.count < epochs { values.append(.nan) }
        values.append(value)
        curves[curve] = values
    }

    /// The run as JSON.
    public func json() -> JSON {
        func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
        func metrics(_ values: OrderedDictionary<String, Double>) -> JSON {
            .object(values.map { ($0.key, .number($0.value)) })
        }
        return .object([
            ("name", .string(name)), ("objective", .string(objective)), ("epochs", .integer(epochs)),
            ("seconds", .number(seconds)), ("interrupted", .bool(isInterrupted)), ("kept", .string(keptBy)),
            ("directions", .object(directions.map { ($0.key, .bool($0.value)) })),
            ("config", .object(configuration.map { ($0.key, $0.value.json) })), ("best", metrics(best)),
            ("last", metrics(last)), ("curves", .object(curves.map { ($0.key, numbers($0.value)) })),
            ("steps", numbers(steps)),
        ])
    }

    /// The curves as CSV: one line per epoch.
    public func csv() -> String {
        var text = (["epoch"] + curves.keys).joined(separator: ",") + "\n"
        for epoch in 0..<epochs {
            let cells = curves.values.map { $0.indices.contains(epoch) ? "\($0[epoch])" : "" }
            text += ([String(epoch)] + cells).joined(separator: ",") + "\n"
        }
        return text
    }
}
