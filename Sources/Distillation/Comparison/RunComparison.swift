import Learning
import OrderedCollections

extension Comparison {
    /// Runs side by side: `epochs`, `seconds`, `best_epoch` (from 1), every curve's last value, and for validation curves
    /// the value of the best epoch under `best_` + name.
    public convenience init(runs: [Run]) {
        self.init(columns: runs.map(\.name))
        append("epochs", runs.map { Double($0.epochs) })
        append("seconds", runs.map(\.seconds))
        append("best_epoch", runs.map { $0.epochs > 0 ? Double($0.bestEpoch + 1) : nil })
        var curves: OrderedSet<String> = []
        for run in runs { curves.formUnion(run.curves.keys) }
        let best = runs.map(\.best)
        for curve in curves where curve != "lr" && curve != "grad_norm" {
            append(curve, runs.map { $0[curve]?.last })
            if curve.hasPrefix("val_") { append("best_" + curve, best.map { $0[curve] }) }
        }
        let chosen = zip(columns, runs).filter { $0.1.keptBy.hasPrefix("val_") }.map(\.0)
        if !chosen.isEmpty {
            note(
                "the validation data chose the epoch of \(chosen.joined(separator: ", ")): report another split, "
                    + "as the best of many epochs is optimistic")
        }
    }
}
