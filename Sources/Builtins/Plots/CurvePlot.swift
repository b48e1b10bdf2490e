import Data
import Drawing
import Learning
import OrderedCollections
import Runtime
import Tensors

/// What `plot` was given, as curves.
struct CurvePlot {
    var series: [CurveSeries] = []
    var best: CurveChart.Best?
    var secondary: CurveSeries?
    var xlabel: String?
    var ylabel: String?
    /// Whether the curves are those of runs, which are noisy, and not any numbers, which are drawn as they are.
    var isTraining = true
    /// The run whose curves they are, when it is one.
    private var run: Run?

    /// The curves of one run: those named, or the loss with its terms and the validation loss.
    init(_ run: Run, names: [String]?, labels: [String]?) throws {
        let names = names ?? Self.lossCurves(of: run)
        try Self.check(labels, count: names.count, of: "curves")
        for (index, name) in names.enumerated() {
            let label = labels?[index] ?? (name == "steps" ? "loss" : name)
            series.append(try CurveSeries(label, y: Self.curve(name, of: run), role: Self.role(of: name)))
        }
        if run.curves["val_loss"] != nil, names.contains(where: { $0.hasPrefix("val_") }) {
            best = CurveChart.Best(x: Double(run.bestEpoch + 1), label: "best epoch \(run.bestEpoch + 1)")
        }
        self.run = run
        xlabel = names == ["steps"] ? "step" : "epoch"
        ylabel = names.count == 1 ? Self.words(names[0]) : Self.common(names)
    }

    /// Draws a curve of the run on an axis of its own at the right.
    mutating func add(second name: String) throws {
        guard let run else {
            throw Failure(.value, "plot: second= takes a curve of one run", help: ["plot(run, second=\"lr\")"])
        }
        secondary = try CurveSeries(Self.words(name), y: Self.curve(name, of: run))
    }

    /// What several curves have in common: they are all losses, or all of one metric, or nothing.
    private static func common(_ names: [String]) -> String {
        let stems = Set(names.map { $0.hasPrefix("val_") ? String($0.dropFirst(4)) : $0 })
        guard stems.count == 1, let stem = stems.first else { return "loss" }
        return words(stem)
    }

    /// One curve of several runs, or of several groups of runs.
    init(_ groups: [(name: String, runs: [Run])], names: [String]?, labels: [String]?) throws {
        let names = names ?? ["loss"]
        try Self.check(labels, count: groups.count * names.count, of: "curves")
        for (position, group) in groups.enumerated() {
            for (index, name) in names.enumerated() {
                let label =
                    labels?[position * names.count + index]
                    ?? (names.count == 1 ? group.name : "\(group.name), \(Self.words(name))")
                series.append(
                    try CurveSeries(
                        label, runs: group.runs.map { try Self.curve(name, of: $0) },
                        role: names.count > 1 ? Self.role(of: name) : .training))
            }
        }
        xlabel = names == ["steps"] ? "step" : "epoch"
        ylabel = names.count == 1 ? Self.words(names[0]) : Self.common(names)
    }

    /// Lists of numbers over common or no positions.
    init(x: [Double]?, ys: [[Double]], labels: [String]?) throws {
        isTraining = false
        try Self.check(labels, count: ys.count, of: "curves")
        for (index, y) in ys.enumerated() {
            let name = labels?[index] ?? (ys.count == 1 ? "" : "\(index + 1)")
            series.append(try CurveSeries(name, x: x, y: y))
        }
    }

    private static func check(_ labels: [String]?, count: Int, of what: String) throws {
        guard let labels, labels.count != count else { return }
        throw Failure(.value, "plot: \(labels.count) labels for \(count) \(what)")
    }

    private static func lossCurves(of run: Run) -> [String] {
        let terms = run.termCurves.count > 1 ? run.termCurves : []
        return ["loss"] + terms + (run.curves["val_loss"] == nil ? [] : ["val_loss"])
    }

    private static func role(of name: String) -> CurveSeries.Role { name.hasPrefix("val_") ? .validation : .training }

    private static func words(_ name: String) -> String {
        switch name {
        case "steps": "loss"
        case "lr": "learning rate"
        case "grad_norm": "gradient norm"
        default: name.hasPrefix("val_") ? "validation " + name.dropFirst(4) : name.replacing("_", with: " ")
        }
    }

    private static func curve(_ name: String, of run: Run) throws -> [Double] {
        if name == "steps" { return run.steps }
        guard let values = run[name] else {
            throw Failure(
                .value, "plot: the run \(run.name) has no curve \"\(name)\"",
                help: ["its curves are " + run.curves.keys.joined(separator: ", ")])
        }
        return values
    }
}

extension Run {
    /// The names of the curves that are terms of the objective.
    var termCurves: [String] {
        curves.keys.filter { !["loss", "lr", "grad_norm"].contains($0) && !$0.hasPrefix("val_") }
    }
}
